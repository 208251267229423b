"""Tags become kinds, names, cost, hours and welcome; homes and private grounds stay out."""

from datetime import date

import pytest

from places.exchange.osm import KIND_TAGS, KeptHours, describe, find_kind, is_never_imported, refuse
from places.vocabulary import SENSITIVE_KINDS, Answer, CostToStay, PlaceKind, WelcomeAttribute

TODAY = date(2026, 4, 1)
CAFE = {"amenity": "cafe", "name": "The Kettle"}


@pytest.mark.parametrize("tag", KIND_TAGS, ids=lambda tag: f"{tag.key}={tag.value}")
def test_every_tag_makes_its_kind(tag: tuple[str, str, PlaceKind, str]) -> None:
    key, value, kind, _noun = tag
    tags = {key: "snooker" if value == "*" else value, "name": "A name"}
    found = find_kind(tags)
    assert found is not None
    assert found.kind == kind
    assert refuse(tags) == ""


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"amenity": "bar; cafe"}, PlaceKind.CAFE),
        ({"amenity": "cafe", "shop": "supermarket"}, PlaceKind.SUPERMARKET),
        ({"amenity": "cafe;place_of_worship"}, PlaceKind.WORSHIP),
        ({"shop": "charity", "social_facility": "food_bank"}, PlaceKind.COMMUNITY_MEAL),
        ({"leisure": "garden", "garden:type": "community"}, PlaceKind.ALLOTMENT),
    ],
)
def test_of_several_kinds_the_one_that_shields_people_goes_first(
    tags: dict[str, str], kind: PlaceKind
) -> None:
    found = find_kind(tags)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize(
    "tags",
    [
        {"amenity": "social_facility", "social_facility": "shelter"},
        {"social_facility": "group_home", "amenity": "community_centre"},
        {"social_facility": "soup_kitchen;shelter"},
        {"amenity": "community_centre", "social_facility:for": "abused"},
        {"amenity": "community_centre", "social_facility:for": "senior;victim"},
        {"amenity": "community_centre", "social_facility:for": "homeless"},
        {"amenity": "social_facility", "social_facility": "food_bank",
         "social_facility:for": "refugee"},
        {"tourism": "hostel", "amenity": "bar"},
        {"amenity": "clinic", "healthcare": "hospice"},
        {"amenity": "community_centre", "name": "Women's Refuge"},
        {"amenity": "community_centre", "name": "Anytown Women’s Aid"},
        {"amenity": "cafe", "name": "Café", "alt_name": "The Elms Care Home"},
        {"leisure": "garden", "official_name:en": "Rowan nursing home"},
    ],
)  # fmt: skip
def test_refuge_hostel_or_home_is_never_imported(tags: dict[str, str]) -> None:
    assert is_never_imported(tags)
    assert refuse({"name": "A name", **tags}) == "a refuge, hostel or home is never imported"


@pytest.mark.parametrize(
    "tags",
    [
        {"social_facility": "soup_kitchen", "social_facility:for": "homeless"},
        {"social_facility": "food_bank", "social_facility:for": "homeless;underprivileged"},
        {"amenity": "shelter"},
        {"amenity": "cafe", "name": "Home Comforts"},
        {"amenity": "cafe", "name": "Café", "addr:housename": "The Old Hostel"},
        {"amenity": "community_centre", "social_facility:for": "senior"},
    ],
)
def test_meals_and_shelters_from_the_rain_are_no_homes(tags: dict[str, str]) -> None:
    assert not is_never_imported(tags)


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"shop": "mobility"}, "not a kind of third space: shop=mobility"),
        ({"club": "no", "office": "lawyer"}, "not a kind of third space: club=no"),
        ({"building": "yes"}, "not a kind of third space: building=yes"),
        ({"source": "survey"}, "not a kind of third space: no tag that tells"),
        ({"access": "private"}, "not open to everybody: access=private"),
        ({"access": "no;customers"}, "not open to everybody: access=no;customers"),
        ({"disused": "yes"}, "no longer in use"),
        ({"leisure": "garden", "garden:type": "residential"},
         "a private garden: garden:type=residential"),
    ],
)  # fmt: skip
def test_refusal_says_why(tags: dict[str, str], reason: str) -> None:
    base = {} if "not a kind" in reason else CAFE
    assert refuse({**base, "name": "A name", **tags}) == reason


