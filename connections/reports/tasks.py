"""What Celery calls: each task is one function of this room, and may run twice."""

from celery import shared_task

from connections.reports.actions import forget_reports, make_next
from connections.reports.content import Content
from connections.reports.standing import ask_standing_orders


@shared_task
def make_reports() -> None:
    """Make the files that wait, until none does."""
    kept: dict[str, Content] = {}
    while make_next(kept=kept):
        pass


@shared_task
def deliver_standing_orders() -> None:
    """Ask again, for whoever ordered it, once a release is out."""
    ask_standing_orders()


@shared_task
def forget() -> None:
    """Let go of reports that expired or that tell what was withdrawn."""
    forget_reports()
