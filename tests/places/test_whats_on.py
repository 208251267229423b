"""Pages of what is on: the list by day, one gathering, proposals, and looking after them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from kinder.accounts.models import Role, User
from kinder.accounts.screening import stamp
from places.actions import hide_place
from places.models import Gathering, HeldPlace
from tests.factories import NeighbourhoodFactory
from tests.factories.accounts import make_member, make_organisation
from tests.factories.places import make_place
from tests.places.test_gatherings import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)  # a Monday


@pytest.fixture(autouse=True)
def monday() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def worker() -> User:
    return make_member(Role.WORKER)


@pytest.fixture
def keeper(worker: User) -> Client:
    client = Client()
    client.force_login(worker)
    return client


def read(path: str, client: Client | None = None) -> str:
    response = (client or Client()).get(path)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def test_the_list_is_by_day_and_filtered_by_the_address() -> None:
    north = NeighbourhoodFactory.create(name="North")
    soup = make(make_place("Long Table", area=north), food="Soup")
    make(title="Chess", recurrence="FREQ=WEEKLY;BYDAY=SA", starts_at=NOW - timedelta(days=2))
    make(title="Never looked at", state=Gathering.State.PROPOSED)
    page = read("/whats-on/")
    assert page.index("Tuesday 5 May") < page.index("Saturday 9 May") < page.index("Tuesday 12 May")
    assert "Never looked at" not in page
    for query in ("q=soup", "food=on", f"area={north.code}", "q=long+table"):
        narrowed = read(f"/whats-on/?{query}")
        assert "Soup and a seat" in narrowed
        assert "Chess" not in narrowed, query
    later = read("/whats-on/?since=2026-06-01")
    assert "Tuesday 2 June" in later
    for odd in ("since=x", "area=%00", "area=nowhere", "q=%00", "since=0001-01-01"):
        assert Client().get(f"/whats-on/?{odd}").status_code == 200
    hide_place(by=make_member(Role.WORKER), place=soup.place, reason="unsafe")
    assert "Soup and a seat" not in read("/whats-on/")


def test_an_empty_fortnight_leads_on() -> None:
    assert "Tell us of something" in read("/whats-on/")


def test_the_list_asks_a_few_questions_whatever_its_length(
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(15):
        make(title=f"Number {number}")
    with django_assert_max_num_queries(9):
        read("/whats-on/")


def test_one_gathering_says_its_boundaries() -> None:
    gathering = make(
        is_asked="Come hungry.", is_not_asked="No booking.", how_to_leave="Whenever you like."
    )
    page = read(f"/whats-on/{gathering.code}/")
    for words in (
        "Come hungry.",
        "No booking.",
        "Whenever you like.",
        "Every Tuesday",
        "90 minutes",
    ):
        assert words in page
    assert "Look after it" not in page
    for state in ("proposed", "hidden", "cancelled", "expired"):
        Gathering.objects.update(state=state)
        assert Client().get(f"/whats-on/{gathering.code}/").status_code == 404


def test_a_place_is_held_and_given_back_by_the_same_browser() -> None:
    gathering, client = make(capacity=3), Client()
    path = f"/whats-on/{gathering.code}/"
    assert "3 places left of 3." in read(path, client)
    day = {"on": "2026-05-05"}
    page = client.post(f"{path}hold/", {**day, "people": 2}, follow=True).content.decode()
    assert "1 place left of 3." in page
    assert "We hold places for 2 of you." in page
    assert "We hold" not in read(path)  # another browser
    full = Client().post(f"{path}hold/", {**day, "people": 2}, follow=True).content.decode()
    assert "not so many places left" in full
    Client().post(f"{path}give-back/", day)
    assert HeldPlace.objects.get().people == 2
    client.post(f"{path}give-back/", day)
    assert not HeldPlace.objects.exists()
    for wrong in ({}, {"on": "x", "people": 1}, {"on": "2026-05-05", "people": "many"}):
        assert client.post(f"{path}hold/", wrong).status_code == 302
    assert not HeldPlace.objects.exists()


SAID = {
    "title": "Kettle's on",
    "place": "Long Table",
    "first_on": "2026-05-11",
    "at": "10:00",
    "minutes": "90",
    "repeats": "weekly",
}


def suggest(**more: str) -> Any:
    asked_at = stamp(NOW - timedelta(seconds=30))
    return Client().post("/whats-on/suggest/", {**SAID, "asked_at": asked_at, **more})


def test_a_resident_proposes_without_an_account() -> None:
    make_place("Long Table")
    assert "Tell us" in read("/whats-on/suggest/")
    assert suggest().status_code == 302
    gathering = Gathering.objects.get()
    assert gathering.state == Gathering.State.PROPOSED
    assert gathering.recurrence == "FREQ=WEEKLY;BYDAY=MO"
    assert timezone.localtime(gathering.starts_at).hour == 10


@pytest.mark.parametrize(
    "more",
    [
        {"title": ""},
        {"place": "Nowhere"},
        {"first_on": "2026-05-03"},
        {"first_on": "2036-05-03"},
        {"until_on": "2026-05-10"},
        {"minutes": "2"},
        {"repeats": "hourly"},
        {"company_website": "https://spam.example"},
        {"at": "25:00"},
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(more: dict[str, str]) -> None:
    make_place("Long Table")
    response = suggest(is_asked="Come hungry", **more)
    assert response.status_code == 422
    assert b"error-summary" in response.content
    assert b"Come hungry" in response.content
    assert not Gathering.objects.exists()


def test_a_name_of_several_places_becomes_a_choice() -> None:
    one, other = (
        make_place("Long Table", address="1 Row"),
        make_place("long table", address="2 Row"),
    )
    response = suggest()
    assert response.status_code == 422
    page = response.content.decode()
    assert one.code in page
    assert other.code in page
    assert suggest(place_choice=other.code).status_code == 302
    assert Gathering.objects.get().place == other


def test_a_keeper_adds_changes_and_calls_off(keeper: Client, worker: User) -> None:
    place = make_place("Long Table")
    assert keeper.post("/whats-on/add/", {**SAID, "place": place.code}).status_code == 302
    gathering = Gathering.objects.get()
    path = f"/whats-on/{gathering.code}/"
    assert "Look after it" in read(path, keeper)
    form = read(f"{path}change/", keeper)
    assert 'value="2026-05-11"' in form
    changed = {**SAID, "title": "Kettle and cake", "repeats": "monthly", "revision": "1"}
    assert keeper.post(f"{path}change/", changed).status_code == 302
    assert keeper.post(f"{path}change/", changed).status_code == 422  # the revision moved on
    gathering.refresh_from_db()
    assert (gathering.title, gathering.recurrence) == ("Kettle and cake", "FREQ=MONTHLY;BYDAY=2MO")
    keeper.post(f"{path}do/", {"deed": "call-off", "on": "2026-05-11", "why": "Boiler"})
    assert "Boiler" in read(path)
    keeper.post(f"{path}do/", {"deed": "take-back", "on": "2026-05-11"})
    assert "Boiler" not in read(path)
    for deed, state in (("hide", "hidden"), ("show", "shown"), ("cancel", "cancelled")):
        keeper.post(f"{path}do/", {"deed": deed})
        gathering.refresh_from_db()
        assert gathering.state == state
    assert keeper.post(f"{path}do/", {"deed": "burn"}).status_code == 404
    assert "Kettle and cake" in read("/whats-on/looking-after/?state=cancelled", keeper)


def test_a_rule_from_elsewhere_is_kept_as_it_is(keeper: Client) -> None:
    gathering = make(make_place("Long Table"), recurrence="FREQ=WEEKLY;BYDAY=MO,WE")
    path = f"/whats-on/{gathering.code}/change/"
    assert "As it is now" in read(path, keeper)
    keeper.post(path, {**SAID, "first_on": "2026-03-03", "repeats": "other", "revision": "1"})
    gathering.refresh_from_db()
    assert gathering.recurrence == "FREQ=WEEKLY;BYDAY=MO,WE"


def test_members_look_after_their_own_only() -> None:
    hub = make_organisation()
    own = make(title="Ours", organisation=hub)
    other = make(title="Theirs")
    client = Client()
    client.force_login(make_member(Role.MEMBER, hub))
    page = read("/whats-on/looking-after/", client)
    assert "Ours" in page
    assert "Theirs" not in page
    assert client.get(f"/whats-on/{own.code}/change/").status_code == 200
    assert client.get(f"/whats-on/{other.code}/change/").status_code == 403
    assert client.post(f"/whats-on/{other.code}/do/", {"deed": "cancel"}).status_code == 403
    assert Client().get("/whats-on/looking-after/").status_code == 302
