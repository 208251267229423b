"""The register as open data."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from kinder.accounts.models import Role
from places.actions import hide_place, resolve_areas, show_place_again
from places.api import PlaceListSerializer, PlaceSerializer
from places.models import Area, Geography
from places.vocabulary import PlaceState
from tests.factories.accounts import make_member
from tests.factories.places import make_place, make_point, make_square

pytestmark = pytest.mark.django_db


@pytest.fixture
def zone() -> Area:
    return make_square(
        "Z1", geography=Geography.objects.create(slug="g", name="G", is_current=True)
    )


def test_the_list_is_what_its_description_says(
    client: Client, zone: Area, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    place = make_place(
        'Quote " and Café',
        area=zone,
        cost_to_stay="free",
        opening_hours="24/7",
        weekly_hours=168,
        welcome={"step_free": "yes"},
    )
    make_place(state=PlaceState.HIDDEN)
    with django_assert_num_queries(2):  # its version, its rows
        response = client.get("/api/v1/places/")
    with django_assert_num_queries(1):  # its version
        assert client.get("/api/v1/places/").content == response.content
    assert response["Content-Type"] == "application/json"
    answer = response.json()
    assert answer["next"] is None
    (row,) = answer["places"]
    described = PlaceListSerializer().fields["places"].child.fields  # type: ignore[attr-defined]
    assert set(row) == set(described)
    assert row | {"confirmed_at": ""} == {
        "code": place.code,
        "name": 'Quote " and Café',
        "kind": "library",
        "lon": -4.25,
        "lat": 55.85,
        "area": "Z1",
        "address": "",
        "postcode": "",
        "opening_hours": "24/7",
        "weekly_hours": 168,
        "cost_to_stay": "free",
        "is_free": True,
        "is_step_free": True,
        "state": "verified",
        "confirmed_at": "",
    }
    detail = client.get(f"/api/v1/places/{place.code}/").json()
    assert set(detail) == set(PlaceSerializer().fields)
    assert {name: detail[name] for name in row if name != "confirmed_at"} == {
        name: row[name] for name in row if name != "confirmed_at"
    }
    assert detail["welcome"][0]["attribute"] == "step_free"


def test_whoever_has_the_list_is_told_that_it_still_stands(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    place = make_place()
    for address in ("/api/v1/places/", "/api/v1/places.geojson?kind=library"):
        first = client.get(address)
        assert first["Cache-Control"] == "public, no-cache"
        with django_assert_num_queries(1):
            again = client.get(address, headers={"if-none-match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        hide_place(by=make_member(Role.WORKER), place=place, reason="asked")
        gone = client.get(address, headers={"if-none-match": first["ETag"]})
        assert gone.status_code == 200
        assert place.code not in gone.content.decode()
        show_place_again(by=make_member(Role.WORKER), place=place)
    # The register does not know when somebody opens their door.
    assert "ETag" not in client.get("/api/v1/places/?open=on")


def test_an_area_that_is_loaded_makes_the_list_new(client: Client) -> None:
    make_place()
    first = client.get("/api/v1/places/")
    make_square("Z1", geography=Geography.objects.create(slug="g", name="G", is_current=True))
    resolve_areas()
    again = client.get("/api/v1/places/", headers={"if-none-match": first["ETag"]})
    assert again.json()["places"][0]["area"] == "Z1"


def test_pages_of_the_list(client: Client) -> None:
    for number in range(120):
        make_place(f"Bench {number % 7}", kind="bench")
    make_place("Alehouse", kind="pub")
    for start, sizes in (
        ("/api/v1/places/", [50, 50, 21]),
        ("/api/v1/places/?kind=bench&limit=100", [100, 20]),
    ):
        address: str | None = start
        seen: list[str] = []
        found: list[int] = []
        while address:
            answer = client.get(address).json()
            found.append(len(answer["places"]))
            seen += [place["code"] for place in answer["places"]]
            address = answer["next"]
        assert found == sizes
        assert len(set(seen)) == sum(sizes)


def test_geojson_is_rfc_7946(client: Client, zone: Area) -> None:
    near = make_place("Near", area=zone)
    make_place("Far", point=make_point(2, 2))
    answer = client.get("/api/v1/places.geojson?bbox=-4.3,55.8,-4.2,55.9")
    assert answer["Content-Type"] == "application/geo+json"
    collection: dict[str, Any] = answer.json()
    assert collection["type"] == "FeatureCollection"
    (feature,) = collection["features"]
    assert feature["id"] == near.pk
    assert feature["geometry"] == {"type": "Point", "coordinates": [-4.25, 55.85]}
    assert feature["properties"]["name"] == "Near"
    assert "crs" not in collection
    first = client.get("/api/v1/places.geojson?limit=1").json()
    (link,) = first["links"]
    assert link["rel"] == "next"
    second = client.get(link["href"]).json()
    assert [f["properties"]["name"] for f in first["features"] + second["features"]] == [
        "Far",
        "Near",
    ]


@pytest.mark.parametrize(
    "query",
    [
        "bbox=1,2,3",
        "bbox=5,5,1,1",
        "bbox=nan,0,1,1",
        "bbox=-400,0,1,1",
        "kind=castle",
        "area=nowhere",
        "limit=many",
        "after=xyz",
        "after=WyJhIiwgOTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5XQ",
        "q=%00",
        f"q={'x' * 101}",
    ],
)
def test_wrong_questions_are_answered_400(client: Client, query: str) -> None:
    for address in ("/api/v1/places/", "/api/v1/places.geojson"):
        assert client.get(f"{address}?{query}").status_code == 400


def test_anyone_may_read_and_nobody_write(client: Client) -> None:
    make_place()
    response = client.get("/api/v1/places/")
    assert not response.cookies
    for method in (client.post, client.put, client.patch, client.delete):
        assert method("/api/v1/places/").status_code == 405


def test_the_description_of_the_api_holds_it(client: Client) -> None:
    schema = client.get("/api/v1/schema/").json()
    for path in ("/api/v1/places/", "/api/v1/places.geojson", "/api/v1/places/{code}/"):
        assert path in schema["paths"]
