"""A quarter's release for a country: 7,000 areas, 400,000 people, about a million person-months,
158,000 postcodes and 20,000 places, from the freeze to the gated figures, in one process.

Prints one JSON object a line; exits 1 where a bar is not met. The baseline is a plain SQL aggregate
of the same frozen rows into one row an area. `--people N` makes it smaller; `--explain` also
prints the plans of the freeze and of the sums.
"""

import argparse
import datetime as dt
import json
import resource
import sys
from time import perf_counter

import django

django.setup()

from django.db import connection  # noqa: E402

from connections.indicators import components, freeze, publish, release  # noqa: E402
from connections.indicators.models import Quarter, Release  # noqa: E402
from kinder.accounts.acting import Purpose  # noqa: E402
from places.models import Geography  # noqa: E402

QUARTER = dt.date(2026, 1, 1)
NOW = dt.datetime(2026, 5, 1, 9, tzinfo=dt.UTC)
COUNCILS, NEIGHBOURHOODS, ZONES = 32, 1_279, 6_976
POSTCODES_EACH, PLACES = 23, 20_000
SEED = 0.4

# Towns on a grid of squares: a zone is half a kilometre wide, its postcodes lie in it.
AREAS = f"""
SELECT setseed({SEED});
CREATE TEMPORARY TABLE plan AS
    SELECT 'S92' AS code, 'country' AS level, NULL::text AS above, 0 AS n
    UNION ALL SELECT 'C' || n, 'council', 'S92', n FROM generate_series(0, {COUNCILS - 1}) n
    UNION ALL SELECT 'N' || n, 'intermediate', 'C' || n %% {COUNCILS}, n
        FROM generate_series(0, {NEIGHBOURHOODS - 1}) n
    UNION ALL SELECT 'Z' || n, 'zone', 'N' || n %% {NEIGHBOURHOODS}, n
        FROM generate_series(0, {ZONES - 1}) n;
INSERT INTO places_area (geography_id, code, name, level, geometry, point, is_mended,
                         population, adults)
SELECT %(geography)s, code, code, level, ST_Multi(ST_Expand(at, 0.002)), at, FALSE,
       CASE level WHEN 'zone' THEN 500 + (n * 7919) %% 700 END,
       CASE level WHEN 'zone' THEN 400 + (n * 7919) %% 600 END
FROM (SELECT *, ST_SetSRID(ST_MakePoint(
          -4.5 + 0.008 * ((n / 40) %% 200), 55.6 + 0.005 * (n %% 200)), 4326) AS at FROM plan) plan;
UPDATE places_area a SET parent_id = up.id
FROM plan JOIN places_area up ON up.code = plan.above WHERE a.code = plan.code;
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
INSERT INTO places_place (code, name, kind, point, address, postcode, description, website,
    telephone, opening_hours, weekly_hours, cost_to_stay, is_booking_needed, state, source,
    source_ref, confirmed_at, revision, created_at, updated_at)
SELECT 'p' || n, 'Place', (ARRAY['cafe', 'park', 'library', 'pub', 'bench'])[1 + n %% 5],
       ST_SetSRID(ST_MakePoint(-4.5 + 0.28 * random(), 55.6 + random()), 4326),
       '', '', '', '', '', '', 5 + 70 * random(),
       (ARRAY['free', 'nobody_minds', 'small_purchase', 'unknown'])[1 + n %% 4], FALSE,
       'verified', '', '', '2026-02-01', 1, now(), now()
FROM generate_series(1, {PLACES}) n;
"""

# Each person logs in one to three areas of one council, in one to three months.
PEOPLE = """
INSERT INTO accounts_contributor (id, is_blocked, created_at)
SELECT gen_random_uuid(), random() < 0.01, timestamptz '2026-03-25' - random() * interval '2 years'
FROM generate_series(1, %(people)s);
INSERT INTO indicators_contributormonth (contributor_id, area_id, month_on, logs, gave, received,
    noticed, different, different_answered, beyond, beyond_answered, at_place, ties, seen_on,
    last_on)
SELECT c.id, a.id, m.month_on, m.g + m.r + m.o, m.g, m.r, m.o, least(m.d, m.g), m.g,
       least(m.d, m.r), m.r, m.o, ARRAY[m.g, m.r, 0, 0, m.o, 0],
       ARRAY[m.month_on + m.d, m.month_on + 9], m.month_on + 9
FROM (SELECT id, floor(random() * %(zones)s)::int AS home,
             1 + floor(random() * 3)::int AS months FROM accounts_contributor) c
CROSS JOIN LATERAL (
    SELECT (date '2026-01-01' + (k || ' months')::interval)::date AS month_on, area,
           floor(random() * 5)::int AS g, floor(random() * 4)::int AS r,
           1 + floor(random() * 2)::int AS o, floor(random() * 9)::int AS d
    FROM generate_series(0, c.months - 1) k, generate_series(0, c.home %% 2) area
) m
JOIN places_area a ON a.code = CASE WHEN m.area = 0 THEN 'Z' || c.home
                                    ELSE 'N' || (c.home + 32) %% 1279 END;
"""

