"""Map tiles: 100,000 clustered places and the boundaries of 7,000 areas, beside the same by
django-vectortiles and by djangorestframework-gis, and beside the database alone.

Product and baselines are asked in turns within one run. The boundaries are Scotland's data zones
where the real files stand beside the checkout, else drawn.
"""

# ruff: noqa: E402 (Django is set up before its models are imported)

import json
import os
import random
import sys
import threading
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from itertools import cycle
from pathlib import Path
from statistics import median
from time import perf_counter

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.plain.settings"
# The client bumps the version between two of its requests.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

import django

django.setup()

import numpy as np
import pyogrio.raw
import shapely
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone

from bench.country import fill_country
from bench.plain.tiles import make_plain_tile
from bench.server import Run, Server, ask_closed, count_workers, make_request, run_server
from connections.indicators.definitions import INDICATORS
from connections.indicators.models import Figure, Quarter, Release
from kinder.accounts.acting import Purpose, acting
from places.actions import PLACES_LAYER, bump_layer
from places.baking import HALF_WORLD
from places.models import Area, Geography
from places.tiles import bake_area_tiles, describe_area_layer, make_place_tile
from places.versions import places_version

# The country that bench/log.py fills too, so that the one may run after the other.
PLACES, PEOPLE, MOMENTS = 100_000, 60_000, 1_000_000
AREAS = 6_976
SLUG, VALUES_SLUG = "bench-boundaries", "bench-values"
ROUNDS, SECONDS, CONNECTIONS = 3, 3.0, 8
COLD_ZOOM, COLD_TILES, WARM_TILES = 14, 400, 200
AREA_ZOOMS, AREA_TILES = (7, 8, 9, 10), 12

Tile = tuple[int, int, int]
Numbers = dict[str, float]
MakeTile = Callable[[int, int, int], bytes]


# ------------------------------------------------------------------ what is asked for


def prepare() -> str:
    """Fill the database; return what the boundaries are."""
    fill_country(places=PLACES, people=PEOPLE, moments=MOMENTS)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO places_welcome (place_id, attribute, value, for_whom)"
            " SELECT id, 'step_free', 'yes', '' FROM places_place WHERE id % 3 = 0"
            " ON CONFLICT DO NOTHING"
        )
        cursor.execute("VACUUM (ANALYZE) places_welcome")
    path = Path(settings.SAMPLE_DATA) / "boundaries" / "scotland_dz2011_simplified_upstream.geojson"
    shapes = read_boundaries(path) if path.exists() else draw_boundaries()
    if Area.objects.filter(geography__slug=SLUG).count() != len(shapes):
        load_boundaries(shapes)
    return f"{len(shapes)} {'real' if path.exists() else 'drawn'} boundaries"


def read_boundaries(path: Path) -> list[bytes]:
    _meta, _ids, found, _fields = pyogrio.raw.read(path)
    return [bytes(shape) for shape in found]


def draw_boundaries() -> list[bytes]:
    """A country of zones of very different size, with crooked edges that neighbours share."""
    generator = np.random.default_rng(42)
    towns = generator.uniform((-6, 55), (-2, 58), (300, 2))
    seeds = towns[generator.integers(0, 300, AREAS)] + generator.normal(0, 0.06, (AREAS, 2))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seeds)))
    crooked = shapely.transform(
        shapely.segmentize(cells, 0.01), lambda c: c + 0.001 * np.sin(np.round(c, 6)[:, ::-1] * 900)
    )
    return [bytes(shape) for shape in shapely.to_wkb(crooked)]


@transaction.atomic
def load_boundaries(shapes: list[bytes]) -> None:
    Geography.objects.filter(slug=SLUG).delete()
    geography = Geography.objects.create(slug=SLUG, name="Boundaries", is_current=False)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO places_area (geography_id, code, name, level, geometry, point, is_mended)"
            " SELECT %s, %s, %s, 'zone', ST_Multi(ST_CollectionExtract(shape, 3)),"
            " ST_PointOnSurface(shape), false"
            " FROM (SELECT ST_MakeValid(ST_GeomFromWKB(%s, 4326)) AS shape) AS made",
            [
                (geography.pk, f"Z{n:06}", f"Zone number {n}", shape)
                for n, shape in enumerate(shapes)
            ],
        )
        cursor.execute("ANALYZE places_area")


