"""Imports from a bare database: Scotland's published files as docs/imports.md loads them, and
100,000 OpenStreetMap places.

Each command runs as somebody would run it, the start of the process included. The baselines write
the same rows without reading, matching, mending or drawing: Scotland by plain COPY into tables with
the same indexes, places by the ORM's save, one by one (a sample, scaled up).
"""

# ruff: noqa: E402 (Django is set up before its models are imported)

import json
import os
import random
import re
import resource
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit, urlunsplit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kinder.settings")

import django

django.setup()

from django.conf import settings
from django.contrib.gis.geos import Point
from django.db import connection, transaction

from places.models import Area, Place, Postcode

DATABASE = "kinder_bench_imports"
PLACES, SAMPLE = 100_000, 2_000
SCOTLAND_BAR, PLACES_BAR = 120.0, 60.0
SECTION = "Scotland, from published files"
TABLES = (
    "places_area",
    "places_areaancestor",
    "places_population",
    "places_deprivation",
    "places_postcode",
    "places_placename",
)
HOURS = ("Mo-Fr 09:00-17:00", "24/7", "Mo-Sa 08:00-18:00; PH off", "Mo-Su 11:00-23:00", "")
KINDS = (
    *(("amenity", value) for value in ("cafe", "pub", "place_of_worship", "library", "bench")),
    *(("shop", value) for value in ("convenience", "hairdresser", "supermarket", "charity")),
    *(("leisure", value) for value in ("park", "playground", "pitch")),
)


@contextmanager
def bare_database() -> Iterator[dict[str, str]]:
    """Make a database with empty tables, use it here, and yield the environment that does."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        cursor.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template_kinder")
    urls = {
        name: urlunsplit(urlsplit(getattr(settings, name))._replace(path=f"/{DATABASE}"))
        for name in ("DATABASE_URL", "REPORTS_DATABASE_URL")
    }
    home = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = DATABASE
    try:
        environment = {**os.environ, **urls}
        manage(["migrate", "--no-input"], environment)
        yield environment
    finally:
        connection.close()
        connection.settings_dict["NAME"] = home
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")


def manage(words: list[str], environment: dict[str, str]) -> tuple[float, str]:
    """Run a command of manage.py; return its seconds and its first line."""
    start = perf_counter()
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{words[0]} failed: {done.stderr[-2_000:]}")
    return perf_counter() - start, done.stdout.partition("\n")[0]


def documented_commands() -> list[list[str]]:
    """Return the commands that the documentation gives for Scotland, with this machine's paths."""
    text = (settings.BASE_DIR / "docs" / "imports.md").read_text()
    section = text.partition(f"\n## {SECTION}\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^bin/manage .*", section.replace("\\\n", " "), re.MULTILINE)
    data = str(settings.SAMPLE_DATA)
    return [[word.replace("$DATA", data) for word in shlex.split(line)[1:]] for line in lines]


def copy_plainly() -> dict[str, float]:
    """Return the seconds that a bare COPY of the loaded rows takes, by table."""
    seconds = {}
    with tempfile.TemporaryDirectory() as folder, connection.cursor() as cursor:
        for table in TABLES:
            path = Path(folder) / table
            with path.open("wb") as file:
                cursor.copy_expert(f"COPY {table} TO STDOUT", file)
            cursor.execute(f"CREATE TABLE plain_{table} (LIKE {table} INCLUDING ALL)")
            start = perf_counter()
            with path.open("rb") as file:
                cursor.copy_expert(f"COPY plain_{table} FROM STDIN", file)
            seconds[table] = perf_counter() - start
            cursor.execute(f"DROP TABLE plain_{table}")
    return seconds


def write_places(path: Path) -> None:
    """Write an extract of PLACES places around postcodes, a third of them with an outline."""
    chance = random.Random(20260401)
    codes = list(Postcode.objects.values_list("code", "point"))
    spots = [(code, point.x, point.y) for code, point in codes] or [
        ("", chance.uniform(-5, -3), chance.uniform(55, 57)) for _ in range(20_000)
    ]
    with path.open("w") as file:
        file.write('{"type": "FeatureCollection", "features": [\n')
        for number in range(PLACES):
            file.write(",\n" if number else "")
            json.dump(invent_place(number, chance.choice(spots), chance), file)
        file.write("\n]}")


