"""What Celery calls: each task is one function of this room, and may run twice."""

import random

from celery import shared_task

from connections.indicators.picture import make_due_pictures
from connections.indicators.release import continue_work, freeze_due
from connections.indicators.sweep import MARKS_AT_ONCE, SHARDS, sweep_shard


@shared_task
def sweep() -> None:
    """Count again whatever moments changed since the last sweep.

    Each worker begins at a shard of its own choosing; a shard that another one holds is left to it.
    """
    begin = random.randrange(SHARDS)  # noqa: S311 (no secret)
    for shard in (*range(begin, SHARDS), *range(begin)):
        while sweep_shard(shard) == MARKS_AT_ONCE:
            pass


@shared_task
def continue_releases() -> None:
    """Compute what is left of any release, and gate what is complete."""
    continue_work()


@shared_task
def freeze_what_is_due() -> None:
    """Freeze the quarter whose 31st day after its end has come, and queue its figures."""
    freeze_due()


@shared_task
def make_pictures() -> None:
    """Make last month's community pictures, where a community voted for them."""
    make_due_pictures()
