"""Places, areas and gatherings as features: each one query, written as GeoJSON by the database."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.contrib.gis.db.models import Extent
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from places.actions import current_geography
from places.exchange.collections import (
    Box,
    Collection,
    Filter,
    Page,
    Wanted,
    read_id,
    register,
)
from places.gatherings import Occasion, next_occasions
from places.models import Area, Gathering, Place
from places.search import IS_FREE, IS_SHOWN, IS_STEP_FREE, Search, conditions
from places.vocabulary import AreaLevel, PlaceKind

YES = ("true", "false")
DAYS_AHEAD = 92

_PLACE = f"""
json_build_object('type', 'Feature', 'id', place.code,
    'geometry', ST_AsGeoJSON(place.point, 6)::json,
    'properties', (SELECT row_to_json(shown) FROM (SELECT
        place.code, place.name, place.kind, area.code AS area, place.address, place.postcode,
        place.description, place.website, place.telephone, place.opening_hours,
        place.weekly_hours, place.cost_to_stay, {IS_FREE} AS is_free,
        {IS_STEP_FREE} AS is_step_free, place.state, place.confirmed_at::date AS confirmed_on
    ) shown)
)::text
"""  # noqa: S608 - our own conditions
_PLACES = "FROM places_place place LEFT JOIN places_area area ON area.id = place.area_id"
_AREA = """
json_build_object('type', 'Feature', 'id', area.code,
    'geometry', ST_AsGeoJSON(area.geometry, 6)::json,
    'properties', (SELECT row_to_json(shown) FROM (SELECT
        area.code, area.name, area.level, parent.code AS parent, area.population, area.adults,
        area.deprivation_decile, area.deprivation_rank
    ) shown)
)::text
"""
_AREAS = "FROM places_area area LEFT JOIN places_area parent ON parent.id = area.parent_id"


def register_collections() -> None:
    """Offer what this room has."""
    register(
        Collection(
            id="places",
            title=_("Places"),
            about=_(
                "Places where people can meet and stay: what they cost and when they are open."
            ),
            read=read_places,
            find=find_place,
            extent=extent_of_places,
            filters={
                "q": Filter("Words of the name, the street or the kind."),
                "kind": Filter("Kind of place.", tuple(PlaceKind.values)),
                "free": Filter("Free to stay.", YES, "boolean"),
                "open": Filter("Open now.", YES, "boolean"),
                "step_free": Filter("Without steps.", YES, "boolean"),
            },
            page="/places/{id}/",
        )
    )
    register(
        Collection(
            id="areas",
            title=_("Areas"),
            about=_("Official areas in use, with residents and deprivation."),
            read=read_areas,
            find=find_area,
            extent=extent_of_areas,
            filters={
                "level": Filter("Level of the area.", tuple(AreaLevel.values)),
                "parent": Filter("Code of the area that holds it."),
                "name": Filter("Its whole name."),
            },
            attribution=attribution_of_areas,
            page="/areas/{id}/",
        )
    )
    register(
        Collection(
            id="gatherings",
            title=_("Gatherings"),
            about=_("Things to come along to, each at its next time; datetime narrows it."),
            read=read_gatherings,
            find=find_gathering,
            extent=extent_of_gatherings,
            page="/whats-on/{id}/",
        )
    )


# ------------------------------------------------------------------ places


def read_places(wanted: Wanted) -> Page:
    """Return places that everybody sees, in the order in which they were written down."""
    chosen = wanted.filters
    search = Search(
        words=chosen.get("q", ""),
        kinds=(chosen["kind"],) if "kind" in chosen else (),
        is_free=chosen.get("free") == "true",
        is_open=chosen.get("open") == "true",
        is_step_free=chosen.get("step_free") == "true",
    )
    where, values = conditions(search, timezone.now())
    for name, negated in (("free", IS_FREE), ("step_free", IS_STEP_FREE)):
        if chosen.get(name) == "false":
            where += f" AND NOT {negated}"
    if chosen.get("open") == "false":
        closed, more = conditions(Search(is_open=True), timezone.now())
        where += f" AND NOT ({closed})"
        values |= more
    where += _in_boxes(
        "place.point_3857 && ST_Transform(ST_MakeEnvelope({box}, 4326), 3857)", wanted, values
    )
    return _read(_PLACE, _PLACES, "place", where, values, wanted)


def find_place(code: str) -> str | None:
    """Return a shown place as a GeoJSON feature; None where there is none."""
    return _find(_PLACE, _PLACES, f"place.code = %(code)s AND {IS_SHOWN}", code)


def extent_of_places() -> Box | None:
    """Return west, south, east, north of all shown places in degrees; None where there are none."""
    return _as_box(Place.objects.shown().order_by().aggregate(it=Extent("point"))["it"])


# ------------------------------------------------------------------ areas


def read_areas(wanted: Wanted) -> Page:
    """Return the areas of the geography in use."""
    where, values = "area.geography_id = %(geography)s", dict[str, Any]()
    geography = current_geography()
    values["geography"] = geography.pk if geography else 0
    for name, clause in (
        ("level", "area.level = %(level)s"),
        ("parent", "parent.code = %(parent)s"),
        ("name", "area.name = %(name)s"),
    ):
        if name in wanted.filters:
            where += f" AND {clause}"
            values[name] = wanted.filters[name]
    where += _in_boxes("ST_Intersects(area.geometry, ST_MakeEnvelope({box}, 4326))", wanted, values)
    return _read(_AREA, _AREAS, "area", where, values, wanted)


def find_area(code: str) -> str | None:
    """Return an area of the current geography as a GeoJSON feature; None where there is none."""
    where = (
        "area.code = %(code)s AND area.geography_id ="
        " (SELECT id FROM places_geography WHERE is_current)"
    )
    return _find(_AREA, _AREAS, where, code)


def extent_of_areas() -> Box | None:
    """Return west, south, east, north of the current geography in degrees."""
    areas = Area.objects.filter(geography__is_current=True, parent=None).order_by()
    return _as_box(areas.aggregate(it=Extent("geometry"))["it"])


def attribution_of_areas() -> str:
    """Return whose boundaries they are, in the words of their licence."""
    geography = current_geography()
    return geography.attribution if geography else ""


# ------------------------------------------------------------------ gatherings


def read_gatherings(wanted: Wanted) -> Page:
    """Return gatherings that happen in the time asked for (from now on, without one), each once."""
    now = timezone.now()
    start = wanted.begins_at or (now if wanted.ends_at is None else now - timedelta(days=366))
    end = wanted.ends_at or start + timedelta(days=DAYS_AHEAD)
    found = [
        occasion
        for occasion in next_occasions(start, end)
        if not wanted.boxes or any(_holds(box, occasion) for box in wanted.boxes)
    ]
    found.sort(key=lambda occasion: occasion.gathering.pk)
    after = read_id(wanted.after)
    rest = [occasion for occasion in found if occasion.gathering.pk > after]
    page = rest[: wanted.limit]
    return Page(
        features=[write_gathering(occasion) for occasion in page],
        matched=len(found),
        next=str(page[-1].gathering.pk) if len(rest) > wanted.limit else "",
    )


def find_gathering(code: str) -> str | None:
    """Return a shown gathering at its next time as a GeoJSON feature; None where there is none."""
    now = timezone.now()
    gathering = Gathering.objects.shown().filter(code=code).select_related("place").first()
    if gathering is None:
        return None
    end = now + timedelta(days=DAYS_AHEAD)
    occasions = next_occasions(now, end, among=Gathering.objects.filter(pk=gathering.pk))
    return write_gathering(occasions[0] if occasions else Occasion(gathering, gathering.starts_at))


def extent_of_gatherings() -> Box | None:
    """Return west, south, east, north of the places of gatherings in degrees."""
    places = Place.objects.shown().filter(gatherings__in=Gathering.objects.shown()).order_by()
    return _as_box(places.aggregate(it=Extent("point"))["it"])


def write_gathering(occasion: Occasion) -> str:
    """Return a gathering at one of its times as a GeoJSON feature."""
    gathering, place = occasion.gathering, occasion.gathering.place
    return json.dumps(
        {
            "type": "Feature",
            "id": gathering.code,
            "geometry": {
                "type": "Point",
                "coordinates": [round(place.point.x, 6), round(place.point.y, 6)],
            },
            "properties": {
                "code": gathering.code,
                "title": gathering.title,
                "description": gathering.description,
                "starts_at": _say(occasion.starts_at),
                "ends_at": _say(occasion.ends_at),
                "recurrence": gathering.recurrence,
                "place": place.code,
                "place_name": place.name,
                "food": gathering.food,
                "is_asked": gathering.is_asked,
                "is_not_asked": gathering.is_not_asked,
                "how_to_leave": gathering.how_to_leave,
                "capacity": gathering.capacity,
                "organisation": gathering.organisation.name if gathering.organisation else None,
            },
        },
        ensure_ascii=False,
    )


def _say(at: datetime) -> str:
    return timezone.localtime(at).isoformat(timespec="seconds")


def _holds(box: Box, occasion: Occasion) -> bool:
    west, south, east, north = box
    point = occasion.gathering.place.point
    return bool(west <= point.x <= east and south <= point.y <= north)


# ------------------------------------------------------------------ asking the database


def _in_boxes(clause: str, wanted: Wanted, values: dict[str, Any]) -> str:
    """The condition that something lies in the box asked for, "" where none is."""
    clauses = []
    for number, box in enumerate(wanted.boxes):
        names = [f"{side}{number}" for side in ("west", "south", "east", "north")]
        values |= dict(zip(names, box, strict=True))
        clauses.append(clause.format(box=", ".join(f"%({name})s" for name in names)))
    return f" AND ({' OR '.join(clauses)})" if clauses else ""


def _read(
    select: str, tables: str, table: str, where: str, values: dict[str, Any], wanted: Wanted
) -> Page:
    values |= {"after": read_id(wanted.after), "limit": wanted.limit + 1}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {tables} WHERE {where}", values)
        (matched,) = cursor.fetchone()
        cursor.execute(
            f"SELECT {select}, {table}.id {tables} WHERE {where} AND {table}.id > %(after)s"
            f" ORDER BY {table}.id LIMIT %(limit)s",
            values,
        )
        rows = cursor.fetchall()
    page = rows[: wanted.limit]
    return Page(
        features=[row[0] for row in page],
        matched=matched,
        next=str(page[-1][1]) if len(rows) > wanted.limit else "",
    )


def _find(select: str, tables: str, where: str, code: str) -> str | None:
    if "\0" in code:
        return None
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {select} {tables} WHERE {where}", {"code": code})
        row = cursor.fetchone()
    return None if row is None else str(row[0])


def _as_box(extent: tuple[float, ...] | None) -> Box | None:
    if extent is None:
        return None
    west, south, east, north = (float(side) for side in extent)
    return west, south, east, north
