"""How well places can be reached on foot: indicators C1, C2 and C3 over arrays.

Demand points are where people live (live small-user postcodes sharing their zone's population);
coordinates are metres in a projected system such as the British National Grid. Walking time is
the straight line times 1.3 at 4.8 km/h; `score_pairs` also takes times from a pedestrian graph.

C1 is the enhanced two-step floating catchment (Luo & Qi 2009). First each place's weekly hours
are shared among the people who can walk there, then each demand point adds up its parts. Known
limit: overlapping catchments inflate demand (Paez 2019, doi 10.1371/journal.pone.0218773), and
crowding is ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from connections.indicators.statistics import FloatArray, effective_number, inverse_simpson

IntArray = NDArray[np.int64]
Weigh = Callable[[FloatArray], FloatArray]

DETOUR = 1.3
"""Walking distance over straight line (a judgement, where no pedestrian graph is loaded)."""
METRES_PER_MINUTE = 4_800 / 60
REACH_MINUTES = 15.0
VARIETY_MINUTES = 10.0
STEPS = ((5.0, 1.0), (10.0, 0.68), (15.0, 0.22))
"""Up to so many minutes, so much weight (Luo & Qi 2009, slow decay)."""
MIN_PLACES = 3
"""With fewer places in reach variety is not told, only "fewer than 3"."""
PLACES_AT_ONCE = 20_000
"""Bounds memory: about 160 pairs a place in a Scottish town, 24 bytes each."""


class Pairs(NamedTuple):
    """Who can walk where: indices of demand points and places, and minutes, one row a pair."""

    demand: IntArray
    place: IntArray
    minutes: FloatArray


class Access(NamedTuple):
    """`score`: place-hours a week per 1,000 residents, one a demand point. `ratio`: hours per
    resident in reach, one a place. `is_reached`: places that someone can walk to."""

    score: FloatArray
    ratio: FloatArray
    is_reached: NDArray[np.bool_]


class Site(NamedTuple):
    """One place: metres east and north, and hours a week open and free to stay."""

    x: float
    y: float
    hours: float


class Variety(NamedTuple):
    """One row an area: population-weighted effective number of kinds, 1 / sum of squares beside
    it (both nan with fewer than MIN_PLACES places in reach), and the places in reach."""

    effective_number: FloatArray
    inverse_simpson: FloatArray
    places: IntArray


def step_weight(minutes: FloatArray) -> FloatArray:
    """1, 0.68 or 0.22 up to 5, 10 and 15 minutes, else 0."""
    weight = np.zeros(minutes.shape)
    for limit, value in reversed(STEPS):
        weight[minutes <= limit] = value
    return weight


def gaussian_weight(minutes: FloatArray) -> FloatArray:
    """Smooth decay from 1 at the door to 0 at 15 minutes (Dai 2010); the variant shown beside."""
    edge = np.exp(-0.5)
    decay = (np.exp(-0.5 * (minutes / REACH_MINUTES) ** 2) - edge) / (1 - edge)
    return np.asarray(np.maximum(decay, 0.0), np.float64)


def score_pairs(
    pairs: Pairs, population: ArrayLike, hours: ArrayLike, weigh: Weigh = step_weight
) -> Access:
    """E2SFCA over given walking times.

    R_j = hours_j / sum of P_k W(t_kj); A_i = 1000 * sum of R_j W(t_ij). A place that nobody can
    reach shares nothing out, so that sum of P_i A_i / 1000 = sum of hours of reached places.
    """
    population, hours = np.asarray(population, np.float64), np.asarray(hours, np.float64)
    weight = weigh(pairs.minutes)
    demand = np.bincount(pairs.place, population[pairs.demand] * weight, minlength=hours.size)
    is_reached = demand > 0
    ratio = np.zeros(hours.shape)
    np.divide(hours, demand, out=ratio, where=is_reached)
    score = np.bincount(pairs.demand, ratio[pairs.place] * weight, minlength=population.size)
    return Access(1_000.0 * score.astype(np.float64), ratio, is_reached)


class DemandPoints:
    """Where people live, indexed once for any number of questions.

    `xy` is (n, 2) in metres, `population` (n,) people.
    """

    def __init__(self, xy: ArrayLike, population: ArrayLike) -> None:
        self.population = np.asarray(population, dtype=np.float64)
        self._tree = cKDTree(np.asarray(xy, dtype=np.float64).reshape(-1, 2))
        if self._tree.n != self.population.size:
            raise ValueError("One population is needed for each demand point.")

    def pairs(self, place_xy: ArrayLike, minutes: float = REACH_MINUTES) -> Pairs:
        """Every demand point and place within so many minutes' walk of each other."""
        places = np.asarray(place_xy, dtype=np.float64).reshape(-1, 2)
        if not len(places) or not self._tree.n:
            none = np.empty(0, np.int64)
            return Pairs(none, none, np.empty(0))
        near = self._tree.sparse_distance_matrix(
            cKDTree(places), minutes * METRES_PER_MINUTE / DETOUR, output_type="ndarray"
        )
        return Pairs(near["i"], near["j"], near["v"] * (DETOUR / METRES_PER_MINUTE))

    def measure(self, place_xy: ArrayLike, hours: ArrayLike, weigh: Weigh = step_weight) -> Access:
        """C1 at every demand point. `place_xy` is (m, 2) in metres, `hours` (m,) a week."""
        place_xy = np.asarray(place_xy, dtype=np.float64).reshape(-1, 2)
        hours = np.asarray(hours, dtype=np.float64)
        score = np.zeros_like(self.population)
        parts: list[Access] = []
        for some in _slices(hours.size):
            # A place's ratio depends on no other place, so parts simply add up.
            part = score_pairs(self.pairs(place_xy[some]), self.population, hours[some], weigh)
            score += part.score
            parts.append(part)
        return Access(
            score,
            np.concatenate([np.empty(0), *(part.ratio for part in parts)]),
            np.concatenate([np.empty(0, np.bool_), *(part.is_reached for part in parts)]),
        )

    def change(
        self,
        score: FloatArray,
        before: Site | None,
        after: Site | None,
        weigh: Weigh = step_weight,
    ) -> FloatArray:
        """`score` after one place came (`before` None), went (`after` None) or changed.

        Only demand points in walking distance of the place are touched.
        """
        changed = score.copy()
        for site, sign in ((before, -1), (after, 1)):
            if site is None:
                continue
            near, gain = self._shares(site, weigh)
            changed[near] += sign * gain
        return np.maximum(changed, 0.0)

    def _shares(self, site: Site, weigh: Weigh) -> tuple[IntArray, FloatArray]:
        """Demand points that can walk to a place, and what it adds to their scores."""
        metres_per_minute = METRES_PER_MINUTE / DETOUR
        near = np.asarray(
            self._tree.query_ball_point((site.x, site.y), REACH_MINUTES * metres_per_minute),
            dtype=np.int64,
        )
        away = self._tree.data[near] - (site.x, site.y)
        weight = weigh(np.hypot(away[:, 0], away[:, 1]) / metres_per_minute)
        demand = float(self.population[near] @ weight)
        return near, 1_000 * site.hours / demand * weight if demand > 0 else 0 * weight

    def open_share(self, place_xy: ArrayLike, is_open: ArrayLike) -> FloatArray:
        """C2 at every demand point: the share of slots in which some place within 10 minutes' walk
        is open. `is_open` is (m, slots) booleans of the places."""
        is_open = np.asarray(is_open, np.bool_)
        slots = is_open.shape[1]
        share = np.zeros_like(self.population)
        pairs = self.pairs(place_xy, VARIETY_MINUTES)
        if not pairs.demand.size:
            return share
        # Bits side by side: "one of them is open" is one OR of a few bytes a pair.
        bits = np.packbits(is_open, axis=1)
        order = np.argsort(pairs.demand, kind="stable")
        demand = pairs.demand[order]
        starts = np.flatnonzero(np.r_[True, np.diff(demand) != 0])
        some_open = np.bitwise_or.reduceat(bits[pairs.place[order]], starts, axis=0)
        share[demand[starts]] = np.bitwise_count(some_open).sum(axis=1) / slots
        return share

    def variety(
        self, place_xy: ArrayLike, kind: ArrayLike, area: ArrayLike, area_count: int
    ) -> Variety:
        """C3 by area: effective number of kinds of place within 10 minutes' walk.

        `kind` (m,) and `area` (n,) are codes counted from 0, of places and demand points. A
        resident with no place in reach counts with 0.
        """
        kind, area = np.asarray(kind, np.int64), np.asarray(area, np.int64)
        pairs = self.pairs(place_xy, VARIETY_MINUTES)
        amounts = self.count_kinds(pairs, kind)
        # Only people count: an area's places are those that some resident can walk to.
        lived_in = self.population[pairs.demand] > 0
        reached = np.unique(area[pairs.demand[lived_in]] * kind.size + pairs.place[lived_in])
        places = np.bincount(reached // max(kind.size, 1), minlength=area_count)
        effective, simpson = (
            np.where(
                places >= MIN_PLACES,
                area_mean(number(amounts), self.population, area, area_count),
                np.nan,
            )
            for number in (effective_number, inverse_simpson)
        )
        return Variety(effective, simpson, places)

    def count_kinds(self, pairs: Pairs, kind: IntArray) -> IntArray:
        """Places of each kind that each demand point has in `pairs`, (n, kinds)."""
        kinds = int(kind.max(initial=-1)) + 1
        cells = pairs.demand * kinds + kind[pairs.place]
        amounts = np.bincount(cells, minlength=self.population.size * kinds)
        return amounts.reshape(self.population.size, kinds)


def _slices(size: int) -> Iterator[slice]:
    return (slice(start, start + PLACES_AT_ONCE) for start in range(0, size, PLACES_AT_ONCE))


def area_mean(
    values: ArrayLike, population: ArrayLike, area: ArrayLike, area_count: int
) -> FloatArray:
    """Population-weighted mean of demand points by area, (area_count,); nan where nobody lives.

    `area` holds each point's area code, counted from 0.
    """
    values, population = np.asarray(values, np.float64), np.asarray(population, np.float64)
    area = np.asarray(area, np.int64)
    people = np.bincount(area, population, minlength=area_count)
    total = np.bincount(area, population * values, minlength=area_count)
    mean = np.full(area_count, np.nan)
    np.divide(total, people, out=mean, where=people > 0)
    return mean
