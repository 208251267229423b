"""Freezes a quarter: every person's home area, eligibility and counts, fixed once.

One statement reads what people did and answered and writes all of them, one the referrals to
befriending, one reads its outcome scales, in one REPEATABLE READ transaction: nothing that happens
meanwhile is half in it.
"""

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from connections.befriending.scales import SCORERS
from connections.indicators import quarters, rules
from connections.indicators.abuse import JOIN_SPIKE, raise_signs
from connections.indicators.branches import LIFTED
from connections.indicators.eligibility import DAY_CAP, MIN_AGE_DAYS
from connections.indicators.models import AbuseAlert, Quarter, QuarterOutcome
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
REFERRAL_DAYS = 1_100
"""Referrals older than this say nothing of any figure: D2 follows the pairings of the year before
for a year, and somebody may have waited a year for theirs."""
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
    # The one in use may apply from a later quarter on only; then one without a date was before it.
    undated = Geography.objects.filter(applies_from_on=None).order_by("-is_current", "id")
    found = dated.first() or undated.first() or Geography.objects.filter(is_current=True).first()
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
            cursor.execute(FREEZE_REFERRALS, _parameters(quarter))
            freeze_outcomes(quarter)
            cursor.execute(ANALYZE)
            quarter.frozen_at = now or timezone.now()
            quarter.watermark = watermark_of(quarter_on)
            quarter.save(update_fields=["frozen_at", "watermark"])
            alerts = raise_join_spikes(quarter_on) + raise_signs(quarter_on)
            record("quarter.frozen", quarter, by=by, people=frozen, alerts=alerts)
    return quarter


def freeze_outcomes(quarter: Quarter) -> None:
    """Write the scores of the year's outcome scales with the year's last quarter: the answers
    themselves stay where they are. Inside the transaction of the freeze."""
    if not quarters.ends_year(quarter.starts_on):
        return
    with connection.cursor() as cursor:
        cursor.execute(OUTCOMES, _parameters(quarter) | {"scales": sorted(SCORERS)})
        rows = cursor.fetchall()
    QuarterOutcome.objects.bulk_create(
        QuarterOutcome(
            quarter=quarter,
            participant_id=participant,
            council_id=council,
            scale=scale,
            first_answer_id=first,
            latest_answer_id=latest,
            first=SCORERS[scale](first_answers).total,
            latest=SCORERS[scale](latest_answers).total if latest_answers else None,
        )
        for participant, council, scale, first, first_answers, latest, latest_answers in rows
    )


def freeze_again(*, by: User | Purpose, quarter: Quarter, now: dt.datetime | None = None) -> None:
    """Write the quarter's people once more beside the first rows, for its revision: live rows as
    they are now, homes as they were. The caller has checked who may, and when."""
    sweep_left_over(quarter.starts_on)
    is_outermost = not connection.in_atomic_block
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        if is_outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with acting(purpose=Purpose.RELEASE):
            locked = Quarter.objects.select_for_update(nowait=True).get(pk=quarter.pk)
            if locked.revision > 1:
                raise Refused(rules.ALREADY_REVISED)
            if _marks(quarter.starts_on).exists():
                raise Refused(rules.MOMENTS_STILL_COUNTED)
            locked.revision = 2
            cursor.execute(WHOLE_TABLE)
            cursor.execute(FREEZE, _parameters(locked))
            frozen = cursor.rowcount
            cursor.execute(ANALYZE)
            locked.revised_at = now or timezone.now()
            locked.save(update_fields=["revision", "revised_at"])
            record("quarter.revised", locked, by=by, people=frozen)


def _parameters(quarter: Quarter) -> dict[str, Any]:
    return {
        "quarter": quarter.starts_on,
        "ends": quarters.next_quarter(quarter.starts_on),
        "geography": quarter.geography_id,
        "seen_by": quarters.last_day(quarter.starts_on) - dt.timedelta(days=MIN_AGE_DAYS),
        "zone": settings.TIME_ZONE,
        "revision": quarter.revision,
        "before": quarters.previous_quarter(quarter.starts_on),
        "history": quarter.starts_on - dt.timedelta(days=REFERRAL_DAYS),
    }


def watermark_of(quarter_on: dt.date, revision: int = 1) -> str:
    """Return the SHA-256 of the quarter's frozen rows in the order of their people.

    Hashed by council first, so that no single string grows with the country.
    """
    with connection.cursor() as cursor:
        cursor.execute(WATERMARK, {"quarter": quarter_on, "revision": revision})
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
# Until somebody counts them the planner takes a new quarter's rows for few, and the sums of each
# council would read the whole country's.
ANALYZE = "ANALYZE indicators_quartercontributor, indicators_quarterreferral"

