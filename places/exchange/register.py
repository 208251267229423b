"""Brings third spaces from OpenStreetMap into the register of places."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import shapely
from django.db import connection
from django.utils import timezone
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from places.actions import PLACES_LAYER, bump_layer, resolve_staged_places
from places.exchange.batches import ImportRefusedError, Run
from places.exchange.extracts import Found
from places.exchange.layers import WORLD
from places.exchange.osm import Described, describe, refuse
from places.exchange.staging import copy_line, copy_rows
from places.models.place import make_place_code
from places.vocabulary import PlaceState

SOURCE = "osm"
# A survey older than this leaves a place to be looked at again.
FRESH_FOR = timedelta(days=182)
# What a second import compares; a state or a check made here is not the file's to take back.
FIELDS = (
    "name",
    "kind",
    "point",
    "footprint",
    "address",
    "postcode",
    "website",
    "telephone",
    "opening_hours",
    "are_hours_unread",
    "weekly_hours",
    "cost_to_stay",
)


def import_places(run: Run, features: Iterable[Found]) -> None:
    """Bring the third spaces among `features` into the register, in one transaction.

    A place is known by its OSM id, so a second run changes nothing. One that somebody edited or
    checked here since is left as they have it, and listed where the file says otherwise. Raises
    ImportRefusedError where longitude and latitude are swapped.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STAGING)
    staged = _Staged(timezone.now())
    copy_rows("staged_place", ["row", "reference", *FIELDS, "state", "confirmed_at"],
              staged.read(run, features))  # fmt: skip
    copy_rows("staged_welcome", ["reference", "attribute", "value", "checked_on"], staged.welcomes)
    _check_position(run)
    with run.progress.step("Finding the areas of places"), connection.cursor() as cursor:
        cursor.execute("CREATE INDEX ON staged_place USING gist (point)")
        outside = resolve_staged_places("staged_place").outside
    if outside:
        run.remarks.append(f"{outside:,} places of the file lie in no loaded area.")
    with run.progress.step("Writing places"):
        _write(run)
    if run.created or run.changed:
        bump_layer(PLACES_LAYER)


@dataclass(frozen=True)
class _Shaped:
    point: str
    footprint: str | None
    is_mended: bool


