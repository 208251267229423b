"""How a funder says which area: by map, postcode, circle, drawing and file, in a real browser; by
mouse, by keyboard and without scripts."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from places.models import Area, Postcode
from places.shapes import MAX_UPLOAD
from places.tiles import bake_area_tiles
from tests.e2e.looking import find_violations
from tests.factories import (
    CommunityFactory,
    CouncilFactory,
    NeighbourhoodFactory,
    ZoneFactory,
    make_square,
)
from tests.factories.releases import publish_figures
from tests.pictures import take_picture

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]


@pytest.fixture(autouse=True)
def let_go() -> Iterator[None]:
    yield
    connections["reports"].close()


@pytest.fixture
def town() -> Area:
    """A community with three neighbourhoods, each with figures, and a postcode in the first."""
    whole = make_square(-4.3, 55.8, 0.06)
    council = CouncilFactory.create(name="Testshire", geometry=whole)
    community: Area = CommunityFactory.create(
        name="Harbourside", parent=council, population=9_000, geometry=whole
    )
    figures: list[tuple[Area, str, dict[str, Any]]] = [
        (community, "C1", {"value": 38.5, "coverage": 82.0})
    ]
    for number, name in enumerate(("North Shore", "Mid Shore", "South Shore")):
        land = make_square(-4.3 + 0.02 * number, 55.8, 0.02)
        hood = NeighbourhoodFactory.create(
            name=name, parent=community, population=3_000, geometry=land
        )
        zone = ZoneFactory.create(parent=hood, population=3_000, geometry=land)
        figures.append((hood, "C1", {"value": 41.0 + number, "coverage": 79.0}))
        if not number:
            Postcode.objects.create(code="ZZ1 1ZZ", point=zone.point, area=zone)
    publish_figures(figures)
    bake_area_tiles(community.geography)
    return community


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    contexts = []
    said: list[str] = []

    def open_it(address: str, *, width: int = 1280, **kind: Any) -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 900}, **kind
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(address)
        return page

    yield open_it
    for context in contexts:
        context.close()
    # A browser reports the status of a form to mend.
    assert [line for line in said if "status of 422" not in line] == []


def open_map(page: Page) -> None:
    page.locator("[data-map-open]").click()
    expect(page.locator("[data-map] canvas").first).to_be_visible(timeout=20_000)


def at(area: Area, zoom: int = 13) -> str:
    return f"#map={zoom}/{area.point.y}/{area.point.x}"


@pytest.mark.parametrize("is_by_mouse", [True, False])
def test_an_area_is_chosen_on_the_map_and_keeps_its_quarter(
    open_page: Callable[..., Page], town: Area, is_by_mouse: bool
) -> None:
    hood = Area.objects.get(name="North Shore")
    page = open_page(f"/figures/?level=intermediate&indicator=C1&release=2026-Q1{at(hood)}")
    expect(page.locator("[data-in-view]")).to_be_attached(timeout=20_000)
    target = page.locator("[data-map]")
    target.scroll_into_view_if_needed()
    popup = page.locator("[data-map-popup]")
    if is_by_mouse:
        box = target.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    else:
        target.focus()
        page.keyboard.press("Enter")
    expect(popup).to_contain_text("North Shore")
    expect(popup).to_contain_text("41")
    assert find_violations(page) == []
    take_picture(page, f"funder-map-chosen-{'mouse' if is_by_mouse else 'keys'}")
    link = popup.get_by_role("link")
    if is_by_mouse:
        link.click()
    else:
        expect(link).to_be_focused()
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="North Shore")).to_be_visible()
    assert page.url.endswith("?release=2026-Q1")


def test_a_postcode_leads_to_the_areas_around_it_without_a_script(
    open_page: Callable[..., Page], town: Area
) -> None:
    page = open_page("/reports/", width=360, java_script_enabled=False)
    page.get_by_label("Area's name, code or postcode").fill("zz11zz")
    page.keyboard.press("Enter")
    expect(page.locator("main .list-title")).to_have_text(
        ["North Shore", "Harbourside", "Testshire"]
    )
    page.get_by_role("link", name="North Shore", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="North Shore")).to_be_visible()
    expect(page.locator("[data-map-open]")).to_have_count(0)


def check_figures_of_three(page: Page) -> None:
    expect(page.get_by_role("heading", name="What it was snapped to")).to_be_visible()
    expect(page.get_by_text("3 neighbourhoods")).to_be_visible()
    row = page.locator('tr[data-indicator="C1"]')
    expect(row.locator("td").first).to_have_text("42")


@pytest.mark.parametrize("width", [360, 1280])
def test_an_area_is_drawn_with_the_pointer(
    open_page: Callable[..., Page], town: Area, width: int
) -> None:
    page = open_page("/reports/drawn/", width=width)
    page.get_by_label("Draw it on a map").check()
    open_map(page)
    target = page.locator("[data-map]")
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box is not None
    east, south = box["width"] - 8, box["height"] - 8
    # Clear of the buttons that zoom, in the upper corner.
    for x, y in ((8, 130), (east, 130), (east, south), (8, south), (8, 130)):
        target.click(position={"x": x, "y": y})
        page.wait_for_timeout(350)  # two clicks at once are a double click
    expect(page.locator("[data-map-status]")).to_contain_text("4 corners")
    take_picture(page, f"funder-draw-{width}")
    page.get_by_role("button", name="Show the figures").click()
    check_figures_of_three(page)
    open_map(page)
    take_picture(page, f"funder-drawn-{width}")
    address = page.url
    page.goto("/")
    page.goto(address)
    check_figures_of_three(page)


def test_an_area_is_drawn_by_keyboard(open_page: Callable[..., Page], town: Area) -> None:
    page = open_page("/reports/drawn/")
    page.get_by_label("Draw it on a map").focus()
    page.keyboard.press("Space")
    page.locator("[data-map-open]").focus()
    page.keyboard.press("Enter")
    target = page.locator("[data-map]")
    expect(target.locator("canvas").first).to_be_visible(timeout=20_000)
    expect(target).to_be_focused()
    ways = (
        ("ArrowUp", "ArrowUp", "ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowLeft"),
        ("ArrowRight",) * 8,
        ("ArrowDown",) * 4,
        ("ArrowLeft",) * 8,
    )
    for corners, steps in enumerate(ways, start=1):
        for step in steps:
            page.keyboard.press(step)
            page.wait_for_timeout(350)  # the map glides
        page.keyboard.press("Enter")
        expect(page.locator("[data-map-status]")).to_have_text(f"Corners so far: {corners}.")
    finish = page.get_by_role("button", name="Finish the area")
    finish.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-map-status]")).to_contain_text("The area is drawn")
    page.get_by_role("button", name="Show the figures").focus()
    page.keyboard.press("Enter")
    check_figures_of_three(page)


@pytest.mark.parametrize("has_script", [True, False])
def test_a_circle_around_a_postcode_and_areas_from_the_list_need_no_script(
    open_page: Callable[..., Page], town: Area, has_script: bool
) -> None:
    page = open_page("/reports/drawn/", width=360, java_script_enabled=has_script)
    near = page.get_by_role("textbox", name="Postcode or place")
    near.fill("ZZ9 9ZZ")
    page.get_by_label("How far around it, in metres").fill("30000")
    page.get_by_role("button", name="Show the figures").click()
    expect(page.locator(".error-summary")).to_contain_text("We couldn't find that postcode")
    # Nothing that was typed is lost.
    expect(near).to_have_value("ZZ9 9ZZ")
    expect(page.get_by_label("How far around it, in metres")).to_have_value("30000")
    near.fill("ZZ1 1ZZ")
    page.get_by_role("button", name="Show the figures").click()
    check_figures_of_three(page)

    page.goto("/reports/drawn/")
    page.get_by_label("Areas from the list").check()
    codes = list(Area.objects.filter(level="intermediate").values_list("code", flat=True))
    page.locator("select[name=areas]").select_option(codes)
    page.get_by_role("button", name="Show the figures").click()
    check_figures_of_three(page)


def make_file(corners: list[list[float]], **more: Any) -> bytes:
    shape = {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}
    return json.dumps({"type": "Feature", "properties": {}, "geometry": shape, **more}).encode()


GRID = make_file(
    [[258_000, 665_000], [259_000, 665_000], [259_000, 666_000]],
    crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}},
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b'{"type": "Feature", "geom', "We can't read this file"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "We can't read this file"),
        (b" " * (MAX_UPLOAD + 1), "This file is too large: at most 5 MB."),
        (GRID, "Is the file in degrees?"),
        (make_file([[0, 0], [0.00001 * 5, 3], [90, 40]]), "This area is too large"),
        (make_file([[-30, 10], [-29, 10], [-29, 11]]), "Nobody"),
    ],
    ids=["empty", "broken", "picture", "huge", "foreign-system", "too-wide", "elsewhere"],
)
def test_a_file_that_cannot_be_used_is_told_in_clear_words(
    open_page: Callable[..., Page], town: Area, tmp_path: Path, content: bytes, words: str
) -> None:
    file = tmp_path / "ours.geojson"
    file.write_bytes(content)
    page = open_page("/reports/drawn/", width=360)
    page.get_by_role("textbox", name="Postcode or place").fill("ZZ1 1ZZ")
    page.get_by_label("A file: GeoJSON").check()
    page.get_by_label("File with the area").set_input_files(file)
    page.get_by_role("button", name="Show the figures").click()
    alert = page.locator(".error-summary, .notice-bad").first
    expect(alert).to_contain_text(words)
    assert find_violations(page) == []
    if page.locator(".error-summary").count():
        # The way that was chosen, and what stands in the others, is as it was.
        expect(page.get_by_label("A file: GeoJSON")).to_be_checked()
        expect(page.locator("[name=near]")).to_have_value("ZZ1 1ZZ")
        take_picture(page, f"funder-file-{words[:8].strip()}")
