"""A moment added on a narrow phone, with a script and without, as somebody at a bus stop would."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from connections.interactions.models import Difficulty, Interaction
from kinder.accounts.models import Contributor
from places.models import Place, Postcode
from places.vocabulary import PlaceKind
from tests.e2e.looking import find_violations
from tests.factories import CommunityFactory, NeighbourhoodFactory, PlaceFactory, ZoneFactory
from tests.pictures import take_picture

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]


@pytest.fixture
def library() -> Place:
    community = CommunityFactory.create(name="Harbourside")
    neighbourhood = NeighbourhoodFactory.create(name="Harbourside North", parent=community)
    zone = ZoneFactory.create(parent=neighbourhood)
    PlaceFactory.create(name="The Corner Café", area=zone)
    PlaceFactory.create(name="Harbour Church", area=zone, kind=PlaceKind.WORSHIP)
    Postcode.objects.create(code="G31 4EB", point=zone.point, area=zone)
    place: Place = PlaceFactory.create(name="Rowan Library", kind=PlaceKind.LIBRARY, area=zone)
    return place


@pytest.fixture
def open_phone(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    """Open a page on a phone of its own; its console stays silent and it tells no position."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def open_it(path: str, *, width: int = 360, **kind: Any) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 740},
            has_touch=True,
            permissions=["geolocation"],
            **kind,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert [line for line in said if "status of 4" not in line] == []


with_and_without_a_script = pytest.mark.parametrize(
    "script", [True, False], ids=["script", "no-script"]
)


def tap(page: Page, words: str) -> None:
    """Tap what is called so, or begins so: a tile, a button, a link, "More"."""
    name = re.compile(rf"^\s*{re.escape(words)}")
    found = page.get_by_role("radio", name=name)
    for role in ("checkbox", "button", "link"):
        found = found.or_(page.get_by_role(role, name=name))
    found = found.or_(page.locator("summary").filter(has_text=name))
    found.locator("visible=true").first.tap()


@with_and_without_a_script
def test_three_taps(open_phone: Callable[..., Page], library: Place, script: bool) -> None:
    page = open_phone(f"/p/{library.code}/", java_script_enabled=script)
    expect(page.get_by_text("At Rowan Library")).to_be_visible()
    tap(page, "Someone was kind to me")
    tap(page, "Food or a cuppa together")
    tap(page, "Save")
    expect(page.get_by_role("heading", name="Thank you. It is saved.")).to_be_visible()
    row = Interaction.objects.get()
    assert (row.direction, row.kind, row.place) == ("received", "food", library)

    # Two questions more, or none.
    tap(page, "A neighbour")
    tap(page, "Easy")
    tap(page, "Save answers")
    expect(page.get_by_text("Thank you. Your answers are saved.")).to_be_visible()
    row.refresh_from_db()
    assert (row.tie, row.hardness, row.is_different) == ("neighbour", "easy", None)

    # The next one begins where the last one was; the person is the same.
    page.goto("/log/")
    expect(page.get_by_text("At Rowan Library")).to_be_visible()
    tap(page, "I did something")
    tap(page, "A helping hand")
    tap(page, "Save")
    expect(page.get_by_role("heading", name="Thank you. It is saved.")).to_be_visible()
    assert Contributor.objects.count() == 1
    tap(page, "Undo")
    expect(page.get_by_text("We took it back. It is gone.")).to_be_visible()
    assert Interaction.objects.get() == row
    page.goto("/my/")
    expect(page.get_by_text("Someone was kind to me: Food or a cuppa together")).to_be_visible()
    tap(page, "Delete")
    tap(page, "Delete")
    expect(page.get_by_text("Deleted. It will not be in the next figures.")).to_be_visible()
    assert not Interaction.objects.exists()


@with_and_without_a_script
def test_another_place_is_found_without_losing_what_was_chosen(
    open_phone: Callable[..., Page], library: Place, script: bool
) -> None:
    page = open_phone(f"/log/?place={library.code}", java_script_enabled=script)
    tap(page, "I saw something")
    tap(page, "Checking in on someone")
    tap(page, "Change")
    page.get_by_label("Search for a place").fill("corner")
    page.keyboard.press("Enter")
    tap(page, "The Corner Café")
    expect(page.get_by_text("At The Corner Café")).to_be_visible()
    expect(page.get_by_label("I saw something")).to_be_checked()
    expect(page.get_by_label("Checking in on someone")).to_be_checked()
    tap(page, "Save")
    expect(page.get_by_role("heading", name="Thank you. It is saved.")).to_be_visible()
    row = Interaction.objects.get()
    assert row.place is not None
    assert (row.direction, row.kind, row.place.name) == (
        "noticed",
        "checking_in",
        "The Corner Café",
    )


