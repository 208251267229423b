"""Sums over people, of one branch at a time."""

import datetime as dt
import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
from django.db import connection

from connections.indicators import quarters
from connections.indicators.branches import homes_by_branch
from connections.indicators.components.areas import AreaFacts, areas_of, chain
from connections.indicators.components.rows import replace_rows
from connections.indicators.definitions import INDICATORS, indicator_of
from connections.indicators.definitions.answers import AGREES, HARD_REASONS
from connections.indicators.definitions.measures import AGREEMENT
from connections.indicators.disclosure import Kind
from connections.indicators.eligibility import QUARTER_CAP
from connections.indicators.models import Component, Release, ReleaseShard
from connections.indicators.statistics import effective_number, effective_number_interval

BALANCE_FROM = 3
"""Fewer moments given or received say nothing of a person's balance (method.md, A3)."""

# One expression an indicator gives a person's value, NULL where there is no answer. In numeric, so
# that the sums are exact whatever the order of the rows. Moments ask for the tests of those who
# take part, answers to the ordinary day for those of who answered it.
_MOMENTS = {
    "A1": "1",
    "A3": "CASE WHEN logs > 0 THEN (gave > 0 AND received > 0)::int END",
    "A3.index": f"""CASE WHEN gave + received >= {BALANCE_FROM}
                    THEN 1 - abs(gave - received)::numeric / (gave + received) END""",
    "B1": "100.0 * different / nullif(different_answered, 0)",
    "B2": "100.0 * beyond / nullif(beyond_answered, 0)",
    "B2.role": "100.0 * in_role / nullif(beyond_answered, 0)",
    "B2.hosted": "100.0 * (beyond_answered - beyond - in_role) / nullif(beyond_answered, 0)",
    # Only counted here; the effective number is none of sums: see _variety_of_ties.
    "B3": "CASE WHEN ties <> '{0,0,0,0,0,0}' THEN 1 END",
    "C4": "100.0 * at_place / nullif(logs, 0)",
}
_ANSWERS = {
    "A2": "day_acts::numeric / nullif(answered, 0)",
    "A2.gave": "day_gave::numeric / nullif(answered, 0)",
    "A2.received": "day_received::numeric / nullif(answered, 0)",
    "A2.noticed": "day_noticed::numeric / nullif(answered, 0)",
    "E1": f"(rely <= {AGREES})::int",
    "E2": f"(kind <= {AGREES})::int",
    "E3": "was_hard::int",
    **{
        code: f"""CASE WHEN was_hard IS NOT NULL
                  THEN (coalesce('{reason}' = ANY(reasons), FALSE))::int END"""
        for code, reason in HARD_REASONS.items()
    },
}
PEOPLE = {
    **{code: f"CASE WHEN is_eligible THEN {value} END" for code, value in _MOMENTS.items()},
    **{code: f"CASE WHEN is_answering THEN {value} END" for code, value in _ANSWERS.items()},
}
_COLUMNS = 6


def _sums(values: Mapping[str, str], rows: str) -> str:
    """SQL that sums each of `values` over people by home. Whoever was asked and did not answer
    counts as asked; those who failed the tests count nowhere."""
    sums = ", ".join(
        f"""count(s{i}), count(*) FILTER (WHERE s{i} = 1), sum(s{i})::float8,
            sum(s{i} * s{i})::float8, max(moments) FILTER (WHERE s{i} IS NOT NULL),
            sum(moments) FILTER (WHERE s{i} IS NOT NULL)"""
        for i in range(len(values))
    )
    return f"""
SELECT home_id, sum(asked) FILTER (WHERE is_counted), sum(answered) FILTER (WHERE is_counted),
       count(*) FILTER (WHERE is_counted AND asked > 0), {sums}
FROM (
    SELECT home_id, asked, answered, is_answering OR answered = 0 AS is_counted,
           least(logs + answered, {QUARTER_CAP}) AS moments,
           {", ".join(f"({value})::numeric AS s{i}" for i, value in enumerate(values.values()))}
    FROM ({rows}) rows
    WHERE council_id = %(council)s
    OFFSET 0 -- so that each value is worked out once
) people
GROUP BY home_id
"""  # noqa: S608 (constants only)


QUARTER = """
SELECT * FROM indicators_quartercontributor
WHERE quarter_id = %(quarter)s AND revision = %(revision)s AND council_id = %(council)s
"""
# A year's own sums: a person once, at home where they were last, with the counts of those of its
# quarters in which they passed the tests.
YEAR = """
SELECT (array_agg(home_id ORDER BY quarter_id DESC))[1] AS home_id,
       (array_agg(council_id ORDER BY quarter_id DESC))[1] AS council_id,
       bool_or(is_eligible) AS is_eligible, bool_or(is_answering) AS is_answering,
       sum(logs) AS logs, sum(gave) AS gave, sum(received) AS received,
       sum(different) AS different, sum(different_answered) AS different_answered,
       sum(beyond) AS beyond, sum(beyond_answered) AS beyond_answered, sum(in_role) AS in_role,
       sum(at_place) AS at_place,
       ARRAY[sum(ties[1]), sum(ties[2]), sum(ties[3]),
             sum(ties[4]), sum(ties[5]), sum(ties[6])]::int[] AS ties,
       sum(asked) AS asked, sum(answered) AS answered, sum(day_acts) AS day_acts,
       sum(day_gave) AS day_gave, sum(day_received) AS day_received,
       sum(day_noticed) AS day_noticed,
       (array_agg(rely ORDER BY quarter_id DESC) FILTER (WHERE rely IS NOT NULL))[1] AS rely,
       (array_agg(kind ORDER BY quarter_id DESC) FILTER (WHERE kind IS NOT NULL))[1] AS kind,
       bool_or(was_hard) AS was_hard,
       string_to_array(string_agg(array_to_string(reasons, ','), ','), ',') AS reasons,
       (jsonb_agg(measures ORDER BY quarter_id DESC) FILTER (WHERE measures IS NOT NULL))->0
           AS measures
FROM indicators_quartercontributor q
WHERE (quarter_id, revision) IN (
          SELECT starts_on, CASE starts_on WHEN %(quarter)s THEN %(revision)s ELSE revision END
          FROM indicators_quarter
          WHERE starts_on > %(quarter)s::date - interval '1 year' AND starts_on <= %(quarter)s
      )
  AND (is_eligible OR is_answering OR answered = 0)
  AND contributor_id IN (
      SELECT contributor_id FROM indicators_quartercontributor
      WHERE council_id = %(council)s AND quarter_id <= %(quarter)s
        AND quarter_id > %(quarter)s::date - interval '1 year'
  )
GROUP BY contributor_id
"""
SUM_PEOPLE = _sums(PEOPLE, QUARTER)


