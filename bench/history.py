"""A country with a history of moments that grows, for what is measured on tens of millions of rows.

6,976 zones in 1,279 neighbourhoods in 32 councils, 400,000 people who add 2.08 moments a month each
(50 million are 60 months), most of them at home, some people far oftener than others, written in
the order of their days as they arrive. The last quarter also has the ordinary day's questions and
answers, difficulties, homes, communities' own questions, networks and befriending. People's months
are counted as the sweep counts them. What is there already is kept and grown, so that one run can
measure at several sizes; all in the database that only benchmarks use.
"""

import datetime as dt
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from django.conf import settings
from django.db import connection

from connections.befriending.models import (
    Ending,
    Match,
    Participant,
    Referral,
    ScaleAnswer,
    Service,
    Volunteer,
)
from connections.indicators import quarters, sweep
from connections.interactions.models import Measure
from connections.interactions.vocabulary import HardReason
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.models import Organisation
from places.models import Area, Geography, Place, Welcome

ZONES, NEIGHBOURHOODS, COUNCILS, PLACES = 6_976, 1_279, 32, 20_000
POSTCODES_EACH = 23
PEOPLE, PER_MONTH = 400_000, 50_000_000 / 400_000 / 60
"""People, and moments of each in a month, on average."""
QUARTER = dt.date(2025, 10, 1)
"""The last quarter of a year, which tells of everything; a history ends with it."""
SMALL = 1_000_000
"""Below so many moments indexes stay while rows are written."""