# Rows are written council by council, so that a worker reads its council's pages only.
# A person's home is the area they picked, else the one they logged most, seen there on two days
# (ties: the latest), else the one they named with their latest answer, else only the council is
# known, and where not even that, the home of the quarter before. A revision leaves homes as they
# were frozen. MIN_DATES is 2, and two different days are a first that is before the last. Moments
# in
# areas of another vintage follow the official lookup.
_DAYS = ", ".join(
    f"sum(least({one}, {DAY_CAP})) FILTER (WHERE answered_on IS NOT NULL) AS day_{one}"
    for one in ("gave", "received", "noticed")
)
_KNOWN = f"""lifted AS MATERIALIZED ({LIFTED}), known AS MATERIALIZED (
    SELECT area_id, home_id, council_id FROM lifted
    UNION ALL
    -- Several vintages may follow one another: only the way to this one counts.
    (SELECT DISTINCT ON (l.from_area_id) l.from_area_id, lifted.home_id, lifted.council_id
     FROM places_arealookup l JOIN lifted ON lifted.area_id = l.to_area_id
     ORDER BY l.from_area_id, l.to_area_id)
)"""  # noqa: S608 (constants only)
FREEZE = f"""
WITH {_KNOWN}, logged AS MATERIALIZED (
    SELECT *, seen[1] AS first_on, seen[2] AS last_seen_on
    FROM (
        -- No lateral join: with nested loops off it would make every plan look equally dear.
        SELECT m.*, known.home_id, known.council_id, (
            SELECT ARRAY[min(day), max(day)] FROM unnest(m.seen_on) AS day
            WHERE day >= %(quarter)s AND day < %(ends)s
        ) AS seen
        FROM indicators_contributormonth m
        JOIN known USING (area_id)
        WHERE m.month_on >= %(quarter)s AND m.month_on < %(ends)s AND m.logs > 0
        OFFSET 0 -- so that each row's days are looked at once
    ) looked_at
), moments AS (
    SELECT contributor_id, min(first_on) AS first_on, max(last_seen_on) AS last_seen_on,
           sum(logs) AS logs, sum(gave) AS gave, sum(received) AS received,
           sum(noticed) AS noticed,
           sum(different) AS different, sum(different_answered) AS different_answered,
           sum(beyond) AS beyond, sum(beyond_answered) AS beyond_answered,
           sum(in_role) AS in_role, sum(at_place) AS at_place,
           ARRAY[sum(ties[1]), sum(ties[2]), sum(ties[3]),
                 sum(ties[4]), sum(ties[5]), sum(ties[6])] AS ties
    FROM logged GROUP BY contributor_id
), months AS MATERIALIZED (
    SELECT * FROM indicators_answermonth WHERE month_on >= %(quarter)s AND month_on < %(ends)s
), answers AS (
    SELECT contributor_id, count(answered_on) AS answered,
           min(answered_on) FILTER (WHERE answered_on < %(ends)s) AS first_on,
           max(answered_on) FILTER (WHERE answered_on < %(ends)s) AS last_seen_on,
           sum(least(gave + received + noticed, {DAY_CAP}))
               FILTER (WHERE answered_on IS NOT NULL) AS day_acts,
           {_DAYS},
           (array_agg(rely ORDER BY month_on DESC) FILTER (WHERE rely IS NOT NULL))[1] AS rely,
           (array_agg(kind ORDER BY month_on DESC) FILTER (WHERE kind IS NOT NULL))[1] AS kind,
           bool_or(was_hard) AS was_hard
    FROM months GROUP BY contributor_id
), hard AS (
    SELECT contributor_id, array_agg(DISTINCT reason ORDER BY reason) AS reasons
    FROM months CROSS JOIN LATERAL unnest(reasons) AS reason GROUP BY contributor_id
), asked AS (
    SELECT contributor_id, count(*) AS asked FROM interactions_promptasked
    WHERE prompt_id >= %(quarter)s AND prompt_id < %(ends)s GROUP BY contributor_id
), measured AS (
    SELECT contributor_id, jsonb_object_agg(measure_id, value) AS measures
    FROM interactions_measureanswer WHERE quarter_on = %(quarter)s GROUP BY contributor_id
), people AS (
    SELECT contributor_id FROM moments
    UNION SELECT contributor_id FROM answers
    UNION SELECT contributor_id FROM asked
    UNION SELECT contributor_id FROM measured
), candidates AS (
    SELECT q.contributor_id, q.home_id, q.council_id, 0 AS rank, 0 AS logs, NULL::date AS last_on
    FROM indicators_quartercontributor q
    WHERE q.quarter_id = %(quarter)s AND q.revision = %(revision)s - 1
    UNION ALL
    SELECT h.contributor_id, known.home_id, known.council_id, 1, 0, NULL
    FROM interactions_homearea h JOIN known USING (area_id)
    UNION ALL
    SELECT contributor_id, home_id, council_id, 2, sum(logs), max(last_on)
    FROM logged GROUP BY contributor_id, home_id, council_id
    HAVING min(first_on) < max(last_seen_on)
    UNION ALL
    SELECT months.contributor_id, known.home_id, known.council_id, 3, 0, max(answered_on)
    FROM months JOIN known USING (area_id) WHERE answered_on IS NOT NULL
    GROUP BY months.contributor_id, known.home_id, known.council_id
    UNION ALL
    SELECT contributor_id, council_id, council_id, 4, sum(logs), max(last_on)
    FROM logged GROUP BY contributor_id, council_id
    UNION ALL
    SELECT q.contributor_id, known.home_id, known.council_id, 5, 0, NULL
    FROM indicators_quartercontributor q JOIN known ON known.area_id = q.home_id
    WHERE q.quarter_id = %(before)s AND q.revision = 1
), homes AS (
    SELECT DISTINCT ON (contributor_id) contributor_id, home_id, council_id
    FROM candidates
    ORDER BY contributor_id, rank, logs DESC, last_on DESC, home_id
), whole AS (
    SELECT homes.home_id, homes.council_id, people.contributor_id,
           NOT c.is_blocked AND (c.created_at AT TIME ZONE %(zone)s)::date <= %(seen_by)s
               AS is_sound,
           least(m.first_on, a.first_on) < greatest(m.last_seen_on, a.last_seen_on)
               AS is_seen_twice,
           m.logs, m.gave, m.received, m.noticed, m.different, m.different_answered, m.beyond,
           m.beyond_answered, m.in_role, m.at_place, m.ties,
           a.answered, a.day_acts, a.day_gave, a.day_received, a.day_noticed, a.rely, a.kind,
           a.was_hard, hard.reasons, asked.asked, measured.measures
    FROM people
    JOIN accounts_contributor c ON c.id = people.contributor_id
    JOIN homes ON homes.contributor_id = people.contributor_id
    LEFT JOIN moments m ON m.contributor_id = people.contributor_id
    LEFT JOIN answers a ON a.contributor_id = people.contributor_id
    LEFT JOIN hard ON hard.contributor_id = people.contributor_id
    LEFT JOIN asked ON asked.contributor_id = people.contributor_id
    LEFT JOIN measured ON measured.contributor_id = people.contributor_id
)
INSERT INTO indicators_quartercontributor (
    quarter_id, revision, contributor_id, home_id, council_id, is_eligible, is_answering,
    logs, gave, received, noticed, different, different_answered, beyond, beyond_answered,
    in_role, at_place, ties, asked, answered, day_acts, day_gave, day_received, day_noticed,
    rely, kind, was_hard, reasons, measures
)
SELECT %(quarter)s, %(revision)s, contributor_id, home_id, council_id,
       is_sound AND coalesce(is_seen_twice, FALSE),
       is_sound AND coalesce(answered, 0) > 0,
       coalesce(logs, 0), coalesce(gave, 0), coalesce(received, 0), coalesce(noticed, 0),
       coalesce(different, 0), coalesce(different_answered, 0), coalesce(beyond, 0),
       coalesce(beyond_answered, 0), coalesce(in_role, 0), coalesce(at_place, 0),
       coalesce(ties, '{{0,0,0,0,0,0}}'),
       -- Whoever answered was asked, though the list of those asked may have missed them.
       greatest(coalesce(asked, 0), coalesce(answered, 0)), coalesce(answered, 0),
       coalesce(day_acts, 0), coalesce(day_gave, 0), coalesce(day_received, 0),
       coalesce(day_noticed, 0), rely, kind, was_hard, reasons, measures
FROM whole
ORDER BY council_id, home_id, contributor_id
"""  # noqa: S608 (constants only)

