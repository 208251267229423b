"""Walkable third spaces and their variety, against published and hand-made values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.indicators import access
from connections.indicators.access import DemandPoints, Pairs, Site, area_mean, score_pairs

METRES_A_MINUTE = 4_800 / 60 / 1.3


def scatter(points: int, places: int, seed: int = 3) -> tuple[np.ndarray, ...]:
    """Clustered demand points, populations, places and weekly hours in a town of 6 km."""
    generator = np.random.default_rng(seed)
    centres = generator.uniform(0, 6_000, (8, 2))
    xy, sites = (
        centres[generator.integers(8, size=size)] + generator.normal(0, 500, (size, 2))
        for size in (points, places)
    )
    return xy, generator.uniform(0, 60, points), sites, generator.uniform(0, 80, places)


def slow_measure(
    xy: np.ndarray, population: np.ndarray, sites: np.ndarray, hours: np.ndarray
) -> np.ndarray:
    """The formula of C1 written out, every point against every place."""
    minutes = np.hypot(*(xy[:, None, :] - sites[None, :, :]).transpose(2, 0, 1)) / METRES_A_MINUTE
    weight = np.select([minutes <= 5, minutes <= 10, minutes <= 15], [1.0, 0.68, 0.22], 0.0)
    ratio = hours / (population[:, None] * weight).sum(axis=0)
    return np.asarray(1_000 * (ratio * weight).sum(axis=1))


def test_two_step_catchment_equals_pysal() -> None:
    # PySAL access, hospital example: three tracts, gridlock, weights 1 / cost up to 60.
    minutes = np.array([1, 80, 40, 80, 1, 40, 40, 40, 1], dtype=float)
    pairs = Pairs(np.repeat([0, 1, 2], 3), np.tile([0, 1, 2], 3), minutes)
    result = score_pairs(
        pairs, [100, 50, 10], [15, 20, 100], lambda cost: np.where(cost < 61, 1 / cost, 0)
    )
    np.testing.assert_allclose(result.score / 1_000, [0.331444, 0.579828, 7.286418], atol=5e-7)


def test_enhanced_catchment_by_hand() -> None:
    pairs = Pairs(np.array([0, 1, 1, 2]), np.array([0, 0, 1, 1]), np.array([4.0, 8, 3, 12]))
    population = np.array([100, 200, 50])
    result = score_pairs(pairs, population, [1, 2])
    np.testing.assert_allclose(result.score, [4.237288, 12.360029, 2.085308], atol=5e-7)
    assert population @ result.score / 1_000 == pytest.approx(3)


@pytest.mark.parametrize(
    ("minutes", "weight"), [(0, 1), (5, 1), (5.01, 0.68), (10, 0.68), (15, 0.22), (15.01, 0)]
)
def test_steps(minutes: float, weight: float) -> None:
    assert access.step_weight(np.array([minutes])) == weight


def test_gaussian_decay_falls_from_one_to_nothing() -> None:
    weight = access.gaussian_weight(np.linspace(0, 16, 33))
    assert (weight[0], weight[-1], weight[-3]) == (1, 0, 0)
    assert (np.diff(weight[:-2]) < 0).all()


def test_equals_the_formula_written_out() -> None:
    xy, population, sites, hours = scatter(900, 120)
    result = DemandPoints(xy, population).measure(sites, hours)
    np.testing.assert_allclose(result.score, slow_measure(xy, population, sites, hours), rtol=1e-9)


def test_large_registers_are_measured_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    xy, population, sites, hours = scatter(400, 100)
    points = DemandPoints(xy, population)
    whole = points.measure(sites, hours)
    monkeypatch.setattr(access, "PLACES_AT_ONCE", 7)
    parts = points.measure(sites, hours)
    np.testing.assert_allclose(parts.score, whole.score)
    np.testing.assert_allclose(parts.ratio, whole.ratio)
    np.testing.assert_array_equal(parts.is_reached, whole.is_reached)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(0, 40))
def test_hours_are_shared_out_and_none_lost(seed: int, points: int, places: int) -> None:
    xy, population, sites, hours = scatter(points, places, seed)
    population[::3] = 0
    for weigh in (access.step_weight, access.gaussian_weight):
        result = DemandPoints(xy, population).measure(sites, hours, weigh)
        shared = population @ result.score / 1_000
        assert shared == pytest.approx(hours[result.is_reached].sum())


def test_a_place_beyond_reach_or_among_nobody_gives_nothing() -> None:
    points = DemandPoints([(0, 0), (5_000, 0)], [10, 0])
    result = points.measure([(924, 0), (5_000, 0), (923, 0)], [10, 10, 10])
    assert result.is_reached.tolist() == [False, False, True]
    np.testing.assert_allclose(result.score, [1_000, 0])
    assert np.array_equal(points.measure([], []).score, [0, 0])


@pytest.mark.parametrize("weigh", [access.step_weight, access.gaussian_weight])
def test_one_changed_place_equals_measuring_all_again(weigh: access.Weigh) -> None:
    xy, population, sites, hours = scatter(900, 120)
    points = DemandPoints(xy, population)
    score = points.measure(sites, hours, weigh).score
    before = Site(sites[17, 0], sites[17, 1], hours[17])
    after = Site(sites[17, 0] + 300, sites[17, 1] - 200, 55)

    gone = points.change(score, before, None, weigh)
    moved = points.change(score, before, after, weigh)
    back = points.change(gone, None, before, weigh)

    others = np.arange(120) != 17
    expected = points.measure(sites[others], hours[others], weigh).score
    np.testing.assert_allclose(gone, expected, atol=1e-9)
    sites[17], hours[17] = after[:2], after.hours
    np.testing.assert_allclose(moved, points.measure(sites, hours, weigh).score, atol=1e-9)
    np.testing.assert_allclose(back, score, atol=1e-9)
    assert 0 < (moved != score).sum() < 900


def test_area_means_weigh_people() -> None:
    mean = area_mean([1, 4, 7, 9], [10, 20, 5, 0], [0, 0, 2, 1], 4)
    np.testing.assert_allclose(mean, [3, np.nan, 7, np.nan])


def test_variety_by_hand() -> None:
    # Two demand points of area 0, 200 m apart; area 1 far off; nobody lives in area 2.
    points = DemandPoints([(0, 0), (200, 0), (50_000, 0), (0, 0)], [30, 10, 5, 0])
    near, further, far = (0, 100), (800, 0), (50_000, 10)
    result = points.variety(
        [near, near, near, further, far, far], [0, 0, 1, 2, 0, 1], [0, 0, 1, 2], 4
    )
    # Point 0 reaches kinds (2, 1, 0); point 1 also the third kind, 600 m away: (2, 1, 1).
    first = np.exp(np.log(3) - 2 / 3 * np.log(2))
    second = np.exp(1.5 * np.log(2))
    np.testing.assert_allclose(
        result.effective_number, [(30 * first + 10 * second) / 40, np.nan, np.nan, np.nan]
    )
    np.testing.assert_allclose(result.inverse_simpson[0], (30 * 9 / 5 + 10 * 16 / 6) / 40)
    assert result.places.tolist() == [4, 2, 0, 0]


def test_variety_counts_residents_with_no_place_as_zero() -> None:
    points = DemandPoints([(0, 0), (9_000, 0)], [10, 30])
    result = points.variety([(0, 0)] * 3, [0, 0, 0], [0, 0], 1)
    assert (result.effective_number[0], result.places[0]) == (0.25, 3)


def test_variety_without_places() -> None:
    result = DemandPoints([(0, 0)], [10]).variety([], [], [0], 1)
    assert np.isnan(result.effective_number).all()
    assert result.places.tolist() == [0]


def test_refuses_populations_that_do_not_match() -> None:
    with pytest.raises(ValueError, match="One population"):
        DemandPoints([(0, 0)], [1, 2])
