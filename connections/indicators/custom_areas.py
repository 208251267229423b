"""Areas that a reader draws, put together from released figures.

Post-processing of what the gate let through: nothing but released numbers and public populations
enters, and a block is taken whole or not at all, so that overlapping drawn areas reveal nothing
that the release does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from connections.indicators import statistics
from connections.indicators.disclosure import Kind, Node, Protected, Rule, published_areas

MIN_BLOCKS = 2
MIN_RESIDENTS = 2_500
"""Least size of a drawn area (a judgement: the size of a community)."""
MIN_OVERLAP = 0.5
"""A drawn area takes a block when it covers at least this part of the block's population."""


@dataclass(frozen=True, slots=True)
class Custom:
    """A drawn area snapped to published blocks. `uncovered` residents of the drawn area live
    in no taken block; the page states them."""

    blocks: tuple[int, ...]
    residents: int
    uncovered: int
    n: int | None
    value: float
    se: float | None
    low: float | None
    high: float | None


def published_blocks(nodes: Sequence[Node], figures: Sequence[Protected]) -> list[int]:
    """The finest published areas: disjoint, what drawn areas are put together from."""
    parents = {node.id: node.parent for node in nodes}
    published = published_areas(figures)
    above: set[int] = set()
    for id_ in published:
        parent = parents[id_]
        while parent is not None and parent not in above:
            above.add(parent)
            parent = parents[parent]
    return [node.id for node in nodes if node.id in published and node.id not in above]


def combine(
    nodes: Sequence[Node],
    figures: Sequence[Protected],
    overlaps: Mapping[int, int],
    rule: Rule,
    residents: int,
) -> Custom | None:
    """The figure of a drawn area, made from released numbers only; None where it is too small.

    `overlaps`: residents of each block inside the drawn area (from public populations);
    `residents`: all residents of the drawn area. Raises ValueError for
    values that do not add up over blocks: INDEX. A figure about places is weighted by residents
    and has no people, error or interval.
    """
    if rule.kind not in (Kind.PROPORTION, Kind.MEAN, Kind.RATE, Kind.PLACES):
        raise ValueError(f"{rule.code} cannot be added up over blocks.")
    size = {node.id: node.residents for node in nodes}
    taken = [
        id_
        for id_ in published_blocks(nodes, figures)
        if size[id_] and overlaps.get(id_, 0) >= MIN_OVERLAP * size[id_]
    ]
    covered = sum(size[id_] for id_ in taken)
    if len(taken) < MIN_BLOCKS or covered < MIN_RESIDENTS:
        return None
    by_area = {figure.area: figure for figure in figures}
    blocks = [by_area[id_] for id_ in taken]
    inside = sum(min(overlaps[id_], size[id_]) for id_ in taken)
    if rule.kind is Kind.PLACES:
        weights = [size[id_] for id_ in taken]
        value = float(np.average([block.value or 0.0 for block in blocks], weights=weights))
        return Custom(
            tuple(taken), covered, max(0, residents - inside), None, value, None, None, None
        )
    n = np.array([block.n for block in blocks], dtype=np.float64)
    people = float(n.sum())
    if rule.kind is Kind.RATE:
        scale = rule.per / sum(block.exposure or 0.0 for block in blocks)
        value, se = people * scale, None
        low, high = (float(bound) * scale for bound in statistics.count_interval(people))
    else:
        values = np.array([block.value for block in blocks], dtype=np.float64)
        errors = np.array([block.se for block in blocks], dtype=np.float64)
        value = float((n * values).sum() / people)
        se = float(np.sqrt(((n * errors) ** 2).sum()) / people)
        lowest, highest = (
            (0.0, 100.0) if rule.kind is Kind.PROPORTION else (rule.lowest, rule.highest)
        )
        low, high = (
            float(bound) for bound in statistics.t_margin(people, value, se, lowest, highest)
        )
    return Custom(
        tuple(taken), covered, max(0, residents - inside), int(people), value, se, low, high
    )
