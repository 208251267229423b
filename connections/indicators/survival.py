"""How long until something happens, where it may not be seen and other things may come first.

Aalen and Johansen 1978: the cumulative incidence of each of several causes, of which the
Kaplan–Meier curve (1958) is the complement where there is one cause only. The variance is the one
of Greenwood's form for competing causes (Marubini & Valsecchi 1995, 10.12); intervals are on the
scale log(−log) of the incidence, which keeps them between 0 and 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from connections.indicators.statistics import CONFIDENCE, FloatArray


class Estimate(NamedTuple):
    """A share from 0 to 1 with its interval."""

    value: float
    low: float
    high: float


class Curve:
    """Cumulative incidence over days. `times` are those at which something happened."""

    def __init__(self, days: ArrayLike, cause: ArrayLike) -> None:
        """`days` of each person until `cause` (1, 2, …), or until they were last seen (0)."""
        self.days = np.asarray(days, np.float64)
        self.cause = np.asarray(cause, np.int64)
        self.times: FloatArray = np.unique(self.days[self.cause > 0])
        ordered: FloatArray = np.sort(self.days)
        self._risk: FloatArray = (
            self.days.size - np.searchsorted(ordered, self.times, side="left")
        ).astype(np.float64)
        happened = self._count(self.cause > 0)
        # Free of every cause until just before each time, and after it.
        left = np.cumprod(1 - happened / np.maximum(self._risk, 1))
        self._after: FloatArray = left.astype(np.float64)
        self._before: FloatArray = np.r_[1.0, self._after[:-1]]
        self._happened = happened

    @property
    def last_day(self) -> float:
        """The last day on which anybody was seen."""
        return float(self.days.max(initial=0.0))

    @property
    def is_complete(self) -> bool:
        """Whether something happened to everybody who was followed to the last day: then the
        curves stay as they are after it."""
        return bool(self.days.size) and bool((self.cause[self.days == self.days.max()] > 0).all())

    def _count(self, chosen: NDArray[np.bool_]) -> FloatArray:
        at = np.searchsorted(self.times, self.days[chosen])
        return np.bincount(at, minlength=self.times.size).astype(np.float64)

    def at_risk(self, day: float) -> int:
        """People still followed, with nothing happened, just before `day`."""
        return int((self.days >= day).sum())

    def incidence(self, cause: int, day: float, confidence: float = CONFIDENCE) -> Estimate | None:
        """The share to whom `cause` has happened by `day`; None of nobody."""
        if not self.days.size:
            return None
        own = self._count(self.cause == cause)
        risk = np.maximum(self._risk, 1)
        curve = np.cumsum(self._before * own / risk)
        upto = self.times <= day
        value = float(curve[upto][-1]) if upto.any() else 0.0
        variance = self._variance(own, curve, value, upto)
        return _log_log(value, variance, confidence)

    def _variance(
        self, own: FloatArray, curve: FloatArray, value: float, upto: NDArray[np.bool_]
    ) -> float:
        n, d, before = self._risk[upto], self._happened[upto], self._before[upto]
        d_own, apart = own[upto], value - curve[upto]
        with np.errstate(divide="ignore", invalid="ignore"):
            first = np.where(n > d, apart**2 * d / (n * (n - d)), 0.0)
        second = before**2 * (n - d_own) * d_own / n**3
        third = apart * before * d_own / n**2
        return float(np.sum(first) + np.sum(second) - 2 * np.sum(third))

    def survival(self, day: float, confidence: float = CONFIDENCE) -> Estimate | None:
        """Kaplan and Meier's share to whom nothing has happened by `day`, with Greenwood's interval
        on the scale log(−log); None of nobody."""
        if not self.days.size:
            return None
        upto = self.times <= day
        value = float(self._after[upto][-1]) if upto.any() else 1.0
        n, d = self._risk[upto], self._happened[upto]
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(n > d, d / (n * (n - d)), np.inf)
        return _log_log(value, value**2 * float(np.sum(terms)) if value else 0.0, confidence)

    def quantile(self, cause: int, share: float) -> tuple[float, float, float] | None:
        """The day by which `cause` has happened to `share` of all, with the days on which the ends
        of the interval reach it; None where it never does (the later end is then the last day)."""
        if not self.times.size:
            return None
        found = [self.incidence(cause, float(day)) for day in self.times]
        known = [(day, one) for day, one in zip(self.times, found, strict=True) if one is not None]
        day = next((float(day) for day, one in known if one.value >= share), None)
        if day is None:
            return None
        low = next((float(day) for day, one in known if one.high >= share), day)
        high = next((float(day) for day, one in known if one.low >= share), self.last_day)
        return day, low, high


def aalen_johansen(days: ArrayLike, cause: ArrayLike) -> Curve:
    """Return the curves of people who were followed for `days`, until `cause` or 0 (not seen)."""
    return Curve(days, cause)


def _log_log(value: float, variance: float, confidence: float) -> Estimate:
    if not 0 < value < 1 or variance <= 0:
        return Estimate(value, value, value)
    reach = special.ndtri(0.5 + confidence / 2) * np.sqrt(variance) / (value * np.log(value))
    ends = sorted((value ** np.exp(reach), value ** np.exp(-reach)))
    return Estimate(value, float(ends[0]), float(ends[1]))
