"""Holds every figure of a release against the other road: value, people, range, error, what stands
beside it and what is told in place of a number. Formulas are those of docs/method.md, written out
once more; of the product only its registry of codes is used."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from connections.indicators import quarters
from connections.indicators.definitions import INDICATORS
from connections.indicators.models import Figure, Release
from kinder.accounts.acting import Purpose, acting
from tests.demo import other_road
from tests.demo.other_road import TIES, Road

Z = 1.959963984540054
WAITS = {"D1": 91, "D1.28": 28, "D1.56": 56}
LASTS = {"D2": 182, "D2.91": 91, "D2.365": 365}
RANGES = {"A2": (0, 10), "A3.index": (0, 1), "M": (0, 10)}
"""The range of a person's value, where it is not a share from 0 to 100."""


def _adds_up(code: str) -> bool:
    """Whether a figure is a share, a mean or a rate: an index or a wait is not steadied."""
    return code != "B3" and (code[0] != "D" or code in ("D3", "D4"))


def halves_up(value: float) -> float:
    return math.floor(value + 0.5 + 1e-9)


def rounds_to(value: float, found: float | None, digits: int) -> bool:
    """Whether `found` is `value` to so many significant digits; a tie may fall to either side."""
    assert found is not None
    near = {float(f"{value * (1 + step):.{digits}g}") for step in (-1e-9, 0.0, 1e-9)}
    return any(math.isclose(found, one, rel_tol=1e-9, abs_tol=1e-12) for one in near)


def wilson(percent: float, n: float) -> tuple[float, float]:
    """The two shares p whose score test of `percent` is at its 5 % point: roots of a parabola."""
    share = percent / 100
    low, high = sorted(np.roots([1 + Z**2 / n, -(2 * share + Z**2 / n), share**2]).real.clip(0, 1))
    return 100 * low, 100 * high


def byar(count: float) -> tuple[float, float]:
    return (
        count * (1 - 1 / (9 * count) - Z / (3 * math.sqrt(count))) ** 3,
        (count + 1) * (1 - 1 / (9 * (count + 1)) + Z / (3 * math.sqrt(count + 1))) ** 3,
    )