@pytest.mark.parametrize(
    "tags",
    [
        {"amenity": "cafe"},
        {"leisure": "garden"},
        {"leisure": "swimming_pool"},
        {"leisure": "garden", "name": " \x00\n"},
    ],
)
def test_most_kinds_need_a_name(tags: dict[str, str]) -> None:
    assert refuse(tags).startswith("no name: ")


@pytest.mark.parametrize(
    ("kind", "is_place"),
    [
        ("picnic_shelter", True),
        ("public_transport", True),
        ("basic_hut", False),
        ("lean_to", False),
    ],
)
def test_shelters_to_sleep_in_are_no_places_to_meet(kind: str, *, is_place: bool) -> None:
    assert (refuse({"amenity": "shelter", "shelter_type": kind}) == "") is is_place


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        (CAFE, "The Kettle"),
        ({"amenity": "cafe", "brand": "Beans"}, "Beans"),
        ({"amenity": "post_office", "operator": "The Post"}, "The Post"),
        ({"amenity": "bench", "operator": "The Council"}, "Bench"),
        ({"amenity": "bench", "addr:street": "High Street"}, "Bench, High Street"),
        ({"leisure": "park", "name": "  Green\n Park "}, "Green Park"),
        ({"amenity": "cafe", "name": "=cmd|' /C calc'!A0"}, "=cmd|' /C calc'!A0"),
    ],
)
def test_name_is_its_own_or_says_what_it_is(tags: dict[str, str], name: str) -> None:
    assert refuse(tags) == ""
    assert describe(tags, TODAY).name == name


@pytest.mark.parametrize(
    ("tags", "cost"),
    [
        ({"amenity": "cafe"}, CostToStay.UNKNOWN),
        ({"amenity": "cafe", "fee": "no"}, CostToStay.UNKNOWN),
        ({"amenity": "library"}, CostToStay.FREE),
        ({"amenity": "bench"}, CostToStay.FREE),
        ({"landuse": "allotments"}, CostToStay.UNKNOWN),
        ({"leisure": "park", "fee": "yes"}, CostToStay.ENTRY_FEE),
        ({"tourism": "museum", "fee": "no"}, CostToStay.FREE),
        ({"tourism": "museum", "fee": "donation"}, CostToStay.FREE),
        ({"tourism": "museum", "fee": "interval"}, CostToStay.UNKNOWN),
        ({"leisure": "sports_centre", "access": "members"}, CostToStay.MEMBERS),
        ({"landuse": "allotments", "access": "permit"}, CostToStay.MEMBERS),
    ],
)
def test_cost_to_stay(tags: dict[str, str], cost: CostToStay) -> None:
    assert describe({**tags, "name": "A name"}, TODAY).cost_to_stay == cost


@pytest.mark.parametrize(
    ("key", "value", "attribute", "answer"),
    [
        ("wheelchair", "yes", WelcomeAttribute.STEP_FREE, Answer.YES),
        ("wheelchair", "designated", WelcomeAttribute.STEP_FREE, Answer.YES),
        ("wheelchair", "no", WelcomeAttribute.STEP_FREE, Answer.NO),
        ("toilets:wheelchair", "yes", WelcomeAttribute.ACCESSIBLE_TOILET, Answer.YES),
        ("internet_access", "wlan", WelcomeAttribute.WIFI, Answer.YES),
        ("dog", "leashed", WelcomeAttribute.DOGS, Answer.YES),
        ("audio_loop", "yes", WelcomeAttribute.HEARING_LOOP, Answer.YES),
    ],
)
def test_clear_answers_of_welcome(
    key: str, value: str, attribute: WelcomeAttribute, answer: Answer
) -> None:
    assert describe({**CAFE, key: value}, TODAY).welcomes == {attribute: answer}


