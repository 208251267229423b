"""Who counts in a quarter, and for how much at most. Pure: dates and arrays in, answers out."""

from __future__ import annotations

import datetime

import numpy as np
from numpy.typing import ArrayLike, NDArray

from connections.indicators.statistics import FloatArray

DAILY_CAP = 5
"""Moments of one person that count on one day: the first ones saved (a judgement)."""
QUARTER_CAP = 40
"""Moments of one person that count in one quarter, by proportion (a judgement)."""
DAY_CAP = 10
"""Acts of one ordinary day that count (method.md, A2)."""
MIN_AGE_DAYS = 14
"""A person first seen later than this before the quarter's end does not count yet."""
MIN_DATES = 2
"""Dates in the quarter on which a person must have logged or answered."""


def is_eligible(
    *, first_seen_on: datetime.date, active_dates: int, quarter_ends_on: datetime.date
) -> bool:
    """Whether someone counts in a quarter, abuse checks apart.

    `active_dates`: dates of the quarter on which they saved a moment or answered.
    `quarter_ends_on`: its last day. Prompt-only indicators ask for one answer instead of
    MIN_DATES: give `max(active_dates, MIN_DATES)` for whoever answered.
    """
    age = quarter_ends_on - first_seen_on
    return age.days >= MIN_AGE_DAYS and active_dates >= MIN_DATES


def counts_today(person: ArrayLike, day: ArrayLike, saved: ArrayLike) -> NDArray[np.bool_]:
    """Which moments count under the daily cap: the first five of each person's day.

    Three arrays of one row a moment: person and day as numbers, and anything that orders one
    person's moments as they were saved (ties: as given).
    """
    person, day, saved = (np.asarray(values) for values in (person, day, saved))
    order = np.lexsort((saved, day, person))
    starts = np.ones(order.size, dtype=np.bool_)
    starts[1:] = (np.diff(person[order]) != 0) | (np.diff(day[order]) != 0)
    position = np.arange(order.size)
    rank = position - np.maximum.accumulate(np.where(starts, position, 0))
    counts = np.empty(order.size, dtype=np.bool_)
    counts[order] = rank < DAILY_CAP
    return counts


def cap_quarter(counts: ArrayLike, logs: ArrayLike) -> FloatArray:
    """A person's counts of a quarter under the quarterly cap: times min(1, 40 / logs).

    `counts` is (n,) or (n, kinds), `logs` (n,) all moments of each person after the daily cap.
    Shares between a person's counts stay what they were: docs/adr/0012.
    """
    counts, logs = np.asarray(counts, np.float64), np.asarray(logs, np.float64)
    scale = QUARTER_CAP / np.maximum(logs, QUARTER_CAP)
    return np.asarray(counts * scale.reshape(scale.shape + (1,) * (counts.ndim - 1)))
