"""The list of places: what a resident finds, and that the map holds the same."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import mapbox_vector_tile
import pytest
import time_machine
from django.test import Client
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from kinder.accounts.models import Membership, Organisation, Role, User
from places.actions import bump_layer, hide_place, rebuild_ancestors
from places.models import Area, Geography, Place, PlaceAltName, PlaceName, Postcode
from places.search import Search, count_places, find_places
from places.vocabulary import AreaLevel, PlaceState
from tests.factories.places import make_place, make_point, make_square

pytestmark = pytest.mark.django_db

LONDON = ZoneInfo("Europe/London")
WEDNESDAY_NOON = datetime(2026, 3, 11, 12, tzinfo=LONDON)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(WEDNESDAY_NOON, tick=False):
        yield


@pytest.fixture
def shown(client: Client) -> Callable[[str], list[str]]:
    """The names in the list at an address, in their order."""

    def read(query: str = "") -> list[str]:
        response = client.get(f"/places/{query}")
        assert response.status_code == 200
        html = response.content.decode()
        return re.findall(r'class="list-title"[^>]*>([^<]+)</a>', html)

    return read


@pytest.fixture
def town() -> dict[str, Place]:
    geography = Geography.objects.create(slug="invented", name="Invented", is_current=True)
    council = make_square("C1", geography=geography, level=AreaLevel.COUNCIL, side=0.2)
    for name, code, west in [("Southside", "M1", -0.05), ("Northside", "M2", 0.05)]:
        make_square(
            code,
            geography=geography,
            level=AreaLevel.COMMUNITY,
            parent=council,
            west=west,
            name=name,
        )
    for code, parent, west in [("Z1", "M1", -0.05), ("Z2", "M2", 0.05)]:
        make_square(code, geography=geography, parent=Area.objects.get(code=parent), west=west)
    rebuild_ancestors(geography)
    zones = {area.code: area for area in geography.areas.filter(level="zone")}
    return {
        "library": make_place(
            "Wyndford Library",
            area=zones["Z1"],
            address="12 Shakespeare Street",
            postcode="G20 8AB",
            cost_to_stay="free",
            opening_hours="Mo-Fr 09:00-17:00",
            welcome={"step_free": "yes", "warm": "yes", "quiet_times": "yes"},
        ),
        "cafe": make_place(
            "Café Àird",
            kind="cafe",
            area=zones["Z1"],
            point=make_point(0.01),
            cost_to_stay="nobody_minds",
            opening_hours="Th-Su 10:00-16:00",
            welcome={"warm": "yes", "food": "no"},
        ),
        "pub": make_place(
            "The Anchor",
            kind="pub",
            area=zones["Z2"],
            point=make_point(0.1),
            cost_to_stay="small_purchase",
            opening_hours="Mo-Su 11:00-24:00",
            welcome={"step_free": "no"},
        ),
        "hidden": make_place("Hidden Hall", state=PlaceState.HIDDEN, cost_to_stay="free"),
        "suggested": make_place("Suggested Spot", state=PlaceState.SUGGESTED),
    }


def test_everything_shown_is_listed_from_a_to_z(
    shown: Callable[..., list[str]], town: dict[str, Place]
) -> None:
    assert shown() == ["Café Àird", "The Anchor", "Wyndford Library"]


def test_rows_say_what_one_wants_to_know(client: Client, town: dict[str, Place]) -> None:
    html = " ".join(client.get("/places/").content.decode().split())
    assert "3 places." in html
    assert "2 places to sit free; 1 open now." in html
    assert "Open until 5 p.m." in html
    assert "Closed, opens Thursday 10 a.m." in html
    assert "Open until midnight" in html
    assert "A small purchase" in html
    assert f'href="/places/{town["library"].code}/"' in html
    assert "Library · <bdi>12 Shakespeare Street</bdi>" in html
    assert f'data-place-id="{town["library"].pk}"' in html


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?q=library", ["Wyndford Library"]),
        ("?q=cafe", ["Café Àird"]),
        ("?q=aird", ["Café Àird"]),
        ("?q=shakespeare", ["Wyndford Library"]),
        ("?q=shakespeare+library", ["Wyndford Library"]),
        ("?q=pub", ["The Anchor"]),
        ("?q=anchor+library", []),
        ("?q=hidden", []),
        ("?q=100%25_", []),
        ("?free=on", ["Café Àird", "Wyndford Library"]),
        ("?open=on", ["The Anchor", "Wyndford Library"]),
        ("?free=on&open=on", ["Wyndford Library"]),
        ("?step_free=on", ["Wyndford Library"]),
        ("?has=warm", ["Café Àird", "Wyndford Library"]),
        ("?has=warm&has=quiet_times", ["Wyndford Library"]),
        ("?has=food", []),
        ("?has=warm&free=on&open=on", ["Wyndford Library"]),
        ("?kind=pub&kind=cafe", ["Café Àird", "The Anchor"]),
        ("?area=M1", ["Café Àird", "Wyndford Library"]),
        ("?area=C1", ["Café Àird", "The Anchor", "Wyndford Library"]),
        ("?area=Z2&free=on", []),
    ],
)
def test_search_and_filters(
    shown: Callable[..., list[str]], town: dict[str, Place], query: str, names: list[str]
) -> None:
    assert shown(query) == names


def test_other_names_and_languages_are_found(
    shown: Callable[..., list[str]], town: dict[str, Place]
) -> None:
    PlaceAltName.objects.create(place=town["library"], language="gd", name="Leabharlann")
    assert shown("?q=leabharlann") == ["Wyndford Library"]


def test_nearest_first_from_a_postcode(
    client: Client, shown: Callable[..., list[str]], town: dict[str, Place]
) -> None:
    zone = Area.objects.get(code="Z2")
    Postcode.objects.create(code="G20 7TX", point=make_point(0.09), area=zone)
    nearest = ["The Anchor", "Café Àird", "Wyndford Library"]
    assert shown("?near=g207tx") == nearest
    assert shown("?q=g20+7tx") == nearest  # typed into the first box
    assert shown("?near=G20+7TX&order=name") == sorted(nearest)
    html = client.get("/places/?near=g207tx").content.decode()
    assert "Nearest to G20 7TX first." in html
    assert ">630 m<" in html  # 0.01° of longitude at 55.85° north
    assert ">5.6 km<" in html


def test_an_unknown_postcode_is_said_kindly(client: Client, town: dict[str, Place]) -> None:
    html = client.get("/places/?near=ZE1+0AA").content.decode()
    assert "We couldn&#x27;t find that postcode. Try a street, or choose from the list." in html
    assert "Wyndford Library" in html
    assert "We couldn&#x27;t find that." in client.get("/places/?near=Atlantis").content.decode()


def test_near_a_name_and_which_of_two(client: Client, town: dict[str, Place]) -> None:
    PlaceName.objects.create(name="Newton", district="Highland", point=make_point(1, 1))
    PlaceName.objects.create(name="Newton", district="Moray", point=make_point(0.1))
    html = client.get("/places/?near=newton").content.decode()
    assert "Nearest to Newton, Highland first." in html
    assert "Did you mean:" in html
    assert "near=Newton%2C+Moray" in html
    html = client.get("/places/?near=Newton,+Moray").content.decode()
    assert "Nearest to Newton, Moray first." in html
    assert "Did you mean:" not in html
    assert "Nearest to Northside first." in client.get("/places/?near=northsid").content.decode()


def test_pages_go_on_where_the_last_ended(client: Client) -> None:
    for number in range(65):
        # Names and distances repeat: the id decides.
        make_place(f"Bench {number // 10}", kind="bench", point=make_point(0.001 * (number // 7)))
    Postcode.objects.create(
        code="G20 7TX",
        point=make_point(),
        area=make_square("Z", geography=Geography.objects.create(slug="g", name="G")),
    )
    for start in ("/places/", "/places/?near=G20+7TX"):
        seen: list[str] = []
        address = start
        pages = 0
        while address:
            html = client.get(address).content.decode()
            seen += re.findall(r'data-place-id="(\d+)"', html)
            following = re.search(r'rel="next"\s+href="([^"]+)"', html)
            address = f"/places/{following.group(1).replace('&amp;', '&')}" if following else ""
            pages += 1
        assert pages == 3
        assert len(seen) == len(set(seen)) == 65
    assert client.get("/places/?after=nonsense").status_code == 404
    assert client.get("/places/?after=WzEsMl0").status_code == 404


def test_nothing_found_says_what_to_do(client: Client, town: dict[str, Place]) -> None:
    html = client.get("/places/?q=zoo").content.decode()
    assert "Nothing found" in html
    assert "Leave out a filter, or try a shorter word." in html
    Place.objects.all().delete()
    assert "No places yet" in client.get("/places/").content.decode()


def test_the_list_costs_the_same_for_one_and_for_many(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_place(welcome={"step_free": "yes"}, opening_hours="24/7")
    with django_assert_max_num_queries(14):
        client.get("/places/")
    for number in range(30):
        make_place(opening_hours=f"Mo-Fr 09:00-{10 + number % 12}:00", welcome={"toilet": "yes"})
    with django_assert_max_num_queries(14):
        client.get("/places/")


def test_hiding_takes_it_from_list_counts_and_api_at_once(
    client: Client, shown: Callable[..., list[str]], town: dict[str, Place]
) -> None:
    worker = User.objects.create_user("worker@example.org")
    Membership.objects.create(
        user=worker, organisation=Organisation.objects.create(name="O"), role=Role.WORKER
    )
    library = town["library"]
    assert "Wyndford Library" in shown("?free=on&open=on")
    hide_place(by=worker, place=library, reason="asked")
    assert shown("?free=on&open=on") == []
    assert count_places(Search(), WEDNESDAY_NOON).total == 2
    for address in ("/api/v1/places/", "/api/v1/places.geojson"):
        assert library.code not in client.get(address).content.decode()
    assert client.get(f"/api/v1/places/{library.code}/").status_code == 404
    assert client.get(f"/places/{library.code}/").status_code == 404


def test_the_map_holds_what_the_list_holds(client: Client, town: dict[str, Place]) -> None:
    """Clusters that add up when far, the ids of the list when near: with filters and without."""
    html = client.get("/places/").content.decode()
    options = _map_options(html)
    assert _count_in_world(client, options) == 3
    for query in (
        "?free=on",
        "?q=anchor",
        "?open=on&step_free=on",
        "?area=M1&kind=cafe",
        "?has=warm",
    ):
        html = client.get(f"/places/{query}").content.decode()
        listed = {int(found) for found in re.findall(r'data-place-id="(\d+)"', html)}
        found = _map_options(html)
        assert _count_in_world(client, found) == len(listed) > 0
        near = set()
        for place in Place.objects.all():
            at = place.point_3857
            z, x, y = 16, at.x / SIDE_16 + 2**15, 2**15 - at.y / SIDE_16
            near |= {feature["id"] for feature in _read(client, found, z, int(x), int(y))}
        assert near == listed
    west, south, east, north = options["extent"]
    assert west <= -4.25 <= east
    assert south <= 55.85 <= north


SIDE_16 = 40_075_016.68557849 / 2**16


def _read(client: Client, options: dict[str, Any], z: int, x: int, y: int) -> list[dict[str, Any]]:
    layer = options["places"]
    address = layer["tiles"].format(version=layer["versions"]["version"], z=z, x=x, y=y)
    response = client.get(address)
    assert response.status_code == 200
    tile = mapbox_vector_tile.decode(response.content) if response.content else {}
    return list(tile["places"]["features"]) if tile else []


def _count_in_world(client: Client, options: dict[str, Any]) -> int:
    return sum(int(one["properties"]["count"]) for one in _read(client, options, 0, 0, 0))


def test_a_filtered_map_reads_words_in_the_language_of_its_list(
    client: Client, town: dict[str, Place]
) -> None:
    """The names of kinds are searched too, and a tile has no language in its path."""
    with translation.override("en-gb"):
        html = client.get("/pl/places/?q=biblioteka").content.decode()
        options = _map_options(html)
        assert len(re.findall("data-place-id=", html)) == _count_in_world(client, options) == 1


def test_a_filtered_tile_is_kept_and_conditional(client: Client, town: dict[str, Place]) -> None:
    options = _map_options(client.get("/places/?kind=library").content.decode())
    address = options["places"]["tiles"].format(version=1, z=3, x=3, y=2)
    first = client.get(address)
    assert first["Cache-Control"] == "public, max-age=60"
    assert client.get(address, headers={"if-none-match": first["ETag"]}).status_code == 304
    other = client.get(address.replace("library", "cafe"), headers={"if-none-match": first["ETag"]})
    assert other.status_code == 200
    for odd in ("kind=castle", "area=nowhere", "q=%00"):
        assert client.get(f"/tiles/places/1/0/0/0.mvt?{odd}").status_code == 400
    bump_layer("places")
    onwards = client.get(address)
    assert onwards.status_code == 302
    assert onwards["Location"].endswith(address.partition("?")[2])


def test_the_language_of_the_reader(client: Client, town: dict[str, Place]) -> None:
    with translation.override("en-gb"):  # the reader's language ends with the test
        assert client.get("/gd/places/").status_code == 200
        assert b'dir="rtl"' in client.get("/ar/places/").content


def test_counts_of_an_empty_register() -> None:
    counts = count_places(Search(), WEDNESDAY_NOON)
    assert (counts.total, counts.extent) == (0, None)
    assert find_places(Search(), WEDNESDAY_NOON).places == []


def _map_options(html: str) -> Any:
    found = re.search(r'id="map-options" type="application/json">(.*?)</script>', html)
    assert found
    return json.loads(found.group(1))
