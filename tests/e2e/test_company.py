"""Company asked for on a phone, by keyboard alone, with a script and without, and seen by others."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from kinder.accounts import screening
from places.models import CompanyNotice, Place
from places.vocabulary import PlaceKind
from tests.e2e.looking import find_violations
from tests.factories import CommunityFactory, NeighbourhoodFactory, PlaceFactory, ZoneFactory
from tests.pictures import take_picture

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Place:
    # A test types faster than anybody reads.
    monkeypatch.setattr(screening, "LEAST_SECONDS", 0)
    community = CommunityFactory.create(name="Harbourside")
    neighbourhood = NeighbourhoodFactory.create(name="Harbourside North", parent=community)
    place: Place = PlaceFactory.create(
        name="Rowan Library",
        kind=PlaceKind.LIBRARY,
        area=ZoneFactory.create(parent=neighbourhood),
        opening_hours="24/7",
    )
    return place


@pytest.fixture
def open_phone(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []

    def open_it(path: str, **kind: Any) -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": 360, "height": 740}, **kind
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(path)
        return page

    yield open_it
    for context in contexts:
        context.close()


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until the focus is on `wanted`, as somebody without a mouse does."""
    for _press in range(80):
        if wanted.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"The keyboard does not reach {wanted}")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_by_keyboard_alone_from_the_place_to_taking_it_back(
    open_phone: Callable[..., Page], library: Place, script: bool
) -> None:
    page = open_phone(f"/places/{library.code}/", java_script_enabled=script)
    tab_to(page, page.get_by_role("link", name="Ask for company, or offer it"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("I would like company"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_label("A cuppa and a chat"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_label("Which day?"))
    page.keyboard.press("ArrowDown")  # tomorrow, whatever the hour is now
    tab_to(page, page.get_by_label("I am 18 or older"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_role("button", name="Put it up"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You asked for company")).to_be_visible()
    expect(page.get_by_text("This seat is free").first).to_be_visible()
    assert CompanyNotice.objects.get().thing == "chat"
    tab_to(page, page.get_by_role("button", name="Take it back"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Taken back. It is gone, and nobody asks why.")).to_be_visible()
    assert not CompanyNotice.objects.exists()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_up_keeps_the_rules(
    open_phone: Callable[..., Page], library: Place, theme: str
) -> None:
    page = open_phone(f"/places/{library.code}/company/", color_scheme=theme)
    page.get_by_role("button", name="Put it up").click()
    expect(page.get_by_role("alert")).to_be_focused()
    take_picture(page, f"company-error-360-{theme}")
    assert find_violations(page) == []
    page.get_by_label("I can be company").check()
    page.get_by_label("A game").check()
    page.get_by_label("Which day?").select_option(index=2)
    page.get_by_label("I am 18 or older").check()
    page.get_by_role("button", name="Put it up").click()
    expect(page.get_by_role("heading", name="You offered company")).to_be_visible()
    for path, name in ((None, "own"), (f"/places/{library.code}/", "at-place"), ("/my/", "my")):
        if path:
            page.goto(path)
        take_picture(page, f"company-{name}-360-{theme}")
        assert find_violations(page) == []
    page.goto(f"/ur/places/{library.code}/")
    take_picture(page, f"company-at-place-360-urdu-{theme}")
    assert find_violations(page) == []