# Befriending: each participant's referrals with the pairing that first met, as dates. Only those
# who agreed to it count. The pairing's end is known only up to the freeze.
FREEZE_REFERRALS = f"""
WITH {_KNOWN}
INSERT INTO indicators_quarterreferral (
    quarter_id, participant_id, number, council_id, received_on, met_on, left_on, ended_on, ending
)
SELECT %(quarter)s, r.participant_id,
       row_number() OVER (PARTITION BY r.participant_id ORDER BY r.received_on, r.id),
       known.council_id, r.received_on, met.first_met_on,
       CASE WHEN met.first_met_on IS NULL THEN r.closed_on END,
       met.ended_on,
       CASE WHEN met.ended_on IS NULL THEN ''
            WHEN ending.is_planned THEN 'planned'
            WHEN ending.reason IN ('died', 'moved') THEN 'apart'
            ELSE 'unplanned' END
FROM befriending_referral r
JOIN known ON known.area_id = r.area_id
LEFT JOIN LATERAL (
    SELECT m.id, m.first_met_on, m.ended_on FROM befriending_match m
    WHERE m.referral_id = r.id AND m.first_met_on IS NOT NULL
    ORDER BY m.first_met_on, m.id LIMIT 1
) met ON TRUE
LEFT JOIN befriending_ending ending ON ending.match_id = met.id
WHERE r.has_consented AND r.received_on < %(ends)s AND r.received_on >= %(history)s
ORDER BY known.council_id, r.participant_id
"""  # noqa: S608 (constants only)

