"""Attack test 2: a thousand overlapping drawn areas, solved for what lies in them."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pytest

from connections.indicators import disclosure
from connections.indicators.custom_areas import Custom, combine, published_blocks
from connections.indicators.disclosure import (
    Cell,
    Given,
    Kind,
    Node,
    Protected,
    Rule,
    Status,
    protect,
)
from connections.indicators.statistics import FloatArray

MEAN = Rule("B1", Kind.MEAN, base=30, lowest=0, highest=1)
RATE = Rule("A1", Kind.RATE)
SIDE = 5
"""Leaves form a square of 5 by 5, each of 6 by 6 cells with people; rows of leaves have parents."""


@dataclass
class City:
    rule: Rule

    def __post_init__(self) -> None:
        generator = np.random.default_rng(11)
        self.leaf_of_cell = np.add.outer(np.arange(30) // 6 * SIDE, np.arange(30) // 6)
        self.residents = generator.integers(5, 80, (30, 30))
        people = generator.integers(2, 70, SIDE**2)
        shares = [generator.beta(2, 3, n) for n in people]
        self.cells = {
            100 + i: Cell(
                n=int(n), total=s.sum(), squares=(s**2).sum(), largest=s.max(), amount=s.sum()
            )
            for i, (n, s) in enumerate(zip(people, shares, strict=True))
        }
        size = np.bincount(self.leaf_of_cell.ravel(), self.residents.ravel()).astype(int)
        self.nodes = [
            Node(1, None, int(size.sum())),
            *(Node(10 + i, 1, int(size[i * SIDE :][:SIDE].sum())) for i in range(SIDE)),
            *(Node(100 + i, 10 + i // SIDE, int(n)) for i, n in enumerate(size)),
        ]
        given = {node.id: Given(exposure=node.residents * 0.8) for node in self.nodes}
        self.figures = protect(self.nodes, self.cells, self.rule, given)

    @cached_property
    def shown(self) -> dict[int, Protected]:
        return {figure.area: figure for figure in self.figures}

    def draw(self, disc: FloatArray) -> Custom | None:
        """What a reader gets for a disc (x, y, radius in cells)."""
        x, y, radius = disc
        inside = np.hypot(*(np.indices((30, 30)) - np.array([x, y])[:, None, None])) <= radius
        overlaps = np.bincount(self.leaf_of_cell[inside], self.residents[inside], SIDE**2)
        # The parent areas are blocks where no leaf below them is published.
        by_area = {100 + i: int(n) for i, n in enumerate(overlaps)}
        by_area |= {10 + i: int(overlaps[i * SIDE :][:SIDE].sum()) for i in range(SIDE)}
        by_area[1] = int(overlaps.sum())
        return combine(self.nodes, self.figures, by_area, self.rule, int(overlaps.sum()))

    def attack(self) -> tuple[int, list[int], dict[int, float], dict[int, float]]:
        """Rank of what a thousand discs tell, and for each area what least squares makes of n
        and of n times the value, wherever that is determined."""
        generator = np.random.default_rng(12)
        discs = np.column_stack(
            [generator.uniform(0, 30, (1_000, 2)), generator.uniform(4, 20, 1_000)]
        )
        answers = [answer for answer in map(self.draw, discs) if answer is not None]
        assert len(answers) > 500
        ids = [node.id for node in self.nodes]
        matrix = np.array([[float(i in answer.blocks) for i in ids] for answer in answers])
        counts = np.array([answer.n for answer in answers], dtype=float)
        sums = counts * [answer.value for answer in answers]
        rank = int(np.linalg.matrix_rank(matrix))
        unseen = np.linalg.svd(matrix)[2][rank:]
        determined = [i for i, column in enumerate(unseen.T) if np.allclose(column, 0)]
        n, total = (np.linalg.lstsq(matrix, known, rcond=None)[0] for known in (counts, sums))
        return (
            rank,
            [ids[i] for i in determined],
            {ids[i]: float(n[i]) for i in determined},
            {ids[i]: float(total[i]) for i in determined},
        )


def exposed(city: City) -> list[int]:
    """Areas determined by drawing whose people are too few or were not released."""
    _, determined, n, _ = city.attack()
    return [
        area
        for area in determined
        if city.shown[area].status is not Status.PUBLISHED
        or city.cells.get(area, Cell(n=99)).n < 30
        or round(n[area]) != city.shown[area].n
    ]


@pytest.mark.parametrize("rule", [MEAN, RATE], ids=["mean", "rate"])
def test_overlapping_areas_tell_only_the_released_blocks(rule: Rule) -> None:
    city = City(rule)
    blocks = published_blocks(city.nodes, city.figures)
    hidden = [figure.area for figure in city.figures if figure.status is Status.SUPPRESSED]
    assert len(blocks) > 8
    assert hidden
    rank, determined, n, total = city.attack()
    assert rank == len(blocks)
    assert determined == blocks
    for area in blocks:
        figure = city.shown[area]
        assert n[area] == pytest.approx(figure.n)
        if rule is MEAN:
            assert figure.n is not None
            assert figure.value is not None
            assert total[area] == pytest.approx(figure.n * figure.value)


def test_no_drawn_area_exposes_a_block() -> None:
    assert exposed(City(MEAN)) == []


def test_drawing_succeeds_without_the_gate_below(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disclosure, "is_safe", lambda group, rule: True)
    assert exposed(City(MEAN))


def test_drawing_succeeds_from_exact_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were exact counts added up, least squares would give each block's exact count."""
    city = City(MEAN)
    city.figures = [
        replace(figure, n=city.cells[figure.area].n)
        if figure.status is Status.PUBLISHED and figure.area in city.cells
        else figure
        for figure in city.figures
    ]
    released = City(MEAN)
    city.__dict__["shown"] = released.shown
    assert exposed(city)
