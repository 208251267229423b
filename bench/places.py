"""Lists of 100,000 places: pages of 50 at any depth beside plain DRF views, and 10,000 as GeoJSON
beside djangorestframework-gis.

Product and baseline are asked in turns within one run.
"""

# ruff: noqa: E402 (Django is set up before its models are imported)

import json
import os
import random
import sys
from collections.abc import Callable
from itertools import cycle
from statistics import median

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.plain.settings"

import django

django.setup()

from django.db import connection

from bench.country import fill_country
from bench.server import Server, ask_closed, make_request, run_server
from places.api import LIST_LIMIT
from places.search import write_cursor

# The country that bench/log.py fills too, so that the one may run after the other.
PLACES, PEOPLE, MOMENTS = 100_000, 60_000, 1_000_000
ROUNDS, SECONDS, CONNECTIONS = 3, 3.0, 8
DEEP = 95_000
FEATURES = 10_000


def get(path: str) -> Callable[[], bytes]:
    request = make_request("GET", path, b"", Host="127.0.0.1")
    return lambda: request


def read_cursors() -> list[str]:
    """Where each page begins but the first, from A to Z."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, id FROM (SELECT places_plain(name) AS name, id, row_number() OVER"
            " (ORDER BY places_plain(name), id) AS place FROM places_place"
            " WHERE state IN ('verified', 'stale')) AS place WHERE place %% %s = 0 ORDER BY 1, 2",
            [LIST_LIMIT],
        )
        return [write_cursor(*row) for row in cursor.fetchall()]


def get_in_turn(paths: list[str]) -> Callable[[], bytes]:
    """Ask for one after the other: a process that keeps fewer has none of them when asked."""
    turn = cycle([get(path)() for path in paths])
    return lambda: next(turn)


def measure(server: Server) -> tuple[dict[str, float], dict[str, float]]:
    """Answers a second, and milliseconds of the web's processor time for each."""
    cursors = read_cursors()
    deep = cursors[DEEP // LIST_LIMIT - 1]
    random.Random(42).shuffle(cursors)
    makers = {
        "first": get("/api/v1/places/"),
        "deep": get(f"/api/v1/places/?after={deep}"),
        "any": get_in_turn([f"/api/v1/places/?after={one}" for one in cursors]),
        "plain first": get("/plain-places/?limit=50"),
        "plain deep": get(f"/plain-places/?limit=50&offset={DEEP}"),
        "geojson": get(f"/api/v1/places.geojson?limit={FEATURES}"),
        "plain geojson": get(f"/plain/places.geojson?limit={FEATURES}"),
    }
    rates: dict[str, list[float]] = {name: [] for name in makers}
    spent: dict[str, list[float]] = {name: [] for name in makers}
    for make in makers.values():
        ask_closed(server.port, make, seconds=0.5, connections=CONNECTIONS)
    for _ in range(ROUNDS):
        for name, make in makers.items():
            before = server.cpu_seconds()
            connections = 2 if "geojson" in name else CONNECTIONS
            run = ask_closed(server.port, make, seconds=SECONDS, connections=connections)
            if run.statuses.keys() != {200}:
                raise SystemExit(f"Not every answer came ({name}): {run.statuses}")
            rates[name].append(run.rate)
            spent[name].append(1000 * (server.cpu_seconds() - before) / len(run.waits))
    middle = [{name: median(of) for name, of in found.items()} for found in (rates, spent)]
    return middle[0], middle[1]


def main() -> int:
    fill_country(places=PLACES, people=PEOPLE, moments=MOMENTS)
    with run_server(settings="bench.plain.settings") as server:
        rate, spent = measure(server)
    rows = [
        (
            "places.list",
            rate["first"],
            "pages/s",
            rate["plain first"],
            rate["first"] >= 2_000,
            "≥ 2,000/s",
            f"50 places, {spent['first']:.2f} ms of processor time; baseline: DRF serializers",
        ),
        (
            "places.list_deep",
            rate["deep"],
            "pages/s",
            rate["plain deep"],
            rate["deep"] >= 2_000,
            "≥ 2,000/s",
            f"after {DEEP} places; baseline: DRF serializers, pages by offset",
        ),
        (
            "places.list_any",
            rate["any"],
            "pages/s",
            None,
            True,
            None,
            f"{spent['any']:.2f} ms of processor time; each page of the register once, in no order:"
            " the database writes each",
        ),
        (
            "places.deep_to_first",
            rate["first"] / rate["deep"],
            "times",
            None,
            rate["first"] <= 1.2 * rate["deep"],
            "≤ 1.2",
            "time of a deep page by that of the first",
        ),
        (
            "places.geojson",
            spent["geojson"],
            "ms of processor time",
            spent["plain geojson"],
            spent["plain geojson"] >= 35 * spent["geojson"],
            "≥ 35 × less than djangorestframework-gis",
            f"{FEATURES} places; baseline: djangorestframework-gis; the web's processor time, the"
            " database's not counted",
        ),
    ]
    for name, figure, unit, baseline, is_within, bar, note in rows:
        row = {
            "name": name,
            "figure": round(figure, 2),
            "unit": unit,
            "baseline": None if baseline is None else round(baseline, 2),
            "ratio": None if baseline is None else round(figure / baseline, 3),
            "bar": bar,
            "ok": is_within,
            "note": note,
        }
        print(json.dumps(row, ensure_ascii=False))
    return 0 if all(row[4] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
