"""OGC API – Features, asked by hand, by GDAL and by OWSLib."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from kinder.accounts.models import Role
from places.actions import hide_place, rebuild_ancestors
from places.exchange.collections import Collection, Page, Wanted, collections, register
from places.models import Gathering, Geography, Place
from places.vocabulary import AreaLevel
from tests.factories.accounts import make_member
from tests.factories.places import MIDDLE, make_place, make_point, make_square

# The collection of released figures is read by the role of reports.
pytestmark = pytest.mark.django_db(databases=["default", "reports"])


@pytest.fixture(autouse=True)
def close_reports() -> Iterator[None]:
    """The reports' connection is closed by nobody else."""
    yield
    connections["reports"].close()


ALL = "/ogc/collections"


@pytest.fixture
def town() -> list[Place]:
    """25 places on a line to the east, in a council of two zones; soup each day at the first."""
    geography = Geography.objects.create(
        slug="g", name="G", is_current=True, attribution="© Somebody"
    )
    council = make_square("C1", geography=geography, level=AreaLevel.COUNCIL, name="Southside")
    make_square("Z1", geography=geography, parent=council)
    make_square("Z2", geography=geography, parent=council, west=0.06, side=0.01)
    rebuild_ancestors(geography)
    places = [
        make_place(
            f"Place {number:02}",
            kind="cafe" if number % 2 else "library",
            point=make_point(number / 1000),
            cost_to_stay="free" if number % 5 == 0 else "small_purchase",
        )
        for number in range(25)
    ]
    Gathering.objects.create(
        title="Soup and a seat",
        place=places[0],
        minutes=90,
        recurrence="FREQ=DAILY",
        starts_at=timezone.now() - timedelta(days=30),
        state=Gathering.State.SHOWN,
    )
    Gathering.objects.create(
        title="Nobody looked at this",
        place=places[1],
        minutes=90,
        starts_at=timezone.now() + timedelta(days=3),
    )
    return places


def ask(path: str, status: int = 200, **query: str | int) -> dict[str, Any]:
    response = Client().get(path, query)
    assert response.status_code == status, response.content
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "sessionid" not in response.cookies
    answer: dict[str, Any] = json.loads(response.content)
    return answer


def test_the_way_from_the_landing_page_to_a_feature(town: list[Place]) -> None:
    def follow(links: list[dict[str, str]], rel: str) -> dict[str, Any]:
        href = next(link["href"] for link in links if link["rel"] == rel)
        return ask(href.removeprefix("http://testserver"))

    landing = ask("/ogc/")
    assert "conf/core" in " ".join(follow(landing["links"], "conformance")["conformsTo"])
    schema = follow(landing["links"], "service-desc")
    assert schema["openapi"].startswith("3.0")
    assert "/collections/places/items" in schema["paths"]
    found = follow(landing["links"], "data")["collections"]
    assert [one["id"] for one in found][:3] == ["places", "areas", "gatherings"]
    assert found[0]["crs"] == ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"]
    assert found[1]["attribution"] == "© Somebody"
    box = found[0]["extent"]["spatial"]["bbox"][0]
    assert box == pytest.approx([MIDDLE[0], MIDDLE[1], MIDDLE[0] + 0.024, MIDDLE[1]])
    items = follow(found[0]["links"], "items")
    assert items["numberMatched"] == 25
    assert items["numberReturned"] == 10
    one = ask(f"{ALL}/places/items/{items['features'][0]['id']}")
    assert one["properties"]["name"] == "Place 00"
    assert one["geometry"]["coordinates"] == pytest.approx(MIDDLE)


@pytest.mark.parametrize("limit", [1, 7, 24, 25, 26])
def test_pages_hold_each_place_once(town: list[Place], limit: int) -> None:
    path, names = f"{ALL}/places/items?limit={limit}", []
    while path:
        page = ask(path)
        names += [feature["properties"]["name"] for feature in page["features"]]
        nexts = [link["href"] for link in page["links"] if link["rel"] == "next"]
        path = nexts[0].removeprefix("http://testserver") if nexts else ""
    assert names == [f"Place {number:02}" for number in range(25)]


