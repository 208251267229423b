"""Counts people's months again after moments changed: the one place that holds this SQL.

Triggers on moments append a mark for each (month, area, person) that a statement touched
(connections.interactions.models.DirtyMark). A sweep takes marks away and counts what they point at
from live moments, never by adding to what was counted before. So a sweep that is lost, doubled,
late or killed half-way does no harm: the marks go in the transaction that writes the counts.

Why no moment is missed: a writer commits its moment and its mark together. The statement that
counts begins after the one that took the marks away, so it sees at least every moment whose mark
was taken; what commits later leaves a mark of its own. The advisory lock keeps two sweeps of one
shard from writing an older count over a newer one.
"""

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from connections.interactions.models import SHARDS
from connections.interactions.vocabulary import AtWork, Direction, Tie, YesNoUnsure

__all__ = [
    "DAILY_CAP",
    "MARKS_AT_ONCE",
    "SHARDS",
    "find_miscounts",
    "recount_months",
    "sweep_shard",
]

DAILY_CAP = 5
"""Moments of one person's day that count: the first to arrive, over all areas (a judgement:
docs/method.md, "Cap")."""
MARKS_AT_ONCE = 5_000
"""Most marks taken in one transaction: about a second of work."""
LOCKS = 0x6B696E64
"""Namespace of this job's advisory locks: ("kind", shard)."""

Key = tuple[uuid.UUID, dt.date]


def sweep_shard(shard: int) -> int:
    """Count again what up to MARKS_AT_ONCE of the shard's oldest marks point at; return how many
    marks were taken away. 0 also where another worker sweeps this shard now."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCKS, shard])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_TAKE_MARKS, [shard, MARKS_AT_ONCE])
        marks = cursor.fetchall()
        # The cap of a day crosses areas, so a person's month is counted as a whole.
        for is_answer, count in ((False, _COUNT), (True, _COUNT_ANSWERS)):
            keys = {mark[:2] for mark in marks if mark[2] is is_answer}
            if keys:
                _count(cursor, keys, count)
        return len(marks)


def recount_months(*, first_on: dt.date, last_on: dt.date) -> int:
    """Count everybody's months from `first_on` to `last_on` from scratch; return how many people's
    months that were. For repair after a restore: sweeps wait until it is done."""
    with transaction.atomic(), connection.cursor() as cursor:
        for shard in range(SHARDS):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCKS, shard])
        found = 0
        for find, count in ((_FIND_KEYS, _COUNT), (_FIND_ANSWER_KEYS, _COUNT_ANSWERS)):
            cursor.execute(find, {"first": first_on, "last": last_on})
            keys: list[Key] = cursor.fetchall()
            for start in range(0, len(keys), MARKS_AT_ONCE):
                _count(cursor, keys[start : start + MARKS_AT_ONCE], count)
            found += len(keys)
        return found


def find_miscounts(
    *, first_on: dt.date = dt.date.min, last_on: dt.date = dt.date.max
) -> list[tuple[Any, ...]]:
    """Return the rows in which the stored months and a count from scratch differ: (side, person,
    area, month, …), of the months from `first_on` to `last_on`. Empty whenever no mark is waiting;
    it reads all moments of these months: not for a page."""
    asked: dict[str, Any] = {"first": first_on, "last": last_on, "zone": settings.TIME_ZONE}
    with connection.cursor() as cursor:
        miscounts: list[tuple[Any, ...]] = []
        for find in (_FIND_MISCOUNTS, _FIND_MISCOUNTED_ANSWERS):
            cursor.execute(find, asked)
            miscounts += cursor.fetchall()
        return miscounts


def _count(cursor: Any, keys: Collection[Key], count: str) -> None:
    people, months = zip(*keys, strict=True)
    cursor.execute(
        count,
        {
            "people": [str(person) for person in people],
            "months": list(months),
            "zone": settings.TIME_ZONE,
        },
    )


_TAKE_MARKS = """
DELETE FROM interactions_dirtymark
WHERE id = ANY (ARRAY(
    SELECT id FROM interactions_dirtymark WHERE shard = %s ORDER BY id LIMIT %s
))
RETURNING contributor_id, month_on, is_answer
"""

_FIND_KEYS = """
SELECT contributor_id, month_on FROM interactions_interaction
WHERE month_on BETWEEN %(first)s AND %(last)s
UNION
SELECT contributor_id, month_on FROM indicators_contributormonth
WHERE month_on BETWEEN %(first)s AND %(last)s
"""

_FIND_ANSWER_KEYS = """
SELECT contributor_id, prompt_id FROM interactions_promptanswer
WHERE prompt_id BETWEEN %(first)s AND %(last)s
UNION
SELECT contributor_id, month_on FROM interactions_difficulty
WHERE month_on BETWEEN %(first)s AND %(last)s
UNION
SELECT contributor_id, month_on FROM indicators_answermonth
WHERE month_on BETWEEN %(first)s AND %(last)s
"""

_COLUMNS = (
    "logs, gave, received, noticed, different, different_answered, beyond, beyond_answered, "
    "in_role, at_place, ties, seen_on, last_on"
)
_TIES = ", ".join(
    f"count(*) FILTER (WHERE direction <> '{Direction.NOTICED}' AND tie = '{tie}')" for tie in Tie
)
# `ranked` numbers the moments of each person's day in the order of their arrival.
_COUNTED = f"""
SELECT contributor_id, area_id, month_on,
       count(*) AS logs,
       count(*) FILTER (WHERE direction = '{Direction.GAVE}') AS gave,
       count(*) FILTER (WHERE direction = '{Direction.RECEIVED}') AS received,
       count(*) FILTER (WHERE direction = '{Direction.NOTICED}') AS noticed,
       count(*) FILTER (WHERE is_different = '{YesNoUnsure.YES}') AS different,
       count(*) FILTER (WHERE is_different IN ('{YesNoUnsure.YES}', '{YesNoUnsure.NO}'))
           AS different_answered,
       count(*) FILTER (WHERE is_beyond) AS beyond,
       count(*) FILTER (WHERE is_beyond OR is_organised) AS beyond_answered,
       count(*) FILTER (WHERE is_in_role) AS in_role,
       count(*) FILTER (WHERE place_id IS NOT NULL) AS at_place,
       ARRAY[{_TIES}] AS ties,
       array_agg(DISTINCT (created_at AT TIME ZONE %(zone)s)::date) AS seen_on,
       max(occurred_on) AS last_on
