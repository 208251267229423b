"""The pages of a community in a real browser, as the people see them who have something there."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from connections.interactions.asking import actions, measures
from connections.interactions.asking.together import plan_day
from connections.interactions.models import Prompt, PromptAnswer, Story
from connections.interactions.voices import heard, stories, thanks
from kinder.accounts.consents import current_wording
from kinder.accounts.devices import COOKIE, make_key
from kinder.accounts.fingerprints import fingerprint
from kinder.accounts.models import Contributor, Role, User
from places.models import Area, OrganisationArea
from tests.e2e.looking import find_violations
from tests.factories import (
    CommunityFactory,
    ContributorFactory,
    DeviceFactory,
    InteractionFactory,
    NeighbourhoodFactory,
    PlaceFactory,
)
from tests.factories.accounts import make_member, make_organisation, make_user
from tests.pictures import take_picture

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]

YESTERDAY = timezone.localdate() - dt.timedelta(days=1)


@pytest.fixture
def home() -> Area:
    community = CommunityFactory.create(name="Harbourside")
    return NeighbourhoodFactory.create(name="Harbourside North", parent=community)


@pytest.fixture
def worker(home: Area) -> User:
    organisation = make_organisation("Harbour Neighbours")
    assert home.parent is not None
    OrganisationArea.objects.create(organisation=organisation, area=home.parent)
    return make_member(Role.WORKER, organisation)


@pytest.fixture
def key(home: Area, worker: User) -> str:
    """The key of a phone whose person was asked yesterday, and has moments, a story and thanks."""
    key = make_key()
    person = ContributorFactory.create()
    DeviceFactory.create(contributor=person, key_hmac=fingerprint("device", key.encode()))
    Prompt.objects.create(month_on=YESTERDAY.replace(day=1), asked_on=YESTERDAY)
    version = current_wording(actions.CONSENT).version
    enrolment = actions.enrol(by=person, home=home, version=version)
    enrolment.enrolled_on = YESTERDAY - dt.timedelta(days=30)
    enrolment.save()
    moments = [InteractionFactory.create(contributor=person, area=home) for _ in range(3)]
    story = stories.offer_story(
        by=person,
        moment=moments[0],
        text="Three doors opened.",
        version=current_wording(stories.CONSENT).version,
    )
    stories.reword_story(by=worker, story=story, text="Three doors opened on the stairs.")
    thanks.send_thanks(by=person, place=PlaceFactory.create(), text="For the seat.")
    return key


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    """Open an address with cookies in a context of its own; it must say nothing to the console."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def open_it(path: str, *, cookies: dict[str, str], width: int = 360, **kind: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 800}, **kind)
        contexts.append(context)
        context.add_cookies(
            [
                {"name": name, "value": value, "url": live_server.url}
                for name, value in cookies.items()
            ]
        )
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(live_server.url + path)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert [line for line in said if "422" not in line] == []


def sign_in(user: User) -> dict[str, str]:
    client = Client()
    client.force_login(user)
    return {settings.SESSION_COOKIE_NAME: client.session.session_key or ""}


