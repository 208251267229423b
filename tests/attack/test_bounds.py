"""Attacks by bounds: areas told as thirds taken from the area around them, shares of the same people
by two days taken from each other, and a community's own question beside taking part."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from connections.indicators import disclosure
from connections.indicators.definitions import INDICATORS
from connections.indicators.disclosure import (
    Band,
    Cell,
    Given,
    Kind,
    Node,
    Rule,
    Status,
    protect,
    protect_all,
    published_areas,
)
from tests.attack.test_gate import COUNT, SHARE, Town, attack, crowd, derivable, rows_of, under

THIRDS = {
    Band.THIRD_LOW: lambda n, x: 3 * x < n,
    Band.THIRD_MIDDLE: lambda n, x: n <= 3 * x < 2 * n,
    Band.THIRD_HIGH: lambda n, x: 3 * x >= 2 * n,
}


def towns_with_thirds() -> Iterator[Town]:
    """An area with three parts, some of them small or one-sided, some with a small part of theirs."""
    mixes = ((0, 0), (6, 3), (12, 12), (14, 0), (40, 12), (70, 34), (95, 25), (98, 34))
    for first, second, third in itertools.product(mixes, repeat=3):
        people = tuple(crowd(n, x) for n, x in ((0, 0), first, second, third))
        yield Town((None, 0, 0, 0), people, (0, 900, 900, 900))
        yield Town((None, 0, 0, 1), people, (0, 900, 900, 900))


def learn_from_thirds(town: Town) -> bool:
    """Whether somebody who knows how many people answered everywhere, and what was told, is sure of
    fewer than a third (or ten) of whoever is left of a published area beside its thirds, or of all
    but so few, or leaves fewer than ten of them alone."""
    figures = {one.area: one for one in protect(town.nodes(), town.cells(), SHARE)}
    published = {area for area, one in figures.items() if one.status is Status.PUBLISHED}
    thirds = {area: one.band for area, one in figures.items() if one.band in THIRDS}

    def count(areas: set[int]) -> tuple[int, int]:
        inside = [person for area in areas for person in town.people[area]]
        return len(inside), sum(person.has for person in inside)

    for area in published:
        below = [one for one in published if one != area and one in under(town, area)]
        rest = set(under(town, area)).difference(*(under(town, one) for one in below))
        told = [one for one in thirds if one in rest]
        if not told:
            continue
        left = rest.difference(*(under(town, one) for one in told))
        n_left, _ = count(left)
        if not n_left:
            continue
        possible = {count(rest)[1]}
        for one in told:
            n, _ = count(set(under(town, one)))
            band = thirds[one]
            assert band is not None
            may_be = [x for x in range(10, n - 9) if THIRDS[band](n, x)]
            possible = {total - x for total in possible for x in may_be}
        possible &= set(range(n_left + 1))
        some = min(10, n_left // 3)
        if n_left < 10 or max(possible) < some or min(possible) > n_left - some:
            return True
    return False


def test_thirds_tell_nothing_of_whoever_is_left() -> None:
    seen = 0
    for town in towns_with_thirds():
        seen += any(one.band in THIRDS for one in protect(town.nodes(), town.cells(), SHARE))
        assert not learn_from_thirds(town), town
    assert seen > 20


def test_thirds_tell_on_whoever_is_left_without_that_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disclosure.bounds, "leaves_open", lambda *facts: True)
    assert any(learn_from_thirds(town) for town in towns_with_thirds())


def test_counting_who_is_left_would_not_be_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve are left, and all twelve have it: the bounds of the third beside them would say so."""
    monkeypatch.setattr(disclosure.bounds, "leaves_open", lambda x, others, *facts: others >= 10)
    assert any(learn_from_thirds(town) for town in towns_with_thirds())


# Shares of the same people by two days


LATER = Rule("later", Kind.SURVIVAL, base=30)
SOONER = Rule("sooner", Kind.SURVIVAL, base=30, within="later", steps_on="later")


