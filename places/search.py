"""Finds places: one set of conditions behind the list, the map, the API and every count.

Lists are built in SQL and go page by page from where the last one ended, so that a deep page costs
no more than the first. "Open now" is decided for each different text of opening hours, not for each
place: a hundred thousand places share a few thousand.
"""

import base64
import binascii
import hashlib
import json
import unicodedata
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.contrib.gis.geos import Point
from django.core.cache import cache
from django.db import connection
from django.utils.functional import cached_property
from django.utils.translation import get_language

from places.hours import Status, describe_status, status_at
from places.models.place import SHOWN_STATES
from places.versions import places_version
from places.vocabulary import (
    FREE_TO_STAY,
    Answer,
    CostToStay,
    PlaceKind,
    PlaceState,
    WelcomeAttribute,
)

MAX_WORDS = 6
COUNT_SECONDS = 120
_STEP_FREE = (
    "FROM places_welcome welcome WHERE welcome.place_id = place.id"
    f" AND welcome.attribute = '{WelcomeAttribute.STEP_FREE.value}'"
    f" AND welcome.value = '{Answer.YES.value}'"
)
IS_STEP_FREE = f"EXISTS (SELECT {_STEP_FREE})"
# The same where few places are asked about: of EXISTS the database may first find out which of all
# places are step-free, which takes as long for a hundred as for all of them.
IS_STEP_FREE_EACH = f"(SELECT true {_STEP_FREE} LIMIT 1) IS NOT NULL"
IS_FREE = "place.cost_to_stay IN ({})".format(", ".join(f"'{cost.value}'" for cost in FREE_TO_STAY))
IS_STALE = f"place.state = '{PlaceState.STALE.value}'"
IS_SHOWN = "place.state IN ({})".format(", ".join(f"'{state.value}'" for state in SHOWN_STATES))


@dataclass(frozen=True)
class Search:
    """What somebody looks for; empty, it is everything that everybody sees."""

    words: str = ""
    kinds: tuple[str, ...] = ()
    area_id: int | None = None
    is_free: bool = False
    is_open: bool = False
    is_step_free: bool = False
    # What the place must be known to have: values of WelcomeAttribute.
    welcomes: tuple[str, ...] = ()
    # West, south, east, north in degrees.
    bbox: tuple[float, float, float, float] | None = None

    @property
    def is_narrowed(self) -> bool:
        return self != Search()


@dataclass(frozen=True)
class Counts:
    """How many places a search finds, how many of those are free to stay, how many of those open
    now, and where they lie: west, south, east, north, None where there are none."""

    total: int
    free: int
    free_and_open: int
    extent: tuple[float, float, float, float] | None


@dataclass
class Found:
    """A place in a list, with what a reader wants to know before going there."""

    at: datetime
    id: int
    code: str
    name: str
    kind: str
    address: str
    postcode: str
    lon: float
    lat: float
    cost_to_stay: str
    is_free: bool
    is_step_free: bool
    opening_hours: str
    is_stale: bool
    metres: float | None

    @property
    def kind_label(self) -> str:
        return str(PlaceKind(self.kind).label)

    @property
    def cost_label(self) -> str:
        return str(CostToStay(self.cost_to_stay).label)

    @cached_property
    def status(self) -> Status:
        return status_at(self.opening_hours, self.at, point=Point(self.lon, self.lat))

    @property
    def hours(self) -> str:
        return describe_status(self.status, self.at)


@dataclass(frozen=True)
class Page:
    """Places of one page of a list, and where the next one begins ("" after the last)."""

    places: list[Found]
    next: str


class BadCursorError(ValueError):
    """The place in the list from which to go on is none that we gave."""


def open_hours_values(at: datetime) -> list[str]:
    """Return the texts of opening hours, among those of shown places, that mean open at `at`.

    Hours that follow the sun are read at the middle of the places that have them.
    """
    key = f"open:{places_version()}:{at:%Y-%m-%dT%H:%M%z}"
    known: list[str] | None = cache.get(key)
    if known is None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT opening_hours, avg(ST_X(point)), avg(ST_Y(point)) FROM places_place place"  # noqa: S608
                f" WHERE {IS_SHOWN} AND opening_hours <> '' GROUP BY opening_hours"
            )
            known = [
                value
                for value, lon, lat in cursor.fetchall()
                if status_at(value, at, point=Point(lon, lat)).is_open
            ]
        cache.set(key, known, COUNT_SECONDS)
    return known


