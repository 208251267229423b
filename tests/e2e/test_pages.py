"""Every page in a real browser: accessibility rules, reflow, themes, and a screenshot to look at.

A room adds its pages to PAGES; each gets all of these tests. Screenshots are left under
.local/screenshots/.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from connections.reports.actions import ask_report, cancel_report
from connections.reports.drawn import keep_shape
from connections.reports.question import Question
from connections.reports.vocabulary import Format
from places.models import Area, Gathering, Place
from places.vocabulary import CostToStay, PlaceKind
from tests.e2e.looking import (
    TOO_WIDE,
    find_cut_text,
    find_small_targets,
    find_violations,
    walk_by_keyboard,
)
from tests.factories import CommunityFactory, NeighbourhoodFactory, PlaceFactory, ZoneFactory
from tests.factories.releases import publish_figures
from tests.pictures import take_picture

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]


@dataclass(frozen=True)
class Shown:
    """A page and the address under which it is seen once `town` is there."""

    name: str
    address: Callable[[Area], str]


def stop_a_report(town: Area) -> object:
    """Return the key of a report that somebody asked for and stopped."""
    question = Question(period="2026-Q1", areas=(town.code,), language="en-gb")
    report = ask_report(by=None, question=question, formats=[Format.PDF, Format.CSV])
    cancel_report(by=None, report=report)
    return report.pk


def draw_around(town: Area) -> object:
    """Return the key of a shape drawn around the zone of the town's neighbourhood."""
    zone = town.children.get().children.get()
    return keep_shape(shape=zone.geometry, made="drawn").pk


PAGES = [
    Shown("home", lambda _town: "/"),
    Shown("area", lambda town: f"/areas/{town.code}/"),
    Shown("search", lambda _town: "/search/?q=rowan"),
    Shown("search-nothing", lambda _town: "/search/?q=G20+9ZZ"),
    Shown("log", lambda town: f"/log/?area={town.code}"),
    Shown("log-new", lambda _town: "/log/"),
    Shown("hard", lambda _town: "/log/hard/"),
    Shown("log-offline", lambda _town: "/log/offline/"),
    Shown("hard-offline", lambda _town: "/log/hard/offline/"),
    Shown("code", lambda _town: "/my/code/"),
    Shown("enter-code", lambda _town: "/my/code/enter/"),
    Shown("waiting", lambda _town: "/waiting/"),
    Shown("offline", lambda _town: "/offline/"),
    Shown("my", lambda _town: "/my/"),
    Shown("my-forget", lambda _town: "/my/forget/"),
    Shown("my-shared", lambda _town: "/my/shared/"),
    Shown("my-day", lambda _town: "/my/day/"),
    Shown("my-day-join", lambda _town: "/my/day/join/"),
    Shown("my-day-leave", lambda _town: "/my/day/leave/any/"),
    Shown("card", lambda _town: "/card/"),
    Shown("worry", lambda _town: "/worry/"),
    Shown("thank", lambda _town: f"/places/{Place.objects.get().code}/thank/"),
    Shown("places", lambda _town: "/places/"),
    Shown("places-none", lambda _town: "/places/?q=zoo"),
    Shown("place", lambda _town: f"/places/{Place.objects.get().code}/"),
    Shown("about", lambda _town: "/about/"),
    Shown("privacy", lambda _town: "/privacy/"),
    Shown("accessibility", lambda _town: "/accessibility/"),
    Shown("appearance", lambda _town: "/settings/look/"),
    Shown("reports", lambda _town: "/reports/"),
    Shown("report", lambda town: f"/reports/{town.code}/"),
    Shown("figures", lambda _town: "/figures/?level=community"),
    Shown("compare", lambda town: f"/reports/compare/?area={town.code}"),
    Shown(
        "compare-two",
        lambda town: f"/reports/compare/?area={town.code}&area={town.children.get().code}",
    ),
    Shown("build-report", lambda town: f"/reports/build/?area={town.code}"),
    Shown("built-report", lambda town: f"/reports/built/{stop_a_report(town)}/"),
    Shown("draw-area", lambda _town: "/reports/drawn/"),
    Shown("drawn-area", lambda town: f"/reports/drawn/{draw_around(town)}/"),
    Shown("released-data", lambda _town: "/data/"),
    Shown("places", lambda _town: "/places/"),
    Shown("place", lambda _town: f"/places/{Place.objects.get().code}/"),
    Shown("company", lambda _town: f"/places/{Place.objects.get().code}/company/"),
    Shown("company-gathering", lambda _town: f"/whats-on/{Gathering.objects.get().code}/company/"),
    Shown("suggest-place", lambda _town: "/places/suggest/"),
    Shown("suggest-change", lambda _town: f"/places/{Place.objects.get().code}/suggest/"),
    Shown("send-photo", lambda _town: f"/places/{Place.objects.get().code}/photo/"),
    Shown("method", lambda _town: "/method/"),
    Shown("sign-in", lambda _town: "/accounts/login/"),
    Shown("whats-on", lambda _town: "/whats-on/"),
    Shown("whats-on-none", lambda _town: "/whats-on/?q=zoo"),
    Shown("gathering", lambda _town: f"/whats-on/{Gathering.objects.get().code}/"),
    Shown("gathering-suggest", lambda _town: "/whats-on/suggest/"),
    Shown("open-data", lambda _town: "/ogc/?f=html"),
    Shown("open-data-places", lambda _town: "/ogc/collections/places/items?f=html"),
    Shown("data-protection", lambda _town: "/privacy/data/"),
    Shown("my-data", lambda _town: "/my/data/"),
    Shown("erased", lambda _town: "/my/data/erased/"),
    Shown("invitation-over", lambda _town: f"/invitations/{'A' * 43}/"),
    Shown("new-password", lambda _town: "/accounts/password/reset/"),
    Shown("not-found", lambda _town: "/nothing-here/"),
]
BY_NAME = {shown.name: shown for shown in PAGES}
every_page = pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.name)


