"""Adding a moment without a script: what the pages ask, keep, refuse and take back."""

import datetime as dt
import html
import re
import uuid
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from connections.indicators.disclosure import K_MIN
from connections.interactions.actions import make_undo_token
from connections.interactions.models import DeletedMoment, Difficulty, Interaction
from connections.interactions.vocabulary import HardReason
from kinder.accounts.devices import COOKIE, make_key
from kinder.accounts.models import Contributor, Device
from places.models import Area, Place, PlaceName, Postcode
from places.vocabulary import PlaceKind, PlaceState
from tests.factories import (
    CommunityFactory,
    InteractionFactory,
    NeighbourhoodFactory,
    PlaceFactory,
    ZoneFactory,
)
from tests.interactions.conftest import Phone, days_ago, follow, know, neighbourhood_of

FROM_HERE = {"sec-fetch-site": "none"}


def hidden(page: str, name: str) -> str:
    """The value of a hidden input of a page."""
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', page)
    assert found, f"no hidden {name}"
    return found[1]


def read(response: Any, status: int = 200) -> str:
    assert response.status_code == status, response.content
    return html.unescape(response.content.decode())


@pytest.fixture
def visitor(db: None) -> Client:
    """A browser that was never here."""
    return Client(headers=FROM_HERE)


def fill(where: str, **answers: Any) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "where": where,
        "direction": "received",
        "kind": "food",
        "occurred_on": timezone.localdate().isoformat(),
        **answers,
    }


# ------------------------------------------------------------------ three taps


def test_three_taps_from_a_poster(visitor: Client, place: Place) -> None:
    opened = visitor.get(f"/p/{place.code}/")
    assert opened.status_code == 302
    page = read(visitor.get(opened.headers["Location"]))
    assert "Parkhead Library" in page
    assert f"We only show numbers about {K_MIN} people or more." in page
    answers = {
        "id": hidden(page, "id"),
        "where": hidden(page, "where"),
        "direction": "received",
        "kind": "food",
        "occurred_on": re.search(r'<option value="([\d-]+)" selected', page)[1],  # type: ignore[index]
    }
    saved = follow(visitor.post("/log/", answers))
    page = read(visitor.get(saved))
    assert "Thank you. It is saved." in page
    assert "At Parkhead Library" in page
    row = Interaction.objects.get()
    assert (row.direction, row.kind, row.place) == ("received", "food", place)
    assert row.occurred_on == timezone.localdate()
    assert row.contributor == Contributor.objects.get()


def test_sending_twice_is_one_moment(visitor: Client, place: Place) -> None:
    visitor.get("/log/")
    answers = fill(f"place:{place.code}")
    assert follow(visitor.post("/log/", answers)) == follow(visitor.post("/log/", answers))
    assert Interaction.objects.count() == 1


def test_going_back_and_changing_asks_before_it_adds_one_more(
    visitor: Client, place: Place
) -> None:
    visitor.get("/log/")
    answers = fill(f"place:{place.code}")
    visitor.post("/log/", answers)
    page = read(visitor.post("/log/", answers | {"kind": "chat"}), status=409)
    assert "You have saved this page before" in page
    assert hidden(page, "id") != answers["id"]
    assert re.search(r'value="chat"[^>]*checked', page)
    follow(visitor.post("/log/", answers | {"kind": "chat", "id": hidden(page, "id")}))
    assert set(Interaction.objects.values_list("kind", flat=True)) == {"food", "chat"}


def test_another_browser_cannot_write_under_a_foreign_id(place: Place, visitor: Client) -> None:
    visitor.get("/log/")
    answers = fill(f"place:{place.code}")
    visitor.post("/log/", answers)
    stranger = Client(headers=FROM_HERE)
    page = read(stranger.post("/log/", answers), status=409)
    assert hidden(page, "id") != answers["id"]
    assert (Interaction.objects.count(), Contributor.objects.count()) == (1, 1)


def test_what_is_missing_is_said_and_the_rest_is_kept(visitor: Client, place: Place) -> None:
    page = read(visitor.post("/log/", fill(f"place:{place.code}", direction="")), status=422)
    assert "<title>Error: Add a moment" in re.sub(r"\s+", " ", page)
    assert "Please look at this again" in page
    assert 'href="#id_direction_0"' in page
    assert re.search(r'value="food"[^>]*checked', page)
    assert hidden(page, "where") == f"place:{place.code}"
    assert not Contributor.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "x"}, "Select a valid choice"),
        ({"where": ""}, "Choose where it was."),
        ({"where": "place:nowhere"}, "We don't know that place any more"),
        ({"where": "area:S99999999"}, "We don't know that place any more"),
        ({"where": "55.86,-4.25"}, "We don't know that place any more"),
        ({"occurred_on": "2020-01-01"}, "Choose a day from the last 30 days."),
        ({"occurred_on": ""}, "Choose a day."),
        ({"id": "x"}, "Enter a valid UUID."),
    ],
)
def test_tampered_answers_are_refused(
    visitor: Client, place: Place, change: dict[str, str], words: str
) -> None:
    page = read(visitor.post("/log/", fill(f"place:{place.code}") | change), status=422)
    assert words in page
    assert not Interaction.objects.exists()


