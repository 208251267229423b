"""Whether a figure changed: against the quarter before, the same quarter last year, and in a chart.

Every input is a released number. Intervals describe chance; that a change is more than chance does
not say what caused it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from connections.indicators.statistics import FloatArray, difference

CHART_FROM = 12
"""Quarters before a chart has limits (method.md, 1)."""
LIMIT = 2.66
"""Limits stand so many mean moving ranges from the mean (Making Data Count)."""
RUN = 7
"""So many quarters on one side of the mean, or in one direction, are a signal."""


class Signal(StrEnum):
    """Why a quarter stands out of a chart."""

    OUTSIDE = "outside the limits"
    ONE_SIDE = "one of 7 on one side of the mean"
    TREND = "one of 7 that rise or fall without a break"
    NEAR_LIMIT = "one of 2 in 3 near a limit"


@dataclass(frozen=True, slots=True)
class Point:
    """One quarter's released figure; `value` None where none is shown. `method` names everything
    that must be the same for two quarters to be compared (method, indicator's version, areas)."""

    quarter_on: dt.date
    value: float | None
    low: float | None = None
    high: float | None = None
    method: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Later less earlier, its 95 % interval, and whether that excludes no change."""

    earlier_on: dt.date
    later_on: dt.date
    difference: float
    low: float
    high: float
    is_changed: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """An XmR chart: mean, natural limits, and the signals of each point."""

    mean: float
    low: float
    high: float
    signals: tuple[frozenset[Signal], ...]


def compare(earlier: Point, later: Point) -> Step | None:
    """Return the step between two quarters; None where either has no interval, or methods differ
    (quarters are taken as independent)."""
    if earlier.method != later.method:
        return None
    ends = (earlier.value, earlier.low, earlier.high, later.value, later.low, later.high)
    if any(end is None for end in ends):
        return None
    found = difference(ends[0], (ends[1], ends[2]), ends[3], (ends[4], ends[5]))  # type: ignore[arg-type]
    return Step(
        earlier.quarter_on,
        later.quarter_on,
        float(found.difference),
        float(found.low),
        float(found.high),
        bool(found.is_changed),
    )


def since_before(points: Sequence[Point]) -> Step | None:
    """Return the step from the quarter before the last to the last one."""
    return _since(points, 1)


def since_last_year(points: Sequence[Point]) -> Step | None:
    """Return the step from the same quarter of last year; None before the fifth quarter."""
    return _since(points, 4)


def _since(points: Sequence[Point], quarters: int) -> Step | None:
    if not points:
        return None
    last = points[-1]
    month = last.quarter_on.year * 12 + last.quarter_on.month - 1 - 3 * quarters
    wanted = dt.date(month // 12, month % 12 + 1, 1)
    found = next((point for point in points if point.quarter_on == wanted), None)
    return compare(found, last) if found is not None else None


def draw_chart(values: ArrayLike) -> Chart | None:
    """Return the XmR chart of a run of quarters, oldest first; None before CHART_FROM of them."""
    x = np.asarray(values, np.float64)
    if x.size < CHART_FROM or np.isnan(x).any():
        return None
    mean = float(x.mean())
    reach = LIMIT * float(np.abs(np.diff(x)).mean())
    # The mean of equal numbers is not that number to the last bit: a run that never moved would lie
    # wholly outside its limits, on one side.
    away = np.where(np.isclose(x, mean, rtol=1e-9, atol=0.0), 0.0, x - mean)
    signals: list[set[Signal]] = [set() for _ in x]
    for i, distance in enumerate(away):
        if abs(distance) > reach:
            signals[i].add(Signal.OUTSIDE)
    side = np.sign(away)
    for start in range(x.size - RUN + 1):
        window = slice(start, start + RUN)
        if abs(side[window].sum()) == RUN:
            _mark(signals, range(start, start + RUN), Signal.ONE_SIDE)
        steps = np.sign(np.diff(x[window]))
        if abs(steps.sum()) == RUN - 1:
            _mark(signals, range(start, start + RUN), Signal.TREND)
    for start in range(x.size - 2):
        for sign in (1, -1):
            near = [i for i in range(start, start + 3) if 2 / 3 * reach < sign * away[i] <= reach]
            if len(near) >= 2:
                _mark(signals, near, Signal.NEAR_LIMIT)
    return Chart(mean, mean - reach, mean + reach, tuple(frozenset(one) for one in signals))


def _mark(signals: list[set[Signal]], where: Sequence[int], signal: Signal) -> None:
    for i in where:
        signals[i].add(signal)


def longest_run(points: Sequence[Point]) -> FloatArray:
    """Return the values of the last unbroken run of shown quarters of one method, oldest first: a
    chart is drawn of those alone."""
    run: list[float] = []
    last: Point | None = None
    for point in reversed(points):
        if point.value is None or (last is not None and not _follows(point, last)):
            break
        run.append(point.value)
        last = point
    return np.array(run[::-1], np.float64)


def _follows(earlier: Point, later: Point) -> bool:
    months = (later.quarter_on.year - earlier.quarter_on.year) * 12
    months += later.quarter_on.month - earlier.quarter_on.month
    return months == 3 and earlier.method == later.method
