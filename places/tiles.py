"""Vector tiles: places made by the database as they are asked for, areas as they were baked.

A tile's address holds the version of what it shows, which is bumped in the transaction that changes
it. So an address never changes its content, every cache may keep it, and an address of an earlier
version leads on to the present one.
"""

import gzip
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from threading import RLock
from typing import Any

from django.contrib.gis.db.models import Extent
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.urls import reverse
from django.utils.translation import get_language

from kinder.cache import make_once
from kinder.database import read_again
from places.baking import HALF_WORLD, MAX_ZOOM, areas_layer_name, bake_area_tiles
from places.models import Area, AreaTile, Geography
from places.mvt import EXTENT
from places.search import IS_FREE, IS_SHOWN, IS_STEP_FREE_EACH, Search, conditions
from places.versions import (
    LATEST,
    OF_TILE,
    OWN,
    PLACES_LAYER,
    OtherVersionError,
    check_tile_version,
    describe_squares,
    name_square,
    read_version,
)
from places.vocabulary import AreaLevel

__all__ = ["bake_area_tiles", "describe_area_layer", "describe_place_layer"]

PLACES_MAX_ZOOM = 16
# Below this zoom single places lie on top of each other.
SINGLE_FROM_ZOOM = 11
CLUSTERS_ACROSS = 6
# A cluster's sign stays in the middle of its cell, this share of it, so that two never overlap.
CLUSTER_MIDDLE = 0.4
# So that the sign of a place at a tile's edge is not cut off.
MARGIN = 96
CACHED_SECONDS = 3_600
FOUND_SECONDS = 300
# The next level takes twice as long and saves nothing.
GZIP_LEVEL = 4
# In each process, of each layer: what is looked at right now.
KEPT_TILES = 512
EMPTY = gzip.compress(b"", mtime=0)

_SINGLE = f"""
SELECT ST_AsMVT(feature, 'places', %(extent)s, 'geometry', 'id') FROM (
    SELECT place.id, place.code, place.name, place.kind,
        {IS_FREE} AS is_free, {IS_STEP_FREE_EACH} AS is_step_free,
        ST_AsMVTGeom(
            place.point_3857,
            ST_MakeEnvelope(%(tile_west)s, %(tile_south)s, %(tile_east)s, %(tile_north)s, 3857),
            %(extent)s, %(margin)s, true
        ) AS geometry
    FROM places_place place
    WHERE place.point_3857 && ST_MakeEnvelope(
            %(tile_west)s - %(reach)s, %(tile_south)s - %(reach)s,
            %(tile_east)s + %(reach)s, %(tile_north)s + %(reach)s, 3857
        )
        AND {{where}}
    ORDER BY place.id
) feature
"""  # noqa: S608 - our own conditions
# A place alone in its cell is itself; no margin, for a cluster belongs to one tile.
_CLUSTERS = f"""
SELECT ST_AsMVT(feature, 'places', %(extent)s, 'geometry', 'id') FROM (
    SELECT
        CASE WHEN size = 1 THEN id END AS id,
        CASE WHEN size = 1 THEN code END AS code,
        CASE WHEN size = 1 THEN name END AS name,
        CASE WHEN size = 1 THEN kind END AS kind,
        CASE WHEN size = 1 THEN is_free END AS is_free,
        size AS count,
        ST_AsMVTGeom(
            ST_SetSRID(ST_MakePoint(
                CASE WHEN size = 1 THEN x ELSE greatest(least(
                    x, %(tile_west)s + (across + %(most)s) * %(cell)s
                ), %(tile_west)s + (across + 1 - %(most)s) * %(cell)s) END,
                CASE WHEN size = 1 THEN y ELSE greatest(least(
                    y, %(tile_north)s - (down + 1 - %(most)s) * %(cell)s
                ), %(tile_north)s - (down + %(most)s) * %(cell)s) END
            ), 3857),
            ST_MakeEnvelope(%(tile_west)s, %(tile_south)s, %(tile_east)s, %(tile_north)s, 3857),
            %(extent)s, 0, true
        ) AS geometry
    FROM (
        SELECT min(place.id) AS id, min(place.code) AS code, min(place.name) AS name,
            min(place.kind) AS kind, bool_and({IS_FREE}) AS is_free, count(*)::int AS size,
            avg(ST_X(place.point_3857)) AS x, avg(ST_Y(place.point_3857)) AS y,
            floor((ST_X(place.point_3857) - %(tile_west)s) / %(cell)s) AS across,
            floor((%(tile_north)s - ST_Y(place.point_3857)) / %(cell)s) AS down
        FROM places_place place
        WHERE place.point_3857 && ST_MakeEnvelope(
                %(tile_west)s, %(tile_south)s, %(tile_east)s, %(tile_north)s, 3857
            )
            AND ST_X(place.point_3857) < %(tile_east)s
            AND ST_Y(place.point_3857) > %(tile_south)s
            AND {{where}}
        GROUP BY across, down
    ) cell
) feature
"""  # noqa: S608 - our own conditions


