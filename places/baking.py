"""Bakes the boundaries of areas into vector tiles, once for each vintage.

A live tile of seven hundred polygons costs the database about a tenth of a second; a stored row a
thousandth. All areas of a level are simplified together, so that neighbours keep one shared edge.
"""

import gzip
from collections.abc import Iterator
from functools import partial
from itertools import groupby

import numpy as np
import shapely
from django.db import connection, transaction
from numpy.typing import NDArray

from places.actions import bump_layer
from places.models import Area, AreaTile, Geography
from places.mvt import (
    EXTENT,
    Geometries,
    encode_feature,
    encode_geometries,
    encode_layer,
    encode_value,
)
from places.vocabulary import AreaLevel

MAX_ZOOM = 11
# From this zoom on boundaries are as exact as they were loaded, but for the grid (5 m at z11).
EXACT_FROM_ZOOM = 10
# Below this zoom the grid itself leaves out what is too small.
SIMPLEST_ZOOM = 5
# Twice the side of a pixel, of 512 to a tile: what nobody sees.
TOLERANCE = EXTENT / 512 * 2
# Borders are drawn past the edge of a tile, so that a line does not end there.
MARGIN = 64
HALF_WORLD = 20_037_508.342789244
_KEYS = ["code", "name"]
_BATCH = 500


def areas_layer_name(slug: str) -> str:
    """Return the LayerVersion of the area tiles of the geography with this short name."""
    return f"areas:{slug}"


@transaction.atomic
def bake_area_tiles(geography: Geography, *, level: AreaLevel | None = None) -> int:
    """Make the area tiles of `geography` anew, z0 to MAX_ZOOM, and return how many.

    All levels, or the one that was loaded. Readers have the old tiles until the caller's
    transaction commits; the layer's new version gives browsers a new address.
    """
    levels = list(AreaLevel) if level is None else [level]
    AreaTile.objects.filter(geography=geography, level__in=levels).delete()
    total = 0
    for one in levels:
        ids, labels, shapes = _read_areas(geography, one)
        if ids:
            tiles = [
                AreaTile(geography=geography, level=one, z=z, x=x, y=y, mvt=mvt)
                for z, x, y, mvt in make_area_tiles(ids, labels, shapes)
            ]
            total += len(AreaTile.objects.bulk_create(tiles, batch_size=_BATCH))
    bump_layer(areas_layer_name(geography.slug))
    return total


def _read_areas(
    geography: Geography, level: AreaLevel
) -> tuple[list[int], list[tuple[str, str]], Geometries]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, code, name, ST_AsBinary(geometry) FROM {Area._meta.db_table}"  # noqa: S608
            " WHERE geography_id = %s AND level = %s ORDER BY id",
            [geography.pk, level.value],
        )
        rows = cursor.fetchall()
    shapes = shapely.from_wkb([bytes(row[3]) for row in rows])
    return [row[0] for row in rows], [(row[1], row[2]) for row in rows], np.asarray(shapes)


def make_area_tiles(
    ids: list[int], labels: list[tuple[str, str]], shapes: Geometries
) -> Iterator[tuple[int, int, int, bytes]]:
    """Yield (z, x, y, gzipped tile) of areas in degrees, with their ids and (code, name)."""
    metres = shapely.transform(shapes, _to_metres)
    values = [encode_value(code) + encode_value(name) for code, name in labels]
    # From near to far, so that each zoom begins with what the one before left.
    for z in range(MAX_ZOOM, -1, -1):
        units_a_metre = 2**z * EXTENT / (2 * HALF_WORLD)
        if SIMPLEST_ZOOM <= z < EXACT_FROM_ZOOM:
            metres = shapely.coverage_simplify(metres, TOLERANCE / units_a_metre)
        grid = shapely.transform(metres, partial(_to_grid, units_a_metre))
        yield from _make_zoom(z, grid, ids, values)


def _to_metres(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Web Mercator of longitudes and latitudes."""
    return np.column_stack(
        [
            degrees[:, 0] * HALF_WORLD / 180,
            np.log(np.tan((90 + degrees[:, 1]) * np.pi / 360)) * HALF_WORLD / np.pi,
        ]
    )


def _to_grid(units_a_metre: float, metres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Units of the whole zoom's grid, from its north-west corner, y downwards."""
    return np.column_stack([metres[:, 0] + HALF_WORLD, HALF_WORLD - metres[:, 1]]) * units_a_metre


def _make_zoom(
    z: int, grid: Geometries, ids: list[int], labels: list[bytes]
) -> Iterator[tuple[int, int, int, bytes]]:
    tiles, features = _tiles_of(shapely.bounds(grid), 2**z)
    pieces = grid[features]
    crosses = np.bincount(features, minlength=len(grid))[features] > 1
    order = np.lexsort((features, tiles[:, 1], tiles[:, 0]))
    tiles, features, pieces, crosses = tiles[order], features[order], pieces[order], crosses[order]
    changes = np.flatnonzero((np.diff(tiles, axis=0) != 0).any(axis=1)) + 1
    for part in np.split(np.arange(len(pieces)), changes):
        cut = part[crosses[part]]
        if len(cut):
            west, north = tiles[cut[0]] * EXTENT
            pieces[cut] = shapely.clip_by_rect(
                pieces[cut],
                west - MARGIN,
                north - MARGIN,
                west + EXTENT + MARGIN,
                north + EXTENT + MARGIN,
            )
    polygonal = np.isin(shapely.get_type_id(pieces), (3, 6)) & ~shapely.is_empty(pieces)
    tiles, features, pieces = tiles[polygonal], features[polygonal], pieces[polygonal]
    geometries = encode_geometries(pieces, (tiles * EXTENT).astype(np.float64))
    drawn = (
        (tuple(tile), feature, geometry)
        for tile, feature, geometry in zip(
            tiles.tolist(), features.tolist(), geometries, strict=True
        )
        if geometry
    )
    for (x, y), members in groupby(drawn, key=lambda piece: piece[0]):
        encoded, values = [], []
        for number, (_tile, feature, geometry) in enumerate(members):
            first_value = number * len(_KEYS)
            encoded.append(encode_feature(ids[feature], first_value, len(_KEYS), geometry))
            values.append(labels[feature])
        tile = encode_layer("areas", _KEYS, encoded, values)
        yield z, x, y, gzip.compress(tile, compresslevel=6, mtime=0)


def _tiles_of(
    bounds: NDArray[np.float64], across: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each (tile, feature) whose rectangles meet: tiles as n × 2 of x and y, and features."""
    low = np.clip(np.floor(bounds[:, :2] / EXTENT), 0, across - 1).astype(np.int64)
    high = np.clip(np.floor(bounds[:, 2:] / EXTENT), 0, across - 1).astype(np.int64)
    wide, tall = (high - low + 1).T
    count = wide * tall
    features = np.repeat(np.arange(len(bounds)), count)
    within = np.arange(len(features)) - np.repeat(np.cumsum(count) - count, count)
    x = low[features, 0] + within % wide[features]
    y = low[features, 1] + within // wide[features]
    return np.column_stack([x, y]), features