class History:
    """The history in the benchmarks' database: `people` of them, `months` in the end, in a country
    of so many `zones` with neighbourhoods, councils and places to match."""

    def __init__(self, *, people: int = PEOPLE, moments: int, zones: int = ZONES) -> None:
        self.people = people
        self.months = max(3, round(moments / people / PER_MONTH))
        councils = max(2, COUNCILS * zones // ZONES)
        # The country is the first area, then come the councils, the neighbourhoods and the zones,
        # numbered without a gap.
        self.sizes = {
            "people": people,
            "zones": zones,
            "neighbourhoods": max(councils, NEIGHBOURHOODS * zones // ZONES),
            "councils": councils,
            "places": max(10, PLACES * zones // ZONES),
            "first_neighbourhood": 2 + councils,
        }

    def month_on(self, number: int) -> dt.date:
        """The first day of the month of that number, counted from 0."""
        index = 12 * QUARTER.year + QUARTER.month + 1 - (self.months - 1 - number)
        return dt.date(index // 12, index % 12 + 1, 1)

    def grow(self, moments: int) -> tuple[int, dt.date]:
        """Make the history at least so many moments long; return how many months it has now, and
        the last of them. One that was made with other numbers is made anew."""
        wanted = min(self.months, max(3, round(moments / self.people / PER_MONTH)))
        begun = self._begun()
        if begun is None or begun > wanted:
            self._begin()
            begun = 0
        if begun < wanted:
            self._add_months(begun, wanted)
        return wanted, self.month_on(wanted - 1)

    def _made(self, months: int) -> str:
        zones = self.sizes["zones"]
        return f"history of {self.people} in {zones} zones and {self.months} months: {months}"

    def _begun(self) -> int | None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS bench_country (made text)")
            cursor.execute("SELECT made FROM bench_country")
            found = cursor.fetchall()
        made = str(found[0][0]) if len(found) == 1 else ""
        start, _, months = made.rpartition(" ")
        return int(months) if f"{start} " == self._made(0)[:-1] else None

    def _keep(self, months: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE bench_country")
            cursor.execute("INSERT INTO bench_country VALUES (%s)", [self._made(months)])

    def _begin(self) -> None:
        say("Making the country …")
        with connection.cursor() as cursor:
            cursor.execute(
                "TRUNCATE bench_country, places_geography, places_place, accounts_contributor,"
                " accounts_organisation, interactions_prompt, interactions_dirtymark,"
                " indicators_contributormonth, indicators_answermonth, indicators_quarter"
                " RESTART IDENTITY CASCADE"
            )
            geography = Geography.objects.create(slug="bench", name="Bench", is_current=True)
            cursor.execute(_AREAS, {"geography": geography.pk, **self.sizes})
            cursor.execute(_PLACES, {"checked": QUARTER, **self.sizes})
            cursor.execute(
                _PEOPLE,
                {"first": self.month_on(0), "quarter": QUARTER, **self.sizes},
            )
        Welcome.objects.bulk_create(
            (
                Welcome(place_id=place, attribute="step_free", value="yes" if place % 4 else "no")
                for place in Place.objects.values_list("pk", flat=True)
                if place % 3
            ),
            batch_size=2_000,
        )

    def _add_months(self, first: int, end: int) -> None:
        rows = round(self.people * PER_MONTH)
        is_large = rows * (end - first) > SMALL
        with connection.cursor() as cursor:
            cursor.execute("SET work_mem = '256MB'; SET maintenance_work_mem = '1GB'")
            with without_indexes("interactions_interaction", is_large=is_large):
                # Without triggers, as a history that was counted long ago.
                cursor.execute("ALTER TABLE interactions_interaction DISABLE TRIGGER USER")
                for number in range(first, end):
                    begun = perf_counter()
                    self._add_moments(cursor, self.month_on(number), rows)
                    say(f"{self.month_on(number):%Y-%m}: {perf_counter() - begun:.0f} s")
                cursor.execute("ALTER TABLE interactions_interaction ENABLE TRIGGER USER")
            say("Vacuum …")
            cursor.execute("VACUUM (ANALYZE) interactions_interaction")
            with without_indexes("indicators_contributormonth", is_large=is_large):
                for month_on in (self.month_on(number) for number in range(first, end)):
                    begun = perf_counter()
                    cursor.execute(_COUNT_MONTH, {"month": month_on, "zone": settings.TIME_ZONE})
                    say(f"counted {month_on:%Y-%m}: {perf_counter() - begun:.0f} s")
            cursor.execute("VACUUM (ANALYZE) indicators_contributormonth")
            cursor.execute("RESET work_mem; RESET maintenance_work_mem")
        settle()
        self._keep(end)

    def _add_moments(
        self, cursor: object, month_on: dt.date, rows: int, day: dt.date | None = None
    ) -> None:
        after = quarters.next_month(month_on)
        cursor.execute(  # type: ignore[attr-defined]
            _MOMENTS,
            {
                "rows": rows,
                "month": month_on,
                "first": day or month_on,
                "days": 1 if day else (after - month_on).days,
                **self.sizes,
            },
        )

    def add_day(self, month_on: dt.date) -> int:
        """Add a day's moments at the month's end, the triggers marking them; return the marks."""
        day = quarters.next_month(month_on) - dt.timedelta(days=1)
        rows = max(20, round(self.people * PER_MONTH / 30.4))
        with connection.cursor() as cursor:
            self._add_moments(cursor, month_on, rows, day)
            cursor.execute("ANALYZE interactions_dirtymark")
            cursor.execute("SELECT count(*) FROM interactions_dirtymark")
            return int(cursor.fetchone()[0])

    def add_quarter(self) -> None:
        """Add what people answered in the last quarter, their homes, and befriending; once."""
        if Measure.objects.exists():
            return
        say("Adding what people answered in the quarter …")
        self._add_answers()
        say("Counting it …")
        for shard in range(sweep.SHARDS):
            while sweep.sweep_shard(shard):
                pass
        say("Adding befriending …")
        add_befriending(max(32, self.people * 3 // 40))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    def _add_answers(self) -> None:
        organisation = Organisation.objects.create(name="Bench")
        reasons = [reason.value for reason in HardReason]
        with connection.cursor() as cursor:
            for month in range(3):
                month_on = dt.date(QUARTER.year, QUARTER.month + month, 1)
                cursor.execute(_ANSWERS, {"month": month_on, "reasons": reasons, **self.sizes})
            cursor.execute(_HOMES, self.sizes)
            areas = list(Area.objects.filter(level="council").order_by("pk"))
            areas += Area.objects.filter(level="intermediate").order_by("pk")[::12]
            Measure.objects.bulk_create(
                Measure(
                    area=area,
                    number=1,
                    question=f"What {area.name} asks",
                    scale=Measure.Scale.values[n % 2],
                    proposed_by=organisation,
                    author="Bench",
                    state=Measure.State.OPEN,
                    opened_on=QUARTER - dt.timedelta(days=90),
                )
                for n, area in enumerate(areas)
            )
            cursor.execute(_MEASURED, {"quarter": QUARTER, **self.sizes})
            cursor.execute(_NETWORKS, {"quarter": QUARTER})


def settle() -> None:
    """Let what was made ready lie on the disk before the clock starts, as what was made long ago
    does; the tests' servers, whose figures nobody reads, do not let their owner ask for it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_has_role('pg_checkpoint', 'USAGE')")
        if cursor.fetchone()[0]:
            cursor.execute("CHECKPOINT")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def without_indexes(table: str, *, is_large: bool) -> Iterator[None]:
    """Take a table's keys and indexes away while very many rows are written, and make the same ones
    again: millions of rows one by one into indexes in no order take hours."""
    if not is_large:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(_KEYS, {"table": table})
        keys = cursor.fetchall()
        cursor.execute(_INDEXES, {"table": table})
        indexes = cursor.fetchall()
        for owner, name, _ in reversed(keys):
            cursor.execute(f"ALTER TABLE {owner} DROP CONSTRAINT {name}")
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        try:
            yield
        finally:
            begun = perf_counter()
            for owner, name, definition in (key for key in keys if "FOREIGN" not in key[2]):
                cursor.execute(f"ALTER TABLE {owner} ADD CONSTRAINT {name} {definition}")
            for _, definition in indexes:
                cursor.execute(definition)
            for owner, name, definition in (key for key in keys if "FOREIGN" in key[2]):
                cursor.execute(f"ALTER TABLE {owner} ADD CONSTRAINT {name} {definition}")
            say(f"Indexes of {table}: {perf_counter() - begun:.0f} s")


def add_befriending(people: int) -> None:
    """Referrals of three years up to the quarter's end, two thirds of them paired, in each council
    a service."""
    chance = random.Random(42)
    ends_on = quarters.last_day(QUARTER)
    councils = list(Area.objects.filter(level="council").order_by("pk"))
    organisation = Organisation.objects.get()
    with acting(purpose=Purpose.MIGRATE):
        services = Service.objects.bulk_create(
            Service(organisation=organisation, name=f"Service of {area.name}") for area in councils
        )
        volunteers = Volunteer.objects.bulk_create(
            (
                Volunteer(service=services[n % len(services)], name=f"V{n}", applied_on=ends_on)
                for n in range(len(services))
            ),
        )
        participants = Participant.objects.bulk_create(
            (Participant(service=services[n % len(services)], name=f"P{n}") for n in range(people)),
            batch_size=2_000,
        )
        referrals, matches, endings = [], [], []
        for n, participant in enumerate(participants):
            received_on = ends_on - dt.timedelta(days=chance.randrange(1_095))
            is_paired = chance.random() < 0.66
            met_on = received_on + dt.timedelta(days=chance.randrange(5, 200))
            has_left = not is_paired and chance.random() < 0.3
            referral = Referral(
                service=services[n % len(services)],
                participant=participant,
                area=councils[n % len(services)],
                source="self",
                has_consented=chance.random() < 0.9,
                received_on=received_on,
                state="withdrawn" if has_left else "matched" if is_paired else "waiting",
                closed_on=min(ends_on, received_on + dt.timedelta(days=60)) if has_left else None,
            )
            referrals.append(referral)
            if not is_paired or met_on > ends_on:
                continue
            ended_on = met_on + dt.timedelta(days=chance.randrange(20, 900))
            is_over = ended_on <= ends_on
            stamp = dt.datetime.combine(met_on, dt.time(12), dt.UTC)
            match = Match(
                service=services[n % len(services)],
                referral=referral,
                participant=participant,
                volunteer=volunteers[n % len(services)],
                state="ended" if is_over else "active",
                participant_consented_at=stamp,
                volunteer_consented_at=stamp,
                first_met_on=met_on,
                ended_on=ended_on if is_over else None,
            )
            matches.append(match)
            if is_over:
                is_planned = chance.random() < 0.4
                reason = "planned" if is_planned else chance.choice(["moved", "died", "health"])
                endings.append(Ending(match=match, is_planned=is_planned, reason=reason))
        # Half of them told how lonely they were, then and a year later.
        answers = [
            ScaleAnswer(
                participant=participant,
                scale="ucla3",
                answers=[chance.randint(1, 3) for _ in range(3)],
                answered_on=dt.date(ends_on.year - again, 6, 1),
                consented_on=dt.date(ends_on.year - again, 6, 1),
            )
            for participant in participants[::2]
            for again in (1, 0)
        ]
        ScaleAnswer.objects.bulk_create(answers, batch_size=2_000)
        Referral.objects.bulk_create(referrals, batch_size=2_000)
        Match.objects.bulk_create(matches, batch_size=2_000)
        Ending.objects.bulk_create(endings, batch_size=2_000)


# Keys first, what leans on them after.
_KEYS = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
FROM pg_constraint
WHERE contype IN ('p', 'u') AND conrelid = %(table)s::regclass
   OR contype = 'f' AND %(table)s::regclass IN (conrelid, confrelid)
ORDER BY contype <> 'p', contype = 'f', conname
"""
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = %(table)s::regclass
  AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = indexrelid AND contype <> 'f')
"""

# Towns on a grid of squares: a zone is half a kilometre wide, its postcodes lie in it.
_AREAS = f"""
SELECT setseed(0.4);
CREATE TEMPORARY TABLE plan AS
    SELECT 'S92' AS code, 'country' AS level, NULL::text AS above, 0 AS n
    UNION ALL SELECT 'C' || n, 'council', 'S92', n FROM generate_series(0, %(councils)s - 1) n
    UNION ALL SELECT 'N' || n, 'intermediate', 'C' || n %% %(councils)s, n
        FROM generate_series(0, %(neighbourhoods)s - 1) n
    UNION ALL SELECT 'Z' || n, 'zone', 'N' || n %% %(neighbourhoods)s, n
        FROM generate_series(0, %(zones)s - 1) n;
INSERT INTO places_area (geography_id, code, name, level, geometry, point, is_mended,
                         population, adults)
SELECT %(geography)s, code, code, level, ST_Multi(ST_Expand(at, 0.002)), at, FALSE,
       CASE level WHEN 'zone' THEN 500 + (n * 7919) %% 700 END,
       CASE level WHEN 'zone' THEN 400 + (n * 7919) %% 600 END
FROM (SELECT *, ST_SetSRID(ST_MakePoint(
          -4.5 + 0.008 * ((n / 40) %% 200), 55.6 + 0.005 * (n %% 200)), 4326) AS at FROM plan) plan
ORDER BY array_position(ARRAY['country', 'council', 'intermediate', 'zone'], level), n;
UPDATE places_area a SET parent_id = up.id
FROM plan JOIN places_area up ON up.code = plan.above WHERE a.code = plan.code;
DROP TABLE plan;
WITH RECURSIVE tree AS (
    SELECT id AS area_id, id AS ancestor_id, 0 AS depth FROM places_area
    UNION ALL
    SELECT t.area_id, a.parent_id, t.depth + 1 FROM tree t JOIN places_area a
        ON a.id = t.ancestor_id WHERE a.parent_id IS NOT NULL
)
INSERT INTO places_areaancestor (area_id, ancestor_id, depth) SELECT * FROM tree;
INSERT INTO places_postcode (code, point, area_id, is_large_user)
SELECT a.id || '-' || n, ST_Translate(a.point, 0.006 * random(), 0.004 * random()), a.id, FALSE
FROM places_area a, generate_series(1, {POSTCODES_EACH}) n WHERE a.level = 'zone';
"""
# About 700 ways to write opening hours, and a third of the places with none.
_PLACES = """
INSERT INTO places_place (code, name, kind, point, address, postcode, description, website,
    telephone, opening_hours, weekly_hours, cost_to_stay, is_booking_needed, state, source,
    source_ref, confirmed_at, revision, created_at, updated_at)
SELECT 'p' || n, 'Place', (ARRAY['cafe', 'park', 'library', 'pub', 'bench'])[1 + n %% 5],
       ST_SetSRID(ST_MakePoint(-4.5 + 0.28 * random(), 55.6 + random()), 4326),
       '', '', '', '', '',
       CASE WHEN n %% 3 = 0 THEN ''
            ELSE format('Mo-Fr 0%%s:%%s-%%s:00; Sa 10:00-%%s:%%s', 7 + n %% 3, 15 + n / 7 %% 3 * 15,
                        15 + n %% 8, 13 + n / 11 %% 10, 10 + n %% 10 * 5) END,
       5 + 70 * random(),
       (ARRAY['free', 'nobody_minds', 'small_purchase', 'unknown'])[1 + n %% 4], FALSE,
       'verified', '', '', %(checked)s::date - (n %% 400), 1, now(), now()
FROM generate_series(1, %(places)s) n;
"""
# One in twenty first came in the last quarter.
_PEOPLE = """
INSERT INTO accounts_contributor (id, is_blocked, created_at)
SELECT md5('person ' || n)::uuid, n %% 100 = 7,
       CASE WHEN n %% 20 = 3 THEN %(quarter)s::date + random() * interval '91 days'
            ELSE %(first)s::date - random() * interval '1 year' END
FROM generate_series(1, %(people)s) n
"""
_HOME = "(%(first_neighbourhood)s + (who * 191) %% %(neighbourhoods)s)"

# One in fifty people adds a tenth of all moments. Seven in ten happen at home, four in ten at a
# place of the register; optional questions are skipped by some.
_MOMENTS = """
INSERT INTO interactions_interaction (id, contributor_id, area_id, place_id, occurred_on, month_on,
    created_at, updated_at, revision, body_sha256, direction, kind, tie, is_different, at_work,
    through_organisation, hard_reasons, part_of_day, setting)
SELECT gen_random_uuid(), md5('person ' || who)::uuid,
       %(first_neighbourhood)s + (who * 191 + CASE WHEN a < 0.7 THEN 0 ELSE 1 + (10 * a)::int END)
           %% %(neighbourhoods)s,
       CASE WHEN b < 0.4 THEN 1 + (c * (%(places)s - 1))::int END,
       day, %(month)s, came, came, 1, decode(repeat('5a', 32), 'hex'),
       CASE WHEN d < 0.45 THEN 'gave' WHEN d < 0.8 THEN 'received' ELSE 'noticed' END,
       (ARRAY['hello', 'chat', 'help', 'food', 'checking_in', 'lent', 'company', 'other'])
           [1 + (7 * c)::int],
       CASE WHEN e < 0.7 THEN (ARRAY['neighbour', 'friend_or_family', 'by_sight', 'new', 'at_work',
                                     'group'])[1 + (5 * e / 0.7)::int] END,
       CASE WHEN a < 0.3 THEN 'yes' WHEN a < 0.65 THEN 'no' WHEN a < 0.7 THEN 'unsure' END,
       CASE WHEN c < 0.5 THEN 'no' WHEN c < 0.6 THEN 'yes' WHEN c < 0.63 THEN 'more' END,
       CASE WHEN e < 0.2 THEN 'yes' WHEN e < 0.7 THEN 'no' END,
       '{}', 'afternoon', CASE WHEN b < 0.4 THEN 'place' END
FROM (
    SELECT day, who, a, b, c, d, e,
           -- One in ten is told a day or more after it happened.
           day + interval '8 hours' + 14 * d * interval '1 hour'
               + CASE WHEN e > 0.9 THEN interval '1 day' * (1 + 10 * a)::int
                      ELSE interval '0' END AS came
    FROM (
        SELECT %(first)s::date + ((n - 1) * %(days)s / %(rows)s)::int AS day,
               1 + ((%(people)s - 1) * power(0.02 + 0.98 * random(), 2))::int AS who,
               random() AS a, random() AS b, random() AS c, random() AS d, random() AS e
        FROM generate_series(1::bigint, %(rows)s) n
    ) drawn
) told
"""
_COUNT_MONTH = f"""
WITH ranked AS (
    SELECT moment.*, {sweep._RANK} FROM interactions_interaction AS moment
    WHERE month_on = %(month)s
)
INSERT INTO indicators_contributormonth (contributor_id, area_id, month_on, {sweep._COLUMNS})
SELECT contributor_id, area_id, month_on, {sweep._COLUMNS} FROM ({sweep._COUNTED}) counted
"""

# Two people in five are asked, and something over half of them answer, nearly all in time; one in
# a hundred tells of a difficulty.
_ANSWERS = f"""
INSERT INTO interactions_prompt (month_on, asked_on, drawn_at, asked_at)
VALUES (%(month)s, %(month)s::date + 9, %(month)s, %(month)s::date + 10);
INSERT INTO interactions_promptasked (prompt_id, contributor_id)
SELECT %(month)s, md5('person ' || who)::uuid FROM generate_series(1, %(people)s) who
WHERE who %% 5 < 2;
INSERT INTO interactions_promptanswer (prompt_id, contributor_id, area_id, gave, received, noticed,
    rely, kind, was_hard, hard_reasons, is_in_window, created_at)
SELECT %(month)s, md5('person ' || who)::uuid, {_HOME}, (a * a * 6)::int, (b * b * 5)::int,
       (c * c * 4)::int, CASE WHEN a < 0.9 THEN 1 + (4 * b)::int END,
       CASE WHEN b < 0.9 THEN 1 + (4 * c)::int END, CASE WHEN c < 0.9 THEN d < 0.3 END,
       CASE WHEN d < 0.2 THEN (%(reasons)s::varchar[])[1 + (13 * a)::int:2 + (13 * a)::int]
            ELSE '{{}}' END,
       a < 0.97, %(month)s::date + 10 + d * interval '2 days'
FROM (SELECT who, random() AS a, random() AS b, random() AS c, random() AS d
      FROM generate_series(1, %(people)s) who WHERE who %% 5 < 2 AND random() < 0.55) drawn;
INSERT INTO interactions_difficulty (id, contributor_id, area_id, occurred_on, month_on, created_at,
    updated_at, revision, body_sha256, reasons)
SELECT gen_random_uuid(), md5('person ' || who)::uuid, {_HOME}, %(month)s::date + 4, %(month)s,
       %(month)s::date + 4, %(month)s::date + 4, 1, '\\x00',
       (%(reasons)s::varchar[])[1 + (13 * a)::int:2 + (13 * a)::int]
FROM (SELECT who, random() AS a FROM generate_series(1, %(people)s) who WHERE random() < 0.01) drawn
"""
_HOMES = f"""
INSERT INTO interactions_homearea (contributor_id, area_id, chosen_at)
SELECT md5('person ' || who)::uuid, {_HOME}, now() FROM generate_series(1, %(people)s) who
WHERE who %% 10 < 3
"""
_MEASURED = f"""
INSERT INTO interactions_measureanswer (measure_id, contributor_id, quarter_on, value, answered_at)
SELECT m.id, md5('person ' || who)::uuid, %(quarter)s, 1 + (4 * random())::int,
       %(quarter)s::date + 40
FROM (SELECT who, {_HOME} AS home_id FROM generate_series(1, %(people)s) who
      WHERE who %% 5 < 2 AND random() < 0.5) people
JOIN places_area home ON home.id = people.home_id
JOIN interactions_measure m ON m.area_id IN (home.id, home.parent_id)
"""
_NETWORKS = """
INSERT INTO accounts_networksighting (contributor_id, quarter_on, cluster_hmac, created_at)
SELECT id, %(quarter)s, decode(md5('network ' || (random() * 100000)::int), 'hex'), created_at
FROM accounts_contributor WHERE created_at >= %(quarter)s
"""
