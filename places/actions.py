"""Writes to the register of places, and the upkeep of areas that follows a load.

Deeds of people are keyword-only with the actor first, in one transaction with their audit row;
whatever changes a map bumps that map's version in the same transaction, so that no cache serves
what is gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.gis.geos import Point
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.audit import record
from kinder.accounts.models import User
from places.hours import InvalidHoursError, check_hours, tidy_hours, weekly_open_hours
from places.models import Area, Geography, Place, PlaceConfirmation, Postcode, Welcome
from places.postcodes import tidy_postcode
from places.rules import (
    check_can_confirm,
    check_can_hide,
    check_can_keep_places,
    check_can_show_again,
)
from places.vocabulary import Answer, AreaLevel, PlaceState, WelcomeAttribute

PLACES_LAYER = "places"

CHANGEABLE = frozenset(
    {
        "name",
        "kind",
        "point",
        "footprint",
        "address",
        "postcode",
        "description",
        "website",
        "telephone",
        "opening_hours",
        "cost_to_stay",
        "is_booking_needed",
        "organisation",
    }
)
# Answers about a place as a whole, beside those about one of its welcomes.
STILL_THERE = "still_there"


class ConflictError(Exception):
    """Somebody else changed the place since it was read; nothing was written."""


@transaction.atomic
def add_place(
    *,
    by: User,
    name: str,
    kind: str,
    point: Point,
    welcome: Mapping[str, str] | None = None,
    **facts: Any,
) -> Place:
    """Add a place that a keeper of the register has seen, and show it.

    `facts` are other fields of CHANGEABLE, `welcome` maps attributes to answers, checked today.
    Raises Refused, or ValidationError naming the field (opening hours included).
    """
    check_can_keep_places(by)
    place = Place(state=PlaceState.VERIFIED, confirmed_at=timezone.now())
    _set_fields(place, {"name": name, "kind": kind, "point": point, **facts})
    place.save(force_insert=True)
    _set_welcome(place, welcome or {})
    record("add_place", place, by=by, organisation=place.organisation, kind=place.kind)
    bump_layer(PLACES_LAYER)
    return place


@transaction.atomic
def change_place(
    *,
    by: User,
    place: Place,
    changes: Mapping[str, Any],
    welcome: Mapping[str, str] | None = None,
    if_revision: int | None = None,
) -> Place:
    """Change fields of CHANGEABLE and welcomes of `place`, and return it as it now stands.

    With `if_revision` a change made by somebody else since then raises ConflictError.
    """
    check_can_keep_places(by)
    locked = Place.objects.select_for_update().get(pk=place.pk)
    if if_revision is not None and locked.revision != if_revision:
        raise ConflictError
    _set_fields(locked, changes)
    locked.revision += 1
    locked.save()
    _set_welcome(locked, welcome or {})
    record("change_place", locked, by=by, fields=sorted([*changes, *(welcome or {})]))
    bump_layer(PLACES_LAYER)
    return locked


@transaction.atomic
def hide_place(*, by: User, place: Place, reason: str) -> Place:
    """Take `place` from everybody's sight at once: page, list, tiles. `reason` is a HideReason."""
    locked = Place.objects.select_for_update().get(pk=place.pk)
    check_can_hide(by, place=locked, reason=reason)
    return _set_state(locked, PlaceState.HIDDEN, "hide_place", by=by, reason=reason)


@transaction.atomic
def show_place_again(*, by: User, place: Place) -> Place:
    """Undo hiding: whoever does it has looked, so the place is shown as checked."""
    locked = Place.objects.select_for_update().get(pk=place.pk)
    check_can_show_again(by, place=locked)
    return _set_state(locked, PlaceState.VERIFIED, "show_place_again", by=by)


@transaction.atomic
def close_place(*, by: User, place: Place) -> Place:
    """Note that a place is closed for good: its page says so, lists and maps leave it out."""
    check_can_keep_places(by)
    locked = Place.objects.select_for_update().get(pk=place.pk)
    return _set_state(locked, PlaceState.CLOSED, "close_place", by=by)


