"""What the administrator's pages show of quarters and releases."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from django.db import connection
from django.db.models import Min

from connections.indicators import quarters, rules
from connections.indicators.abuse import OpenAlert, describe_alerts
from connections.indicators.definitions import Indicator, indicators_of
from connections.indicators.models import (
    CadencePlan,
    ContributorMonth,
    Picture,
    PictureVote,
    Quarter,
    Release,
)
from connections.indicators.picture import Shown, word_picture
from connections.indicators.release import progress_of
from connections.indicators.vocabulary import Cadence
from kinder.accounts.models import User
from places.models import Area
from places.vocabulary import AreaLevel


@dataclass(frozen=True)
class QuarterLine:
    """One quarter with what has happened, what can be done now, and why the rest cannot."""

    starts_on: dt.date
    frozen: Quarter | None
    releases: list[Release]
    alerts: list[OpenAlert]
    why_not_freeze: str
    why_not_start: str
    why_not_publish: str
    why_not_revise: str = ""
    finished: int = 0
    shares: int = 0

    @property
    def name(self) -> str:
        return quarters.name_quarter(self.starts_on)

    @property
    def last_on(self) -> dt.date:
        return quarters.last_day(self.starts_on)

    @property
    def freezes_on(self) -> dt.date:
        return quarters.freezes_on(self.starts_on)

    @property
    def publishes_on(self) -> dt.date:
        return quarters.publishes_on(self.starts_on)

    @property
    def in_work(self) -> Release | None:
        return next((one for one in self.releases if one.state in Release.IN_WORK), None)

    @property
    def is_computing(self) -> bool:
        return self.in_work is not None and self.in_work.state == Release.State.COMPUTING

    @property
    def is_ready(self) -> bool:
        return self.in_work is not None and self.in_work.state == Release.State.READY

    @property
    def standing(self) -> Release | None:
        return next((one for one in self.releases if one.state == Release.State.PUBLISHED), None)


@dataclass(frozen=True)
class RevisedLine:
    """What a revision does to one indicator: areas whose figure is another, and those whose old
    one is repeated. Counted among figures that the gate let through."""

    indicator: Indicator
    changed: int
    repeated: int


def describe_revision(release: Release) -> list[RevisedLine]:
    """Return, by indicator, what a revision changes against the release that it revises; nothing
    for a release that revises none."""
    revised = release.parameters.get("revises")
    if revised is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(REVISED, {"new": release.pk, "old": revised})
        counts = {code: (changed, repeated) for code, changed, repeated in cursor.fetchall()}
    known = indicators_of(release.parameters)
    return [RevisedLine(one, *counts[code]) for code, one in known.items() if code in counts]


_TOLD = "status, people, value, lower, upper, standard_error, exposure, shrunk, bound, coverage"
REVISED = f"""
SELECT indicator, count(*) FILTER (WHERE NOT is_same), count(*) FILTER (WHERE is_same)
FROM (
    SELECT indicator, new.told IS NOT DISTINCT FROM old.told AS is_same
    FROM (SELECT indicator, area_id, ({_TOLD})::text AS told FROM indicators_figure
          WHERE release_id = %(new)s) new
    FULL JOIN (SELECT indicator, area_id, ({_TOLD})::text AS told FROM indicators_figure
               WHERE release_id = %(old)s) old USING (indicator, area_id)
) compared GROUP BY indicator
"""  # noqa: S608 (constants only)


@dataclass(frozen=True)
class CadenceLine:
    """How often one council's people are told of: this year, and from later years on."""

    council: Area
    now: str
    later: list[CadencePlan]


def list_cadences(now: dt.datetime | None = None) -> list[CadenceLine]:
    """Return the councils in use by name, with the cadence of this year and what is planned."""
    year = quarters.today(now).year
    councils = Area.objects.filter(geography__is_current=True, level=AreaLevel.COUNCIL)
    plans: dict[int, list[CadencePlan]] = defaultdict(list)
    for plan in CadencePlan.objects.filter(council__in=councils).order_by("from_year"):
        plans[plan.council_id].append(plan)
    lines = []
    for council in councils.defer("geometry").order_by("name", "code"):
        begun = [plan for plan in plans[council.pk] if plan.from_year <= year]
        cadence = begun[-1].cadence if begun else Cadence.QUARTERLY
        lines.append(
            CadenceLine(
                council,
                str(Cadence(cadence).label),
                [plan for plan in plans[council.pk] if plan.from_year > year],
            )
        )
    return lines


@dataclass(frozen=True)
class PictureLine:
    """One community's latest vote and the picture that everybody sees, where there is one."""

    area: Area
    vote: PictureVote | None
    shown: Shown | None


def list_pictures() -> list[PictureLine]:
    """Return the communities in use by name: whether each voted for its picture, and what is
    shown of it. Three queries however many there are."""
    communities = (
        Area.objects.filter(geography__is_current=True, level=AreaLevel.COMMUNITY)
        .defer("geometry")
        .order_by("name", "code")
    )
    votes = {
        vote.area_id: vote
        for vote in PictureVote.objects.filter(area__in=communities).order_by("voted_on")
    }
    pictures = {
        picture.area_id: picture
        for picture in Picture.objects.filter(
            area__in=communities, shown_on__lte=quarters.today()
        ).order_by("month_on")
    }
    return [
        PictureLine(
            area,
            vote := votes.get(area.pk),
            word_picture(pictures[area.pk])
            if vote is not None and vote.is_on and area.pk in pictures
            else None,
        )
        for area in communities
    ]


def list_quarters(by: User, now: dt.datetime | None = None) -> list[QuarterLine]:
    """Return the quarters from the first with moments to the present one, newest first."""
    present = quarters.quarter_of(quarters.today(now))
    firsts = [
        ContributorMonth.objects.aggregate(first=Min("month_on"))["first"],
        Quarter.objects.aggregate(first=Min("starts_on"))["first"],
    ]
    earliest = min((quarters.quarter_of(day) for day in firsts if day), default=None)
    lines: list[QuarterLine] = []
    quarter_on = present
    while earliest is not None and quarter_on >= earliest:
        lines.append(describe_quarter(by, quarter_on, now))
        quarter_on = quarters.previous_quarter(quarter_on)
    return lines


def describe_quarter(by: User, quarter_on: dt.date, now: dt.datetime | None = None) -> QuarterLine:
    """Return one quarter as the page of releases shows it."""
    quarter = Quarter.objects.filter(pk=quarter_on).first()
    frozen = quarter if quarter is not None and quarter.frozen_at is not None else None
    releases = list(Release.objects.filter(quarter=quarter_on).order_by("-version"))
    in_work = next((one for one in releases if one.state in Release.IN_WORK), None)
    finished, shares = progress_of(in_work) if in_work is not None else (0, 0)
    return QuarterLine(
        starts_on=quarter_on,
        frozen=frozen,
        releases=releases,
        alerts=describe_alerts(quarter_on),
        why_not_freeze=rules.why_not_freeze(by, quarter_on=quarter_on, now=now),
        why_not_start=rules.why_not_start(by, quarter=frozen) if frozen else "",
        why_not_publish=rules.why_not_publish(by, release=in_work, now=now) if in_work else "",
        why_not_revise=rules.why_not_revise(by, quarter=frozen, now=now) if frozen else "",
        finished=finished,
        shares=shares,
    )
