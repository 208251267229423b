"""The public page of the method: read from the registry and from the constants of the code, so
that it cannot say anything else than what is done."""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from connections.indicators import (
    access,
    custom_areas,
    disclosure,
    eligibility,
    picture,
    publish,
    quarters,
    release,
    statistics,
)
from connections.indicators.definitions import (
    INDICATORS,
    METHOD_VERSION,
    NOT_SHOWN_NOTE,
    RANGE_NOTE,
    Group,
    Indicator,
    befriending,
    main_indicators,
    places,
    show_number,
    variants_of,
)
from connections.indicators.lenses import change, clusters, inequality

JUDGEMENT = _("our own judgement")


@dataclass(frozen=True)
class Constant:
    """A number that the code goes by, what it is for, and where it comes from."""

    value: float
    text: str | Promise
    source: str | Promise = JUDGEMENT
    is_percent: bool = False

    @property
    def shown(self) -> str:
        if self.is_percent:
            return f"{show_number(100 * self.value)} %"
        return show_number(self.value)


def content() -> dict[str, Any]:
    """Return what the page shows: groups of indicators with their variants, and the constants."""
    groups: dict[Group, list[tuple[Indicator, list[Indicator]]]] = {}
    for one in main_indicators():
        groups.setdefault(one.group, []).append((one, variants_of(one.code)))
    return {
        "method_version": METHOD_VERSION,
        "groups": list(groups.items()),
        "numbers": NUMBERS,
        "range_note": RANGE_NOTE,
        "not_shown_note": NOT_SHOWN_NOTE,
        "least_people": disclosure.K_MIN,
        "publish_day": quarters.PUBLISH_DAY,
        "freeze_day": quarters.FREEZE_DAY,
        "total": len(INDICATORS),
    }


GATE = (
    Constant(
        disclosure.K_MIN,
        _("people at least stand behind every number. Nought is not shown either."),
        _("Australian Bureau of Statistics, rule of 10"),
    ),
    Constant(
        disclosure.SENSITIVE_K,
        _("people at least where a question is sensitive."),
        _("our own judgement: twice the rule"),
    ),
    Constant(
        disclosure.DOMINANCE,
        _("of what a figure rests on is the most that may come from one person."),
        _("ACRO, what research outputs are checked for"),
        is_percent=True,
    ),
    Constant(
        disclosure.MIN_RESIDENTS,
        _("residents at least live in an area, or it is only shown as part of a larger one."),
    ),
    Constant(
        disclosure.THIRDS_FROM,
        _("people at least, before a share that has to be hidden is told as a third."),
    ),
    Constant(
        disclosure.BAND_FROM,
        _("people at least, before we say “10 % or less” or “90 % or more”."),
    ),
    Constant(
        disclosure.BAND_SHARE,
        _("is the edge of those bands, from below and from above."),
        is_percent=True,
    ),
    Constant(
        disclosure.PLACES_VERIFIED,
        _("of the places within a walk are checked in 12 months before a figure about places."),
        is_percent=True,
    ),
    Constant(
        disclosure.PLACE_FIGURES,
        _("digits are told of figures about places."),
    ),
    Constant(
        INDICATORS["A2"].min_response,
        _("of the questions asked must be answered, or nothing is told of the answers."),
        is_percent=True,
    ),
    Constant(
        statistics.PEOPLE_STEP,
        _("is what numbers of people are rounded to."),
        _("NHS Digital practice"),
    ),
    Constant(
        statistics.SIGNIFICANT_FIGURES,
        _("digits are told of means and their errors; shares are whole per cent."),
    ),
    Constant(
        befriending.AT_RISK,
        _("pairings at least are still followed on the day that a figure is told of."),
        _("the method: fewer make a curve jump"),
    ),
)

COUNTING = (
    Constant(eligibility.DAILY_CAP, _("moments of one person count on a day at most.")),
    Constant(eligibility.QUARTER_CAP, _("moments of one person count in a quarter.")),
    Constant(eligibility.DAY_CAP, _("acts of one ordinary day count at most.")),
    Constant(
        eligibility.MIN_AGE_DAYS,
        _("days before the quarter's end, or earlier, somebody must have come first."),
    ),
    Constant(
        eligibility.MIN_DATES,
        _("days of the quarter at least, on which they added something."),
    ),
    Constant(
        quarters.FREEZE_DAY,
        _("days after its last day a quarter is frozen: moments are taken for 30."),
    ),
    Constant(quarters.PUBLISH_DAY, _("days after its last day a quarter may be published.")),
    Constant(
        release.KEPT_MONTHS,
        _("months after a quarter's end its sums are deleted. Figures stay."),
        _("a year's figures are made from its own sums"),
    ),
)