def test_the_last_thirty_days_can_be_chosen(visitor: Client, area: Area) -> None:
    page = read(visitor.get(f"/log/?area={area.code}"))
    days = re.findall(r'<option value="(\d{4}-\d\d-\d\d)"', page)
    assert (len(days), days[0], days[-1]) == (31, days_ago(0), days_ago(30))
    follow(visitor.post("/log/", fill(f"area:{area.code}", occurred_on=days[-1])))
    assert Interaction.objects.get().occurred_on.isoformat() == days[-1]


def test_a_page_left_open_past_midnight_still_means_its_own_day(
    visitor: Client, area: Area
) -> None:
    with time_machine.travel(dt.datetime(2026, 3, 3, 23, 50, tzinfo=dt.UTC), tick=False):
        page = read(visitor.get(f"/log/?area={area.code}"))
        day = re.search(r'<option value="([\d-]+)" selected', page)
    assert day
    with time_machine.travel(dt.datetime(2026, 3, 4, 0, 10, tzinfo=dt.UTC), tick=False):
        follow(visitor.post("/log/", fill(f"area:{area.code}", occurred_on=day[1])))
    assert Interaction.objects.get().occurred_on == dt.date(2026, 3, 3)


def test_a_form_of_another_site_is_refused(area: Area) -> None:
    phone = Client(enforce_csrf_checks=True)
    phone.cookies[COOKIE] = make_key()
    assert phone.post("/log/", fill(f"area:{area.code}")).status_code == 403
    assert not Interaction.objects.exists()


def test_too_many_are_asked_to_wait_and_nothing_typed_is_lost(phone: Phone, area: Area) -> None:
    for _ in range(200):
        phone.client.post("/log/", fill(f"area:{area.code}"))
    response = phone.client.post("/log/", fill(f"area:{area.code}", kind="lent"))
    page = read(response, status=429)
    assert int(response.headers["Retry-After"]) > 0
    assert "Please wait a little" in page
    assert re.search(r'value="lent"[^>]*checked', page)


# ------------------------------------------------------------------ the device


def test_visiting_sets_the_cookie_and_makes_nobody(visitor: Client) -> None:
    response = visitor.get("/log/")
    assert response.cookies[COOKIE]["samesite"] == "Strict"
    assert not Contributor.objects.exists()
    assert "no-store" in response.headers["Cache-Control"]


def test_whoever_came_by_a_link_gets_the_cookie_with_the_first_moment(area: Area) -> None:
    visitor = Client(headers={"sec-fetch-site": "cross-site"})
    assert COOKIE not in visitor.get("/log/").cookies
    response = visitor.post("/log/", fill(f"area:{area.code}"))
    assert response.cookies[COOKIE]["httponly"]
    read(visitor.get(follow(response)))


def test_the_last_spot_is_filled_in(phone: Phone, place: Place, area: Area) -> None:
    InteractionFactory.create(contributor=phone.device.contributor, area=area)
    newest = InteractionFactory.create(
        contributor=phone.device.contributor, place=place, area=neighbourhood_of(place)
    )
    assert hidden(read(phone.client.get("/log/")), "where") == f"place:{place.code}"
    Place.objects.update(state=PlaceState.HIDDEN)
    assert hidden(read(phone.client.get("/log/")), "where") == f"area:{newest.area.code}"
    chosen = read(phone.client.get(f"/log/?area={area.code}"))
    assert hidden(chosen, "where") == f"area:{area.code}"


def test_a_newcomer_chooses_from_the_communities(visitor: Client) -> None:
    community = CommunityFactory.create(name="Harbourside")
    page = read(visitor.get("/log/"))
    assert f'<option value="area:{community.code}">' in page
    assert "Somewhere in Harbourside" in page
    follow(visitor.post("/log/", fill(f"area:{community.code}")))


