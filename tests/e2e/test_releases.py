"""The administrator's pages of releases in a real browser: seen, read by axe, and used."""

import datetime as dt
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from connections.indicators import quarters, release
from connections.indicators.models import AbuseAlert, ContributorMonth, Release
from kinder.accounts.acting import Purpose
from kinder.accounts.models import User
from places.models import Area
from tests.accounts.proofs import current_code, sign_in
from tests.factories import CommunityFactory, NeighbourhoodFactory, PlaceFactory
from tests.factories.accounts import make_user
from tests.indicators.months import make_person
from tests.pictures import take_picture

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]
# The newest quarter whose figures may be published today.
QUARTER = quarters.quarter_of(timezone.localdate() - dt.timedelta(days=140))
NAME = quarters.name_quarter(QUARTER)
# A quarter of the last year of which every quarter can be frozen, and so revised.
LAST_YEAR = dt.date((timezone.localdate() - dt.timedelta(days=60)).year - 1, 7, 1)


@pytest.fixture
def town() -> Area:
    return fill_town(QUARTER)


def fill_town(quarter_on: dt.date) -> Area:
    """Two neighbourhoods that forty people took part in, and one with six."""
    community: Area = CommunityFactory.create(
        name="Harbourside", population=None, parent__name="Invented Council"
    )
    PlaceFactory.create(area=None)
    for name, people in (("North", 40), ("South", 45), ("Shore", 6)):
        area = NeighbourhoodFactory.create(name=f"Harbourside {name}", parent=community)
        for number in range(people):
            ContributorMonth.objects.create(
                contributor_id=make_person(created_at=timezone.now() - dt.timedelta(days=1_400)).pk,
                area=area,
                month_on=quarter_on,
                logs=4,
                gave=2,
                received=number % 3,
                noticed=0,
                different=number % 2,
                different_answered=2,
                beyond=1,
                beyond_answered=2,
                at_place=1,
                ties=[1, 1, 0, 0, 0, 0],
                seen_on=[quarter_on, quarter_on + dt.timedelta(days=8)],
                last_on=quarter_on + dt.timedelta(days=8),
            )
    return community


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 800})
    said: list[str] = []
    page = context.new_page()
    page.goto("/about/")
    sign_in_as(page, make_user(is_administrator=True, name="Ada Invented"))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    # A browser reports the status of a form that comes back with something to mend.
    assert [line for line in said if "422" not in line] == []


def sign_in_as(page: Page, user: User, *, is_proven: bool = True) -> None:
    session = sign_in(user, is_proven=is_proven).cookies["sessionid"].value
    site = page.evaluate("location.origin")
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": site}])