FROM (
    SELECT *, NOT is_organised AND through_organisation IS NOT DISTINCT FROM '{YesNoUnsure.NO}'
              AS is_beyond
    FROM (
        SELECT *, coalesce(at_work, '') IN ('{AtWork.YES}', '{AtWork.MORE}') AS is_in_role,
               (through_organisation IS NOT DISTINCT FROM '{YesNoUnsure.YES}'
                OR coalesce(at_work, '') IN ('{AtWork.YES}', '{AtWork.MORE}')) AS is_organised
        FROM ranked WHERE nth <= {DAILY_CAP}
    ) AS capped
) AS routed
GROUP BY contributor_id, area_id, month_on
"""  # noqa: S608 (constants only)
_RANK = (
    "row_number() OVER (PARTITION BY moment.contributor_id, moment.occurred_on"
    " ORDER BY moment.created_at, moment.id) AS nth"
)

# The keys come as arrays so that the planner knows how many there are and reads by index.
_COUNT = f"""
WITH keys AS MATERIALIZED (
    SELECT * FROM unnest(%(people)s::uuid[], %(months)s::date[]) AS key (contributor_id, month_on)
),
ranked AS (
    SELECT moment.*, {_RANK}
    FROM keys CROSS JOIN LATERAL (
        SELECT * FROM interactions_interaction AS moment
        WHERE moment.contributor_id = keys.contributor_id AND moment.month_on = keys.month_on
        OFFSET 0
    ) AS moment
),
counted AS MATERIALIZED ({_COUNTED}),
written AS (
    INSERT INTO indicators_contributormonth AS stored
        (contributor_id, area_id, month_on, {_COLUMNS})
    SELECT contributor_id, area_id, month_on, {_COLUMNS} FROM counted
    ON CONFLICT (contributor_id, month_on, area_id) DO UPDATE
    SET ({_COLUMNS}) = ROW (excluded.{_COLUMNS.replace(", ", ", excluded.")})
    WHERE (stored.{_COLUMNS.replace(", ", ", stored.")})
          IS DISTINCT FROM (excluded.{_COLUMNS.replace(", ", ", excluded.")})
)
DELETE FROM indicators_contributormonth AS stored
USING keys
WHERE stored.contributor_id = keys.contributor_id AND stored.month_on = keys.month_on
  AND NOT EXISTS (
      SELECT FROM counted
      WHERE counted.contributor_id = stored.contributor_id
        AND counted.month_on = stored.month_on AND counted.area_id = stored.area_id
  )
