"""The life of a release: started, computed by many, gated by one, looked at, published for good.

The rows are the queue: whoever asks what is left finds it in ReleaseShard, whatever became of the
broker or of the worker before. Every step may run twice, at once, or be killed half-way.
"""

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Max, Q
from django.utils import timezone

from connections.indicators import access, disclosure, eligibility, publish, quarters, rules
from connections.indicators.branches import homes_by_branch
from connections.indicators.definitions import INDICATORS, METHOD_VERSION
from connections.indicators.freeze import freeze_again, freeze_quarter, watermark_of
from connections.indicators.models import (
    AbuseAlert,
    AnswerMonth,
    CadencePlan,
    Component,
    ContributorMonth,
    Figure,
    Quarter,
    QuarterContributor,
    QuarterOutcome,
    QuarterReferral,
    Release,
    ReleaseShard,
)
from connections.indicators.vocabulary import Cadence
from connections.interactions.models import Measure
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.audit import record
from kinder.accounts.models import NetworkSighting, User
from kinder.accounts.retention import let_go_of
from kinder.accounts.rules import Refused
from places.models import Area, Geography, Population

__all__ = [
    "close_alert",
    "compute_shard",
    "continue_work",
    "finish_release",
    "forget_old_sums",
    "forget_sightings",
    "freeze_due",
    "freeze_quarter",
    "plan_cadence",
    "progress_of",
    "publish_release",
    "reopen_without",
    "reproduce",
    "revise_quarter",
    "start_release",
    "withdraw_release",
]

KEPT_MONTHS = 13
"""Frozen rows and components go so many months after the quarter's end (method.md, 3)."""
DUE_QUARTERS = 2
"""So many quarters back the freeze is looked for: older ones are an administrator's to decide."""
PLANNED = "A1"
"""A plan for a branch is made for the indicator on which all others about people hang."""
LOCKS = 0x72656C65
"""Namespace of the advisory locks of this job ("rele", release)."""


def start_release(
    *, by: User | Purpose, quarter: Quarter, now: dt.datetime | None = None
) -> Release:
    """Queue the computing of a frozen quarter's next version, a share for each branch and one for
    the places. Raises Refused with the reason."""
    rules.check_can_start(by, quarter=quarter)
    geography = quarter.geography
    has_adults = publish.knows_adults(geography)
    if has_adults is None:
        raise Refused(rules.NO_POPULATION)
    with acting(purpose=Purpose.RELEASE):
        # Two people pressing at once: the second waits here, then meets the rule.
        Quarter.objects.select_for_update().get(pk=quarter.pk)
        rules.check_can_start(by, quarter=quarter)
        latest = quarter.releases.aggregate(version=Max("version"))["version"] or 0
        release = Release.objects.create(
            quarter=quarter,
            geography=geography,
            version=latest + 1,
            method_version=METHOD_VERSION,
            code_revision=code_revision(),
            lock_sha256=lock_sha256(),
            revision=quarter.revision,
            parameters={
                **parameters_of(geography, has_adults=has_adults),
                "annual": annual_branches(geography, quarter.starts_on.year),
                "measures": measures_of(quarter),
                **_earlier(quarter),
            },
            created_at=now or timezone.now(),
        )
        ReleaseShard.objects.bulk_create(
            ReleaseShard(release=release, council_id=branch)
            for branch in (*homes_by_branch(geography), None)
        )
        record("release.started", release, by=by, quarter=str(quarter), version=release.version)
    return release


def _earlier(quarter: Quarter) -> dict[str, int]:
    """The releases that a new one rests on: the one that it revises, and the one whose yearly
    figures stand until the year's last quarter."""
    found: dict[str, int] = {}
    standing = Release.objects.standing().filter(geography=quarter.geography_id)
    if quarter.revision > 1:
        revised = standing.filter(quarter=quarter).first()
        if revised is not None:
            found["revises"] = revised.pk
    if not quarters.ends_year(quarter.starts_on):
        last = standing.filter(quarter_id__lt=quarter.starts_on).first()
        if last is not None:
            found["repeats"] = last.pk
    return found


def compute_shard(shard_id: int) -> bool:
    """Compute one share and mark it finished in the same transaction; False where it is finished
    or another worker has it. A worker killed meanwhile leaves it as it was."""
    with acting(purpose=Purpose.RELEASE):
        shard = (
            ReleaseShard.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("release__geography", "release__quarter")
            .filter(pk=shard_id, finished_at__isnull=True, release__state=Release.State.COMPUTING)
            .first()
        )
        if shard is None:
            return False
        publish.compute_share(shard)
        shard.finished_at = timezone.now()
        shard.save(update_fields=["finished_at"])
    return True


