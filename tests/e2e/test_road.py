"""The whole road of one moment: a phone, the database, a real worker, the gate, a release, and the
same figure on the map's table, in the CSV and in the PDF."""

import csv
import datetime as dt
import io
import re
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page
from pypdf import PdfReader
from pytest_django.live_server_helper import LiveServer

from connections.indicators import quarters
from connections.indicators.models import ContributorMonth, Release
from connections.indicators.release import freeze_quarter, publish_release, start_release
from connections.interactions.models import HomeArea, Interaction
from kinder.accounts.models import Contributor, User
from places.models import Area, Place
from places.tiles import bake_area_tiles
from tests.factories import (
    CommunityFactory,
    CouncilFactory,
    InteractionFactory,
    NeighbourhoodFactory,
    PlaceFactory,
    ZoneFactory,
)
from tests.factories.accounts import make_user
from tests.processes import running_beat, running_redis, running_worker, wait_until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]

# With the browser's person 33 people take part, which is told as 35; without, 32, told as 30.
OTHERS = 32
ADULTS = 1_000


@pytest.fixture
def neighbourhood() -> Area:
    council = CouncilFactory.create(name="Testshire", population=None, adults=None)
    community = CommunityFactory.create(
        name="Harbourside", parent=council, population=None, adults=None
    )
    home = NeighbourhoodFactory.create(
        name="Harbourside North", parent=community, population=None, adults=None
    )
    ZoneFactory.create(parent=home, population=1_250, adults=ADULTS)
    bake_area_tiles(home.geography)
    return home


@pytest.fixture
def administrator() -> User:
    return make_user("administrator@example.org", is_administrator=True)


def other_day_of(quarter_on: dt.date) -> dt.date:
    """A day of the quarter that is not today."""
    today = timezone.localdate()
    return today + dt.timedelta(days=1) if today == quarter_on else today - dt.timedelta(days=1)


def let_take_part(person: Contributor, area: Area, quarter_on: dt.date) -> None:
    """Let a person have come long ago, and have added a moment on another day of the quarter."""
    long_ago = timezone.now() - dt.timedelta(days=200)
    Contributor.objects.filter(pk=person.pk).update(created_at=long_ago)
    HomeArea.objects.get_or_create(contributor=person, defaults={"area": area})
    day = other_day_of(quarter_on)
    noon = timezone.make_aware(dt.datetime.combine(day, dt.time(12)))
    InteractionFactory.create(
        contributor=person,
        area=area,
        occurred_on=min(day, timezone.localdate()),
        created_at=noon,
        updated_at=noon,
    )


def log_in_the_browser(page: Page, address: str, place: Place) -> None:
    page.goto(f"{address}/log/?place={place.code}")
    page.get_by_label("I did something").check()
    page.get_by_label("A helping hand").check()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/saved/"))


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "no-script"])
def test_a_logged_moment_reaches_map_csv_and_pdf(
    browser: Browser,
    live_server: LiveServer,
    neighbourhood: Area,
    administrator: User,
    tmp_path: Path,
    has_script: bool,
) -> None:
    quarter_on = quarters.quarter_of(timezone.localdate())
    place = PlaceFactory.create(area=neighbourhood.children.get(), name="Rowan Library")
    phone = browser.new_context(
        viewport={"width": 360, "height": 740}, java_script_enabled=has_script
    )
    log_in_the_browser(phone.new_page(), live_server.url, place)
    logged = Interaction.objects.get()
    assert (logged.direction, logged.kind, logged.place) == ("gave", "help", place)

    with (
        running_redis() as bell,
        running_worker(tmp_path, redis_url=bell.url),
        running_beat(tmp_path, redis_url=bell.url),
    ):
        wait_until(
            lambda: ContributorMonth.objects.filter(
                contributor_id=logged.contributor_id, gave=1
            ).exists(),
            seconds=30,
            what="the worker counts the moment",
        )
        let_take_part(logged.contributor, neighbourhood, quarter_on)
        for _ in range(OTHERS):
            person = Contributor.objects.create()
            let_take_part(person, neighbourhood, quarter_on)
            InteractionFactory.create(contributor=person, area=neighbourhood)
        days = dt.timedelta(days=1)
        last = timezone.make_aware(dt.datetime.combine(quarters.last_day(quarter_on), dt.time(12)))
        quarter = freeze_quarter(by=administrator, quarter_on=quarter_on, now=last + 31 * days)
        release = start_release(by=administrator, quarter=quarter)
        wait_until(
            lambda: Release.objects.get(pk=release.pk).state == Release.State.READY,
            seconds=60,
            what="the worker computes the release",
        )
    publish_release(by=administrator, release=release, now=last + 45 * days)

    period = quarters.name_quarter(quarter_on)
    expected = f"{35 / ADULTS * 1000:.0f}"
    page = phone.new_page()
    page.goto(f"{live_server.url}/figures/?indicator=A1&release={period}")
    row = page.locator(f'[data-area="{neighbourhood.code}"]')
    assert row.locator('[data-cell="value"]').inner_text().strip() == expected
    assert row.locator("td").nth(2).inner_text().strip() == "35"
    if has_script:
        page.get_by_role("button", name="Show on a map").click()
        page.locator("[data-map] canvas").first.wait_for()

    reports = f"{live_server.url}/reports/{neighbourhood.code}/{period}"
    text = page.request.get(f"{reports}/csv/").body().decode("utf-8-sig")
    told = {
        (line["area_code"], line["indicator"]): line["value"]
        for line in csv.DictReader(io.StringIO(text))
    }
    assert told[neighbourhood.code, "A1"] == expected

    pages = PdfReader(io.BytesIO(page.request.get(f"{reports}/pdf/").body())).pages
    printed = re.sub(r"\s+", " ", " ".join(leaf.extract_text() for leaf in pages))
    assert f"Taking part (people per 1,000 adults) {expected} " in printed
    phone.close()
