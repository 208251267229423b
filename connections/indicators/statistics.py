"""Estimates and their uncertainty, as pure functions over numpy arrays.

Every function takes numbers or arrays that broadcast together and returns arrays (0-d for
numbers). Intervals are two-sided. What cannot be estimated is nan, never a guess.

A figure is made from components that the gate has passed. Whatever is computed from figures
afterwards (shrinkage, differences) must be given released numbers only: then it can tell
nothing that the release does not.

Sources: Wilson 1927; Byar in Breslow & Day 1987 (as in Public Health England's technical
guidance); Garwood 1936 (exact Poisson); Kish 1965 (effective n); Marshall 1991 and Martuzzi &
Elliott 1996 (empirical Bayes); Jost 2006 (effective numbers); Newcombe 1998 and Zou & Donner
2008 (difference of two estimates).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

FloatArray = NDArray[np.float64]

CONFIDENCE = 0.95
BYAR_FROM = 10
"""Byar's approximation is good from 10 events; below it the exact interval is used (Fingertips)."""
BOOTSTRAP_DRAWS = 1000
NORMAL_FROM = 2_000
"""From so many people on, means drawn again follow a normal distribution so closely that drawing
from that gives the same interval (a test compares them) without touching every person."""
PEOPLE_STEP = 5
"""Published counts of people are rounded to 5 (NHS Digital practice)."""
SIGNIFICANT_FIGURES = 2
"""Published means and standard errors."""


class Interval(NamedTuple):
    """Lower and upper bound, in the unit of the estimate."""

    low: FloatArray
    high: FloatArray


class Shrunk(NamedTuple):
    """Posterior mean with its credible interval."""

    value: FloatArray
    low: FloatArray
    high: FloatArray


class GammaPrior(NamedTuple):
    """Spread of the true rates between areas: Gamma with this shape and rate."""

    shape: float
    rate: float


class Change(NamedTuple):
    """Later minus earlier, its interval, and whether the interval excludes 0."""

    difference: FloatArray
    low: FloatArray
    high: FloatArray
    is_changed: NDArray[np.bool_]


def _floats(values: ArrayLike) -> FloatArray:
    return np.asarray(values, dtype=np.float64)


def _z(confidence: float) -> float:
    return float(special.ndtri(0.5 + confidence / 2))


# Intervals


