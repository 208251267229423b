"""What Celery calls: each task finds due work by query, and may run twice."""

from celery import shared_task

from connections.befriending.reminders import remind, send_notices
from connections.befriending.suggesting import continue_runs


@shared_task
def continue_matching() -> None:
    """Work on the runs of matching that were asked for."""
    continue_runs()


@shared_task
def remind_and_send() -> None:
    """Raise alarms, suspend what ran out, warn of what comes near, and send the letters."""
    remind()
    send_notices()
