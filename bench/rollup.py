"""A day's changed keys drained by the sweep, over any history of moments.

Prints one JSON object a line; exits 1 where a bar is not met. `--interactions N` (1 million) sizes
the history, `--keys` the day's changed months (26,000). The baseline is a plain SQL aggregate of
the newest months' rows into one row a person, area and month, in the same run; the limit is
DuckDB over the same rows. The cost of a day should not grow with the history: run it at several
sizes and compare.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import django

django.setup()

import duckdb  # noqa: E402
from django.db import connection  # noqa: E402

from connections.indicators.sweep import SHARDS, find_miscounts, sweep_shard  # noqa: E402
from places.models import Geography  # noqa: E402

AREAS, MONTHS, SEED = 1_279, 60, 0.4
PER_PERSON = 125
"""Moments a person over all months: 50 million are 400,000 people."""

PLACES = f"""
SELECT setseed({SEED});
INSERT INTO places_area (geography_id, code, name, level, geometry, point, is_mended, population,
    adults)
SELECT %(geography)s, 'N' || n, 'N' || n, 'intermediate',
       ST_Multi(ST_Expand(ST_SetSRID(ST_MakePoint(-4 + 0.01 * n, 56), 4326), 0.004)),
       ST_SetSRID(ST_MakePoint(-4 + 0.01 * n, 56), 4326), FALSE, 3000, 2400
FROM generate_series(1, {AREAS}) n;
INSERT INTO accounts_contributor (id, is_blocked, created_at)
SELECT gen_random_uuid(), FALSE, timestamptz '2021-01-01' FROM generate_series(1, %(people)s);
"""
# Without triggers, as a history that was counted long ago: marks are made below.
HISTORY = f"""
INSERT INTO interactions_interaction (id, contributor_id, area_id, occurred_on, month_on,
    created_at, updated_at, revision, body_sha256, direction, kind, tie, is_different, at_work,
    through_organisation, hard_reasons)
SELECT gen_random_uuid(), people.id, areas.id, day, date_trunc('month', day)::date,
       day + time '12:00', day + time '12:00', 1, '\\x00',
       (ARRAY['gave', 'received', 'noticed'])[1 + n %% 3], 'chat',
       (ARRAY['neighbour', 'new', NULL])[1 + n %% 3], (ARRAY['yes', 'no', NULL])[1 + n %% 3],
       NULL, (ARRAY['yes', 'no', NULL])[1 + n %% 3], '{{}}'
FROM (SELECT n, date '2021-07-01' + (random() * 30 * {MONTHS})::int AS day,
             1 + (random() * (%(people)s - 1))::int AS who FROM generate_series(1, %(rows)s) n) made
JOIN (SELECT id, row_number() OVER () AS who FROM accounts_contributor) people USING (who)
JOIN (SELECT id, row_number() OVER () AS number FROM places_area) areas
    ON areas.number = 1 + people.who %% {AREAS};
"""
MARKS = """
INSERT INTO interactions_dirtymark (shard, month_on, area_id, contributor_id)
SELECT uuid_hash(contributor_id) & %(last)s, month_on, area_id, contributor_id
FROM (SELECT DISTINCT contributor_id, month_on, area_id FROM interactions_interaction
      WHERE month_on >= (SELECT max(month_on) - interval '2 months' FROM interactions_interaction)
      LIMIT %(keys)s) recent
"""
PLAIN = """
SELECT contributor_id, area_id, month_on, count(*), count(*) FILTER (WHERE direction = 'gave'),
       count(*) FILTER (WHERE direction = 'received'), count(*) FILTER (WHERE is_different = 'yes')
FROM interactions_interaction
WHERE month_on >= (SELECT max(month_on) - interval '2 months' FROM interactions_interaction)
GROUP BY 1, 2, 3
"""
COLUMNS = "contributor_id, area_id, month_on, direction, is_different"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--interactions", type=int, default=1_000_000)
    parser.add_argument("--keys", type=int, default=26_000)
    options = parser.parse_args()
    people = max(100, options.interactions // PER_PERSON)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE places_geography, accounts_contributor, interactions_dirtymark,"
                       " indicators_contributormonth CASCADE")  # fmt: skip
        geography = Geography.objects.create(slug="bench", name="Bench", is_current=True)
        cursor.execute(PLACES, {"geography": geography.pk, "people": people})
        cursor.execute("ALTER TABLE interactions_interaction DISABLE TRIGGER USER")
        cursor.execute(HISTORY, {"people": people, "rows": options.interactions})
        cursor.execute("ALTER TABLE interactions_interaction ENABLE TRIGGER USER")
        cursor.execute("ANALYZE interactions_interaction")
        cursor.execute(MARKS, {"keys": options.keys, "last": SHARDS - 1})
        keys = cursor.rowcount
        cursor.execute("ANALYZE interactions_dirtymark")

    start = perf_counter()
    for shard in range(SHARDS):
        while sweep_shard(shard):
            pass
    drained = perf_counter() - start

    with connection.cursor() as cursor:
        start = perf_counter()
        cursor.execute(PLAIN)
        cursor.fetchall()
        plain = perf_counter() - start
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rows.csv"
            with file.open("w") as out:
                cursor.copy_expert(
                    f"COPY (SELECT {COLUMNS} FROM interactions_interaction"
                    " WHERE month_on >= (SELECT max(month_on) - interval '2 months'"
                    " FROM interactions_interaction)) TO STDOUT CSV HEADER",
                    out,
                )
            store = duckdb.connect()
            store.execute(f"CREATE TABLE interactions_interaction AS FROM '{file}'")
            start = perf_counter()
            store.execute(PLAIN).fetchall()
            limit = perf_counter() - start
    # Only the drained months were counted, so only these are compared.
    wrong = [row for row in find_miscounts() if row[0] == "stored"]
    note = f"{options.interactions} interactions, {people} people, {keys} keys; one process"
    is_ok = not wrong
    for name, figure, unit, baseline, bar in (
        ("rollup.drain", drained, "s", plain, 15.0),
        ("rollup.a_key", 1_000 * drained / max(keys, 1), "ms", None, None),
        ("rollup.plain_sql", plain, "s", limit, None),
        ("rollup.duckdb", limit, "s", None, None),
        ("rollup.miscounts", float(len(wrong)), "rows", None, 0.0),
    ):
        ok = bar is None or figure <= bar
        is_ok &= ok
        row = {
            "name": name,
            "figure": round(figure, 3),
            "unit": unit,
            "baseline": None if baseline is None else round(baseline, 3),
            "ratio": None if not baseline else round(figure / baseline, 2),
            "bar": None if bar is None else f"<= {bar:g} {unit}",
            "ok": ok,
            "note": note,
        }
        print(json.dumps(row))
    return 0 if is_ok else 1


if __name__ == "__main__":
    sys.exit(main())