"""  # noqa: S608 (constants only)

_FIND_MISCOUNTS = f"""
WITH ranked AS (
    SELECT moment.*, {_RANK} FROM interactions_interaction AS moment
    WHERE month_on BETWEEN %(first)s AND %(last)s
),
counted AS MATERIALIZED ({_COUNTED}),
stored AS (
    SELECT contributor_id, area_id, month_on, {_COLUMNS} FROM indicators_contributormonth
    WHERE month_on BETWEEN %(first)s AND %(last)s
)
SELECT 'stored', extra.* FROM (TABLE stored EXCEPT TABLE counted) AS extra
UNION ALL
SELECT 'counted', missing.* FROM (TABLE counted EXCEPT TABLE stored) AS missing
"""  # noqa: S608 (constants only)

# Answers to the ordinary day that came in time, and difficulties, which count though no act
# happened.
_ANSWER_COLUMNS = "area_id, answered_on, gave, received, noticed, rely, kind, was_hard, reasons"
_ANSWERED = """
SELECT coalesce(answer.contributor_id, hard.contributor_id) AS contributor_id,
       coalesce(answer.month_on, hard.month_on) AS month_on,
       coalesce(answer.area_id, hard.area_id) AS area_id, answered_on,
       coalesce(gave, 0) AS gave, coalesce(received, 0) AS received,
       coalesce(noticed, 0) AS noticed, rely, kind,
       CASE WHEN hard.contributor_id IS NOT NULL OR cardinality(hard_reasons) > 0 THEN TRUE
            ELSE was_hard END AS was_hard,
       ARRAY(SELECT DISTINCT unnest(coalesce(hard_reasons, '{}') || coalesce(reasons, '{}'))
             ORDER BY 1)::varchar(16)[] AS reasons
FROM answer FULL JOIN hard
    ON hard.contributor_id = answer.contributor_id AND hard.month_on = answer.month_on
"""
_ANSWER = """
SELECT a.contributor_id, a.prompt_id AS month_on, a.area_id,
       (a.created_at AT TIME ZONE %(zone)s)::date AS answered_on,
       a.gave, a.received, a.noticed, a.rely, a.kind, a.was_hard, a.hard_reasons
FROM interactions_promptanswer a
"""
_HARD = """
SELECT d.contributor_id, d.month_on,
       (array_agg(d.area_id ORDER BY d.created_at DESC, d.id))[1] AS area_id,
       array_remove(array_agg(DISTINCT reason), NULL) AS reasons
FROM interactions_difficulty d
"""
_COUNT_ANSWERS = f"""
WITH keys AS MATERIALIZED (
    SELECT * FROM unnest(%(people)s::uuid[], %(months)s::date[]) AS key (contributor_id, month_on)
),
answer AS (
    {_ANSWER} JOIN keys ON keys.contributor_id = a.contributor_id AND keys.month_on = a.prompt_id
    WHERE a.is_in_window
),
hard AS (
    {_HARD} JOIN keys ON keys.contributor_id = d.contributor_id AND keys.month_on = d.month_on
    LEFT JOIN LATERAL unnest(d.reasons) AS reason ON TRUE
    GROUP BY d.contributor_id, d.month_on
),
counted AS MATERIALIZED ({_ANSWERED}),
written AS (
    INSERT INTO indicators_answermonth AS stored (contributor_id, month_on, {_ANSWER_COLUMNS})
    SELECT contributor_id, month_on, {_ANSWER_COLUMNS} FROM counted
    ON CONFLICT (contributor_id, month_on) DO UPDATE
    SET ({_ANSWER_COLUMNS}) = ROW (excluded.{_ANSWER_COLUMNS.replace(", ", ", excluded.")})
)
DELETE FROM indicators_answermonth AS stored
USING keys
WHERE stored.contributor_id = keys.contributor_id AND stored.month_on = keys.month_on
  AND NOT EXISTS (
      SELECT FROM counted
      WHERE counted.contributor_id = stored.contributor_id AND counted.month_on = stored.month_on
  )
"""  # noqa: S608 (constants only)

_FIND_MISCOUNTED_ANSWERS = f"""
WITH answer AS (
    {_ANSWER} WHERE a.is_in_window AND a.prompt_id BETWEEN %(first)s AND %(last)s
),
hard AS (
    {_HARD} LEFT JOIN LATERAL unnest(d.reasons) AS reason ON TRUE
    WHERE d.month_on BETWEEN %(first)s AND %(last)s
    GROUP BY d.contributor_id, d.month_on
),
counted AS MATERIALIZED (SELECT contributor_id, month_on, {_ANSWER_COLUMNS} FROM ({_ANSWERED}) c),
stored AS (
    SELECT contributor_id, month_on, {_ANSWER_COLUMNS} FROM indicators_answermonth
    WHERE month_on BETWEEN %(first)s AND %(last)s
)
SELECT 'stored', extra.* FROM (TABLE stored EXCEPT TABLE counted) AS extra
UNION ALL
SELECT 'counted', missing.* FROM (TABLE counted EXCEPT TABLE stored) AS missing
"""  # noqa: S608 (constants only)
