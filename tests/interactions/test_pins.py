"""Places that people who work in a community put first where a moment's place is chosen."""

from typing import Any

import pytest
from django.test import Client

from connections.interactions.models import PinnedPlace
from connections.interactions.pins import (
    MOST_PINNED,
    find_to_pin,
    list_pinned,
    list_pinned_around,
    pin_place,
    unpin_place,
)
from kinder.accounts.models import AuditEvent, Role, User
from kinder.accounts.rules import Refused
from places.actions import hide_place
from places.models import Area, OrganisationArea, Place
from places.vocabulary import PlaceKind
from tests.factories import (
    CommunityFactory,
    InteractionFactory,
    NeighbourhoodFactory,
    PlaceFactory,
    ZoneFactory,
)
from tests.factories.accounts import make_member, make_organisation
from tests.interactions.conftest import Phone
from tests.interactions.test_pages import fill

pytestmark = pytest.mark.django_db(databases=["default", "reports"])


@pytest.fixture
def community() -> Area:
    area: Area = CommunityFactory.create(name="Harbourside")
    return area


@pytest.fixture
def zone(community: Area) -> Area:
    area: Area = ZoneFactory.create(parent=NeighbourhoodFactory.create(parent=community))
    return area


@pytest.fixture
def local(community: Area) -> User:
    organisation = make_organisation("Harbour Neighbours")
    OrganisationArea.objects.create(organisation=organisation, area=community)
    return make_member(Role.WORKER, organisation)


def test_who_works_there_puts_places_first_and_takes_them_away(
    community: Area, zone: Area, local: User
) -> None:
    library = PlaceFactory.create(name="Rowan Library", area=zone)
    with pytest.raises(Refused):
        pin_place(by=make_member(Role.WORKER), area=community, place=library)
    with pytest.raises(Refused):
        pin_place(by=make_member(Role.FUNDER), area=community, place=library)
    assert community.parent is not None
    with pytest.raises(Refused):
        pin_place(by=local, area=community.parent, place=library)
    for _twice in range(2):
        pin_place(by=local, area=community, place=library)
    cafe = PlaceFactory.create(name="Café", area=zone)
    pin_place(by=local, area=community, place=cafe)
    assert list_pinned(community) == [cafe, library]
    assert list_pinned_around(zone) == [cafe, library]
    assert list_pinned_around(CommunityFactory.create()) == []
    hide_place(by=local, place=cafe, reason="unsafe")
    assert list_pinned(community) == list_pinned_around(community) == [library]
    for _twice in range(2):
        unpin_place(by=local, area=community, place=library)
    assert list_pinned(community) == []
    verbs = AuditEvent.objects.filter(verb__endswith="pin_place").order_by("id")
    assert [event.verb for event in verbs] == ["pin_place", "pin_place", "unpin_place"]


def test_what_is_not_put_first(community: Area, zone: Area, local: User) -> None:
    elsewhere = PlaceFactory.create(name="Elsewhere", area=ZoneFactory.create())
    church = PlaceFactory.create(name="Church", area=zone, kind=PlaceKind.WORSHIP)
    hidden = PlaceFactory.create(name="Hidden", area=zone, state="hidden")
    for place in (elsewhere, church, hidden):
        with pytest.raises(Refused):
            pin_place(by=local, area=community, place=place)
    assert not any(find_to_pin(community, name) for name in ("Elsewhere", "Church", "Hidden"))
    places = PlaceFactory.create_batch(MOST_PINNED + 1, area=zone)
    for place in places[:-1]:
        pin_place(by=local, area=community, place=place)
    with pytest.raises(Refused) as refusal:
        pin_place(by=local, area=community, place=places[-1])
    assert str(MOST_PINNED) in str(refusal.value.reason)


def test_the_page_of_workers(community: Area, zone: Area, local: User) -> None:
    library = PlaceFactory.create(name="Rowan Library", area=zone)
    client = Client()
    client.force_login(local)
    path = f"/areas/{community.code}/pinned/"
    assert path in client.get(f"/areas/{community.code}/").content.decode()
    assert "None yet." in client.get(path).content.decode()
    assert "Rowan Library" in client.get(f"{path}?q=rowan").content.decode()
    for odd in ("zoo", "%00", "a", "%25"):
        assert client.get(f"{path}?q={odd}").status_code == 200
    client.post(path, {"do": "pin", "place": library.code})
    page = client.get(path).content.decode()
    assert "Take it away" in page
    assert "Rowan Library" not in client.get(f"{path}?q=rowan").content.decode().split("<h2")[2]
    client.post(path, {"do": "unpin", "place": library.code})
    assert not PinnedPlace.objects.exists()
    client.post(path, {"do": "pin", "place": "nowhere"})
    page = client.get(path).content.decode()
    assert "not in that community" in page
    assert Client().get(f"/areas/{community.code}/").content.decode().count("/pinned/") == 0


def test_the_log_offers_them_whatever_is_logged_most(
    phone: Phone, community: Area, zone: Area, local: User, django_assert_max_num_queries: Any
) -> None:
    names = ("Bakery", "Library", "Café")
    places: dict[str, Place] = {
        name: PlaceFactory.create(name=f"{name} by the quay", area=zone) for name in names
    }
    for place in places.values():
        pin_place(by=local, area=community, place=place)
    InteractionFactory.create_batch(5, place=places["Library"], area=community)
    told = fill(f"area:{community.code}")
    phone.client.post("/log/where/", told)
    with django_assert_max_num_queries(9):
        page = phone.client.post("/log/where/", told).content.decode()
    part = page.split("Put first by people who work here")[1].split("<h2")[0]
    found = [part.index(f"{name} by the quay") for name in ("Bakery", "Café", "Library")]
    assert found == sorted(found), "from A to Z"
    assert (
        "Put first" not in phone.client.post("/log/where/", told | {"q": "quay"}).content.decode()
    )
    # Where this phone was last comes before, and once.
    InteractionFactory.create(
        contributor=phone.device.contributor, place=places["Bakery"], area=community
    )
    page = phone.client.post("/log/where/", told).content.decode()
    assert page.index("Where you were last") < page.index("Put first by people")
    part = page.split("Put first by people who work here")[1].split("<h2")[0]
    assert "Bakery" not in part
