"""A day's changed keys drained by the sweep over a history that grows, and how soon moments count.

`--interactions N …` gives the sizes (1 million; `5000000 20000000 50000000` shows that the cost of
a day does not grow with the history), `--people` who adds them (400,000: 27,400 moments a day,
which change about 26,000 keys). A day is added to the last month of each size, by statements that
fire the triggers, and drained by one process; of `--days` (3) the fastest counts, as of the
baseline and the limit.

The baseline is the same people's months aggregated by plain SQL from the same moments, read and not
written, without the cap of a day; the limit is DuckDB over the same moments as Parquet. Freshness:
for `--seconds` four writers commit 500 moments a second, each by itself, while `sweep` runs every 3
seconds as Beat calls it; a moment is fresh when the sweep that counted it, and all others of that
call, have committed. Its baseline is REFRESH MATERIALIZED VIEW CONCURRENTLY of area-months at the
first size, up to 5 million. After each part the drained months are counted again from scratch.

`--lock FILE` takes turns with other benchmarks while it measures.
"""

import argparse
import sys
import tempfile
import threading
from pathlib import Path
from time import perf_counter, sleep

import django

django.setup()

import duckdb  # noqa: E402
from django.db import connection  # noqa: E402

from bench.figures import Figures, best_of, taking_turns  # noqa: E402
from bench.history import PEOPLE, ZONES, History, say  # noqa: E402
from connections.indicators.sweep import SHARDS, find_miscounts, sweep_shard  # noqa: E402
from connections.indicators.tasks import sweep  # noqa: E402

DRAIN_BAR, FRESH_BAR, GROWTH_BAR = 15.0, 5.0, 1.5
WRITERS, RATE, BEAT = 4, 500, 3.0
VIEW_UP_TO = 5_000_000
"""Over more moments the view takes minutes, and proves nothing more."""

