"""The register as open data."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from places.api import PlaceListSerializer, PlaceSerializer
from places.models import Area, Geography
from places.vocabulary import PlaceState
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
    with django_assert_num_queries(1):
        response = client.get("/api/v1/places/")
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
