"""The register in the words of Open Referral UK 3 (HSDS 3.0): places, gatherings, organisations.

A place is a location and a service there, "somewhere to stay"; a gathering is a service at its
place's location. No people and no befriending: nothing here reads their tables.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.gis.geos import Point
from django.contrib.gis.measure import D
from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from kinder.accounts.models import Organisation
from places.exchange.directory_ids import make_id, name_id
from places.models import Gathering, Place, Welcome
from places.repeats import DAYS
from places.vocabulary import Answer, CostToStay, PlaceKind, WelcomeAttribute

Term = type[PlaceKind] | type[WelcomeAttribute]
KINDS, WELCOME = "place-kinds", "welcome"
TAXONOMIES: dict[str, tuple[str, str, Term]] = {
    KINDS: ("Kinds of place", "What sort of third space it is.", PlaceKind),
    WELCOME: ("Welcome", "What makes a place welcoming, and for whom.", WelcomeAttribute),
}
ACCESS = {
    WelcomeAttribute.STEP_FREE,
    WelcomeAttribute.ACCESSIBLE_TOILET,
    WelcomeAttribute.HEARING_LOOP,
}

Row = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What a client narrows a list of services by."""

    search: str = ""
    organisation: int | None = None
    kind: str = ""
    modified_after: datetime | None = None
    near: Point | None = None
    metres: float = 0.0

    @property
    def is_nothing(self) -> bool:
        """A term that no row can have."""
        return self.kind == "-"


def find_places(asked: Asked) -> QuerySet[Place]:
    """Return the shown places that fit, in the order in which they were written down."""
    found = Place.objects.shown()
    if asked.is_nothing:
        return found.none()
    if asked.search:
        found = found.filter(name__icontains=asked.search)
    if asked.organisation is not None:
        found = found.filter(organisation=asked.organisation)
    if asked.kind:
        found = found.filter(kind=asked.kind)
    if asked.modified_after:
        found = found.filter(updated_at__gt=asked.modified_after)
    if asked.near is not None:
        found = found.filter(point__dwithin=(asked.near, _degrees(asked.metres)))
        found = found.filter(point__distance_lte=(asked.near, D(m=asked.metres)))
    return _with_all(found.order_by("pk"))


def find_gatherings(asked: Asked) -> QuerySet[Gathering]:
    """Return the shown gatherings that fit; their kind is their place's."""
    found = Gathering.objects.shown().exclude(until_on__lt=timezone.localdate())
    found = found.exclude(recurrence="", starts_at__lt=timezone.now())
    if asked.search:
        found = found.filter(title__icontains=asked.search)
    if asked.organisation is not None:
        found = found.filter(organisation=asked.organisation)
    if asked.modified_after:
        found = found.filter(updated_at__gt=asked.modified_after)
    if asked.kind or asked.near is not None:
        found = found.filter(
            place__in=find_places(
                Asked(kind=asked.kind, near=asked.near, metres=asked.metres)
            ).values("pk")
        )
    places = _with_all(Place.objects.all())
    return (
        found.select_related("organisation")
        .prefetch_related(Prefetch("place", queryset=places))
        .order_by("pk")
    )


def _with_all(places: QuerySet[Place]) -> QuerySet[Place]:
    welcomes = Welcome.objects.exclude(value=Answer.UNKNOWN).order_by("attribute")
    return places.select_related("organisation", "area").prefetch_related(
        Prefetch("welcomes", queryset=welcomes), "alt_names"
    )


def _degrees(metres: float) -> float:
    """More degrees than so many metres are anywhere in these latitudes: the index narrows first."""
    return metres / 50_000


# ------------------------------------------------------------------ services


def service_of_place(place: Place, root: str, *, is_full: bool) -> Row:
    """Return "somewhere to stay" at a place."""
    row = _said(
        id=make_id("place", place.pk),
        organization_id=_organisation_id(place.organisation_id),
        name=place.name,
        alternate_name=next((other.name for other in place.alt_names.all()), ""),
        description=place.description or str(PlaceKind(place.kind).label),
        url=place.website or f"{root}/places/{place.code}/",
        status="active",
        fees_description=str(CostToStay(place.cost_to_stay).label),
        application_process="Booking needed." if place.is_booking_needed else "",
        assured_date=place.confirmed_at.date().isoformat() if place.confirmed_at else "",
        last_modified=_moment(place.updated_at),
    )
    if place.organisation:
        row["organization"] = organisation(place.organisation)
    if not is_full:
        return row
    key = place.pk
    at_id = make_id("place at", key)
    row |= _said(
        phones=_phones(place),
        schedules=_opening(place, service_id=row["id"]),
        service_at_locations=[
            {
                "id": at_id,
                "service_id": row["id"],
                "location_id": make_id("location", key),
                "location": location(place),
            }
        ],
        cost_options=_costs(place, row["id"]),
        attributes=_attributes(place, row["id"], "service"),
    )
    return row


