"""A year's last quarter released for a country, every indicator computed, from the freeze to the
gated figures, in one process: 8,288 areas, 400,000 people with all their moments, answers to the
ordinary day (two in five are asked, something over half of them answer), difficulties, 139
communities' own questions, 30,000 befriending referrals, 160,000 postcodes, 20,000 places.

`--interactions N` (5 million) sizes the history that the quarter ends, `--people N` the crowd. The
`--earlier N` (1) quarters before are frozen, released and published first, unmeasured, each on its
day, and stay for the next run. Their people and sums stay too, which a site deletes after 13
months: among them the quarter is harder to find.

The baseline aggregates the very rows that were frozen, for the same indicators, by plain SQL into
one row an area of exact homes: of each share n and x, of each mean n, Σs and Σs² in floating point,
the six ties, communities' answers by question, referrals by council. It tests nobody, keeps no
largest contributor, and reads the country at once; the product's sums are asked council by council,
as workers do. The limit is DuckDB with the same statements over the same rows as Parquet, on one
thread. Places are measured by `bin/bench access`, their SQL is no aggregate: here they count in the
whole alone. Memory is the highest of the Python process and of its database connection.

`--explain` prints the plans of the freeze, the sums and the baseline; `--lock FILE` takes turns
with other benchmarks while it measures.
"""

import argparse
import datetime as dt
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import django

django.setup()

import duckdb  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Min  # noqa: E402

from bench.figures import Figures, best_of, taking_turns  # noqa: E402
from bench.history import PEOPLE, QUARTER, ZONES, History, say, settle  # noqa: E402
from connections.indicators import components, freeze, quarters, release  # noqa: E402
from connections.indicators.models import (  # noqa: E402
    AbuseAlert,
    ContributorMonth,
    Figure,
    Quarter,
    Release,
)
from connections.interactions.vocabulary import HardReason  # noqa: E402
from kinder.accounts.acting import Purpose, acting  # noqa: E402

NOW = dt.datetime(2026, 2, 5, 9, tzinfo=dt.UTC)
WHOLE_BAR, MEMORY_BAR, SQL_BAR = 180.0, 2_048.0, 1.5

