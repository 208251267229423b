"""Lets go of what was kept long enough: every room's rules, once a day, one run at a time.

Each batch is one transaction with its count in the run's row, so a run that is killed has lost
nothing and left nothing half done; the next one goes on. Running twice finds nothing the second
time.
"""

import datetime as dt
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from kinder.accounts import privacy
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.audit import record
from kinder.accounts.models import RetentionRun
from kinder.accounts.privacy import RetentionRule

logger = logging.getLogger(__name__)

BATCH = 1_000
"""Rows in one transaction: short enough to keep nobody waiting."""

_LOCK = "kinder.retention"


class AlreadyRunningError(Exception):
    """Another process is applying the schedule now."""


@dataclass
class Report:
    """What a run let go of, or would: rows by rule, and the rules that failed."""

    is_dry_run: bool
    counts: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(self.counts.values())


def list_rules() -> list[RetentionRule]:
    """Return every room's rules, in the order of their names."""
    rules = [rule for room in privacy.rooms() for rule in room.retention]
    return sorted(rules, key=lambda rule: rule.name)


def let_go_of(rows: "models.QuerySet[Any]", *, is_dry_run: bool) -> int:
    """Delete a batch of `rows`, or count them all in a dry run: the usual body of a rule.

    What depends on a row and is deleted with it is not counted.
    """
    if is_dry_run:
        return rows.count()
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    # Asked again with its condition: somebody may have changed a row meanwhile.
    _all, by_model = rows.filter(pk__in=keys).order_by().delete()
    return by_model.get(rows.model._meta.label, 0)


def apply_retention(*, now: dt.datetime | None = None, is_dry_run: bool = False) -> Report:
    """Apply every rule and return the report; AlreadyRunningError where another process is at it.

    A rule that fails is named in the report and logged, and keeps no other from being applied.
    """
    now = now or timezone.now()
    report = Report(is_dry_run=is_dry_run)
    if is_dry_run:
        for rule in list_rules():
            _try(rule, report, now, run=None)
        return report
    with _alone():
        _close_what_was_cut_short()
        run = RetentionRun.objects.create(started_at=now)
        for rule in list_rules():
            _try(rule, report, now, run=run)
        with transaction.atomic():
            run.finished_at = timezone.now()
            run.failed = report.failed
            run.save(update_fields=["finished_at", "failed"])
            record(
                "apply_retention",
                run,
                by=Purpose.ERASE,
                rows={name: count for name, count in report.counts.items() if count},
                failed=report.failed,
            )
    return report


def _try(
    rule: RetentionRule, report: Report, now: dt.datetime, *, run: RetentionRun | None
) -> None:
    report.counts[rule.name] = 0
    try:
        while count := _apply_once(rule, report, now, run):
            report.counts[rule.name] += count
            if run is None:
                return
    except Exception:
        logger.exception("The retention rule %s failed", rule.name)
        report.failed.append(rule.name)


def _apply_once(
    rule: RetentionRule, report: Report, now: dt.datetime, run: RetentionRun | None
) -> int:
    with acting(purpose=Purpose.ERASE):
        if run is None:
            # Whatever a dry run should happen to touch is taken back.
            try:
                return rule.apply(now, is_dry_run=True)
            finally:
                transaction.set_rollback(True)
        count = rule.apply(now, is_dry_run=False)
        if count:
            counts = report.counts | {rule.name: report.counts[rule.name] + count}
            RetentionRun.objects.filter(pk=run.pk).update(
                counts={name: rows for name, rows in counts.items() if rows}
            )
        return count


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock of the schedule, on a connection of its own: whoever dies lets go of it."""
    own = connection.copy()
    try:
        own.set_autocommit(False)
        with own.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [_LOCK])
            if not cursor.fetchone()[0]:
                raise AlreadyRunningError
        yield
    finally:
        # The server lets go of the lock before the next one asks; of a closed line it hears later.
        with suppress(Exception):
            own.rollback()
        own.close()


def _close_what_was_cut_short() -> None:
    """Audit what a killed run did; we hold the lock, so whatever is unfinished was killed."""
    for run in RetentionRun.objects.filter(finished_at=None, is_cut_short=False):
        with transaction.atomic():
            run.is_cut_short = True
            run.save(update_fields=["is_cut_short"])
            record("apply_retention", run, by=Purpose.ERASE, rows=run.counts, is_cut_short=True)
