"""Ungated sums: what people and places add up to before the gate has looked.

`publish` alone imports this module. People are summed by council, so that many workers share a
release; places for the whole country at once, for people walk across borders.
"""

import datetime as dt
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from connections.indicators import access, quarters
from connections.indicators.branches import homes_by_branch
from connections.indicators.definitions import INDICATORS
from connections.indicators.disclosure import Kind
from connections.indicators.eligibility import QUARTER_CAP
from connections.indicators.models import Component, Release, ReleaseShard
from connections.indicators.statistics import (
    FloatArray,
    effective_number,
    effective_number_interval,
)
from connections.indicators.walking import (
    Homes,
    metres_of,
    read_homes,
    read_register,
    score_access,
    share_open,
)
from places.models import Geography
from places.vocabulary import AreaLevel

BALANCE_FROM = 3
"""Fewer moments given or received say nothing of a person's balance (method.md, A3)."""
CHECKED_MONTHS = 12
"""A place counts as checked for so many months after somebody confirmed it."""
ROWS_AT_ONCE = 2_000

IntArray = NDArray[np.int64]

# People: one expression an indicator gives a person's value, NULL where there is no answer. In
# numeric, so that the sums are exact whatever the order of the rows.
PEOPLE = {
    "A1": "1",
    "A3": "(gave > 0 AND received > 0)::int",
    "A3.index": f"""CASE WHEN gave + received >= {BALANCE_FROM}
                    THEN 1 - abs(gave - received)::numeric / (gave + received) END""",
    "B1": "100.0 * different / nullif(different_answered, 0)",
    "B2": "100.0 * beyond / nullif(beyond_answered, 0)",
    # Only counted here; the effective number is none of sums: see compute_variety.
    "B3": "CASE WHEN ties <> '{0,0,0,0,0,0}' THEN 1 END",
    "C4": "100.0 * at_place / nullif(logs, 0)",
}
_SUMS = ", ".join(
    f"""count(s{i}), count(*) FILTER (WHERE s{i} = 1), sum(s{i})::float8, sum(s{i} * s{i})::float8,
        max(moments) FILTER (WHERE s{i} IS NOT NULL), sum(moments) FILTER (WHERE s{i} IS NOT NULL)
    """
    for i in range(len(PEOPLE))
)
_COLUMNS = 6
SUM_PEOPLE = f"""
SELECT home_id, {_SUMS}
FROM (
    SELECT home_id, least(logs, {QUARTER_CAP}) AS moments,
           {", ".join(f"({value})::numeric AS s{i}" for i, value in enumerate(PEOPLE.values()))}
    FROM indicators_quartercontributor
    WHERE quarter_id = %s AND council_id = %s AND is_eligible
    OFFSET 0 -- so that each value is worked out once
) people
GROUP BY home_id
"""  # noqa: S608 (constants only)


def compute_people(shard: ReleaseShard) -> None:
    """Write one branch's sums of every indicator about people, a row for each area that can be
    home, nobody's included. Computing again replaces them."""
    release = shard.release
    branches = homes_by_branch(release.geography)
    homes = branches.get(shard.council_id or 0, [])
    with connection.cursor() as cursor:
        cursor.execute(SUM_PEOPLE, [release.quarter_id, shard.council_id])
        sums = {
            (code, row[0]): row[1 + _COLUMNS * i : 1 + _COLUMNS * (i + 1)]
            for row in cursor.fetchall()
            for i, code in enumerate(PEOPLE)
        }
    areas = {one.id: one for one in areas_of(release.geography)}
    rows = [
        _people_row(release, code, areas[home], sums.get((code, home)))
        for code in PEOPLE
        for home in homes
    ]
    variety = _variety_of_ties(release, areas, homes, list(branches))
    for row in rows:
        if row.indicator == "B3" and row.area_id in variety:
            row.value, row.lower, row.upper = variety[row.area_id]
    _replace(release, PEOPLE, homes, rows)


def _people_row(
    release: Release, code: str, home: "AreaFacts", sums: tuple[Any, ...] | None
) -> Component:
    n, ones, total, squares, largest, amount = (value or 0 for value in sums or (0,) * _COLUMNS)
    kind = INDICATORS[code].kind
    return Component(
        release=release,
        indicator=code,
        area_id=home.id,
        n=n,
        x=ones if kind is Kind.PROPORTION else 0,
        total=total,
        squares=squares,
        largest=largest,
        amount=amount,
        exposure=(home.adults if release.counts_adults else home.residents)
        if kind is Kind.RATE
        else None,
    )