PLAIN = """
SELECT home_id, count(*), count(*) FILTER (WHERE gave > 0 AND received > 0),
       sum(CASE WHEN gave + received >= 3
           THEN 1 - abs(gave - received)::numeric / (gave + received) END),
       sum((CASE WHEN gave + received >= 3
           THEN 1 - abs(gave - received)::numeric / (gave + received) END) ^ 2),
       sum(100.0 * different / nullif(different_answered, 0)),
       sum((100.0 * different / nullif(different_answered, 0)) ^ 2),
       sum(100.0 * beyond / nullif(beyond_answered, 0)),
       sum((100.0 * beyond / nullif(beyond_answered, 0)) ^ 2),
       max(least(logs, 40)), sum(least(logs, 40))
FROM indicators_quartercontributor WHERE quarter_id = %s AND is_eligible
GROUP BY home_id
"""


def fill(people: int) -> int:
    """Make the country, committed, in a database that this benchmark alone uses."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE places_geography, accounts_contributor,"
                       " indicators_contributormonth, places_place CASCADE")  # fmt: skip
        geography = Geography.objects.create(slug="bench", name="Bench", is_current=True)
        cursor.execute(AREAS, {"geography": geography.pk})
        cursor.execute(PEOPLE, {"people": people, "zones": ZONES})
        cursor.execute("ANALYZE")
        cursor.execute("SELECT count(*) FROM indicators_contributormonth")
        return int(cursor.fetchone()[0])


def seconds(sql: str, parameters: object, rounds: int = 3) -> float:
    best = float("inf")
    for _ in range(rounds):
        with connection.cursor() as cursor:
            start = perf_counter()
            cursor.execute(sql, parameters)
            cursor.fetchall()
            best = min(best, perf_counter() - start)
    return best


def branch(council: int | None) -> dict[str, object]:
    return {"quarter": QUARTER, "revision": 1, "council": council}


def explain(title: str, sql: str, parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(freeze.WHOLE_TABLE)
        if "INSERT" in sql:
            cursor.execute("DELETE FROM indicators_quartercontributor")
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql}", parameters)
        print(title, *(line for (line,) in cursor.fetchall()), sep="\n", file=sys.stderr)
        cursor.execute("ROLLBACK")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=400_000)
    parser.add_argument("--explain", action="store_true")
    options = parser.parse_args()
    months = fill(options.people)

    start = perf_counter()
    quarter = release.freeze_quarter(by=Purpose.RELEASE, quarter_on=QUARTER, now=NOW)
    frozen = perf_counter() - start
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE indicators_quartercontributor")
    start = perf_counter()
    made = release.start_release(by=Purpose.RELEASE, quarter=quarter)
    times: dict[str, float] = {"people": 0.0, "places": 0.0}
    for shard in made.shards.order_by("council_id"):
        begun = perf_counter()
        release.compute_shard(shard.pk)
        times["people" if shard.council_id else "places"] += perf_counter() - begun
    begun = perf_counter()
    release.finish_release(made)
    times["gate"] = perf_counter() - begun
    whole = perf_counter() - start

    # Both in one process: a release is divided among workers, not within a query.
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")
    plain = seconds(PLAIN, [QUARTER])
    councils = [one.council_id for one in made.shards.exclude(council=None)]
    ours = sum(seconds(components.SUM_PEOPLE, branch(council)) for council in councils)
    if options.explain:
        explain("FREEZE", freeze.FREEZE, freeze._parameters(Quarter.objects.get()))
        explain("SUMS", components.SUM_PEOPLE, branch(councils[1]))
        explain("PLAIN", PLAIN, [QUARTER])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    note = (
        f"{ZONES + NEIGHBOURHOODS + COUNCILS + 1} areas, {options.people} people, {months} "
        f"person-months, {ZONES * POSTCODES_EACH} postcodes, {PLACES} places; "
        f"{Release.objects.get().figures.count()} figures of "
        f"{len(publish.INDICATORS)} indicators; one process"
    )
    is_ok = True
    for name, figure, unit, baseline, bar in (
        ("release.whole", frozen + whole, "s", plain, 180.0),
        ("release.freeze", frozen, "s", None, None),
        ("release.people", times["people"], "s", plain, None),
        ("release.places", times["places"], "s", None, None),
        ("release.gate", times["gate"], "s", None, None),
        ("release.sums_in_sql", ours, "s", plain, 1.5 * plain),
        ("release.memory", memory, "MB", None, 2_048.0),
    ):
        ok = bar is None or figure <= bar
        is_ok &= ok
        row = {
            "name": name,
            "figure": round(figure, 3),
            "unit": unit,
            "baseline": None if baseline is None else round(baseline, 3),
            "ratio": None if baseline is None else round(figure / baseline, 2),
            "bar": None if bar is None else f"<= {bar:.3g} {unit}",
            "ok": ok,
            "note": note,
        }
        print(json.dumps(row))
    return 0 if is_ok else 1


if __name__ == "__main__":
    sys.exit(main())
