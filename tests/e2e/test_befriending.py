"""Befriending in a real browser: a coordinator's board, a volunteer's two taps on a phone without a
network, a participant's way out."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from connections.befriending import actions
from connections.befriending.models import Match, Meeting
from connections.befriending.suggesting import continue_runs
from kinder.accounts.acting import acting
from kinder.accounts.models import User
from tests.e2e.looking import find_violations
from tests.factories import NeighbourhoodFactory
from tests.factories.cases import Case, make_active, make_case, make_waiting
from tests.pictures import take_picture
from tests.security.sessions import open_session

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]


@pytest.fixture
def case(transactional_db: None) -> Case:
    return make_case(NeighbourhoodFactory.create(name="Harbourside North"))


@pytest.fixture
def open_as(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    """Open a page as somebody, in a browser of their own that says nothing to the console."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def open_it(user: User, path: str, *, width: int = 360, **kind: Any) -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 800}, **kind
        )
        contexts.append(context)
        context.add_cookies([open_session(user, live_server.url)])
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path)
        return page

    yield open_it
    for context in contexts:
        context.close()
    expected = re.compile(r"status of|was preloaded|ERR_INTERNET_DISCONNECTED|service worker", re.I)
    assert [line for line in said if not expected.search(line)] == []


def look_at(page: Page, name: str) -> None:
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 800})
            take_picture(page, f"{name}-{width}-{theme}")
        assert not page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        # The way out stays in view while one scrolls; at the end nothing lies under it.
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        assert find_violations(page) == [], theme
    page.emulate_media(color_scheme="light")


def test_a_coordinator_runs_the_board_with_the_keyboard(
    case: Case, open_as: Callable[..., Page]
) -> None:
    make_waiting(case.service, case.area, days=120, name="Edith Gowrie", languages=["pl"])
    board = reverse("befriending:board", args=[case.service.pk])
    page = open_as(case.coordinator, board, width=1280)
    expect(page.get_by_role("heading", name="Waiting")).to_be_visible()
    page.get_by_role("link", name="Edith Gowrie").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Agnes Birnie")).to_be_focused()
    look_at(page, "befriending-board")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Agnes Birnie")).to_be_visible()
    look_at(page, "befriending-referral")
    page.goto(reverse("befriending:matching", args=[case.service.pk]))
    page.get_by_role("button", name="Run matching").click()
    expect(page.get_by_text("Looking for who might suit whom")).to_be_visible()
    continue_runs()
    expect(page.get_by_text("Both like chess")).to_be_visible(timeout=20_000)
    look_at(page, "befriending-matching")
    page.get_by_role("button", name="Suggest", exact=True).click()
    page.get_by_role("link", name="Somebody is suggested already").click()
    expect(page.get_by_text("Both have to agree")).to_be_visible()
    look_at(page, "befriending-pairing")


def test_a_volunteer_notes_a_meeting_in_two_taps_without_a_network(
    case: Case, open_as: Callable[..., Page]
) -> None:
    match = make_active(case)
    page = open_as(case.volunteer_user, reverse("befriending:meeting_new", args=[match.pk]))
    look_at(page, "befriending-meeting")
    page.context.set_offline(True)
    page.get_by_role("radio", name="We met").check(force=True)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Kept on this phone")).to_be_visible()
    page.context.set_offline(False)
    page.wait_for_url("**/befriending/mine/**", timeout=20_000)
    expect(page.get_by_text("Noted. Thank you.")).to_be_visible()
    look_at(page, "befriending-my-pairing")
    with acting(user=case.volunteer_user):
        assert Meeting.objects.count() == 1
        assert Match.objects.get().first_met_on is not None


def test_a_participant_leaves_without_a_reason_and_without_a_script(
    case: Case, open_as: Callable[..., Page]
) -> None:
    match = make_active(case)
    page = open_as(case.participant_user, "/befriending/mine/", java_script_enabled=False)
    page.get_by_role("link", name="Rab").click()
    page.get_by_role("link", name="I'd like to stop").click()
    take_picture(page, "befriending-stop-360")
    page.get_by_role("button", name="Yes, I'd like to stop").click()
    expect(page.get_by_text("coming to an end")).to_be_visible()
    with acting(user=case.coordinator):
        assert Match.objects.get(pk=match.pk).state == "ending"


def test_a_lead_reads_what_somebody_told(case: Case, open_as: Callable[..., Page]) -> None:
    address = reverse("befriending:concern_new", args=[case.service.pk])
    page = open_as(case.participant_user, address)
    look_at(page, "befriending-worry")
    page.get_by_label("What worries you?").fill("He sits in the cold.")
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_role("heading", name="Thank you for telling us")).to_be_visible()
    actions.raise_concern(by=case.worker, service=case.service, text="Another one.")
    page = open_as(case.lead, "/today/", width=1280)
    expect(page.get_by_text("2 worries are open.")).to_be_visible()
    take_picture(page, "befriending-today-1280")
    page.get_by_role("link", name="Read the worries").click()
    expect(page.get_by_role("link", name=re.compile(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$"))).to_have_count(2)
    look_at(page, "befriending-worries")
