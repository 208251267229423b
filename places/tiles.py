"""Vector tiles: places made by the database as they are asked for, areas as they were baked.

A tile's address holds the version of its layer, which is bumped in the transaction that changes
what the layer shows. So an address never changes its content, every cache may keep it, and an
address of an earlier version leads on to the present one.
"""

import gzip
from functools import lru_cache

from django.contrib.gis.db.models import Extent
from django.core.cache import cache
from django.db import connection
from django.urls import reverse

from places.actions import PLACES_LAYER
from places.baking import HALF_WORLD, MAX_ZOOM, areas_layer_name, bake_area_tiles
from places.models import Area, AreaTile, Geography
from places.models.place import SHOWN_STATES
from places.mvt import EXTENT
from places.vocabulary import FREE_TO_STAY, Answer, AreaLevel, WelcomeAttribute

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
# In each process, of each layer: what is looked at right now.
KEPT_TILES = 512
EMPTY = gzip.compress(b"", mtime=0)

_SINGLE = """
SELECT ST_AsMVT(feature, 'places', %(extent)s, 'geometry', 'id') FROM (
    SELECT place.id, place.code, place.name, place.kind,
        place.cost_to_stay = ANY(%(free)s) AS is_free,
        EXISTS (
            SELECT FROM places_welcome welcome
            WHERE welcome.place_id = place.id
                AND welcome.attribute = %(step_free)s AND welcome.value = %(yes)s
        ) AS is_step_free,
        ST_AsMVTGeom(
            place.point_3857,
            ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 3857),
            %(extent)s, %(margin)s, true
        ) AS geometry
    FROM places_place place
    WHERE place.state IN %(shown)s
        AND place.point_3857 && ST_MakeEnvelope(
            %(west)s - %(reach)s, %(south)s - %(reach)s,
            %(east)s + %(reach)s, %(north)s + %(reach)s, 3857
        )
    ORDER BY place.id
) feature
"""
# A place alone in its cell is itself; no margin, for a cluster belongs to one tile.
_CLUSTERS = """
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
                    x, %(west)s + (across + %(most)s) * %(cell)s
                ), %(west)s + (across + 1 - %(most)s) * %(cell)s) END,
                CASE WHEN size = 1 THEN y ELSE greatest(least(
                    y, %(north)s - (down + 1 - %(most)s) * %(cell)s
                ), %(north)s - (down + %(most)s) * %(cell)s) END
            ), 3857),
            ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 3857),
            %(extent)s, 0, true
        ) AS geometry
    FROM (
        SELECT min(id) AS id, min(code) AS code, min(name) AS name, min(kind) AS kind,
            bool_and(cost_to_stay = ANY(%(free)s)) AS is_free, count(*)::int AS size,
            avg(ST_X(point_3857)) AS x, avg(ST_Y(point_3857)) AS y,
            floor((ST_X(point_3857) - %(west)s) / %(cell)s) AS across,
            floor((%(north)s - ST_Y(point_3857)) / %(cell)s) AS down
        FROM places_place
        WHERE state IN %(shown)s
            AND point_3857 && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 3857)
            AND ST_X(point_3857) < %(east)s AND ST_Y(point_3857) > %(south)s
        GROUP BY across, down
    ) cell
) feature
"""


def is_tile(z: int, x: int, y: int, *, max_zoom: int) -> bool:
    """Tell whether there is such a tile at all."""
    return z <= max_zoom and x < 2**z and y < 2**z


def make_place_tile(z: int, x: int, y: int) -> bytes:
    """Ask the database for the tile of shown places: clusters when far, single ones when near."""
    side = 2 * HALF_WORLD / 2**z
    west, north = x * side - HALF_WORLD, HALF_WORLD - y * side
    with connection.cursor() as cursor:
        cursor.execute(
            _SINGLE if z >= SINGLE_FROM_ZOOM else _CLUSTERS,
            {
                "west": west,
                "south": north - side,
                "east": west + side,
                "north": north,
                "reach": side * MARGIN / EXTENT,
                "cell": side / CLUSTERS_ACROSS,
                "most": (1 + CLUSTER_MIDDLE) / 2,
                "extent": EXTENT,
                "margin": MARGIN,
                "free": [cost.value for cost in FREE_TO_STAY],
                "shown": tuple(state.value for state in SHOWN_STATES),
                "step_free": WelcomeAttribute.STEP_FREE.value,
                "yes": Answer.YES.value,
            },
        )
        return bytes(cursor.fetchone()[0])


def read_version(layer: str) -> int | None:
    """Return the version of `layer` from the database, the one place that is never behind."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM places_layerversion WHERE layer = %s", [layer])
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def places_version() -> int:
    """Return the version of the places that everybody sees; 1 before anything was written."""
    return read_version(PLACES_LAYER) or 1


@lru_cache(maxsize=KEPT_TILES)
def get_place_tile(version: int, z: int, x: int, y: int) -> bytes:
    """Return a tile of the present `version`, gzipped: kept by this process, then by Redis."""
    key = f"{PLACES_LAYER}:{version}:{z}/{x}/{y}"
    tile: bytes | None = cache.get(key)
    if tile is None:
        made = make_place_tile(z, x, y)
        tile = gzip.compress(made, compresslevel=4, mtime=0) if made else EMPTY
        cache.set(key, tile, CACHED_SECONDS)
    return tile


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
    address = reverse("tiles:places", args=[places_version(), 0, 0, 0])
    return {"tiles": address.replace("/0/0/0.mvt", "/{z}/{x}/{y}.mvt")}


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