def service_of_gathering(gathering: Gathering, root: str, *, is_full: bool) -> Row:
    """Return something to come along to."""
    boundaries = (gathering.is_asked, gathering.is_not_asked, gathering.how_to_leave)
    row = _said(
        id=make_id("gathering", gathering.pk),
        organization_id=_organisation_id(gathering.organisation_id),
        name=gathering.title,
        description=" ".join(filter(None, (gathering.description, *boundaries))) or gathering.title,
        url=f"{root}/whats-on/{gathering.code}/",
        status="active",
        application_process=(
            "Places are limited: hold one on its page." if gathering.capacity else "Just come."
        ),
        assured_date=gathering.confirmed_at.date().isoformat(),
        last_modified=_moment(gathering.updated_at),
    )
    if gathering.organisation:
        row["organization"] = organisation(gathering.organisation)
    if not is_full:
        return row
    row |= _said(
        schedules=[schedule(gathering, service_id=row["id"])],
        service_at_locations=[
            {
                "id": make_id("gathering at", gathering.pk),
                "service_id": row["id"],
                "location_id": make_id("location", gathering.place_id),
                "location": location(gathering.place),
            }
        ],
        languages=_languages(gathering),
        attributes=_attributes(gathering.place, row["id"], "service"),
    )
    return row


def at_place(place: Place, root: str, *, is_full: bool) -> Row:
    """Return the service of a place as it stands at its location."""
    row: Row = {
        "id": make_id("place at", place.pk),
        "service_id": make_id("place", place.pk),
        "location_id": make_id("location", place.pk),
        "location": location(place, is_full=is_full),
    }
    if is_full:
        row |= _said(schedules=_opening(place, service_at_location_id=row["id"]))
    return row


def at_gathering(gathering: Gathering, root: str, *, is_full: bool) -> Row:
    """Return a gathering as it stands at its place's location."""
    row: Row = {
        "id": make_id("gathering at", gathering.pk),
        "service_id": make_id("gathering", gathering.pk),
        "location_id": make_id("location", gathering.place_id),
        "location": location(gathering.place, is_full=is_full),
    }
    if is_full:
        row |= {"schedules": [schedule(gathering, service_at_location_id=row["id"])]}
    return row


# ------------------------------------------------------------------ parts


def location(place: Place, *, is_full: bool = True) -> Row:
    """Return where a place is."""
    id_ = make_id("location", place.pk)
    row = _said(
        id=id_,
        location_type="physical",
        name=place.name,
        latitude=round(place.point.y, 6),
        longitude=round(place.point.x, 6),
    )
    if not is_full:
        return row
    address = _said(
        id=_part(place, "address"),
        location_id=id_,
        address_type="physical",
        country="GB",
    )
    # The schema asks for all of them; what is not known is empty.
    address |= {
        "address_1": place.address,
        "city": "",
        "state_province": "",
        "postal_code": place.postcode,
    }
    access = [
        _said(
            id=_part(place, one.attribute),
            location_id=id_,
            description=str(WelcomeAttribute(one.attribute).label),
            details=one.for_whom,
        )
        for one in place.welcomes.all()
        if one.attribute in ACCESS and one.value == Answer.YES
    ]
    return row | _said(
        addresses=[address] if place.address or place.postcode else [],
        accessibility=access,
    )


