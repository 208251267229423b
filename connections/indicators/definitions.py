"""The registry: every published code, what it asks, how it is made, what it cannot tell.

Pages, reports, files and the gate read this and nothing else, so that they agree. Adding an
indicator is one definition here and one query in `components`. Formulas and caveats follow
docs/method.md; a change of either raises `version` and METHOD_VERSION.
"""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.formats import number_format
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from connections.indicators.disclosure import K_MIN, Kind, Rule
from places.vocabulary import AreaLevel

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

METHOD_VERSION = "1"
"""Of all definitions and the gate together; a release keeps it."""

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
    BOOTSTRAP = "bootstrap", _("95 % interval by drawing the people again 1,000 times")
    NONE = "none", _("no interval: this describes places, not a sample of people")


class Direction(models.TextChoices):
    """Which way is good, where one is."""

    UP = "up", _("more is better")
    DOWN = "down", _("less is better")
    NONE = "none", _("neither way is better by itself")


class Cadence(models.TextChoices):
    """How often a figure is published; fixed in advance."""

    QUARTERLY = "quarterly", _("four times a year")
    ANNUAL = "annual", _("once a year")


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

    `base` is the least number of people for display; `lowest` and `highest` the range of one
    person's value; `reading` a sentence with {area}, {value}, {low}, {high}, {tenths}.
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


def say_tenths(percent: float) -> str:
    """Return a percentage as people say it: “about 4 in 10”."""
    if percent < 5:
        return _now("fewer than 1 in 10")
    if percent >= 95:
        return _now("nearly all")
    if 45 <= percent < 55:
        return _now("about half")
    return _now("about %(tenths)d in 10") % {"tenths": int(percent / 10 + 0.5)}


_DIARY = _(
    "People log when they like. So this says nothing about how much kindness there is, and it "
    "must not be used to rank areas."
)
_REGISTER = _(
    "The register of places has gaps and opening hours go out of date. How crowded a place is "
    "does not count."
)
_CHECKED = _("Places within reach that somebody checked in the last 12 months")
_ANSWERED = _("Of the people taking part, how many answered")

