"""The moderation page as a moderator uses it: keyboard, many at once, undo, phone, no script."""

import datetime as dt

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from kinder.accounts.models import Role
from places.models import Gathering
from tests.factories import PlaceFactory
from tests.factories.accounts import make_member
from tests.pictures import take_picture
from tests.security.sessions import open_session

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]


@pytest.fixture
def waiting(db: None) -> list[Gathering]:
    place = PlaceFactory.create(name="Rowan Library")
    texts = (
        "Soup and a seat. Everybody is welcome, nothing to bring.",
        "CHEAP LOANS at www.loans.example CALL 0141 496 0000",
        "Knitting by the window, beginners too.",
    )
    return [
        Gathering.objects.create(
            title=f"Number {number}",
            description=text,
            place=place,
            starts_at=timezone.now() + dt.timedelta(days=number),
            minutes=60,
        )
        for number, text in enumerate(texts, start=1)
    ]


@pytest.fixture
def moderator(page: Page, live_server: LiveServer) -> Page:
    page.context.add_cookies([open_session(make_member(Role.WORKER), live_server.url)])
    return page


def states() -> list[str]:
    return list(Gathering.objects.order_by("pk").values_list("state", flat=True))


def test_letters_accept_refuse_and_take_back(
    moderator: Page, live_server: LiveServer, waiting: list[Gathering]
) -> None:
    moderator.goto(f"{live_server.url}/moderation/")
    moderator.keyboard.press("j")
    expect(moderator.locator("[data-item]").first).to_be_focused()
    moderator.keyboard.press("a")
    expect(moderator.get_by_text("Accepted: 1.")).to_be_visible()
    assert states() == ["shown", "proposed", "proposed"]
    expect(moderator.locator("[data-item]").first).to_be_focused()
    moderator.keyboard.press("r")
    moderator.keyboard.press("Tab")
    moderator.keyboard.press("Tab")
    moderator.keyboard.press("Enter")
    expect(moderator.get_by_text("Refused: 1.")).to_be_visible()
    assert states() == ["shown", "hidden", "proposed"]
    moderator.keyboard.press("u")
    expect(moderator.get_by_text("Taken back: 1 waits again.")).to_be_visible()
    assert states() == ["shown", "proposed", "proposed"]


def test_letters_can_be_switched_off_and_do_not_disturb_typing(
    moderator: Page, live_server: LiveServer, waiting: list[Gathering]
) -> None:
    moderator.goto(f"{live_server.url}/moderation/")
    moderator.get_by_label("Words").press_sequentially("ja")
    assert moderator.get_by_label("Words").input_value() == "ja"
    moderator.get_by_text("Keyboard shortcuts").click()
    moderator.get_by_label("Shortcuts are on in this browser").uncheck()
    moderator.reload()
    moderator.keyboard.press("j")
    moderator.keyboard.press("a")
    moderator.wait_for_timeout(300)
    assert states() == ["proposed"] * 3


def test_all_on_the_page_are_refused_with_one_reason(
    moderator: Page, live_server: LiveServer, waiting: list[Gathering]
) -> None:
    moderator.goto(f"{live_server.url}/moderation/?signs=on")
    moderator.get_by_label("All on this page").check()
    moderator.get_by_role("button", name="Refuse those ticked").click()
    expect(moderator.get_by_role("alert")).to_contain_text("choose a reason")
    expect(moderator.locator('input[name="chosen"]').first).to_be_checked()
    moderator.get_by_label("Reason for refusing").select_option("spam")
    moderator.get_by_role("button", name="Refuse those ticked").click()
    expect(moderator.get_by_text("Nothing fits that")).to_be_visible()
    assert states() == ["proposed", "hidden", "proposed"]


@pytest.mark.parametrize(("width", "theme"), [(360, "light"), (1280, "light"), (1280, "dark")])
def test_it_fits_reads_and_passes_the_rules(
    moderator: Page, live_server: LiveServer, waiting: list[Gathering], width: int, theme: str
) -> None:
    moderator.set_viewport_size({"width": width, "height": 900})
    moderator.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    moderator.goto(f"{live_server.url}/moderation/")
    moderator.locator("[data-accept]").nth(2).click()
    expect(moderator.get_by_text("Accepted: 1.")).to_be_visible()
    assert moderator.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(moderator)
    assert found.violations_count == 0, found.generate_report()
    take_picture(moderator, f"moderation-{width}-{theme}")


def test_without_scripts(
    browser: Browser, live_server: LiveServer, waiting: list[Gathering]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([open_session(make_member(Role.WORKER), live_server.url)])
    page = context.new_page()
    page.goto(f"{live_server.url}/moderation/?words=knitting")
    page.get_by_role("button", name="Show it").click()
    expect(page.get_by_text("Accepted: 1.")).to_be_visible()
    assert "words=knitting" in page.url
    assert states() == ["proposed", "proposed", "shown"]
    context.close()