@pytest.fixture
def town() -> Area:
    """A community with a place, something on, and neighbourhoods."""
    community = CommunityFactory.create(name="Harbourside")
    neighbourhood = NeighbourhoodFactory.create(name="Harbourside North", parent=community)
    zone = ZoneFactory.create(parent=neighbourhood)
    place = PlaceFactory.create(
        name="Rowan Library",
        kind=PlaceKind.LIBRARY,
        area=zone,
        opening_hours="24/7",
        cost_to_stay=CostToStay.FREE,
    )
    Gathering.objects.create(
        title="Soup and a seat",
        place=place,
        minutes=90,
        recurrence="FREQ=DAILY",
        starts_at=datetime(2026, 1, 7, 12, tzinfo=UTC),
        state=Gathering.State.SHOWN,
        food="Soup",
    )
    publish_figures(
        [
            (community, "A1", {"people": 140, "value": 28.0, "lower": 25.0, "upper": 31.0}),
            (community, "A3", {"people": 140, "value": 62.0, "lower": 57.0, "upper": 67.0}),
            (community, "C1", {"value": 38.5, "coverage": 82.0}),
            (neighbourhood, "A1", {}),
            (neighbourhood, "C1", {"value": 41.0, "coverage": 79.0}),
        ]
    )
    return community


@pytest.fixture
def open_page(
    browser: Browser, live_server: LiveServer, town: Area
) -> Iterator[Callable[..., Page]]:
    """Open a page in a context of its own; it must say nothing to the console."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def open_it(
        shown: Shown, *, width: int = 360, path: str = "", prefix: str = "", **kind: Any
    ) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 800}, **kind)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(live_server.url + prefix + (path or shown.address(town)))
        return page

    yield open_it
    for context in contexts:
        context.close()
    # A browser reports the status of a page that is meant to be missing.
    assert [line for line in said if "404" not in line] == []


@every_page
def test_rules_of_accessibility(open_page: Callable[..., Page], shown: Shown) -> None:
    page = open_page(shown)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 800})
            take_picture(page, f"{shown.name}-{width}-{theme}")
        assert find_violations(page) == [], theme


@every_page
def test_targets_are_large_and_text_may_grow(open_page: Callable[..., Page], shown: Shown) -> None:
    page = open_page(shown, width=320)
    assert not page.evaluate(TOO_WIDE)
    # To the end, past the way out that stands over the lower edge of a page.
    to_the_end = "scrollTo(0, document.documentElement.scrollHeight)"
    page.evaluate(to_the_end)
    assert find_violations(page) == [], "at 320 pixels"
    small = find_small_targets(page)
    assert small == []
    cut = find_cut_text(page)
    assert cut == []
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    page.set_viewport_size({"width": 640, "height": 800})
    assert not page.evaluate(TOO_WIDE)
    page.evaluate(to_the_end)
    assert find_violations(page) == [], "with text of 200 %"


@every_page
def test_the_keyboard_sees_where_it_is(open_page: Callable[..., Page], shown: Shown) -> None:
    page = open_page(shown)
    walk_by_keyboard(page)


@every_page
def test_page_in_urdu_runs_right_to_left(open_page: Callable[..., Page], shown: Shown) -> None:
    page = open_page(shown, prefix="/ur")
    assert page.evaluate("getComputedStyle(document.documentElement).direction") == "rtl"
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    take_picture(page, f"{shown.name}-360-urdu")
    # To the end, past the way out that stands over the lower edge of a page.
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    assert find_violations(page) == []


@every_page
def test_page_needs_no_script(open_page: Callable[..., Page], shown: Shown) -> None:
    page = open_page(shown, java_script_enabled=False)
    assert page.locator("h1").count() == 1
    assert page.locator("main").inner_text().strip()


@every_page
def test_page_in_the_readers_own_ways(open_page: Callable[..., Page], shown: Shown) -> None:
    page = open_page(shown, width=1280, forced_colors="active", reduced_motion="reduce")
    take_picture(page, f"{shown.name}-1280-forced")
    assert page.locator("h1").is_visible()
    moving = page.evaluate(
        """() => [...document.querySelectorAll("*")].filter((one) =>
            parseFloat(getComputedStyle(one).transitionDuration) > 0).length"""
    )
    assert moving == 0


def test_page_prints_without_its_frame(open_page: Callable[..., Page], town: Area) -> None:
    page = open_page(BY_NAME["area"])
    page.emulate_media(media="print")
    assert not page.locator(".site-header").is_visible()
    assert not page.locator(".site-footer").is_visible()
    assert page.locator("h1").is_visible()
    take_picture(page, "area-print")


def test_a_visitor_finds_the_neighbourhood_by_name_without_a_script(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(BY_NAME["home"], java_script_enabled=False)
    page.get_by_label("Find your neighbourhood or a place").fill("harbourside")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Harbourside", exact=True).click()
    assert page.locator("h1").inner_text() == "Harbourside"
    assert page.get_by_text("1 free to stay, 1 of them open now.").is_visible()


def test_a_visitor_turns_the_page_dark_and_the_text_large(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(BY_NAME["appearance"])
    page.get_by_label("Dark").check()
    page.get_by_label("Larger").check()
    page.get_by_role("button", name="Save").click()
    assert page.get_by_text("Saved.").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 32, 30)"
    assert page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") == 21
