"""The workers' table and map: filters in the address, views to keep, many edited at once."""

import json
from datetime import timedelta
from typing import Any

import mapbox_vector_tile
import pytest
from django.test import Client
from django.utils import timezone

from kinder.accounts.models import Role, Task, User
from places.actions import hide_place
from places.desk import MOST_AT_ONCE, Bulk, Filters, do_in_bulk, find, undo_bulk
from places.models import Place, PlaceConfirmation, SavedView
from places.saving import save_area
from places.shapes import make_circle
from tests.factories.accounts import make_member
from tests.factories.places import make_place, make_point
from tests.places.test_tiles import tile_of

pytestmark = pytest.mark.django_db
DESK = "/places/table/"


@pytest.fixture
def worker() -> User:
    return make_member(Role.WORKER)


@pytest.fixture
def client(worker: User) -> Client:
    client = Client()
    client.force_login(worker)
    return client


@pytest.fixture
def town() -> list[Place]:
    old = timezone.now() - timedelta(days=400)
    places = [
        make_place("Library", kind="library", cost_to_stay="free", opening_hours="24/7"),
        make_place("Café Ünder", kind="cafe", address="2 Rope Walk"),
        make_place("Suggested", state="suggested"),
        make_place("Hidden", state="hidden"),
        make_place("Far", point=make_point(1)),
    ]
    Place.objects.filter(name="Far").update(confirmed_at=old)
    return places


def read_map(page: str) -> dict[str, Any]:
    found = page.partition('id="map-options" type="application/json">')[2].partition("<")[0]
    return dict(json.loads(found))


def read_tile(client: Client, tiles: str, z: int, x: int, y: int) -> list[dict[str, Any]]:
    response = client.get(tiles.format(z=z, x=x, y=y))
    assert response.status_code == 200
    decoded = mapbox_vector_tile.decode(response.content) if response.content else {}
    return list(decoded["places"]["features"]) if decoded else []


def names(**filters: Any) -> list[str]:
    return list(find(Filters(**filters)).values_list("name", flat=True))


def test_all_states_are_there_and_filters_narrow(town: list[Place], worker: User) -> None:
    assert names() == ["Café Ünder", "Far", "Hidden", "Library", "Suggested"]
    assert names(states=("hidden", "suggested")) == ["Hidden", "Suggested"]
    assert names(kinds=("cafe",)) == ["Café Ünder"]
    assert names(words="rope") == ["Café Ünder"]
    assert names(words=town[0].code) == ["Library"]
    assert names(is_free=True) == ["Library"]
    assert "Library" not in names(lacks="hours")
    assert names(lacks="check") == ["Far"]
    assert names(order="oldest")[0] == "Far"
    around = save_area(by=worker, name="A", shape=make_circle(town[0].point, 500), made="circle")
    assert "Far" not in names(within=around)


def test_the_table_and_the_map_hold_the_same(town: list[Place], client: Client) -> None:
    page = client.get(DESK, {"state": "hidden"}).content.decode()
    assert "Hidden" in page
    assert ">Library</a>" not in page
    options = read_map(page)
    (found,) = read_tile(client, options["places"]["tiles"], 0, 0, 0)
    assert found["properties"]["name"] == "Hidden"
    assert found["id"] == town[3].pk
    # Far away the database clusters, whatever the filters: all states, as in the table.
    for query, total in (("", 5), ("q=a", 3), ("lacks=welcome", 5), ("state=stale", 0)):
        page = client.get(f"{DESK}?{query}").content.decode()
        tiles = read_map(page)["places"]["tiles"]
        clusters = read_tile(client, tiles, 3, 3, 2)
        assert sum(one["properties"]["count"] for one in clusters) == total, query
        assert len(clusters) <= 2
        near = {one["id"] for one in read_tile(client, tiles, *tile_of(14))}
        assert len(near) == max(total - 1, 0), query
    answer = client.get(tiles.format(z=3, x=3, y=2))
    assert answer["Cache-Control"] == "private, no-store"
    assert client.get(tiles.format(z=3, x=9, y=2)).status_code == 404
    for odd in ("kind=castle", "area=x", "page=x", "page=99", "q=%00", "within=nope"):
        assert client.get(f"{DESK}?{odd}").status_code in {200, 422}, odd