def is_tile(z: int, x: int, y: int, *, max_zoom: int) -> bool:
    """Tell whether there is such a tile at all."""
    return z <= max_zoom and x < 2**z and y < 2**z


def tile_bounds(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """Return west, south, east and north in degrees of what a tile of places shows, its margin with
    it."""
    sides, beyond = 2**z, MARGIN / EXTENT

    def latitude(row: float) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / sides))))

    return (
        (x - beyond) / sides * 360 - 180,
        latitude(y + 1 + beyond),
        (x + 1 + beyond) / sides * 360 - 180,
        latitude(y - beyond),
    )


def make_place_tile(
    z: int, x: int, y: int, *, where: str = IS_SHOWN, values: Mapping[str, Any] | None = None
) -> bytes:
    """Ask the database for a tile of places: clusters when far, single ones when near.

    `where` is a condition on `place` with its `values`, as places.search.conditions gives them.
    """
    with connection.cursor() as cursor:
        cursor.execute(_statement(z).format(where=where), {**(values or {}), **_sides(z, x, y)})
        return bytes(cursor.fetchone()[0])


def make_tile_of_version(version: int, z: int, x: int, y: int) -> bytes:
    """Make the tile that last changed in `version`; OtherVersionError where it did in another.

    The version is read by the statement that makes the tile: one way to the database and back.
    """
    tile = _statement(z).format(where=IS_SHOWN)
    sql = f"SELECT {LATEST}, {OWN}, CASE WHEN {OWN} = %(version)s THEN ({tile}) END FROM {OF_TILE}"  # noqa: S608 - our own words
    values = {**_sides(z, x, y), **name_square(z, x, y), "version": version}

    def ask(connection: BaseDatabaseWrapper) -> tuple[int, int, memoryview | None]:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            latest, own, made = cursor.fetchone()
        return latest, own, made

    latest, own, made = read_again(ask)
    if made is None:
        raise OtherVersionError(latest, own)
    return bytes(made)


def _statement(z: int) -> str:
    return _SINGLE if z >= SINGLE_FROM_ZOOM else _CLUSTERS


def _sides(z: int, x: int, y: int) -> dict[str, float]:
    side = 2 * HALF_WORLD / 2**z
    west, north = x * side - HALF_WORLD, HALF_WORLD - y * side
    return {
        "tile_west": west,
        "tile_south": north - side,
        "tile_east": west + side,
        "tile_north": north,
        "reach": side * MARGIN / EXTENT,
        "cell": side / CLUSTERS_ACROSS,
        "most": (1 + CLUSTER_MIDDLE) / 2,
        "extent": EXTENT,
        "margin": MARGIN,
    }


@lru_cache(maxsize=KEPT_TILES)
def find_shelf(_version: int, _z: int, _x: int, _y: int) -> list[bytes]:
    """Return where this process keeps a tile of a version; empty until it has it."""
    return []


# When a tile is new, everybody who looks at it asks at once: of all processes one makes it, and in
# each one thread asks for it while the others wait, Redis or not.
_turns = tuple(RLock() for _ in range(256))