# Of whom, and what: shares first, then means.
_SHARES = {
    "A1": ("is_eligible", "TRUE"),
    "A3": ("is_eligible AND logs > 0", "gave > 0 AND received > 0"),
    "E1": ("is_answering AND rely IS NOT NULL", "rely <= 2"),
    "E2": ("is_answering AND kind IS NOT NULL", "kind <= 2"),
    "E3": ("is_answering AND was_hard IS NOT NULL", "was_hard"),
    **{
        f"E3.{reason}": ("is_answering AND was_hard IS NOT NULL", f"'{reason}' = ANY(reasons)")
        for reason in HardReason.values
        if reason != HardReason.RATHER_NOT_SAY
    },
}
_MEANS = {
    "A3.index": (
        "is_eligible AND gave + received >= 3",
        "1 - abs(gave - received)::float8 / (gave + received)",
    ),
    **{
        code: (f"is_eligible AND {of} > 0", f"100 * ({what})::float8 / {of}")
        for code, what, of in (
            ("B1", "different", "different_answered"),
            ("B2", "beyond", "beyond_answered"),
            ("B2.role", "in_role", "beyond_answered"),
            ("B2.hosted", "beyond_answered - beyond - in_role", "beyond_answered"),
            ("C4", "at_place", "logs"),
        )
    },
    **{
        code: ("is_answering AND answered > 0", f"{what}::float8 / answered")
        for code, what in (
            ("A2", "day_acts"),
            ("A2.gave", "day_gave"),
            ("A2.received", "day_received"),
            ("A2.noticed", "day_noticed"),
        )
    },
}
_SUMS = ", ".join(
    [
        f"count(*) FILTER (WHERE {who}), count(*) FILTER (WHERE {who} AND {what})"
        for who, what in _SHARES.values()
    ]
    + [
        f"count(*) FILTER (WHERE {who}), sum(CASE WHEN {who} THEN {what} END),"
        f" sum((CASE WHEN {who} THEN {what} END) ^ 2)"
        for who, what in _MEANS.values()
    ]
)
_TOLD = "(ties[1] + ties[2] + ties[3] + ties[4] + ties[5] + ties[6])"
_TIES = ", ".join(f"sum(ties[{i}]::float8 / {_TOLD})" for i in range(1, 7))
_FROZEN = f"indicators_quartercontributor WHERE quarter_id = '{QUARTER}' AND revision = 1"
# The rows, and what plain SQL makes of them.
PLAIN = {
    "people": (
        "SELECT home_id, is_eligible, is_answering, logs, gave, received, different,"
        " different_answered, beyond, beyond_answered, in_role, at_place, ties, asked, answered,"
        " day_acts, day_gave, day_received, day_noticed, rely, kind, was_hard, reasons"
        f" FROM {_FROZEN}",
        f"SELECT home_id, sum(asked), sum(answered), {_SUMS} FROM {{rows}} GROUP BY home_id",
    ),
    "ties": (
        f"SELECT home_id, ties FROM {_FROZEN} AND is_eligible AND ties <> '{{0,0,0,0,0,0}}'",
        f"SELECT home_id, count(*), {_TIES} FROM {{rows}} GROUP BY home_id",
    ),
    "measures": (
        "SELECT home_id, key AS measure, value::int AS answer FROM indicators_quartercontributor,"
        f" jsonb_each_text(measures) WHERE quarter_id = '{QUARTER}' AND revision = 1",
        "SELECT home_id, measure, count(*), count(*) FILTER (WHERE answer <= 2), sum(answer),"
        " sum(answer * answer) FROM {rows} GROUP BY home_id, measure",
    ),
    "befriending": (
        "SELECT council_id, number, received_on, met_on, left_on, ended_on, ending"
        f" FROM indicators_quarterreferral WHERE quarter_id = '{QUARTER}'",
        "SELECT council_id, count(*), "
        + ", ".join(f"count(*) FILTER (WHERE met_on - received_on <= {n})" for n in (28, 56, 91))
        + ", "
        + ", ".join(f"count(*) FILTER (WHERE ended_on - met_on > {n})" for n in (91, 182, 365))
        + ", count(*) FILTER (WHERE met_on IS NULL AND left_on IS NULL) FROM {rows}"
        " GROUP BY council_id",
    ),
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--interactions", type=int, default=5_000_000)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--zones", type=int, default=ZONES)
    parser.add_argument("--earlier", type=int, default=1)
    parser.add_argument("--explain", action="store_true")
    parser.add_argument("--lock", type=Path)
    options = parser.parse_args(arguments)
    history = History(people=options.people, moments=options.interactions, zones=options.zones)
    history.grow(options.interactions)
    history.add_quarter()
    earlier = publish_earlier(options.earlier)
    figures = Figures(f"{options.interactions} moments, {options.people} people; one process")
    with taking_turns(options.lock):
        # A connection and a count of memory that know nothing of the making.
        connection.close()
        Path("/proc/self/clear_refs").write_text("5")
        times = make_release()
        memory, connected = peak_of("self"), peak_of(backend())
        ours, plain, limit = measure_sums()
    if options.explain:
        explain()
    made = Release.objects.get(quarter=QUARTER)
    told = Figure.objects.filter(release=made).values("indicator").distinct().count()
    figures.note = (
        f"{made.geography.areas.count()} areas, {options.people} people, {made.figures.count()} "
        f"figures of {told} indicators, history of {options.interactions} moments and {earlier} "
        f"published quarters, {Figure.objects.count()} figures in all; one process"
    )
    whole = sum(times.values())
    figures.tell("release.whole", whole, "s", baseline=plain, bar=WHOLE_BAR)
    for name, seconds in times.items():
        figures.tell(f"release.{name}", seconds, "s")
    figures.tell("release.sums_in_sql", ours, "s", baseline=plain, ratio_bar=SQL_BAR)
    figures.tell("release.plain_sql", plain, "s", baseline=limit)
    figures.tell("release.duckdb", limit, "s")
    figures.tell("release.memory", memory, "MB", bar=MEMORY_BAR)
    figures.tell("release.memory_of_connection", connected, "MB", bar=MEMORY_BAR)
    reproduction = release.reproduce(made)
    figures.tell("release.not_reproduced", float(not reproduction.is_identical), "", bar=0.0)
    return 0 if figures.are_ok else 1


def publish_earlier(count: int) -> int:
    """Have the `count` quarters before the last one published, and nothing of the last; return how
    many are, for a short history has fewer."""
    forget_last()
    wanted = [QUARTER]
    while len(wanted) <= count:
        wanted.append(quarters.previous_quarter(wanted[-1]))
    first_on = ContributorMonth.objects.aggregate(first=Min("month_on"))["first"]
    for quarter_on in reversed(wanted[1:]):
        if quarter_on < first_on or Release.objects.standing().filter(quarter=quarter_on).exists():
            continue
        begun = perf_counter()
        now = dt.datetime.combine(quarters.publishes_on(quarter_on), dt.time(9), dt.UTC)
        quarter = release.freeze_quarter(by=Purpose.RELEASE, quarter_on=quarter_on, now=now)
        # Nobody of the crowd is real: that so many came at once warns of nothing.
        AbuseAlert.objects.filter(quarter=quarter, closed_at=None).update(closed_at=now)
        made = release.start_release(by=Purpose.RELEASE, quarter=quarter, now=now)
        release.continue_work()
        made.refresh_from_db()
        release.publish_release(by=Purpose.RELEASE, release=made, now=now)
        say(f"{quarter}: {perf_counter() - begun:.0f} s")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) indicators_quartercontributor")
        cursor.execute("VACUUM (ANALYZE) indicators_component")
        cursor.execute("VACUUM (ANALYZE) indicators_figure")
    settle()
    return Release.objects.standing().count()


