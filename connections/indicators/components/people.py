"""Sums over people, of one branch at a time."""

import datetime as dt
import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from django.db import connection

from connections.indicators import quarters
from connections.indicators.branches import homes_by_branch
from connections.indicators.components.areas import AreaFacts, areas_of, chain
from connections.indicators.components.rows import Row, replace_rows
from connections.indicators.definitions import INDICATORS, indicator_of
from connections.indicators.definitions.answers import AGREES, HARD_REASONS
from connections.indicators.definitions.measures import AGREEMENT
from connections.indicators.disclosure import Kind
from connections.indicators.eligibility import QUARTER_CAP
from connections.indicators.models import Component, Release, ReleaseShard
from connections.indicators.statistics import effective_number, effective_number_interval

BALANCE_FROM = 3
"""Fewer moments given or received say nothing of a person's balance (method.md, A3)."""


@dataclass(frozen=True, slots=True)
class Value:
    """A person's value of an indicator, as SQL: `of` says who has one (those who answered), `what`
    is it: a condition where the indicator is a share of people, else a number."""

    of: str
    what: str
    is_share: bool = False

    @property
    def alone(self) -> str:
        """The value as one expression, NULL for whoever has none."""
        return f"CASE WHEN {self.of} THEN ({self.what}){'::int' if self.is_share else ''} END"


# Moments ask for the tests of those who take part, answers to the ordinary day for those of who
# answered it. Numbers are numeric, so that the sums are exact whatever the order of the rows.
_LOGGED = "is_eligible AND logs > 0"
_DIFFERENT = "is_eligible AND different_answered > 0"
_BEYOND = "is_eligible AND beyond_answered > 0"
_ANSWERED = "is_answering AND answered > 0"
_HARD = "is_answering AND was_hard IS NOT NULL"
PEOPLE = {
    "A1": Value("is_eligible", "TRUE", is_share=True),
    "A3": Value(_LOGGED, "gave > 0 AND received > 0", is_share=True),
    "A3.index": Value(
        f"is_eligible AND gave + received >= {BALANCE_FROM}",
        "1 - abs(gave - received)::numeric / (gave + received)",
    ),
    "B1": Value(_DIFFERENT, "100.0 * different / different_answered"),
    "B2": Value(_BEYOND, "100.0 * beyond / beyond_answered"),
    "B2.role": Value(_BEYOND, "100.0 * in_role / beyond_answered"),
    "B2.hosted": Value(_BEYOND, "100.0 * (beyond_answered - beyond - in_role) / beyond_answered"),
    # Only counted here; the effective number is none of sums: see _variety_of_ties.
    "B3": Value("is_eligible AND ties <> '{0,0,0,0,0,0}'", "TRUE", is_share=True),
    "C4": Value(_LOGGED, "100.0 * at_place / logs"),
    "A2": Value(_ANSWERED, "day_acts::numeric / answered"),
    "A2.gave": Value(_ANSWERED, "day_gave::numeric / answered"),
    "A2.received": Value(_ANSWERED, "day_received::numeric / answered"),
    "A2.noticed": Value(_ANSWERED, "day_noticed::numeric / answered"),
    "E1": Value("is_answering AND rely IS NOT NULL", f"rely <= {AGREES}", is_share=True),
    "E2": Value("is_answering AND kind IS NOT NULL", f"kind <= {AGREES}", is_share=True),
    "E3": Value(_HARD, "was_hard", is_share=True),
    **{
        code: Value(_HARD, f"coalesce('{reason}' = ANY(reasons), FALSE)", is_share=True)
        for code, reason in HARD_REASONS.items()
    },
}


class Sums(NamedTuple):
    """What people add up to, as Component keeps it."""

    n: int = 0
    x: int = 0
    total: float = 0.0
    squares: float = 0.0
    largest: float = 0.0
    amount: float = 0.0