def finish_release(release: Release, now: dt.datetime | None = None) -> bool:
    """Gate a release whose shares are all finished; False where shares are left, another process
    is at it, or it was done before. Figures and the state READY come in one transaction."""
    with acting(purpose=Purpose.RELEASE), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCKS, release.pk])
        if not cursor.fetchone()[0]:
            return False
        # Locked in the order quarter, release, as reopen_without does.
        Quarter.objects.select_for_update().get(pk=release.quarter_id)
        release.refresh_from_db()
        if release.state != Release.State.COMPUTING:
            return False
        if release.shards.filter(finished_at__isnull=True).exists():
            return False
        figures = publish.write_figures(release)
        frozen = watermark_of(release.quarter_id, release.revision)
        sealed = {"frozen_sha256": frozen, **publish.seal(release)}
        release.parameters = {**release.parameters, **sealed}
        release.watermark = hashlib.sha256(
            f"{sealed['frozen_sha256']}:{sealed['components_sha256']}".encode()
        ).hexdigest()
        release.state = Release.State.READY
        release.ready_at = now or timezone.now()
        release.save(update_fields=["parameters", "watermark", "state", "ready_at"])
        record("release.ready", release, by=Purpose.RELEASE, figures=figures)
    return True


def continue_work(on_share: Callable[[], Any] | None = None) -> int:
    """Compute whatever shares nobody else computes, then gate what is complete; return how many
    shares were done. What Beat calls every few seconds on every worker."""
    done = 0
    left = (
        ReleaseShard.objects.filter(
            finished_at__isnull=True, release__state=Release.State.COMPUTING
        )
        .order_by("release_id", "council_id")
        .values_list("pk", flat=True)
    )
    for shard_id in list(left):
        if compute_shard(shard_id):
            done += 1
            if on_share is not None:
                on_share()
    for release in Release.objects.filter(state=Release.State.COMPUTING):
        finish_release(release)
    return done


def publish_release(
    *, by: User | Purpose, release: Release, now: dt.datetime | None = None
) -> Release:
    """Publish for good; the version before it is superseded, never overwritten.

    The quarter's network sightings have served and are deleted. Raises Refused with the reason;
    where frozen people changed since the figures were made, these are made again first.
    """
    if _reopen_stale(release):
        raise Refused(rules.STILL_COMPUTING)
    with acting(purpose=Purpose.RELEASE):
        Quarter.objects.select_for_update().get(pk=release.quarter_id)
        release.refresh_from_db()
        rules.check_can_publish(by, release=release, now=now)
        Release.objects.filter(quarter=release.quarter_id, state=Release.State.PUBLISHED).update(
            state=Release.State.SUPERSEDED
        )
        release.state = Release.State.PUBLISHED
        release.published_at = now or timezone.now()
        release.published_by = by if isinstance(by, User) else None
        release.save(update_fields=["state", "published_at", "published_by"])
        sightings, _ = NetworkSighting.objects.filter(quarter_on=release.quarter_id).delete()
        record(
            "release.published",
            release,
            by=by,
            quarter=str(release.quarter),
            version=release.version,
            sightings=sightings,
        )
    return release


def _reopen_stale(release: Release) -> bool:
    """Compute a ready release again whose frozen rows are no longer those that it was made from:
    somebody was erased in a room that does not know of releases."""
    with acting(purpose=Purpose.RELEASE):
        Quarter.objects.select_for_update().get(pk=release.quarter_id)
        release.refresh_from_db()
        if release.state != Release.State.READY:
            return False
        frozen = watermark_of(release.quarter_id, release.revision)
        if release.parameters.get("frozen_sha256") == frozen:
            return False
        Figure.objects.filter(release=release).delete()
        release.shards.update(finished_at=None)
        release.state, release.ready_at = Release.State.COMPUTING, None
        release.save(update_fields=["state", "ready_at"])
    return True


def revise_quarter(
    *, by: User | Purpose, quarter_on: dt.date, now: dt.datetime | None = None
) -> Release:
    """Freeze a published quarter's live rows once more, in the year after it, with homes as they
    were, and queue the release that supersedes it. Raises Refused with the reason."""
    quarter = Quarter.objects.get(pk=quarter_on)
    rules.check_can_revise(by, quarter=quarter, now=now)
    freeze_again(by=by, quarter=quarter, now=now)
    quarter.refresh_from_db()
    return start_release(by=by, quarter=quarter, now=now)


