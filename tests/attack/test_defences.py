"""Each attack finds nothing; with its defence taken away it succeeds.

An attack is a function that returns True when it learned what it should not. `CASES` pairs it with
what stands in its way; the test removes that and looks again. Attacks 1, 2, 5, 6, 8, 9, 10, 13, 14
and 16 have their removals in the files beside this one, 7 and 12 need the database and stand below.
"""

import datetime as dt
import itertools
from collections.abc import Callable

import numpy as np
import pytest

from connections.indicators import disclosure, freeze, picture, quarters, release
from connections.indicators import statistics as stats
from connections.indicators.disclosure import (
    Cell,
    Kind,
    Node,
    Rule,
    choose_changes,
    protect,
)
from connections.indicators.models import Figure, Release
from connections.indicators.picture import Drawn, Sums, draw_picture
from connections.indicators.privacy import erase
from kinder.accounts.acting import Purpose
from places.models import Area
from tests.factories import CouncilFactory, NeighbourhoodFactory
from tests.indicators.months import FREEZE_DAY, LONDON, QUARTER, make_month, make_person

SHARE = Rule("A3", Kind.PROPORTION, base=30)
Remove = Callable[[pytest.MonkeyPatch], None]


# 3: the same figure in two vintages


def subtract_vintages() -> bool:
    """Every tree of up to four areas, changes of 0, 4, 7 or 12 people by area: is there a union of
    remainders of changed areas with some but fewer than ten changed people?"""
    for size in range(1, 5):
        for parents in itertools.product(*(range(i) for i in range(1, size))):
            nodes = [Node(i, up, 1_000) for i, up in enumerate((None, *parents))]
            below = {i: {i} for i in range(size)}
            for i in reversed(range(1, size)):
                below[parents[i - 1]] |= below[i]
            for counts in itertools.product((0, 4, 7, 12), repeat=size):
                allowed = choose_changes(nodes, dict(enumerate(counts)))
                for area in allowed:
                    inner = set().union(*(below[i] for i in allowed & below[area] - {area}))
                    if 0 < sum(counts[i] for i in below[area] - inner) < 10:
                        return True
    return False


# 4: other periods than calendar quarters


def ask_for_a_month() -> bool:
    try:
        quarters.parse_quarter("2026-02")
    except ValueError:
        return False
    return True


def allow_months(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(quarters, "parse_quarter", lambda text: dt.date.fromisoformat(f"{text}-01"))


# 11: back-solving from what stands beside a figure


def tell_62_people_from_60() -> bool:
    """Two towns whose value and people round to the same: does anything else tell them apart?"""
    node = [Node(1, None, 5_000)]
    one, other = (protect(node, {1: Cell(n, x)}, SHARE) for n, x in ((60, 30), (62, 31)))
    return one != other


def take_exact_people(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(stats, "round_people", lambda n: np.asarray(n, np.float64))


# 17: the community picture beside a release


def learn_a_hidden_number_from_the_picture() -> bool:
    """A community is hidden. The picture says how many people there were since it opened, of whom
    all who count in the quarter are some. Does what it says leave fewer than ten possible numbers?

    The milestone bounds a wider group from below, which bounds the hidden number not at all; not
    having reached the next one bounds it from above.
    """
    for people in range(1, 300):
        drawn = draw_picture(Sums(people=people, lately=people))
        possible = [
            one for one in range(300) if draw_picture(Sums(people=one, lately=one)) == drawn
        ]
        if max(possible) < 9:
            return True
    return False


def open_at_one(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(picture, "LEAST", 1)
    patch.setattr(picture, "MILESTONES", tuple(range(1, 300)))
    patch.setattr(picture, "FORGED", 0)


# 18: nine forged contributors await a tenth


def reveal_the_tenth() -> bool:
    """Nine forged people chose one thing, and contribute again before every picture. Can the choice
    of fewer than ten real people make it appear, or their coming make a picture or a milestone?"""
    forged = 9
    for real in range(10):
        for others in range(30):
            before = Sums(
                people=forged + others, lately=forged + others, kinds={"lent": forged},
                ties={"new": forged}, reasons={"trust": forged},
            )  # fmt: skip
            first = draw_picture(before)
            after = Sums(
                people=forged + others + real, lately=forged + real,
                kinds={"lent": forged + real}, ties={"new": forged + real},
                reasons={"trust": forged + real},
            )  # fmt: skip
            last = draw_picture(after, first)
            if last is not None:
                return True
    return False


def trust_everybody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(picture, "LEAST", 10)


CASES: list[tuple[int, Callable[[], bool], Remove]] = [
    (3, subtract_vintages, lambda patch: patch.setattr(disclosure, "K_MIN", 1)),
    (4, ask_for_a_month, allow_months),
    (11, tell_62_people_from_60, take_exact_people),
    (17, learn_a_hidden_number_from_the_picture, open_at_one),
    (18, reveal_the_tenth, trust_everybody),
]


@pytest.mark.parametrize(("number", "attack", "remove"), CASES, ids=lambda one: str(one)[:3])
def test_attacks_find_nothing_and_would_without_their_defence(
    number: int, attack: Callable[[], bool], remove: Remove, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not attack()
    remove(monkeypatch)
    assert attack(), f"attack {number} proves nothing"


def test_what_a_picture_showed_stays_shown() -> None:
    """Leaving takes nothing away that somebody could miss."""
    first = draw_picture(Sums(people=60, lately=60, kinds={"chat": 20, "food": 18}))
    assert first == Drawn(50, ("chat",), (), ())
    later = draw_picture(Sums(people=30, lately=25, kinds={"chat": 3, "food": 19}), first)
    assert later == Drawn(50, ("chat", "food"), (), ())


# With the database


@pytest.fixture
def hill() -> Area:
    council = CouncilFactory.create(population=None, adults=None)
    area: Area = NeighbourhoodFactory.create(parent=council)
    return area


def make_ready() -> Release:
    quarter = release.freeze_quarter(by=Purpose.RELEASE, quarter_on=QUARTER, now=FREEZE_DAY)
    made = release.start_release(by=Purpose.RELEASE, quarter=quarter)
    release.continue_work()
    made.refresh_from_db()
    return made


@pytest.mark.django_db
@pytest.mark.parametrize("accounts", [9, 29])
@pytest.mark.parametrize("is_defended", [True, False])
def test_7_sybils_reveal_nobody(
    hill: Area, accounts: int, is_defended: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New accounts around one real person fail the test of age."""
    if not is_defended:
        monkeypatch.setattr(freeze, "MIN_AGE_DAYS", -30)
    make_month(make_person(), hill, gave=1)
    for _ in range(accounts):
        late = make_person(created_at=dt.datetime(2026, 3, 25, tzinfo=LONDON))
        make_month(late, hill, gave=1)
    make_ready()
    status = Figure.objects.get(indicator="A1", area=hill).status
    assert status == ("c" if is_defended else "shown")


@pytest.mark.django_db
@pytest.mark.parametrize("is_defended", [True, False])
def test_12_an_erasure_is_in_no_unpublished_figure(
    hill: Area, is_defended: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [make_person() for _ in range(12)]
    for person in people:
        make_month(person, hill, gave=1)
    make_ready()
    if not is_defended:
        monkeypatch.setattr("connections.indicators.privacy.reopen_without", lambda touched: 0)
    for person in people[:3]:
        erase(person)
    release.continue_work()
    status = Figure.objects.get(indicator="A1", area=hill).status
    assert status == ("c" if is_defended else "shown")
