"""The page of one place."""

import json
import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from kinder.accounts.models import Membership, Organisation, Role, User
from places.models import Gathering, Place, PlaceAltName
from places.vocabulary import PlaceState
from tests.factories.accounts import make_member
from tests.factories.places import make_place

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Place:
    place = make_place(
        "Wyndford Library </script><b>",
        address="12 Shakespeare Street",
        postcode="G20 8AB",
        cost_to_stay="free",
        opening_hours="Mo-Fr 09:00-17:00; Sa 10:00-13:00",
        website="https://library.example.org/",
        telephone="0141 496 0000",
        welcome={"step_free": "yes", "toilet": "no", "warm": "unknown"},
    )
    PlaceAltName.objects.create(place=place, language="gd", name="Leabharlann")
    return place


def test_a_place_says_what_it_is_like(client: Client, place: Place) -> None:
    response = client.get(f"/places/{place.code}/")
    html = " ".join(response.content.decode().split())
    assert response.status_code == 200
    month = timezone.localdate().strftime("%B %Y")
    for words in (
        "Wyndford Library &lt;/script&gt;&lt;b&gt;",
        "Leabharlann",
        "Free to stay",
        "12 Shakespeare Street, G20 8AB",
        "Step-free",
        f"checked {month}",
        "What it does not have",
        "Toilet",
        "9 a.m. to 5 p.m.",
        "10 a.m. to 1 p.m.",
        "We don't show moments on places.",
        "tel:01414960000",
    ):
        assert words in html
    assert "Warm" not in html


def test_machines_read_the_same(client: Client, place: Place) -> None:
    html = client.get(f"/places/{place.code}/").content.decode()
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', html)
    assert found
    facts = json.loads(found.group(1))
    assert facts["@type"] == "Place"
    assert facts["name"] == "Wyndford Library </script><b>"
    assert facts["address"]["postalCode"] == "G20 8AB"
    assert facts["geo"]["latitude"] == 55.85
    assert facts["isAccessibleForFree"] is True
    assert facts["@id"] == f"http://testserver/places/{place.code}/"


def test_hours_that_cannot_be_read_are_shown_as_they_are(client: Client) -> None:
    place = make_place(opening_hours="ring the bell")
    assert "ring the bell" in client.get(f"/places/{place.code}/").content.decode()
    unknown = make_place()
    html = client.get(f"/places/{unknown.code}/").content.decode()
    assert "Hours not known" in html


@pytest.mark.parametrize("state", [PlaceState.HIDDEN, PlaceState.SUGGESTED])
def test_what_is_not_shown_is_there_for_keepers_only(client: Client, state: str) -> None:
    place = make_place("Half-known Hall", state=state)
    assert client.get(f"/places/{place.code}/").status_code == 404
    assert client.get(f"/api/v1/places/{place.code}/").status_code == 404
    assert client.get("/places/none123/").status_code == 404
    client.force_login(make_member(Role.WORKER))
    html = client.get(f"/places/{place.code}/").content.decode()
    assert "Half-known Hall" in html
    assert "Only you and others who look after places see this page" in html


def test_a_closed_place_says_so(client: Client) -> None:
    place = make_place("The Old Baths", state=PlaceState.CLOSED)
    response = client.get(f"/places/{place.code}/")
    assert response.status_code == 410
    assert "This place has closed for good" in response.content.decode()
    assert client.get(f"/api/v1/places/{place.code}/").status_code == 410


def test_gatherings_with_their_boundaries(client: Client, place: Place) -> None:
    tuesday = timezone.make_aware(datetime(2020, 1, 7, 14))
    Gathering.objects.create(
        place=place,
        title="Soup and a chat",
        starts_at=tuesday,
        minutes=90,
        recurrence="FREQ=WEEKLY;BYDAY=TU",
        food="Soup",
        is_asked="Nothing",
        is_not_asked="Your name",
        how_to_leave="Just go",
        state=Gathering.State.SHOWN,
    )
    for title, state, starts_at in (
        ("Past picnic", Gathering.State.SHOWN, timezone.now() - timedelta(days=3)),
        ("Unseen proposal", Gathering.State.PROPOSED, timezone.now() + timedelta(days=3)),
        ("Called off", Gathering.State.CANCELLED, timezone.now() + timedelta(days=3)),
    ):
        Gathering.objects.create(
            place=place, title=title, state=state, starts_at=starts_at, minutes=60
        )
    html = " ".join(client.get(f"/places/{place.code}/").content.decode().split())
    for words in ("Soup and a chat", "Tuesday", "for 90 minutes", "Your name", "Just go"):
        assert words in html
    for words in ("Past picnic", "Unseen proposal", "Called off"):
        assert words not in html


def test_the_page_costs_a_few_queries(
    client: Client, place: Place, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.get(f"/places/{place.code}/")
    with django_assert_num_queries(7):
        client.get(f"/places/{place.code}/")


def test_keepers_of_nothing_see_what_everybody_sees(client: Client) -> None:
    place = make_place(state=PlaceState.HIDDEN)
    member = User.objects.create_user("member@example.org")
    Membership.objects.create(
        user=member, organisation=Organisation.objects.create(name="O"), role=Role.MEMBER
    )
    client.force_login(member)
    assert client.get(f"/places/{place.code}/").status_code == 404