@transaction.atomic
def confirm_place(*, by: User, place: Place) -> Place:
    """Note that `place` is there as the register says: it is verified as of now, and shown."""
    locked = Place.objects.select_for_update().get(pk=place.pk)
    check_can_confirm(by, place=locked)
    PlaceConfirmation.objects.create(place=locked, question=STILL_THERE, answer=Answer.YES, user=by)
    locked.confirmed_at = timezone.now()
    return _set_state(locked, PlaceState.VERIFIED, "confirm_place", by=by)


def _set_state(place: Place, state: PlaceState, verb: str, *, by: User, **facts: Any) -> Place:
    before = place.state
    place.state = state
    place.revision += 1
    place.save(update_fields=["state", "revision", "confirmed_at", "updated_at"])
    record(verb, place, by=by, before=before, **facts)
    bump_layer(PLACES_LAYER)
    return place


def _set_fields(place: Place, changes: Mapping[str, Any]) -> None:
    if unknown := set(changes) - CHANGEABLE:
        raise ValueError(f"No such field to change: {', '.join(sorted(unknown))}.")
    for field, value in changes.items():
        setattr(place, field, value)
    place.postcode = tidy_postcode(place.postcode) or place.postcode.strip().upper()
    place.opening_hours = tidy_hours(place.opening_hours)
    errors: dict[str, Any] = {}
    try:
        check_hours(place.opening_hours)
        place.weekly_hours = weekly_open_hours(place.opening_hours)
    except InvalidHoursError as error:
        errors["opening_hours"] = str(error)
    if not (-180 <= place.point.x <= 180 and -85 <= place.point.y <= 85):
        errors["point"] = _("This position is not on the map.")
    try:
        place.full_clean(exclude=[*errors, "area", "footprint"])
    except ValidationError as error:
        errors = {**error.update_error_dict({}), **errors}
    if errors:
        raise ValidationError(errors)
    place.area = find_area(place.point, postcode=place.postcode)


def _set_welcome(place: Place, welcome: Mapping[str, str]) -> None:
    for attribute, value in welcome.items():
        Welcome.objects.update_or_create(
            place=place,
            attribute=WelcomeAttribute(attribute),
            defaults={"value": Answer(value), "checked_on": timezone.localdate()},
        )


# ------------------------------------------------------------------ areas


def current_geography() -> Geography | None:
    """Return the geography in use, or None before one is loaded."""
    return Geography.objects.filter(is_current=True).first()


def finest_level(geography: Geography) -> AreaLevel | None:
    """Return the smallest level that `geography` has areas of."""
    return next(iter(levels_of(geography)), None)


def levels_of(geography: Geography) -> list[AreaLevel]:
    """Return the levels that `geography` has areas of, the smallest first."""
    levels = Area.objects.filter(geography=geography).order_by().values_list("level", flat=True)
    there = set(levels.distinct())
    return [level for level in AreaLevel if level in there]


def neighbourhood_of(place: Place) -> Area | None:
    """Return the smallest area around `place` that has a name people use: no data zone."""
    return (
        Area.objects.filter(descendants__area=place.area_id)
        .exclude(level=AreaLevel.ZONE)
        .order_by("descendants__depth")
        .first()
    )


def find_area(point: Point, *, postcode: str = "") -> Area | None:
    """Return the finest area of the current geography that a place lies in, or None.

    A postcode's official lookup wins over its position: the two differ for 0.2 %.
    """
    geography = current_geography()
    if geography is None:
        return None
    if postcode:
        looked_up = (
            Postcode.objects.filter(code=postcode, area__geography=geography)
            .select_related("area")
            .first()
        )
        if looked_up is not None:
            return looked_up.area
    return (
        Area.objects.filter(
            geography=geography, level=finest_level(geography), geometry__covers=point
        )
        .order_by("code")
        .first()
    )


