"""Puts the invented geography into the tables: areas, people, deprivation, postcodes, names."""

import datetime as dt
from collections.abc import Sequence
from typing import cast

import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Point

from demo.names import ATTRIBUTION, GEOGRAPHY_NAME
from demo.town import Town, Zone
from places.actions import rebuild_ancestors
from places.models import Area, Deprivation, Geography, PlaceName, Population, Postcode
from places.tiles import bake_area_tiles
from places.vocabulary import AreaLevel

SLUG = "demo"
SOURCE = "Invented for the demonstration"
DEPRIVATION_INDEX = "Whinsay index (invented)"
# Levels from the top, so that parents exist before their children.
TOP_DOWN = tuple(level.value for level in reversed(AreaLevel))


def load_areas(town: Town, *, from_on: dt.date, until_on: dt.date) -> int:
    """Insert the geography, in use from `from_on`, with populations up to `until_on`'s year."""
    geography = Geography.objects.create(
        slug=SLUG,
        name=GEOGRAPHY_NAME,
        applies_from_on=from_on,
        is_current=True,
        attribution=ATTRIBUTION,
    )
    made: dict[str, Area] = {}
    for level in TOP_DOWN:
        areas = [_to_area(zone, geography, made) for zone in town.at_level(level)]
        for area in Area.objects.bulk_create(areas):
            made[area.code] = area
    rebuild_ancestors(geography)
    bake_area_tiles(geography)
    years = range(from_on.year - 1, until_on.year)
    Population.objects.bulk_create(_populations(town.areas, made, years))
    Deprivation.objects.bulk_create(
        Deprivation(
            area=made[zone.code], index=DEPRIVATION_INDEX, rank=zone.rank, decile=zone.decile
        )
        for zone in town.at_level("zone")
    )
    Postcode.objects.bulk_create(
        Postcode(code=spot.code, point=to_point(spot.point), area=made[spot.zone])
        for spot in town.postcodes
    )
    PlaceName.objects.bulk_create(
        PlaceName(
            name=spot.name,
            kind=spot.kind,
            district=spot.district,
            point=to_point(spot.point),
            area=made[spot.zone],
        )
        for spot in town.names
    )
    bake_area_tiles(geography)
    return len(made) + len(town.postcodes) + len(town.names)


def to_point(point: shapely.Point) -> Point:
    return Point(point.x, point.y, srid=4326)


def to_multipolygon(shape: shapely.MultiPolygon) -> MultiPolygon:
    return cast(MultiPolygon, GEOSGeometry(memoryview(shapely.to_wkb(shape)), srid=4326))


def _to_area(zone: Zone, geography: Geography, made: dict[str, Area]) -> Area:
    return Area(
        geography=geography,
        code=zone.code,
        name=zone.name,
        level=zone.level,
        parent=made[zone.parent] if zone.parent else None,
        geometry=to_multipolygon(zone.geometry),
        point=to_point(zone.point),
        population=zone.residents,
        adults=zone.adults,
        deprivation_rank=zone.rank,
        deprivation_decile=zone.decile,
    )


def _populations(zones: Sequence[Zone], made: dict[str, Area], years: range) -> list[Population]:
    """Every year the same people: an island that does not grow needs no second explanation."""
    return [
        Population(
            area=made[zone.code],
            year=year,
            residents=zone.residents,
            adults=zone.adults,
            source=SOURCE,
        )
        for year in years
        for zone in zones
    ]
