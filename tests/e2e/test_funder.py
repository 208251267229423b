"""A funder's whole way in a real browser: by the keyboard, by the names that a screen reader says,
and through everything that can happen to a report."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connections
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from connections.reports import formats
from connections.reports.actions import MAX_ATTEMPTS, make_next
from connections.reports.models import AreaReport, ReportFile
from connections.reports.vocabulary import Format, State
from places.models import Area
from tests.accounts.proofs import sign_in
from tests.factories import CommunityFactory, NeighbourhoodFactory, ZoneFactory
from tests.factories.accounts import make_user
from tests.factories.releases import publish_figures
from tests.pictures import take_picture

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path / "media"
    yield
    connections["reports"].close()


@pytest.fixture
def town() -> Area:
    """A community with two neighbourhoods: one with figures, one with too few people."""
    community: Area = CommunityFactory.create(name="Harbourside", population=9_000)
    north = NeighbourhoodFactory.create(name="North Shore", parent=community, population=5_000)
    south = NeighbourhoodFactory.create(name="South Shore", parent=community, population=4_000)
    for area in (north, south):
        ZoneFactory.create(parent=area, population=area.population)
    publish_figures(
        [
            (community, "A1", {"people": 140, "value": 28.0, "lower": 25.0, "upper": 31.0}),
            (community, "A3", {"people": 140, "value": 62.0, "lower": 57.0, "upper": 67.0}),
            (community, "C1", {"value": 38.5, "coverage": 82.0}),
            (north, "A1", {"people": 75, "value": 24.0, "lower": 20.0, "upper": 28.0}),
            (north, "C1", {"value": 41.0, "coverage": 79.0}),
            (south, "A1", {}),
            (south, "C1", {"status": "provisional"}),
        ]
    )
    return community


@pytest.fixture
def open_as(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    """Open the browser of a visitor, or of somebody signed in; it says nothing to its console."""
    contexts = []
    said: list[str] = []

    def open_it(user: Any = None) -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": 1280, "height": 800}
        )
        contexts.append(context)
        if user is not None:
            session = sign_in(user).cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield open_it
    for context in contexts:
        context.close()
    # A browser reports the status of a form to mend, of a report that is gone.
    assert [line for line in said if not re.search(r"\b4(00|04|10|22)\b", line)] == []


def look(page: Page, name: str) -> None:
    """Leave screenshots at two widths in light and dark; hold the rules of accessibility."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            take_picture(page, f"funder-{name}-{width}-{theme}")
        results = Axe().run(page).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in results] == []
    page.set_viewport_size({"width": 320, "height": 800})
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) == 0
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 794, "height": 1123})
    take_picture(page, f"funder-{name}-print")
    page.emulate_media(media="screen", color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 800})


def press(target: Locator, key: str = "Enter") -> None:
    """Use a control as somebody without a mouse does."""
    target.focus()
    expect(target).to_be_focused()
    target.page.keyboard.press(key)


def write(target: Locator, text: str) -> None:
    target.focus()
    target.page.keyboard.press("Control+a")
    target.page.keyboard.type(text)


def make_all() -> int:
    count = 0
    while make_next():
        count += 1
    return count