@dataclass(frozen=True)
class Resolved:
    """How many places stand in which sort of area after resolve_areas."""

    inside: int
    outside: int


def resolve_areas(*, geography: Geography | None = None) -> Resolved:
    """Give every place its finest area of `geography` (the current one), in one statement.

    For loads of many places, and after a new geography: `find_area` says the same of one place.
    Places outside every area have none.
    """
    return _resolve("places_place", geography, _LOOKUP_WINS)


def resolve_staged_places(table: str) -> Resolved:
    """Give rows of `table` (id, point, postcode, area_id) that are to become places the area that
    `resolve_areas` would give them: written with it, no index of the register is changed twice."""
    return _resolve(table, None, _LOOKUP_WINS)


def resolve_place_names(*, geography: Geography | None = None) -> Resolved:
    """Give every place name that people search by its finest area, in one statement."""
    return _resolve("places_placename", geography, "NULL::bigint")


# The outer join is by geometry once for each area: PostGIS prepares a polygon and keeps it.
_RESOLVE = """
WITH inside AS MATERIALIZED (
    SELECT DISTINCT ON (thing.id) thing.id, area.id AS area_id
    FROM places_area area
    JOIN {table} thing ON ST_Covers(area.geometry, thing.point)
    WHERE area.geography_id = %(geography)s AND area.level = %(level)s
    ORDER BY thing.id, area.code
), found AS (
    SELECT thing.id, COALESCE({lookup}, inside.area_id) AS area_id
    FROM {table} thing LEFT JOIN inside ON inside.id = thing.id
)
UPDATE {table} thing SET area_id = found.area_id FROM found
WHERE thing.id = found.id AND thing.area_id IS DISTINCT FROM found.area_id
"""
_LOOKUP_WINS = """(
        SELECT postcode.area_id
        FROM places_postcode postcode JOIN places_area zone ON zone.id = postcode.area_id
        WHERE postcode.code = thing.postcode AND zone.geography_id = %(geography)s
    )"""


@transaction.atomic
def _resolve(table: str, geography: Geography | None, lookup: str) -> Resolved:
    geography = geography or current_geography()
    level = finest_level(geography) if geography else None
    with connection.cursor() as cursor:
        if geography is not None and level is not None:
            cursor.execute(
                _RESOLVE.format(table=table, lookup=lookup),
                {"geography": geography.pk, "level": level.value},
            )
        cursor.execute(f"SELECT count(area_id), count(*) FROM {table}")  # noqa: S608 - our names
        inside, total = cursor.fetchone()
    return Resolved(inside=inside, outside=total - inside)


_ANCESTORS = """
WITH RECURSIVE climb AS (
    SELECT id AS area_id, id AS ancestor_id, parent_id, 0 AS depth
    FROM places_area WHERE geography_id = %(geography)s
    UNION ALL
    SELECT climb.area_id, parent.id, parent.parent_id, climb.depth + 1
    FROM climb JOIN places_area parent ON parent.id = climb.parent_id
    WHERE climb.depth < %(levels)s
)
INSERT INTO places_areaancestor (area_id, ancestor_id, depth)
SELECT area_id, ancestor_id, depth FROM climb
"""


@transaction.atomic
def rebuild_ancestors(geography: Geography) -> int:
    """Write each area of `geography` beside itself and all above it; return how many rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM places_areaancestor USING places_area area"
            " WHERE area.id = area_id AND area.geography_id = %s",
            [geography.pk],
        )
        cursor.execute(_ANCESTORS, {"geography": geography.pk, "levels": len(AreaLevel)})
        return int(cursor.rowcount)


def bump_layer(layer: str) -> int:
    """Give map layer `layer` its next version, in the caller's transaction; return it.

    Writers of one layer wait here for each other until they commit: call it last.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO places_layerversion (layer, version) VALUES (%s, 2)"
            " ON CONFLICT (layer) DO UPDATE SET version = places_layerversion.version + 1"
            " RETURNING version",
            [layer],
        )
        return int(cursor.fetchone()[0])