@transaction.atomic
def publish_values() -> str:
    """Publish a figure for each of 7,000 areas, once; return the address of its values."""
    code = next(code for code, indicator in INDICATORS.items() if indicator.is_comparable)
    address = f"/figures/values/?indicator={code}&level=intermediate&release=2001-Q1&version=1"
    if Geography.objects.filter(slug=VALUES_SLUG).exists():
        return address
    geography = Geography.objects.create(slug=VALUES_SLUG, name="Values", is_current=False)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO places_area (geography_id, code, name, level, geometry, point, is_mended)"
            " SELECT %s, 'V' || code, area.name, 'intermediate', ST_Multi(ST_Expand(point, 0.001)),"
            " point, false FROM places_area area JOIN places_geography g ON g.id = geography_id"
            " WHERE g.slug = %s",
            [geography.pk, SLUG],
        )
    quarter = Quarter.objects.create(
        starts_on=date(2001, 1, 1), geography=geography, frozen_at=timezone.now(), watermark="0"
    )
    release = Release.objects.create(quarter=quarter, geography=geography, method_version="bench")
    chance = random.Random(42)
    Figure.objects.bulk_create(
        Figure(release=release, indicator=code, area_id=area, status="c")
        if chance.random() < 0.1
        else Figure(
            release=release,
            indicator=code,
            area_id=area,
            status="shown",
            value=chance.randrange(10, 95),
            people=5 * chance.randrange(6, 80),
        )
        for area in Area.objects.filter(geography=geography).values_list("pk", flat=True)
    )
    release.state, release.published_at = Release.State.PUBLISHED, timezone.now()
    release.save()
    return address


