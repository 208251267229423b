"""Rounding of what may be published, and intervals made from the rounded numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from connections.indicators import statistics
from connections.indicators.disclosure.nouns import Cell, Given, Kind, Protected, Status

if TYPE_CHECKING:
    from connections.indicators.disclosure import Rule


def round_figures(
    ids: Sequence[int], people: Sequence[Cell], rule: Rule, given: Mapping[int, Given]
) -> list[Protected]:
    """Rounded figures of published areas, and their intervals made from the rounded numbers."""
    n = statistics.round_people([cell.n for cell in people])
    exposure = np.full(len(ids), np.nan)
    se = np.full(len(ids), np.nan)
    if rule.kind is Kind.PROPORTION:
        value = statistics.round_percent([cell.x / cell.n for cell in people])
        share = value / 100
        se = statistics.round_significant(100 * np.sqrt(share * (1 - share) / n))
        low, high = (statistics.round_percent(bound) for bound in statistics.wilson(share * n, n))
    elif rule.kind is Kind.MEAN:
        value = statistics.round_significant([cell.total / cell.n for cell in people])
        variance = statistics.sample_variance(
            [cell.n for cell in people],
            [cell.total for cell in people],
            [cell.squares for cell in people],
        )
        se = statistics.round_significant(np.sqrt(variance / [cell.n for cell in people]))
        low, high = (
            statistics.round_significant(bound)
            for bound in statistics.t_margin(n, value, se, rule.lowest, rule.highest)
        )
    elif rule.kind is Kind.RATE:
        exposure = np.array([given[id_].exposure for id_ in ids], dtype=np.float64)
        scale = rule.per / exposure
        value = statistics.round_significant(n * scale, 3)
        low, high = (
            statistics.round_significant(bound * scale, 3) for bound in statistics.count_interval(n)
        )
    elif rule.kind is Kind.SURVIVAL:
        value, low, high = (
            statistics.round_percent([getattr(given[id_], name) / 100 for id_ in ids])
            for name in ("value", "low", "high")
        )
    else:
        value, low, high = (
            statistics.round_significant([getattr(given[id_], name) for id_ in ids])
            for name in ("value", "low", "high")
        )
    return [
        Protected(
            id_,
            Status.PUBLISHED,
            n=int(n[i]),
            value=float(value[i]),
            se=_number(se[i]),
            low=_number(low[i]),
            high=_number(high[i]),
            exposure=_number(exposure[i]),
            response=_response(people[i]),
        )
        for i, id_ in enumerate(ids)
    ]


def _response(people: Cell) -> float | None:
    if not people.asked:
        return None
    return float(statistics.round_percent(min(1.0, people.answered / people.asked)))


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