def compute_people(shard: ReleaseShard) -> None:
    """Write one branch's sums of every indicator about people, a row for each area that can be
    home, nobody's included. Computing again replaces them.

    A branch that publishes once a year is summed over the year, with its last quarter alone.
    """
    release = shard.release
    branches = homes_by_branch(release.geography)
    council = shard.council_id or 0
    homes = branches.get(council, [])
    rows = _rows_of(release, council)
    if rows is None:
        Component.objects.filter(release=release, area__in=homes).exclude(
            indicator__in=[code for code, one in INDICATORS.items() if one.is_about_places]
        ).delete()
        return
    areas = {one.id: one for one in areas_of(release.geography)}
    measures = _measures_in(release, areas, homes)
    values = {**PEOPLE, **{code: value for code, (value, _) in measures.items()}}
    asked = _asked(release, council)
    with connection.cursor() as cursor:
        cursor.execute(_sums(values, rows), asked)
        found = {row[0]: row[1:] for row in cursor.fetchall()}
    components = []
    for i, code in enumerate(values):
        within = measures[code][1] if code in measures else homes
        for home in within:
            sums = found.get(home)
            one = _people_row(
                release, code, areas[home], sums and sums[3 + _COLUMNS * i : 3 + _COLUMNS * (i + 1)]
            )
            if sums and code in INDICATORS and INDICATORS[code].min_response:
                one.asked, one.answered = sums[0] or 0, sums[1] or 0
            elif sums and code in measures:
                one.asked, one.answered = sums[2] or 0, one.n
            components.append(one)
    variety = _variety_of_ties(release, areas, homes, list(branches))
    for row in components:
        if row.indicator == "B3" and row.area_id in variety:
            row.value, row.lower, row.upper = variety[row.area_id]
    replace_rows(release, values, homes, components)


def _rows_of(release: Release, council: int) -> str | None:
    """The SQL of the people of a branch in this release: its quarter's, or its year's."""
    if council not in release.parameters.get("annual", []):
        return QUARTER
    return YEAR if quarters.ends_year(release.quarter_id) else None


def _asked(release: Release, council: int) -> dict[str, int | dt.date]:
    return {"quarter": release.quarter_id, "revision": release.revision, "council": council}


def measure_values(release: Release) -> dict[str, str]:
    """A person's value of each of the communities' own questions, as SQL."""
    found = {}
    for one in release.parameters.get("measures", []):
        answer = f"(measures->>'{int(one['id'])}')::int"
        value = f"({answer} <= {AGREES})::int" if one["scale"] == AGREEMENT else answer
        found[one["code"]] = f"CASE WHEN is_eligible OR is_answering THEN {value} END"
    return found


def _measures_in(
    release: Release, areas: dict[int, AreaFacts], homes: list[int]
) -> dict[str, tuple[str, list[int]]]:
    """The communities' own questions: a person's value, and those of `homes` where it is asked."""
    values = measure_values(release)
    asked = {
        one["code"]: [home for home in homes if one["area"] in chain(areas, home)]
        for one in release.parameters.get("measures", [])
    }
    return {code: (values[code], within) for code, within in asked.items() if within}


def _people_row(
    release: Release, code: str, home: AreaFacts, sums: tuple[Any, ...] | None
) -> Component:
    n, ones, total, squares, largest, amount = (value or 0 for value in sums or (0,) * _COLUMNS)
    kind = indicator_of(code, release.parameters).kind
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
    annual = set(release.parameters.get("annual", []))
    rows: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for branch in below:
            source = _rows_of(release, branch)
            # The country tells of quarters, and so of no branch that tells of years.
            if source is None or (branch in annual) != bool(wanted & annual):
                continue
            cursor.execute(TIES.format(rows=source), _asked(release, branch))
            rows += cursor.fetchall()
    alike: dict[int, Counter[tuple[int, ...]]] = defaultdict(Counter)
    for home, told, number in rows:
        for area in chain(areas, home):
            if area in wanted:
                alike[area][tuple(told)] += number
    found = {}
    for area, counted in alike.items():
        # Fewer are never shown, so drawing them again would be for nothing.
        if counted.total() < INDICATORS["B3"].base:
            continue
        ordered = sorted(counted.items())
        ties = np.array([one for one, _ in ordered], np.float64)
        shares = ties / ties.sum(axis=1, keepdims=True)
        people = np.array([many for _, many in ordered], np.float64)
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
SELECT home_id, ties, count(*) FROM ({rows}) rows
WHERE council_id = %(council)s AND is_eligible AND ties <> '{{0,0,0,0,0,0}}'
GROUP BY home_id, ties
"""
