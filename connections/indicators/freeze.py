"""Freezes a quarter: every person's home area, eligibility and counts, fixed once.

One statement reads one source (contributor months; later prompts) and writes all people, in one
REPEATABLE READ transaction, so that nothing which happens meanwhile is half in it.
"""

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from connections.indicators import quarters, rules
from connections.indicators.abuse import JOIN_SPIKE, raise_signs
from connections.indicators.branches import LIFTED
from connections.indicators.eligibility import MIN_AGE_DAYS
from connections.indicators.models import AbuseAlert, Quarter
from connections.indicators.sweep import SHARDS, sweep_shard
from connections.interactions.models import DirtyMark
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.audit import record
from kinder.accounts.models import User
from kinder.accounts.rules import Refused
from places.models import Geography

SPIKE_TIMES = 3
"""Joins above so many times their median raise a warning (method.md, attack 7)."""
SPIKE_FROM = 20
"""Fewer joins raise none: the ups and downs of small numbers (a judgement, below the attack)."""
SPIKE_QUARTERS = 4
"""The median is over so many earlier quarters, and asks for SPIKE_NEEDS of them (a judgement)."""
SPIKE_NEEDS = 3
SWEEPS = 10
"""So often left-over marks are counted before the freeze gives up for now."""


def freeze_quarter(
    *, by: User | Purpose, quarter_on: dt.date, now: dt.datetime | None = None
) -> Quarter:
    """Fix the quarter's people from day 31 after its end on. A frozen quarter stays as it is.

    Raises Refused with the reason: too early, no areas, or moments still being counted (then it
    may be tried again at once).
    """
    rules.check_can_freeze(by, quarter_on=quarter_on, now=now)
    geography = geography_for(quarter_on)
    quarter, _ = Quarter.objects.get_or_create(
        starts_on=quarter_on, defaults={"geography": geography}
    )
    if quarter.frozen_at is not None:
        return quarter
    sweep_left_over(quarter_on)
    try:
        return _freeze(by=by, quarter_on=quarter_on, now=now)
    except OperationalError as error:
        # Held or finished by somebody else since our snapshot.
        frozen = Quarter.objects.filter(pk=quarter_on, frozen_at__isnull=False).first()
        if frozen is None:
            raise Refused(rules.FREEZING) from error
        return frozen


def geography_for(quarter_on: dt.date) -> Geography:
    """Return the vintage that applies from the latest date up to the quarter, else the current."""
    dated = Geography.objects.filter(applies_from_on__lte=quarter_on).order_by("-applies_from_on")
    found = dated.first() or Geography.objects.filter(is_current=True).first()
    if found is None:
        raise Refused(rules.NO_AREAS)
    return found


def sweep_left_over(quarter_on: dt.date) -> None:
    """Count what is marked in the quarter's months, or refuse while others are counting it."""
    for _ in range(SWEEPS):
        if not _marks(quarter_on).exists():
            return
        for shard in range(SHARDS):
            while sweep_shard(shard):
                pass
    raise Refused(rules.MOMENTS_STILL_COUNTED)


def _marks(quarter_on: dt.date) -> QuerySet[DirtyMark]:
    return DirtyMark.objects.filter(
        month_on__gte=quarter_on, month_on__lt=quarters.next_quarter(quarter_on)
    )


def _freeze(*, by: User | Purpose, quarter_on: dt.date, now: dt.datetime | None) -> Quarter:
    is_outermost = not connection.in_atomic_block
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        # Durable: always the outermost but in a test case, whose own transaction has begun.
        if is_outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with acting(purpose=Purpose.RELEASE):
            quarter = Quarter.objects.select_for_update(nowait=True).get(pk=quarter_on)
            if quarter.frozen_at is not None:
                return quarter
            # A mark that is not counted yet, in this snapshot, would be lost for good.
            if _marks(quarter_on).exists():
                raise Refused(rules.MOMENTS_STILL_COUNTED)
            cursor.execute(WHOLE_TABLE)
            cursor.execute(FREEZE, _parameters(quarter))
            frozen = cursor.rowcount
            quarter.frozen_at = now or timezone.now()
            quarter.watermark = watermark_of(quarter_on)
            quarter.save(update_fields=["frozen_at", "watermark"])
            alerts = raise_join_spikes(quarter_on) + raise_signs(quarter_on)
            record("quarter.frozen", quarter, by=by, people=frozen, alerts=alerts)
    return quarter


