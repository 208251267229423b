"""Waits and endings, against published values, another library and what must hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter, KaplanMeierFitter

from connections.indicators.survival import aalen_johansen


def test_kaplan_meier_has_bewicks_values() -> None:
    """Bewick 2004: 1, 1, 4, 5, 6+, 9, 9+, 22."""
    curve = aalen_johansen([1, 1, 4, 5, 6, 9, 9, 22], [1, 1, 1, 1, 0, 1, 0, 1])
    at = [curve.survival(day) for day in (1, 4, 5, 9, 22)]
    assert [round(one.value, 3) for one in at if one] == [0.75, 0.625, 0.5, 0.333, 0.0]
    assert curve.at_risk(9) == 3
    assert curve.last_day == 22


def make_people(seed: int, count: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """Days without ties, so that every library agrees on their order, and causes 0 to 2."""
    generator = np.random.default_rng(seed)
    days = generator.permutation(np.arange(1, 4 * count))[:count].astype(float)
    return days, generator.choice([0, 1, 2], count, p=[0.3, 0.5, 0.2])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_agrees_with_lifelines_on_one_cause(seed: int) -> None:
    days, cause = make_people(seed)
    cause = np.minimum(cause, 1)
    fitter = KaplanMeierFitter().fit(days, cause)
    curve = aalen_johansen(days, cause)
    interval = fitter.confidence_interval_
    for day in (30, 91, 182, 250):
        found = curve.survival(day)
        assert found is not None
        assert found.value == pytest.approx(float(fitter.predict(day)))
        row = interval[interval.index <= day].iloc[-1]
        assert (found.low, found.high) == pytest.approx((row.iloc[0], row.iloc[1]))
        incidence = curve.incidence(1, day)
        assert incidence is not None
        assert incidence.value == pytest.approx(1 - found.value)
        # Greenwood's variance of the complement is the same variance.
        both = np.log(-np.log(1 - incidence.low)), np.log(-np.log(1 - incidence.high))
        assert np.isfinite(both).all()


@pytest.mark.parametrize("seed", [4, 5, 6])
@pytest.mark.parametrize("cause", [1, 2])
def test_agrees_with_lifelines_on_competing_causes(seed: int, cause: int) -> None:
    days, causes = make_people(seed)
    fitter = AalenJohansenFitter().fit(days, causes, event_of_interest=cause)
    curve = aalen_johansen(days, causes)
    interval = fitter.confidence_interval_
    for day in (30, 91, 182, 250):
        found = curve.incidence(cause, day)
        assert found is not None
        assert found.value == pytest.approx(float(fitter.predict(day)))
        row = interval[interval.index <= day].iloc[-1]
        # lifelines adds the same terms over a slightly different list of times.
        assert (found.low, found.high) == pytest.approx((row.iloc[0], row.iloc[1]), abs=0.01)


def test_the_middle_wait_and_its_range() -> None:
    curve = aalen_johansen(range(1, 101), [1] * 100)
    found = curve.quantile(1, 0.5)
    assert found is not None
    day, low, high = found
    assert day == 50
    assert 38 <= low < 50 < high <= 62
    assert aalen_johansen([5, 6, 7], [1, 2, 2]).quantile(1, 0.5) is None
    assert aalen_johansen([5, 6, 7], [0, 0, 0]).quantile(1, 0.5) is None


def test_nobody_and_nothing_happened() -> None:
    nobody = aalen_johansen([], [])
    assert nobody.incidence(1, 91) is None
    assert nobody.survival(91) is None
    waiting = aalen_johansen([10, 20], [0, 0])
    assert waiting.incidence(1, 91) == (0, 0, 0)
    assert waiting.survival(91) == (1, 1, 1)


people = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 3)), min_size=1, max_size=60)


@given(people)
def test_causes_and_the_free_add_up_to_all(rows: list[tuple[int, int]]) -> None:
    days, causes = zip(*rows, strict=True)
    curve = aalen_johansen(days, causes)
    for day in (5, 20, 60):
        free = curve.survival(day)
        parts = [curve.incidence(cause, day) for cause in (1, 2, 3)]
        assert free is not None
        assert free.value + sum(one.value for one in parts if one) == pytest.approx(1)
        for one in (free, *parts):
            assert one is not None
            assert 0 <= one.low <= one.value <= one.high <= 1