def test_a_poster_of_a_place_that_is_gone_still_leads_to_the_log(visitor: Client) -> None:
    place = PlaceFactory.create(state=PlaceState.CLOSED)
    assert visitor.get(f"/p/{place.code}/").headers["Location"] == "/log/"
    assert "Choose where it was." in read(visitor.get(f"/log/?place={place.code}"))


def test_a_sensitive_place_says_what_is_kept(visitor: Client) -> None:
    place = PlaceFactory.create(kind=PlaceKind.WORSHIP)
    around = neighbourhood_of(place)
    page = read(visitor.get(f"/log/?place={place.code}"))
    assert f"We keep only the neighbourhood, {around.name}: not this place." in page
    saved = read(visitor.get(follow(visitor.post("/log/", fill(f"place:{place.code}")))))
    assert f"Somewhere in {around.name}" in saved
    assert place.name not in saved
    assert Interaction.objects.get().place is None


# ------------------------------------------------------------------ where


def test_changing_where_keeps_what_was_chosen(visitor: Client, place: Place) -> None:
    other = PlaceFactory.create(name="The Corner Café", area=place.area)
    answers = fill(f"place:{place.code}", occurred_on=days_ago(3))
    page = read(visitor.post("/log/where/", answers))
    assert "The Corner Café" in page
    assert neighbourhood_of(place).name in page
    for name, value in answers.items():
        assert hidden(page, name) == value
    page = read(visitor.post("/log/", answers | {"pick": f"place:{other.code}"}))
    assert "The Corner Café" in page
    assert re.search(r'value="received"[^>]*checked', page)
    assert re.search(r'value="food"[^>]*checked', page)
    assert re.search(rf'<option value="{days_ago(3)}" selected', page)
    assert hidden(page, "id") == answers["id"]
    assert not Interaction.objects.exists()


def search(visitor: Client, words: str) -> str:
    return read(visitor.post("/log/where/", fill("", q=words)))


def test_a_place_is_found_by_its_name_and_its_street(visitor: Client) -> None:
    place = PlaceFactory.create(name="Rowan Library", address="64 Tollcross Road")
    hidden_place = PlaceFactory.create(name="Rowan House", state=PlaceState.HIDDEN)
    for words in ("rowan", "tollcross"):
        page = search(visitor, words)
        assert f'value="place:{place.code}"' in page
        assert hidden_place.code not in page


def test_an_area_is_found_by_its_name_and_by_a_districts(visitor: Client) -> None:
    neighbourhood = NeighbourhoodFactory.create(name="Parkhead West")
    zone = ZoneFactory.create(parent=neighbourhood, name="Zone 7")
    PlaceName.objects.create(name="Lilybank", point=zone.point, area=zone)
    assert f'value="area:{neighbourhood.code}"' in search(visitor, "parkhead")
    page = search(visitor, "lilybank")
    assert f'value="area:{neighbourhood.code}"' in page
    assert zone.code not in page


def test_a_postcode_leads_to_its_areas_and_to_places_near(visitor: Client) -> None:
    zone = ZoneFactory.create()
    near = PlaceFactory.create(area=zone)
    Postcode.objects.create(code="G31 4EB", point=zone.point, area=zone)
    page = search(visitor, "g314eb")
    assert zone.parent is not None
    assert f'value="area:{zone.parent.code}"' in page
    assert f'value="place:{near.code}"' in page
    assert zone.code not in page


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("G20 9ZZ", "We couldn't find that postcode. Try a street, or choose from the list."),
        ("zzzz", "We found nothing by that name."),
    ],
)
def test_finding_nothing_says_what_to_try(visitor: Client, words: str, answer: str) -> None:
    community = CommunityFactory.create()
    page = search(visitor, words)
    assert answer in page
    assert f'value="area:{community.code}"' in page


def test_choosing_where_begins_at_the_log(visitor: Client) -> None:
    assert visitor.get("/log/where/").headers["Location"] == "/log/"


# ------------------------------------------------------------------ it was hard here


def test_hard_is_no_act(visitor: Client, place: Place) -> None:
    answers = fill(f"place:{place.code}")
    page = read(visitor.post("/log/hard/", answers))
    assert all(str(label) in page for label in HardReason.labels)
    # Only the area is kept, and the page says so.
    assert place.name not in page
    told = {name: hidden(page, name) for name in ("id", "where")}
    saved = follow(
        visitor.post(
            "/log/hard/",
            told | {"save": "1", "reasons": ["money", "trust"], "occurred_on": days_ago(1)},
        )
    )
    assert "I wanted to, but it was hard" in read(visitor.get(saved))
    row = Difficulty.objects.get()
    assert (row.reasons, row.area) == (["money", "trust"], neighbourhood_of(place))
    assert row.occurred_on.isoformat() == days_ago(1)
    assert not Interaction.objects.exists()