def look(page: Page, name: str) -> None:
    """Leave screenshots at two widths in light and dark; hold the rules of accessibility."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            take_picture(page, f"{name}-{width}-{theme}")
        results = Axe().run(page).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in results] == []
    page.set_viewport_size({"width": 320, "height": 800})
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) == 0
    page.set_viewport_size({"width": 1280, "height": 800})


def test_from_freeze_to_preview_by_clicks(page: Page, town: Area) -> None:
    page.goto("/releases/")
    row = page.locator(f'tr[data-quarter="{NAME}"]')
    look(page, "releases")
    row.get_by_role("button", name="Freeze").click()
    expect(page.get_by_text("The quarter is frozen.")).to_be_visible()
    row.get_by_role("button", name="Compute").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    look(page, "release-computing")
    # The page asks every two seconds and follows by itself.
    release.continue_work()
    expect(
        page.get_by_role("heading", name="The figures as they would be published")
    ).to_be_visible(timeout=10_000)
    page.get_by_label("Areas", exact=True).select_option("intermediate")
    page.get_by_role("button", name="Show").click()
    cells = page.locator("table tbody tr").all_inner_texts()
    assert [cell.split("\t")[1].strip() for cell in cells] == ["Not shown", "Not shown", "56.2"]
    look(page, "release-ready")
    page.get_by_label("Figure", exact=True).select_option("C1")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("table caption")).to_contain_text("Walkable third spaces")
    look(page, "release-places")


def test_a_warning_and_setting_aside(page: Page, town: Area) -> None:
    quarter = release.freeze_quarter(by=Purpose.RELEASE, quarter_on=QUARTER)
    release.start_release(by=Purpose.RELEASE, quarter=quarter)
    release.continue_work()
    AbuseAlert.objects.create(quarter=quarter, area=town, reason="join_spike")
    page.goto(f"/releases/{NAME}/")
    look(page, "release-warning")
    page.get_by_role("button", name="I have looked").click()
    expect(page.get_by_text("The warning is closed.")).to_be_visible()
    expect(page.get_by_role("link", name="Publish")).to_be_visible()
    page.get_by_text("Set these figures aside").click()
    page.get_by_role("button", name="Set aside").click()
    expect(page.get_by_text("The figures are set aside.")).to_be_visible()
    assert Release.objects.get().state == Release.State.WITHDRAWN


def test_published_by_whoever_shows_who_they_are_then_revised(page: Page) -> None:
    """The second factor is asked for; everybody reads the first version, then the second, and may
    still look at the first."""
    town = fill_town(LAST_YEAR)
    quarter = release.freeze_quarter(by=Purpose.RELEASE, quarter_on=LAST_YEAR)
    release.start_release(by=Purpose.RELEASE, quarter=quarter)
    release.continue_work()
    name = quarters.name_quarter(LAST_YEAR)
    page.context.clear_cookies()
    user = make_user(is_administrator=True, name="Bea Invented")
    sign_in_as(page, user, is_proven=False)
    page.goto(f"/releases/{name}/")
    page.get_by_role("link", name="Publish").click()
    expect(page.get_by_role("heading", name="Show that it is you")).to_be_visible()
    look(page, "release-who")
    page.get_by_label("Code").fill(current_code(user))
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name=f"Publish {name}?")).to_be_visible()
    look(page, "release-publish")
    publish = page.get_by_role("button", name="Publish for good")
    publish.click()
    assert Release.objects.get().state == Release.State.READY
    page.get_by_label("I have looked").check()
    publish.click()
    expect(page.get_by_text("The figures are published.")).to_be_visible()
    look(page, "release-published")

    # A third of the people of one neighbourhood delete what they told of.
    north = Area.objects.get(name="Harbourside North")
    ContributorMonth.objects.filter(area=north, received=0).delete()
    page.get_by_text("The annual revision").click()
    page.get_by_role("link", name="Revise this quarter").click()
    look(page, "release-revise")
    page.get_by_label("Freeze this quarter's rows once more").check()
    page.get_by_role("button", name="Compute the revision").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    release.continue_work()
    page.get_by_role("link", name="Publish").click(timeout=15_000)
    page.get_by_label("I have looked").check()
    page.get_by_role("button", name="Publish for good").click()
    expect(page.get_by_text("The figures are published.")).to_be_visible()
    look(page, "release-revised")
    states = Release.objects.order_by("version").values_list("state", flat=True)
    assert list(states) == [Release.State.SUPERSEDED, Release.State.PUBLISHED]
    page.context.clear_cookies()
    page.goto(f"/reports/{town.code}/")
    expect(page.get_by_role("main")).to_contain_text("version 2")


def test_with_nothing_there(page: Page) -> None:
    page.goto("/releases/")
    expect(page.get_by_text("No moments yet")).to_be_visible()
    look(page, "releases-none")


def test_a_year_is_planned_and_a_vote_is_written_down(page: Page, town: Area) -> None:
    page.goto("/releases/cadence/")
    look(page, "cadences")
    page.get_by_label("Council", exact=True).select_option(str(town.parent_id))
    page.get_by_label("From the year").fill(str(timezone.localdate().year))
    page.get_by_label("once a year").check()
    page.get_by_role("button", name="Plan it").click()
    expect(page.get_by_text("A cadence is fixed before the year begins.")).to_be_visible()
    look(page, "cadences-refused")
    page.get_by_label("From the year").fill(str(timezone.localdate().year + 1))
    page.get_by_role("button", name="Plan it").click()
    expect(page.get_by_text("Invented Council will be told of once a year")).to_be_visible()
    page.goto("/releases/pictures/")
    page.get_by_label("Community", exact=True).select_option(str(town.pk))
    page.get_by_label("Day of the vote").fill(timezone.localdate().isoformat())
    page.get_by_label("Votes for it").fill("31")
    page.get_by_label("Votes against").fill("4")
    page.get_by_label("Show the picture").check()
    page.get_by_role("button", name="Write it down").click()
    expect(page.get_by_text("The vote is written down.")).to_be_visible()
    expect(page.get_by_text("Nothing yet: too few people so far.")).to_be_visible()
    look(page, "pictures")
