"""The background of the map in a real browser: a real extract, part by part, named as its makers ask."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from csp.middleware import CSPMiddleware
from django.core.management import call_command
from PIL import Image
from playwright.sync_api import Page, Response, Route, expect
from pytest_django import Settings

from kinder.accounts.middleware import PolicyMiddleware
from places.models import Place
from tests.e2e.test_places import open_page, town
from tests.pictures import take_picture

__all__ = ["open_page", "town"]
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]


@pytest.fixture
def background(sample_data: Path, tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path
    call_command("make_basemap", str(sample_data / "places" / "osm_helsinki_centre.osm.pbf"))


@pytest.mark.usefixtures("background")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_streets_and_names_are_drawn_from_parts_of_the_file(
    open_page: Callable[..., Page], town: list[Place], scheme: str
) -> None:
    page = open_page("/places/", width=1280, color_scheme=scheme)
    answers: list[Response] = []
    page.on(
        "response",
        lambda answer: answers.append(answer) if "basemap.pmtiles" in answer.url else None,
    )
    page.goto(page.url + "#map=15/60.1705/24.9414")
    page.reload()
    expect(page.locator("[data-in-view]")).to_be_attached(timeout=20_000)
    expect(page.get_by_text("© OpenStreetMap contributors")).to_be_visible()
    canvas = page.locator("[data-map] canvas").first
    canvas.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # the last tiles are painted
    assert answers
    assert {answer.status for answer in answers} == {206}
    assert all("range" in answer.request.headers for answer in answers)
    colours = Image.open(io.BytesIO(canvas.screenshot())).convert("RGB").getcolors(1_000_000)
    assert colours is not None
    # Paper, green, buildings and streets, and the soft edges between them.
    assert len([count for count, _colour in colours if count > 200]) >= 5
    take_picture(page, f"background-{scheme}", is_whole=False)


def test_tiles_of_somebody_elses_are_drawn_where_the_settings_name_them(
    open_page: Callable[..., Page],
    town: list[Place],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    origin = "https://tiles.example"
    settings.BASEMAP_URL = origin + "/{z}/{x}/{y}.png"
    settings.BASEMAP_ATTRIBUTION = "© Somebody's maps"
    # What settings make of the address when they are read, which a running server did before.
    monkeypatch.setattr(PolicyMiddleware, "process_response", CSPMiddleware.process_response)
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    sources = {"img-src": [*policy["img-src"], origin]}
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": policy | sources}
    tile = io.BytesIO()
    Image.new("RGB", (256, 256), (0, 90, 200)).save(tile, "PNG")
    page = open_page("/places/", width=1280)
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body=tile.getvalue(), content_type="image/png")

    page.route(f"{origin}/**", answer)
    page.get_by_role("button", name="Show on a map").click()
    expect(page.locator("[data-in-view]")).to_be_attached(timeout=20_000)
    expect(page.get_by_text("© Somebody's maps")).to_be_visible()
    canvas = page.locator("[data-map] canvas").first
    canvas.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # the last tiles are painted
    assert asked
    painted = Image.open(io.BytesIO(canvas.screenshot())).convert("RGB")
    # How much is bluer than it is red: all but the places and the letters.
    red, _green, blue = (band.tobytes() for band in painted.split())
    is_blue = [b > 2 * r for r, b in zip(red, blue, strict=True)]
    assert sum(is_blue) > len(is_blue) / 2
    # Nothing but a tile's number is told to whoever draws them.
    assert all(re.fullmatch(rf"{origin}/\d+/\d+/\d+\.png", address) for address in asked)