def test_a_reason_is_asked_for_and_what_was_ticked_stays(visitor: Client, area: Area) -> None:
    page = read(
        visitor.post("/log/hard/", fill(f"area:{area.code}", save="1", reasons=[])), status=422
    )
    assert "Choose a reason" in page
    page = read(
        visitor.post("/log/hard/", fill("area:S99999999", save="1", reasons=["trust"])), status=422
    )
    assert re.search(r'value="trust"[^>]*checked', page)


def test_hard_twice_is_once_and_changed_asks_first(visitor: Client, area: Area) -> None:
    visitor.get("/log/hard/")
    answers = fill(f"area:{area.code}", save="1", reasons=["trust"])
    follow(visitor.post("/log/hard/", answers))
    follow(visitor.post("/log/hard/", answers))
    page = read(visitor.post("/log/hard/", answers | {"reasons": ["money"]}), status=409)
    assert re.search(r'value="money"[^>]*checked', page)
    assert Difficulty.objects.get().reasons == ["trust"]


def test_where_it_was_hard_can_be_changed(visitor: Client, area: Area) -> None:
    other = NeighbourhoodFactory.create(name="Lilybank")
    answers = fill(f"area:{area.code}", goes_to="hard")
    page = read(visitor.post("/log/where/", answers))
    assert 'action="/log/hard/"' in page
    page = read(visitor.post("/log/hard/", answers | {"pick": f"area:{other.code}"}))
    assert "Lilybank" in page


# ------------------------------------------------------------------ afterwards


def logged(phone: Phone, **facts: Any) -> Interaction:
    facts.setdefault("area", NeighbourhoodFactory.create())
    moment: Interaction = InteractionFactory.create(contributor=phone.device.contributor, **facts)
    return moment


def test_two_questions_first_and_the_rest_on_request(phone: Phone) -> None:
    page = read(phone.client.get(f"/log/{logged(phone).pk}/saved/"))
    before, _summary, more = page.partition("More questions")
    assert "Who was it with?" in before
    assert "How was it here?" in before
    assert "Was it someone you might not usually mix with?" in more
    assert "Were you at work?" in more
    seen = read(phone.client.get(f"/log/{logged(phone, direction='noticed').pk}/saved/"))
    assert "Who was it with?" not in seen
    assert "Were they at work?" in seen


def test_answers_are_added_and_a_skipped_one_stays_unanswered(phone: Phone) -> None:
    moment = logged(phone)
    url = f"/log/{moment.pk}/saved/"
    answers = {"revision": 1, "tie": "neighbour", "hardness": "", "hard_reasons": ["trust"]}
    assert follow(phone.client.post(url, answers)) == url
    moment.refresh_from_db()
    assert (moment.tie, moment.hardness, moment.hard_reasons) == ("neighbour", None, ["trust"])
    assert {moment.is_different, moment.at_work, moment.through_organisation} == {None}
    assert moment.revision == 2
    page = read(phone.client.get(url))
    assert re.search(r'value="neighbour"[^>]*checked', page)
    # Taken back again.
    phone.client.post(url, {"revision": 2, "tie": ""})
    moment.refresh_from_db()
    assert (moment.tie, moment.hard_reasons, moment.revision) == (None, [], 3)


def test_nothing_answered_changes_nothing(phone: Phone) -> None:
    moment = logged(phone)
    phone.client.post(f"/log/{moment.pk}/saved/", {"revision": 1})
    moment.refresh_from_db()
    assert moment.revision == 1


def test_at_the_door_of_somebody_the_place_goes(phone: Phone, place: Place) -> None:
    moment = logged(phone, place=place)
    phone.client.post(f"/log/{moment.pk}/saved/", {"revision": 1, "setting": "door"})
    moment.refresh_from_db()
    assert (moment.place, moment.setting) == (None, "door")


def test_answers_from_two_windows_do_not_overwrite_each_other(phone: Phone) -> None:
    moment = logged(phone)
    url = f"/log/{moment.pk}/saved/"
    phone.client.post(url, {"revision": 1, "tie": "neighbour"})
    page = read(phone.client.post(url, {"revision": 1, "tie": "new"}), status=422)
    assert "You changed this in another window." in page
    moment.refresh_from_db()
    assert moment.tie == "neighbour"