_ALL = (
    Indicator(
        code="A1",
        slug="taking-part",
        name=_("Taking part"),
        question=_("How far can we trust what this area's figures say?"),
        formula=_(
            "People taking part, divided by residents aged 16 or more, times 1,000. Someone "
            "takes part in a quarter when they first came at least 14 days before its end and "
            "added moments on 2 or more days of it."
        ),
        unit=Unit.PER_1000_ADULTS,
        kind=Kind.RATE,
        interval=Interval.BYAR,
        base=K_MIN,
        direction=Direction.NONE,
        compare=Compare.AREAS,
        caveat=_(
            "This measures use of Kinder, not kindness. Two phones that nobody linked count as "
            "two people."
        ),
        cannot_tell=_("Whether people here are kinder than elsewhere, or who does not take part."),
        reading=_("About {value} in every 1,000 adults in {area} took part."),
    ),
    Indicator(
        code="A3",
        slug="two-way",
        name=_("Two-way kindness"),
        question=_("Do the same people both give and receive?"),
        formula=_(
            "People who logged at least one act given and at least one received, divided by all "
            "people taking part."
        ),
        unit=Unit.PERCENT,
        kind=Kind.PROPORTION,
        interval=Interval.WILSON,
        base=30,
        lowest=0,
        highest=100,
        direction=Direction.UP,
        caveat=_(
            "People remember what they gave better than what they received. Only change within "
            "one area over time means something."
        ),
        cannot_tell=_DIARY,
        reading=_("Of the people taking part in {area}, {tenths} both gave and received kindness."),
        within="A1",
    ),
    Indicator(
        code="A3.index",
        slug="two-way-balance",
        name=_("Balance of giving and receiving"),
        question=_("How evenly do people give and receive?"),
        formula=_(
            "For each person with 3 or more acts given or received: 1 − |given − received| ÷ "
            "(given + received); then the mean over people."
        ),
        unit=Unit.INDEX,
        kind=Kind.MEAN,
        interval=Interval.T,
        base=30,
        lowest=0,
        highest=1,
        direction=Direction.UP,
        caveat=_(
            "People remember what they gave better than what they received. Only change within "
            "one area over time means something."
        ),
        cannot_tell=_DIARY,
        coverage=_ANSWERED,
        reading=_(
            "In {area} the balance is {value}: 1 would mean that everyone gave as often as they "
            "received, 0 that everyone did only one of the two."
        ),
        within="A1",
    ),
    Indicator(
        code="B1",
        slug="bridging",
        name=_("Bridging"),
        question=_("Does kindness reach across age, background and language?"),
        formula=_(
            "For each person, the share of their answered moments that were with someone they "
            "might not usually mix with; then the mean over people."
        ),
        unit=Unit.PERCENT,
        kind=Kind.MEAN,
        interval=Interval.T,
        base=30,
        lowest=0,
        highest=100,
        direction=Direction.UP,
        caveat=_(
            "The question is optional: look at how many answered. The figure also depends on who "
            "lives here."
        ),
        cannot_tell=_DIARY,
        coverage=_ANSWERED,
        reading=_(
            "For people in {area}, {tenths} of the moments they told us about were with someone "
            "they might not usually mix with."
        ),
        within="A1",
    ),
    Indicator(
        code="B2",
        slug="beyond-organisations",
        name=_("Beyond organisations"),
        question=_("How much of this happens outside jobs, groups and services?"),
        formula=_(
            "For each person, the share of their answered moments that were neither somebody's "
            "job nor came about through an organisation; then the mean over people."
        ),
        unit=Unit.PERCENT,
        kind=Kind.MEAN,
        interval=Interval.T,
        base=30,
        lowest=0,
        highest=100,
        direction=Direction.NONE,
        caveat=_(
            "Where organisations invite people to log, organised moments are over-counted. The "
            "question is optional: look at how many answered."
        ),
        cannot_tell=_DIARY,
        coverage=_ANSWERED,
        reading=_(
            "For people in {area}, {tenths} of the moments they told us about had no "
            "organisation and nobody's job behind them."
        ),
        within="A1",
    ),
    Indicator(
        code="B3",
        slug="variety-of-ties",
        name=_("Variety of ties"),
        question=_("With how many different sorts of people do these moments happen?"),
        formula=_(
            "For each person, the shares of neighbours, friends or family, people known by sight, "
            "new people, people at their work, and people from a group; p is their mean over "
            "people; then exp(−Σ p ln p), from 1 to 6."
        ),
        unit=Unit.EFFECTIVE_NUMBER,
        kind=Kind.INDEX,
        interval=Interval.BOOTSTRAP,
        base=50,
        lowest=1,
        highest=6,
        direction=Direction.UP,
        caveat=_(
            "With few people the number comes out too low: compare like with like. The question "
            "is optional: look at how many answered."
        ),
        cannot_tell=_DIARY,
        coverage=_ANSWERED,
        reading=_(
            "People in {area} share these moments with as much variety as {value} equally common "
            "sorts of people."
        ),
        within="A1",
    ),
    Indicator(
        code="C1",
        slug="walkable-third-spaces",
        name=_("Walkable third spaces"),
        question=_("How much room is there to sit and be, free, within a walk?"),
        formula=_(
            "Each place's weekly hours open and free to stay are shared among the people within "
            "15 minutes' walk (5 minutes count 1, 10 minutes 0.68, 15 minutes 0.22). Each "
            "person's shares are added up; then the mean over residents, times 1,000."
        ),
        unit=Unit.HOURS_PER_1000,
        kind=Kind.PLACES,
        interval=Interval.NONE,
        direction=Direction.UP,
        compare=Compare.AREAS,
        caveat=_REGISTER,
        cannot_tell=_("Whether people feel welcome there, or go there."),
        coverage=_CHECKED,
        reading=_(
            "For every 1,000 people, {area} has {value} hours a week in places within a walk "
            "where staying is free."
        ),
        levels=PLACE_LEVELS,
    ),
    Indicator(
        code="C1.cuppa",
        slug="walkable-third-spaces-cuppa",
        name=_("Walkable third spaces, for the price of a cuppa"),
        question=_("And if you can buy something small?"),
        formula=_("As walkable third spaces, with places that ask for a small purchase as well."),
        unit=Unit.HOURS_PER_1000,
        kind=Kind.PLACES,
        interval=Interval.NONE,
        direction=Direction.UP,
        compare=Compare.AREAS,
        caveat=_REGISTER,
        cannot_tell=_("Whether people can spare the price of a cuppa."),
        coverage=_CHECKED,
        reading=_(
            "For every 1,000 people, {area} has {value} hours a week in places within a walk "
            "where staying is free or costs a cuppa."
        ),
        levels=PLACE_LEVELS,
    ),
    Indicator(
        code="C1.gaussian",
        slug="walkable-third-spaces-smooth",
        name=_("Walkable third spaces, smooth distance"),
        question=_("Does the answer hang on where the steps at 5, 10 and 15 minutes are drawn?"),
        formula=_(
            "As walkable third spaces, with a weight that falls smoothly (Gaussian) from 1 at the "
            "door to 0 at 15 minutes."
        ),
        unit=Unit.HOURS_PER_1000,
        kind=Kind.PLACES,
        interval=Interval.NONE,
        direction=Direction.UP,
        compare=Compare.AREAS,
        caveat=_REGISTER,
        cannot_tell=_("Whether people feel welcome there, or go there."),
        coverage=_CHECKED,
        reading=_(
            "With smooth distances, {area} has {value} hours a week for every 1,000 people in "
            "places within a walk where staying is free."
        ),
        levels=PLACE_LEVELS,
    ),
    Indicator(
        code="C2",
        slug="open-when-people-are-free",
        name=_("Open when people are free"),
        question=_("Is anywhere open to sit, free, in the evening and at the weekend?"),
        formula=_(
            "Of the quarter hours from 6 to 9 pm on weekdays and from 10 am to 6 pm at weekends, "
            "the share in which at least one place that is free to stay in is open within 10 "
            "minutes' walk; then the mean over residents."
        ),
        unit=Unit.PERCENT,
        kind=Kind.PLACES,
        interval=Interval.NONE,
        highest=100,
        direction=Direction.UP,
        compare=Compare.AREAS,
        caveat=_("Opening hours go out of date. Where they are not known we count as closed."),
        cannot_tell=_("Whether people feel welcome there, or go there."),
        coverage=_CHECKED,
        reading=_(
            "In the evenings and at weekends, people in {area} have somewhere free to sit within "
            "10 minutes' walk for {value} % of the time."
        ),
        levels=PLACE_LEVELS,
    ),
    Indicator(
        code="C2.stepfree",
        slug="open-when-people-are-free-step-free",
        name=_("Open when people are free, without steps"),
        question=_("And if you cannot climb steps?"),
        formula=_("As open when people are free, with places known to be step-free only."),
        unit=Unit.PERCENT,
        kind=Kind.PLACES,
        interval=Interval.NONE,
        highest=100,
        direction=Direction.UP,
        compare=Compare.AREAS,
        caveat=_(
            "Opening hours go out of date. Where hours or steps are not known we count as closed."
        ),
        cannot_tell=_("Whether the way there has steps or is safe."),
        coverage=_CHECKED,
        reading=_(
            "In the evenings and at weekends, people in {area} have somewhere free and step-free "
            "to sit within 10 minutes' walk for {value} % of the time."
        ),
        levels=PLACE_LEVELS,
    ),
    Indicator(
        code="C3",
        slug="variety-of-places",
        name=_("Variety of places"),
        question=_("How many different kinds of place are within a short walk?"),
        formula=_(
            "For each resident, exp(−Σ p ln p) over the kinds of place within 10 minutes' walk, "
            "p being each kind's share; then the mean over residents."
        ),
        unit=Unit.EFFECTIVE_NUMBER,
        kind=Kind.PLACES,
        interval=Interval.NONE,
        min_places=3,
        direction=Direction.UP,
        compare=Compare.AREAS,
        caveat=_("It depends on how places were sorted into kinds, and the register has gaps."),
        cannot_tell=_("Whether those places suit people, or are open."),
        coverage=_CHECKED,
        reading=_(
            "Within a short walk, people in {area} have as much variety as {value} equally "
            "common kinds of place."
        ),
        levels=PLACE_LEVELS,
    ),
    Indicator(
        code="C3.simpson",
        slug="variety-of-places-common",
        name=_("Variety of places, common kinds"),
        question=_("And if rare kinds count less?"),
        formula=_("As variety of places, with 1 ÷ Σ p² in place of exp(−Σ p ln p)."),
        unit=Unit.EFFECTIVE_NUMBER,
        kind=Kind.PLACES,
        interval=Interval.NONE,
        min_places=3,
        direction=Direction.UP,
        compare=Compare.AREAS,
        caveat=_("It depends on how places were sorted into kinds, and the register has gaps."),
        cannot_tell=_("Whether those places suit people, or are open."),
        coverage=_CHECKED,
        reading=_(
            "Counting common kinds more, people in {area} have as much variety within a short "
            "walk as {value} equally common kinds of place."
        ),
        levels=PLACE_LEVELS,
    ),
    Indicator(
        code="C4",
        slug="kindness-in-third-spaces",
        name=_("Kindness in third spaces"),
        question=_("How much of this happens in places to meet?"),
        formula=_(
            "For each person, the share of their moments that happened at a place of the "
            "register; then the mean over people."
        ),
        unit=Unit.PERCENT,
        kind=Kind.MEAN,
        interval=Interval.T,
        base=30,
        lowest=0,
        highest=100,
        direction=Direction.NONE,
        caveat=_(
            "It depends on how many people name the place. At places of worship, health and "
            "community meals the place is never kept, so they count as elsewhere."
        ),
        cannot_tell=_("Anything about a single place: that is never shown."),
        reading=_(
            "For people in {area}, {tenths} of the moments they told us about happened at a "
            "place to meet."
        ),
        within="A1",
    ),
)

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
        "least 14 days before its end and added moments on 2 or more days of it."
    ),
    _("About {value} in every 1,000 residents of {area} took part."),
)


def main_indicators() -> Iterator[Indicator]:
    return (indicator for indicator in INDICATORS.values() if not indicator.is_variant)


def variants_of(code: str) -> list[Indicator]:
    return [one for one in INDICATORS.values() if one.is_variant and one.main_code == code]
