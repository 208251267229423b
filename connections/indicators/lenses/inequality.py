"""How far a figure differs from the most to the least deprived neighbourhoods.

The Scottish definition of the slope and relative index of inequality (Scottish Government,
monitoring of health inequalities, annex 1): neighbourhoods stand in groups of deprivation,
the most deprived first; a is a group's part of the population and b the middle of its place in
the line from 0 to 1.
m√a is regressed on √a and b√a without an intercept: the slope is the SII, and SII / population mean
the RII. (Other definitions turn the sign or divide otherwise.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from connections.indicators.statistics import CONFIDENCE, FloatArray

DRAWS = 10_000
"""Normal draws for the interval (method.md, 1)."""
LEAST_PEOPLE = 30
"""With a group of fewer people in it, fifths are looked at in place of tenths."""


@dataclass(frozen=True, slots=True)
class Inequality:
    """`sii`: value of the least deprived end less that of the most deprived one, in the figure's
    unit; `rii`: the same over the population's mean. Intervals are None where groups have no
    error (places are counted, not sampled). `is_straight`: whether a line describes the groups:
    False where a bend in it is more than chance (or, without errors, more than a tenth of the
    spread)."""

    sii: float
    sii_low: float | None
    sii_high: float | None
    rii: float
    rii_low: float | None
    rii_high: float | None
    mean: float
    is_straight: bool


@dataclass(frozen=True, slots=True)
class Grouped:
    """Groups of deprivation, the most deprived first: population parts, means, and errors."""

    share: FloatArray
    mean: FloatArray
    error: FloatArray
    people: FloatArray


def group_areas(
    decile: ArrayLike,
    residents: ArrayLike,
    weight: ArrayLike,
    value: ArrayLike,
    error: ArrayLike | None = None,
    *,
    groups: int = 10,
) -> Grouped:
    """Put areas' released figures together by deprivation decile (1 the most deprived), in tenths
    or fifths. `weight` is the people behind each figure (residents, for places); nan `value` where
    none is shown: such an area still counts in its group's part of the population. Groups without
    residents are left out; one with residents and no figure has the mean nan.
    """
    decile = np.asarray(decile, np.int64)
    step = 10 // groups
    of = (decile - 1) // step
    residents, weight, value = (np.asarray(a, np.float64) for a in (residents, weight, value))
    known = ~np.isnan(value)
    spread = np.zeros(value.shape) if error is None else np.asarray(error, np.float64)
    size = np.bincount(of, residents, minlength=groups)
    people = np.bincount(of[known], weight[known], minlength=groups).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(of[known], (weight * value)[known], minlength=groups) / people
        variance = np.bincount(of[known], ((weight * spread) ** 2)[known], minlength=groups)
        errors = np.sqrt(variance) / people
    lived_in = size > 0
    return Grouped(size[lived_in] / size.sum(), mean[lived_in], errors[lived_in], people[lived_in])


def measure_inequality(
    share: ArrayLike, mean: ArrayLike, error: ArrayLike | None = None, *, seed: int = 0
) -> Inequality:
    """Return SII and RII of groups, the most deprived first: `share` of the population (sums to 1),
    `mean` and its standard `error`, one a group. The interval is of DRAWS normal draws with `seed`.
    Raises ValueError with fewer than 3 groups or a mean that is not known.
    """
    a, m = np.asarray(share, np.float64), np.asarray(mean, np.float64)
    if a.size < 3 or np.isnan(m).any():
        raise ValueError("Three groups of deprivation with known means are needed.")
    a = a / a.sum()
    slope, overall = _slopes(a, m[None, :]), float(a @ m)
    sii = float(slope[0])
    rii = sii / overall if overall else float("nan")
    if error is None or not np.any(np.asarray(error, np.float64) > 0):
        bend = _bend(a, m[None, :])[0]
        reach = float(m.max() - m.min())
        # A parabola leaves its chord by a quarter of its second coefficient.
        is_straight = abs(bend) / 4 <= 0.1 * reach if reach else True
        return Inequality(sii, None, None, rii, None, None, overall, is_straight)
    errors = np.asarray(error, np.float64)
    drawn = np.random.default_rng(seed).normal(m, errors, (DRAWS, m.size))
    slopes, means, bends = _slopes(a, drawn), drawn @ a, _bend(a, drawn)
    tail = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
    low, high = (float(one) for one in np.quantile(slopes, tail))
    with np.errstate(divide="ignore", invalid="ignore"):
        rii_low, rii_high = (float(one) for one in np.quantile(slopes / means, tail))
    bend_low, bend_high = np.quantile(bends, tail)
    return Inequality(
        sii, low, high, rii, rii_low, rii_high, overall, bool(bend_low <= 0 <= bend_high)
    )


def _middles(a: FloatArray) -> FloatArray:
    return np.cumsum(a) - a / 2


def _slopes(a: FloatArray, means: FloatArray) -> FloatArray:
    """Slope of each row of `means`: least squares of m√a on √a and b√a."""
    root = np.sqrt(a)
    design = np.column_stack([root, _middles(a) * root])
    return np.asarray((np.linalg.pinv(design) @ (means * root).T)[1], np.float64)


def _bend(a: FloatArray, means: FloatArray) -> FloatArray:
    """Second coefficient of a parabola fitted in the same way."""
    root, b = np.sqrt(a), _middles(a)
    design = np.column_stack([root, b * root, b**2 * root])
    return np.asarray((np.linalg.pinv(design) @ (means * root).T)[2], np.float64)
