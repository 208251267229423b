"""What befriending services tell, once a year and by council: waits and pairings."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from connections.indicators.definitions.indicator import (
    UPPER_LEVELS,
    Compare,
    Direction,
    Indicator,
    Interval,
    Unit,
)
from connections.indicators.disclosure import Kind
from connections.indicators.vocabulary import Cadence

WAIT_DAYS = {"D1": 91, "D1.28": 28, "D1.56": 56}
LASTS_DAYS = {"D2": 182, "D2.91": 91, "D2.365": 365}
PLANNED_DAYS = {"D2.planned": 365}
LONG_WAIT_DAYS = 91
"""Days by which a wait, a pairing or a planned ending is looked at, by code."""
AT_RISK = 10
"""With fewer pairings still followed at a day nothing is told of it (method.md, D2)."""

STEPS = {
    "D1.56": "D1", "D1.28": "D1.56", "D2.91": "D2", "D2.365": "D2", "D2.planned": "D2.365",
}  # fmt: skip
"""Whoever met by day 28 met by day 56 as well: the few in between are tested like any group."""

_REFERRALS = _("Services differ in whom they take onto their lists, and when.")
_GOOD_ENDINGS = _("Long is not always good: look at planned endings beside it.")


def _wait(code: str, days: int) -> Indicator:
    return Indicator(
        code=code,
        slug=f"wait-for-a-match-{days}",
        name=format_lazy(_("Wait for a match: met within {days} days"), days=days)
        if code != "D1"
        else _("Wait for a match"),
        question=format_lazy(
            _("How many people met their volunteer within {days} days?"), days=days
        ),
        formula=format_lazy(
            _(
                "Of people referred in the year, the share who first met a volunteer within {days} "
                "days, by Aalen and Johansen's estimate: whoever leaves the list is no longer "
                "waiting, whoever still waits is followed to the year's end."
            ),
            days=days,
        ),
        unit=Unit.PERCENT,
        kind=Kind.SURVIVAL,
        interval=Interval.GREENWOOD,
        base=30,
        lowest=0,
        highest=100,
        direction=Direction.UP,
        compare=Compare.AREAS,
        cadence=Cadence.ANNUAL,
        caveat=_REFERRALS,
        cannot_tell=_("How long people waited before anybody referred them."),
        reading=format_lazy(
            _(
                "Of the people referred to befriending in {{area}}, {{tenths}} met a volunteer "
                "within {days} days."
            ),
            days=days,
        ),
        levels=UPPER_LEVELS,
        within=None if code == "D1" else "D1",
        steps_on=STEPS.get(code),
    )


def _lasts(code: str, days: int) -> Indicator:
    return Indicator(
        code=code,
        slug=f"pairings-that-last-{days}",
        name=format_lazy(_("Pairings that last: {days} days"), days=days)
        if code != "D2"
        else _("Pairings that last"),
        question=format_lazy(_("How many pairings last {days} days or end as planned?"), days=days),
        formula=format_lazy(
            _(
                "Of pairings that first met in the year before, the share that did not end "
                "unplanned "
                "within {days} days: Kaplan and Meier's estimate, or Aalen and Johansen's where "
                "some "
                "ended as planned, by death or by a move."
            ),
            days=days,
        ),
        unit=Unit.PERCENT,
        kind=Kind.SURVIVAL,
        interval=Interval.GREENWOOD,
        base=30,
        lowest=0,
        highest=100,
        direction=Direction.UP,
        compare=Compare.AREAS,
        cadence=Cadence.ANNUAL,
        caveat=_GOOD_ENDINGS,
        cannot_tell=_("What the pairings meant to people."),
        reading=format_lazy(
            _(
                "Of the pairings that began in {{area}}, {{tenths}} did not end unplanned within "
                "{days} days."
            ),
            days=days,
        ),
        levels=UPPER_LEVELS,
        within=None if code == "D2" else "D2",
        steps_on=STEPS.get(code),
    )


BEFRIENDING = (
    *(_wait(code, days) for code, days in WAIT_DAYS.items()),
    Indicator(
        code="D1.median",
        slug="wait-for-a-match-median",
        name=_("Wait for a match: the middle wait"),
        question=_("After how many days had half of the people met a volunteer?"),
        formula=_(
            "The first day on which the share of people referred in the year who met a volunteer "
            "(Aalen and Johansen) reaches a half."
        ),
        unit=Unit.DAYS,
        kind=Kind.INDEX,
        interval=Interval.GREENWOOD,
        base=30,
        lowest=0,
        direction=Direction.DOWN,
        compare=Compare.AREAS,
        cadence=Cadence.ANNUAL,
        caveat=_REFERRALS,
        cannot_tell=_("How long people waited before anybody referred them."),
        reading=_(
            "Half of the people referred to befriending in {area} met a volunteer within {value} "
            "days."
        ),
        levels=UPPER_LEVELS,
        within="D1",
    ),
    *(_lasts(code, days) for code, days in LASTS_DAYS.items()),
    Indicator(
        code="D2.planned",
        slug="pairings-that-end-well",
        name=_("Pairings that last: ended as planned"),
        question=_("How many pairings end as planned within a year?"),
        formula=_(
            "Of pairings that first met in the year before, the share that ended as planned within "
            "365 days (Aalen and Johansen)."
        ),
        unit=Unit.PERCENT,
        kind=Kind.SURVIVAL,
        interval=Interval.GREENWOOD,
        base=30,
        lowest=0,
        highest=100,
        direction=Direction.NONE,
        compare=Compare.AREAS,
        cadence=Cadence.ANNUAL,
        caveat=_GOOD_ENDINGS,
        cannot_tell=_("Whether people have company afterwards."),
        reading=_("Of the pairings that began in {area}, {tenths} ended as planned within a year."),
        levels=UPPER_LEVELS,
        within="D2",
        steps_on=STEPS["D2.planned"],
    ),
    Indicator(
        code="D3",
        slug="waiting-too-long",
        name=_("Waiting too long"),
        question=_("How many of those waiting have waited for more than 91 days?"),
        formula=_(
            "People who waited for more than 91 days at the year's end, divided by all people "
            "waiting then."
        ),
        unit=Unit.PERCENT,
        kind=Kind.PROPORTION,
        interval=Interval.WILSON,
        base=30,
        lowest=0,
        highest=100,
        direction=Direction.DOWN,
        compare=Compare.AREAS,
        cadence=Cadence.ANNUAL,
        caveat=_("Where a service tidies its list, the figure falls though nobody met anyone."),
        cannot_tell=_("Why people wait."),
        reading=_(
            "Of the people waiting for befriending in {area}, {tenths} have waited for more than "
            "91 days."
        ),
        levels=UPPER_LEVELS,
    ),
    Indicator(
        code="D4",
        slug="less-lonely",
        name=_("Less lonely than at first"),
        question=_("How many people who have company answer that they are less lonely?"),
        formula=_(
            "People whose latest score on a loneliness scale (UCLA three items, the ONS question "
            "or De Jong Gierveld six items) is lower than their first, divided by people with "
            "both. Counted are those who first answered in the year before, with their consent."
        ),
        unit=Unit.PERCENT,
        kind=Kind.PROPORTION,
        interval=Interval.WILSON,
        base=30,
        lowest=0,
        highest=100,
        is_sensitive=True,
        direction=Direction.UP,
        compare=Compare.AREAS,
        cadence=Cadence.ANNUAL,
        caveat=_(
            "Loneliness changes for many reasons, and those who did not answer again may differ."
        ),
        cannot_tell=_("Whether befriending was the reason."),
        coverage=_("Of those who answered a first time, how many answered again"),
        reading=_(
            "Of the people in {area} who answered a loneliness scale twice, {tenths} were less "
            "lonely the second time."
        ),
        levels=UPPER_LEVELS,
    ),
)
