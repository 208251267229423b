"""What Celery calls: each task is one function of this room, and may run twice."""

from celery import shared_task

from connections.interactions import actions


@shared_task
def forget_traces() -> None:
    """Forget, daily, the ids of moments that were deleted long ago."""
    actions.forget_traces()