def forget_last() -> None:
    """Delete what an earlier run made of the last quarter, which was never published."""
    with acting(purpose=Purpose.RELEASE):
        for made in Release.objects.filter(quarter=QUARTER):
            release.withdraw_release(by=Purpose.RELEASE, release=made)
        Release.objects.filter(quarter=QUARTER).delete()
        Quarter.objects.filter(pk=QUARTER).delete()


def make_release() -> dict[str, float]:
    """Freeze, compute and gate; return the seconds of each part."""
    times: dict[str, float] = {}

    def take(name: str, since: float) -> None:
        times[name] = times.get(name, 0.0) + perf_counter() - since

    begun = perf_counter()
    quarter = release.freeze_quarter(by=Purpose.RELEASE, quarter_on=QUARTER, now=NOW)
    take("freeze", begun)
    begun = perf_counter()
    made = release.start_release(by=Purpose.RELEASE, quarter=quarter)
    take("gate", begun)
    for shard in made.shards.order_by("council_id"):
        begun = perf_counter()
        release.compute_shard(shard.pk)
        take("people" if shard.council_id else "places_and_befriending", begun)
    begun = perf_counter()
    release.finish_release(made)
    take("gate", begun)
    return times


def measure_sums() -> tuple[float, float, float]:
    """Seconds of the product's sums, of plain SQL and of DuckDB over the same frozen rows."""
    made = Release.objects.get(quarter=QUARTER)
    asked = [
        statement
        for shard in made.shards.exclude(council=None)
        for statement in components.statements_of(shard)
    ]
    asked.append((PLAIN["befriending"][0], {}))
    with acting(purpose=Purpose.RELEASE), connection.cursor() as cursor:
        # Both in one process: a release is divided among workers, not within a query.
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        cursor.execute("ANALYZE indicators_quartercontributor")

        def read(statements: list[tuple[str, Any]]) -> None:
            for sql, parameters in statements:
                cursor.execute(sql, parameters or None)
                cursor.fetchall()

        plain = best_of(
            3,
            lambda: read(
                [(sql.format(rows=f"({rows}) rows"), None) for rows, sql in PLAIN.values()]
            ),
        )
        ours = best_of(3, lambda: read(asked))
        with tempfile.TemporaryDirectory() as folder:
            store = duckdb.connect()
            store.execute("SET threads = 1")
            statements = []
            for name, (rows, sql) in PLAIN.items():
                table, parquet = Path(folder) / f"{name}.csv", Path(folder) / f"{name}.parquet"
                with table.open("w") as out:
                    cursor.copy_expert(f"COPY ({rows}) TO STDOUT CSV HEADER", out)
                write_parquet(store, table, parquet, LISTS.get(name, ()))
                statements.append(sql.format(rows=f"'{parquet}'"))
            limit = best_of(3, lambda: [store.execute(sql).fetchall() for sql in statements])
    return ours, plain, limit


# Columns that hold several values, which a CSV file writes as text.
LISTS = {"people": ("ties", "reasons"), "ties": ("ties",)}


def write_parquet(store: Any, table: Path, parquet: Path, lists: tuple[str, ...]) -> None:
    types = ", ".join(f"'{one}': 'VARCHAR'" for one in lists)
    split = ", ".join(
        f"string_split(trim({one}, '{{}}'), ','){'::int[]' if one == 'ties' else ''} AS {one}"
        for one in lists
    )
    source = f"read_csv('{table}', types = {{{types}}})" if lists else f"'{table}'"
    columns = f"* REPLACE ({split})" if lists else "*"
    store.execute(f"COPY (SELECT {columns} FROM {source}) TO '{parquet}' (FORMAT parquet)")


def backend() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return str(cursor.fetchone()[0])


def peak_of(process: str) -> float:
    """The most memory in MB that a process of this machine ever held."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def explain() -> None:
    made = Release.objects.get(quarter=QUARTER)
    shard = made.shards.exclude(council=None).order_by("council_id")[1]
    parts: list[tuple[str, str, Any]] = [
        ("FREEZE", freeze.FREEZE, freeze._parameters(Quarter.objects.get(pk=QUARTER)))
    ]
    parts += [("SUMS", sql, asked) for sql, asked in components.statements_of(shard)]
    parts += [
        (f"PLAIN {name}", sql.format(rows=f"({rows}) rows"), None)
        for name, (rows, sql) in PLAIN.items()
    ]
    for title, sql, asked in parts:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(freeze.WHOLE_TABLE)
            if "INSERT" in sql:
                cursor.execute("DELETE FROM indicators_quartercontributor")
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql}", asked)
            print(title, *(line for (line,) in cursor.fetchall()), sep="\n", file=sys.stderr)
            cursor.execute("ROLLBACK")


if __name__ == "__main__":
    sys.exit(main())