def conditions(search: Search, at: datetime) -> tuple[str, dict[str, Any]]:
    """Return the SQL condition on `place` that `search` means at `at`, and its parameters."""
    clauses, values = [IS_SHOWN], dict[str, Any]()
    for number, word in enumerate(search.words.split()[:MAX_WORDS]):
        name = f"word{number}"
        escaped = word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        values[name] = f"%{escaped}%"
        values[f"{name}_kinds"] = kinds_called(word)
        values[f"{name}_postcode"] = f"%{escaped.upper()}%"
        clauses.append(
            f"(places_plain(place.name || ' ' || place.address) LIKE places_plain(%({name})s)"
            f" OR place.kind = ANY(%({name}_kinds)s)"
            f" OR place.postcode LIKE %({name}_postcode)s"
            " OR EXISTS (SELECT FROM places_placealtname other WHERE other.place_id = place.id"
            f" AND places_plain(other.name) LIKE places_plain(%({name})s)))"
        )
    if search.kinds:
        clauses.append("place.kind = ANY(%(kinds)s)")
        values["kinds"] = list(search.kinds)
    if search.area_id is not None:
        clauses.append(
            "place.area_id IN"
            " (SELECT area_id FROM places_areaancestor WHERE ancestor_id = %(area)s)"
        )
        values["area"] = search.area_id
    if search.is_free:
        clauses.append(IS_FREE)
    if search.is_step_free:
        clauses.append(IS_STEP_FREE)
    if search.welcomes:
        clauses.append(
            "%(welcomes)s <@ ARRAY(SELECT welcome.attribute::text FROM places_welcome welcome"
            " WHERE welcome.place_id = place.id AND welcome.value = %(yes)s)"
        )
        values |= {"welcomes": list(search.welcomes), "yes": Answer.YES.value}
    if search.is_open:
        clauses.append("place.opening_hours = ANY(%(open)s)")
        values["open"] = open_hours_values(at)
    if search.bbox is not None:
        clauses.append(
            "place.point_3857 && ST_Transform("
            "ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326), 3857)"
        )
        values |= zip(("west", "south", "east", "north"), search.bbox, strict=True)
    return " AND ".join(clauses), values


def kinds_called(word: str) -> list[str]:
    """Return the kinds whose name, in the reader's language, has a word that begins so."""
    start = _plain(word)
    return [
        kind.value
        for kind in PlaceKind
        if len(start) > 1
        and any(part.startswith(start) for part in _plain(str(kind.label)).split())
    ]


def count_places(search: Search, at: datetime) -> Counts:
    """Count what `search` finds at `at`; kept for the minute, until a place changes."""
    asked = json.dumps([asdict(search), get_language()], sort_keys=True)
    digest = hashlib.sha256(asked.encode()).hexdigest()[:32]
    key = f"counts:{places_version()}:{at:%Y-%m-%dT%H:%M%z}:{digest}"
    known: Counts | None = cache.get(key)
    if known is None:
        where, values = conditions(search, at)
        values["open_now"] = open_hours_values(at)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*), count(*) FILTER (WHERE {IS_FREE}),"  # noqa: S608 - our own SQL
                f" count(*) FILTER (WHERE {IS_FREE} AND opening_hours = ANY(%(open_now)s)),"
                " min(ST_X(point)), min(ST_Y(point)), max(ST_X(point)), max(ST_Y(point))"
                f" FROM places_place place WHERE {where}",
                values,
            )
            total, free, free_and_open, *extent = cursor.fetchone()
        known = Counts(total, free, free_and_open, tuple(extent) if total else None)
        cache.set(key, known, COUNT_SECONDS)
    return known


def find_places(
    search: Search,
    at: datetime,
    *,
    near: Point | None = None,
    after: str = "",
    limit: int = 30,
) -> Page:
    """Return a page of what `search` finds, A to Z or, with `near`, the nearest first.

    `after` is the `next` of the page before; raises BadCursorError for anything else.
    """
    where, values = conditions(search, at)
    values["limit"] = limit + 1
    order, metres = "places_plain(place.name)", "NULL::float"
    if near is not None:
        order = "place.point_3857 <-> ST_Transform(%(near)s::geometry, 3857)"
        metres = "ST_Distance(place.point::geography, %(near)s::geography)"
        values["near"] = near.ewkt
    if after:
        cursor_type = str if near is None else float
        values["after"], values["after_id"] = read_cursor(after, cursor_type)
        where += f" AND ({order}, place.id) > (%(after)s, %(after_id)s)"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT place.id, place.code, place.name, place.kind, place.address, place.postcode,"  # noqa: S608
            " ST_X(place.point), ST_Y(place.point), place.cost_to_stay,"
            f" {IS_FREE}, {IS_STEP_FREE}, place.opening_hours, {IS_STALE}, {metres}, {order}"
            f" FROM places_place place WHERE {where}"
            f" ORDER BY {order}, place.id LIMIT %(limit)s",
            values,
        )
        rows = cursor.fetchall()
    is_more = len(rows) > limit
    rows = rows[:limit]
    # What nobody checked for six months comes after the others of its page.
    places = sorted((Found(at, *row[:-1]) for row in rows), key=lambda found: found.is_stale)
    return Page(
        places=places,
        next=write_cursor(rows[-1][-1], rows[-1][0]) if is_more else "",
    )


