"""Positions of rows that were written the wrong way round, or in metres of the National Grid."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import shapely
from django.contrib.gis.db.models import Extent
from django.contrib.gis.gdal import AxisOrder, CoordTransform, OGRGeometry, SpatialReference

from places.exchange.drafts import OFF_THE_MAP, Draft, check_facts
from places.models import Area

# West, south, east, north in degrees.
Land = tuple[float, float, float, float]
# A place a little off the coast, or beyond the border, is none that was turned.
MARGIN = 0.1
TURNED = "latitude and longitude were swapped: turned"
FROM_GRID = "read as metres of the National Grid"
OUTSIDE = "lies outside the areas that are loaded"
_GRID, _DEGREES = 27700, 4326


def find_land() -> Land | None:
    """Return the extent of the loaded areas, None before there are any."""
    found = Area.objects.filter(parent=None).aggregate(land=Extent("geometry"))["land"]
    if found is None:
        return None
    west, south, east, north = found
    return west - MARGIN, south - MARGIN, east + MARGIN, north + MARGIN


def settle_positions(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """Yield `drafts`: a position that makes sense only when it is turned, or read as easting and
    northing, is so, with a note; one outside the loaded areas is told."""
    land = find_land()
    for draft in drafts:
        lon, lat = draft.facts.get("lon"), draft.facts.get("lat")
        if land is None or lon is None or lat is None or _holds(land, lon, lat):
            yield draft
        elif _holds(land, lat, lon):
            yield _move(draft, lat, lon, TURNED)
        elif (moved := _from_grid(lon, lat)) and _holds(land, *moved):
            yield _move(draft, *moved, FROM_GRID)
        elif draft.problem:
            yield draft
        else:
            yield replace(draft, notes=(*draft.notes, OUTSIDE))


def _holds(land: Land, lon: float, lat: float) -> bool:
    west, south, east, north = land
    return west <= lon <= east and south <= lat <= north


def _from_grid(easting: float, northing: float) -> tuple[float, float] | None:
    if not (1_000 < easting < 700_000 and 1_000 < northing < 1_300_000):
        return None
    point: Any = OGRGeometry(f"POINT ({easting} {northing})")
    point.transform(_turn())
    return float(point.x), float(point.y)


def _turn() -> CoordTransform:
    order = AxisOrder.TRADITIONAL
    return CoordTransform(
        SpatialReference(_GRID, axis_order=order), SpatialReference(_DEGREES, axis_order=order)
    )


def _move(draft: Draft, lon: float, lat: float, why: str) -> Draft:
    facts: dict[str, Any] = {**draft.facts, "lon": lon, "lat": lat}
    if outline := facts.get("outline"):
        # Of an outline only its sides are changed: metres of a layer that lies are seldom met.
        facts["outline"] = _turn_outline(outline) if why == TURNED else None
    problem = check_facts(facts) if draft.problem == OFF_THE_MAP else draft.problem
    return replace(draft, facts=facts, problem=problem, notes=(*draft.notes, why))


def _turn_outline(outline: str) -> str:
    shape = shapely.from_wkb(outline)
    turned = shapely.transform(shape, lambda corners: corners[:, ::-1])
    return str(shapely.to_wkb(shapely.set_srid(turned, _DEGREES), hex=True, include_srid=True))
