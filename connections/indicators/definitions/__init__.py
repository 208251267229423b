"""The registry: every published code, what it asks, how it is made, what it cannot tell.

Pages, reports, files and the gate read this and nothing else, so that they agree. Adding an
indicator is one definition here and one query in `components`. Formulas and caveats follow
docs/method.md; a change of either raises `version` and METHOD_VERSION.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from connections.indicators.definitions.answers import ANSWERS
from connections.indicators.definitions.befriending import BEFRIENDING
from connections.indicators.definitions.indicator import (
    NOT_SHOWN_NOTE,
    PEOPLE_LEVELS,
    PLACE_LEVELS,
    RANGE_NOTE,
    Compare,
    Direction,
    Group,
    Indicator,
    Interval,
    Unit,
    show_number,
)
from connections.indicators.definitions.leading import TAKING_PART_OF_ALL_SAID, say_tenths
from connections.indicators.definitions.logs import LOGS
from connections.indicators.definitions.measures import measure_indicator
from connections.indicators.definitions.places import PLACES
from connections.indicators.vocabulary import Cadence

__all__ = [
    "INDICATORS",
    "METHOD_VERSION",
    "NOT_SHOWN_NOTE",
    "PEOPLE_LEVELS",
    "PLACE_LEVELS",
    "RANGE_NOTE",
    "Cadence",
    "Compare",
    "Direction",
    "Group",
    "Indicator",
    "Interval",
    "Unit",
    "as_released",
    "indicator_of",
    "indicators_of",
    "main_indicators",
    "say_tenths",
    "show_number",
    "variants_of",
]

METHOD_VERSION = "3"
"""Of all definitions and the gate together; a release keeps it."""

_ALL = sorted((*LOGS, *ANSWERS, *PLACES, *BEFRIENDING), key=lambda one: one.code.partition(".")[0])

INDICATORS: dict[str, Indicator] = {indicator.code: indicator for indicator in _ALL}
"""By code, in the order of pages: each main indicator followed by its variants."""


def as_released(code: str, parameters: Mapping[str, Any]) -> Indicator:
    """Return an indicator in the words that fit a release with these parameters: where the
    number of adults was not known everywhere, rates are per resident of any age."""
    one = INDICATORS[code]
    if one.unit is not Unit.PER_1000_ADULTS or parameters.get("denominator") != "residents":
        return one
    return replace(
        one,
        unit=Unit.PER_1000_RESIDENTS,
        formula=_PER_RESIDENT[0],
        reading=_PER_RESIDENT[1],
    )


_PER_RESIDENT = (
    _(
        "People taking part, divided by residents of all ages (how many are 16 or more is not "
        "known everywhere), times 1,000. Someone takes part in a quarter when they first came at "
        "least 14 days before its end and added moments or answers on 2 or more days of it."
    ),
    TAKING_PART_OF_ALL_SAID,
)


def indicators_of(parameters: Mapping[str, Any]) -> dict[str, Indicator]:
    """Return the indicators of a release with these parameters, in its words and in the order of
    pages: the registry's and, where there are any, its communities' own."""
    own = [measure_indicator(measure) for measure in parameters.get("measures", [])]
    return {
        **{code: as_released(code, parameters) for code in INDICATORS},
        **{one.code: one for one in own},
    }


def indicator_of(code: str, parameters: Mapping[str, Any]) -> Indicator:
    """Return one indicator of a release with these parameters; KeyError where it has none."""
    if code in INDICATORS:
        return as_released(code, parameters)
    found = [one for one in parameters.get("measures", []) if one["code"] == code]
    if not found:
        raise KeyError(code)
    return measure_indicator(found[0])


def main_indicators() -> Iterator[Indicator]:
    """Return the indicators without their variants, in the order of the method."""
    return (indicator for indicator in INDICATORS.values() if not indicator.is_variant)


def variants_of(code: str) -> list[Indicator]:
    """Return the variants of an indicator: `A2.gave` of A2."""
    return [one for one in INDICATORS.values() if one.is_variant and one.main_code == code]
