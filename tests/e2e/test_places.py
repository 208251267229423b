"""Places in a real browser: the map that opens beside the list, and what the device keeps to itself."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from places.actions import bump_layer, hide_place, rebuild_ancestors
from places.models import Geography, Place
from places.tiles import bake_area_tiles
from places.vocabulary import AreaLevel
from tests.factories.accounts import make_member
from tests.factories.places import make_place, make_point, make_square
from tests.pictures import take_picture

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]
WIDTHS = pytest.mark.parametrize("width", [360, 1280])


@pytest.fixture
def town() -> list[Place]:
    """Twelve places along a street: every second one free, every third step-free."""
    geography = Geography.objects.create(slug="invented", name="Invented", is_current=True)
    council = make_square("C1", geography=geography, level=AreaLevel.COUNCIL, name="Southside")
    zone = make_square("Z1", geography=geography, parent=council)
    rebuild_ancestors(geography)
    bake_area_tiles(geography)
    made = [
        make_place(
            f"{kind.replace('_', ' ').title()} {number:02}",
            kind=kind,
            area=zone,
            point=make_point(0.0008 * number, 0.0003 * (number % 3)),
            address=f"{number + 1} Rope Walk",
            opening_hours="24/7" if number % 4 else "",
            cost_to_stay="free" if number % 2 else "small_purchase",
            welcome={"step_free": "yes"} if number % 3 == 0 else {},
        )
        for number, kind in enumerate(["cafe", "library", "pub", "park", "bench", "local_shop"] * 2)
    ]
    bump_layer("places")
    return made


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    """Open an address in a context of its own; it must say nothing to the console."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def open_it(address: str, *, width: int = 360, **kind: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 800}, **kind)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(live_server.url + address)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert said == []


def open_map(page: Page, places: int) -> None:
    page.get_by_role("button", name="Show on a map").click()
    expect(page.locator("#map-panel")).to_have_attribute(
        "data-in-view", str(places), timeout=15_000
    )


def find_violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


@WIDTHS
def test_the_map_shows_as_many_places_as_the_list(
    open_page: Callable[..., Page], town: list[Place], width: int
) -> None:
    page = open_page("/places/", width=width)
    assert page.locator("#places > li").count() == len(town)
    open_map(page, len(town))
    page.locator("#map-panel").scroll_into_view_if_needed()
    page.wait_for_timeout(300)  # borders and signs are painted
    take_picture(page, f"places-map-{width}", is_whole=False)
    assert find_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@WIDTHS
def test_a_filtered_list_filters_the_map(
    open_page: Callable[..., Page], town: list[Place], width: int
) -> None:
    page = open_page("/places/", width=width)
    page.get_by_label("Free to stay").check()
    page.get_by_label("Step-free").check()
    page.get_by_role("button", name="Find places").click()
    expect(page).to_have_url(re.compile(r"free=on&step_free=on"))
    found = [place for number, place in enumerate(town) if number % 2 and number % 3 == 0]
    assert page.locator(".list-title").all_inner_texts() == sorted(place.name for place in found)
    open_map(page, len(found))


def test_a_row_and_its_place_on_the_map_belong_together(
    open_page: Callable[..., Page], town: list[Place]
) -> None:
    page = open_page("/places/", width=1280)
    open_map(page, len(town))
    page.locator("#places > li").nth(2).hover()
    expect(page.locator("#places > li[data-selected]")).to_have_count(1)
    expect(page.locator("#places > li").nth(2)).to_have_attribute("data-selected", "")
    # By keyboard: the middle of the map is chosen with Enter, and leads to its page.
    page.locator("[data-map]").focus()
    page.keyboard.press("Enter")
    popup = page.locator("[data-map-popup]")
    expect(popup).to_be_visible()
    name = popup.locator("[data-popup-title]").inner_text()
    assert name in {place.name for place in town}
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_what_a_worker_hides_is_gone_from_map_and_list(
    open_page: Callable[..., Page], town: list[Place]
) -> None:
    page = open_page("/places/")
    open_map(page, len(town))
    hide_place(by=make_member("worker"), place=town[0], reason="asked")  # type: ignore[arg-type]
    page.goto(page.url.split("#", maxsplit=1)[0])
    assert page.locator("#places > li").count() == len(town) - 1
    open_map(page, len(town) - 1)


def test_the_device_sorts_by_itself(open_page: Callable[..., Page], town: list[Place]) -> None:
    here = make_point(0.0008 * 9)
    sent: list[str] = []
    page = open_page(
        "/places/",
        geolocation={"longitude": here.x, "latitude": here.y},
        permissions=["geolocation"],
    )
    page.wait_for_load_state("networkidle")
    page.on("request", lambda request: sent.append(request.url))
    page.get_by_role("button", name="Sort by how near they are to me").click()
    expect(page.get_by_role("status").first).to_contain_text("Your position stayed on this device")
    nearest = page.locator("#places > li").first
    expect(nearest.locator(".list-title")).to_have_text(town[9].name)
    expect(nearest.locator(".distance")).to_contain_text("m")
    assert sent == []


def test_without_a_position_the_list_stays(
    open_page: Callable[..., Page], town: list[Place]
) -> None:
    page = open_page("/places/", permissions=[])
    before = page.locator(".list-title").all_inner_texts()
    page.get_by_role("button", name="Sort by how near they are to me").click()
    expect(page.get_by_text("We can't tell where you are.")).to_be_visible()
    assert page.locator(".list-title").all_inner_texts() == before


def test_all_of_it_without_scripts(open_page: Callable[..., Page], town: list[Place]) -> None:
    page = open_page("/places/", java_script_enabled=False)
    assert not page.get_by_role("button", name="Show on a map").is_visible()
    assert not page.get_by_role("button", name="Sort by how near").is_visible()
    page.get_by_label("Name, street or kind of place").fill("library")
    page.get_by_label("Free to stay").check()
    page.get_by_role("button", name="Find places").click()
    page.locator("a.list-title").first.click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Library")
    assert page.get_by_text("Every day: all day").is_visible()


def test_an_unknown_postcode_takes_the_focus(
    open_page: Callable[..., Page], town: list[Place]
) -> None:
    page = open_page("/places/?near=ZE1+0AA")
    assert page.evaluate("document.activeElement.className") == "error-summary"
    page.get_by_role("link", name="We couldn't find that postcode.").click()
    assert page.evaluate("document.activeElement.id") == "id_near"
    assert find_violations(page) == []


@WIDTHS
def test_the_page_of_a_place(open_page: Callable[..., Page], town: list[Place], width: int) -> None:
    page = open_page(f"/places/{town[3].code}/", width=width)
    assert page.get_by_text("We don't show moments on places.").is_visible()
    take_picture(page, f"place-{width}")
    assert find_violations(page) == []
