"""What goes into the gate and what comes out: kinds of figure, areas, people, answers."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.Enum):
    """How a figure is made from its cell."""

    PROPORTION = "proportion"
    """x of n people; value in whole percent."""
    MEAN = "mean"
    """Mean over people of one value each."""
    RATE = "rate"
    """n people per `per` of a public denominator."""
    SURVIVAL = "survival"
    """x of n people by a day, some not followed so far: the estimate is given with its interval."""
    INDEX = "index"
    """A value of the whole group, such as an effective number, given with its interval."""
    PLACES = "places"
    """A value that describes places, not people; no person test, but completeness."""


class Status(enum.Enum):
    """What the gate lets be told of an area."""

    PUBLISHED = "published"
    BANDED = "banded"
    """Only a band is told ("10 % or less", "under 1 in 3"); no number."""
    SUPPRESSED = "suppressed"
    """`[c]`: too few people, or showing it would tell on someone. The reason is not told."""
    WITHHELD = "withheld"
    """The places behind the figure are not checked or not known well enough."""
    FEW_ANSWERS = "few answers"
    """Enough people answered, but too few of those asked."""
    FEW_PLACES = "few places"
    """Fewer places within reach than the rule's least; the page says "fewer than 3"."""


class Band(enum.Enum):
    """A bound that is told in place of a share."""

    LOW = "10 % or less"
    HIGH = "90 % or more"
    THIRD_LOW = "under 1 in 3"
    THIRD_MIDDLE = "between 1 in 3 and 2 in 3"
    THIRD_HIGH = "2 in 3 or more"


@dataclass(frozen=True, slots=True)
class Node:
    """An area of the tree. `residents` is the published population of the whole area."""

    id: int
    parent: int | None
    residents: int
    level: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """What the people add up to whose home is exactly this area: a leaf, or an upper area when
    nothing finer is known. Never the total of an upper area: `protect` adds that up itself.

    n: people who answered; x: those of them with the property; total, squares: sum and sum of
    squares of one value a person; largest, amount: the largest contributor's and everybody's
    contribution after caps (logs); surrounding: people of the `subset_of` set, these included;
    asked, answered: questions put to people here, and those that were answered; step: people in x
    or in that of the `steps_on` share, and not in both.
    """

    n: int = 0
    x: int = 0
    total: float = 0.0
    squares: float = 0.0
    largest: float = 0.0
    amount: float = 0.0
    surrounding: int = 0
    asked: int = 0
    answered: int = 0
    step: int = 0

    def __add__(self, other: Cell) -> Cell:
        """The cell of two disjoint groups together."""
        return Cell(
            self.n + other.n,
            self.x + other.x,
            self.total + other.total,
            self.squares + other.squares,
            max(self.largest, other.largest),
            self.amount + other.amount,
            self.surrounding + other.surrounding,
            self.asked + other.asked,
            self.answered + other.answered,
            self.step + other.step,
        )


@dataclass(frozen=True, slots=True)
class Group:
    """A group of people that can be told apart: an area, or what is left of one.

    `residents` are those of the leaves in it; `has_leaves` is false where it holds only people
    whose home is known no finer than an upper area: they may live anywhere in it.
    """

    people: Cell
    residents: int = 0
    has_leaves: bool = False

    @property
    def is_empty(self) -> bool:
        """Nobody lives or counts there, so that nothing about it can tell on anyone."""
        return self.residents == 0 and self.people.n == 0 and self.people.surrounding == 0

    def __add__(self, other: Group) -> Group:
        return Group(
            self.people + other.people,
            self.residents + other.residents,
            self.has_leaves or other.has_leaves,
        )


@dataclass(frozen=True, slots=True)
class Given:
    """What the caller knows of a whole area beside its people.

    RATE needs `exposure` (adults); INDEX needs `value`, `low` and `high`; PLACES needs `value`
    and `completeness` (share of its places verified) and may give `places` within reach.
    """

    exposure: float = 0.0
    value: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    completeness: float = 1.0
    places: int | None = None


@dataclass(frozen=True, slots=True)
class Protected:
    """What may be told of one area: everything but the area itself is None unless published.

    PROPORTION: value, low and high in percent, se in percentage points; SURVIVAL: without se.
    response: whole % of the questions asked that were answered. RATE: per `Rule.per`,
    exposure public. The interval is computed from the rounded numbers, so that nobody can solve
    it for the exact ones.
    """

    area: int
    status: Status
    n: int | None = None
    value: float | None = None
    se: float | None = None
    low: float | None = None
    high: float | None = None
    exposure: float | None = None
    band: Band | None = None
    response: float | None = None
