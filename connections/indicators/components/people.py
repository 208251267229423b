"""Sums over people, of one branch at a time."""

import hashlib
from collections import Counter, defaultdict
from typing import Any

import numpy as np
from django.db import connection

from connections.indicators import quarters
from connections.indicators.branches import homes_by_branch
from connections.indicators.components.areas import AreaFacts, areas_of, chain
from connections.indicators.components.rows import replace_rows
from connections.indicators.definitions import INDICATORS
from connections.indicators.disclosure import Kind
from connections.indicators.eligibility import QUARTER_CAP
from connections.indicators.models import Component, Release, ReleaseShard
from connections.indicators.statistics import effective_number, effective_number_interval

BALANCE_FROM = 3
"""Fewer moments given or received say nothing of a person's balance (method.md, A3)."""

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
    replace_rows(release, PEOPLE, homes, rows)


def _people_row(
    release: Release, code: str, home: AreaFacts, sums: tuple[Any, ...] | None
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
    release: Release, areas: dict[int, AreaFacts], homes: list[int], branches: list[int]
) -> dict[int, tuple[float, float, float]]:
    """Return B3 with its interval for each of `homes` where enough people answered, from everybody
    in it: the effective number of mean personal shares is no sum of those of its parts."""
    wanted = set(homes)
    below = [one for one in branches if wanted & set(chain(areas, one))]
    with connection.cursor() as cursor:
        cursor.execute(TIES, [release.quarter_id, below])
        rows = cursor.fetchall()
    alike: dict[int, Counter[tuple[int, ...]]] = defaultdict(Counter)
    for home, ties, people in rows:
        for area in chain(areas, home):
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