def _parameters(quarter: Quarter) -> dict[str, Any]:
    return {
        "quarter": quarter.starts_on,
        "ends": quarters.next_quarter(quarter.starts_on),
        "geography": quarter.geography_id,
        "seen_by": quarters.last_day(quarter.starts_on) - dt.timedelta(days=MIN_AGE_DAYS),
        "zone": settings.TIME_ZONE,
    }


def watermark_of(quarter_on: dt.date) -> str:
    """Return the SHA-256 of the quarter's frozen rows in the order of their people.

    Hashed by council first, so that no single string grows with the country.
    """
    with connection.cursor() as cursor:
        cursor.execute(WATERMARK, {"quarter": quarter_on})
        (found,) = cursor.fetchone()
    return str(found)


def raise_join_spikes(quarter_on: dt.date) -> int:
    """Warn of areas where far more people joined than in their recent quarters; return how many.

    Only where at least SPIKE_NEEDS of the last SPIKE_QUARTERS quarters are frozen: before that
    nobody knows what is usual.
    """
    earlier = [quarter_on]
    for _ in range(SPIKE_QUARTERS):
        earlier.append(quarters.previous_quarter(earlier[-1]))
    with connection.cursor() as cursor:
        cursor.execute(
            JOIN_SPIKES,
            {
                "quarter": quarter_on,
                "ends": quarters.next_quarter(quarter_on),
                "earlier": earlier[1:],
                "needs": SPIKE_NEEDS,
                "times": SPIKE_TIMES,
                "from": SPIKE_FROM,
                "zone": settings.TIME_ZONE,
            },
        )
        areas = [area for (area,) in cursor.fetchall()]
    AbuseAlert.objects.bulk_create(
        [AbuseAlert(quarter_id=quarter_on, area_id=area, reason=JOIN_SPIKE) for area in areas],
        ignore_conflicts=True,
    )
    return len(areas)


# The planner cannot know how many people come out of a common table expression, and guesses few: a
# nested loop over all of them took two minutes for 100,000 people, a hash join a second.
WHOLE_TABLE = "SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '64MB'"

