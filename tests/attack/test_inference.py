"""Attacks by inference: a reader who knows the rules lists everything that could have led to what is
told, and looks at what is left of it. Every number of a release counts, and every silence."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from connections.indicators.definitions import INDICATORS
from connections.indicators.disclosure import (
    Band,
    Cell,
    Given,
    Kind,
    Node,
    Protected,
    Rule,
    Status,
    bounds,
    protect,
    protect_all,
    published_areas,
)
from tests.attack.test_gate import COUNT, SHARE, Parents, Town, crowd, derivable, rows_of, under

REASON = Rule("E3", Kind.PROPORTION, base=50, is_sensitive=True)
TELLING = (Status.BANDED, Status.PUBLISHED)


def tell(sizes: Sequence[int], having: Sequence[int], rule: Rule) -> list[Protected]:
    """What is told of areas side by side in one that holds them."""
    nodes = [Node(0, None, 9_000), *(Node(i + 1, 0, 2_000) for i in range(len(sizes)))]
    cells = {
        i + 1: Cell(n, x, largest=min(1, n), amount=n)
        for i, (n, x) in enumerate(zip(sizes, having, strict=True))
    }
    return protect(nodes, cells, rule)


def list_alike(
    ways: Iterable[tuple[int, ...]], sizes: Sequence[int], rule: Rule
) -> Iterator[tuple[int, ...]]:
    """Whoever knows how many people answered everywhere lists the ways in which they could have, and
    keeps those of which the same would be told. Yields a way in which a hidden area is told on:
    where so few counts are possible that less is left than suppressing promises, one of them would
    tell on somebody, and no bounds at all would leave more."""
    told: dict[tuple[object, ...], list[tuple[int, ...]]] = defaultdict(list)
    silent: dict[tuple[object, ...], list[tuple[int, ...]]] = defaultdict(list)
    pairs = {}
    for having in ways:
        figures = tell(sizes, having, rule)
        # Numbers exactly, which is more than is told.
        facts = (sum(having), *having)
        numbers = tuple(
            facts[one.area] if one.status is Status.PUBLISHED else None for one in figures
        )
        key: tuple[object, ...] = (*numbers, *(one.band for one in figures))
        told[key].append(having)
        silent[numbers].append(having)
        pairs[key] = numbers
    for key, alike in told.items():
        if key[0] is None:
            continue
        for i, n in enumerate(sizes):
            if key[i + 1] is not None or not n:
                continue
            found = {way[i] for way in alike}
            passes = n >= max(rule.k, rule.base) and all(rule.k <= x <= n - rule.k for x in found)
            least = min(rule.k, n // 3 + 1, len({way[i] for way in silent[pairs[key]]}))
            if not passes and len(found) < least:
                yield alike[0]


def learn_by_listing(sizes: Sequence[int], rule: Rule) -> Iterator[tuple[int, ...]]:
    return list_alike(itertools.product(*(range(n + 1) for n in sizes)), sizes, rule)


TOWNS = [(12, 35), (35, 45), (20, 60), (33, 104), (104, 110)]


@pytest.mark.parametrize("sizes", TOWNS, ids=str)
def test_listing_all_that_could_be_tells_on_nobody(sizes: tuple[int, int]) -> None:
    assert next(learn_by_listing(sizes, SHARE), None) is None


@pytest.mark.parametrize("sizes", TOWNS, ids=str)
def test_bounds_tell_on_people_when_nobody_asks_what_they_leave_open(
    sizes: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "leaves_open", lambda *facts: True)
    assert next(learn_by_listing(sizes, SHARE), None) is not None


def test_sensitive_shares_are_listed_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    assert next(learn_by_listing((60, 105), REASON), None) is None
    monkeypatch.setattr(bounds, "leaves_open", lambda *facts: True)
    assert next(learn_by_listing((60, 105), REASON), None) is not None


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from([0, 6, 12, 30, 33, 48, 101, 130]), min_size=2, max_size=3),
    st.integers(10, 60),
    st.booleans(),
)
def test_three_areas_that_add_up_to_one_number_tell_on_nobody(
    sizes: list[int], few: int, is_turned: bool
) -> None:
    """With the sum known, every way to reach it, for one or the other side of the share."""
    ways = []
    for part in itertools.product(*(range(min(n, few) + 1) for n in sizes[:-1])):
        having = (*part, few - sum(part))
        if 0 <= having[-1] <= sizes[-1]:
            turned = tuple(n - x for n, x in zip(sizes, having, strict=True))
            ways.append(turned if is_turned else having)
    assert next(list_alike(ways, sizes, SHARE), None) is None


def test_bounds_are_still_told_where_they_leave_enough_open() -> None:
    """Utility: a country of which four councils hardly ever name a reason, and one was withdrawn."""
    figures = tell((150, 150, 150, 150, 900), (4, 9, 7, 2, 300), SHARE)
    assert [one.band for one in figures[1:5]] == [Band.LOW] * 4
    [alone, part] = protect(
        [Node(0, None, 9_000), Node(1, 0, 2_000)], {0: Cell(n=40, x=20), 1: Cell(n=200, x=4)}, SHARE
    )
    assert alone.status in TELLING
    assert part.status in (Status.BANDED, Status.SUPPRESSED)


# Few of those asked answered: that enough of them did is told as well


ANSWERED = Rule("A2", Kind.MEAN, base=30, lowest=0, highest=10, min_response=0.2)


def bound_by_answers(dice: np.random.Generator) -> bool:
    """Whether an area that is told to have few answers leaves fewer than ten people of the others
    in the remainder, some of whom live there."""
    n = [int(one) for one in dice.integers(0, 60, 3)]
    asked = [int(one * dice.choice([2, 9])) for one in n]
    nodes = [Node(0, None, 9_000), *(Node(i + 1, 0, 2_000) for i in range(3))]
    cells = {
        i + 1: Cell(
            n=one, total=one, squares=1.5 * one, largest=min(1, one), amount=one,
            asked=asked[i], answered=one,
        )
        for i, one in enumerate(n)
    }  # fmt: skip
    figures = protect(nodes, cells, ANSWERED)
    if figures[0].status is not Status.PUBLISHED:
        return False
    rest = [i for i in range(3) if figures[i + 1].status is not Status.PUBLISHED]
    told = [i for i in rest if figures[i + 1].status is Status.FEW_ANSWERS]
    others = [i for i in rest if i not in told]
    return bool(told and others) and sum(n[i] for i in others) < 10


def test_few_answers_bound_nobody_beside_them() -> None:
    dice = np.random.default_rng(3)
    assert not any(bound_by_answers(dice) for _ in range(2_000))


def test_few_answers_bound_somebody_when_that_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connections.indicators.disclosure._leaves_enough", lambda *facts: True)
    dice = np.random.default_rng(3)
    assert any(bound_by_answers(dice) for _ in range(2_000))


# A reason beside having found it hard at all


def take_reason_from_hard(seed: int, reason: Rule) -> bool:
    """Whether whoever found it hard, but not for this reason, is nobody or few in a group that can
    be derived."""
    dice = np.random.default_rng(seed)
    n = [int(one) for one in dice.integers(0, 160, 4)]
    hard = [int(dice.integers(0, one + 1)) for one in n]
    named = [max(0, one - int(dice.integers(0, 30))) for one in hard]
    town = Town((None, 0, 0, 1), tuple(crowd(one, 0) for one in n), (2_000,) * 4)
    whole = {i: Cell(n[i], hard[i], largest=min(1, n[i]), amount=n[i]) for i in range(4)}
    part = {i: Cell(n[i], named[i], largest=min(1, n[i]), amount=n[i]) for i in range(4)}
    told = protect_all(town.nodes(), [REASON, reason], {"E3": whole, reason.code: part})
    both = published_areas(told[reason.code])
    return any(
        sum(hard[i] - named[i] for i in group) < 20
        for group in derivable(rows_of(town, both), 4)
        if sum(n[i] for i in group)
    )


def reason_rule(steps_on: str | None) -> Rule:
    return Rule(
        "E3.money", Kind.PROPORTION, base=50, is_sensitive=True, within="E3", steps_on=steps_on
    )


def test_a_reason_and_hardship_tell_on_nobody_between_them() -> None:
    assert not any(take_reason_from_hard(seed, reason_rule("E3")) for seed in range(300))


def test_a_reason_and_hardship_tell_when_nothing_is_declared() -> None:
    assert any(take_reason_from_hard(seed, reason_rule(None)) for seed in range(300))


def test_every_reason_declares_it() -> None:
    reasons = [one for code, one in INDICATORS.items() if code.startswith("E3.")]
    assert reasons
    assert {one.rule.steps_on for one in reasons} == {"E3"}


# All indicators of a release together


Facts = dict[str, tuple[list[int], list[int]]]
"""By code, those who answered and those of them who count, by area."""


def draw_facts(seed: int, width: int) -> Facts:
    dice = np.random.default_rng(seed)
    people = [int(one) for one in dice.choice([0, 4, 9, 12, 35, 60, 120], width)]
    share = [int(one * dice.choice([0.05, 0.4, 0.9])) for one in people]
    answered = [int(dice.integers(one // 2, one + 1)) for one in people]
    agree = [int(dice.integers(0, one + 1)) for one in answered]
    return {"A1": (people, people), "A3": (people, share), "M:1:1": (answered, agree)}


def hold_together(
    facts: Facts, parents: Parents, rules: Sequence[Rule]
) -> list[tuple[str, int, float, float]]:
    """Integer programming over everything that is told of taking part, of a share of the same
    people, and of a question that only some of them answered: by area the people, those with the
    share, those who answered, those of them who agree. Returns what is left of hidden areas by code,
    area, least and most people, where that is less than ten numbers wide."""
    width = len(parents)
    people = facts["A1"][0]
    town = Town(parents, tuple(crowd(one, 0) for one in people), (2_000,) * width)

    def cells(n: Sequence[int], x: Sequence[int]) -> dict[int, Cell]:
        return {i: Cell(n[i], x[i], largest=min(1, n[i]), amount=n[i]) for i in range(width)}

    told = protect_all(
        town.nodes(),
        rules,
        {code: cells(*facts[code]) for code in facts},
        {"A1": {i: Given(exposure=1_000) for i in range(width)}},
    )
    # Unknown: people, share, answered, agree by area.
    place = {"A1": (0, 0), "A3": (0, 1), "M:1:1": (2, 3)}
    rows, low, high = [], [], []

    def hold(kind: int, area: int, least: float, most: float) -> None:
        row = np.zeros(4 * width)
        row[[kind * width + i for i in under(town, area)]] = 1
        rows.append(row)
        low.append(least)
        high.append(most)

    for i in range(width):
        for inner, outer in ((1, 0), (2, 0), (3, 2)):
            row = np.zeros(4 * width)
            row[outer * width + i], row[inner * width + i] = 1, -1
            rows.append(row)
            low.append(0)
            high.append(np.inf)
    for code, figures in told.items():
        n_at, x_at = place[code]
        for one in figures:
            inside = under(town, one.area)
            n = sum(facts[code][0][i] for i in inside)
            x = sum(facts[code][1][i] for i in inside)
            if one.status is Status.PUBLISHED:
                hold(n_at, one.area, n, n)
                hold(x_at, one.area, x, x)
            elif one.status is Status.BANDED:
                hold(n_at, one.area, 30, np.inf)
    found = []
    matrix = LinearConstraint(np.array(rows), low, high)
    for code, kind in (("A1", 0), ("A3", 1), ("M:1:1", 3)):
        shown = published_areas(told[code])
        for i in range(width):
            # Where nobody lives and counts there is nobody to tell on.
            is_nobody = i not in town.leaves() and not people[i]
            if is_nobody or any(i in under(town, one) for one in shown - {0}):
                continue
            goal = np.zeros(4 * width)
            goal[kind * width + i] = 1
            ends = []
            for sign in (1, -1):
                best = milp(
                    sign * goal,
                    constraints=matrix,
                    bounds=Bounds(0, 400),
                    integrality=np.ones(4 * width, int),
                )
                assert best.success
                ends.append(float(best.x @ goal))
            passes = ends[0] >= 10 and (code == "A1" or people[i] - ends[1] >= 10)
            if ends[1] - ends[0] < 9 and not passes:
                found.append((code, i, ends[0], ends[1]))
    return found


QUESTION = Rule("M:1:1", Kind.PROPORTION, base=30, within="A1")


BOUND = Rule("A3", Kind.PROPORTION, base=30, within="A1")


def test_all_that_a_release_tells_bounds_nobody_who_is_hidden() -> None:
    parents = (None, 0, 0, 1, 1)
    for seed in range(30):
        facts = draw_facts(seed, len(parents))
        assert hold_together(facts, parents, [COUNT, BOUND, QUESTION]) == []


def test_it_bounds_somebody_when_indicators_hang_on_nothing() -> None:
    """The town of docs/adr/0011."""
    people = [0, 5, 40, 50]
    facts = {"A1": (people, people), "A3": (people, [0, 5, 20, 6])}
    facts["M:1:1"] = facts["A3"]
    parents = (None, 0, 0, 0)
    assert hold_together(facts, parents, [COUNT, BOUND, QUESTION]) == []
    free = [COUNT, SHARE, Rule("M:1:1", Kind.PROPORTION, base=30)]
    assert ("A1", 1, 0, 5) in hold_together(facts, parents, free)
