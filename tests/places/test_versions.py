"""A change to a place makes new the tiles that show it, and no others."""

import threading
from collections.abc import Callable
from math import asinh, atan, degrees, pi, radians, sinh, tan
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinder.accounts.models import Role, User
from kinder.accounts.rules import Refused
from places import versions
from places.actions import (
    add_place,
    bump_layer,
    bump_places,
    change_place,
    close_place,
    confirm_place,
    hide_place,
    revert_place,
    show_place_again,
)
from places.models import LayerVersion, MapSquare, Place
from places.mvt import EXTENT
from places.tiles import (
    MARGIN,
    PLACES_MAX_ZOOM,
    SINGLE_FROM_ZOOM,
    describe_place_layer,
    make_place_tile,
)
from places.versions import (
    EDGE,
    SQUARE_ZOOM,
    describe_squares,
    places_version,
    read_tile_versions,
    squares_around,
)
from tests.factories.accounts import make_member
from tests.factories.places import make_place, make_point

pytestmark = pytest.mark.django_db
Tile = tuple[int, int, int]


@pytest.fixture
def worker() -> User:
    return make_member(Role.WORKER)


def tile_of(point: Point, zoom: int) -> Tile:
    lat = radians(point.y)
    return (
        zoom,
        int((point.x + 180) / 360 * 2**zoom),
        int((1 - asinh(tan(lat)) / pi) / 2 * 2**zoom),
    )


def address_of(layer: dict[str, Any], tile: Tile) -> str:
    """What static/src/js/map/places.js makes of what the page tells it."""
    z, x, y = tile
    told = layer["versions"]
    zoom, squares = told["zoom"], told["squares"]
    if z >= zoom:
        version = squares.get(f"{x >> (z - zoom)}/{y >> (z - zoom)}", told["version"])
    else:
        inside = [
            changed
            for square, changed in squares.items()
            if all(
                int(part) >> (zoom - z) == wanted
                for part, wanted in zip(square.split("/"), (x, y), strict=True)
            )
        ]
        version = max([told["version"], *inside])
    return str(layer["tiles"]).format(version=version, z=z, x=x, y=y)


def test_a_squares_edge_holds_the_widest_margin_of_a_tile() -> None:
    """A tile shows what lies a little beyond it: at most so far, counted in squares."""
    widest = 2 ** (SQUARE_ZOOM - SINGLE_FROM_ZOOM) * MARGIN / EXTENT
    assert widest < EDGE


def test_a_move_makes_both_its_ends_new_and_nothing_else(worker: User, client: Client) -> None:
    here, there, elsewhere = make_point(), make_point(0.5, 0.3), make_point(-0.7, -0.4)
    place = make_place("Mover", point=here)
    make_place("Stayer", point=elsewhere)
    bump_layer("places")
    before = {
        (name, zoom): read_tile_versions(*tile_of(point, zoom))[1]
        for name, point in (("here", here), ("there", there), ("elsewhere", elsewhere))
        for zoom in (11, 12, 14, 16)
    }
    stayers = tile_of(elsewhere, 14)
    kept_address = address_of(describe_place_layer(), stayers)
    moved_address = address_of(describe_place_layer(), tile_of(here, 14))
    change_place(by=worker, place=place, changes={"point": there})
    for (name, zoom), version in before.items():
        point = {"here": here, "there": there, "elsewhere": elsewhere}[name]
        latest, own = read_tile_versions(*tile_of(point, zoom))
        assert latest == 3
        assert own == (version if name == "elsewhere" else 3), (name, zoom)
    # The whole world is one tile, and something in it changed.
    assert read_tile_versions(0, 0, 0) == (3, 3)
    assert address_of(describe_place_layer(), stayers) == kept_address
    assert client.get(kept_address).status_code == 200
    assert address_of(describe_place_layer(), tile_of(here, 14)) != moved_address
    # Whoever still has the page of before is led to where the place no longer is.
    onwards = client.get(moved_address)
    assert onwards.status_code == 302
    assert client.get(onwards["Location"]).content == b""
    assert b"Mover" in client.get(address_of(describe_place_layer(), tile_of(there, 14))).content


def test_a_place_at_an_edge_makes_the_neighbouring_tile_new(worker: User, client: Client) -> None:
    """Its sign reaches over the edge: both tiles show it."""
    zoom = 14
    _z, x, y = tile_of(make_point(), zoom)
    # The western edge of that tile, a breath inside; its neighbour is of another square if x is a
    # multiple of four.
    x -= x % 4
    lon = x / 2**zoom * 360 - 180 + 1e-5
    place = make_place("On the edge", point=Point(lon, make_point().y, srid=4326))
    bump_layer("places")
    neighbour = (zoom, x - 1, y)
    address = address_of(describe_place_layer(), neighbour)
    assert b"On the edge" in client.get(address).content
    hide_place(by=worker, place=place, reason="asked")
    assert read_tile_versions(*neighbour) == (3, 3)
    assert b"On the edge" not in client.get(address, follow=True).content


def test_hiding_is_seen_at_every_zoom_at_once(worker: User, client: Client) -> None:
    place = make_place("Zanzibarium")
    bump_layer("places")
    tiles = [tile_of(place.point, zoom) for zoom in range(PLACES_MAX_ZOOM + 1)]
    old = {tile: address_of(describe_place_layer(), tile) for tile in tiles}
    assert all(b"Zanzibarium" in client.get(address).content for address in old.values())
    hide_place(by=worker, place=place, reason="asked")
    for tile, address in old.items():
        assert client.get(address).status_code == 302
        assert client.get(address, follow=True).content == b""
        assert client.get(address_of(describe_place_layer(), tile)).content == b""