def wilson(x: ArrayLike, n: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Score interval of a share: `x` of `n` people, both may be fractions; nan where n is 0.

    Bounds are shares from 0 to 1. With weights give the effective n and x = share * n.
    """
    x, n = _floats(x), _floats(n)
    z = _z(confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = x + z * z / 2
        half = z * np.sqrt(x * (n - x) / n + z * z / 4)
        low = np.where(x <= 0, 0.0, (centre - half) / (n + z * z))
        high = np.where(x >= n, 1.0, (centre + half) / (n + z * z))
    known = n > 0
    return Interval(np.where(known, low, np.nan), np.where(known, high, np.nan))


def byar(count: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Byar's interval of a Poisson count, in events; good from 10 events."""
    count = _floats(count)
    z = _z(confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        low = count * (1 - 1 / (9 * count) - z / (3 * np.sqrt(count))) ** 3
    high = (count + 1) * (1 - 1 / (9 * (count + 1)) + z / (3 * np.sqrt(count + 1))) ** 3
    return Interval(np.where(count > 0, low, 0.0), high)


def exact_poisson(count: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Exact interval of a Poisson count, in events: quantiles of the gamma distribution, which are
    half of those of chi-squared with twice its shape."""
    count = _floats(count)
    tail = (1 - confidence) / 2
    low = special.gammaincinv(np.maximum(count, 0.5), tail)
    high = special.gammaincinv(count + 1, 1 - tail)
    return Interval(np.where(count > 0, low, 0.0), _floats(high))


def count_interval(count: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Interval of a count, in events: Byar from 10 on, exact below."""
    count = _floats(count)
    many, few = byar(count, confidence), exact_poisson(count, confidence)
    use_byar = count >= BYAR_FROM
    return Interval(np.where(use_byar, many.low, few.low), np.where(use_byar, many.high, few.high))


def sample_variance(n: ArrayLike, total: ArrayLike, squares: ArrayLike) -> FloatArray:
    """Variance between people from n, sum and sum of squares; nan where n < 2."""
    n, total, squares = _floats(n), _floats(total), _floats(squares)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.maximum(squares - total**2 / n, 0.0) / (n - 1)
    return np.where(n >= 2, spread, np.nan)


def t_margin(
    n: ArrayLike,
    mean: ArrayLike,
    standard_error: ArrayLike,
    lowest: float = -np.inf,
    highest: float = np.inf,
    confidence: float = CONFIDENCE,
) -> Interval:
    """mean +/- t(n - 1) * standard error, clipped to the range that a value can have."""
    n, mean, standard_error = _floats(n), _floats(mean), _floats(standard_error)
    known = n >= 2
    margin = special.stdtrit(np.where(known, n - 1, 1.0), 0.5 + confidence / 2) * standard_error
    low = np.where(known, np.clip(mean - margin, lowest, highest), np.nan)
    high = np.where(known, np.clip(mean + margin, lowest, highest), np.nan)
    return Interval(low, high)


def t_interval(
    n: ArrayLike,
    total: ArrayLike,
    squares: ArrayLike,
    lowest: float = -np.inf,
    highest: float = np.inf,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Interval of a mean over people from n, sum and sum of squares; nan where n < 2."""
    n, total = _floats(n), _floats(total)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / n
        error = np.sqrt(sample_variance(n, total, squares) / n)
    return t_margin(n, mean, error, lowest, highest, confidence)


def effective_n(weights: ArrayLike) -> float:
    """Kish's effective sample size n / (1 + cv^2) of raking weights; 0 of no one."""
    weights = _floats(weights)
    squares = float(np.sum(weights**2))
    return float(np.sum(weights)) ** 2 / squares if squares > 0 else 0.0


# Shrinkage, shown beside the raw value where n < 100


def shrink_means(
    n: ArrayLike,
    mean: ArrayLike,
    within_variance: float | None = None,
    parent_mean: ArrayLike | None = None,
) -> FloatArray:
    """Marshall's empirical Bayes means of areas: small areas are drawn towards their parent.

    `n` and `mean` are one value an area. `within_variance` is the mean variance between
    people of one area; left out, it is that of a share (mean * (1 - mean)); for events per
    head it is the overall rate itself. `parent_mean` (one, or one an area) is what is drawn
    towards; left out, the overall mean.
    """
    n, mean = _floats(n), _floats(mean)
    overall = float(np.sum(n * mean) / np.sum(n))
    within = overall * (1 - overall) if within_variance is None else within_variance
    between = float(np.sum(n * (mean - overall) ** 2) / np.sum(n) - within / np.mean(n))
    towards = _floats(overall if parent_mean is None else parent_mean)
    if between <= 0:
        return np.broadcast_to(towards, mean.shape).copy()
    weight = between / (between + within / n)
    return weight * mean + (1 - weight) * towards


def fit_gamma_prior(observed: ArrayLike, expected: ArrayLike) -> GammaPrior:
    """Maximum likelihood Gamma prior of area rates, on the negative binomial marginal.

    `observed` events and `expected` events (or person-time), one value an area; areas that
    expect nothing are left out. Raises ValueError where the counts spread no more than
    chance alone would: there is nothing to fit, and every area has the overall rate.
    """
    observed, expected = _floats(observed), _floats(expected)
    observed, expected = observed[expected > 0], expected[expected > 0]
    overall = float(np.sum(observed) / np.sum(expected)) if expected.size else 0.0
    excess = float(np.sum((observed - overall * expected) ** 2 - observed))
    if overall <= 0 or excess <= 0:
        raise ValueError("The counts vary no more than by chance: no prior can be fitted.")

    def minus_log_likelihood(logs: FloatArray) -> float:
        shape, rate = np.exp(logs)
        return -float(
            np.sum(
                special.gammaln(observed + shape)
                - special.gammaln(shape)
                + shape * np.log(rate / (expected + rate))
                - observed * np.log(expected + rate)
            )
        )

    # Moments give the start: variance of the rate = excess / sum of squared expectations.
    shape = overall**2 * float(np.sum(expected**2)) / excess
    found = optimize.minimize(
        minus_log_likelihood,
        np.log([shape, shape / overall]),
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 4000, "maxfev": 4000},
    )
    if not found.success or not np.all(np.abs(found.x) < 15):
        raise ValueError("The counts vary no more than by chance: no prior can be fitted.")
    return GammaPrior(float(np.exp(found.x[0])), float(np.exp(found.x[1])))


def shrink_rates(
    observed: ArrayLike,
    expected: ArrayLike,
    prior: GammaPrior,
    confidence: float = CONFIDENCE,
) -> Shrunk:
    """Posterior mean (O + shape) / (E + rate) of each area's rate, and its credible interval."""
    shape = _floats(observed) + prior.shape
    rate = _floats(expected) + prior.rate
    tail = (1 - confidence) / 2
    return Shrunk(
        shape / rate,
        special.gammaincinv(shape, tail) / rate,
        special.gammaincinv(shape, 1 - tail) / rate,
    )


# Variety


def _as_shares(amounts: ArrayLike) -> FloatArray:
    amounts = _floats(amounts)
    totals = amounts.sum(axis=-1, keepdims=True)
    return _floats(np.divide(amounts, totals, out=np.zeros_like(amounts), where=totals > 0))


def shannon(amounts: ArrayLike) -> FloatArray:
    """Shannon entropy in nats over the last axis; amounts need not sum to 1; 0 of nothing."""
    return _floats(special.entr(_as_shares(amounts)).sum(axis=-1))


def effective_number(amounts: ArrayLike) -> FloatArray:
    """exp(Shannon): how many equally common kinds would be as varied; 0 where there is nothing."""
    amounts = _floats(amounts)
    return _floats(np.where(amounts.sum(axis=-1) > 0, np.exp(shannon(amounts)), 0.0))


def inverse_simpson(amounts: ArrayLike) -> FloatArray:
    """1 / sum of squared shares, less moved by rare kinds; 0 where there is nothing."""
    concentration = _floats((_as_shares(amounts) ** 2).sum(axis=-1))
    return np.where(concentration > 0, 1 / np.where(concentration > 0, concentration, 1.0), 0.0)


def effective_number_interval(
    person_shares: ArrayLike,
    *,
    seed: int,
    people: ArrayLike | None = None,
    draws: int = BOOTSTRAP_DRAWS,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Interval of the effective number of mean personal shares, by drawing people again.

    `person_shares` has one column a kind and one row a person, or one row for as many alike as
    `people` says (drawing those is drawing each of them, and faster). People, not logs, are
    drawn. The same seed gives the same interval; nan where fewer than 2 people.
    """
    person_shares = _floats(person_shares)
    alike = np.ones(person_shares.shape[0]) if people is None else _floats(people)
    everybody = int(alike.sum())
    if everybody < 2:
        return Interval(_floats(np.nan), _floats(np.nan))
    generator = np.random.default_rng(seed)
    if everybody >= NORMAL_FROM:
        mean = alike @ person_shares / everybody
        apart = person_shares - mean
        spread = (alike[:, None] * apart).T @ apart / everybody**2
        means = np.maximum(generator.multivariate_normal(mean, spread, draws, method="eigh"), 0)
    else:
        rows = np.repeat(np.arange(alike.size), alike.astype(np.int64))
        drawn = rows[generator.integers(everybody, size=(draws, everybody))]
        drawn += alike.size * np.arange(draws)[:, None]
        times = np.bincount(drawn.ravel(), minlength=draws * alike.size)
        means = times.reshape(draws, alike.size) @ person_shares / everybody
    numbers = effective_number(means)
    tail = (1 - confidence) / 2
    low, high = np.quantile(numbers, [tail, 1 - tail])
    return Interval(_floats(low), _floats(high))


# Change


def difference(
    earlier: ArrayLike,
    earlier_interval: tuple[ArrayLike, ArrayLike],
    later: ArrayLike,
    later_interval: tuple[ArrayLike, ArrayLike],
) -> Change:
    """Later minus earlier of two independent estimates, from their own intervals.

    Variances recovered from the bounds (Newcombe's method 10; Zou & Donner), so bounds may be
    lopsided as Wilson's are. "Changed" is said only where the interval excludes 0; an estimate
    without an interval (nan) never counts as changed.
    """
    earlier, later = _floats(earlier), _floats(later)
    earlier_low, earlier_high = map(_floats, earlier_interval)
    later_low, later_high = map(_floats, later_interval)
    step = later - earlier
    low = step - np.hypot(later - later_low, earlier_high - earlier)
    high = step + np.hypot(later_high - later, earlier - earlier_low)
    return Change(step, low, high, (low > 0) | (high < 0))


# Rounding


def round_people(n: ArrayLike) -> FloatArray:
    """To the nearest 5 people."""
    return np.floor(_floats(n) / PEOPLE_STEP + 0.5) * PEOPLE_STEP


def round_percent(share: ArrayLike) -> FloatArray:
    """A share from 0 to 1 as a whole percentage from 0 to 100, halves upward."""
    # 0.285 * 100 is 28.499999999999996: the tiny step keeps halves halves.
    return np.floor(_floats(share) * 100 + 0.5 + 1e-9)


def round_significant(values: ArrayLike, figures: int = SIGNIFICANT_FIGURES) -> FloatArray:
    """To so many significant figures; 0, nan and infinities stay."""
    values = _floats(values)
    usable = np.isfinite(values) & (values != 0)
    exponent = np.floor(np.log10(np.abs(values), out=np.zeros_like(values), where=usable))
    decimals = figures - 1 - exponent
    # Powers of ten below 1 are inexact: dividing by 10**-decimals keeps 0.29 as 0.29.
    up, down = 10.0 ** np.maximum(decimals, 0), 10.0 ** np.maximum(-decimals, 0)
    return np.where(usable, np.rint(values * up / down) / up * down, values)
