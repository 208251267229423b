"""Drawing an area in a real browser: by pointer, by keyboard, and shown again."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from kinder.accounts.models import Role, User
from places.actions import rebuild_ancestors
from places.models import Geography, SavedArea
from places.tiles import bake_area_tiles
from places.vocabulary import AreaLevel
from tests.factories.accounts import make_member
from tests.factories.places import make_place, make_point, make_square
from tests.pictures import take_picture

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]


@pytest.fixture
def worker() -> User:
    return make_member(Role.WORKER)


@pytest.fixture
def town() -> Geography:
    geography = Geography.objects.create(slug="invented", name="Invented", is_current=True)
    council = make_square("C1", geography=geography, level=AreaLevel.COUNCIL, name="Southside")
    make_square("N1", geography=geography, level=AreaLevel.INTERMEDIATE, parent=council)
    rebuild_ancestors(geography)
    bake_area_tiles(geography)
    make_place("Rowan Library", point=make_point())
    return geography


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer, worker: User) -> Iterator[Any]:
    """Open an address, signed in as a worker or as told; it must say nothing to the console."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def open_it(address: str, *, width: int = 1280, by: User | None = worker, **kind: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, **kind)
        contexts.append(context)
        if by is not None:
            signed_in = Client()
            signed_in.force_login(by)
            session = signed_in.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(live_server.url + address)
        return page

    yield open_it
    for context in contexts:
        context.close()
    # A form that comes back with what to mend is no fault of the page.
    assert [line for line in said if not re.search(r"status of (422|409)", line)] == []


def find_violations(page: Page) -> list[str]:
    results = Axe().run(page)
    return [
        f"{violation['id']}: {node['html']}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]


def begin_drawing(page: Page) -> None:
    page.get_by_label("Name of the area").fill("Around the library")
    page.get_by_label("Draw it on a map").check()
    page.get_by_role("button", name="Open the map to draw").click()
    expect(page.locator("[data-map] canvas").first).to_be_visible(timeout=20_000)


@pytest.mark.parametrize("width", [360, 1280])
def test_an_area_is_drawn_with_the_pointer(
    open_page: Callable[..., Page], town: Geography, width: int
) -> None:
    page = open_page("/places/areas/new/", width=width)
    begin_drawing(page)
    area = page.locator("[data-map]")
    area.scroll_into_view_if_needed()
    for x, y in ((90, 120), (230, 120), (230, 240), (90, 240), (90, 120)):
        area.click(position={"x": x, "y": y})
        page.wait_for_timeout(350)  # two clicks at once are a double click
    expect(page.locator("[data-map-status]")).to_contain_text("4 corners")
    take_picture(page, f"area-draw-{width}")
    page.get_by_role("button", name="Save the area").click()
    expect(page.locator("h1")).to_have_text("Around the library")
    saved = SavedArea.objects.get()
    assert saved.made == "drawn"
    assert saved.geometry.num_coords == 5
    assert find_violations(page) == []
    page.get_by_role("button", name="Show on a map").click()
    expect(page.locator("[data-map] canvas").first).to_be_visible(timeout=20_000)
    take_picture(page, f"area-{width}")


def test_an_area_is_drawn_by_keyboard(open_page: Callable[..., Page], town: Geography) -> None:
    page = open_page("/places/areas/new/")
    begin_drawing(page)
    page.locator("[data-map]").focus()
    for moves in ("", "ArrowRight", "ArrowDown", "ArrowLeft"):
        if moves:
            page.keyboard.press(moves)
            page.wait_for_timeout(400)
        page.keyboard.press("Enter")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    expect(page.locator("[data-map-status]")).to_contain_text("Corners so far")
    page.get_by_role("button", name="Finish the area").click()
    expect(page.locator("[data-map-status]")).to_contain_text("The area is drawn")
    drawn = json.loads(page.locator("#id_drawn").input_value())
    assert drawn["type"] == "MultiPolygon"
    page.get_by_role("button", name="Begin again").click()
    assert page.locator("#id_drawn").input_value() == ""


def test_a_circle_is_made_without_a_script(
    open_page: Callable[..., Page], town: Geography, worker: User
) -> None:
    page = open_page("/places/areas/new/", width=360, java_script_enabled=False)
    page.get_by_label("Name of the area").fill("Round the square")
    page.get_by_role("textbox", name="Postcode or place").fill("Southside")
    page.get_by_role("button", name="Save the area").click()
    expect(page.locator("h1")).to_have_text("Round the square")
    assert SavedArea.objects.get().made == "circle"


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_of_areas_keep_the_rules(
    open_page: Callable[..., Page], town: Geography, width: int, theme: Any
) -> None:
    for name, address in (("areas", "/places/areas/"), ("area-add", "/places/areas/new/")):
        page = open_page(address, width=width, color_scheme=theme)
        assert find_violations(page) == []
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
        take_picture(page, f"{name}-{width}-{theme}")