def _variety_of_ties(
    release: Release, areas: dict[int, "AreaFacts"], homes: list[int], branches: list[int]
) -> dict[int, tuple[float, float, float]]:
    """Return B3 with its interval for each of `homes` where enough people answered, from everybody
    in it: the effective number of mean personal shares is no sum of those of its parts."""
    wanted = set(homes)
    below = [one for one in branches if wanted & set(_chain(areas, one))]
    with connection.cursor() as cursor:
        cursor.execute(TIES, [release.quarter_id, below])
        rows = cursor.fetchall()
    alike: dict[int, Counter[tuple[int, ...]]] = defaultdict(Counter)
    for home, ties, people in rows:
        for area in _chain(areas, home):
            if area in wanted:
                alike[area][tuple(ties)] += people
    found = {}
    for area, counted in alike.items():
        # Fewer are never shown, so drawing them again would be for nothing.
        if counted.total() < INDICATORS["B3"].base:
            continue
        ordered = sorted(counted.items())
        ties = np.array([one for one, _ in ordered], np.float64)
        shares = ties / ties.sum(axis=1, keepdims=True)
        people = np.array([number for _, number in ordered], np.float64)
        low, high = effective_number_interval(
            shares, people=people, seed=seed_of(release, "B3", areas[area].code)
        )
        # Far below what is shown, so that no processor's last bit is in the watermark.
        found[area] = (
            round(float(effective_number(people @ shares)), 9),
            round(float(low), 9),
            round(float(high), 9),
        )
    return found


def _chain(areas: dict[int, "AreaFacts"], area: int) -> Iterator[int]:
    """The area and every area that holds it."""
    up: int | None = area
    while up is not None:
        yield up
        up = areas[up].parent


def seed_of(release: Release, code: str, area: str) -> int:
    """Return the seed of one drawing: the same for the same quarter, indicator and area."""
    text = f"{quarters.name_quarter(release.quarter_id)}:{code}:{area}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


TIES = """
SELECT home_id, ties, count(*)
FROM indicators_quartercontributor
WHERE quarter_id = %s AND council_id = ANY(%s) AND is_eligible AND ties <> '{0,0,0,0,0,0}'
GROUP BY home_id, ties
"""


@dataclass(frozen=True, slots=True)
class AreaFacts:
    """An area of the tree with the public numbers that figures rest on."""

    id: int
    code: str
    parent: int | None
    level: str
    residents: int
    adults: int

    @property
    def can_be_home(self) -> bool:
        """Neighbourhoods and larger; below them nobody's home is known."""
        return self.level != AreaLevel.ZONE or self.parent is None


def areas_of(geography: Geography) -> list[AreaFacts]:
    """Return the areas in the order of their ids. Where an upper area's own numbers are not
    known, they are those of the smallest areas in it together; 0 where nothing is known."""
    with connection.cursor() as cursor:
        cursor.execute(AREAS, {"geography": geography.pk})
        return [AreaFacts(*row) for row in cursor.fetchall()]


AREAS = """
WITH leaves AS (
    SELECT u.ancestor_id AS id, sum(a.population) AS residents, sum(a.adults) AS adults
    FROM places_area a JOIN places_areaancestor u ON u.area_id = a.id
    WHERE a.geography_id = %(geography)s
      AND NOT EXISTS (SELECT FROM places_area child WHERE child.parent_id = a.id)
    GROUP BY u.ancestor_id
)
SELECT a.id, a.code, a.parent_id, a.level,
       coalesce(a.population, leaves.residents, 0), coalesce(a.adults, leaves.adults, 0)
FROM places_area a LEFT JOIN leaves USING (id)
WHERE a.geography_id = %(geography)s
ORDER BY a.id
"""


# Places


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
    times = {
        "C2": share_open(demand, register, register.is_free, year),
        "C2.stepfree": share_open(demand, register, register.is_free & register.is_step_free, year),
    }
    rows: list[Component] = []
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
    _replace(release, PLACES, [area.id for area in areas], rows)


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
) -> Iterator[Component]:
    for area, value, count, share in zip(found, values, counts, shares, strict=False):
        yield Component(
            release=release,
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


def _replace(
    release: Release, codes: Iterable[str], areas: Iterable[int], rows: Iterable[Component]
) -> None:
    Component.objects.filter(
        release=release, indicator__in=list(codes), area__in=list(areas)
    ).delete()
    Component.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)


def watermark_of(release: Release) -> str:
    """Return the SHA-256 of the release's components in a fixed order."""
    with connection.cursor() as cursor:
        cursor.execute(WATERMARK, [release.pk])
        (found,) = cursor.fetchone()
    return str(found)


WATERMARK = """
SELECT encode(sha256(convert_to(coalesce(string_agg(concat_ws(
           ',', indicator, area.code, n, x, total, squares, largest, amount,
           coalesce(exposure::text, '-'), coalesce(value::text, '-'), coalesce(lower::text, '-'),
           coalesce(upper::text, '-'), coalesce(places::text, '-'),
           coalesce(completeness::text, '-')
       ), ';' ORDER BY indicator, area.code), ''), 'UTF8')), 'hex')
FROM indicators_component JOIN places_area area ON area.id = area_id
WHERE release_id = %s
"""