def freeze_due(now: dt.datetime | None = None) -> int:
    """Freeze the quarters whose day has come and compute their figures, so that they wait to be
    looked at; return how many. What Beat calls every hour: what is refused now is tried again."""
    done = 0
    quarter_on = quarters.quarter_of(quarters.today(now))
    for _ in range(DUE_QUARTERS):
        quarter_on = quarters.previous_quarter(quarter_on)
        if quarters.today(now) < quarters.freezes_on(quarter_on):
            continue
        if Release.objects.filter(quarter=quarter_on).exists() or not _has_people(quarter_on):
            continue
        try:
            quarter = freeze_quarter(by=Purpose.RELEASE, quarter_on=quarter_on, now=now)
            start_release(by=Purpose.RELEASE, quarter=quarter, now=now)
        except Refused:
            continue
        done += 1
    return done


def _has_people(quarter_on: dt.date) -> bool:
    months = {"month_on__gte": quarter_on, "month_on__lt": quarters.next_quarter(quarter_on)}
    return (
        ContributorMonth.objects.filter(**months).exists()
        or AnswerMonth.objects.filter(**months).exists()
    )


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What making a release again gave. `is_identical`: figures are the same bytes as published;
    `components`: whether they could be made from components again, or those are deleted and only
    the published figures were held against their seal."""

    sha256: str
    sealed: str
    has_components: bool
    is_identical: bool


def reproduce(release: Release) -> Reproduction:
    """Make a release's figures again from its components and hold them against what is published,
    byte by byte."""
    kept = publish.write_canonical(publish.read_figures(release.pk), release.geography)
    sealed = str(release.parameters.get("figures_sha256", ""))
    components = publish.components_sha256(release)
    if components is None:
        found = hashlib.sha256(kept).hexdigest()
        return Reproduction(found, sealed, False, found == sealed)
    again = publish.write_canonical(publish.build_figures(release), release.geography)
    is_sound = components == release.parameters.get("components_sha256")
    found = hashlib.sha256(again).hexdigest()
    return Reproduction(found, sealed, True, is_sound and again == kept and found == sealed)


def plan_cadence(
    *, by: User, council: Area, from_year: int, cadence: str, now: dt.datetime | None = None
) -> CadencePlan:
    """Fix how often a council's people are told of from a year on that has not begun. Raises
    Refused with the reason."""
    rules.check_can_plan_cadence(by, council=council, from_year=from_year, now=now)
    with transaction.atomic():
        plan, _ = CadencePlan.objects.update_or_create(
            indicator=PLANNED,
            council=council,
            from_year=from_year,
            defaults={"cadence": cadence, "planned_by": by, "planned_at": now or timezone.now()},
        )
        record("cadence.planned", plan, by=by, council=council.code, year=from_year, how=cadence)
    return plan


def withdraw_release(*, by: User | Purpose, release: Release) -> Release:
    """Set aside a release that was never published; its figures and sums go."""
    with acting(purpose=Purpose.RELEASE):
        Quarter.objects.select_for_update().get(pk=release.quarter_id)
        release.refresh_from_db()
        rules.check_can_withdraw(by, release=release)
        Figure.objects.filter(release=release).delete()
        Component.objects.filter(release=release).delete()
        release.shards.all().delete()
        release.state = Release.State.WITHDRAWN
        release.save(update_fields=["state"])
        record("release.withdrawn", release, by=by, version=release.version)
    return release


def reopen_without(touched: dict[dt.date, set[int]]) -> int:
    """Open releases that are not published yet again, where frozen people of these quarters and
    councils were erased; return how many. Within the caller's transaction."""
    reopened = 0
    for quarter_on, councils in sorted(touched.items()):
        Quarter.objects.select_for_update().get(pk=quarter_on)
        for release in Release.objects.filter(quarter=quarter_on, state__in=Release.IN_WORK):
            Figure.objects.filter(release=release).delete()
            release.shards.filter(council__in=councils).update(finished_at=None)
            release.state = Release.State.COMPUTING
            release.ready_at = None
            release.save(update_fields=["state", "ready_at"])
            reopened += 1
    return reopened


def forget_old_sums(now: dt.datetime | None = None, *, is_dry_run: bool = False) -> int:
    """Delete frozen rows and components of quarters that ended KEPT_MONTHS ago; return how many
    rows. Figures stay. What is being computed is left until it is done."""
    ended = [
        quarter.starts_on
        for quarter in Quarter.objects.exclude(releases__state=Release.State.COMPUTING)
        if quarters.next_quarter(quarter.starts_on) <= _first_kept(now)
    ]
    with acting(purpose=Purpose.RELEASE):
        frozen = QuarterContributor.objects.filter(quarter__in=ended)
        referrals = QuarterReferral.objects.filter(quarter__in=ended)
        outcomes = QuarterOutcome.objects.filter(quarter__in=ended)
        sums = Component.objects.filter(release__quarter__in=ended)
        return sum(
            let_go_of(rows, is_dry_run=is_dry_run) for rows in (frozen, referrals, outcomes, sums)
        )


