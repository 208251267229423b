"""Places that come from elsewhere, one by one: brought in, merged with what is known, taken back.

What people did here stays: a row fills in what the register lacks, and says otherwise only where
somebody who looked has decided so. Each leaves a version, so that a whole import can be undone.
The caller bumps the map's version once for many rows.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.gis.geos import GEOSGeometry, Point
from django.db import transaction
from django.utils import timezone

from kinder.accounts.audit import record
from kinder.accounts.models import User
from places.actions.keeping import (
    Deed,
    Told,
    lock_place,
    put_back,
    rewrite,
    set_alt_names,
    set_fields,
    set_welcome,
)
from places.freshness import FRESH_FOR
from places.history import facts_at, write_version
from places.models import Place, PlaceReference
from places.vocabulary import Answer, CostToStay, HideReason, PlaceState

FILLED = (
    "address",
    "postcode",
    "description",
    "website",
    "telephone",
    "opening_hours",
    "who_for",
)
REPLACED = ("name", "kind", *FILLED)
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Merged:
    """A place after a row was merged: where it stood, and its revision before and after, the same
    where nothing was new."""

    place: Place
    stood: Point
    before: int
    after: int


@transaction.atomic
def bring_in(*, by: User | None, facts: Facts, source: str, reference: str, about: str) -> Place:
    """Add a place of an import; one that nobody checked in six months waits to be checked.

    Raises ValidationError.
    """
    checked_on = _read_day(facts.get("checked_on"))
    now = timezone.now()
    confirmed_at = None
    if checked_on is not None:
        confirmed_at = timezone.make_aware(dt.datetime.combine(checked_on, dt.time()))
    is_fresh = confirmed_at is not None and now - confirmed_at <= FRESH_FOR
    place = Place(
        state=PlaceState.VERIFIED if is_fresh else PlaceState.STALE,
        confirmed_at=confirmed_at,
        source=source,
        source_ref=reference,
    )
    set_fields(place, columns_of(facts, (*REPLACED, "cost_to_stay", "languages", "point")))
    place.save(force_insert=True)
    set_welcome(place, _welcomes_of(facts, checked_on))
    set_alt_names(place, [tuple(pair) for pair in facts.get("alt_names", [])])
    write_version(place, Deed.IMPORT, by=by, about=about)
    return place


@transaction.atomic
def merge_into(
    *,
    by: User | None,
    place: Place,
    facts: Facts,
    source: str,
    reference: str,
    about: str,
    is_right: bool = False,
) -> Merged:
    """Fill in what `place` lacks from a row or, where the row `is_right`, take all that it says.

    Raises ValidationError. The row's id is kept, so that the next import knows the place by it.
    """
    locked = lock_place(place)
    before, stood = locked.revision, locked.point
    wanted = columns_of(facts, REPLACED if is_right else FILLED)
    changes = {
        name: value
        for name, value in wanted.items()
        if value and (getattr(locked, name) != value if is_right else not getattr(locked, name))
    }
    if "opening_hours" in changes:
        changes["are_hours_unread"] = facts.get("are_hours_unread", False)
    if is_right:
        point = columns_of(facts, ("point",))["point"]
        if not locked.point.equals_exact(point, 1e-6):
            changes["point"] = point
    cost = facts.get("cost_to_stay", CostToStay.UNKNOWN)
    if cost != CostToStay.UNKNOWN and locked.cost_to_stay == CostToStay.UNKNOWN:
        changes["cost_to_stay"] = cost
    outline = facts.get("outline")
    if outline and locked.footprint is None:
        changes["footprint"] = GEOSGeometry(outline)
    known = {one.attribute: one.value for one in locked.welcomes.all()}
    welcome = {
        attribute: told
        for attribute, told in _welcomes_of(facts, _read_day(facts.get("checked_on"))).items()
        if known.get(attribute, Answer.UNKNOWN) == Answer.UNKNOWN
    }
    names = {(other.language, other.name) for other in locked.alt_names.all()}
    more = [tuple(pair) for pair in facts.get("alt_names", []) if tuple(pair) not in names]
    if changes or welcome or more:
        rewrite(
            locked,
            Deed.IMPORT,
            by=by,
            changes=changes,
            welcome=welcome,
            alt_names=[*names, *more] if more else None,
            about=about,
        )
    if reference and (locked.source, locked.source_ref) != (source, reference):
        PlaceReference.objects.get_or_create(
            source=source, source_ref=reference, defaults={"place": locked}
        )
    return Merged(locked, stood, before, locked.revision)


@transaction.atomic
def take_back(
    *, by: User | None, place: Place, before: int | None, after: int, source: str, reference: str,
    about: str,
) -> bool:  # fmt: skip
    """Undo what an import did to `place`; False where somebody edited it since, and it stays.

    One that the import added goes altogether, or is hidden where moments or gatherings point at it.
    """
    locked = lock_place(place)
    if locked.revision != after:
        return False
    PlaceReference.objects.filter(place=locked, source=source, source_ref=reference).delete()
    if before is None:
        _remove(locked, by=by, about=about)
    elif before != after:
        facts = facts_at(locked, before)
        if facts is None:
            return False
        put_back(locked, facts, Deed.UNDO_IMPORT, by=by, about=about)
    return True


_DETAILS = frozenset({"versions", "texts", "references", "welcomes", "alt_names"})


def _remove(place: Place, *, by: User | None, about: str) -> None:
    if not _is_pointed_at(place):
        record("remove_imported_place", place, by=by)
        place.delete()
        return
    place.state = PlaceState.HIDDEN
    place.revision += 1
    place.save(update_fields=["state", "revision", "updated_at"])
    write_version(place, Deed.UNDO_IMPORT, by=by, about=about)
    record("hide_place", place, by=by, reason=HideReason.OTHER.value)


def _is_pointed_at(place: Place) -> bool:
    """Tell whether anything but the place's own details and rows of imports refers to it."""
    for relation in Place._meta.related_objects:
        name = relation.get_accessor_name()
        if name in _DETAILS or relation.related_model._meta.app_label == "exchange":
            continue
        model: Any = relation.related_model
        if model._default_manager.filter(**{relation.field.name: place}).exists():
            return True
    return False


def columns_of(facts: Facts, names: tuple[str, ...]) -> dict[str, Any]:
    """Return what a row's plain values mean as fields of a place."""
    columns = {name: facts[name] for name in names if name in facts and name != "point"}
    if "opening_hours" in columns:
        columns["are_hours_unread"] = bool(facts.get("are_hours_unread"))
    if "point" in names:
        columns["point"] = Point(facts["lon"], facts["lat"], srid=4326)
        if outline := facts.get("outline"):
            columns["footprint"] = GEOSGeometry(outline)
    return columns


def _welcomes_of(facts: Facts, checked_on: dt.date | None) -> dict[str, str | Told]:
    return {
        attribute: Told(value, "", checked_on, is_checked=False)
        for attribute, value in facts.get("welcomes", {}).items()
    }


def _read_day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