def tiles_with(sql: str, zoom: int) -> list[Tile]:
    """The tiles of `zoom` around points (x and y in metres) that `sql` selects, each once.

    In the order of a draw among the points, so that the first are those that people look at: where
    many points are.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql)
        points = cursor.fetchall()
    random.Random(42).shuffle(points)
    side = 2 * HALF_WORLD / 2**zoom
    drawn = [(zoom, int((x + HALF_WORLD) / side), int((HALF_WORLD - y) / side)) for x, y in points]
    return list(dict.fromkeys(drawn))


def place_tiles() -> list[Tile]:
    found = tiles_with("SELECT ST_X(point_3857), ST_Y(point_3857) FROM places_place", COLD_ZOOM)
    return found[:COLD_TILES]


def area_tiles() -> list[Tile]:
    """Tiles of four zooms, as many of each."""
    centres = (
        "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform(point, 3857) AS p FROM places_area area"
        f" JOIN places_geography g ON g.id = area.geography_id WHERE g.slug = '{SLUG}') AS centre"
    )
    found = [tile for zoom in AREA_ZOOMS for tile in tiles_with(centres, zoom)[:AREA_TILES]]
    random.Random(42).shuffle(found)
    return found


class ColdTiles:
    """Each tile of each version is asked for once; a new version begins with each turn."""

    def __init__(self, tiles: list[Tile]) -> None:
        self.tiles, self.version = tiles, 0
        self.turn: Iterator[Tile] = iter(())

    def __call__(self) -> bytes:
        tile = next(self.turn, None)
        if tile is None:
            self.version, self.turn = bump_layer(PLACES_LAYER), iter(self.tiles)
            tile = next(self.turn)
        return get(f"/tiles/places/{self.version}/{tile[0]}/{tile[1]}/{tile[2]}.mvt")


def get(path: str, **headers: str) -> bytes:
    return make_request("GET", path, b"", Host="127.0.0.1", Accept_Encoding="gzip", **headers)


def in_turns(requests: list[bytes]) -> Callable[[], bytes]:
    turn = cycle(requests)
    return lambda: next(turn)


# ------------------------------------------------------------------ measuring


def ask_database(make: MakeTile, tiles: Iterator[Tile]) -> Run:
    """Make tiles by a statement alone, over as many connections as the server is asked by."""
    run = Run()
    lock = threading.Lock()

    def ask() -> None:
        while (began := perf_counter()) < end:
            with lock:
                tile = next(tiles)
            make(*tile)
            run.waits.append(perf_counter() - began)
        connection.close()

    begun = perf_counter()
    end = begun + SECONDS
    threads = [threading.Thread(target=ask) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.seconds = perf_counter() - begun
    return run


class Turns:
    """What each kind of request came to: a second, in milliseconds of the web's processor time for
    each, and in milliseconds that half and all but a hundredth of them waited."""

    def __init__(self) -> None:
        self.rate: Numbers = {}
        self.spent: Numbers = {}
        self.half: Numbers = {}
        self.most: Numbers = {}

    def measure(
        self,
        server: Server,
        makers: dict[str, Callable[[], bytes]],
        alone: dict[str, MakeTile] | None = None,
    ) -> None:
        """Ask for each in turn, and what the database makes `alone` among them."""
        for make in makers.values():
            ask_closed(server.port, make, seconds=1.0, connections=CONNECTIONS)
        rates: dict[str, list[float]] = defaultdict(list)
        spent: dict[str, list[float]] = defaultdict(list)
        waits: dict[str, list[float]] = defaultdict(list)
        for _ in range(ROUNDS):
            for name, make in makers.items():
                before = server.cpu_seconds()
                run = ask_closed(server.port, make, seconds=SECONDS, connections=CONNECTIONS)
                spent[name].append(1000 * (server.cpu_seconds() - before) / len(run.waits))
                rates[name].append(checked(name, run))
                waits[name] += run.waits
            for name, statement in (alone or {}).items():
                run = ask_database(statement, cycle(place_tiles()))
                rates[name].append(run.rate)
                waits[name] += run.waits
        self.rate |= {name: median(of) for name, of in rates.items()}
        self.spent |= {name: median(of) for name, of in spent.items()}
        for name, of in waits.items():
            run = Run(waits=of)
            self.half[name], self.most[name] = (1000 * run.percentile(s) for s in (0.5, 0.99))


def checked(name: str, run: Run) -> float:
    """Stop where something else came: a rate of refusals measures nothing."""
    wanted = 304 if name == "unchanged" else 200
    came = run.statuses.get(wanted, 0)
    # What was on its way when the version changed is led on.
    led_on = run.statuses.get(302, 0) if name == "cold" else 0
    if came + led_on < len(run.waits) or led_on > 0.05 * came:
        raise SystemExit(f"Not every tile came ({name}): {run.statuses}")
    return came / run.seconds


def measure_baking() -> float:
    geography = Geography.objects.get(slug=SLUG)
    seconds = []
    for _ in range(ROUNDS):
        begun = perf_counter()
        bake_area_tiles(geography)
        seconds.append(perf_counter() - begun)
    return median(seconds)


def main() -> int:
    shapes = prepare()
    baked = measure_baking()
    with acting(purpose=Purpose.RELEASE):
        values = publish_values()
    cache.clear()
    places, areas = place_tiles(), area_tiles()
    with run_server(settings="bench.plain.settings") as server:
        version = places_version()
        warm_paths = [f"/tiles/places/{version}/{z}/{x}/{y}.mvt" for z, x, y in places[:WARM_TILES]]
        address = str(describe_area_layer(Geography.objects.get(slug=SLUG), "zone")["tiles"])
        warm = {
            "warm": in_turns([get(path) for path in warm_paths]),
            "unchanged": in_turns([get(path, If_None_Match="*") for path in warm_paths]),
            "area": in_turns([get(address.format(z=z, x=x, y=y)) for z, x, y in areas]),
            "area plain": in_turns(
                [get(f"/plain/tiles/areas/{SLUG}/{z}/{x}/{y}") for z, x, y in areas]
            ),
        }
        warm["values"] = in_turns([get(values)])
        asked = urllib.request.Request(
            f"http://127.0.0.1:{server.port}{values}", headers={"Accept-Encoding": "gzip"}
        )
        size = len(urllib.request.urlopen(asked).read()) / 1000
        cold = {
            "plain": in_turns([get(f"/plain/tiles/places/{z}/{x}/{y}") for z, x, y in places]),
            "geojson": in_turns(
                [get(f"/plain/tiles/places.geojson?tile={z}/{x}/{y}") for z, x, y in places]
            ),
            "cold": ColdTiles(places),
        }
        turns = Turns()
        # Cold tiles are of ever new versions, and the warm ones would be past.
        turns.measure(server, warm)
        turns.measure(server, cold, {"database": make_plain_tile, "own": make_place_tile})
    rate, spent, half, most = turns.rate, turns.spent, turns.half, turns.most
    cores, workers = len(os.sched_getaffinity(0)), count_workers()
    note = (
        f"{PLACES} clustered places, {shapes}, {CONNECTIONS} connections over loopback,"
        f" {workers} workers on {cores} cores"
    )
    is_ok = True
    for name, figure, unit, baseline, is_within, bar, about in (
        (
            "tiles.place_cold",
            rate["cold"],
            "tiles/s",
            rate["plain"],
            rate["cold"] >= 1.4 * rate["plain"],
            "≥ 1.4 × django-vectortiles (faster than tipg)",
            f"z14, {spent['cold']:.2f} ms of processor time; baseline: django-vectortiles in a DRF"
            f" view, {spent['plain']:.2f} ms",
        ),
        (
            "tiles.place_cold_of_geojson",
            rate["cold"],
            "tiles/s",
            rate["geojson"],
            rate["cold"] >= 1.4 * rate["geojson"],
            "≥ 1.4 × djangorestframework-gis",
            "z14; baseline: the places of the same tile as GeoJSON by its TMSTileFilter,"
            f" {spent['geojson']:.2f} ms of processor time",
        ),
        (
            "tiles.place_cold_of_database",
            rate["cold"],
            "tiles/s",
            rate["database"],
            rate["cold"] >= 0.5 * rate["database"],
            "≥ 0.5 × ST_AsMVT alone",
            "z14; baseline: the tile as one writes it for the database, over as many connections"
            " without a web server",
        ),
        (
            "tiles.place_cold_of_own_statement",
            rate["cold"],
            "tiles/s",
            rate["own"],
            True,
            None,
            "z14; baseline: the statement asked here, over as many connections without a web"
            f" server: {rate['own'] / rate['database']:.1f} times as fast as the one above",
        ),
        *(
            (
                f"tiles.place_{kind}_{share}",
                of[kind],
                "ms",
                of["database"] if kind == "cold" else None,
                True,
                None,
                f"at the rate of tiles.place_{kind}, all connections busy"
                + ("; baseline: ST_AsMVT alone" if kind == "cold" else "")
                + f"; django-vectortiles {of['plain']:.1f} ms, djangorestframework-gis"
                f" {of['geojson']:.1f} ms",
            )
            for kind in ("cold", "warm")
            for share, of in (("p50", half), ("p99", most))
        ),
        (
            "tiles.place_warm",
            rate["warm"],
            "tiles/s",
            None,
            rate["warm"] >= 2_500,
            "≥ 2,500/s",
            f"{spent['warm']:.2f} ms of processor time; the version is read from the database each"
            " time",
        ),
        (
            "tiles.place_unchanged",
            rate["unchanged"],
            "answers/s",
            rate["warm"],
            rate["unchanged"] >= 0.95 * rate["warm"],
            "as fast as a tile",
            f"304 to If-None-Match, {spent['unchanged']:.2f} ms of processor time",
        ),
        (
            "tiles.area",
            rate["area"],
            "tiles/s",
            rate["area plain"],
            rate["area"] >= 20 * rate["area plain"],
            "≥ 20 × django-vectortiles",
            f"z7 to z10, {spent['area']:.2f} ms of processor time; baseline: django-vectortiles in"
            f" a DRF view, {spent['area plain']:.2f} ms",
        ),
        (
            "tiles.bake",
            baked,
            "s",
            None,
            baked <= 5.0,
            "≤ 5 s",
            "all zooms of one level, written",
        ),
        (
            "tiles.values_size",
            size,
            "kB",
            None,
            size <= 30,
            "≤ 30 kB gz",
            "a figure for each area, with its text",
        ),
        (
            "tiles.values",
            rate["values"],
            "answers/s",
            None,
            rate["values"] >= 1_500,
            "≥ 1,500/s cached",
            f"{spent['values']:.2f} ms of processor time",
        ),
    ):
        is_ok &= is_within
        row = {
            "name": name,
            "figure": round(figure, 2),
            "unit": unit,
            "baseline": None if baseline is None else round(baseline, 2),
            "ratio": None if baseline is None else round(figure / baseline, 2),
            "bar": bar,
            "ok": is_within,
            "note": f"{about}; {note}",
        }
        print(json.dumps(row, ensure_ascii=False))
    return 0 if is_ok else 1


if __name__ == "__main__":
    sys.exit(main())