def test_undo_works_for_ten_minutes_without_any_cookie(phone: Phone) -> None:
    moment = logged(phone)
    page = read(phone.client.get(f"/log/{moment.pk}/saved/"))
    found = re.search(r'action="(/log/undo/[^"]+)"', page)
    assert found
    elsewhere = Client()
    read(elsewhere.get(found[1]))  # a mail scanner only opens links
    assert Interaction.objects.exists()
    assert follow(elsewhere.post(found[1])) == "/log/"
    assert not Interaction.objects.exists()
    assert DeletedMoment.objects.count() == 1
    # A second tap finds what it asked for done.
    assert follow(elsewhere.post(found[1])) == "/log/"


def test_undo_ends_and_deleting_does_not(phone: Phone) -> None:
    moment = logged(phone, created_at=timezone.now() - dt.timedelta(minutes=10))
    assert "/log/undo/" not in read(phone.client.get(f"/log/{moment.pk}/saved/"))
    page = read(phone.client.post(f"/log/undo/{make_undo_token(moment)}/"), status=410)
    assert "The 10 minutes are over" in page
    assert Interaction.objects.exists()
    url = f"/log/{moment.pk}/delete/"
    assert "Delete this for ever?" in read(phone.client.get(url))
    assert Interaction.objects.exists()
    assert follow(phone.client.post(url)) == "/my/"
    assert not Interaction.objects.exists()


def test_a_forged_undo_takes_nothing_back(phone: Phone) -> None:
    moment = logged(phone)
    for token in (str(moment.pk), f"{moment.pk}:x", make_undo_token(moment)[:-1] + "x", "x"):
        read(Client().post(f"/log/undo/{token}/"), status=410)
    assert Interaction.objects.exists()


def test_difficulties_can_be_undone_and_deleted_too(phone: Phone, area: Area) -> None:
    for way in ("undo", "delete"):
        saved = follow(
            phone.client.post("/log/hard/", fill(f"area:{area.code}", save="1", reasons=["trust"]))
        )
        difficulty = Difficulty.objects.get()
        if way == "undo":
            found = re.search(r'action="(/log/undo/[^"]+)"', read(phone.client.get(saved)))
            assert found
            phone.client.post(found[1])
        else:
            phone.client.post(f"/log/{difficulty.pk}/delete/")
        assert not Difficulty.objects.exists()


@pytest.mark.parametrize("page", ["saved", "delete"])
def test_nobody_else_opens_a_persons_moment(phone: Phone, other_phone: Phone, page: str) -> None:
    url = f"/log/{logged(phone).pk}/{page}/"
    for stranger in (other_phone.client, Client(), Phone(make_key()).client):
        assert stranger.get(url).status_code == 404
        assert stranger.post(url, {"revision": 1, "tie": "new"}).status_code == 404
    assert Interaction.objects.get().tie is None


def test_my_moments_are_mine_and_the_newest_come_first(phone: Phone, other_phone: Phone) -> None:
    for back in (3, 1, 2):
        logged(phone, occurred_on=timezone.localdate() - dt.timedelta(days=back))
    foreign = logged(other_phone)
    page = read(phone.client.get("/my/"))
    shown = re.findall(r"/log/([0-9a-f-]{36})/saved/", page)
    assert shown == [
        str(pk)
        for pk in Interaction.objects.exclude(pk=foreign.pk)
        .order_by("-occurred_on")
        .values_list("pk", flat=True)
    ]
    assert "Nothing here yet" in read(Client().get("/my/"))


def test_my_moments_go_page_by_page(phone: Phone, django_assert_max_num_queries: Any) -> None:
    area = NeighbourhoodFactory.create()
    for _ in range(60):
        logged(phone, area=area)
    seen: set[str] = set()
    for number in (1, 2, 3):
        with django_assert_max_num_queries(11):
            page = read(phone.client.get(f"/my/?page={number}"))
        seen |= set(re.findall(r"/log/([0-9a-f-]{36})/saved/", page))
    assert len(seen) == 60


def test_pages_stay_up_in_every_language_prefix(visitor: Client, place: Place) -> None:
    page = read(visitor.get(f"/pl/log/?place={place.code}"))
    assert 'action="/pl/log/"' in page


def test_the_log_asks_the_database_little(
    phone: Phone, place: Place, django_assert_max_num_queries: Any
) -> None:
    logged(phone, place=place)
    cache.clear()
    with django_assert_max_num_queries(6):
        phone.client.get("/log/")


def test_a_second_visit_is_the_same_person(phone: Phone, area: Area) -> None:
    for _ in range(2):
        phone.client.post("/log/", fill(f"area:{area.code}"))
    assert Contributor.objects.get() == phone.device.contributor
    assert Device.objects.count() == 1
    key = make_key()
    assert know(key).contributor != phone.device.contributor