# Befriending: the first and the latest answers to the same loneliness scale of everybody who first
# answered in the year before, so that each could answer again for a year. With consent, of people
# whose referral agreed to be counted.
OUTCOMES = f"""
WITH {_KNOWN}, answered AS MATERIALIZED (
    SELECT * FROM befriending_scaleanswer
    WHERE scale = ANY(%(scales)s) AND consented_on IS NOT NULL AND answered_on < %(ends)s
), first AS (
    SELECT DISTINCT ON (participant_id) * FROM answered ORDER BY participant_id, answered_on, id
), latest AS (
    SELECT DISTINCT ON (participant_id, scale) * FROM answered
    ORDER BY participant_id, scale, answered_on DESC, id DESC
), lived AS (
    SELECT DISTINCT ON (r.participant_id) r.participant_id, known.council_id
    FROM befriending_referral r JOIN known ON known.area_id = r.area_id
    WHERE r.has_consented
    ORDER BY r.participant_id, r.received_on, r.id
)
SELECT first.participant_id, lived.council_id, first.scale, first.id, first.answers,
       latest.id, latest.answers
FROM first
JOIN lived ON lived.participant_id = first.participant_id
LEFT JOIN latest
    ON latest.participant_id = first.participant_id AND latest.scale = first.scale
   AND latest.answered_on > first.answered_on
WHERE extract(year FROM first.answered_on) = extract(year FROM %(quarter)s::date) - 1
ORDER BY lived.council_id, first.participant_id
"""  # noqa: S608 (constants only)

WATERMARK = """
SELECT encode(sha256(convert_to(coalesce(string_agg(digest, '' ORDER BY place, council_id), ''),
                                'UTF8')), 'hex')
FROM (
    SELECT 1 AS place, council_id, encode(sha256(convert_to(string_agg(concat_ws(
               ',', contributor_id, home_id, is_eligible, is_answering, logs, gave, received,
               noticed, different, different_answered, beyond, beyond_answered, in_role, at_place,
               ties, asked, answered, day_acts, day_gave, day_received, day_noticed,
               coalesce(rely, 0), coalesce(kind, 0), coalesce(was_hard::text, '-'),
               coalesce(reasons::text, '-'), coalesce(measures::text, '-')
           ), ';' ORDER BY contributor_id), 'UTF8')), 'hex') AS digest
    FROM indicators_quartercontributor
    WHERE quarter_id = %(quarter)s AND revision = %(revision)s
    GROUP BY council_id
    UNION ALL
    SELECT 2, council_id, encode(sha256(convert_to(string_agg(concat_ws(
               ',', participant_id, number, received_on, coalesce(met_on::text, '-'),
               coalesce(left_on::text, '-'), coalesce(ended_on::text, '-'), ending
           ), ';' ORDER BY participant_id, number), 'UTF8')), 'hex')
    FROM indicators_quarterreferral WHERE quarter_id = %(quarter)s
    GROUP BY council_id
    UNION ALL
    SELECT 3, council_id, encode(sha256(convert_to(string_agg(concat_ws(
               ',', participant_id, scale, coalesce(first::text, '-'), coalesce(latest::text, '-')
           ), ';' ORDER BY participant_id), 'UTF8')), 'hex')
    FROM indicators_quarteroutcome WHERE quarter_id = %(quarter)s
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
      AND q.revision = 1
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
