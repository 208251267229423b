"""Shapes that people give us: drawn, a circle around a point, or a file; checked before anything
else looks at them.

A worker's area, never a person's position. What comes in may be broken or made to hurt: size,
corners, parts and extent are counted before a polygon is mended or measured.
"""

import json
import math
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
import pyogrio
import pyogrio.raw
import shapely
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from django.contrib.gis.gdal import (
    AxisOrder,
    CoordTransform,
    GDALException,
    OGRGeometry,
    SpatialReference,
)
from django.contrib.gis.geos import GEOSException, GEOSGeometry, MultiPolygon, Point, Polygon
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

MAX_CORNERS = 5_000
MAX_PARTS = 200
MAX_TEXT = 400_000
MAX_UPLOAD = 5 * 1024 * 1024
MAX_LAYERS = 20
# Degrees: larger than any council area of these islands, smaller than a country's worth of work.
MAX_ACROSS = 6.0
MIN_METRES, MAX_METRES = 100, 30_000
CIRCLE_CORNERS = 72
EARTH_METRES = 6_371_008.8
WORLD = 4326
SQLITE = b"SQLite format 3\x00"

NOTHING = _("Draw the area first: at least three corners.")
NO_POLYGON = _("This holds no area. Points and lines have none.")
TOO_LARGE = _("This file is too large: at most 5 MB.")
UNREADABLE = _("We can't read this file. Use GeoJSON, GeoPackage or KML.")
TOO_MANY_CORNERS = _("This area has too many corners: at most 5,000.")
TOO_MANY_PARTS = _("This area is in too many parts: at most 200.")
TOO_FAR = _("This area is too large: at most 6 degrees across.")
OFF_THE_MAP = _("This area does not lie on the map. Is the file in degrees?")
NO_SYSTEM = _("The file does not say its coordinate system.")


def check_shape(shape: GEOSGeometry | None) -> MultiPolygon:
    """Return `shape` as valid polygons in degrees, or raise ValidationError in plain words.

    The one door for geometry that comes from outside: at most MAX_CORNERS corners, MAX_PARTS parts
    and MAX_ACROSS degrees; edges that cross are mended. Points and lines beside polygons are left
    out.
    """
    if shape is None or shape.empty:
        raise ValidationError(NOTHING)
    if shape.num_coords > MAX_CORNERS:
        raise ValidationError(TOO_MANY_CORNERS)
    west, south, east, north = shape.extent
    if not all(map(math.isfinite, shape.extent)):
        raise ValidationError(OFF_THE_MAP)
    if not (-180 <= west <= east <= 180 and -85 <= south <= north <= 85):
        raise ValidationError(OFF_THE_MAP)
    if max(east - west, north - south) > MAX_ACROSS:
        raise ValidationError(TOO_FAR)
    parts = list(_polygons_of(shape))
    if len(parts) > MAX_PARTS:
        raise ValidationError(TOO_MANY_PARTS)
    if not parts:
        raise ValidationError(NO_POLYGON)
    whole = shapely.union_all([shapely.from_wkb(bytes(part.wkb)) for part in _mended(parts)])
    found = [part for part in shapely.get_parts(whole) if part.geom_type == "Polygon"]
    found = [part for part in found if part.area > 0]
    if not found:
        raise ValidationError(NO_POLYGON)
    if shapely.get_num_coordinates(found).sum() > 2 * MAX_CORNERS:
        raise ValidationError(TOO_MANY_CORNERS)
    if len(found) > MAX_PARTS:
        raise ValidationError(TOO_MANY_PARTS)
    made = as_geos(shapely.multipolygons(found))
    if not isinstance(made, MultiPolygon):
        raise TypeError("Polygons put together are a multipolygon.")
    return made


def as_geos(shape: Any) -> GEOSGeometry:
    """Return a shapely geometry in degrees as the one that models hold."""
    return GEOSGeometry(memoryview(shapely.to_wkb(shape)), srid=WORLD)


def _polygons_of(shape: GEOSGeometry) -> Iterator[Polygon]:
    if isinstance(shape, Polygon):
        if not shape.empty:
            yield shape
    elif shape.num_geom > 1 or shape.geom_type.startswith(("Multi", "Geometry")):
        for part in shape:  # type: ignore[attr-defined]
            yield from _polygons_of(part)


def _mended(parts: list[Polygon]) -> Iterator[GEOSGeometry]:
    for part in parts:
        yield part if part.valid else part.make_valid()


def read_drawn(text: str) -> MultiPolygon:
    """Return the shape of GeoJSON as the drawing script sends it; raises ValidationError."""
    if not text.strip():
        raise ValidationError(NOTHING)
    return check_shape(_read_geojson(text))


def make_circle(middle: Point, metres: float) -> MultiPolygon:
    """Return the places within so many metres of `middle` (degrees) as a polygon.

    Along great circles, so that it is round on the ground at any latitude (to 0.1 %).
    """
    if not MIN_METRES <= metres <= MAX_METRES:
        raise ValidationError(
            _("Choose a distance from %(least)s to %(most)s metres."),
            params={"least": MIN_METRES, "most": MAX_METRES},
        )
    angle = metres / EARTH_METRES
    bearing = np.linspace(0, 2 * np.pi, CIRCLE_CORNERS, endpoint=False)
    lat, lon = math.radians(middle.y), math.radians(middle.x)
    north = np.arcsin(
        math.sin(lat) * np.cos(angle) + math.cos(lat) * np.sin(angle) * np.cos(bearing)
    )
    east = lon + np.arctan2(
        np.sin(bearing) * np.sin(angle) * math.cos(lat),
        np.cos(angle) - math.sin(lat) * np.sin(north),
    )
    ring = [(float(x), float(y)) for x, y in np.degrees(np.column_stack([east, north]))]
    return check_shape(Polygon([*ring, ring[0]], srid=WORLD))