def _plain(text: str) -> str:
    """Small letters without accents, as places_plain() makes them."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(part for part in parts if not unicodedata.combining(part)).lower()


_ROW = f"""
SELECT (SELECT row_to_json(shown) FROM (SELECT
    place.code, place.name, place.kind,
    round(ST_X(place.point)::numeric, 6) AS lon, round(ST_Y(place.point)::numeric, 6) AS lat,
    area.code AS area, place.address, place.postcode, place.opening_hours, place.weekly_hours,
    place.cost_to_stay, {IS_FREE} AS is_free, {IS_STEP_FREE} AS is_step_free, place.state,
    place.confirmed_at
) shown)::text
"""  # noqa: S608 - our own conditions
_FEATURE = f"""
SELECT json_build_object('type', 'Feature', 'id', place.id,
    'geometry', ST_AsGeoJSON(place.point, 6)::json,
    'properties', (SELECT row_to_json(shown) FROM (SELECT
        place.code, place.name, place.kind, area.code AS area, place.address, place.postcode,
        place.opening_hours, place.cost_to_stay, {IS_FREE} AS is_free,
        {IS_STEP_FREE} AS is_step_free
    ) shown)
)::text
"""  # noqa: S608 - our own conditions


def write_list(search: Search, at: datetime, *, after: str, limit: int, address: str) -> str:
    """Return a page of the list as JSON; `address` is that of the next page but for its cursor."""
    rows, cursor = _write_rows(_ROW, search, at, after=after, limit=limit)
    following = json.dumps(address + cursor if cursor else None)
    return f'{{"places": [{",".join(rows)}], "next": {following}}}'


def write_geojson(search: Search, at: datetime, *, after: str, limit: int, address: str) -> str:
    """Return a page of places as a GeoJSON FeatureCollection; the ids are those of the tiles."""
    rows, cursor = _write_rows(_FEATURE, search, at, after=after, limit=limit)
    links = [{"rel": "next", "href": address + cursor, "type": "application/geo+json"}]
    return (
        f'{{"type": "FeatureCollection", "features": [{",".join(rows)}],'
        f' "links": {json.dumps(links if cursor else [])}}}'
    )


def _write_rows(
    select: str, search: Search, at: datetime, *, after: str, limit: int
) -> tuple[list[str], str]:
    where, values = conditions(search, at)
    values["limit"] = limit + 1
    if after:
        values["after"], values["after_id"] = read_cursor(after, str)
        where += " AND (places_plain(place.name), place.id) > (%(after)s, %(after_id)s)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"{select}, places_plain(place.name), place.id"
            " FROM places_place place LEFT JOIN places_area area ON area.id = place.area_id"
            f" WHERE {where} ORDER BY places_plain(place.name), place.id LIMIT %(limit)s",
            values,
        )
        rows = cursor.fetchall()
    texts = [row[0] for row in rows[:limit]]
    return texts, write_cursor(*rows[limit - 1][1:]) if len(rows) > limit else ""


def write_cursor(value: str | float, number: int) -> str:
    """Return where a page ended, by the value it is sorted by and the row, for an address."""
    raw = json.dumps([value, number], ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read_cursor(text: str, kind: type[str] | type[float]) -> tuple[str | float, int]:
    """Return what `write_cursor` wrote; raises BadCursorError for what it never did."""
    try:
        padded = text + "=" * (-len(text) % 4)
        value, number = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, TypeError, binascii.Error) as error:
        raise BadCursorError from error
    is_ours = type(value) is kind and type(number) is int and 0 < number < 2**63
    if not is_ours or "\0" in str(value):
        raise BadCursorError
    return value, number