@with_and_without_a_script
def test_it_was_hard_here(open_phone: Callable[..., Page], library: Place, script: bool) -> None:
    page = open_phone(f"/log/?place={library.code}", java_script_enabled=script)
    tap(page, "I wanted to, but it was hard here")
    expect(page.get_by_text("Somewhere in Harbourside North")).to_be_visible()
    tap(page, "Money was tight")
    tap(page, "Hard to ask or accept")
    tap(page, "Save")
    expect(page.get_by_role("heading", name="Thank you. It is saved.")).to_be_visible()
    assert Difficulty.objects.get().reasons == ["money", "hard_to_ask"]
    assert not Interaction.objects.exists()


@with_and_without_a_script
def test_a_forgotten_answer_is_pointed_at(
    open_phone: Callable[..., Page], library: Place, script: bool
) -> None:
    page = open_phone(f"/log/?place={library.code}", java_script_enabled=script)
    tap(page, "A chat or a listening ear")
    tap(page, "Save")
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("Choose what happened.")
    expect(summary).to_be_focused()
    expect(page.get_by_label("A chat or a listening ear")).to_be_checked()
    summary.get_by_role("link").tap()
    expect(page.get_by_label("Someone was kind to me")).to_be_focused()
    assert find_violations(page) == [] if script else True


def test_the_nearest_place_is_found_on_the_phone_alone(
    open_phone: Callable[..., Page], library: Place
) -> None:
    page = open_phone(f"/log/?place={library.code}")
    sent: list[str] = []
    with page.expect_navigation():
        tap(page, "Change")
    page.wait_for_load_state("networkidle")
    page.on("request", lambda one: sent.append(one.url))
    tap(page, "Sort by how near they are to me")
    expect(
        page.get_by_text("Nearest to you first. Your position stayed on this device.")
    ).to_be_visible()
    expect(page.locator("#places .distance").first).to_contain_text("m")
    assert sent == []
    tap(page, "The Corner Café")
    expect(page.get_by_text("At The Corner Café")).to_be_visible()


def test_keyboard_alone(open_phone: Callable[..., Page], library: Place) -> None:
    page = open_phone(f"/log/?place={library.code}")
    page.get_by_label("Someone was kind to me").focus()
    page.keyboard.press("ArrowDown")  # I did something
    page.keyboard.press("Tab")  # It was hard here
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    # Enter saves; it does not press the first button in sight, which is Change.
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you. It is saved.")).to_be_visible()
    row = Interaction.objects.get()
    assert (row.direction, row.kind) == ("gave", "hello")


def test_an_impatient_double_tap_is_one_moment(
    open_phone: Callable[..., Page], library: Place
) -> None:
    page = open_phone(f"/log/?place={library.code}")
    posts: list[str] = []
    page.on("request", lambda one: posts.append(one.url) if one.method != "GET" else None)
    tap(page, "I did something")
    tap(page, "Something else")
    page.get_by_role("button", name="Save", exact=True).dblclick()
    expect(page.get_by_role("heading", name="Thank you. It is saved.")).to_be_visible()
    assert len(posts) == 1
    assert Interaction.objects.count() == 1


def test_going_back_begins_a_fresh_moment(open_phone: Callable[..., Page], library: Place) -> None:
    page = open_phone(f"/log/?place={library.code}")
    for kind in ("Something else", "Food or a cuppa together"):
        tap(page, "I did something")
        tap(page, kind)
        tap(page, "Save")
        expect(page.get_by_role("heading", name="Thank you. It is saved.")).to_be_visible()
        page.go_back()
    assert set(Interaction.objects.values_list("kind", flat=True)) == {"other", "food"}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_steps_between_keep_the_rules(
    open_phone: Callable[..., Page], library: Place, width: int, theme: Any
) -> None:
    """The pages that only an answer leads to: where it was, saved, an error, a deletion."""
    page = open_phone(f"/log/?place={library.code}", width=width, color_scheme=theme)
    page.set_default_timeout(60_000)

    def look(name: str) -> None:
        take_picture(page, f"{name}-{width}-{theme}")
        assert find_violations(page) == []
        assert not page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )

    def follow(words: str) -> None:
        # A picture of a page that is just going away never comes.
        with page.expect_navigation():
            tap(page, words)

    follow("Save")
    look("log-error")
    follow("Change")
    look("where")
    page.get_by_label("Search for a place").fill("G31 4EB")
    follow("Find")
    look("where-postcode")
    follow("Rowan Library")
    tap(page, "Someone was kind to me")
    tap(page, "Company, or being made welcome")
    take_picture(page, f"log-chosen-{width}-{theme}", is_whole=False)
    follow("Save")
    look("saved")
    tap(page, "More questions")
    look("saved-more")
    page.goto("/my/")
    look("my-moments")
    follow("Delete")
    look("delete")