def schedule(gathering: Gathering, **of: str) -> Row:
    """Return when a gathering happens: iCalendar's rule in the parts of HSDS."""
    local = timezone.localtime(gathering.starts_at)
    ends_at = local + timedelta(minutes=gathering.minutes)
    parts = dict(part.partition("=")[::2] for part in gathering.recurrence.split(";") if part)
    frequency = parts.get("FREQ", "")
    days = parts.get("BYDAY", "")
    if frequency == "DAILY":
        # HSDS knows weeks and months only.
        frequency, days = "WEEKLY", ",".join(DAYS)
    return _said(
        id=name_id("schedule", gathering.code, *of.values()),
        **of,
        dtstart=local.date().isoformat(),
        valid_from=local.date().isoformat(),
        valid_to=gathering.until_on.isoformat() if gathering.until_on else "",
        until=gathering.until_on.isoformat() if gathering.until_on else "",
        freq=frequency if frequency in {"WEEKLY", "MONTHLY"} else "",
        interval=int(parts["INTERVAL"]) if "INTERVAL" in parts else None,
        count=int(parts["COUNT"]) if "COUNT" in parts else None,
        byday=days,
        opens_at=f"{local:%H:%M}",
        closes_at=f"{ends_at:%H:%M}",
        description=gathering.food,
    )


def organisation(one: Organisation) -> Row:
    """Return who hosts: what is public of an organisation, never a person's own address."""
    return _said(
        id=make_id("organisation", one.pk),
        name=one.name,
        description=one.description or one.get_kind_display(),
        email=one.email,
        website=one.website,
        legal_status=one.get_kind_display(),
    )


def find_organisations() -> QuerySet[Organisation]:
    """Return the organisations behind what is shown."""
    places = Place.objects.shown().filter(organisation__isnull=False).values("organisation")
    gatherings = Gathering.objects.shown().filter(organisation__isnull=False)
    return Organisation.objects.filter(
        pk__in=places.union(gatherings.values("organisation"))
    ).order_by("pk")


def taxonomies() -> list[Row]:
    """Return the lists of terms that services are tagged with (HSDS taxonomy)."""
    return [
        {"id": name_id(slug), "name": name, "description": about, "version": "1"}
        for slug, (name, about, _terms) in TAXONOMIES.items()
    ]


def terms() -> list[Row]:
    """Return every term of every taxonomy, in the vocabulary's order."""
    return [
        {
            "id": name_id(slug, term.value),
            "code": term.value,
            "name": str(term.label),
            "description": str(term.label),
            "taxonomy": name,
            "taxonomy_id": name_id(slug),
            "taxonomy_detail": {"id": name_id(slug), "name": name, "description": about},
            "language": "en",
        }
        for slug, (name, about, choices) in TAXONOMIES.items()
        for term in choices
    ]


def _opening(place: Place, **of: str) -> list[Row]:
    """Opening hours stay in the words of OpenStreetMap, which say more than HSDS can."""
    if not place.opening_hours:
        return []
    return [
        {
            "id": name_id("hours", place.code, *of.values()),
            **of,
            "description": place.opening_hours,
            "notes": "opening_hours of OpenStreetMap",
        }
    ]


def _phones(place: Place) -> list[Row]:
    if not place.telephone:
        return []
    return [{"id": _part(place, "telephone"), "number": place.telephone}]


def _costs(place: Place, service_id: str) -> list[Row]:
    if place.cost_to_stay == CostToStay.UNKNOWN:
        return []
    row: Row = {
        "id": _part(place, "cost"),
        "service_id": service_id,
        "option": str(CostToStay(place.cost_to_stay).label),
    }
    if place.is_free_to_stay:
        row |= {"amount": 0, "currency": "GBP"}
    return [row]


def _attributes(place: Place, link_id: str, entity: str) -> list[Row]:
    known = {term["id"]: term for term in terms()}
    said: Iterable[tuple[str, str]] = [
        (name_id(KINDS, place.kind), ""),
        *(
            (name_id(WELCOME, one.attribute), str(Answer(one.value).label))
            for one in place.welcomes.all()
        ),
    ]
    return [
        _said(
            id=name_id("attribute", link_id, term_id),
            link_id=link_id,
            link_entity=entity,
            taxonomy_term_id=term_id,
            taxonomy_term=known[term_id],
            value=value,
        )
        for term_id, value in said
    ]


def _languages(gathering: Gathering) -> list[Row]:
    if not gathering.language:
        return []
    return [
        {
            "id": name_id("language", gathering.code),
            "service_id": make_id("gathering", gathering.pk),
            "code": gathering.language,
        }
    ]


def _organisation_id(key: int | None) -> str:
    return make_id("organisation", key) if key else ""


def _part(place: Place, name: str) -> str:
    return name_id("part", place.code, name)


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _said(**fields: Any) -> Row:
    """What is known: the schema takes no nulls."""
    return {name: value for name, value in fields.items() if value not in (None, "", [])}