@dataclass
class Recomputed:
    """A release and the other road beside it. `check_all` returns how many figures of each code
    were held against it."""

    made: Release
    checked: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self.road = Road(self.made.quarter_id, quarters.next_quarter(self.made.quarter_id))
        self.places = self.road.places()
        self.measures = {one["code"]: one for one in self.made.parameters["measures"]}
        self.figures = list(self.made.figures.order_by("indicator", "area_id"))

    @cached_property
    def people_shown(self) -> dict[tuple[str, int], int]:
        return {
            (one.indicator, one.area_id): one.people
            for one in self.figures
            if one.status == Figure.Status.SHOWN and one.people is not None
        }

    def check_all(self) -> dict[str, int]:
        for figure in self.figures:
            if figure.status != Figure.Status.SUPPRESSED:
                self._check(figure)
                self.checked[figure.indicator] += 1
        self._check_steadied()
        return dict(self.checked)

    def _check(self, figure: Figure) -> None:
        code = figure.indicator
        where = f"{code} of {figure.area_id}: {figure.status}"
        if code in self.places:
            self._check_places(figure, where)
        elif code[0] == "D":
            with acting(purpose=Purpose.RELEASE):
                self._check_befriending(figure, where)
        elif figure.status == Figure.Status.FEW_ANSWERS:
            assert self.road.response(figure.area_id) < 20, where
        elif figure.status == Figure.Status.BOUND:
            self._check_bound(figure, self._values(figure), where)
        elif code == "B3":
            self._check_variety(figure, where)
        else:
            self._check_people(figure, self._values(figure), where)

    def _values(self, figure: Figure) -> "pd.Series[float]":
        code = figure.indicator
        if code in self.measures:
            one = self.measures[code]
            return self.road.measure(figure.area_id, one["id"], one["scale"])
        rows = self.road.inside(figure.area_id)
        return rows[code].dropna() if code in rows else pd.Series(dtype=float)

    def _is_share(self, code: str) -> bool:
        if code in self.measures:
            return bool(self.measures[code]["scale"] == "agree_5")
        return code in ("A3", "D3", "D4") or code[0] == "E"

    # People

    def _check_people(self, figure: Figure, values: "pd.Series[float]", where: str) -> None:
        code, n = figure.indicator, len(values)
        base = INDICATORS[code].base if code in INDICATORS else 30
        least = 20 if code[:2] == "E3" else 10
        assert n >= max(base, least), where
        people = 5 * halves_up(n / 5)
        assert figure.people == people, where
        if code == "A1":
            adults = int(self.road.adults[figure.area_id])
            assert figure.exposure == adults, where
            assert rounds_to(1_000 * people / adults, figure.value, 3), where
            for found, count in zip((figure.lower, figure.upper), byar(people), strict=True):
                assert rounds_to(1_000 * count / adults, found, 3), where
        elif self._is_share(code):
            x = int(values.sum())
            assert min(x, n - x) >= least, where
            self._check_share(figure, x, n, where)
        else:
            self._check_mean(figure, values, where)
        if code.startswith("A2"):
            assert figure.coverage == halves_up(self.road.response(figure.area_id)), where
        elif code in self.measures:
            rows = self.road.inside(figure.area_id)
            was_asked = (rows["is_answering"] | (rows["answered"] == 0)) & (rows["asked"] > 0)
            assert figure.coverage == halves_up(100 * min(1, n / was_asked.sum())), where
        elif figure.coverage is not None:
            wider = self.people_shown[str(INDICATORS[code].within), figure.area_id]
            assert figure.coverage == halves_up(100 * min(1, people / wider)), where

    def _check_share(self, figure: Figure, x: int, n: int, where: str) -> None:
        assert figure.value == halves_up(100 * x / n), where
        assert figure.people is not None
        for found, end in zip(
            (figure.lower, figure.upper), wilson(figure.value, figure.people), strict=True
        ):
            assert found == halves_up(end), where
        share = figure.value / 100
        error = 100 * math.sqrt(share * (1 - share) / figure.people)
        assert rounds_to(error, figure.standard_error, 2), where

    def _check_mean(self, figure: Figure, values: "pd.Series[float]", where: str) -> None:
        assert rounds_to(values.mean(), figure.value, 2), where
        error = values.std(ddof=1) / math.sqrt(len(values))
        assert rounds_to(error, figure.standard_error, 2), where
        assert figure.people is not None
        assert figure.value is not None
        assert figure.standard_error is not None
        low, high = stats.t.interval(
            0.95, figure.people - 1, loc=figure.value, scale=figure.standard_error
        )
        code = "M" if figure.indicator in self.measures else figure.indicator
        lowest, highest = RANGES.get(code if code in RANGES else code[:2], (0, 100))
        assert rounds_to(max(low, lowest), figure.lower, 2), where
        assert rounds_to(min(high, highest), figure.upper, 2), where

    def _check_variety(self, figure: Figure, where: str) -> None:
        rows = self.road.inside(figure.area_id)[[f"tie {tie}" for tie in TIES]].dropna().to_numpy()
        assert len(rows) >= 50, where
        assert figure.people == 5 * halves_up(len(rows) / 5), where

        def number(means: Any) -> Any:
            logs = np.log(means, out=np.zeros_like(means), where=means > 0)
            return np.exp(-(means * logs).sum(axis=-1))

        assert rounds_to(float(number(rows.mean(axis=0))), figure.value, 2), where
        draws = np.random.default_rng(99)
        drawn = number(
            np.array([rows[draws.integers(len(rows), size=len(rows))].mean(axis=0)
                      for _ in range(600)])
        )  # fmt: skip
        # Other dice, and two digits: a twentieth at most.
        for found, end in zip(
            (figure.lower, figure.upper), np.quantile(drawn, [0.025, 0.975]), strict=True
        ):
            assert found == pytest.approx(end, rel=0.05), where

    def _check_bound(self, figure: Figure, values: "pd.Series[float]", where: str) -> None:
        n, x = len(values), int(values.sum())
        least = 20 if figure.indicator[:2] == "E3" else 10
        assert figure.people is None, where
        if figure.bound in ("low", "high"):
            few = x if figure.bound == "low" else n - x
            assert n >= 100, where
            assert few < least, where
            assert 10 * few <= n, where
            return
        assert 30 <= n < 100, where
        assert min(x, n - x) >= least, where
        third = "third_1" if 3 * x < n else "third_3" if 3 * x >= 2 * n else "third_2"
        assert figure.bound == third, where

    # Places

    def _check_places(self, figure: Figure, where: str) -> None:
        code, area = figure.indicator, figure.area_id
        complete = self.road.completeness(area, 15 if code[:2] == "C1" else 10)
        assert figure.coverage == halves_up(complete), where
        assert figure.people is None
        if figure.status == Figure.Status.PROVISIONAL:
            assert complete < 70, where
        elif figure.status == Figure.Status.FEW_PLACES:
            assert code[:2] == "C3", where
            assert self.road.few_places(area) < 3, where
        else:
            assert figure.status == Figure.Status.SHOWN
            assert complete >= 70, where
            assert figure.value is not None
            assert rounds_to(self.places[code](area), figure.value, 3), where

    # Befriending

    def _check_befriending(self, figure: Figure, where: str) -> None:
        code, year, area = figure.indicator, figure.of_year, figure.area_id
        assert year is not None, where
        assert figure.status == Figure.Status.SHOWN, where
        assert figure.value is not None
        if code == "D3":
            days = other_road.queue(year, area, self.road.up)
            assert figure.people == 5 * halves_up(len(days) / 5), where
            assert min((days > 91).sum(), (days <= 91).sum()) >= 10, where
            self._check_share(figure, int((days > 91).sum()), len(days), where)
            return
        if code == "D4":
            asked, lower = other_road.outcomes(year, area, self.road.up)
            assert figure.people == 5 * halves_up(len(lower) / 5), where
            assert min(sum(lower), len(lower) - sum(lower)) >= 20, where
            assert figure.coverage == halves_up(100 * len(lower) / asked), where
            self._check_share(figure, sum(lower), len(lower), where)
            return
        read = other_road.waits if code[:2] == "D1" else other_road.pairings
        rows = read(year, area, self.road.up)
        assert len(rows) >= 30, where
        assert figure.people == 5 * halves_up(len(rows) / 5), where
        if code == "D1.median":
            day = other_road.middle_wait(rows)
            assert day is not None
            assert rounds_to(day, figure.value, 2), where
            assert figure.lower is not None
            assert figure.upper is not None
            assert figure.lower <= figure.value <= figure.upper
            return
        if code in WAITS:
            day, cause = WAITS[code], 1
        elif code == "D2.planned":
            day, cause = 365, 2
        else:
            day, cause = LASTS[code], 1
            assert (rows["days"] >= day).sum() >= 10, where
        x = ((rows["cause"] == cause) & (rows["days"] <= day)).sum()
        assert min(x, len(rows) - x) >= 10, where
        value = other_road.incidence(rows, day, cause)
        low, high = other_road.incidence_range(rows, day, cause)
        if code in LASTS:
            value, low, high = 100 - value, 100 - high, 100 - low
        for found, end in zip(
            (figure.value, figure.lower, figure.upper), (value, low, high), strict=True
        ):
            assert found == pytest.approx(halves_up(end), abs=1e-9), where

    # Steadied: from released numbers alone

    def _check_steadied(self) -> None:
        levels: dict[tuple[str, str], list[Figure]] = defaultdict(list)
        for one in self.figures:
            if (
                one.status == Figure.Status.SHOWN
                and one.people is not None
                and _adds_up(one.indicator)
            ):
                levels[one.indicator, self.road.level[one.area_id]].append(one)
        for (code, _), shown in levels.items():
            few = [one for one in shown if (one.people or 0) < 100]
            if len(shown) < 5 or not few:
                assert all(one.shrunk is None for one in shown)
                continue
            steadied = self._steady(code, shown)
            for one, value in zip(shown, steadied, strict=True):
                if one not in few:
                    assert one.shrunk is None
                    continue
                digits = 3 if code == "A1" else 2
                assert one.shrunk is not None
                if self._is_share(code):
                    assert one.shrunk == halves_up(value), (code, one.area_id)
                else:
                    assert one.shrunk == pytest.approx(
                        float(f"{value:.{digits}g}"), rel=10.0 ** (1 - digits)
                    ), (code, one.area_id)
                self.checked["steadied"] += 1

    def _steady(self, code: str, shown: Sequence[Figure]) -> list[float]:
        """Marshall's empirical Bayes over one level, towards the nearest area that is shown; for
        rates a Gamma prior by maximum likelihood of the negative binomial."""
        n = np.array([one.people for one in shown], float)
        value = np.array([one.value for one in shown], float)
        if code == "A1":
            return _steady_rates(n, np.array([one.exposure for one in shown], float) / 1_000)
        overall = float((n * value).sum() / n.sum())
        if self._is_share(code):
            within = overall * (100 - overall)
        else:
            error = np.array([one.standard_error for one in shown], float)
            within = float((n * n * error**2).sum() / n.sum())
        between = max(0.0, float((n * (value - overall) ** 2).sum() / n.sum() - within / n.mean()))
        values = {(one.indicator, one.area_id): one.value for one in self.figures if one.value}
        towards = [
            next(
                (float(values[code, up] or 0) for up in self.road.up[one.area_id][1:]
                 if (code, up) in values and (code, up) in self.people_shown),
                overall,
            )
            for one in shown
        ]  # fmt: skip
        weight = between / (between + within / n) if between else np.zeros(len(shown))
        return list(weight * value + (1 - weight) * np.array(towards))


def _steady_rates(n: np.ndarray, thousands: np.ndarray) -> list[float]:
    overall = n.sum() / thousands.sum()
    if ((n - overall * thousands) ** 2 - n).sum() <= 0:
        return [float(overall)] * len(n)

    def unlikely(logs: np.ndarray) -> float:
        shape, rate = np.exp(logs)
        return -float(stats.nbinom.logpmf(n, shape, rate / (rate + thousands)).sum())

    best = min(
        (
            optimize.minimize(unlikely, [math.log(shape), math.log(shape / overall)], tol=1e-10)
            for shape in (1.0, 5.0, 30.0)
        ),
        key=lambda one: one.fun,
    )
    shape, rate = np.exp(best.x)
    return [float(one) for one in (n + shape) / (thousands + rate)]
