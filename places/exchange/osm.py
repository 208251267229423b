"""What OpenStreetMap's tags say of a third space: its kind, and what the register keeps of it.

Tags follow the definitions of the OSM wiki's map features; docs/imports.md shows them as a table.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from places.hours import InvalidHoursError, tidy_hours, weekly_open_hours
from places.postcodes import tidy_postcode
from places.vocabulary import SENSITIVE_KINDS, Answer, CostToStay, PlaceKind, WelcomeAttribute
from places.week import UnclearHoursError, Week, read_spans, write_week

LONGEST_HOURS, LONGEST_ADDRESS, LONGEST_NAME = 512, 200, 160
LONGEST_TELEPHONE, LONGEST_WEBSITE = 32, 200


class KindTag(NamedTuple):
    """A tag that makes a kind of third space; "*" is any value. `noun` names a place that needs no
    name of its own: a bench is still a place to sit."""

    key: str
    value: str
    kind: PlaceKind
    noun: str = ""


# The first that fits counts, but what shields people most goes before all else.
KIND_TAGS: tuple[KindTag, ...] = (
    KindTag("shop", "supermarket", PlaceKind.SUPERMARKET),
    *(
        KindTag("shop", value, PlaceKind.LOCAL_SHOP)
        for value in ("convenience", "newsagent", "bakery", "butcher", "greengrocer")
    ),
    KindTag("amenity", "post_office", PlaceKind.POST_OFFICE),
    KindTag("amenity", "cafe", PlaceKind.CAFE),
    KindTag("amenity", "fast_food", PlaceKind.TAKEAWAY),
    KindTag("amenity", "pub", PlaceKind.PUB),
    KindTag("amenity", "bar", PlaceKind.PUB),
    KindTag("shop", "hairdresser", PlaceKind.HAIRDRESSER),
    KindTag("shop", "laundry", PlaceKind.LAUNDERETTE),
    KindTag("shop", "charity", PlaceKind.CHARITY_SHOP),
    KindTag("shop", "second_hand", PlaceKind.CHARITY_SHOP),
    KindTag("shop", "mall", PlaceKind.SHOPPING_CENTRE),
    KindTag("amenity", "marketplace", PlaceKind.MARKET),
    KindTag("amenity", "library", PlaceKind.LIBRARY),
    KindTag("amenity", "community_centre", PlaceKind.COMMUNITY_CENTRE),
    KindTag("amenity", "social_centre", PlaceKind.COMMUNITY_CENTRE),
    KindTag("amenity", "place_of_worship", PlaceKind.WORSHIP),
    KindTag("social_facility", "food_bank", PlaceKind.COMMUNITY_MEAL),
    KindTag("social_facility", "soup_kitchen", PlaceKind.COMMUNITY_MEAL),
    KindTag("amenity", "school", PlaceKind.SCHOOL_GATE),
    KindTag("amenity", "kindergarten", PlaceKind.SCHOOL_GATE),
    *(
        KindTag("amenity", value, PlaceKind.HEALTH)
        for value in ("pharmacy", "doctors", "clinic", "hospital")
    ),
    KindTag("leisure", "playground", PlaceKind.PLAYGROUND, "Playground"),
    KindTag("garden:type", "community", PlaceKind.ALLOTMENT, "Community garden"),
    KindTag("landuse", "allotments", PlaceKind.ALLOTMENT, "Allotments"),
    KindTag("leisure", "park", PlaceKind.PARK, "Park"),
    # Most gardens and pools on the map are behind somebody's home: these need a name.
    KindTag("leisure", "garden", PlaceKind.PARK),
    KindTag("leisure", "sports_centre", PlaceKind.SPORT),
    KindTag("leisure", "pitch", PlaceKind.SPORT, "Sports pitch"),
    KindTag("leisure", "swimming_pool", PlaceKind.SPORT),
    *(KindTag("amenity", value, PlaceKind.ARTS) for value in ("arts_centre", "theatre", "cinema")),
    KindTag("tourism", "museum", PlaceKind.ARTS),
    KindTag("tourism", "gallery", PlaceKind.ARTS),
    KindTag("club", "*", PlaceKind.SOCIAL_CLUB),
    KindTag("leisure", "social_club", PlaceKind.SOCIAL_CLUB),
    KindTag("amenity", "bench", PlaceKind.BENCH, "Bench"),
    KindTag("amenity", "shelter", PlaceKind.BENCH, "Shelter"),
    KindTag("highway", "bus_stop", PlaceKind.BENCH, "Bus stop"),
    KindTag("railway", "station", PlaceKind.BENCH),
    KindTag("place", "square", PlaceKind.BENCH, "Square"),
)
KIND_KEYS = tuple(dict.fromkeys(tag.key for tag in KIND_TAGS))
_TAGS_BY_KEY = {key: tuple(tag for tag in KIND_TAGS if tag.key == key) for key in KIND_KEYS}
# People live or hide there: never on a map of places to meet.
NEVER: tuple[tuple[str, frozenset[str]], ...] = (
    (
        "social_facility",
        frozenset({"shelter", "group_home", "nursing_home", "assisted_living", "hospice"}),
    ),
    (
        "social_facility:for",
        frozenset({"abused", "victim", "displaced", "refugee", "orphan", "juvenile"}),
    ),
    ("amenity", frozenset({"refugee_site", "nursing_home", "retirement_home"})),
    ("tourism", frozenset({"hostel"})),
    ("healthcare", frozenset({"hospice"})),
)
# A meal for people without a home is no home.
MEALS = frozenset({"food_bank", "soup_kitchen"})
# Where the tags are silent, the name may tell.
NEVER_NAMED = re.compile(
    r"\b(refuge|safe ?house|women.?s aid|hostel|(care|nursing|residential|retirement|children.?s)"
    r" home)\b",
    re.IGNORECASE,
)
# Roofs to sleep under, for animals or for an emergency: nobody meets there by day.
NO_MEETING_SHELTERS = frozenset(
    {"basic_hut", "changing_rooms", "field_shelter", "lean_to", "nuclear", "rock_shelter"}
)
CLOSED_ACCESS = frozenset({"private", "no", "residents", "employees", "military"})
MEMBERS_ACCESS = frozenset({"members", "permit"})
GONE = ("disused", "abandoned", "demolished", "razed", "ruins")
PRIVATE_GARDENS = frozenset({"residential", "private"})
# Staying costs nothing by the nature of the place, unless its tags say otherwise.
FREE_BY_NATURE = frozenset(
    {PlaceKind.LIBRARY, PlaceKind.PARK, PlaceKind.PLAYGROUND, PlaceKind.BENCH}
)
# "No fee" says that nobody pays at the door; of a café it would say nothing of staying.
FEE_IS_FOR_STAYING = FREE_BY_NATURE | {
    PlaceKind.COMMUNITY_CENTRE,
    PlaceKind.ALLOTMENT,
    PlaceKind.SPORT,
    PlaceKind.ARTS,
    PlaceKind.WORSHIP,
    PlaceKind.COMMUNITY_MEAL,
}
YES, NO = Answer.YES, Answer.NO
# Any other value ("limited", "customers") leaves the question open: half a yes is no promise.
WELCOME_TAGS: tuple[tuple[str, WelcomeAttribute, dict[str, Answer]], ...] = (
    ("wheelchair", WelcomeAttribute.STEP_FREE, {"yes": YES, "designated": YES, "no": NO}),
    ("toilets", WelcomeAttribute.TOILET, {"yes": YES, "no": NO}),
    (
        "toilets:wheelchair",
        WelcomeAttribute.ACCESSIBLE_TOILET,
        {"yes": YES, "designated": YES, "no": NO},
    ),
    ("drinking_water", WelcomeAttribute.WATER, {"yes": YES, "no": NO}),
    ("internet_access", WelcomeAttribute.WIFI, {"wlan": YES, "no": NO}),
    ("dog", WelcomeAttribute.DOGS, {"yes": YES, "leashed": YES, "no": NO}),
    ("backrest", WelcomeAttribute.SEATS_WITH_BACKS, {"yes": YES, "no": NO}),
    ("hearing_loop", WelcomeAttribute.HEARING_LOOP, {"yes": YES, "no": NO}),
    ("audio_loop", WelcomeAttribute.HEARING_LOOP, {"yes": YES, "no": NO}),
)
CHECK_TAGS = ("check_date", "survey:date", "check_date:opening_hours")


class KeptHours(NamedTuple):
    """Opening hours as the register keeps them. Unread ones are words only: shown and edited as
    they were written, and nobody works out from them when it is open."""

    text: str
    weekly: float | None
    is_unread: bool


@dataclass(frozen=True)
class Described:
    """What tags say of a third space. `notes` tell what could not be read and is left out, or kept
    as words."""

    name: str
    kind: PlaceKind
    address: str
    postcode: str
    website: str
    telephone: str
    hours: "KeptHours"
    cost_to_stay: CostToStay
    checked_on: date | None
    welcomes: dict[WelcomeAttribute, Answer]
    notes: tuple[str, ...]


def find_kind(tags: Mapping[str, str]) -> KindTag | None:
    """Return what makes the tagged thing a third space, if anything does.

    A sensitive kind goes before the others: of a moment there only the area is kept.
    """
    found = [
        tag
        for key, known in _TAGS_BY_KEY.items()
        if key in tags
        for tag in _match(known, tags[key])
    ]
    if len(found) < 2:
        return found[0] if found else None
    return min(found, key=lambda tag: (tag.kind not in SENSITIVE_KINDS, KIND_TAGS.index(tag)))


def _match(known: tuple[KindTag, ...], value: str) -> list[KindTag]:
    values = _split(value)
    return [tag for tag in known if tag.value in values or (tag.value == "*" and values != ["no"])]


def refuse(tags: Mapping[str, str]) -> str:
    """Return why the tagged thing is no place of the register, "" where it is one."""
    tag = find_kind(tags)
    access = set(_split(tags.get("access", "")))
    reasons = (
        (is_never_imported(tags), "a refuge, hostel or home is never imported"),
        (tag is None, f"not a kind of third space: {describe_tags(tags)}"),
        (bool(access & CLOSED_ACCESS), f"not open to everybody: access={tags.get('access')}"),
        (any(tags.get(key) == "yes" for key in GONE), "no longer in use"),
        (
            tags.get("garden:type") in PRIVATE_GARDENS,
            f"a private garden: garden:type={tags.get('garden:type')}",
        ),
        (
            tag is not None
            and tag.value == "shelter"
            and tags.get("shelter_type") in NO_MEETING_SHELTERS,
            f"a shelter where nobody meets: shelter_type={tags.get('shelter_type')}",
        ),
        (not name_place(tags, tag), f"no name: {describe_tags(tags)}"),
    )
    return next((reason for holds, reason in reasons if holds), "")


def is_never_imported(tags: Mapping[str, str]) -> bool:
    """Tell whether this is a refuge, hostel or home, by its tags or by its name."""
    if any(set(_split(tags.get(key, ""))) & values for key, values in NEVER):
        return True
    is_for_homeless = "homeless" in _split(tags.get("social_facility:for", ""))
    if is_for_homeless and not MEALS & set(_split(tags.get("social_facility", ""))):
        return True
    names = (value for key, value in tags.items() if "name" in key and not key.startswith("addr:"))
    return any(NEVER_NAMED.search(name) for name in names)


def describe_tags(tags: Mapping[str, str]) -> str:
    """Return the tag that most nearly says what a thing is, as OSM writes it."""
    keys = (*KIND_KEYS, "office", "building", "natural", "man_made", "barrier", "route")
    return next((f"{key}={tags[key]}" for key in keys if key in tags), "no tag that tells")


def name_place(tags: Mapping[str, str], tag: KindTag | None) -> str:
    """Return a place's name: its own, its brand's, or what it is and in which street."""
    own = tags.get("name") or tags.get("name:en") or tags.get("brand") or ""
    noun = tag.noun if tag else ""
    if own or not noun:
        return _tidy(own or tags.get("operator", ""))
    street = tags.get("addr:street", "")
    return _tidy(f"{noun}, {street}" if street else noun)


def describe(tags: Mapping[str, str], today: date) -> Described:
    """Return what `tags` say of a third space; ask `refuse` before. `today` bounds dates."""
    tag = find_kind(tags)
    if tag is None:
        raise ValueError("These tags describe no third space.")
    notes: list[str] = []
    name = name_place(tags, tag)
    if len(name) > LONGEST_NAME:
        notes.append(f"the name was cut to {LONGEST_NAME} signs: {name}")
    hours = keep_hours(tags.get("opening_hours", ""))
    if hours.is_unread:
        notes.append(f"{KEPT_AS_WORDS}: {hours.text}")
    website = _read_website(tags)
    if website is None:
        notes.append(f"web address cannot be read, left out: {_website_of(tags)}")
    return Described(
        name=name[:LONGEST_NAME],
        kind=tag.kind,
        address=_read_address(tags)[:LONGEST_ADDRESS],
        postcode=tidy_postcode(tags.get("addr:postcode", "")) or "",
        website=website or "",
        telephone=_read_telephone(tags),
        hours=hours,
        cost_to_stay=_read_cost(tags, tag.kind),
        checked_on=_read_check(tags, today),
        welcomes=_read_welcomes(tags),
        notes=tuple(notes),
    )


def _split(value: str) -> list[str]:
    """Several values of one tag are parted by semicolons."""
    return [part.strip() for part in value.split(";")] if value else []


def _tidy(text: str) -> str:
    """One line without signs that print nothing."""
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(text.split())


KEPT_AS_WORDS = "hours are kept as words"


# Chains and benches share their hours: each is read once.
@lru_cache(maxsize=16_384)
def keep_hours(given: str) -> KeptHours:
    """Return opening hours in OSM's syntax, however people wrote them, or else as their words."""
    hours = tidy_hours(given)
    if not hours:
        return KeptHours("", None, is_unread=False)
    if len(hours) > LONGEST_HOURS:
        # What is cut off may turn the meaning of the rest.
        return KeptHours(_tidy(given)[:LONGEST_HOURS], None, is_unread=True)
    try:
        return KeptHours(hours, weekly_open_hours(hours), is_unread=False)
    except InvalidHoursError:
        pass
    try:
        hours = write_week(Week((read_spans(hours),) * 7))
        return KeptHours(hours, weekly_open_hours(hours), is_unread=False)
    except (UnclearHoursError, InvalidHoursError):
        return KeptHours(_tidy(given)[:LONGEST_HOURS], None, is_unread=True)


