"""Vector tiles, read as a client reads them."""

import gzip
import json
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from numpy.typing import NDArray
from pytest_django import DjangoAssertNumQueries
from redis import Redis

from kinder.accounts.models import Membership, Organisation, Role, User
from places.actions import bump_layer, hide_place
from places.baking import MAX_ZOOM, make_area_tiles
from places.models import AreaTile, Geography, Place, Welcome
from places.tiles import (
    bake_area_tiles,
    describe_area_layer,
    describe_place_layer,
    extent_of,
    find_shelf,
    make_place_tile,
)
from places.vocabulary import AreaLevel, PlaceState
from tests.factories.places import make_place, make_point, make_square

pytestmark = pytest.mark.django_db


def tile_of(zoom: int, east: float = 0.0, north: float = 0.0) -> tuple[int, int, int]:
    """The tile that holds the point so many degrees from the middle."""
    point = make_point(east, north)
    point.transform(3857)
    side = 40_075_016.68557849 / 2**zoom
    return (
        zoom,
        int((point.x + 20_037_508.342789244) / side),
        int((20_037_508.342789244 - point.y) / side),
    )


def read_tile(client: Client, version: int, tile: tuple[int, int, int]) -> list[dict[str, Any]]:
    response = client.get(reverse("tiles:places", args=[version, *tile]))
    assert response.status_code == 200
    assert response["Content-Type"] == "application/vnd.mapbox-vector-tile"
    layers = mapbox_vector_tile.decode(response.content) if response.content else {}
    return layers["places"]["features"] if layers else []


def test_a_near_tile_holds_each_shown_place(client: Client) -> None:
    cafe = make_place(
        "Café Blà",
        kind="cafe",
        cost_to_stay="nobody_minds",
        welcome={"step_free": "yes", "toilet": "no"},
    )
    pub = make_place(
        "The Anchor", kind="pub", point=make_point(0.0005), welcome={"step_free": "no"}
    )
    make_place("Gone", state=PlaceState.HIDDEN)
    make_place("Maybe", state=PlaceState.SUGGESTED)
    make_place("Shut", state=PlaceState.CLOSED)
    make_place("Far", point=make_point(1, 1))
    found = {feature["id"]: feature["properties"] for feature in read_tile(client, 1, tile_of(14))}
    assert found == {
        cafe.pk: {
            "code": cafe.code,
            "name": "Café Blà",
            "kind": "cafe",
            "is_free": True,
            "is_step_free": True,
        },
        pub.pk: {
            "code": pub.code,
            "name": "The Anchor",
            "kind": "pub",
            "is_free": False,
            "is_step_free": False,
        },
    }


def test_far_tiles_hold_clusters_that_add_up(client: Client) -> None:
    for number in range(40):
        make_place(point=make_point(0.0001 * number, 0.0001 * number))
    alone = make_place("Lighthouse", kind="park", point=make_point(1.5, 0.9))
    total = 0
    for x in range(2**5):
        for y in range(2**5):
            for feature in read_tile(client, 1, (5, x, y)):
                total += feature["properties"]["count"]
                if feature["properties"]["count"] == 1:
                    assert feature["id"] == alone.pk
                    assert feature["properties"]["name"] == "Lighthouse"
                else:
                    assert "name" not in feature["properties"]
    assert total == 41
    assert sum(f["properties"]["count"] for f in read_tile(client, 1, (0, 0, 0))) == 41


def test_hiding_a_place_is_seen_in_the_next_tile(client: Client, bell: Redis) -> None:
    worker = User.objects.create_user("worker@example.org")
    Membership.objects.create(
        user=worker, organisation=Organisation.objects.create(name="O"), role=Role.WORKER
    )
    place = make_place()
    bump_layer("places")
    tile = tile_of(14)
    address = reverse("tiles:places", args=[2, *tile])
    assert len(read_tile(client, 2, tile)) == 1
    assert bell.get("kinder:made:places:2:{}/{}/{}".format(*tile))
    assert len(find_shelf(2, *tile)) == 1
    hide_place(by=worker, place=place, reason="other")
    # Also whoever still holds the old address is led to the present one.
    response = client.get(address)
    assert response.status_code == 302
    assert response["Location"] == reverse("tiles:places", args=[3, *tile])
    assert response["Cache-Control"] == "no-store"
    assert client.get(response["Location"]).content == b""
    layer = describe_place_layer()
    assert layer["tiles"] == "/tiles/places/{version}/{z}/{x}/{y}.mvt"
    assert list(layer["versions"]["squares"].values()) == [3]  # type: ignore[index]


