"""The gate's rules one by one; what a reader could derive is tested in tests/attack."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from connections.indicators.disclosure import (
    Band,
    Cell,
    Given,
    Kind,
    Node,
    Protected,
    Rule,
    Status,
    protect,
    protect_all,
    published_areas,
)

SHARE = Rule("A3", Kind.PROPORTION, base=30)
MEAN = Rule("B1", Kind.MEAN, base=30, lowest=0, highest=1)
COUNT = Rule("A1", Kind.RATE)


def people(n: int, x: int | None = None) -> Cell:
    """n people, x of them (half, left out) with value 1, one log each."""
    x = n // 2 if x is None else x
    return Cell(n=n, x=x, total=x, squares=x, largest=1 if n else 0, amount=n)


def star(*leaves: int, residents: int = 1_000) -> list[Node]:
    """An area 1 with as many leaves 2, 3, … as given."""
    return [
        Node(1, None, residents * len(leaves), "top"),
        *(Node(2 + i, 1, residents, "leaf") for i in range(len(leaves))),
    ]


def statuses(figures: list[Protected]) -> dict[int, Status]:
    return {figure.area: figure.status for figure in figures}


def count(nodes: list[Node], cells: dict[int, Cell], rule: Rule = COUNT) -> list[Protected]:
    return protect(nodes, cells, rule, {node.id: Given(exposure=1_000) for node in nodes})


def test_publishes_everything_when_everything_is_safe() -> None:
    nodes = star(40, 50, 60)
    figures = count(nodes, {2: people(40), 3: people(50), 4: people(60)})
    assert figures == [
        Protected(1, Status.PUBLISHED, n=150, value=150, low=127, high=176, exposure=1_000),
        Protected(2, Status.PUBLISHED, n=40, value=40, low=28.6, high=54.5, exposure=1_000),
        Protected(3, Status.PUBLISHED, n=50, value=50, low=37.1, high=65.9, exposure=1_000),
        Protected(4, Status.PUBLISHED, n=60, value=60, low=45.8, high=77.2, exposure=1_000),
    ]


@pytest.mark.parametrize("few", [0, 1, 9])
def test_withdraws_the_smallest_sibling_of_a_small_area(few: int) -> None:
    figures = count(star(few, 40, 30), {2: people(few), 3: people(40), 4: people(30)})
    assert published_areas(figures) == {1, 3}
    assert figures[1] == Protected(2, Status.SUPPRESSED)
    assert figures[3] == Protected(4, Status.SUPPRESSED)


def test_two_small_areas_hide_each_other() -> None:
    figures = count(star(6, 6, 40), {2: people(6), 3: people(6), 4: people(40)})
    assert published_areas(figures) == {1, 4}


def test_people_known_only_at_the_upper_area_hide_nothing_when_few() -> None:
    cells = {1: people(3), 2: people(40), 3: people(30)}
    assert published_areas(count(star(40, 30), cells)) == {1, 2}
    assert published_areas(count(star(40, 30), {**cells, 1: people(10)})) == {1, 2, 3}
    assert published_areas(count(star(40, 30), {**cells, 1: people(0)})) == {1, 2, 3}


def test_withdrawal_goes_through_a_middle_area_that_is_covered_by_its_leaves() -> None:
    nodes = [
        Node(1, None, 5_000),
        Node(2, 1, 2_000),
        Node(3, 2, 1_000),
        Node(4, 2, 1_000),
        Node(5, 1, 1_000),
        Node(6, 1, 2_000),
    ]
    cells = {3: people(20), 4: people(25), 5: people(4), 6: people(80)}
    # Withdrawing area 2 alone would leave 5 exposed: one of its leaves goes too.
    assert published_areas(count(nodes, cells)) == {1, 4, 6}


def test_a_hamlet_merges_upward() -> None:
    nodes = [Node(1, None, 1_040), Node(2, 1, 40), Node(3, 1, 600), Node(4, 1, 400)]
    cells = {2: people(10), 3: people(50), 4: people(50)}
    # Hamlets 2 and 4 together have only 440 residents, so area 3 must hide them.
    assert published_areas(count(nodes, cells)) == {1}


def test_an_uninhabited_area_hides_nothing_and_needs_no_hiding() -> None:
    nodes = [Node(1, None, 2_000), Node(2, 1, 0), Node(3, 1, 1_000), Node(4, 1, 1_000)]
    assert published_areas(count(nodes, {3: people(20), 4: people(20)})) == {1, 3, 4}


@pytest.mark.parametrize(
    ("n", "x", "status"),
    [
        (29, 15, Status.SUPPRESSED),
        (30, 15, Status.PUBLISHED),
        (30, 9, Status.SUPPRESSED),
        (30, 21, Status.SUPPRESSED),
        (30, 20, Status.PUBLISHED),
        (99, 9, Status.SUPPRESSED),
        (100, 9, Status.BANDED),
        (100, 0, Status.BANDED),
        (100, 10, Status.PUBLISHED),
        (100, 91, Status.BANDED),
        (100, 90, Status.PUBLISHED),
    ],
)
def test_a_share_needs_people_on_both_sides(n: int, x: int, status: Status) -> None:
    [figure] = protect([Node(1, None, 5_000)], {1: people(n, x)}, SHARE)
    assert figure.status is status
    if status is not Status.PUBLISHED:
        band = {Status.BANDED: Band.LOW if x < 50 else Band.HIGH}.get(status)
        assert figure == Protected(1, status, band=band)


@pytest.mark.parametrize(
    ("n", "x", "band"),
    [(100, 19, None), (200, 19, Band.LOW), (200, 20, None), (49, 24, None), (300, 281, Band.HIGH)],
)
def test_sensitive_shares_need_twice_as_many(n: int, x: int, band: Band | None) -> None:
    rule = Rule("E3", Kind.PROPORTION, base=50, is_sensitive=True)
    [figure] = protect([Node(1, None, 5_000)], {1: people(n, x)}, rule)
    assert figure.band is band
    assert (figure.status is Status.PUBLISHED) == (n == 200 and x == 20)


def test_a_banded_area_hides_in_the_remainder_like_a_suppressed_one() -> None:
    nodes = star(120, 40, 50)
    figures = protect(nodes, {2: people(120, 4), 3: people(40), 4: people(50)}, SHARE)
    # x of area 2 would be x of 1 minus x of 3 minus x of 4.
    assert statuses(figures) == {
        1: Status.PUBLISHED,
        2: Status.BANDED,
        3: Status.BANDED,  # withdrawn: a third is told
        4: Status.PUBLISHED,
    }


def test_rounds_a_share_and_makes_its_interval_from_the_rounded_numbers() -> None:
    figures = {
        (n, x): protect([Node(1, None, 5_000)], {1: people(n, x)}, SHARE)[0]
        for n, x in [(48, 17), (52, 18)]
    }
    assert figures[48, 17] == figures[52, 18]
    assert figures[48, 17] == Protected(
        1, Status.PUBLISHED, n=50, value=35, se=6.7, low=23, high=49
    )


def test_rounds_a_mean_and_makes_its_interval_from_the_rounded_numbers() -> None:
    cell = Cell(n=41, total=14.2, squares=7.9, largest=5, amount=90)
    [figure] = protect([Node(1, None, 5_000)], {1: cell}, MEAN)
    # 14.2 / 41 = 0.346; sqrt((7.9 - 14.2^2 / 41) / 40 / 41) = 0.0426; t(39) = 2.0227
    assert figure == Protected(1, Status.PUBLISHED, n=40, value=0.35, se=0.043, low=0.26, high=0.44)


def test_a_mean_that_everyone_shares_is_not_told() -> None:
    nobody = Cell(n=40, total=0, squares=0, largest=1, amount=40)
    everyone = Cell(n=40, total=40 / 3, squares=40 / 9, largest=1, amount=40)
    for cell in (nobody, everyone):
        assert protect([Node(1, None, 5_000)], {1: cell}, MEAN)[0].status is Status.SUPPRESSED


def test_one_contributor_may_not_dominate() -> None:
    cell = replace(people(40), largest=21, amount=41)
    assert protect([Node(1, None, 5_000)], {1: cell}, SHARE)[0].status is Status.SUPPRESSED
    cell = replace(people(40), largest=20, amount=40)
    assert protect([Node(1, None, 5_000)], {1: cell}, SHARE)[0].status is Status.PUBLISHED


def test_levels_that_are_not_published_count_in_remainders_only() -> None:
    rule = replace(COUNT, levels=frozenset({"top"}))
    assert published_areas(count(star(40, 50), {2: people(40), 3: people(5)}, rule)) == {1}


def test_a_group_value_passes_only_where_its_people_do() -> None:
    rule = Rule("B3", Kind.INDEX, base=50)
    nodes = star(60, 40)
    given = {i: Given(value=4.321, low=3.987, high=4.653) for i in (1, 2, 3)}
    figures = protect(nodes, {2: people(60), 3: people(70)}, rule, given)
    assert figures[1] == Protected(2, Status.PUBLISHED, n=60, value=4.3, low=4.0, high=4.7)
    figures = protect(nodes, {2: people(60), 3: people(40)}, rule, given)
    assert published_areas(figures) == {1}


def test_places_need_no_people_but_checked_places() -> None:
    rule = Rule("C3", Kind.PLACES, min_places=3)
    nodes = star(0, 0, 0, 0)
    given = {
        1: Given(value=5.4321, completeness=0.7, places=50),
        2: Given(value=1.5, completeness=0.69, places=12),
        3: Given(value=1.5, completeness=0.9, places=2),
        4: Given(completeness=1.0, places=3),
    }
    assert protect(nodes, {}, rule, given) == [
        Protected(1, Status.PUBLISHED, value=5.43),
        Protected(2, Status.WITHHELD),
        Protected(3, Status.FEW_PLACES),
        Protected(4, Status.WITHHELD),
        Protected(5, Status.WITHHELD),
    ]


def test_nested_people_are_tested_outside_too() -> None:
    inner = Rule("inner", Kind.RATE, subset_of="A1")
    nodes = star(40, 50)
    given = {node.id: Given(exposure=1_000) for node in nodes}
    cells = {
        "A1": {2: people(40), 3: people(50)},
        "inner": {2: people(31), 3: people(30)},
    }
    figures = protect_all(nodes, [inner, COUNT], cells, {"A1": given, "inner": given})
    assert list(figures) == ["inner", "A1"]
    assert published_areas(figures["A1"]) == {1, 2, 3}
    # Outside are 9 people in area 2 and 20 in area 3: only the whole may be told.
    assert published_areas(figures["inner"]) == {1}


def test_an_indicator_stays_within_another() -> None:
    bound = replace(SHARE, within="A1")
    nodes = star(5, 40, 50)
    given = {node.id: Given(exposure=1_000) for node in nodes}
    cells = {2: people(5, 4), 3: people(40), 4: people(50, 8)}
    figures = protect_all(nodes, [COUNT, bound], {"A1": cells, "A3": cells}, {"A1": given})
    assert published_areas(figures["A1"]) == {1, 4}
    # By itself A3 would publish area 3, which together with A1 would tell area 2.
    assert published_areas(protect(nodes, cells, SHARE)) == {1, 3}
    assert published_areas(figures["A3"]) == {1}


def test_is_the_same_in_any_order() -> None:
    nodes = [Node(1, None, 9_000), *(Node(i, 1, 1_000) for i in range(2, 11))]
    cells = {i: people(10 + i % 3) for i in range(2, 11)} | {4: people(2)}
    figures = {figure.area: figure for figure in count(nodes, cells)}
    shuffled = list(np.random.default_rng(1).permutation(len(nodes)))
    again = count([nodes[i] for i in shuffled], dict(reversed(cells.items())))
    assert [figure.area for figure in again] == [nodes[i].id for i in shuffled]
    assert {figure.area: figure for figure in again} == figures


@pytest.mark.parametrize(
    ("nodes", "cells", "reason"),
    [
        ([Node(1, None, 1), Node(1, None, 1)], {}, "twice"),
        ([Node(1, 2, 1)], {}, "unknown parent"),
        ([Node(1, 2, 1), Node(2, 1, 1)], {}, "circle"),
        ([Node(1, None, 1)], {2: people(1)}, "unknown areas"),
        ([Node(1, None, 1)], {1: Cell(n=1, x=2)}, "contradicts"),
        ([Node(1, None, 1)], {1: Cell(n=1, largest=2, amount=1)}, "contradicts"),
    ],
)
def test_refuses_nonsense(nodes: list[Node], cells: dict[int, Cell], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        protect(nodes, cells, SHARE)


def test_refuses_unknown_bounds() -> None:
    with pytest.raises(ValueError, match="is bound to A1"):
        protect([], {}, replace(SHARE, within="A1"))
    with pytest.raises(ValueError, match="Unknown or circular"):
        protect_all([], [replace(SHARE, within="A1")], {})


def shapes() -> Iterator[list[int | None]]:
    """Every tree of up to five nodes as the list of its parents."""
    for size in range(1, 6):
        yield from (
            [None, *parents] for parents in itertools.product(*(range(i) for i in range(1, size)))
        )


def test_suppresses_no_total_of_a_tree_that_passes() -> None:
    """Utility: a root that passes is always told, whatever is below it."""
    for parents in shapes():
        nodes = [Node(i, parent, 1_000) for i, parent in enumerate(parents)]
        cells = {i: people(3 + 7 * i) for i in range(len(nodes))}
        is_told = 0 in published_areas(count(nodes, cells))
        assert is_told == (sum(cell.n for cell in cells.values()) >= 10)


def thirds(figures: list[Protected]) -> dict[int, Band]:
    return {one.area: one.band for one in figures if one.band is not None}


@pytest.mark.parametrize(
    ("n", "x", "third"),
    [
        (90, 23, Band.THIRD_LOW),
        (60, 28, Band.THIRD_MIDDLE),
        (99, 40, Band.THIRD_MIDDLE),
        (80, 62, Band.THIRD_HIGH),
    ],
)
def test_a_withdrawn_share_of_few_people_is_told_as_a_third(n: int, x: int, third: Band) -> None:
    # Area 2 has too few for the rest to stand alone, so the smaller of the others goes with it.
    figures = protect(star(12, n, 120), {2: people(12), 3: people(n, x), 4: people(120)}, SHARE)
    assert statuses(figures)[3] is Status.BANDED
    assert thirds(figures) == {3: third}
    told = next(one for one in figures if one.area == 3)
    assert told.n is told.value is told.se is told.low is told.high is None


@pytest.mark.parametrize(("few", "n"), [(9, 40), (12, 100), (12, 29)])
def test_no_third_where_it_would_tell_on_the_rest_or_is_not_needed(few: int, n: int) -> None:
    figures = protect(star(few, n, 120), {2: people(few), 3: people(n), 4: people(120)}, SHARE)
    assert statuses(figures)[3] is Status.SUPPRESSED
    assert thirds(figures) == {}


def test_no_third_of_a_share_that_is_too_one_sided() -> None:
    figures = protect(star(12, 40, 120), {2: people(12), 3: people(40, 9), 4: people(120)}, SHARE)
    assert thirds(figures) == {}