class _Staged:
    """Turns features into rows to stage; `welcomes` is filled on the way."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._today = timezone.localdate(now)
        self.welcomes: list[str] = []

    def read(self, run: Run, features: Iterable[Found]) -> Iterator[str]:
        seen: set[str] = set()
        for found in features:
            refusal = _refuse(found, seen)
            if refusal or found.shape is None:
                run.reject(found.row, found.reference, refusal)
                continue
            seen.add(found.reference)
            place = describe(found.tags, self._today)
            shaped = shape_place(found.shape)
            for note in place.notes:
                run.mend(found.row, found.reference, note)
            if shaped.is_mended:
                run.mend(found.row, found.reference, "outline mended")
            self._stage_welcomes(found.reference, place)
            yield self._stage_place(found, place, shaped)

    def _stage_place(self, found: Found, place: Described, shaped: _Shaped) -> str:
        confirmed_at = _start_of(place.checked_on)
        is_fresh = confirmed_at is not None and confirmed_at > self._now - FRESH_FOR
        return copy_line(
            [
                found.row,
                found.reference,
                place.name,
                place.kind.value,
                shaped.point,
                shaped.footprint,
                place.address,
                place.postcode,
                place.website,
                place.telephone,
                place.hours.text,
                place.hours.is_unread,
                place.hours.weekly,
                place.cost_to_stay.value,
                (PlaceState.VERIFIED if is_fresh else PlaceState.STALE).value,
                confirmed_at,
            ]
        )

    def _stage_welcomes(self, reference: str, place: Described) -> None:
        self.welcomes.extend(
            copy_line([reference, attribute.value, answer.value, place.checked_on])
            for attribute, answer in place.welcomes.items()
        )


def _refuse(found: Found, seen: set[str]) -> str:
    """Return why a feature is no place of the register, "" where it is one."""
    if not found.reference:
        return "no OSM id, such as node/123"
    if found.reference in seen:
        return "the id stands in an earlier row"
    return refuse(found.tags) or found.problem


def _start_of(on: date | None) -> datetime | None:
    return None if on is None else datetime.combine(on, time.min, tzinfo=UTC)


def shape_place(shape: BaseGeometry) -> _Shaped:
    """Return where a place is drawn, and its outline where it has one."""
    if shape.geom_type == "Point":
        return _Shaped(_write_shape(shape), None, is_mended=False)
    is_mended = False
    if shape.geom_type in ("Polygon", "MultiPolygon") and not shape.is_valid:
        shape, is_mended = shapely.make_valid(shape), True
    parts = [part for part in shapely.get_parts([shape]) if part.geom_type == "Polygon"]
    if shape.geom_type == "GeometryCollection":
        parts = [part for part in shapely.get_parts(parts) if part.geom_type == "Polygon"]
    outline = MultiPolygon(parts) if parts else None
    point = shapely.point_on_surface(outline or shape)
    return _Shaped(_write_shape(point), _write_shape(outline) if outline else None, is_mended)


def _write_shape(shape: BaseGeometry) -> str:
    return str(shapely.to_wkb(shapely.set_srid(shape, WORLD), hex=True, include_srid=True))


def _check_position(run: Run) -> None:
    """Refuse a file of which nothing lies in the loaded areas, and all would if it were turned."""
    with connection.cursor() as cursor:
        cursor.execute(_INSIDE)
        size, inside, inside_if_swapped = cursor.fetchone()
    if size and not inside and inside_if_swapped:
        raise ImportRefusedError(
            f"Not one place of {run.path.name} lies near the loaded areas: longitude and latitude "
            "are swapped."
        )


def _write(run: Run) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_MATCH, [SOURCE])
        cursor.execute(_KEPT)
        for row, reference, fields in cursor.fetchall():
            run.mend(row, reference, f"edited or checked here since, left as it is: {fields}")
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE place_id IS NULL) FROM staged_place"
        )
        total, new = cursor.fetchone()
        cursor.execute(_CHANGE)
        changed = {reference for (reference,) in cursor.fetchall()}
        cursor.execute(_ADD, [SOURCE, make_codes(new)])
        added = {reference for (reference,) in cursor.fetchall()}
        cursor.execute(_WELCOME)
        changed |= {reference for (reference,) in cursor.fetchall()} - added
    run.count([True] * len(added) + [False] * len(changed))
    run.count([None] * (total - len(added) - len(changed)))


def make_codes(size: int) -> list[str]:
    """Return as many short codes that no place has; among 100,000 places some would meet."""
    codes: set[str] = set()
    with connection.cursor() as cursor:
        while len(codes) < size:
            drawn = {make_place_code() for _ in range(size - len(codes))}
            cursor.execute("SELECT code FROM places_place WHERE code = ANY(%s)", [list(drawn)])
            codes |= drawn - {code for (code,) in cursor.fetchall()}
    return list(codes)


_STAGING = """
DROP TABLE IF EXISTS staged_place, staged_welcome;
CREATE TEMP TABLE staged_place (
    row integer, id integer GENERATED ALWAYS AS (row) STORED, reference text, name text, kind text,
    point geometry, footprint geometry, area_id bigint,
    address text, postcode text, website text, telephone text, opening_hours text,
    are_hours_unread boolean, weekly_hours float, cost_to_stay text, state text,
    confirmed_at timestamptz,
    place_id bigint, is_kept boolean NOT NULL DEFAULT false
) ON COMMIT DROP;
CREATE TEMP TABLE staged_welcome (reference text, attribute text, value text, checked_on date)
ON COMMIT DROP
"""
_INSIDE = """
WITH whole AS MATERIALIZED (
    SELECT ST_SetSRID(ST_Extent(geometry)::geometry, 4326) AS box FROM places_area area
    JOIN places_geography geography ON geography.id = area.geography_id AND geography.is_current
)
SELECT count(*), count(*) FILTER (WHERE point && box),
    count(*) FILTER (WHERE ST_FlipCoordinates(point) && box)