# Rows are written council by council, so that a worker reads its council's pages only.
# A person's home is the area they picked, else the one they logged most, seen there on two days
# (ties: the latest), else only the council is known. MIN_DATES is 2, and two different days are a
# first that is before the last. Moments in areas of another vintage follow the official lookup.
FREEZE = f"""
WITH lifted AS MATERIALIZED ({LIFTED}), known AS MATERIALIZED (
    SELECT area_id, home_id, council_id FROM lifted
    UNION ALL
    SELECT l.from_area_id, lifted.home_id, lifted.council_id
    FROM (SELECT from_area_id, min(to_area_id) AS area_id FROM places_arealookup GROUP BY 1) l
    JOIN lifted USING (area_id)
), logged AS MATERIALIZED (
    SELECT m.*, known.home_id, known.council_id, seen.first_on, seen.last_seen_on
    FROM indicators_contributormonth m
    JOIN known USING (area_id)
    CROSS JOIN LATERAL (
        SELECT min(day) AS first_on, max(day) AS last_seen_on FROM unnest(m.seen_on) AS day
        WHERE day >= %(quarter)s AND day < %(ends)s
    ) seen
    WHERE m.month_on >= %(quarter)s AND m.month_on < %(ends)s AND m.logs > 0
), people AS (
    SELECT contributor_id, min(first_on) < max(last_seen_on) AS is_seen_twice,
           sum(logs) AS logs, sum(gave) AS gave, sum(received) AS received,
           sum(noticed) AS noticed,
           sum(different) AS different, sum(different_answered) AS different_answered,
           sum(beyond) AS beyond, sum(beyond_answered) AS beyond_answered,
           sum(at_place) AS at_place,
           ARRAY[sum(ties[1]), sum(ties[2]), sum(ties[3]),
                 sum(ties[4]), sum(ties[5]), sum(ties[6])] AS ties
    FROM logged GROUP BY contributor_id
), candidates AS (
    SELECT h.contributor_id, known.home_id, known.council_id, 0 AS rank, 0 AS logs,
           NULL::date AS last_on
    FROM interactions_homearea h JOIN known USING (area_id)
    UNION ALL
    SELECT contributor_id, home_id, council_id, 1, sum(logs), max(last_on)
    FROM logged GROUP BY contributor_id, home_id, council_id
    HAVING min(first_on) < max(last_seen_on)
    UNION ALL
    SELECT contributor_id, council_id, council_id, 2, sum(logs), max(last_on)
    FROM logged GROUP BY contributor_id, council_id
), homes AS (
    SELECT DISTINCT ON (contributor_id) contributor_id, home_id, council_id
    FROM candidates
    ORDER BY contributor_id, rank, logs DESC, last_on DESC, home_id
)
INSERT INTO indicators_quartercontributor (
    quarter_id, contributor_id, home_id, council_id, is_eligible,
    logs, gave, received, noticed, different, different_answered, beyond, beyond_answered,
    at_place, ties
)
SELECT %(quarter)s, p.contributor_id, homes.home_id, homes.council_id,
       NOT c.is_blocked
           AND (c.created_at AT TIME ZONE %(zone)s)::date <= %(seen_by)s
           AND coalesce(p.is_seen_twice, FALSE),
       p.logs, p.gave, p.received, p.noticed, p.different, p.different_answered,
       p.beyond, p.beyond_answered, p.at_place, p.ties
FROM people p
JOIN accounts_contributor c ON c.id = p.contributor_id
JOIN homes USING (contributor_id)
ORDER BY homes.council_id, homes.home_id, p.contributor_id
"""  # noqa: S608 (constants only)

WATERMARK = """
SELECT encode(sha256(convert_to(coalesce(string_agg(digest, '' ORDER BY council_id), ''),
                                'UTF8')), 'hex')
FROM (
    SELECT council_id, encode(sha256(convert_to(string_agg(concat_ws(
               ',', contributor_id, home_id, is_eligible, logs, gave, received, noticed, different,
               different_answered, beyond, beyond_answered, at_place, ties
           ), ';' ORDER BY contributor_id), 'UTF8')), 'hex') AS digest
    FROM indicators_quartercontributor WHERE quarter_id = %(quarter)s
    GROUP BY council_id
) councils
"""

# A quarter with no joins in the area counts as none, if it was frozen at all.
JOIN_SPIKES = """
WITH frozen AS (
    SELECT starts_on FROM indicators_quarter
    WHERE starts_on = ANY(%(earlier)s::date[]) AND frozen_at IS NOT NULL
), joins AS (
    SELECT q.home_id, q.quarter_id, count(*) AS people
    FROM indicators_quartercontributor q JOIN accounts_contributor c ON c.id = q.contributor_id
    WHERE (q.quarter_id = %(quarter)s OR q.quarter_id IN (SELECT starts_on FROM frozen))
      AND (c.created_at AT TIME ZONE %(zone)s)::date >= q.quarter_id
      AND (c.created_at AT TIME ZONE %(zone)s)::date < q.quarter_id + interval '3 months'
    GROUP BY q.home_id, q.quarter_id
)
SELECT now.home_id
FROM joins now
WHERE now.quarter_id = %(quarter)s AND now.people >= %(from)s
  AND (SELECT count(*) FROM frozen) >= %(needs)s
  AND now.people > %(times)s * (
      SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY coalesce(joins.people, 0))
      FROM frozen LEFT JOIN joins
          ON joins.quarter_id = frozen.starts_on AND joins.home_id = now.home_id
  )
ORDER BY now.home_id
"""
