"""Counts the moments and publishes every quarter on the day on which it was due.

Uses the doors of the room that publishes, as an administrator would, with the clock set to each
quarter's own day: nothing of the gate is left out. May be interrupted and repeated anywhere.
"""

import datetime as dt
import time

from django.utils import timezone

from connections.indicators import quarters
from connections.indicators.models import AbuseAlert, Quarter, Release
from connections.indicators.release import (
    close_alert,
    compute_shard,
    finish_release,
    freeze_quarter,
    publish_release,
    start_release,
)
from connections.indicators.sweep import SHARDS, sweep_shard
from connections.interactions.models import DirtyMark
from demo.copying import measure_tables
from demo.quarters import closed_quarters
from kinder.accounts.acting import Purpose
from kinder.accounts.models import User


def count_moments(day: dt.date) -> int:
    """Sweep until no mark is left; return how many there were."""
    marks = 0
    while DirtyMark.objects.exists():
        for shard in range(SHARDS):
            while taken := sweep_shard(shard):
                marks += taken
    measure_tables("indicators_contributormonth", "interactions_dirtymark")
    return marks


def load_releases(day: dt.date) -> int:
    """Freeze, compute and publish what is due by `day`; return how many quarters were frozen.

    The last quarter may be frozen and ready to look at, but not out yet: as on any real day.
    """
    administrator = User.objects.get(email="administrator@example.org")
    due = [on for on in closed_quarters(day) if day >= quarters.freezes_on(on)]
    for quarter_on in due:
        quarter = freeze_quarter(
            by=Purpose.RELEASE, quarter_on=quarter_on, now=_morning(quarters.freezes_on(quarter_on))
        )
        release = _compute(quarter)
        publish_on = quarters.publishes_on(quarter_on)
        if day >= publish_on and release.state == Release.State.READY:
            for alert in AbuseAlert.objects.filter(quarter=quarter, closed_at__isnull=True):
                close_alert(by=administrator, alert=alert)
            publish_release(by=administrator, release=release, now=_morning(publish_on))
    return len(due)


def _compute(quarter: Quarter) -> Release:
    """The quarter's release, ready or out. A worker that runs meanwhile may take shares of it."""
    release = quarter.releases.exclude(state=Release.State.WITHDRAWN).first()
    if release is None:
        now = _morning(quarters.freezes_on(quarter.starts_on))
        release = start_release(by=Purpose.RELEASE, quarter=quarter, now=now)
    while release.state == Release.State.COMPUTING:
        for shard_id in release.shards.values_list("pk", flat=True):
            compute_shard(shard_id)
        if not finish_release(release, now=_morning(quarters.freezes_on(quarter.starts_on))):
            time.sleep(0.2)
        release.refresh_from_db()
    return release


def _morning(on: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(on, dt.time(10)))