FROM staged_place, whole WHERE box IS NOT NULL
"""
# Whoever edits, checks, hides or closes a place here gives it another revision.
_MATCH = """
UPDATE staged_place SET place_id = place.id, is_kept = place.revision > 1
FROM places_place place
WHERE place.source = %s AND place.source_ref = staged_place.reference
"""


def _differs(field: str) -> str:
    if field in ("point", "footprint"):
        # Equal to the last bit: "=" of shapes would only compare their rectangles.
        return f"place.{field}::bytea IS DISTINCT FROM staged.{field}::bytea"
    return f"place.{field} IS DISTINCT FROM staged.{field}"


_ANY_DIFFERS = " OR ".join(_differs(field) for field in FIELDS)
_DIFFERENT = ", ".join(f"CASE WHEN {_differs(field)} THEN '{field}' END" for field in FIELDS)
_KEPT = f"""
SELECT staged.row, staged.reference, concat_ws(', ', {_DIFFERENT}) FROM staged_place staged
JOIN places_place place ON place.id = staged.place_id
WHERE staged.is_kept AND ({_ANY_DIFFERS}) ORDER BY staged.row
"""  # noqa: S608 - our own names
# A later survey makes a place fresh again; an earlier one takes nothing back.
_CHANGE = f"""
UPDATE places_place place SET
    {", ".join(f"{field} = staged.{field}" for field in FIELDS)},
    area_id = staged.area_id,
    confirmed_at = greatest(place.confirmed_at, staged.confirmed_at),
    state = CASE WHEN place.state = 'stale' AND staged.confirmed_at > place.confirmed_at
                   OR place.state = 'stale' AND place.confirmed_at IS NULL
                 THEN staged.state ELSE place.state END,
    updated_at = now()
FROM staged_place staged WHERE staged.place_id = place.id AND NOT staged.is_kept AND (
    {_ANY_DIFFERS} OR staged.confirmed_at > coalesce(place.confirmed_at, '-infinity')
)
RETURNING staged.reference
"""  # noqa: S608 - our own names
_ADD = f"""
WITH fresh AS (
    SELECT *, row_number() OVER (ORDER BY row) AS turn FROM staged_place WHERE place_id IS NULL
), written AS (
    INSERT INTO places_place (
        source, source_ref, code, {", ".join(FIELDS)}, area_id, state, confirmed_at,
        description, is_booking_needed, revision, created_at, updated_at
    )
    SELECT %s, reference, code.code, {", ".join(FIELDS)}, area_id, state, confirmed_at,
        '', false, 1, now(), now()
    FROM fresh JOIN unnest(%s::text[]) WITH ORDINALITY code (code, turn) USING (turn)
    ORDER BY turn
    RETURNING id, source_ref
)
UPDATE staged_place SET place_id = written.id FROM written
WHERE written.source_ref = staged_place.reference RETURNING staged_place.reference
"""  # noqa: S608 - our own names
# An answer that was given here, or checked later, stands.
_WELCOME = """
WITH written AS (
    INSERT INTO places_welcome AS known (place_id, attribute, value, for_whom, checked_on)
    SELECT place_id, attribute, value, '', welcome.checked_on
    FROM staged_welcome welcome JOIN staged_place USING (reference) WHERE NOT is_kept
    ON CONFLICT (place_id, attribute) DO UPDATE
    SET value = excluded.value, checked_on = excluded.checked_on
    WHERE (known.value, known.checked_on) IS DISTINCT FROM (excluded.value, excluded.checked_on)
      AND (known.checked_on IS NULL OR excluded.checked_on > known.checked_on)
    RETURNING place_id
)
SELECT DISTINCT reference FROM written JOIN staged_place USING (place_id)
"""
