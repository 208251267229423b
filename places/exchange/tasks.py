"""What Celery calls: each task is one function of this room, and may run twice."""

from celery import shared_task

from places.exchange import intake


@shared_task
def continue_imports() -> None:
    """Go on with imports that wait to be fetched, read, applied or undone."""
    intake.continue_all()
