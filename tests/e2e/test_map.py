"""The map holds what the list holds, and can be used by everybody who asks for it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from places.baking import bake_area_tiles
from places.models import Area, Place
from places.vocabulary import CostToStay
from tests.e2e.test_pages import Shown, open_page, town
from tests.factories import PlaceFactory

__all__ = ["open_page", "town"]

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]

PLACES = Shown("places", lambda _town: "/places/")
FIGURES = Shown("figures", lambda _town: "/figures/?level=community")
OPEN = re.compile("Show on a map")


@pytest.fixture
def street(town: Area) -> list[Place]:
    """Five places a few steps apart."""
    zone = Area.objects.get(level="zone")
    places = []
    for step in range(5):
        point = zone.point.clone()
        point.x += step * 0.0005
        places.append(
            PlaceFactory.create(
                name=f"Shop {step}", area=zone, point=point, cost_to_stay=CostToStay.NOBODY_MINDS
            )
        )
    return places


def open_map(page: Page) -> None:
    page.get_by_role("button", name=OPEN).click()
    expect(page.locator("[data-in-view]")).to_be_attached(timeout=20_000)


def test_the_map_is_fetched_only_when_asked_for(
    open_page: Callable[..., Page], street: list[Place]
) -> None:
    page = open_page(PLACES)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    loaded = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    assert not any(url.endswith("/map.js") or "/tiles/" in url for url in loaded)
    assert page.locator("[data-map]").is_hidden()
    open_map(page)
    assert any(url.endswith("/map.js") for url in fetched)
    assert any("/tiles/places/" in url for url in fetched)


def test_the_map_says_how_many_places_it_holds_and_they_are_those_of_the_list(
    open_page: Callable[..., Page], street: list[Place]
) -> None:
    page = open_page(PLACES)
    rows = page.locator("[data-place-id]").count()
    assert rows == Place.objects.shown().count() == 6
    open_map(page)
    expect(page.locator("[data-map-status]")).to_have_text(f"Places in view: {rows}")


def test_the_map_works_by_keyboard_and_gives_the_focus_back(
    open_page: Callable[..., Page], street: list[Place]
) -> None:
    page = open_page(PLACES, path=f"/places/#map=17/{street[2].point.y}/{street[2].point.x}")
    expect(page.locator("[data-in-view]")).to_be_attached(timeout=20_000)
    target = page.locator("[data-map]")
    target.focus()
    page.keyboard.press("Enter")
    popup = page.locator("[data-map-popup]")
    expect(popup).to_contain_text("Shop 2")
    expect(popup).to_contain_text("free to stay")
    assert page.evaluate("document.activeElement.textContent") == "More about this"
    assert page.locator(f'[data-place-id="{street[2].pk}"][data-selected]').count() == 1
    page.keyboard.press("Escape")
    expect(popup).to_be_hidden()
    expect(target).to_be_focused()
    before = page.url
    page.keyboard.press("ArrowRight")
    expect(page).not_to_have_url(before)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/places/\w+/$"))


def test_the_page_scrolls_past_the_map(open_page: Callable[..., Page], street: list[Place]) -> None:
    page = open_page(PLACES, width=1280)
    open_map(page)
    page.evaluate("window.scrollTo(0, 0)")
    box = page.locator("[data-map]").bounding_box()
    assert box is not None
    zoom = page.url
    page.mouse.move(box["x"] + 50, min(box["y"] + 50, 780))
    page.mouse.wheel(0, 200)
    page.wait_for_timeout(500)
    assert page.evaluate("window.scrollY") > 0
    assert page.url == zoom


def test_pointing_at_a_row_lights_its_place(
    open_page: Callable[..., Page], street: list[Place]
) -> None:
    page = open_page(PLACES, width=1280)
    open_map(page)
    row = page.locator(f'[data-place-id="{street[0].pk}"]')
    row.locator("a").first.focus()
    expect(row).to_have_attribute("data-selected", "")
    other = page.locator(f'[data-place-id="{street[3].pk}"]')
    other.hover()
    expect(other).to_have_attribute("data-selected", "")
    assert page.locator("[data-selected]").count() == 1


def test_closing_the_map_leaves_the_list(
    open_page: Callable[..., Page], street: list[Place]
) -> None:
    page = open_page(PLACES)
    open_map(page)
    page.get_by_role("button", name="Close the map").click()
    assert page.locator("[data-map]").is_hidden()
    assert page.locator("[data-place-id]").count() == 6
    page.get_by_role("button", name=OPEN).click()
    assert page.locator("[data-map]").is_visible()


def test_without_a_script_there_is_no_button_that_does_nothing(
    open_page: Callable[..., Page], street: list[Place]
) -> None:
    page = open_page(PLACES, java_script_enabled=False)
    assert page.locator("[data-map-open]").is_hidden()
    assert page.locator("[data-place-id]").count() == 6


def test_the_map_of_figures_tells_the_figure_of_the_table(
    open_page: Callable[..., Page], town: Area
) -> None:
    bake_area_tiles(town.geography)
    page = open_page(
        FIGURES, width=1280, path=f"/figures/?level=community#map=13/{town.point.y}/{town.point.x}"
    )
    expect(page.locator('[data-in-view="1"]')).to_be_attached(timeout=20_000)
    row = page.locator(f'[data-area-id="{town.pk}"]')
    page.locator("[data-map]").focus()
    page.keyboard.press("Enter")
    popup = page.locator("[data-map-popup]")
    expect(popup).to_contain_text("Harbourside")
    figure = popup.locator("[data-popup-text]").inner_text()
    assert figure
    assert figure in row.inner_text()
    assert row.get_attribute("data-selected") == ""
