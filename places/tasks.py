"""What Celery calls: each task is one function of this room, and may run twice."""

from celery import shared_task
from django.utils import timezone

from places import hosting
from places.actions import freshness, vintages


@shared_task
def look_after_gatherings() -> None:
    """Ask hosts whether what repeats goes on; show no longer what nobody answered for."""
    hosting.look_after_gatherings(timezone.now())


@shared_task
def begin_vintage() -> None:
    """Bring a vintage of areas into use on the day from which it applies."""
    vintages.begin_vintage(today=timezone.localdate())


@shared_task
def mark_stale() -> None:
    """Mark, every hour, places that nobody confirmed for six months."""
    freshness.mark_stale()
