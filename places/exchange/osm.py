"""Places from OpenStreetMap: which tags make which kind of third space, and what they say of it.

Tags follow the definitions of the OSM wiki's map features.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import osmium
import pyogrio
import pyogrio.raw
import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Point
from django.db import transaction
from django.utils import timezone

from places.actions import PLACES_LAYER, bump_layer, resolve_areas
from places.exchange.batches import ImportRefusedError, Run
from places.hours import InvalidHoursError, tidy_hours, weekly_open_hours
from places.models import Place, Welcome
from places.postcodes import tidy_postcode
from places.vocabulary import Answer, CostToStay, PlaceKind, PlaceState, WelcomeAttribute

SOURCE = "osm"
BATCH = 2_000
# A survey older than this leaves a place to be looked at again.
FRESH_FOR = timedelta(days=182)

# (key, value) → kind; "*" is any value. The first that fits counts.
KIND_TAGS: tuple[tuple[str, str, PlaceKind], ...] = (
    ("shop", "supermarket", PlaceKind.SUPERMARKET),
    *(
        ("shop", value, PlaceKind.LOCAL_SHOP)
        for value in ("convenience", "newsagent", "bakery", "butcher", "greengrocer")
    ),
    ("amenity", "post_office", PlaceKind.POST_OFFICE),
    ("amenity", "cafe", PlaceKind.CAFE),
    ("amenity", "fast_food", PlaceKind.TAKEAWAY),
    ("amenity", "pub", PlaceKind.PUB),
    ("amenity", "bar", PlaceKind.PUB),
    ("shop", "hairdresser", PlaceKind.HAIRDRESSER),
    ("shop", "laundry", PlaceKind.LAUNDERETTE),
    ("shop", "charity", PlaceKind.CHARITY_SHOP),
    ("shop", "second_hand", PlaceKind.CHARITY_SHOP),
    ("shop", "mall", PlaceKind.SHOPPING_CENTRE),
    ("amenity", "marketplace", PlaceKind.MARKET),
    ("amenity", "library", PlaceKind.LIBRARY),
    ("amenity", "community_centre", PlaceKind.COMMUNITY_CENTRE),
    ("amenity", "social_centre", PlaceKind.COMMUNITY_CENTRE),
    ("amenity", "place_of_worship", PlaceKind.WORSHIP),
    ("social_facility", "food_bank", PlaceKind.COMMUNITY_MEAL),
    ("social_facility", "soup_kitchen", PlaceKind.COMMUNITY_MEAL),
    ("amenity", "school", PlaceKind.SCHOOL_GATE),
    ("amenity", "kindergarten", PlaceKind.SCHOOL_GATE),
    *(
        ("amenity", value, PlaceKind.HEALTH)
        for value in ("pharmacy", "doctors", "clinic", "hospital")
    ),
    ("leisure", "playground", PlaceKind.PLAYGROUND),
    ("garden:type", "community", PlaceKind.ALLOTMENT),
    ("landuse", "allotments", PlaceKind.ALLOTMENT),
    ("leisure", "park", PlaceKind.PARK),
    ("leisure", "garden", PlaceKind.PARK),
    *(("leisure", value, PlaceKind.SPORT) for value in ("sports_centre", "pitch", "swimming_pool")),
    *(("amenity", value, PlaceKind.ARTS) for value in ("arts_centre", "theatre", "cinema")),
    ("tourism", "museum", PlaceKind.ARTS),
    ("tourism", "gallery", PlaceKind.ARTS),
    ("club", "*", PlaceKind.SOCIAL_CLUB),
    ("amenity", "bench", PlaceKind.BENCH),
    ("amenity", "shelter", PlaceKind.BENCH),
    ("highway", "bus_stop", PlaceKind.BENCH),
    ("railway", "station", PlaceKind.BENCH),
    ("place", "square", PlaceKind.BENCH),
)
_KIND_KEYS = tuple(dict.fromkeys(key for key, _value, _kind in KIND_TAGS))
# People may be hiding or living there: never on a map of places to meet.
NEVER = (
    ("social_facility", ("shelter", "group_home", "nursing_home", "assisted_living")),
    ("social_facility:for", ("abused", "victim", "homeless", "refugee")),
    ("amenity", ("refugee_site", "nursing_home", "social_facility:shelter")),
)
CLOSED_ACCESS = ("private", "no")
# Staying costs nothing by the nature of the place, unless its tags say otherwise.
FREE_BY_NATURE = frozenset(
    {PlaceKind.LIBRARY, PlaceKind.PARK, PlaceKind.PLAYGROUND, PlaceKind.BENCH, PlaceKind.ALLOTMENT}
)
# Open by nature: a bench without a name is still a place to sit.
NAMED_BY_KIND = frozenset({PlaceKind.BENCH, PlaceKind.PLAYGROUND, PlaceKind.PARK, PlaceKind.SPORT})
_YES_NO = {"yes": Answer.YES, "designated": Answer.YES, "no": Answer.NO}
WELCOME_TAGS = (
    ("wheelchair", WelcomeAttribute.STEP_FREE),
    ("toilets", WelcomeAttribute.TOILET),
    ("toilets:wheelchair", WelcomeAttribute.ACCESSIBLE_TOILET),
    ("drinking_water", WelcomeAttribute.WATER),
    ("dog", WelcomeAttribute.DOGS),
    ("backrest", WelcomeAttribute.SEATS_WITH_BACKS),
)


@dataclass
class Found:
    """One feature of an extract: its tags and its shape (a point, or a polygon)."""

    row: int
    reference: str
    tags: Mapping[str, str]
    shape: GEOSGeometry | None
    problem: str = ""


@dataclass
class Wanted:
    """A feature that is a third space, as the register will hold it."""

    row: int
    reference: str
    fields: dict[str, Any]
    welcomes: dict[str, str] = field(default_factory=dict)


def find_kind(tags: Mapping[str, str]) -> PlaceKind | None:
    """Return the kind of third space that the tags describe, if any."""
    for key, value, kind in KIND_TAGS:
        if key in tags and (value == "*" or value in tags[key].split(";")):
            return kind
    return None


def is_never_imported(tags: Mapping[str, str]) -> bool:
    """Tell whether this is a refuge, hostel or home."""
    return any(set(tags.get(key, "").split(";")) & set(values) for key, values in NEVER)


def read_geojson(path: Path) -> Iterator[Found]:
    """Yield the features of an OSM GeoJSON, whose properties are tags."""
    try:
        meta, _ids, shapes, columns = pyogrio.raw.read(path)
    except pyogrio.errors.DataSourceError as error:
        raise ImportRefusedError(f"{path.name} cannot be read as GeoJSON: {error}") from error
    names = [str(name) for name in meta["fields"]]
    readable = shapely.from_wkb(shapes, on_invalid="ignore")
    for row in range(len(shapes)):
        tags = {
            name: str(column[row])
            for name, column in zip(names, columns, strict=True)
            if column[row] is not None and str(column[row]) != ""
        }
        reference = tags.pop("@id", "") or tags.pop("id", "")
        tags.pop("id", None)
        shape = None if readable[row] is None else GEOSGeometry(memoryview(shapes[row]), srid=4326)
        yield Found(row + 1, reference, tags, shape, "" if shape else "no readable position")


def read_pbf(path: Path) -> Iterator[Found]:
    """Yield the tagged nodes and areas of an `.osm.pbf`; a broken ring is told, never fatal."""
    make_shape = osmium.geom.WKBFactory()
    rows = count(1)
    try:
        objects = (
            osmium.FileProcessor(path)
            .with_areas()
            .with_filter(osmium.filter.EmptyTagFilter())
            .with_filter(osmium.filter.KeyFilter(*_KIND_KEYS))
        )
        for thing in objects:
            if thing.is_node():
                reference = f"node/{thing.id}"
                make: Callable[[Any], str] = make_shape.create_point
            elif thing.is_area():
                reference = f"{'way' if thing.from_way() else 'relation'}/{thing.orig_id()}"
                make = make_shape.create_multipolygon
            else:
                continue
            tags = dict(thing.tags)
            try:
                shape = GEOSGeometry(make(thing), srid=4326)
            except (RuntimeError, ValueError) as error:
                yield Found(next(rows), reference, tags, None, f"broken shape: {error}")
                continue
            yield Found(next(rows), reference, tags, shape)
    except RuntimeError as error:
        raise ImportRefusedError(f"{path.name} cannot be read as .osm.pbf: {error}") from error


def read_features(path: Path) -> Iterator[Found]:
    """Yield the features of an extract, whichever of the two formats it has."""
    if path.name.endswith(".pbf"):
        return read_pbf(path)
    return read_geojson(path)


def shape_place(run: Run, found: Found, now: datetime) -> Wanted | None:
    """Return the place that a feature describes; None, with the reason noted, where it is none."""
    tags, reference = found.tags, found.reference
    kind = find_kind(tags)
    refusal = _refuse(found, kind)
    if refusal or kind is None or found.shape is None:
        run.reject(found.row, reference, refusal)
        return None
    name = tags.get("name") or tags.get("brand") or tags.get("operator") or ""
    if not name and kind in NAMED_BY_KIND:
        street = tags.get("addr:street", "")
        name = f"{kind.label}, {street}" if street else str(kind.label)
    hours, weekly = _read_hours(run, found)
    checked_at = _read_check(tags, now)
    point, footprint = _place_shape(found.shape)
    return Wanted(
        found.row,
        reference,
        {
            "name": name[:160],
            "kind": kind.value,
            "point": point,
            "footprint": footprint,
            "address": _read_address(tags)[:200],
            "postcode": tidy_postcode(tags.get("addr:postcode", "")) or "",
            "website": _read_website(tags),
            "telephone": (tags.get("phone") or tags.get("contact:phone") or "")[:32],
            "opening_hours": hours,
            "weekly_hours": weekly,
            "cost_to_stay": _read_cost(tags, kind).value,
            "state": (
                PlaceState.VERIFIED
                if checked_at and checked_at > now - FRESH_FOR
                else PlaceState.STALE
            ).value,
            "confirmed_at": checked_at,
        },
        {
            attribute.value: _YES_NO[tags[key]].value
            for key, attribute in WELCOME_TAGS
            if tags.get(key) in _YES_NO
        },
    )


def _refuse(found: Found, kind: PlaceKind | None) -> str:
    """Return why a feature is no place of the register, empty where it is one."""
    tags = found.tags
    described = next((f"{key}={tags[key]}" for key in _KIND_KEYS if key in tags), "no such tag")
    is_named = any(tags.get(key) for key in ("name", "brand", "operator"))
    reasons = (
        (not found.reference, "no OSM id"),
        (is_never_imported(tags), "a refuge, hostel or home is never imported"),
        (kind is None, f"not a kind of third space ({described})"),
        (tags.get("access") in CLOSED_ACCESS, "not open to everybody (access=private or no)"),
        (found.shape is None, found.problem),
        (not is_named and kind not in NAMED_BY_KIND, "no name"),
    )
    return next((reason for holds, reason in reasons if holds), "")


def _read_hours(run: Run, found: Found) -> tuple[str, float | None]:
    hours = tidy_hours(found.tags.get("opening_hours", ""))
    if not hours:
        return "", None
    if len(hours) > 512:
        run.mend(found.row, found.reference, "opening hours are too long: left out")
        return "", None
    try:
        return hours, weekly_open_hours(hours)
    except InvalidHoursError:
        run.mend(found.row, found.reference, f"opening hours cannot be read, left out: {hours}")
        return "", None


def _read_check(tags: Mapping[str, str], now: datetime) -> datetime | None:
    """When somebody last stood there, as mappers note it."""
    for key in ("check_date", "survey:date", "check_date:opening_hours"):
        try:
            checked_at = datetime.strptime(tags.get(key, "")[:10], "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            continue
        return min(checked_at, now)
    return None


def _read_cost(tags: Mapping[str, str], kind: PlaceKind) -> CostToStay:
    if tags.get("access") in ("members", "permit"):
        return CostToStay.MEMBERS
    if tags.get("fee") == "yes":
        return CostToStay.ENTRY_FEE
    if tags.get("fee") == "no" or kind in FREE_BY_NATURE:
        return CostToStay.FREE
    return CostToStay.UNKNOWN


def _read_address(tags: Mapping[str, str]) -> str:
    if full := tags.get("addr:full"):
        return full
    house = " ".join(
        tags[key] for key in ("addr:housename", "addr:housenumber", "addr:street") if key in tags
    )
    return ", ".join(part for part in (house, tags.get("addr:city", "")) if part)


def _read_website(tags: Mapping[str, str]) -> str:
    address = tags.get("website") or tags.get("contact:website") or tags.get("url") or ""
    return address if address.startswith(("https://", "http://")) and len(address) <= 200 else ""


def _place_shape(shape: GEOSGeometry) -> tuple[Point, MultiPolygon | None]:
    if shape.geom_type == "Point":
        return Point(shape.x, shape.y, srid=4326), None
    if shape.geom_type == "Polygon":
        shape = MultiPolygon(shape, srid=4326)
    if shape.geom_type == "MultiPolygon" and shape.valid:
        return shape.point_on_surface, shape
    return shape.centroid, None


def import_places(run: Run, features: Iterator[Found]) -> None:
    """Bring the third spaces among `features` into the register.

    A place is known by its OSM id, so a second run changes nothing. One that somebody edited here
    since is left as they have it.
    """
    now = timezone.now()
    seen: set[str] = set()
    batch: list[Wanted] = []
    for found in features:
        if found.reference in seen:
            run.reject(found.row, found.reference, "the id stands in an earlier row")
            continue
        wanted = shape_place(run, found, now)
        if wanted is None:
            continue
        seen.add(found.reference)
        batch.append(wanted)
        if len(batch) == BATCH:
            _write(run, batch)
            batch = []
    _write(run, batch)
    if run.created or run.changed:
        run.outside = resolve_areas().outside
        bump_layer(PLACES_LAYER)


# What a second import compares; a state or a check made here is not the file's to take back.
_COMPARED = (
    "name",
    "kind",
    "point",
    "footprint",
    "address",
    "postcode",
    "website",
    "telephone",
    "opening_hours",
    "weekly_hours",
    "cost_to_stay",
)


@transaction.atomic
def _write(run: Run, batch: list[Wanted]) -> None:
    known = {
        place.source_ref: place
        for place in Place.objects.filter(
            source=SOURCE, source_ref__in=[wanted.reference for wanted in batch]
        )
    }
    fresh: list[Wanted] = []
    changed: list[Place] = []
    for wanted in batch:
        place = known.get(wanted.reference)
        if place is None:
            fresh.append(wanted)
        elif place.revision > 1:
            run.count([None])
            if any(getattr(place, name) != wanted.fields[name] for name in ("name", "kind")):
                run.mend(wanted.row, wanted.reference, "edited here since: left as it is")
        elif any(getattr(place, name) != wanted.fields[name] for name in _COMPARED):
            for name in _COMPARED:
                setattr(place, name, wanted.fields[name])
            changed.append(place)
            run.count([False])
        else:
            run.count([None])
    made = Place.objects.bulk_create(
        Place(source=SOURCE, source_ref=wanted.reference, **wanted.fields) for wanted in fresh
    )
    run.count([True] * len(made))
    Place.objects.bulk_update(changed, _COMPARED)
    ids = {place.source_ref: place.pk for place in [*made, *changed]}
    Welcome.objects.bulk_create(
        (
            Welcome(place_id=ids[wanted.reference], attribute=attribute, value=value)
            for wanted in batch
            if wanted.reference in ids
            for attribute, value in wanted.welcomes.items()
        ),
        # An answer given here since stands.
        ignore_conflicts=True,
    )