class _Statement:
    """SQL that sums values over people by home, in one reading of the rows.

    Whoever was asked and did not answer counts as asked; those who failed the tests count nowhere.
    Of indicators of the same people it is counted once who they are; a share's sum and sum of
    squares are its count. So there are a third of the sums that there would be one by one.
    """

    ASKED = 3

    def __init__(self, values: Mapping[str, Value], rows: str) -> None:
        self.values = values
        self.groups = list(dict.fromkeys(value.of for value in values.values()))
        inner, outer = [], []
        for i, of in enumerate(self.groups):
            inner.append(f"({of}) AS w{i}")
            outer.append(
                f"count(*) FILTER (WHERE w{i}), max(moments) FILTER (WHERE w{i}),"
                f" sum(moments) FILTER (WHERE w{i})"
            )
        for i, value in enumerate(values.values()):
            if value.is_share:
                inner.append(f"({value.of} AND {value.what}) AS s{i}")
                outer.append(f"count(*) FILTER (WHERE s{i}), NULL")
            else:
                inner.append(f"({value.alone})::numeric AS s{i}")
                outer.append(f"sum(s{i})::float8, sum(s{i} * s{i})::float8")
        self.sql = f"""
SELECT home_id, sum(asked) FILTER (WHERE is_counted), sum(answered) FILTER (WHERE is_counted),
       count(*) FILTER (WHERE is_counted AND asked > 0), {", ".join(outer)}
FROM (
    SELECT home_id, asked, answered, is_answering OR answered = 0 AS is_counted,
           least(logs + answered, {QUARTER_CAP}) AS moments, {", ".join(inner)}
    FROM ({rows}) rows
    WHERE council_id = %(council)s
    OFFSET 0 -- so that each value is worked out once
) people
GROUP BY home_id
"""  # noqa: S608 (constants only)

    def read(self, code: str, row: Sequence[Any]) -> Sums:
        """Return the sums of one indicator from a row of the answer, its home left out."""
        value = self.values[code]
        group = self.ASKED + 3 * self.groups.index(value.of)
        n, largest, amount = (number or 0 for number in row[group : group + 3])
        at = self.ASKED + 3 * len(self.groups) + 2 * list(self.values).index(code)
        total, squares = row[at : at + 2]
        if value.is_share:
            return Sums(n, total, float(total), float(total), largest, amount)
        return Sums(n, 0, total or 0.0, squares or 0.0, largest, amount)


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
    statement = _statement(measures, rows)
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, _asked(release, council))
        found = {row[0]: row[1:] for row in cursor.fetchall()}
    told = {"B3": _variety_of_ties(release, areas, homes, list(branches))}
    components = []
    for code in statement.values:
        kind = indicator_of(code, release.parameters).kind
        needs_response = code in INDICATORS and INDICATORS[code].min_response
        exact = told.get(code, {})
        for home in measures[code][1] if code in measures else homes:
            row = found.get(home)
            sums = statement.read(code, row) if row else Sums()
            asked, answered = (row[0] or 0, row[1] or 0) if row and needs_response else (None, None)
            if row and code in measures:
                asked, answered = row[2] or 0, sums.n
            value, lower, upper = exact.get(home, (None, None, None))
            components.append(
                Row(
                    release_id=release.pk,
                    indicator=code,
                    area_id=home,
                    n=sums.n,
                    x=sums.x if kind is Kind.PROPORTION else 0,
                    total=sums.total,
                    squares=sums.squares,
                    largest=sums.largest,
                    amount=sums.amount,
                    exposure=_exposure(release, areas[home]) if kind is Kind.RATE else None,
                    value=value,
                    lower=lower,
                    upper=upper,
                    asked=asked,
                    answered=answered,
                )
            )
    replace_rows(release, statement.values, homes, components)


def _exposure(release: Release, home: AreaFacts) -> int:
    return home.adults if release.counts_adults else home.residents


def statements_of(shard: ReleaseShard) -> list[tuple[str, dict[str, Any]]]:
    """Return the SQL of one branch's sums with its parameters, for whoever measures it."""
    release, council = shard.release, shard.council_id or 0
    rows = _rows_of(release, council)
    if rows is None:
        return []
    areas = {one.id: one for one in areas_of(release.geography)}
    homes = homes_by_branch(release.geography).get(council, [])
    statement = _statement(_measures_in(release, areas, homes), rows)
    asked = _asked(release, council)
    return [(statement.sql, asked), (TIES.format(rows=rows), asked)]


def _statement(measures: Mapping[str, tuple[Value, list[int]]], rows: str) -> _Statement:
    return _Statement({**PEOPLE, **{code: value for code, (value, _) in measures.items()}}, rows)


def _rows_of(release: Release, council: int) -> str | None:
    """The SQL of the people of a branch in this release: its quarter's, or its year's."""
    if council not in release.parameters.get("annual", []):
        return QUARTER
    return YEAR if quarters.ends_year(release.quarter_id) else None


def _asked(release: Release, council: int) -> dict[str, int | dt.date]:
    return {"quarter": release.quarter_id, "revision": release.revision, "council": council}


def measure_values(release: Release) -> dict[str, Value]:
    """A person's value of each of the communities' own questions."""
    found = {}
    for one in release.parameters.get("measures", []):
        answer = f"(measures->>'{int(one['id'])}')::int"
        is_share = one["scale"] == AGREEMENT
        found[one["code"]] = Value(
            f"(is_eligible OR is_answering) AND {answer} IS NOT NULL",
            f"{answer} <= {AGREES}" if is_share else answer,
            is_share,
        )
    return found


def _measures_in(
    release: Release, areas: dict[int, AreaFacts], homes: list[int]
) -> dict[str, tuple[Value, list[int]]]:
    """The communities' own questions: a person's value, and those of `homes` where it is asked."""
    values = measure_values(release)
    asked = {
        one["code"]: [home for home in homes if one["area"] in chain(areas, home)]
        for one in release.parameters.get("measures", [])
    }
    return {code: (values[code], within) for code, within in asked.items() if within}


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
                alike[area][_parse_ties(told)] += number
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


@lru_cache(maxsize=100_000)
def _parse_ties(told: str) -> tuple[int, ...]:
    return tuple(int(one) for one in told[1:-1].split(","))


def seed_of(release: Release, code: str, area: str) -> int:
    """Return the seed of one drawing: the same for the same quarter, indicator and area."""
    text = f"{quarters.name_quarter(release.quarter_id)}:{code}:{area}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


# As text, for the same few thousand arrays come again and again, and reading each costs more than
# counting it.
TIES = """
SELECT home_id, ties::text, count(*) FROM ({rows}) rows
WHERE council_id = %(council)s AND is_eligible AND ties <> '{{0,0,0,0,0,0}}'
GROUP BY home_id, ties
"""