DEEDS: dict[str, Callable[[User, Place, Point], object]] = {
    "move": lambda by, place, to: change_place(by=by, place=place, changes={"point": to}),
    "rename": lambda by, place, to: change_place(by=by, place=place, changes={"name": f"{to.x}"}),
    "make free": lambda by, place, _to: change_place(
        by=by, place=place, changes={"cost_to_stay": "free"}
    ),
    "step-free": lambda by, place, _to: change_place(
        by=by, place=place, changes={}, welcome={"step_free": "yes"}
    ),
    "hide": lambda by, place, _to: hide_place(by=by, place=place, reason="asked"),
    "close": lambda by, place, _to: close_place(by=by, place=place),
    "show": lambda by, place, _to: show_place_again(by=by, place=place),
    "confirm": lambda by, place, _to: confirm_place(by=by, place=place),
    "go back": lambda by, place, _to: revert_place(by=by, place=place, to=1),
    "add": lambda by, _place, to: add_place(by=by, name="New", kind="bench", point=to),
}
# Around a corner of four squares, so that edges are crossed often.
CORNER_X, CORNER_Y = 2000, 1280
POSITIONS = st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))


def point_at(across: float, down: float) -> Point:
    """A point so many squares east and south of the corner."""
    x, y = (CORNER_X + across) / 2**SQUARE_ZOOM, (CORNER_Y + down) / 2**SQUARE_ZOOM
    return Point(x * 360 - 180, degrees(atan(sinh(pi * (1 - 2 * y)))), srid=4326)


def _tiles_around_the_corner() -> list[Tile]:
    tiles = []
    for zoom in (0, 8, 10, 11, 12, 14):
        column, row = (int(part * 2.0 ** (zoom - SQUARE_ZOOM)) for part in (CORNER_X, CORNER_Y))
        reach = 2 if zoom > SQUARE_ZOOM else 1
        tiles += [
            (zoom, x, y)
            for x in range(max(column - reach, 0), min(column + reach, 2**zoom))
            for y in range(max(row - reach, 0), min(row + reach, 2**zoom))
        ]
    return tiles


TILES = _tiles_around_the_corner()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    places=st.lists(POSITIONS, min_size=1, max_size=3),
    deeds=st.lists(st.tuples(st.sampled_from(sorted(DEEDS)), POSITIONS), min_size=1, max_size=5),
)
def test_whatever_is_done_a_tile_that_changed_has_a_new_version(
    worker: User, places: list[tuple[float, float]], deeds: list[tuple[str, tuple[float, float]]]
) -> None:
    with transaction.atomic():
        standing = [
            add_place(by=worker, name="Bench", kind="bench", point=point_at(*spot))
            for spot in places
        ]
        shown = {tile: (make_place_tile(*tile), read_tile_versions(*tile)[1]) for tile in TILES}
        for number, (deed, spot) in enumerate(deeds):
            place = standing[number % len(standing)]
            try:
                with transaction.atomic():
                    DEEDS[deed](worker, place, point_at(*spot))
            except Refused:
                continue
            layer = describe_place_layer()
            for tile, (content, version) in shown.items():
                latest, own = read_tile_versions(*tile)
                now = make_place_tile(*tile)
                assert now == content or own > version, (deed, tile)
                assert own <= latest
                # What a page's script makes of it is an address that is served.
                made = int(address_of(layer, tile).split("/")[3])
                assert own <= made <= latest
                shown[tile] = now, own
        transaction.set_rollback(True)


def test_a_page_tells_the_latest_squares_and_one_version_for_the_rest(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "SQUARES_TOLD", 3)
    points = [make_point(0.3 * number) for number in range(6)]
    for point in points:
        bump_places([point])
    told: dict[str, Any] = describe_squares()
    assert told["version"] == 4  # of the third change, the latest that is left out
    assert sorted(told["squares"].values()) == [5, 6, 7]
    for point in points:
        for zoom in (5, 11, 12, 16):
            address = address_of(describe_place_layer(), tile_of(point, zoom))
            assert client.get(address).status_code == 200
    assert bump_layer("places") == 8
    assert describe_squares() == {"zoom": SQUARE_ZOOM, "version": 8, "squares": {}}
    assert not MapSquare.objects.exists()


def test_what_no_map_shows_leaves_all_tiles(client: Client) -> None:
    place = make_place()
    bump_layer("places")
    tile = tile_of(place.point, 14)
    address = address_of(describe_place_layer(), tile)
    bump_places([])
    assert places_version() == 3
    assert read_tile_versions(*tile) == (3, 2)
    assert address_of(describe_place_layer(), tile) == address
    # An address of any version since the tile's own is good.
    z, x, y = tile
    assert client.get(reverse("tiles:places", args=[3, z, x, y])).status_code == 200


@pytest.mark.parametrize(
    "point", [Point(-180, 85, srid=4326), Point(180, -85, srid=4326), Point(0, 0, srid=4326)]
)
def test_the_ends_of_the_world_have_squares(point: Point) -> None:
    last = 2**SQUARE_ZOOM - 1
    assert all(0 <= x <= last and 0 <= y <= last for x, y in squares_around(point))
    bump_places([point])
    assert LayerVersion.objects.get(layer="places").version == 2


@pytest.mark.django_db(transaction=True)
def test_writers_of_the_same_squares_wait_for_each_other() -> None:
    points = [make_point(0.001 * number) for number in range(5)]
    problems: list[BaseException] = []

    def write(order: list[Point]) -> None:
        try:
            for _ in range(5):
                with transaction.atomic():
                    bump_places(order)
        except BaseException as error:
            problems.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=write, args=(points[:: 1 if number % 2 else -1],))
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert places_version() == 21
