"""Borders of areas for small maps, simplified together so that neighbours keep one shared edge."""

from collections.abc import Sequence
from functools import lru_cache

import shapely
from django.db import connections

from connections.reports import reading
from connections.reports.charts import Outlines
from places.models import Area

PIXELS = 320
"""A small map is this wide: what is finer is not seen."""


def read_outlines(areas: Sequence[Area]) -> Outlines | None:
    """Return the borders of `areas`, None where there are none to draw.

    Kept by the process: boundaries of a vintage do not change, and every report of an area asks.
    """
    if not areas:
        return None
    return _read(tuple(area.pk for area in areas), reading.READER)


@lru_cache(maxsize=64)
def _read(ids: tuple[int, ...], reader: str) -> Outlines:
    with connections[reader].cursor() as cursor:
        cursor.execute(
            "SELECT id, ST_AsBinary(ST_Transform(geometry, 3857)) FROM places_area"
            " WHERE id = ANY(%s) ORDER BY id",
            [list(ids)],
        )
        rows = cursor.fetchall()
    shapes = shapely.from_wkb([bytes(wkb) for _id, wkb in rows])
    west, south, east, north = shapely.total_bounds(shapes)
    # Whole pixels, downwards: SVG counts from the top.
    pixel = max(east - west, north - south) / PIXELS
    simple = shapely.coverage_simplify(shapes, pixel)
    paths = {
        pk: _write_path(shape, west, north, pixel)
        for (pk, _wkb), shape in zip(rows, simple, strict=True)
    }
    return Outlines(
        paths={pk: path for pk, path in paths.items() if path},
        box=(0.0, 0.0, (east - west) / pixel, (north - south) / pixel),
    )


def _write_path(shape: shapely.Geometry, west: float, north: float, pixel: float) -> str:
    rings = []
    for polygon in getattr(shape, "geoms", [shape]):
        for ring in (polygon.exterior, *polygon.interiors):
            points = [
                f"{(x - west) / pixel:.1f} {(north - y) / pixel:.1f}" for x, y in ring.coords[:-1]
            ]
            rings.append(f"M{'L'.join(points)}Z")
    return "".join(rings)