@pytest.mark.parametrize("value", ["limited", "unknown", "Yes please", "bad;yes"])
def test_half_a_yes_stays_not_known(value: str) -> None:
    assert describe({**CAFE, "wheelchair": value}, TODAY).welcomes == {}


@pytest.mark.parametrize(
    ("tags", "checked_on"),
    [
        ({"check_date": "2026-03-02"}, date(2026, 3, 2)),
        ({"check_date": "2026-03"}, date(2026, 3, 1)),
        ({"check_date": "soon", "survey:date": "2025-12-24"}, date(2025, 12, 24)),
        ({"check_date:opening_hours": "2024-02-29"}, date(2024, 2, 29)),
        ({"check_date": "2031-01-01"}, TODAY),
        ({"check_date": "2026-02-30"}, None),
        ({}, None),
    ],
)
def test_date_of_a_survey(tags: dict[str, str], checked_on: date | None) -> None:
    assert describe({**CAFE, **tags}, TODAY).checked_on == checked_on


def test_hours_are_read_or_kept_as_words() -> None:
    good = describe({**CAFE, "opening_hours": "Mo–Fr 09:00-17:00;"}, TODAY)
    assert good.hours == KeptHours("Mo-Fr 09:00-17:00", 40, is_unread=False)
    assert good.notes == ()
    plain = describe({**CAFE, "opening_hours": "9am-5pm"}, TODAY)
    assert plain.hours == KeptHours("Mo-Su 09:00-17:00", 56, is_unread=False)
    bad = describe({**CAFE, "opening_hours": "nine to five"}, TODAY)
    assert bad.hours == KeptHours("nine to five", None, is_unread=True)
    assert bad.notes == ("hours are kept as words: nine to five",)


def test_hours_too_long_for_the_register_are_words_for_what_is_cut_may_turn_their_meaning() -> None:
    long = describe({**CAFE, "opening_hours": "Mo 09:00-10:00; " * 40}, TODAY)
    assert len(long.hours.text) == 512
    assert (long.hours.weekly, long.hours.is_unread) == (None, True)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://example.org/a?b=1", "https://example.org/a?b=1"),
        ("example.org", "http://example.org"),
        ("https://example.org; https://example.com", "https://example.org"),
        ("", ""),
    ],
)
def test_web_address_is_one_that_can_be_followed(given: str, kept: str) -> None:
    place = describe({**CAFE, "contact:website": given}, TODAY)
    assert (place.website, place.notes) == (kept, ())


@pytest.mark.parametrize("given", ["javascript:alert(1)", "see Facebook", f"a.org/{'x' * 200}"])
def test_web_address_that_cannot_be_followed_is_left_out(given: str) -> None:
    place = describe({**CAFE, "website": given}, TODAY)
    assert place.website == ""
    assert place.notes == (f"web address cannot be read, left out: {given}",)


def test_address_postcode_and_telephone() -> None:
    place = describe(
        {
            **CAFE,
            "addr:housenumber": "12",
            "addr:street": "High Street",
            "addr:city": "Anytown",
            "addr:postcode": "g207tx",
            "phone": "+44 141 496 0000;+44 141 496 0001",
        },
        TODAY,
    )
    assert (place.address, place.postcode) == ("12 High Street, Anytown", "G20 7TX")
    assert place.telephone == "+44 141 496 0000"


def test_everything_fits_the_register() -> None:
    long = "x" * 500
    place = describe(
        {"amenity": "cafe", "name": long, "addr:full": long, "phone": long, "addr:postcode": long},
        TODAY,
    )
    sizes = [len(text) for text in (place.name, place.address, place.telephone, place.postcode)]
    assert sizes == [160, 200, 32, 0]
    assert place.notes == (f"the name was cut to 160 signs: {long}",)


def test_sensitive_kinds_are_those_of_the_vocabulary() -> None:
    assert {tag.kind for tag in KIND_TAGS} >= SENSITIVE_KINDS