TAKE_KEYS = """
DROP TABLE IF EXISTS bench_keys;
CREATE TABLE bench_keys AS SELECT DISTINCT contributor_id, month_on FROM interactions_dirtymark;
ANALYZE bench_keys
"""
COLUMNS = (
    "contributor_id, area_id, month_on, occurred_on, created_at::date AS came_on, direction,"
    " tie, is_different, at_work, through_organisation, place_id"
)
_SUMS = ", ".join(
    f"count(*) FILTER (WHERE {condition})"
    for condition in (
        "direction = 'gave'",
        "direction = 'received'",
        "direction = 'noticed'",
        "is_different = 'yes'",
        "is_different IN ('yes', 'no')",
        "through_organisation = 'no' AND coalesce(at_work, 'no') NOT IN ('yes', 'more')",
        "through_organisation IS NOT NULL OR at_work IN ('yes', 'more')",
        "at_work IN ('yes', 'more')",
        "place_id IS NOT NULL",
        *(
            f"tie = '{tie}' AND direction <> 'noticed'"
            for tie in ("neighbour", "friend_or_family", "by_sight", "new", "at_work", "group")
        ),
    )
)
PLAIN = f"""
SELECT contributor_id, area_id, month_on, count(*), {_SUMS},
       array_agg(DISTINCT came_on), max(occurred_on)
FROM {{moments}} GROUP BY contributor_id, area_id, month_on
"""
SAME_MOMENTS = (
    f"(SELECT {COLUMNS} FROM bench_keys"
    " JOIN interactions_interaction USING (contributor_id, month_on)) same"
)
VIEW = """
DROP MATERIALIZED VIEW IF EXISTS bench_cells;
CREATE MATERIALIZED VIEW bench_cells AS
SELECT area_id, month_on, count(*) AS logs, count(DISTINCT contributor_id) AS people
FROM interactions_interaction GROUP BY area_id, month_on;
CREATE UNIQUE INDEX ON bench_cells (area_id, month_on)
"""
WATCH = """
DROP TABLE IF EXISTS bench_swept;
CREATE TABLE bench_swept (created_at timestamptz);
CREATE OR REPLACE FUNCTION bench_note_swept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO bench_swept SELECT created_at FROM gone;
    RETURN NULL;
END $$;
CREATE TRIGGER bench_watch AFTER DELETE ON interactions_dirtymark
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION bench_note_swept()
"""
UNWATCH = """
DROP TRIGGER IF EXISTS bench_watch ON interactions_dirtymark;
DROP FUNCTION IF EXISTS bench_note_swept;
DROP TABLE IF EXISTS bench_swept
"""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--interactions", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--zones", type=int, default=ZONES)
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--lock", type=Path)
    options = parser.parse_args(arguments)
    sizes = sorted(options.interactions)
    figures = Figures()
    history = History(people=options.people, moments=sizes[-1], zones=options.zones)
    drains: list[float] = []
    refresh: float | None = None
    for size in sizes:
        months, month_on = history.grow(size)
        marks = history.add_day(month_on)
        days = []
        figures.note = (
            f"{size} moments in {months} months, {options.people} people, {marks} keys; one process"
        )
        with taking_turns(options.lock):
            for day in range(options.days):
                if day:
                    history.add_day(month_on)
                days.append(measure_day())
            # Each at its fastest: what else the machine does only slows.
            drained, plain, limit = (min(seconds) for seconds in zip(*days, strict=True))
            drains.append(drained)
            figures.tell("rollup.drain", drained, "s", baseline=plain, bar=DRAIN_BAR)
            figures.tell("rollup.plain_sql", plain, "s", baseline=limit)
            figures.tell("rollup.duckdb", limit, "s")
            if size == sizes[0] and size <= VIEW_UP_TO:
                run(VIEW)
                refresh = best_of(
                    1, lambda: run("REFRESH MATERIALIZED VIEW CONCURRENTLY bench_cells")
                )
                run("DROP MATERIALIZED VIEW bench_cells")
        tell_miscounts(figures, month_on)
    figures.tell("rollup.growth", max(drains) / min(drains), "x", bar=GROWTH_BAR)
    with taking_turns(options.lock):
        measure_freshness(figures, history, month_on, options.seconds, refresh)
    tell_miscounts(figures, month_on)
    run("DROP TABLE IF EXISTS bench_keys")
    return 0 if figures.are_ok else 1


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def read(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        cursor.fetchall()


def measure_day() -> tuple[float, float, float]:
    """Drain what is marked; return the seconds of that, of plain SQL and of DuckDB."""
    run(TAKE_KEYS)
    start = perf_counter()
    for shard in range(SHARDS):
        while sweep_shard(shard):
            pass
    drained = perf_counter() - start
    plain = best_of(3, lambda: read(PLAIN.format(moments=SAME_MOMENTS)))
    with tempfile.TemporaryDirectory() as folder:
        table, parquet = Path(folder) / "rows.csv", Path(folder) / "rows.parquet"
        with table.open("w") as out, connection.cursor() as cursor:
            cursor.copy_expert(f"COPY (SELECT * FROM {SAME_MOMENTS}) TO STDOUT CSV HEADER", out)
        store = duckdb.connect()
        store.execute(f"COPY (FROM '{table}') TO '{parquet}' (FORMAT parquet)")
        limit = best_of(3, lambda: store.execute(PLAIN.format(moments=f"'{parquet}'")).fetchall())
    return drained, plain, limit


def tell_miscounts(figures: Figures, month_on: object) -> None:
    wrong = find_miscounts(first_on=month_on, last_on=month_on)  # type: ignore[arg-type]
    figures.tell("rollup.miscounts", float(len(wrong)), "rows", bar=0.0)


def measure_freshness(
    figures: Figures, history: History, month_on: object, seconds: float, refresh: float | None
) -> None:
    """Write at a steady rate while the sweep runs as Beat calls it."""
    run(WATCH)
    done = threading.Event()
    written = [0] * WRITERS

    def write(number: int) -> None:
        try:
            start = perf_counter()
            with connection.cursor() as cursor:
                while (now := perf_counter() - start) < seconds:
                    due = written[number] * WRITERS / RATE
                    if due > now:
                        sleep(due - now)
                    history._add_moments(cursor, month_on, 1)  # type: ignore[arg-type]
                    written[number] += 1
        finally:
            connection.close()

    waits: list[float] = []
    taken = [0.0]

    def count() -> None:
        try:
            start, calls = perf_counter(), 0
            is_last = False
            while not is_last:
                calls += 1
                sleep(max(0.0, start + calls * BEAT - perf_counter()))
                is_last = done.is_set()
                begun = perf_counter()
                sweep()
                taken[0] = max(taken[0], perf_counter() - begun)
                with connection.cursor() as cursor:
                    cursor.execute(
                        "DELETE FROM bench_swept"
                        " RETURNING extract(epoch FROM clock_timestamp() - created_at)::float8"
                    )
                    waits.extend(wait for (wait,) in cursor.fetchall())
        finally:
            connection.close()

    sweeper = threading.Thread(target=count)
    writers = [threading.Thread(target=write, args=(n,)) for n in range(WRITERS)]
    for thread in (sweeper, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    sweeper.join()
    run(UNWATCH)
    waits.sort()
    say(f"{len(waits)} of {sum(written)} moments were counted again")
    figures.note += f"; {sum(written) / seconds:.0f} moments a second for {seconds:g} s"
    p99 = waits[int(0.99 * len(waits))]
    figures.tell("rollup.freshness_p99", p99, "s", baseline=refresh, bar=FRESH_BAR)
    figures.tell("rollup.freshness_p50", waits[len(waits) // 2], "s")
    figures.tell("rollup.longest_sweep", taken[0], "s")


if __name__ == "__main__":
    sys.exit(main())
