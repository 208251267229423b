"""What Celery calls: each task is one function of this room, and may run twice."""

from celery import shared_task

from kinder.accounts.retention import AlreadyRunningError
from kinder.accounts.retention import apply_retention as apply


@shared_task
def apply_retention() -> None:
    """Let go, daily, of what was kept long enough."""
    try:
        apply()
    except AlreadyRunningError:
        return