_DATE = re.compile(r"\d{4}-\d\d(-\d\d)?")


def _read_check(tags: Mapping[str, str], today: date) -> date | None:
    """When somebody last stood there, as mappers note it; a month counts from its first day."""
    for key in CHECK_TAGS:
        given = tags.get(key, "")
        if _DATE.fullmatch(given):
            try:
                return min(date.fromisoformat(given if len(given) > 7 else f"{given}-01"), today)
            except ValueError:
                continue
    return None


def _read_cost(tags: Mapping[str, str], kind: PlaceKind) -> CostToStay:
    fee = tags.get("fee", "")
    if MEMBERS_ACCESS & set(_split(tags.get("access", ""))):
        return CostToStay.MEMBERS
    if fee == "yes":
        return CostToStay.ENTRY_FEE
    if kind in FREE_BY_NATURE or (fee in ("no", "donation") and kind in FEE_IS_FOR_STAYING):
        return CostToStay.FREE
    return CostToStay.UNKNOWN


def _read_address(tags: Mapping[str, str]) -> str:
    if full := tags.get("addr:full"):
        return _tidy(full)
    house = " ".join(
        tags[key] for key in ("addr:housename", "addr:housenumber", "addr:street") if key in tags
    )
    return _tidy(", ".join(part for part in (house, tags.get("addr:city", "")) if part))


_CHECK_URL = URLValidator(schemes=["http", "https"])


def _website_of(tags: Mapping[str, str]) -> str:
    given = tags.get("website") or tags.get("contact:website") or tags.get("url") or ""
    return given.partition(";")[0].strip()


def _read_website(tags: Mapping[str, str]) -> str | None:
    """Return the first web address given, "" where none is, None where it is no address."""
    address = _website_of(tags)
    if not address:
        return ""
    if "://" not in address:
        address = f"http://{address}"
    try:
        _CHECK_URL(address)
    except ValidationError:
        return None
    return address if len(address) <= LONGEST_WEBSITE else None


def _read_telephone(tags: Mapping[str, str]) -> str:
    given = tags.get("phone") or tags.get("contact:phone") or ""
    return _tidy(given.partition(";")[0])[:LONGEST_TELEPHONE]


def _read_welcomes(tags: Mapping[str, str]) -> dict[WelcomeAttribute, Answer]:
    return {
        attribute: answers[tags[key]]
        for key, attribute, answers in WELCOME_TAGS
        if tags.get(key) in answers
    }