def take_days_apart(seed: int, sooner: Rule) -> bool:
    """Whether the people between two days are fewer than ten in any group that can be derived from
    what is told of both days."""
    dice = np.random.default_rng(seed)
    parents = (None, 0, 0, 1, 1)
    n = [int(one) for one in dice.integers(0, 90, 5)]
    late = [int(dice.integers(0, one + 1)) for one in n]
    early = [int(dice.integers(max(0, one - 25), one + 1)) for one in late]
    town = Town(parents, tuple(crowd(one, 0) for one in n), (2_000,) * 5)
    given = {i: Given(value=50.0, low=40.0, high=60.0) for i in range(5)}
    told = protect_all(
        [Node(i, up, 9_000) for i, up in enumerate(parents)],
        [LATER, sooner],
        {
            "later": {
                i: Cell(n=n[i], x=late[i], largest=min(1, n[i]), amount=n[i]) for i in range(5)
            },
            "sooner": {
                i: Cell(n=n[i], x=early[i], largest=min(1, n[i]), amount=n[i]) for i in range(5)
            },
        },
        {"later": given, "sooner": given},
    )
    both = published_areas(told["sooner"]) & published_areas(told["later"])
    return any(
        sum(late[i] - early[i] for i in group) < 10
        for group in derivable(rows_of(town, both), 5)
        if sum(n[i] for i in group)
    )


def test_two_days_of_the_same_people_tell_on_nobody_in_between() -> None:
    assert not any(take_days_apart(seed, SOONER) for seed in range(300))


def test_two_days_tell_on_those_in_between_when_nothing_is_declared() -> None:
    undeclared = replace(SOONER, steps_on=None)
    assert any(take_days_apart(seed, undeclared) for seed in range(300))


@pytest.mark.parametrize("code", [code for code in INDICATORS if code[0] == "D" and "." in code])
def test_every_day_of_befriending_is_held_against_another(code: str) -> None:
    one = INDICATORS[code]
    if one.kind is not Kind.SURVIVAL:
        assert code == "D1.median"
        return
    assert one.rule.steps_on in INDICATORS
    assert INDICATORS[str(one.rule.steps_on)].kind is Kind.SURVIVAL


# A community's own question within taking part


def ask_beside(seed: int, own: Rule) -> bool:
    """Whether taking part and a question that one area asks tell of fewer than ten people."""
    dice = np.random.default_rng(seed)
    people = tuple(crowd(int(n), 0) for n in dice.integers(0, 45, 4))
    town = Town((None, 0, 0, 1), people, (1_000,) * 4)
    cells = town.cells()
    asked = {
        i: replace(cell, x=min(cell.n, int(dice.integers(0, 46)))) for i, cell in cells.items()
    }
    given = {i: Given(exposure=1_000) for i in range(4)}
    told = protect_all(
        town.nodes(), [COUNT, own], {"A1": cells, own.code: asked}, {"A1": given, own.code: given}
    )
    rows = frozenset(
        row for figures in told.values() for row in rows_of(town, published_areas(figures))
    )
    return any(0 < sum(len(people[i]) for i in group) < 10 for group in derivable(rows, 4))


def test_a_communitys_question_tells_no_more_than_taking_part() -> None:
    own = Rule("M:1:1", Kind.PROPORTION, base=30, within="A1", only_area=1)
    assert not any(ask_beside(seed, own) for seed in range(300))


def test_a_communitys_question_tells_more_where_it_hangs_on_nothing() -> None:
    free = Rule("M:1:1", Kind.PROPORTION, base=30, only_area=1)
    assert any(ask_beside(seed, free) for seed in range(300))


def test_towns_with_thirds_are_attacked_by_subtraction_as_well() -> None:
    for town in itertools.islice(towns_with_thirds(), 0, None, 7):
        assert attack(town, SHARE) == []
