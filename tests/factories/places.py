"""Places and squares of land for tests."""

import itertools
from typing import Any

from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from django.utils import timezone

from places.models import Area, Geography, Place, Welcome
from places.vocabulary import AreaLevel, PlaceKind, PlaceState

_numbers = itertools.count(1)

# The middle of the invented land: squares and places lie around it.
MIDDLE = (-4.25, 55.85)


def make_point(east: float = 0.0, north: float = 0.0) -> Point:
    """A point some degrees from the middle."""
    return Point(MIDDLE[0] + east, MIDDLE[1] + north, srid=4326)


def make_place(
    name: str = "",
    *,
    kind: str = PlaceKind.LIBRARY,
    point: Point | None = None,
    welcome: dict[str, str] | None = None,
    state: str = PlaceState.VERIFIED,
    **facts: Any,
) -> Place:
    """A place that everybody sees, unless told otherwise; `welcome` maps attribute to answer."""
    place = Place.objects.create(
        name=name or f"Place {next(_numbers)}",
        kind=kind,
        point=point or make_point(),
        state=state,
        confirmed_at=timezone.now(),
        **facts,
    )
    for attribute, value in (welcome or {}).items():
        Welcome.objects.create(
            place=place, attribute=attribute, value=value, checked_on=timezone.localdate()
        )
    return place


def make_square(
    code: str,
    *,
    geography: Geography,
    level: str = AreaLevel.ZONE,
    parent: Area | None = None,
    west: float = -0.05,
    south: float = -0.05,
    side: float = 0.1,
    name: str = "",
) -> Area:
    """A square area whose south-west corner lies `west`, `south` degrees from the middle."""
    corner = (MIDDLE[0] + west, MIDDLE[1] + south)
    return Area.objects.create(
        geography=geography,
        code=code,
        name=name or f"Area {code}",
        level=level,
        parent=parent,
        geometry=MultiPolygon(
            Polygon.from_bbox((*corner, corner[0] + side, corner[1] + side)), srid=4326
        ),
        point=Point(corner[0] + side / 2, corner[1] + side / 2, srid=4326),
        population=1_000,
        adults=800,
    )