def test_the_page_asks_a_few_questions(client: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(60):
        make_place(f"Place {number}")
    with django_assert_max_num_queries(16):
        client.get(DESK)


def test_many_are_edited_and_taken_back(town: list[Place], client: Client) -> None:
    chosen = [place.code for place in town[:2]]
    body = {"place": chosen, "deed": "cost", "cost": "nobody_minds", "query": "q=a&kind=cafe"}
    response = client.post(f"{DESK}edit/", body)
    assert response["Location"] == f"{DESK}?q=a&kind=cafe"
    assert set(Place.objects.filter(code__in=chosen).values_list("cost_to_stay", flat=True)) == {
        "nobody_minds"
    }
    assert "Take the last change" in client.get(DESK).content.decode()
    client.post(f"{DESK}undo/")
    assert [Place.objects.get(code=code).cost_to_stay for code in chosen] == ["free", "unknown"]
    assert "Take the last change" not in client.get(DESK).content.decode()


@pytest.mark.parametrize(
    ("deed", "more", "was", "state"),
    [
        ("hide", {"reason": "duplicate"}, "stale", "hidden"),
        ("close", {}, "verified", "closed"),
        ("confirm", {}, "stale", "verified"),
        ("confirm", {}, "suggested", "verified"),
        ("show", {}, "hidden", "verified"),
    ],
)
def test_taking_a_state_back_says_of_no_place_that_somebody_looked(
    client: Client, worker: User, deed: str, more: dict[str, str], was: str, state: str
) -> None:
    place = make_place("Library", state=was)
    long_ago = timezone.now() - timedelta(days=400)
    Place.objects.filter(pk=place.pk).update(confirmed_at=long_ago)
    task = Task.objects.create(
        kind=Task.Kind.CHECK_PLACE,
        key="look",
        object_type=place._meta.label_lower,
        object_id=str(place.pk),
    )
    client.post(f"{DESK}edit/", {"place": [place.code], "deed": deed, **more})
    place.refresh_from_db()
    task.refresh_from_db()
    assert place.state == state
    assert task.done_by == worker
    client.post(f"{DESK}undo/")
    place.refresh_from_db()
    task.refresh_from_db()
    assert (place.state, place.confirmed_at) == (was, long_ago)
    assert task.done_at is None
    assert not Task.objects.filter(done_by__isnull=False).exists()
    assert not PlaceConfirmation.objects.exists()
    # Once is enough: there is nothing more to take back.
    client.post(f"{DESK}undo/")
    place.refresh_from_db()
    assert place.state == was


def test_a_state_that_somebody_else_set_since_is_left_alone(worker: User) -> None:
    place = make_place("Library", state="stale")
    outcome = do_in_bulk(by=worker, codes=[place.code], bulk=Bulk("confirm"))
    place.refresh_from_db()
    hide_place(by=make_member(Role.WORKER), place=place, reason="unsafe")
    undone = undo_bulk(by=worker, deed="confirm", done=outcome.done)
    assert (len(undone.done), undone.kept) == (0, 1)
    place.refresh_from_db()
    assert place.state == "hidden"


def test_what_a_rule_keeps_is_counted(town: list[Place], worker: User) -> None:
    codes = [town[3].code, town[0].code, "zzzzzzz"]
    outcome = do_in_bulk(by=worker, codes=codes, bulk=Bulk("hide", "unsafe"))
    assert set(outcome.done) == {town[0].code}
    assert outcome.kept == 2
    with pytest.raises(ValueError, match="nothing"):
        do_in_bulk(by=worker, codes=codes, bulk=Bulk("burn"))


def test_what_somebody_changed_since_is_not_taken_back(town: list[Place], worker: User) -> None:
    outcome = do_in_bulk(by=worker, codes=[town[0].code], bulk=Bulk("kind", "cafe"))
    do_in_bulk(by=worker, codes=[town[0].code], bulk=Bulk("cost", "members"))
    undone = undo_bulk(by=worker, deed="kind", done=outcome.done)
    assert (len(undone.done), undone.kept) == (0, 1)
    town[0].refresh_from_db()
    assert town[0].kind == "cafe"


def test_nothing_chosen_and_too_much_is_said(town: list[Place], client: Client) -> None:
    for body in (
        {"deed": "confirm"},
        {"place": [town[0].code]},
        {"place": ["x"] * (MOST_AT_ONCE + 1), "deed": "confirm"},
    ):
        response = client.post(f"{DESK}edit/", body, follow=True)
        assert response.status_code == 200
    assert Place.objects.get(pk=town[0].pk).revision == town[0].revision


def test_posters_of_the_chosen(town: list[Place], client: Client) -> None:
    response = client.post(f"{DESK}edit/", {"place": [town[0].code], "deed": "posters"})
    assert response["Location"] == f"/places/posters/?place={town[0].code}"


def test_a_view_is_kept_shared_and_forgotten(client: Client, worker: User) -> None:
    hub = worker.memberships.get().organisation
    body = {"name": "Stale cafés", "organisation": hub.pk, "query": "kind=cafe&state=stale"}
    client.post(f"{DESK}keep/", body)
    client.post(f"{DESK}keep/", body)  # the name is taken
    view = SavedView.objects.get()
    assert view.query == "kind=cafe&state=stale"
    colleague = Client()
    colleague.force_login(make_member(Role.WORKER, hub))
    assert "Stale cafés" in colleague.get(DESK).content.decode()
    assert colleague.post(f"{DESK}forget/{view.pk}/").status_code == 403
    stranger = Client()
    stranger.force_login(make_member(Role.WORKER))
    assert "Stale cafés" not in stranger.get(DESK).content.decode()
    assert stranger.post(f"{DESK}forget/{view.pk}/").status_code == 404
    client.post(f"{DESK}forget/{view.pk}/")
    assert not SavedView.objects.exists()


def test_a_query_leads_nowhere_else(town: list[Place], client: Client) -> None:
    response = client.post(
        f"{DESK}edit/",
        {"place": [town[0].code], "deed": "confirm", "query": "//evil.example\r\nX: y"},
    )
    assert response["Location"].startswith(f"{DESK}?")