@pytest.mark.parametrize(
    ("bbox", "expected"),
    [
        ((0.0, 0.01), 11),
        ((0.0005, 0.0015), 1),
        ((1, 2), 0),
    ],
)
def test_a_box_holds_what_lies_in_it(
    town: list[Place], bbox: tuple[float, float], expected: int
) -> None:
    box = (
        f"{MIDDLE[0] + bbox[0] - 1e-6},{MIDDLE[1] - 1},{MIDDLE[0] + bbox[1] + 1e-6},{MIDDLE[1] + 1}"
    )
    assert ask(f"{ALL}/places/items", bbox=box)["numberMatched"] == expected
    west, south, east, north = box.split(",")
    high = f"{west},{south},-10,{east},{north},1000"
    assert ask(f"{ALL}/places/items", bbox=high)["numberMatched"] == expected


def test_a_box_across_the_180th_meridian_is_two(town: list[Place]) -> None:
    assert ask(f"{ALL}/places/items", bbox="170,50,-4,60")["numberMatched"] == 25
    assert ask(f"{ALL}/areas/items", bbox="170,50,-170,60")["numberMatched"] == 0
    assert ask(f"{ALL}/places/items", bbox="-180,-90,180,90")["numberMatched"] == 25


def test_properties_narrow_a_collection(town: list[Place]) -> None:
    assert ask(f"{ALL}/places/items", kind="cafe")["numberMatched"] == 12
    assert ask(f"{ALL}/places/items", free="true")["numberMatched"] == 5
    assert ask(f"{ALL}/places/items", free="false", kind="cafe")["numberMatched"] == 10
    assert ask(f"{ALL}/areas/items", level="council")["numberMatched"] == 1
    assert ask(f"{ALL}/areas/items", parent="C1")["numberMatched"] == 2


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=x",
        "limit=-1",
        "bbox=1,2,3",
        "bbox=a,b,c,d",
        "bbox=1,9,2,3",
        "bbox=nan,1,2,3",
        "bbox=-999,1,2,3",
        "after=x",
        "after=99999999999999999999",
        "datetime=yesterday",
        "datetime=2026-13-01",
        "datetime=../..",
        "datetime=2026-05-02/2026-05-01",
        "kind=castle",
        "colour=red",
        "f=xml",
        "q=%00",
    ],
)
def test_a_question_without_an_answer_says_why(query: str) -> None:
    said = ask(f"{ALL}/places/items?{query}", status=400)
    assert said["code"] == "InvalidParameter"
    assert said["description"]


def test_a_large_limit_is_made_smaller(town: list[Place]) -> None:
    assert ask(f"{ALL}/places/items", limit=999_999)["numberReturned"] == 25


def test_what_is_not_there_is_404(town: list[Place]) -> None:
    for path in ("people", "people/items", "people/items/1", "places/items/x", "areas/items/x"):
        assert ask(f"{ALL}/{path}", status=404)["code"] == "NotFound"
    hidden = town[3]
    hide_place(by=make_member(Role.WORKER), place=hidden, reason="unsafe")
    ask(f"{ALL}/places/items/{hidden.code}", status=404)
    assert ask(f"{ALL}/places/items")["numberMatched"] == 24


def test_gatherings_are_told_at_their_next_time(town: list[Place]) -> None:
    page = ask(f"{ALL}/gatherings/items")
    assert [one["properties"]["title"] for one in page["features"]] == ["Soup and a seat"]
    starts_at = datetime.fromisoformat(page["features"][0]["properties"]["starts_at"])
    assert timedelta() < starts_at - timezone.now() <= timedelta(days=1, hours=1)
    past = "2001-01-01T00:00:00Z/2001-02-01T00:00:00Z"
    assert ask(f"{ALL}/gatherings/items", datetime=past)["numberMatched"] == 0
    day = (datetime.now(UTC) + timedelta(days=40)).date().isoformat()
    then = ask(f"{ALL}/gatherings/items", datetime=day)["features"][0]
    assert then["properties"]["starts_at"].startswith(day)
    ask(f"{ALL}/gatherings/items/{then['id']}")
    hide_place(by=make_member(Role.WORKER), place=town[0], reason="unsafe")
    assert ask(f"{ALL}/gatherings/items")["numberMatched"] == 0
    ask(f"{ALL}/gatherings/items/{then['id']}", status=404)