def read_uploaded(upload: "UploadedFile[Any]") -> MultiPolygon:
    """Return all polygons of a GeoJSON, GeoPackage or KML file together.

    What it is, its content says and not its name. Raises ValidationError in plain words.
    """
    if upload.size is None or upload.size > MAX_UPLOAD:
        raise ValidationError(TOO_LARGE)
    content = upload.read(MAX_UPLOAD + 1)
    if content.startswith(SQLITE):
        return check_shape(_read_geopackage(content))
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise ValidationError(UNREADABLE) from error
    if text.startswith("<"):
        return check_shape(_read_kml(text))
    return check_shape(_read_geojson(text, most=MAX_UPLOAD))


def _read_geojson(text: str, *, most: int = MAX_TEXT) -> GEOSGeometry:
    if len(text) > most:
        raise ValidationError(TOO_MANY_CORNERS)
    try:
        found = [_from_geojson(one) for one in _geometries_of(json.loads(text))]
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, AttributeError) as error:
        raise ValidationError(UNREADABLE) from error
    return _together(found)


def _geometries_of(data: Any) -> Iterator[dict[str, Any]]:
    kind = data["type"]
    if kind == "FeatureCollection":
        for feature in data["features"]:
            yield from _geometries_of(feature)
    elif kind == "Feature":
        if data["geometry"] is not None:
            yield from _geometries_of(data["geometry"])
    elif kind == "GeometryCollection":
        for geometry in data["geometries"]:
            yield from _geometries_of(geometry)
    elif kind in {"Polygon", "MultiPolygon"}:
        yield data


def _from_geojson(data: dict[str, Any]) -> list[Any]:
    """Polygons of one geometry; a few bad rings refuse it before GEOS sees any."""
    rings = data["coordinates"] if data["type"] == "MultiPolygon" else [data["coordinates"]]
    return [
        shapely.Polygon(_ring(polygon[0]), [_ring(hole) for hole in polygon[1:]])
        for polygon in rings
    ]


def _ring(corners: list[list[float]]) -> list[tuple[float, float]]:
    ring = [(float(corner[0]), float(corner[1])) for corner in corners]
    if len(ring) < 3 or not np.isfinite(ring).all():
        raise ValueError("A ring has at least three corners, each of them somewhere.")
    return ring


def _together(found: list[list[Any]]) -> GEOSGeometry:
    parts = [part for some in found for part in some]
    if not parts:
        raise ValidationError(NO_POLYGON)
    if len(parts) > MAX_PARTS:
        raise ValidationError(TOO_MANY_PARTS)
    if shapely.get_num_coordinates(parts).sum() > MAX_CORNERS:
        raise ValidationError(TOO_MANY_CORNERS)
    try:
        return as_geos(shapely.multipolygons(parts))
    except GEOSException as error:
        raise ValidationError(UNREADABLE) from error


def _read_kml(text: str) -> GEOSGeometry:
    try:
        root = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise ValidationError(UNREADABLE) from error
    try:
        found = [[_from_kml(one)] for one in root.iter() if _tag(one) == "Polygon"]
    except (ValueError, IndexError) as error:
        raise ValidationError(UNREADABLE) from error
    return _together(found)


def _from_kml(polygon: Element) -> Any:
    outer: list[tuple[float, float]] = []
    holes = []
    for border in polygon:
        for one in border.iter():
            if _tag(one) != "coordinates":
                continue
            ring = _ring([corner.split(",") for corner in (one.text or "").split()])  # type: ignore[misc]
            if _tag(border) == "outerBoundaryIs":
                outer = ring
            else:
                holes.append(ring)
    if not outer:
        raise ValueError("A polygon has an outer border.")
    return shapely.Polygon(outer, holes)


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _read_geopackage(content: bytes) -> GEOSGeometry:
    """All polygons of all layers, in degrees. GDAL opens it by the name that we give, read-only."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # GDAL tells of odd features here: what is no polygon is left out below.
        warnings.simplefilter("ignore")
        path = Path(folder) / "area.gpkg"
        path.write_bytes(content)
        try:
            layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
            found = [_read_layer(path, name) for name in layers[:MAX_LAYERS]]
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
            raise ValidationError(UNREADABLE) from error
    return _together(found)


def _read_layer(path: Path, name: str) -> list[Any]:
    meta, _ids, shapes, _fields = pyogrio.raw.read(
        path, layer=name, columns=[], force_2d=True, max_features=MAX_PARTS + 1
    )
    if shapes is None:
        return []
    found = shapely.get_parts(shapely.from_wkb(shapes, on_invalid="ignore"))
    polygons = found[shapely.get_type_id(found) == shapely.GeometryType.POLYGON]
    if not len(polygons):
        return []
    if not meta["crs"]:
        raise ValidationError(NO_SYSTEM)
    if shapely.get_num_coordinates(polygons).sum() > MAX_CORNERS:
        raise ValidationError(TOO_MANY_CORNERS)
    whole = OGRGeometry(memoryview(shapely.to_wkb(shapely.multipolygons(list(polygons)))))
    try:
        system = SpatialReference(str(meta["crs"]), axis_order=AxisOrder.TRADITIONAL)
        degrees = SpatialReference(WORLD, axis_order=AxisOrder.TRADITIONAL)
        whole.transform(CoordTransform(system, degrees))
    except GDALException as error:
        raise ValidationError(NO_SYSTEM) from error
    return list(shapely.get_parts(shapely.from_wkb(bytes(whole.wkb))))