def forget_sightings(now: dt.datetime | None = None, *, is_dry_run: bool = False) -> int:
    """Delete network sightings that a published release has left over, and those of quarters that
    nobody released within KEPT_MONTHS; return how many."""
    released = Release.objects.filter(
        state__in=[Release.State.PUBLISHED, Release.State.SUPERSEDED]
    ).values("quarter")
    over = Q(quarter_on__in=released) | Q(quarter_on__lt=_first_kept(now))
    return let_go_of(NetworkSighting.objects.filter(over), is_dry_run=is_dry_run)


def _first_kept(now: dt.datetime | None) -> dt.date:
    today = quarters.today(now)
    month = today.year * 12 + today.month - 1 - KEPT_MONTHS
    return dt.date(month // 12, month % 12 + 1, 1)


def close_alert(*, by: User, alert: AbuseAlert) -> AbuseAlert:
    """Close a warning after a look, so that the quarter may be published."""
    with transaction.atomic():
        alert = AbuseAlert.objects.select_for_update().get(pk=alert.pk)
        rules.check_can_close_alert(by, alert=alert)
        alert.closed_at, alert.closed_by = timezone.now(), by
        alert.save(update_fields=["closed_at", "closed_by"])
        record("alert.closed", alert, by=by, reason=alert.reason, area=alert.area.code)
    return alert


def progress_of(release: Release) -> tuple[int, int]:
    """Return the shares finished and in all, counted in SQL."""
    counted = release.shards.aggregate(
        all=Count("pk"), finished=Count("pk", filter=Q(finished_at__isnull=False))
    )
    return counted["finished"], counted["all"]


# What a release keeps so that it can be told how it came about


def parameters_of(geography: Geography, *, has_adults: bool) -> dict[str, Any]:
    """Return the gate's and the method's constants, and the vintages of what was read."""
    population = Population.objects.filter(area__geography=geography)
    return {
        "denominator": "adults" if has_adults else "residents",
        "geography": geography.slug,
        "population": sorted(
            {f"{year}: {source}" for year, source in population.values_list("year", "source")}
        ),
        "gate": _constants(disclosure),
        "access": _constants(access),
        "counting": _constants(eligibility),
        "indicators": {code: one.version for code, one in INDICATORS.items()},
        # Each area's own, so that no order of computing changes them.
        "seeds": {"B3": "first 8 bytes of SHA-256 of quarter:B3:area code"},
    }


def annual_branches(geography: Geography, year: int) -> list[int]:
    """Return the branches that are told once a year in `year`: whatever the latest plan says."""
    plans = CadencePlan.objects.filter(
        council__geography=geography, indicator=PLANNED, from_year__lte=year
    ).order_by("from_year")
    latest = {plan.council_id: plan.cadence for plan in plans}
    return sorted(council for council, cadence in latest.items() if cadence == Cadence.ANNUAL)


def measures_of(quarter: Quarter) -> list[dict[str, Any]]:
    """Return the communities' own questions that were asked in the quarter, with all that their
    figures need: a report reads nothing else of them."""
    asked = (
        Measure.objects.filter(
            area__geography=quarter.geography_id,
            opened_on__lt=quarters.next_quarter(quarter.starts_on),
        )
        .exclude(closed_on__lt=quarter.starts_on)
        .select_related("area", "proposed_by")
        .order_by("area__code", "number")
    )
    return [
        {
            "code": one.code,
            "id": one.pk,
            "area": one.area_id,
            "area_name": one.area.name,
            "level": one.area.level,
            "question": one.question,
            "scale": one.scale,
            "author": one.author,
            "opened_on": one.opened_on.isoformat() if one.opened_on else "",
        }
        for one in asked
    ]


def _constants(module: Any) -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, int | float | tuple)
    }


@cache
def code_revision() -> str:
    """Return the SHA-256 of this room's source: it names the code wherever it runs, also where
    there is no version control."""
    digest = hashlib.sha256()
    room = Path(__file__).parent
    for file in sorted(room.rglob("*.py")):
        digest.update(file.relative_to(room).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


@cache
def lock_sha256() -> str:
    """Return the SHA-256 of the locked dependencies."""
    lock = settings.BASE_DIR / "requirements.lock"
    return hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else ""
