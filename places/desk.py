"""The workers' map: which places it shows, and what is done to many of them at once.

All states are there, and all filters stand in the address. A bulk deed is one transaction; places
that a rule keeps from it are counted and left as they are, and the whole deed can be taken back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from django.contrib.gis.db.models import Extent
from django.contrib.gis.geos import Polygon
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Func, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from kinder.accounts.models import User
from kinder.accounts.rules import Refused
from places.actions import (
    ConflictError,
    change_place,
    close_place,
    confirm_place,
    hide_place,
    revert_place,
    show_place_again,
    take_back_state,
)
from places.models import Area, Place, SavedArea
from places.rules import check_can_keep_places
from places.tiles import make_place_tile, tile_bounds
from places.vocabulary import FREE_TO_STAY, CostToStay, PlaceState

PAGE = 100
MOST_AT_ONCE = 200
STALE_DAYS = 182


@dataclass(frozen=True)
class Filters:
    """What a worker looks for."""

    words: str = ""
    kinds: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    area: Area | None = None
    within: SavedArea | None = None
    lacks: str = ""
    is_free: bool = False
    order: str = "name"

    @property
    def is_narrowed(self) -> bool:
        return self != Filters(order=self.order)


def find(filters: Filters) -> QuerySet[Place]:
    """Return the places of every state that fit, in the order asked for."""
    found = Place.objects.select_related("area", "organisation")
    for word in filters.words.split()[:6]:
        found = found.filter(
            Q(name__icontains=word) | Q(address__icontains=word) | Q(code=word.lower())
        )
    if filters.kinds:
        found = found.filter(kind__in=filters.kinds)
    if filters.states:
        found = found.filter(state__in=filters.states)
    if filters.area is not None:
        found = found.filter(area__ancestors__ancestor=filters.area)
    if filters.within is not None:
        found = found.filter(point__within=filters.within.geometry)
    if filters.is_free:
        found = found.filter(cost_to_stay__in=FREE_TO_STAY)
    found = found.filter(_lacking(filters.lacks))
    if filters.order == "oldest":
        return found.order_by(F("confirmed_at").asc(nulls_first=True), "id")
    return found.order_by(Func("name", function="places_plain"), "id")


def _lacking(what: str) -> Q:
    return {
        "hours": Q(opening_hours=""),
        "unread_hours": ~Q(opening_hours="") & Q(weekly_hours__isnull=True),
        "cost": Q(cost_to_stay=CostToStay.UNKNOWN),
        "address": Q(address="", postcode=""),
        "welcome": Q(welcomes__isnull=True),
        "check": Q(confirmed_at__isnull=True)
        | Q(confirmed_at__lt=timezone.now() - timedelta(days=STALE_DAYS)),
    }.get(what, Q())


def extent_of(found: QuerySet[Place]) -> list[float] | None:
    """West, south, east and north of what was found."""
    extent = found.order_by().aggregate(it=Extent("point"))["it"]
    return None if extent is None else [float(side) for side in extent]


def make_tile(filters: Filters, z: int, x: int, y: int) -> bytes:
    """Return the map tile of what was found, whatever its state."""
    box = Polygon.from_bbox(tile_bounds(z, x, y))
    found = find(filters).order_by().filter(point__bboverlaps=box)
    statement, values = found.values("pk").query.sql_with_params()
    names = [f"found_{number}" for number in range(len(values))]
    # The tile's own values have names; a "%" that stands for itself stays doubled.
    chosen = statement.replace("%%", "%%%%") % tuple(f"%({name})s" for name in names)
    where = f"place.id IN ({chosen})"
    return make_place_tile(z, x, y, where=where, values=dict(zip(names, values, strict=True)))


# ------------------------------------------------------------------ many at once


@dataclass(frozen=True)
class Bulk:
    """What is to be done: a deed, and for some of them a value."""

    deed: str
    value: str = ""


class Before(NamedTuple):
    """How a place was before a deed, as far as taking it back needs that, and its revision after
    it. Plain values: it waits in the session."""

    revision: int
    after: int
    state: str
    confirmed_at: str


@dataclass
class Outcome:
    """What became of it: the places that changed, by code, and how many a rule kept as they
    were."""

    done: dict[str, "Before"] = field(default_factory=dict)
    kept: int = 0


OF_STATE = ("confirm", "hide", "show", "close")
DEEDS = (*OF_STATE, "cost", "kind")


@transaction.atomic
def do_in_bulk(*, by: User, codes: Sequence[str], bulk: Bulk) -> Outcome:
    """Do one deed to many places, each with its own history and audit.

    Raises ValueError for a deed that is none; a place that a rule refuses stays as it is.
    """
    check_can_keep_places(by)
    if bulk.deed not in DEEDS:
        raise ValueError(f"{bulk.deed} is nothing that is done to places.")
    outcome = Outcome()
    places = Place.objects.filter(code__in=codes[:MOST_AT_ONCE]).order_by("pk")
    for place in places:
        confirmed_at = place.confirmed_at.isoformat() if place.confirmed_at else ""
        try:
            with transaction.atomic():
                changed = _do(by, place, bulk)
        except (Refused, ValidationError, ConflictError):
            outcome.kept += 1
            continue
        outcome.done[place.code] = Before(
            place.revision, changed.revision, str(place.state), confirmed_at
        )
    outcome.kept += len(set(codes)) - len(outcome.done) - outcome.kept
    return outcome


def _do(by: User, place: Place, bulk: Bulk) -> Place:
    if bulk.deed == "confirm":
        return confirm_place(by=by, place=place)
    if bulk.deed == "hide":
        return hide_place(by=by, place=place, reason=bulk.value)
    if bulk.deed == "show":
        return show_place_again(by=by, place=place)
    if bulk.deed == "close":
        return close_place(by=by, place=place)
    name = "cost_to_stay" if bulk.deed == "cost" else "kind"
    return change_place(by=by, place=place, changes={name: bulk.value})


@transaction.atomic
def undo_bulk(*, by: User, deed: str, done: Mapping[str, Sequence[Any]]) -> Outcome:
    """Take a bulk deed back for each place that nobody has changed since: what a place was, whether
    it was shown and when it was last checked are as before. `done` is that of its Outcome."""
    check_can_keep_places(by)
    outcome = Outcome()
    for place in Place.objects.filter(code__in=list(done)).order_by("pk"):
        before = Before(*done[place.code])
        try:
            with transaction.atomic():
                changed = _take_back(by, place, deed, before)
        except (Refused, ValidationError, ConflictError):
            outcome.kept += 1
            continue
        outcome.done[place.code] = Before(before.after, changed.revision, str(place.state), "")
    return outcome


def _take_back(by: User, place: Place, deed: str, before: Before) -> Place:
    if deed in OF_STATE:
        at = parse_datetime(before.confirmed_at) if before.confirmed_at else None
        return take_back_state(
            by=by,
            place=place,
            state=PlaceState(before.state),
            confirmed_at=at,
            if_revision=before.after,
        )
    return revert_place(by=by, place=place, to=before.revision, if_revision=before.after)
