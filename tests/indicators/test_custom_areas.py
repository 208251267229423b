"""Areas that a reader draws."""

from dataclasses import replace

import numpy as np
import pytest

from connections.indicators.custom_areas import Custom, combine, published_blocks
from connections.indicators.disclosure import Cell, Given, Kind, Node, Protected, Rule, protect

SHARE = Rule("A3", Kind.PROPORTION, base=30)
COUNT = Rule("A1", Kind.RATE)
NODES = [Node(1, None, 3_900), *(Node(i, 1, 1_300) for i in (2, 3, 4))]


def shares() -> list[Protected]:
    return protect(NODES, {2: Cell(40, 12), 3: Cell(50, 25), 4: Cell(60, 40)}, SHARE)


def test_combines_released_numbers_only() -> None:
    figures = shares()
    assert published_blocks(NODES, figures) == [2, 3, 4]
    custom = combine(NODES, figures, {2: 1_300, 3: 650, 4: 649}, SHARE, residents=2_700)
    assert custom is not None
    # n 40 at 30 % (se 7.2), n 50 at 50 % (se 7.1); t(89) = 1.98698
    value, se = (40 * 30 + 50 * 50) / 90, np.hypot(40 * 7.2, 50 * 7.1) / 90
    assert (custom.blocks, custom.residents, custom.n) == ((2, 3), 2_600, 90)
    assert custom.uncovered == 2_700 - 1_300 - 650
    assert custom.value == pytest.approx(value)
    assert custom.se == pytest.approx(se)
    assert custom.low == pytest.approx(value - 1.98698 * se, abs=1e-4)
    assert custom.high == pytest.approx(value + 1.98698 * se, abs=1e-4)


@pytest.mark.parametrize("overlaps", [{}, {2: 1_300}, {2: 1_300, 3: 649}])
def test_a_drawn_area_needs_two_blocks(overlaps: dict[int, int]) -> None:
    figures = shares()
    assert combine(NODES, figures, overlaps, SHARE, residents=2_600) is None


def test_a_drawn_area_needs_2500_residents() -> None:
    figures = shares()
    smaller = [replace(node, residents=1_249) for node in NODES]
    assert combine(smaller, figures, {2: 1_249, 3: 1_249}, SHARE, residents=2_498) is None


def test_rates_of_a_drawn_area_keep_their_denominator() -> None:
    exposure = {node.id: Given(exposure=1_000) for node in NODES}
    figures = protect(NODES, {2: Cell(40), 3: Cell(50), 4: Cell(60)}, COUNT, exposure)
    custom = combine(NODES, figures, {2: 1_300, 3: 1_300}, COUNT, residents=2_600)
    assert isinstance(custom, Custom)
    assert (custom.n, custom.value) == (90, 45.0)
    assert custom.low == pytest.approx(72.37 / 2, abs=0.01)  # Byar of 90
    assert custom.high == pytest.approx(110.63 / 2, abs=0.01)


def test_group_values_cannot_be_combined() -> None:
    with pytest.raises(ValueError, match="cannot be added up"):
        combine([], [], {}, Rule("B3", Kind.INDEX), residents=0)