def get_place_tile(version: int, z: int, x: int, y: int) -> tuple[int, bytes]:
    """Return the version in which a tile last changed, and the tile, gzipped: kept by this process,
    then by Redis. OtherVersionError where it changed since `version`, or that is one to come."""
    shelf = find_shelf(version, z, x, y)
    if not shelf:
        with _turns[hash((z, x, y)) % len(_turns)]:
            shelf = find_shelf(version, z, x, y)
            if not shelf:
                own, tile = _ask_for_tile(version, z, x, y)
                shelf.append(tile)
                return own, tile
    # What changes gets a version that nobody asked for before: what is kept is still the tile.
    _latest, own = check_tile_version(version, z, x, y)
    return own, shelf[0]


def _ask_for_tile(version: int, z: int, x: int, y: int) -> tuple[int, bytes]:
    is_version_read = False

    def make() -> bytes:
        nonlocal is_version_read
        tile = pack(make_tile_of_version(version, z, x, y))
        is_version_read = True
        return tile

    def check() -> tuple[int, int]:
        return check_tile_version(version, z, x, y)

    key = f"{PLACES_LAYER}:{version}:{z}/{x}/{y}"
    try:
        tile = make_once(key, make, seconds=CACHED_SECONDS, before_waiting=check)
    except OtherVersionError as other:
        if other.own < version <= other.latest:
            # It is the same since then, and kept under that version.
            return get_place_tile(other.own, z, x, y)
        raise
    return version if is_version_read else check()[1], tile


def name_search(search: Search, at: datetime) -> str:
    """Return a short name of what `search` finds at `at`, the same within its minute: what is found
    by words depends on the language, what is open on the time."""
    asked = json.dumps(
        [asdict(search), get_language(), f"{at:%Y-%m-%dT%H:%M%z}" if search.is_open else ""],
        sort_keys=True,
    )
    return hashlib.sha256(asked.encode()).hexdigest()[:24]


def get_found_tile(version: int, z: int, x: int, y: int, *, search: Search, at: datetime) -> bytes:
    """Return a tile, gzipped, of what `search` finds at `at` in the register of this version."""

    def make() -> bytes:
        where, values = conditions(search, at)
        return pack(make_place_tile(z, x, y, where=where, values=values))

    key = f"found:{version}:{z}/{x}/{y}:{name_search(search, at)}"
    return make_once(key, make, seconds=FOUND_SECONDS)


def pack(tile: bytes) -> bytes:
    """Gzip a tile once for everybody who asks for it."""
    return gzip.compress(tile, compresslevel=GZIP_LEVEL, mtime=0) if tile else EMPTY


def areas_version(slug: str) -> int | None:
    """Return the version of a geography's borders, None where none were baked."""
    return read_version(areas_layer_name(slug))


@lru_cache(maxsize=KEPT_TILES)
def get_area_tile(slug: str, version: int, level: str, z: int, x: int, y: int) -> bytes:
    """Return a baked tile of the present `version`, gzipped, EMPTY where there is only sea.

    `version` is there for the sake of what is kept: the table holds the present one only.
    """
    tile = AreaTile.objects.filter(geography__slug=slug, level=level, z=z, x=x, y=y)
    mvt = tile.values_list("mvt", flat=True).first()
    return EMPTY if mvt is None else bytes(mvt)


# ------------------------------------------------------------------ for map.js


def describe_place_layer() -> dict[str, object]:
    """What the map's script needs to draw all places."""
    address = reverse("tiles:places", args=[0, 0, 0, 0])
    return {
        "tiles": address.replace("/0/0/0/0.mvt", "/{version}/{z}/{x}/{y}.mvt"),
        "versions": describe_squares(),
    }


def describe_area_layer(geography: Geography, level: AreaLevel | str) -> dict[str, object]:
    """What the map's script needs to draw the borders of `level`; `values` and `url` are added."""
    address = reverse("tiles:areas", args=[geography.slug, str(level), 0, 0, 0])
    version = areas_version(geography.slug) or 0
    return {
        "tiles": address.replace("/0/0/0.mvt", "/{z}/{x}/{y}.mvt") + f"?v={version}",
        "minZoom": 0,
        "maxZoom": MAX_ZOOM,
    }


def extent_of(geography: Geography) -> list[float] | None:
    """West, south, east and north of a geography's areas in degrees, None where it has none."""
    whole = Area.objects.filter(geography=geography, parent=None).order_by()
    extent = whole.aggregate(Extent("geometry"))["geometry__extent"]
    return None if extent is None else [float(side) for side in extent]
