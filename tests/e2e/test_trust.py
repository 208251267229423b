"""One's own data and invitations, in a real browser: what people see, take away, erase and accept."""

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.mail import EmailMessage
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from kinder.accounts.consents import Wording, give, register_wording
from kinder.accounts.devices import COOKIE, make_key, recognise
from kinder.accounts.models import Contributor, Role, User
from kinder.accounts.retention import apply_retention
from tests.factories import InteractionFactory, NeighbourhoodFactory
from tests.factories.accounts import PASSWORD, make_member, make_user
from tests.pictures import take_picture
from tests.security.sessions import open_session

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]


@pytest.fixture
def context(
    browser: Browser, live_server: LiveServer, settings: Settings
) -> Iterator[BrowserContext]:
    settings.SITE_URL = live_server.url
    opened = browser.new_context(
        base_url=live_server.url, viewport={"width": 360, "height": 800}, accept_downloads=True
    )
    yield opened
    opened.close()


def look_at(page: Page, name: str) -> None:
    """Keep the page as four pictures and hold it to the rules of accessibility in both themes."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 800})
            take_picture(page, f"{name}-{width}-{theme}")
            assert not page.evaluate(
                "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            ), f"{name} at {width}"
        violations = Axe().run(page).response["violations"]
        assert [(found["id"], found["nodes"][0]["html"]) for found in violations] == []
    page.emulate_media(color_scheme="light")


def press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def test_a_phone_without_an_account_sees_takes_and_erases(
    context: BrowserContext, live_server: LiveServer, tmp_path: Path
) -> None:
    page = context.new_page()
    page.goto("/my/data/")
    expect(page.get_by_role("heading", name="Nothing that this browser could open")).to_be_visible()
    look_at(page, "my-data-nothing")

    key = make_key()
    with recognise(key, network="192.0.2.0/24") as (device, _is_first):
        area = NeighbourhoodFactory.create()
        InteractionFactory.create(contributor=device.contributor, device=device, area=area)
    person = Contributor.objects.get()
    register_wording(
        Wording(
            purpose="tea",
            version="1",
            label="Tea with neighbours",
            text="You may tell others that I like tea.",
            afterwards="Nobody is told any more.",
        )
    )
    give(by=person, purpose="tea", version="1")
    context.add_cookies([{"name": COOKIE, "value": key, "url": live_server.url}])
    page.goto("/my/data/")
    look_at(page, "my-data")
    with page.expect_download() as waiting:
        press(page, "For programs (JSON)")
    data = json.loads(Path(waiting.value.path()).read_text())
    assert len(data["interactions"]["moments"]) == 1
    with page.expect_download() as waiting:
        press(page, "Tables (zip)")
    saved = tmp_path / "mine.zip"
    waiting.value.save_as(saved)
    with zipfile.ZipFile(saved) as archive:
        assert any("moments" in name for name in archive.namelist())
    page.get_by_role("button", name=re.compile("Take it back")).click()
    expect(page.get_by_text("You took it back. Thank you")).to_be_visible()

    page.get_by_role("link", name="Erase everything").click()
    expect(page.get_by_role("heading", name="What stays, without you")).to_be_visible()
    look_at(page, "erase")
    page.get_by_role("link", name="Go on").click()
    look_at(page, "erase-sure")
    page.get_by_role("checkbox").check()
    press(page, "Erase everything")
    expect(page.get_by_role("heading", name="It is erased")).to_be_visible()
    look_at(page, "erased")
    assert not Contributor.objects.exists()
    assert COOKIE not in {cookie["name"] for cookie in context.cookies()}


def test_an_account_is_asked_once_more_before_it_is_erased(
    context: BrowserContext, live_server: LiveServer, mailoutbox: list[EmailMessage]
) -> None:
    user = make_user("morag@example.org", name="Morag", has_second_factor=False)
    context.add_cookies([open_session(user, live_server.url)])
    page = context.new_page()
    page.goto("/accounts/")
    look_at(page, "account-resident")
    page.goto("/my/data/")
    press(page, "For programs (JSON)")
    expect(page.get_by_role("heading", name="Show that it is you")).to_be_visible()
    look_at(page, "prove")
    page.get_by_label("Code").fill("BBBB-BBBB")
    press(page, "Go on")
    expect(page.get_by_role("alert")).to_contain_text("not right")
    code = re.search(r"^[A-Z]{4}-[A-Z]{4}$", str(mailoutbox[-1].body), re.MULTILINE)
    assert code
    page.get_by_label("Code").fill(code[0])
    press(page, "Go on")
    expect(page.get_by_text("Choose how you would like to have it")).to_be_visible()
    with page.expect_download() as waiting:
        press(page, "For programs (JSON)")
    assert "morag@example.org" in Path(waiting.value.path()).read_text()
    page.goto("/accounts/profile/")
    look_at(page, "profile")
    page.get_by_label("Your name").fill("Morag Findlay")
    press(page, "Save")
    expect(page.get_by_role("main")).to_contain_text("Morag Findlay")
    page.goto("/my/data/erase/?sure=1")
    page.get_by_role("checkbox").check()
    press(page, "Erase everything")
    expect(page.get_by_role("heading", name="It is erased")).to_be_visible()
    assert not User.objects.filter(email="morag@example.org").exists()


def test_a_coordinator_invites_and_a_guest_joins(
    context: BrowserContext,
    browser: Browser,
    live_server: LiveServer,
    mailoutbox: list[EmailMessage],
) -> None:
    coordinator = make_member(Role.COORDINATOR, name="Cora Coordinator", password=PASSWORD)
    organisation = coordinator.organisations.get()
    context.add_cookies([open_session(coordinator, live_server.url)])
    page = context.new_page()
    page.goto("/people/")
    look_at(page, "people-coordinator")
    page.get_by_role("main").get_by_role("link", name="Invitations").click()
    page.get_by_label("E-mail address").fill("ailsa@example.org")
    page.get_by_label("Name").fill("Ailsa")
    page.get_by_label("Role").select_option("worker")
    press(page, "Send the letter")
    # Whoever sends letters shows once more who they are; the form goes on by itself after that.
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Go on")
    expect(page.get_by_text("A letter is on its way to ailsa@example.org.")).to_be_visible()
    look_at(page, "invitations")

    link = re.search(r"http\S+/invitations/\S+", str(mailoutbox[-1].body))
    assert link
    guest = browser.new_context(base_url=live_server.url, viewport={"width": 360, "height": 800})
    theirs = guest.new_page()
    theirs.goto(link[0])
    expect(theirs.get_by_role("main")).to_contain_text(organisation.name)
    look_at(theirs, "invitation")
    theirs.get_by_label("Your name").fill("Ailsa Baird")
    press(theirs, "Join")
    expect(theirs.get_by_role("heading", name="Your second step")).to_be_visible()
    guest.clear_cookies()
    theirs.goto(link[0])
    expect(theirs.get_by_role("heading", name="This invitation works no more")).to_be_visible()
    look_at(theirs, "invitation-over")
    guest.close()
    page.reload()
    page.get_by_text("Answered or taken back").click()
    expect(page.get_by_role("main")).to_contain_text("taken on")


def test_the_administrator_helps_and_looks_back(
    context: BrowserContext, live_server: LiveServer, mailoutbox: list[EmailMessage]
) -> None:
    administrator = make_user(is_administrator=True, name="Ada", password=PASSWORD)
    worker = make_member(Role.WORKER, name="Wilma Worker")
    apply_retention()
    context.add_cookies([open_session(administrator, live_server.url)])
    page = context.new_page()
    page.goto("/people/?q=Wilma")
    page.get_by_role("link", name="Wilma Worker").click()
    look_at(page, "person")
    press(page, "Take the second step away")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Go on")
    expect(page.get_by_text("The second step is taken away.")).to_be_visible()
    assert mailoutbox[-1].to == [worker.email]
    page.goto("/audit/?verb=reset")
    expect(page.get_by_role("rowheader", name="reset_second_factor")).to_be_visible()
    look_at(page, "audit-found")
    with page.expect_download() as waiting:
        press(page, "Take these as a table (CSV)")
    assert "reset_second_factor" in Path(waiting.value.path()).read_text()
    page.goto("/retention/?count=1")
    look_at(page, "retention")
    page.goto("/privacy/data/")
    look_at(page, "data-protection")
