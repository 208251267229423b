"""Where like stands beside like more than by chance: Local Moran over neighbouring areas.

Anselin 1995; two-sided p from permutations that hold an area and shuffle the others; Benjamini and
Hochberg 1995 against the many areas looked at. Only figures about places are looked at, unsmoothed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from connections.indicators.statistics import FloatArray

PERMUTATIONS = 99_999
"""As method.md asks: with fewer, no area among thousands could pass the rate of false finds."""
FALSE_FINDS = 0.05
"""Of the clusters told, so many at most are chance, on average (q)."""
LEAST_AREAS = 10
"""Fewer areas have no neighbourhoods to compare (a judgement)."""

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LocalMoran:
    """One row an area, in the order given: Moran's I, quadrant 1 to 4, two-sided p, and whether it
    is a cluster at the rate of false finds. An area without neighbours has nan, 0, 1 and False."""

    statistic: FloatArray
    quadrant: IntArray
    p: FloatArray
    is_cluster: NDArray[np.bool_]


def local_moran(
    values: ArrayLike,
    neighbours: Mapping[int, Sequence[int]],
    *,
    seed: int,
    permutations: int = PERMUTATIONS,
) -> LocalMoran:
    """Return each area's Local Moran, neighbours weighing equally (row-standardised).

    `neighbours` maps a position in `values` to the positions next to it. The same seed gives the
    same answer. Raises ValueError where all values are the same.
    """
    y = np.asarray(values, np.float64)
    n = y.size
    if n < 2 or np.ptp(y) == 0:
        raise ValueError("Areas that are all alike have no clusters.")
    z = (y - y.mean()) / y.std()
    scale = (n - 1) / float(z @ z)
    lag = np.array(
        [z[list(neighbours[i])].mean() if neighbours.get(i) else np.nan for i in range(n)]
    )
    statistic = scale * z * lag
    quadrant = np.select(
        [np.isnan(lag), (z > 0) & (lag > 0), (z <= 0) & (lag > 0), (z <= 0) & (lag <= 0)],
        [0, 1, 2, 3],
        default=4,
    ).astype(np.int64)
    p = np.ones(n)
    most = max((len(found) for found in neighbours.values()), default=0)
    drawn = _draw(n - 1, min(most, n - 1), permutations, seed)
    for i in range(n):
        count = len(neighbours.get(i, ()))
        if not count:
            continue
        # The others' positions, this one left out.
        others = drawn[:, :count]
        simulated = scale * z[i] * z[others + (others >= i)].mean(axis=1)
        larger = int((simulated >= statistic[i]).sum())
        extreme = min(larger, permutations - larger)
        p[i] = min(1.0, 2 * (extreme + 1) / (permutations + 1))
    looked_at = ~np.isnan(statistic)
    is_cluster = np.zeros(n, np.bool_)
    is_cluster[looked_at] = control_false_finds(p[looked_at])
    return LocalMoran(statistic, quadrant, p, is_cluster)


def control_false_finds(p: ArrayLike, rate: float = FALSE_FINDS) -> NDArray[np.bool_]:
    """Which of many tests pass at Benjamini and Hochberg's rate of false finds."""
    p = np.asarray(p, np.float64)
    if not p.size:
        return np.zeros(0, np.bool_)
    order = np.argsort(p, kind="stable")
    passes = p[order] <= rate * np.arange(1, p.size + 1) / p.size
    last = int(np.flatnonzero(passes).max(initial=-1))
    found = np.zeros(p.size, np.bool_)
    found[order[: last + 1]] = True
    return found


def _draw(n: int, width: int, times: int, seed: int) -> IntArray:
    """`times` rows of `width` different numbers below n. Each column is drawn among those that are
    left: the numbers already in its row, from the smallest up, shift it past themselves."""
    generator = np.random.default_rng(seed)
    drawn = np.empty((times, width), np.int64)
    for column in range(width):
        number = generator.integers(n - column, size=times)
        for earlier in np.sort(drawn[:, :column], axis=1).T:
            number += number >= earlier
        drawn[:, column] = number
    return drawn
