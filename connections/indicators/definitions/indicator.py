"""What an indicator is made of, in words and for the gate."""

import enum
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import models
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from connections.indicators.definitions.leading import say_tenths
from connections.indicators.disclosure import Kind, Rule
from connections.indicators.vocabulary import Cadence
from places.vocabulary import AreaLevel

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

PEOPLE_LEVELS = frozenset(
    level.value
    for level in (
        AreaLevel.INTERMEDIATE,
        AreaLevel.COMMUNITY,
        AreaLevel.COUNCIL,
        AreaLevel.COUNTRY,
    )
)
"""A home is known no finer than a neighbourhood (intermediate zone)."""
UPPER_LEVELS = frozenset(level.value for level in (AreaLevel.COUNCIL, AreaLevel.COUNTRY))
"""What could point to somebody is told of large areas alone."""
PLACE_LEVELS = frozenset(AreaLevel.values)


class Group(models.TextChoices):
    """The families of indicators, in the order of pages."""

    TAKING_PART = "A", _("Taking part and everyday kindness")
    TIES = "B", _("Ties between people")
    PLACES = "C", _("Third spaces")
    BEFRIENDING = "D", _("Befriending")
    EXPERIENCE = "E", _("How it feels to live here")
    COMMUNITY = "M", _("The community's own questions")


class Unit(models.TextChoices):
    """What a value counts in."""

    PER_1000_ADULTS = "per_1000_adults", _("people per 1,000 adults")
    PER_1000_RESIDENTS = "per_1000_residents", _("people per 1,000 residents")
    PERCENT = "percent", _("%")
    INDEX = "index", _("index from 0 to 1")
    ACTS = "acts", _("acts a day")
    SCORE = "score", _("from 0 to 10")
    DAYS = "days", _("days")
    HOURS_PER_1000 = (
        "hours_per_1000",
        _("place-hours a week per 1,000 residents"),
    )
    EFFECTIVE_NUMBER = "effective_number", _("effective number")


class Interval(models.TextChoices):
    """How the 95 % interval is made."""

    BYAR = "byar", _("95 % interval by Byar's method (exact below 10 people)")
    WILSON = "wilson", _("95 % interval by Wilson's method")
    T = "t", _("95 % t interval over people")
    GREENWOOD = "greenwood", _("95 % interval from Greenwood's variance, log-log")
    BOOTSTRAP = "bootstrap", _("95 % interval by drawing the people again 1,000 times")
    NONE = "none", _("no interval: this describes places, not a sample of people")


class Direction(models.TextChoices):
    """Which way is good, where one is."""

    UP = "up", _("more is better")
    DOWN = "down", _("less is better")
    NONE = "none", _("neither way is better by itself")


class Compare(enum.Enum):
    """What a value may fairly be held against."""

    AREAS = "areas"
    TIME = "time"
    """Only against the same area at another time: who logs differs from area to area."""


RANGE_NOTE = _("This range covers chance only, not who chose to answer.")
"""Stands beside every interval of people."""
NOT_SHOWN_NOTE = _("Not shown. There are too few answers, or showing it could point to someone.")
"""Stands for every suppressed figure; often it is not “fewer than 10 people”."""


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """One published code. Variants (`A3.index`) stand beside the indicator that they vary.

    `coverage` says in words what the share beside a figure covers; `min_response` is the least
    share of questions answered, below which nothing is told; `only_area` the one area of a
    community's own question; `steps_on` the code of a share of which this one is a part or the
    whole, as of the same people by another day; `part_of` the code of the mean that this one is a
    part of, so that it tells on the other parts. `base` is the least number of people for display;
    `lowest` and `highest` the range of one person's value; `reading` a sentence with {area},
    {value}, {low}, {high}, {tenths}.
    """

    code: str
    slug: str
    name: "_StrOrPromise"
    question: "_StrOrPromise"
    formula: "_StrOrPromise"
    unit: Unit
    kind: Kind
    interval: Interval
    direction: Direction
    caveat: "_StrOrPromise"
    cannot_tell: "_StrOrPromise"
    reading: "_StrOrPromise"
    coverage: "_StrOrPromise" = ""
    base: int = 0
    lowest: float = float("-inf")
    highest: float = float("inf")
    min_places: int = 0
    is_sensitive: bool = False
    compare: Compare = Compare.TIME
    levels: frozenset[str] = PEOPLE_LEVELS
    cadence: Cadence = Cadence.QUARTERLY
    version: str = "1"
    within: str | None = None
    min_response: float = 0.0
    only_area: int | None = None
    steps_on: str | None = None
    part_of: str | None = None

    @property
    def group(self) -> Group:
        return Group(self.code[0])

    @property
    def main_code(self) -> str:
        """The code of the indicator that this one varies, or its own."""
        return self.code.partition(".")[0]

    @property
    def is_variant(self) -> bool:
        return self.code != self.main_code

    @property
    def is_about_places(self) -> bool:
        """No person stands behind it: the gate asks how well places are checked instead."""
        return self.kind is Kind.PLACES

    @property
    def is_of_one_area(self) -> bool:
        """A community's own question: asked in one area and told for it alone."""
        return self.only_area is not None

    @property
    def is_comparable(self) -> bool:
        """Whether areas may be held against each other, as on a map."""
        return self.compare is Compare.AREAS

    @property
    def rule(self) -> Rule:
        """What the gate tests."""
        return Rule(
            self.code,
            self.kind,
            base=self.base,
            is_sensitive=self.is_sensitive,
            lowest=self.lowest,
            highest=self.highest,
            levels=self.levels,
            within=self.within,
            min_places=self.min_places,
            min_response=self.min_response,
            only_area=self.only_area,
            steps_on=self.steps_on,
            part_of=self.part_of,
        )

    def read(self, *, area: str, value: float, low: float | None, high: float | None) -> str:
        """Return the value as one plain sentence in the reader's language."""
        return str(self.reading).format(
            area=area,
            value=show_number(value),
            low=show_number(low),
            high=show_number(high),
            tenths=say_tenths(value),
        )


def show_number(value: float | None) -> str:
    """Return a released number as it is written: no needless decimals, never an exponent."""
    if value is None:
        return "–"
    plain = f"{value:.6f}".rstrip("0").rstrip(".")
    return number_format(Decimal(plain), force_grouping=True)