def test_pages_for_readers(town: list[Place]) -> None:
    client = Client(headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    code = town[0].code
    for path in (
        "/ogc/",
        "/ogc/conformance",
        ALL,
        f"{ALL}/places",
        f"{ALL}/places/items",
        f"{ALL}/areas/items",
        f"{ALL}/gatherings/items",
        f"{ALL}/places/items/{code}",
        f"{ALL}/places/items?bbox=1,1,2,2",
    ):
        response = client.get(path)
        assert response.status_code == 200, path
        assert response["Content-Type"].startswith("text/html"), path
        assert b"<h1>" in response.content


def test_a_room_above_offers_a_collection_of_its_own() -> None:
    def read(wanted: Wanted) -> Page:
        return Page(
            features=[f'{{"type": "Feature", "id": "1", "limit": {wanted.limit}}}'], matched=1
        )

    before = {one.id for one in collections()}
    register(
        Collection(
            id="test", title="T", about="A", read=read, find=lambda _id: None, extent=lambda: None
        )
    )
    try:
        assert ask(f"{ALL}/test/items", limit=3)["features"][0]["limit"] == 3
    finally:
        from places.exchange import collections as module

        del module._collections["test"]
    assert {one.id for one in collections()} == before


def test_nothing_about_people_is_offered(town: list[Place]) -> None:
    """No collection holds a field that could tell of anybody."""
    for one in collections():
        for feature in one.read(Wanted(limit=5)).features:
            names = set(json.loads(feature)["properties"])
            assert not names & {"person", "user", "contributor", "email", "owner", "device"}, one.id


# ------------------------------------------------------------------ other people's programs

GDAL = """
import sys, pyogrio
meta, ids, shapes, fields = pyogrio.raw.read("OAPIF:" + sys.argv[1] + "/ogc/", layer="places")
print(len(shapes), sorted(meta["fields"])[:2])
box = tuple(map(float, sys.argv[2].split(",")))
meta, ids, shapes, fields = pyogrio.raw.read(
    "OAPIF:" + sys.argv[1] + "/ogc/", layer="places", bbox=box)
print(len(shapes))
print(sorted(name for name, kind in pyogrio.list_layers("OAPIF:" + sys.argv[1] + "/ogc/")))
"""
OWSLIB = """
import sys
from owslib.ogcapi.features import Features
client = Features(sys.argv[1] + "/ogc/")
assert client.conformance()["conformsTo"]
print(sorted(client.feature_collections()))
box = list(map(float, sys.argv[2].split(",")))
print(client.collection_items("places", bbox=box, limit=100)["numberReturned"])
first = client.collection_items("places", limit=10)
following = next(link["href"] for link in first["links"] if link["rel"] == "next")
print(first["numberMatched"], following.startswith(sys.argv[1]))
print(client.collection_item("places", first["features"][0]["id"])["properties"]["name"])
"""


def run(program: str, *arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.django_db(transaction=True, databases=["default", "reports"])
class TestClients:
    BOX = f"{MIDDLE[0] - 1e-4},{MIDDLE[1] - 1},{MIDDLE[0] + 0.0105},{MIDDLE[1] + 1}"

    def test_gdal_pages_through(self, live_server: LiveServer, town: list[Place]) -> None:
        whole, boxed, layers = run("import pyogrio.raw\n" + GDAL, live_server.url, self.BOX)
        assert whole.startswith("25 ")
        assert boxed == "11"
        assert layers == "['areas', 'figures', 'gatherings', 'places']"

    def test_owslib_pages_through(self, live_server: LiveServer, town: list[Place]) -> None:
        names, boxed, first, name = run(OWSLIB, live_server.url, self.BOX)
        assert names == "['areas', 'figures', 'gatherings', 'places']"
        assert boxed == "11"
        assert first == "25 True"
        assert name == "Place 00"
