"""Figures about places, seen from where people live."""

import datetime as dt
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from connections.indicators import access
from connections.indicators.components.areas import AreaFacts, areas_of
from connections.indicators.components.rows import Row, replace_rows
from connections.indicators.definitions.places import CHECKED_MONTHS
from connections.indicators.models import Release, ReleaseShard
from connections.indicators.statistics import FloatArray
from connections.indicators.walking import (
    Homes,
    metres_of,
    read_homes,
    read_register,
    read_times,
    score_access,
    share_open,
)
from places.vocabulary import AreaLevel

IntArray = NDArray[np.int64]

PLACES = ("C1", "C1.cuppa", "C1.gaussian", "C2", "C2.stepfree", "C3", "C3.simpson")


def compute_places(shard: ReleaseShard) -> None:
    """Write every indicator about places for every area. Computing again replaces them."""
    release = shard.release
    areas = areas_of(release.geography)
    srid = metres_of(release.geography)
    homes = read_homes(release.geography, srid)
    register = read_register(srid, checked_from(release.quarter.starts_on))
    demand = access.DemandPoints(homes.xy, homes.people)
    scores = {
        "C1": score_access(demand, register, register.is_free, access.step_weight),
        "C1.cuppa": score_access(
            demand, register, register.is_free | register.is_cuppa, access.step_weight
        ),
        "C1.gaussian": score_access(demand, register, register.is_free, access.gaussian_weight),
    }
    year = release.quarter_id.year
    is_open = read_times(register, register.is_free, year)
    times = {
        "C2": share_open(demand, register, register.is_free, is_open),
        "C2.stepfree": share_open(
            demand, register, register.is_free & register.is_step_free, is_open
        ),
    }
    rows: list[Row] = []
    fallback: dict[float, dict[int, float]] = {
        access.REACH_MINUTES: {},
        access.VARIETY_MINUTES: {},
    }
    pairs = {minutes: demand.pairs(register.xy, minutes) for minutes in fallback}
    above = _ancestors(areas)
    for level in reversed(AreaLevel.values):
        found = [area for area in areas if area.level == level]
        codes = _codes(homes.area, found, above)
        checked = {
            minutes: _completeness(
                pairs[minutes], homes, codes, register.is_checked, found, fallback[minutes]
            )
            for minutes in fallback
        }
        for code, score in scores.items():
            values = access.area_mean(score, homes.people, codes, len(found) + 1)
            counts, shares = checked[access.REACH_MINUTES]
            rows += _place_rows(release, code, found, values, counts, shares)
        counts, shares = checked[access.VARIETY_MINUTES]
        for code, time in times.items():
            values = access.area_mean(time, homes.people, codes, len(found) + 1)
            rows += _place_rows(release, code, found, values, counts, shares)
        variety = demand.variety(register.xy, register.kind, codes, len(found) + 1)
        rows += _place_rows(release, "C3", found, variety.effective_number, counts, shares)
        rows += _place_rows(release, "C3.simpson", found, variety.inverse_simpson, counts, shares)
    replace_rows(release, PLACES, [area.id for area in areas], rows)


def _ancestors(areas: Iterable[AreaFacts]) -> dict[int, dict[str, int]]:
    """For each area the area of each level that it lies in, itself among them."""
    by_id = {area.id: area for area in areas}
    found: dict[int, dict[str, int]] = {}
    for area in by_id.values():
        levels: dict[str, int] = {}
        up: AreaFacts | None = area
        while up is not None:
            levels.setdefault(up.level, up.id)
            up = by_id.get(up.parent) if up.parent is not None else None
        found[area.id] = levels
    return found


def _codes(home: IntArray, found: list[AreaFacts], above: dict[int, dict[str, int]]) -> IntArray:
    """The position in `found` of the area that each home lies in; its length where in none."""
    position = {area.id: i for i, area in enumerate(found)}
    level = found[0].level if found else ""
    unique, inverse = np.unique(home, return_inverse=True)
    codes = [position.get(above[int(one)].get(level, 0), len(found)) for one in unique]
    return np.asarray(codes, np.int64)[inverse]


def _completeness(
    pairs: access.Pairs,
    homes: Homes,
    codes: IntArray,
    is_checked: NDArray[np.bool_],
    found: list[AreaFacts],
    fallback: dict[int, float],
) -> tuple[IntArray, list[float]]:
    """Places that some resident of each area can walk to, and the share of them checked; where
    there is none to check, the share of the area around. Kept in `fallback` for areas within."""
    size = max(is_checked.size, 1)
    lived_in = homes.people[pairs.demand] > 0
    reached = np.unique(codes[pairs.demand[lived_in]] * size + pairs.place[lived_in])
    area, place = reached // size, reached % size
    counts = np.bincount(area, minlength=len(found) + 1)
    checked = np.bincount(area, is_checked[place], minlength=len(found) + 1)
    shares = []
    for i, one in enumerate(found):
        around = fallback.get(one.parent, 0.0) if one.parent is not None else 0.0
        share = float(checked[i] / counts[i]) if counts[i] else around
        fallback[one.id] = share
        shares.append(share)
    return counts, shares


def _place_rows(
    release: Release,
    code: str,
    found: list[AreaFacts],
    values: FloatArray,
    counts: IntArray,
    shares: list[float],
) -> Iterator[Row]:
    for area, value, count, share in zip(found, values, counts, shares, strict=False):
        yield Row(
            release_id=release.pk,
            indicator=code,
            area_id=area.id,
            value=None if np.isnan(value) else float(value),
            places=int(count),
            completeness=share,
        )


def checked_from(quarter_on: dt.date) -> dt.date:
    """Return the day since which a confirmation counts: a year before the quarter's end, so that
    the answer does not hang on the day of computing."""
    month = quarter_on.month - 1 + 3 - CHECKED_MONTHS
    return dt.date(quarter_on.year + month // 12, month % 12 + 1, 1)