STEADYING = (
    Constant(
        statistics.CONFIDENCE,
        _("is how sure the ranges are."),
        _("custom in public statistics"),
        is_percent=True,
    ),
    Constant(
        statistics.BYAR_FROM,
        _("people or more: the range of a rate is Byar's; below that it is exact."),
        _("Fingertips, public health technical guidance"),
    ),
    Constant(
        statistics.BOOTSTRAP_DRAWS,
        _("times people are drawn again for the range of the variety of ties."),
    ),
    Constant(
        statistics.NORMAL_FROM,
        _("people or more: such draws come from the bell curve that they follow by then."),
        _("a test that compares both"),
    ),
    Constant(
        publish.SHRINK_BELOW,
        _("people: below that a figure is also shown steadied towards the larger area."),
        _("Marshall 1991; Martuzzi and Elliott 1996"),
    ),
    Constant(publish.SHRINK_AREAS, _("areas at least show how much areas differ.")),
)

PLACES = (
    Constant(
        access.REACH_MINUTES,
        _("minutes' walk is how far a place reaches."),
        _("Luo and Qi 2009"),
    ),
    Constant(
        access.VARIETY_MINUTES,
        _("minutes' walk is how far we look for open places and for their variety."),
    ),
    Constant(
        access.DETOUR,
        _("times the straight line is how long we take a walk to be."),
    ),
    Constant(
        access.METRES_PER_MINUTE,
        _("metres are walked in a minute: 4.8 km an hour."),
    ),
    Constant(
        access.MIN_PLACES,
        _("places at least, before we tell how many kinds there are."),
    ),
    Constant(
        places.CHECKED_MONTHS,
        _("months a place counts as checked after somebody confirmed it."),
    ),
)

BESIDE = (
    Constant(
        change.CHART_FROM,
        _("quarters without a break, before a chart has limits."),
        _("NHS England, Making Data Count"),
    ),
    Constant(
        change.LIMIT,
        _("times the mean step from quarter to quarter is how far the limits lie."),
        _("NHS England, Making Data Count"),
    ),
    Constant(
        change.RUN,
        _("quarters on one side, or in one direction, are a sign of change."),
        _("NHS England, Making Data Count"),
    ),
    Constant(
        inequality.LEAST_PEOPLE,
        _("people in every tenth of deprivation, else we look at fifths."),
    ),
    Constant(
        inequality.DRAWS,
        _("draws give the range of an inequality."),
        _("Scottish Government, long-term monitoring of health inequalities"),
    ),
    Constant(
        clusters.PERMUTATIONS,
        _("times areas are shuffled, to see what chance alone brings together."),
        _("Anselin 1995"),
    ),
    Constant(
        clusters.FALSE_FINDS,
        _("of the clusters told are chance, on average."),
        _("Benjamini and Hochberg 1995"),
        is_percent=True,
    ),
    Constant(clusters.LEAST_AREAS, _("areas at least, before we look for clusters.")),
    Constant(custom_areas.MIN_BLOCKS, _("blocks at least make an area that you draw.")),
    Constant(
        custom_areas.MIN_RESIDENTS,
        _("residents at least live in it."),
        _("our own judgement: the size of a community"),
    ),
    Constant(
        custom_areas.MIN_OVERLAP,
        _("of a block's people live in your drawing, or the block is left out."),
        is_percent=True,
    ),
)

PICTURES = (
    Constant(
        picture.LEAST,
        _("different people told of a thing before a community's picture names it."),
        _("the rule of 10, if 9 of them are false"),
    ),
    Constant(
        picture.LEAST_REASON,
        _("different people named a reason before the picture does."),
        _("the sensitive rule of 20, if 9 of them are false"),
    ),
    Constant(
        picture.SHOWN_AFTER_DAYS,
        _("days after a month's end its picture comes."),
    ),
)

NUMBERS: tuple[tuple[str, str | Promise, tuple[Constant, ...]], ...] = (
    ("gate", _("The numbers behind the gate"), GATE),
    ("counting", _("The numbers behind the counting"), COUNTING),
    ("ranges", _("The numbers behind ranges and steadied figures"), STEADYING),
    ("places", _("The numbers behind figures about places"), PLACES),
    ("beside", _("The numbers behind what stands beside a figure"), BESIDE),
    ("pictures", _("The numbers behind a community's picture"), PICTURES),
)
"""Key, heading and constants of each list on the page."""