def test_a_tile_is_cached_and_conditional(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_place()
    address = reverse("tiles:places", args=[1, *tile_of(15)])
    # Its version is read by the statement that makes it.
    with django_assert_num_queries(1):
        first = client.get(address, headers={"accept-encoding": "gzip"})
    assert first["Cache-Control"] == "public, max-age=31536000, immutable"
    assert first["Content-Encoding"] == "gzip"
    with django_assert_num_queries(1):
        plain = client.get(address)
    assert gzip.decompress(first.content) == plain.content
    assert "Content-Encoding" not in plain
    with django_assert_num_queries(1):
        again = client.get(address, headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304
    assert not again.content
    assert "sessionid" not in again.cookies


@pytest.mark.parametrize(
    "tile", [(17, 0, 0), (3, 8, 0), (3, 0, 8), (0, 1, 0), (16, 2**16, 0), (10**9, 0, 0)]
)
def test_tiles_that_do_not_exist_are_not_found(client: Client, tile: tuple[int, int, int]) -> None:
    make_square("Z1", geography=Geography.objects.create(slug="g", name="G", is_current=True))
    assert client.get(reverse("tiles:places", args=[1, *tile])).status_code == 404
    assert client.get(reverse("tiles:areas", args=["g", "zone", *tile])).status_code == 404


def test_tiles_come_with_the_headers_of_every_answer(client: Client) -> None:
    """Also of those that are not there: they pass by the rest of the way, not by these."""
    for address in (
        reverse("tiles:places", args=[1, 0, 0, 0]),
        reverse("tiles:places", args=[1, 17, 0, 0]),
        "/tiles/nothing",
    ):
        response = client.get(address)
        assert response["X-Content-Type-Options"] == "nosniff"
        assert "Content-Security-Policy" in response
        assert "Permissions-Policy" in response
        assert not response.cookies


def test_versions_to_come_and_odd_addresses_are_not_found(client: Client) -> None:
    assert client.get(reverse("tiles:places", args=[2, 0, 0, 0])).status_code == 404
    assert client.get("/tiles/places/1/0/-1/0.mvt").status_code == 404
    assert client.get("/tiles/places/1/0/0/0.png").status_code == 404
    assert client.post(reverse("tiles:places", args=[1, 0, 0, 0])).status_code == 405


def plan_of_tile(zoom: int) -> str:
    plans: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        with connection.cursor() as inner:
            inner.cursor.execute("EXPLAIN VERBOSE " + sql, params)
            plans.extend(row[0] for row in inner.cursor.fetchall())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        make_place_tile(*tile_of(zoom))
    return "\n".join(plans)


@pytest.mark.parametrize("zoom", [12, 8])
def test_the_database_uses_the_spatial_index(zoom: int) -> None:
    Place.objects.bulk_create(
        Place(name=f"Bench {n}", kind="bench", state="verified", point=make_point(n % 60, n // 60))
        for n in range(1_800)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE places_place")
    assert "places_place_point_3857" in plan_of_tile(zoom)


def test_what_is_welcoming_is_looked_up_for_the_places_of_the_tile_alone() -> None:
    """Reading it of all places takes as long for a street as for the country."""
    places = Place.objects.bulk_create(
        Place(name=f"Bench {n}", kind="bench", state="verified", point=make_point(n / 1e5))
        for n in range(400)
    )
    Welcome.objects.bulk_create(
        Welcome(place=place, attribute="step_free", value="yes") for place in places
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE places_place, places_welcome")
    plan = plan_of_tile(14)
    assert "places_welcome" in plan
    assert "hashed SubPlan" not in plan


# ------------------------------------------------------------------ areas


@pytest.fixture
def geography() -> Geography:
    geography = Geography.objects.create(slug="invented", name="Invented", is_current=True)
    council = make_square("C1", geography=geography, level=AreaLevel.COUNCIL, side=0.2)
    for row in range(2):
        for column in range(2):
            make_square(
                f"Z{row}{column}",
                geography=geography,
                parent=council,
                west=-0.05 + 0.1 * column,
                south=-0.05 + 0.1 * row,
            )
    return geography


def test_areas_are_baked_for_each_level(client: Client, geography: Geography) -> None:
    assert bake_area_tiles(geography) == AreaTile.objects.count()
    zones = {area.pk: area for area in geography.areas.filter(level="zone")}
    z, x, y = tile_of(9)
    response = client.get(reverse("tiles:areas", args=["invented", "zone", z, x, y]))
    layer = mapbox_vector_tile.decode(response.content)["areas"]
    assert layer["extent"] == 4096
    assert {feature["id"] for feature in layer["features"]} <= set(zones)
    for feature in layer["features"]:
        zone = zones[feature["id"]]
        assert feature["properties"] == {"code": zone.code, "name": zone.name}
        assert feature["geometry"]["type"] in {"Polygon", "MultiPolygon"}
    seen = set()
    for tile in AreaTile.objects.filter(level="zone", z=MAX_ZOOM):
        decoded = mapbox_vector_tile.decode(gzip.decompress(bytes(tile.mvt)))
        seen |= {feature["id"] for feature in decoded["areas"]["features"]}
    assert seen == set(zones)


def test_area_tiles_are_for_ever_at_their_version(
    client: Client, geography: Geography, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    bake_area_tiles(geography)
    layer = describe_area_layer(geography, "zone")
    tile = tile_of(9)
    address = str(layer["tiles"]).format(z=tile[0], x=tile[1], y=tile[2])
    with django_assert_num_queries(2):
        response = client.get(address, headers={"accept-encoding": "gzip"})
    with django_assert_num_queries(1):
        client.get(address)
    assert "immutable" in response["Cache-Control"]
    assert client.get(address, headers={"if-none-match": response["ETag"]}).status_code == 304
    assert "immutable" not in client.get(address.split("?")[0])["Cache-Control"]
    bake_area_tiles(geography)
    assert describe_area_layer(geography, "zone")["tiles"] != layer["tiles"]
    assert client.get(address)["ETag"] != response["ETag"]
    sea = reverse("tiles:areas", args=["invented", "zone", 9, 0, 0])
    assert client.get(sea).content == b""
    assert extent_of(geography) == pytest.approx([-4.3, 55.8, -4.1, 56.0])


def test_what_was_never_baked_is_not_found(client: Client, geography: Geography) -> None:
    for slug, level in [("invented", "zone"), ("nowhere", "zone")]:
        assert client.get(reverse("tiles:areas", args=[slug, level, 0, 0, 0])).status_code == 404
    bake_area_tiles(geography)
    assert (
        client.get(reverse("tiles:areas", args=["invented", "street", 0, 0, 0])).status_code == 404
    )


def test_the_command_bakes(geography: Geography, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("bake_area_tiles", "invented")
    assert AreaTile.objects.exists()
    assert "invented:" in capsys.readouterr().out
    with pytest.raises(CommandError, match="invented"):
        call_command("bake_area_tiles", "elsewhere")


def test_neighbours_share_their_edges_at_every_zoom() -> None:
    """No slivers: what the areas of a tile cover adds up to what each of them covers."""
    generator = np.random.default_rng(7)
    seeds = shapely.multipoints(generator.uniform((-4.4, 55.7), (-4.0, 56.0), (60, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds))
    # A wiggle, the same for both neighbours, makes edges worth simplifying.
    wavy = shapely.transform(shapely.segmentize(cells, 0.002), _wiggle)
    assert shapely.coverage_is_valid(wavy)
    ids = list(range(1, len(wavy) + 1))
    labels = [(f"Z{number}", f"Zone {number}") for number in ids]
    points = dict.fromkeys(range(MAX_ZOOM + 1), 0)
    for z, _x, _y, mvt in make_area_tiles(ids, labels, wavy):
        layer = mapbox_vector_tile.decode(gzip.decompress(mvt))["areas"]
        shapes = [shapely.make_valid(shapely.from_geojson(_geojson(f))) for f in layer["features"]]
        points[z] += int(sum(shapely.get_num_coordinates(shapes)))
        covered = shapely.union_all(shapes).area
        assert sum(shape.area for shape in shapes) == pytest.approx(covered, rel=1e-6, abs=2)
    assert points[6] < points[9] < points[MAX_ZOOM]


def _wiggle(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    rounded = np.round(degrees, 6)
    return np.asarray(rounded + 0.0005 * np.sin(rounded[:, ::-1] * 900))


def _geojson(feature: dict[str, Any]) -> str:
    return json.dumps(feature["geometry"])


def test_holes_and_islands_survive() -> None:
    ring = shapely.Polygon(
        [(-4.4, 55.7), (-4.0, 55.7), (-4.0, 56.0), (-4.4, 56.0)],
        [[(-4.3, 55.8), (-4.1, 55.8), (-4.1, 55.9), (-4.3, 55.9)]],
    )
    island = shapely.box(-3.9, 55.8, -3.8, 55.9)
    shapes = np.array([shapely.MultiPolygon([ring, island])])
    tiles = {tile[:3]: tile[3] for tile in make_area_tiles([9], [("C", "Council")], shapes)}
    layer = mapbox_vector_tile.decode(gzip.decompress(tiles[(7, *tile_of(7)[1:])]))["areas"]
    geometry = shapely.from_geojson(_geojson(layer["features"][0]))
    assert layer["features"][0]["id"] == 9
    assert geometry.geom_type == "MultiPolygon"
    assert sorted(len(part.interiors) for part in shapely.get_parts(geometry)) == [0, 1]
    assert geometry.is_valid