def invent_place(
    number: int, spot: tuple[str, float, float], chance: random.Random
) -> dict[str, object]:
    """Return a feature with tags as they stand in OpenStreetMap."""
    key, value = chance.choice(KINDS)
    tags = {
        "@id": f"{'node' if number % 3 else 'way'}/{number}",
        key: value,
        "name": f"Place {number}",
        "addr:street": f"Street {number % 5_000}",
        "addr:postcode": spot[0],
        "opening_hours": chance.choice(HOURS),
        "wheelchair": chance.choice(("yes", "no", "limited", "")),
        "check_date": f"20{chance.randint(15, 25)}-0{chance.randint(1, 9)}-11",
    }
    lon, lat = spot[1] + chance.gauss(0, 0.005), spot[2] + chance.gauss(0, 0.003)
    shape: dict[str, object] = {"type": "Point", "coordinates": [lon, lat]}
    if number % 3 == 0:
        side = 0.0003
        ring = [[lon, lat], [lon + side, lat], [lon + side, lat + side], [lon, lat + side]]
        shape = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    return {"type": "Feature", "properties": {k: v for k, v in tags.items() if v},
            "geometry": shape}  # fmt: skip


def save_plainly() -> float:
    """Return the seconds that the ORM would take to save PLACES places one by one."""
    chance = random.Random(1)
    with transaction.atomic():
        start = perf_counter()
        for number in range(SAMPLE):
            spot = Point(chance.uniform(-5, -3), chance.uniform(55, 57), srid=4326)
            Place(name=f"Place {number}", kind="cafe", point=spot, state="stale").save()
        seconds = perf_counter() - start
        transaction.set_rollback(True)
    return seconds * PLACES / SAMPLE


class Rows:
    """Prints a row for each figure, and remembers whether all were good."""

    def __init__(self) -> None:
        self.is_ok = True

    def add(self, name: str, figure: float, baseline: float, bar: float, note: str) -> None:
        is_ok = figure < bar
        self.is_ok &= is_ok
        row = {
            "name": name,
            "figure": round(figure, 2),
            "unit": "s",
            "baseline": round(baseline, 2),
            "ratio": round(baseline / figure, 2),
            "bar": f"< {bar:g} s",
            "ok": is_ok,
            "note": note,
        }
        print(json.dumps(row, ensure_ascii=False), flush=True)


def bench_scotland(rows: Rows, environment: dict[str, str]) -> None:
    """Load the country, then load it again."""
    commands = documented_commands()
    first = {words[1]: manage(words, environment) for words in commands}
    total = sum(seconds for seconds, _line in first.values())
    plain = copy_plainly()
    named = ", ".join(f"{Path(path).name} {seconds:.1f}" for path, (seconds, _l) in first.items())
    rows.add(
        "imports.scotland", total, sum(plain.values()), SCOTLAND_BAR,
        f"{Area.objects.count():,} areas, {Postcode.objects.count():,} postcodes, {len(commands)} "
        f"commands with the start of each process, mending and map tiles included ({named}); "
        "baseline: plain COPY of the same rows into tables with the same indexes",
    )  # fmt: skip
    postcodes = next(s for path, (s, _line) in first.items() if "postcodes" in path)
    rows.add(
        "imports.postcodes", postcodes, plain["places_postcode"], SCOTLAND_BAR / 4,
        "of these, the postcodes, unpacked and matched to their zones; bar: a quarter of the whole",
    )  # fmt: skip
    repeat = [manage(words, environment) for words in commands]
    if changed := [line for _seconds, line in repeat if ": 0 new, 0 changed, " not in line]:
        raise SystemExit(f"A repeat changed something: {changed}")
    rows.add(
        "imports.scotland_again", sum(seconds for seconds, _line in repeat), total, SCOTLAND_BAR,
        "the same again, which changes nothing; baseline: the first time",
    )  # fmt: skip


def bench_places(rows: Rows, environment: dict[str, str]) -> None:
    """Load many places, then load them again."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "places.geojson"
        write_places(path)
        size = path.stat().st_size / 1e6
        words = ["import_places", str(path)]
        seconds, line = manage(words, environment)
        if f"{PLACES:,} new" not in line:
            raise SystemExit(f"Not all places came in: {line}")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        note = (
            f"{PLACES:,} made-up features, {size:.0f} MB, each given its area; no import took more "
            f"than {peak:.0f} MB of memory; baseline: the ORM's save, {SAMPLE:,} of them timed, "
            "without tags, welcome and area"
        )
        rows.add("imports.places", seconds, best_of(save_plainly), PLACES_BAR, note)
        again, line = manage(words, environment)
        if f"0 new, 0 changed, {PLACES:,} as before" not in line:
            raise SystemExit(f"A repeat changed something: {line}")
        note = "the same again, which changes nothing; baseline: the first time"
        rows.add("imports.places_again", again, seconds, PLACES_BAR, note)


def best_of(work: Callable[[], float], rounds: int = 2) -> float:
    return min(work() for _ in range(rounds))


def main() -> int:
    if not Path(settings.SAMPLE_DATA).is_dir():
        raise SystemExit(
            "This benchmark needs the published files beside the checkout: KINDER_SAMPLE_DATA says "
            "where they are."
        )
    rows = Rows()
    with bare_database() as environment:
        bench_scotland(rows, environment)
        bench_places(rows, environment)
    return 0 if rows.is_ok else 1


if __name__ == "__main__":
    sys.exit(main())
