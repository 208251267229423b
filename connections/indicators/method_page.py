"""The public page of the method: read from the registry and from the constants of the code, so
that it cannot say anything else than what is done."""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from connections.indicators import access, disclosure, eligibility, publish, quarters, statistics
from connections.indicators.definitions import (
    INDICATORS,
    METHOD_VERSION,
    NOT_SHOWN_NOTE,
    RANGE_NOTE,
    Group,
    Indicator,
    main_indicators,
    show_number,
    variants_of,
)


@dataclass(frozen=True)
class Constant:
    """A number that the code goes by, and what it is for."""

    value: float
    is_percent: bool
    text: str | Promise

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
        "gate": GATE,
        "counting": COUNTING,
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
        False,
        _("people at least stand behind every number. Nought is not shown either."),
    ),
    Constant(
        disclosure.SENSITIVE_K,
        False,
        _("people at least where a question is sensitive."),
    ),
    Constant(
        disclosure.DOMINANCE,
        True,
        _("of what a figure rests on is the most that may come from one person."),
    ),
    Constant(
        disclosure.MIN_RESIDENTS,
        False,
        _("residents at least live in an area, or it is only shown as part of a larger one."),
    ),
    Constant(
        disclosure.BAND_FROM,
        False,
        _("people at least, before we say “10 % or less” or “90 % or more”."),
    ),
    Constant(
        disclosure.PLACES_VERIFIED,
        True,
        _("of the places within a walk are checked in 12 months before a figure about places."),
    ),
    Constant(statistics.PEOPLE_STEP, False, _("is what numbers of people are rounded to.")),
    Constant(
        publish.SHRINK_BELOW,
        False,
        _("people: below that a figure is also shown steadied towards the larger area."),
    ),
)

COUNTING = (
    Constant(eligibility.DAILY_CAP, False, _("moments of one person count on a day at most.")),
    Constant(eligibility.QUARTER_CAP, False, _("moments of one person count in a quarter.")),
    Constant(
        eligibility.MIN_AGE_DAYS,
        False,
        _("days before the quarter's end, or earlier, somebody must have come first."),
    ),
    Constant(
        eligibility.MIN_DATES,
        False,
        _("days of the quarter at least, on which they added something."),
    ),
    Constant(
        access.REACH_MINUTES,
        False,
        _("minutes' walk is how far a place reaches (variety of places: 10)."),
    ),
    Constant(
        access.DETOUR,
        False,
        _("times the straight line is how long we take a walk to be, at 4.8 km an hour."),
    ),
)
