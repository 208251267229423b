"""Statistics against published values, and their properties."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.indicators import statistics

# Lip cancer in 56 districts of Scotland, 1975-80 (Clayton & Kaldor 1987, the BUGS example).
LIP_OBSERVED = [
    *(9, 39, 11, 9, 15, 8, 26, 7, 6, 20, 13, 5, 3, 8, 17, 9, 2, 7, 9, 7, 16, 31, 11, 7, 19, 15, 7),
    *(10, 16, 11, 5, 3, 7, 8, 11, 9, 11, 8, 6, 4, 10, 8, 2, 6, 19, 3, 2, 3, 28, 6, 1, 1, 1, 1, 0),
    0,
]
LIP_EXPECTED = [
    *(1.4, 8.7, 3.0, 2.5, 4.3, 2.4, 8.1, 2.3, 2.0, 6.6, 4.4, 1.8, 1.1, 3.3, 7.8, 4.6, 1.1, 4.2),
    *(5.5, 4.4, 10.5, 22.7, 8.8, 5.6, 15.5, 12.5, 6.0, 9.0, 14.4, 10.2, 4.8, 2.9, 7.0, 8.5, 12.3),
    *(10.1, 12.7, 9.4, 7.2, 5.3, 18.8, 15.8, 4.3, 14.6, 50.7, 8.2, 5.6, 9.3, 88.7, 19.6, 3.4, 3.6),
    *(5.7, 7.0, 4.2, 1.8),
]


def test_wilson_equals_published_values() -> None:
    # PHEindicatormethods; Newcombe 1998 for 0 of 20.
    low, high = statistics.wilson([65, 1045, 0], [100, 5000, 20])
    np.testing.assert_allclose(low, [0.5525444, 0.1979555, 0], atol=5e-8)
    np.testing.assert_allclose(high, [0.7363576, 0.2204913, 0.1611], atol=5e-5)
    np.testing.assert_allclose(high[:2], [0.7363576, 0.2204913], atol=5e-8)


def test_wilson_of_nobody_is_unknown() -> None:
    assert np.isnan(statistics.wilson(0, 0)).all()


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_mirrors(counts: tuple[int, int]) -> None:
    x, n = counts
    low, high = statistics.wilson(x, n)
    mirrored_low, mirrored_high = statistics.wilson(n - x, n)
    assert 0 <= low <= x / n <= high <= 1
    np.testing.assert_allclose([low, high], [1 - mirrored_high, 1 - mirrored_low], atol=1e-12)


def test_byar_equals_published_values() -> None:
    # PHEindicatormethods
    low, high = statistics.byar([65, 1045])
    np.testing.assert_allclose(low, [50.16319, 982.59320], atol=5e-6)
    np.testing.assert_allclose(high, [82.84914, 1110.33121], atol=5e-6)
    np.testing.assert_allclose(statistics.byar(10, 0.998), [2.91632, 24.19373], atol=6e-6)


def test_exact_poisson_equals_published_values() -> None:
    # PHEindicatormethods
    low, high = statistics.exact_poisson([1, 5])
    np.testing.assert_allclose(low, [0.0253178, 1.6234864], atol=5e-8)
    np.testing.assert_allclose(high, [5.5716434, 11.6683321], atol=5e-8)
    # Nothing seen: from 0 to -ln(0.025).
    np.testing.assert_allclose(statistics.exact_poisson(0), [0, -np.log(0.025)])


def test_counts_change_from_exact_to_byar_at_ten() -> None:
    low, high = statistics.count_interval([9, 10])
    assert (low[0], high[0]) == tuple(map(float, statistics.exact_poisson(9)))
    assert (low[1], high[1]) == tuple(map(float, statistics.byar(10)))


def test_t_interval_from_sums() -> None:
    values = np.array([2.0, 4.0, 4.0, 5.0, 10.0])
    low, high = statistics.t_interval(5, values.sum(), (values**2).sum())
    # mean 5, standard deviation 3, t(4) = 2.776445
    np.testing.assert_allclose([low, high], 5 + np.array([-1, 1]) * 2.776445 * 3 / np.sqrt(5), 1e-6)


def test_t_interval_is_clipped_and_needs_two_people() -> None:
    low, high = statistics.t_interval([2, 1, 0], [1, 1, 0], [1, 1, 0], lowest=0, highest=1)
    assert (low[0], high[0]) == (0, 1)
    assert np.isnan([low[1:], high[1:]]).all()


def test_effective_n() -> None:
    assert statistics.effective_n([3, 3, 3, 3]) == pytest.approx(4)
    weights = np.array([1.0, 2.0, 3.0, 4.0])
    cv = weights.std() / weights.mean()
    assert statistics.effective_n(weights) == pytest.approx(4 / (1 + cv**2))
    assert statistics.effective_n([]) == 0


def test_marshall_equals_pysal_on_st_louis_homicides(sample_data: Path) -> None:
    with (sample_data / "stats/lisa/stl/stl_hom.csv").open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    events, people = (np.array([float(row[column]) for row in rows]) for column in (10, 13))
    shrunk = statistics.shrink_means(people, events / people, events.sum() / people.sum())
    expected = [2.36718950e-05, 4.54539167e-05, 4.78114019e-05, 2.76907146e-05, 6.58989323e-05]
    np.testing.assert_allclose(shrunk[:5], expected, rtol=1e-8)


def test_marshall_without_spread_gives_the_parent() -> None:
    np.testing.assert_array_equal(statistics.shrink_means([30, 40], [0.4, 0.4]), [0.4, 0.4])
    shrunk = statistics.shrink_means([30, 40], [0.4, 0.4], parent_mean=[0.3, 0.5])
    np.testing.assert_array_equal(shrunk, [0.3, 0.5])


def test_marshall_draws_small_areas_further() -> None:
    mean = np.array([0.2, 0.2, 0.8, 0.8])
    shrunk = statistics.shrink_means([30, 3000, 3000, 30], mean)
    moved = np.abs(shrunk - mean)
    assert moved[0] > 10 * moved[1] > 0
    assert moved[3] > 10 * moved[2] > 0


def test_gamma_prior_equals_published_values() -> None:
    prior = statistics.fit_gamma_prior(LIP_OBSERVED, LIP_EXPECTED)
    np.testing.assert_allclose(prior, [1.87949, 1.32167], atol=6e-6)
    shrunk = statistics.shrink_rates(LIP_OBSERVED, LIP_EXPECTED, prior)
    np.testing.assert_allclose([bound[0] for bound in shrunk], [3.9974, 1.986, 6.699], atol=6e-4)


@pytest.mark.parametrize("observed", [[10, 10, 10, 10], [0, 0, 0], []])
def test_no_prior_where_chance_explains_all(observed: list[int]) -> None:
    with pytest.raises(ValueError, match="no more than by chance"):
        statistics.fit_gamma_prior(observed, [10.0] * len(observed))


def test_effective_numbers() -> None:
    assert statistics.shannon([1, 1, 1, 1]) == pytest.approx(1.386294, abs=5e-7)
    amounts = [[1, 1, 1, 1], [8, 0, 0, 0], [0, 0, 0, 0], [2, 1, 1, 0]]
    np.testing.assert_allclose(
        statistics.effective_number(amounts), [4, 1, 0, np.exp(1.5 * np.log(2))]
    )
    np.testing.assert_allclose(statistics.inverse_simpson(amounts), [4, 1, 0, 1 / 0.375])


def test_bootstrap_draws_people_and_keeps_its_seed() -> None:
    generator = np.random.default_rng(5)
    shares = generator.dirichlet(np.ones(6) / 3, size=80)
    interval = statistics.effective_number_interval(shares, seed=7)
    assert interval == statistics.effective_number_interval(shares, seed=7)
    assert interval != statistics.effective_number_interval(shares, seed=8)
    assert interval.low < statistics.effective_number(shares.mean(axis=0)) < interval.high
    assert interval.high - interval.low < 1
    same = np.tile([0.5, 0.5, 0, 0, 0, 0], (80, 1))
    np.testing.assert_allclose(statistics.effective_number_interval(same, seed=7), [2, 2])
    assert np.isnan(statistics.effective_number_interval(shares[:1], seed=7)).all()


def test_drawing_people_who_are_alike_is_drawing_each_of_them() -> None:
    kinds = np.eye(6)[:3]
    one_by_one = statistics.effective_number_interval(np.repeat(kinds, [9, 5, 6], axis=0), seed=3)
    assert statistics.effective_number_interval(kinds, people=[9, 5, 6], seed=3) == one_by_one


def test_many_people_drawn_from_the_normal_limit_give_the_same_interval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    generator = np.random.default_rng(11)
    shares = generator.dirichlet([3, 1, 1, 0.5, 0.2, 0.1], size=statistics.NORMAL_FROM)
    limit = statistics.effective_number_interval(shares, seed=1, draws=4_000)
    monkeypatch.setattr(statistics, "NORMAL_FROM", 10**9)
    drawn = statistics.effective_number_interval(shares, seed=1, draws=4_000)
    width = drawn.high - drawn.low
    np.testing.assert_allclose(limit, drawn, atol=float(0.06 * width))
    # What is published has two figures.
    assert width < 0.2


def test_difference_equals_newcombe() -> None:
    # Newcombe 1998, method 10: 56/70 - 48/80
    change = statistics.difference(
        48 / 80, statistics.wilson(48, 80), 56 / 70, statistics.wilson(56, 70)
    )
    np.testing.assert_allclose(change[:3], [0.2, 0.0524, 0.3339], atol=5e-5)
    assert change.is_changed


def test_says_changed_only_where_the_interval_excludes_zero() -> None:
    change = statistics.difference(
        [1.0, 1.0, 1.0, 1.0],
        ([0.9] * 4, [1.1] * 4),
        [1.1, 1.3, 0.7, np.nan],
        ([1.0, 1.2, 0.6, np.nan], [1.2, 1.4, 0.8, np.nan]),
    )
    assert change.is_changed.tolist() == [False, True, True, False]


def test_rounding() -> None:
    assert statistics.round_people([10, 12, 13, 17, 18]).tolist() == [10, 10, 15, 15, 20]
    assert statistics.round_percent([0.285, 0.284, 0.005, 1.0]).tolist() == [29, 28, 1, 100]
    values = [0.29, 123.4, 0.0345678, 0, -5.54, 1e-7, 99.6, np.inf]
    expected = [0.29, 120, 0.035, 0, -5.5, 1e-7, 100, np.inf]
    np.testing.assert_allclose(statistics.round_significant(values), expected, rtol=1e-15)
    assert np.isnan(statistics.round_significant(np.nan))
    assert statistics.round_significant(5.4321, 3) == 5.43