def test_from_the_first_page_to_files_in_hand_by_the_keyboard(
    open_as: Callable[..., Page], town: Area
) -> None:
    page = open_as()
    page.goto("/")
    press(page.locator("footer").get_by_role("link", name="Area reports"))
    expect(page.get_by_role("heading", level=1, name="Area reports")).to_be_visible()
    look(page, "picker")
    write(page.get_by_label("Area's name, code or postcode"), "nothing like it")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No area fits")).to_be_visible()
    look(page, "picker-none")
    write(page.get_by_label("Area's name, code or postcode"), "harbour")
    page.keyboard.press("Enter")
    press(page.get_by_role("link", name="Harbourside", exact=True))
    expect(page.get_by_role("heading", level=1, name="Harbourside")).to_be_visible()
    row = page.get_by_role("row", name=re.compile("^Taking part"))
    expect(row.get_by_role("cell").first).to_have_text("28")
    look(page, "dashboard")

    press(page.get_by_role("link", name="Put beside others"))
    for words, name in (("north", "North Shore"), ("south", "South Shore")):
        write(page.get_by_label("Add an area: name, code or postcode"), words)
        page.keyboard.press("Enter")
        press(page.get_by_role("link", name=name, exact=True))
        expect(page.get_by_role("columnheader", name=re.compile(name))).to_be_visible()
    heads = page.get_by_role("columnheader").all_inner_texts()
    names = ["Figure", "Harbourside", "North Shore", "South Shore"]
    assert all(head.startswith(name) for head, name in zip(heads, names, strict=True)), heads
    assert page.url.count("area=") == 3
    look(page, "compare")
    # The address is the view: somebody else who opens it sees the same.
    address = page.url
    page.goto("/")
    page.goto(address)
    expect(page.get_by_role("columnheader", name=re.compile("South Shore"))).to_be_visible()

    press(page.get_by_role("link", name="Build a report of these areas"))
    expect(page.get_by_role("heading", level=1, name="Build a report")).to_be_visible()
    look(page, "builder")
    write(page.get_by_label("Areas", exact=True), "NOWHERE")
    press(page.get_by_role("button", name="Make the report"))
    expect(page.get_by_role("alert").get_by_text("NOWHERE")).to_be_visible()
    look(page, "builder-wrong")
    write(page.get_by_label("Areas", exact=True), ", ".join(_codes()))
    write(page.get_by_label("Title of your own"), "For our board")
    press(page.get_by_label("Stories that people agreed to share"), "Space")
    for label in ("Web page", "CSV", "JSON", "GeoJSON", "All of them, with a data package"):
        press(page.get_by_label(label, exact=True), "Space")
    press(page.get_by_role("button", name="Make the report"))

    expect(page.get_by_role("heading", level=1, name="For our board")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_visible()
    look(page, "waiting")
    press(page.get_by_role("button", name="Stop"))
    expect(page.get_by_text("This was stopped before all files were made.")).to_be_visible()
    look(page, "cancelled")
    press(page.get_by_role("button", name="Make it again"))
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert make_all() == len(Format)
    # The page asks every second and follows by itself.
    expect(page.locator("#built").get_by_text("Your report is ready.")).to_be_visible(
        timeout=15_000
    )
    look(page, "ready")
    report = AreaReport.objects.get()
    assert "stories" not in report.question["sections"]
    contents = {}
    for made in report.files.all():
        with page.expect_download() as coming:
            press(page.get_by_role("link", name=made.get_format_display(), exact=True))
        contents[made.format] = Path(coming.value.path()).read_bytes()
        digest = hashlib.sha256(contents[made.format]).hexdigest()
        assert page.get_by_text(digest).count() == 1
    assert len(contents) == len(Format)
    (cell,) = [
        one
        for one in json.loads(contents["json"])["figures"]
        if (one["area_name"], one["indicator"]) == ("Harbourside", "A1")
    ]
    assert cell["value"] == 28.0
    assert "About 28 in every 1,000 adults in Harbourside took part." in contents["html"].decode()
    assert b"For our board" in contents["html"]


def _codes() -> list[str]:
    names = ("Harbourside", "North Shore", "South Shore")
    return list(Area.objects.filter(name__in=names).values_list("code", flat=True))


def test_who_waits_keeps_the_focus_and_hears_how_far_it_is(
    open_as: Callable[..., Page], town: Area
) -> None:
    page = open_as()
    page.goto(f"/reports/build/?area={town.code}")
    page.get_by_role("button", name="Make the report").click()
    stop = page.get_by_role("button", name="Stop")
    stop.focus()
    page.evaluate("document.getElementById('stop-report').dataset.same = 'yes'")
    page.wait_for_timeout(2_500)
    expect(stop).to_be_focused()
    assert stop.get_attribute("data-same") == "yes"
    news = page.get_by_role("status").filter(has=page.locator("#built-news"))
    expect(news).to_have_text("")
    assert make_next()
    expect(news).to_have_text(re.compile(r"Making the files\s+1 / 2"), timeout=15_000)
    expect(stop).to_be_focused()
    expect(page.get_by_role("progressbar", name="Making the files")).to_be_visible()
    make_all()
    expect(news).to_have_text("Your report is ready.", timeout=15_000)
    tree = page.locator("main").aria_snapshot()
    for said in ('heading "Harbourside" [level=1]', "status", 'link "PDF"', 'link "Excel"'):
        assert said in tree


def test_a_report_that_fails_says_so_and_is_made_when_asked_again(
    open_as: Callable[..., Page], town: Area, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_as()
    page.goto(f"/reports/build/?area={town.code}")
    page.get_by_role("button", name="Make the report").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    with monkeypatch.context() as broken:

        def break_down(_content: Any) -> bytes:
            raise OSError("No space left on device")

        broken.setitem(formats.WRITERS, Format.PDF, break_down)
        ReportFile.objects.filter(format="pdf").update(attempts=MAX_ATTEMPTS - 1)
        make_all()
    assert ReportFile.objects.get(format="pdf").state == State.FAILED
    expect(page.locator("#built").get_by_text("Nothing is lost: try again.")).to_be_visible(
        timeout=15_000
    )
    look(page, "failed")
    page.get_by_role("button", name="Make it again").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    make_all()
    expect(page.locator("#built").get_by_text("Your report is ready.")).to_be_visible(
        timeout=15_000
    )


def test_what_is_not_shown_says_why_and_tells_nothing(
    open_as: Callable[..., Page], town: Area
) -> None:
    page = open_as()
    page.goto(f"/reports/{Area.objects.get(name='South Shore').code}/")
    row = page.get_by_role("row", name=re.compile("^Taking part"))
    expect(row.get_by_role("cell").first).to_have_text("[c]")
    expect(page.get_by_text("There are too few answers").first).to_be_visible()
    look(page, "suppressed")


def test_an_area_of_ones_own_by_a_circle_and_by_a_file(
    open_as: Callable[..., Page], town: Area, tmp_path: Path
) -> None:
    page = open_as()
    page.goto("/reports/drawn/")
    page.get_by_role("button", name="Show the figures").click()
    expect(page.locator(".error-summary")).to_be_visible()
    look(page, "draw-wrong")
    file = tmp_path / "ours.geojson"
    shapes = [json.loads(area.geometry.json) for area in Area.objects.filter(level="zone")]
    file.write_text(
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [
                    {"type": "Feature", "properties": {}, "geometry": shape} for shape in shapes
                ],
            }
        )
    )
    page.get_by_label("A file", exact=False).first.check()
    page.get_by_label("File with the area").set_input_files(file)
    page.get_by_role("button", name="Show the figures").click()
    expect(page.get_by_role("heading", name="What it was snapped to")).to_be_visible()
    look(page, "drawn")