def look_at(page: Page, name: str) -> None:
    """Hold a page to the rules in both themes and widths, and leave pictures."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 800})
            take_picture(page, f"{name}-{width}-{theme}")
            wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            assert not page.evaluate(wide), (name, width)
        # To the end, past the way out that stands over the lower edge of a page.
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        assert find_violations(page) == [], (name, theme)


def test_residents_pages_of_their_own(open_page: Callable[..., Page], key: str) -> None:
    for path, name in (
        ("/my/", "mine-full"),
        ("/my/day/", "day-question"),
        ("/my/shared/", "shared-full"),
        ("/my/forget/", "forget-known"),
        ("/my/day/address/", "day-address"),
    ):
        page = open_page(path, cookies={COOKIE: key})
        look_at(page, name)
    page = open_page("/my/", cookies={COOKIE: key})
    page.get_by_role("link", name="Share").first.click()
    look_at(page, "share")


@pytest.mark.parametrize("has_script", [True, False])
def test_the_day_is_answered_by_keyboard_and_without_a_script(
    open_page: Callable[..., Page], key: str, has_script: bool
) -> None:
    page = open_page("/my/", cookies={COOKIE: key}, java_script_enabled=has_script)
    page.get_by_role("link", name="Answer").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Times that someone was kind to me").select_option("2")
    page.get_by_label("Times that I did something kind").select_option("0")
    page.get_by_role("button", name="Save", exact=True).last.click()
    # One is missing: it is said, and what was chosen stays.
    expect(page.get_by_label("Times that someone was kind to me")).to_have_value("2")
    page.get_by_label("Times that I saw something kind").select_option("1")
    page.get_by_role("button", name="Save", exact=True).last.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("That is all for this month.")).to_be_visible()
    answer = PromptAnswer.objects.get()
    assert (answer.received, answer.gave, answer.noticed, answer.is_in_window) == (2, 0, 1, True)


def test_a_story_is_approved_and_taken_back(open_page: Callable[..., Page], key: str) -> None:
    page = open_page("/my/shared/", cookies={COOKIE: key})
    page.get_by_role("button", name="Yes, like this").click()
    assert Story.objects.get().state == Story.State.APPROVED
    page.get_by_role("button", name="Take it back", exact=True).click()
    expect(page.get_by_text("Taken back. It is gone.")).to_be_visible()
    assert Story.objects.get().text == ""


def test_workers_pages(open_page: Callable[..., Page], key: str, home: Area, worker: User) -> None:
    area = home.parent
    assert area is not None
    organisation = worker.organisations.get()
    told = heard.tell_heard(by=worker, area=area, text="Buses end early.", heard_from_3=True)
    heard.answer_heard(
        by=worker, heard=told, text="We share lifts.", organisation=organisation, done_on=YESTERDAY
    )
    measure = measures.propose_measure(
        by=worker,
        area=area,
        organisation=organisation,
        question="The quay is for everybody.",
        scale="agree_5",
        author="Harbour Neighbours",
    )
    measures.comment_on_measure(
        by=worker, measure=measure, organisation=organisation, text="Plain enough."
    )
    month_on = YESTERDAY.replace(day=1)
    while month_on <= YESTERDAY or month_on.month % 3 == 0:
        month_on = (month_on + dt.timedelta(days=32)).replace(day=1)
    plan_day(by=worker, area=area, month_on=month_on, cards=20)
    cookies = sign_in(worker)
    for path, name in (
        (f"/areas/{area.code}/", "area-worker"),
        (f"/areas/{area.code}/heard/", "heard"),
        (f"/heard/{told.pk}/answer/", "heard-answer"),
        (f"/areas/{area.code}/questions/", "questions"),
        (f"/questions/{measure.pk}/comment/", "question-comment"),
        (f"/areas/{area.code}/ordinary-day/", "ordinary-day"),
        (f"/areas/{area.code}/ordinary-day/cards/", "enter-card"),
        (f"/areas/{area.code}/thanks/", "window-cards"),
        (f"/stories/{Story.objects.get().pk}/", "reword"),
        ("/moderation/", "moderation-voices"),
    ):
        look_at(open_page(path, cookies=cookies), name)


def test_a_worry_says_at_once_when_it_cannot_be_sent(open_page: Callable[..., Page]) -> None:
    page = open_page("/worry/", cookies={})
    page.get_by_label("What worries you?").fill("The lights next door are always on.")
    page.context.set_offline(True)
    page.get_by_role("button", name="Send it to the safeguarding leads").click()
    expect(page.get_by_text("You are offline: this can't be sent now.")).to_be_visible()
    expect(page.get_by_label("What worries you?")).to_have_value(
        "The lights next door are always on."
    )
    page.context.set_offline(False)
    expect(page.get_by_text("You are offline")).to_be_hidden()


def test_whoever_is_signed_in_sees_every_device(open_page: Callable[..., Page], key: str) -> None:
    user = make_user(has_second_factor=False)
    Contributor.objects.filter(devices__isnull=False).update(user=user)
    page = open_page("/my/", cookies=sign_in(user))
    assert page.get_by_role("link", name="Delete").count() == 3