def test_what_an_account_keeps_a_view_an_order_and_a_key(
    open_as: Callable[..., Page], town: Area
) -> None:
    page = open_as(make_user(name="Fay Invented"))
    page.goto(f"/reports/compare/?area={town.code}")
    write(page.get_by_label("Keep this view under a name"), "Our corner")
    press(page.get_by_role("button", name="Keep", exact=True))
    expect(page.get_by_role("link", name="Our corner")).to_be_visible()
    page.goto(f"/reports/build/?area={town.code}")
    press(page.get_by_label("Make it again at each release, for my list"), "Space")
    press(page.get_by_role("button", name="Make the report"))
    expect(page.get_by_role("progressbar")).to_be_visible()
    make_all()
    expect(page.locator("#built").get_by_text("Your report is ready.")).to_be_visible(
        timeout=15_000
    )
    press(page.get_by_role("link", name="My reports"))
    expect(page.get_by_role("button", name="Stop Harbourside")).to_be_visible()
    look(page, "mine")
    press(page.get_by_role("button", name="Stop Harbourside"))
    expect(page.get_by_text("It will not be made again.")).to_be_visible()
    press(page.get_by_role("link", name="Keys for programs"))
    write(page.get_by_label("What the key is for"), "Map of the council")
    press(page.get_by_role("button", name="Make a key"))
    shown = page.locator("code.checksum").inner_text()
    assert shown.startswith("kinder_")
    look(page, "keys")
    answer = page.request.get("/api/v1/figures/", headers={"Authorization": f"Bearer {shown}"})
    assert answer.status == 200
    page.reload()
    assert shown not in page.content()


def test_open_data_is_found_and_taken(open_as: Callable[..., Page], town: Area) -> None:
    page = open_as()
    page.goto("/")
    press(page.locator("footer").get_by_role("link", name="Open data"))
    expect(page.get_by_role("heading", level=1, name="Open data")).to_be_visible()
    look(page, "open-data")
    with page.expect_download() as coming:
        press(page.get_by_role("link", name="January to March 2026"))
    assert coming.value.suggested_filename == "kinder-2026-Q1-v1.zip"
