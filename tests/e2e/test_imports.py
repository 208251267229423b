"""Bringing in places as a worker does it: a table, a map file, a feed; looked over, mended, written
and taken back, in a real browser."""

import functools
import json
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import shapely
from django.db import connections
from playwright.sync_api import FilePayload, Locator, Page, expect
from pytest_django.fixtures import Settings

from kinder.accounts.fetching import check_address
from places.exchange import import_forms, intake
from places.exchange.models import PlaceImport
from places.models import Area, Geography, Place, Postcode
from tests.e2e.test_worker_areas import find_violations, open_page, town, worker
from tests.exchange.test_broken_lists import write_layer
from tests.exchange.test_intake import feed
from tests.factories.places import MIDDLE, make_place, make_point
from tests.pictures import take_picture

__all__ = ["feed", "open_page", "town", "worker"]
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]
WIDTHS = pytest.mark.parametrize("width", [360, 1280])
TABLE = (
    "Venue name,Sort,Post code,Opening,Web\n"
    "Rowan Libary,library,g20 7tx,Mo-Fr 09:00-17:00,https://rowan.example.org\n"
    "Corner Café,chip shop,G20 7TY,9am-5pm,\n"
    "Flag House,pub,G20 7TZ,when the flag is up,\n"
    "Old Hall,spaceport,G20 7TZ,,\n"
    "Far Away,cafe,ZZ1 1ZZ,,\n"
)
STATE = ".row-between > .tag"


@pytest.fixture(autouse=True)
def land(settings: Settings, tmp_path: Path, town: Geography) -> None:
    """Three postcodes, and a hall whose name one might mean."""
    settings.MEDIA_ROOT = tmp_path / "media"
    area = Area.objects.get(code="N1")
    for number, code in enumerate(("G20 7TX", "G20 7TY", "G20 7TZ")):
        point = make_point(0.0001 + 0.004 * number, 0.001 * number)
        Postcode.objects.create(code=code, point=point, area=area)


def begin(
    page: Page, words: str, name: str, content: str | bytes, *, says: str = "Look at it"
) -> None:
    told = content.encode() if isinstance(content, str) else content
    page.get_by_label("What is this list called?").fill("Halls of the town")
    page.get_by_label(words).check()
    page.get_by_label("File", exact=True).set_input_files(
        files=[FilePayload(name=name, mimeType="text/plain", buffer=told)]
    )
    page.get_by_role("button", name=says).click()


def keep_rules(page: Page, name: str) -> None:
    """No page of the wizard breaks a rule, is wider than the screen, or goes without a look."""
    take_picture(page, name)
    assert find_violations(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def work(page: Page) -> None:
    """Do what Beat would call a worker for, once the page waits for it."""
    expect(page.get_by_role("progressbar")).to_be_visible()
    intake.continue_all()


def row_of(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has_text=name)


@WIDTHS
def test_a_table_is_brought_in_looked_over_mended_written_and_taken_back(
    open_page: Callable[..., Page], width: int
) -> None:
    page = open_page("/places/check/", width=width)
    page.get_by_role("link", name="Bring in places").click()
    keep_rules(page, f"import-begin-{width}")
    begin(page, "Table: CSV", "halls.csv", TABLE)

    expect(page.get_by_role("heading", level=1)).to_have_text("Which column is which?")
    # What the headings told was guessed; the rest is chosen.
    assert page.get_by_label("Postcode").input_value() == "Post code"
    page.get_by_label("Name", exact=True).select_option("Venue name")
    page.get_by_label("Kind of place", exact=True).select_option("Sort")
    page.get_by_label("Opening hours").select_option("Opening")
    page.get_by_label("Website").select_option("Web")
    keep_rules(page, f"import-columns-{width}")
    page.get_by_role("button", name="Read the list").click()

    expect(page.get_by_role("progressbar")).to_be_visible()
    assert find_violations(page) == []
    work(page)
    # The page looks again by itself.
    expect(page.get_by_role("button", name="Write it to the register")).to_be_visible()
    assert Place.objects.count() == 1, "nothing is written before somebody has looked"
    assert "hours are kept as words: when the flag is up" in page.locator("table").inner_text()
    expect(row_of(page, "Corner Café")).to_contain_text("Takeaway or fast food")
    page.get_by_role("button", name="Show on a map").click()
    expect(page.locator("#map-panel")).to_have_attribute("data-in-view", "3", timeout=20_000)
    keep_rules(page, f"import-look-{width}")

    page.get_by_role("link", name="To mend 2").click()
    expect(page.get_by_text("no kind of place", exact=True)).to_be_visible()
    expect(row_of(page, "Far Away")).to_contain_text("no position, and no postcode")
    page.get_by_role("link", name="Old Hall").click()
    page.get_by_role("button", name="Mend the row").click()
    expect(page.locator(".error-summary")).to_be_focused()
    keep_rules(page, f"import-row-{width}")
    page.get_by_label("Kind of place").select_option("community_centre")
    page.get_by_role("button", name="Mend the row").click()
    expect(page.get_by_text("The row is mended.")).to_be_visible()
    page.get_by_role("link", name="Far Away").click()
    page.get_by_label("Postcode").fill("G20 7TX")
    page.get_by_role("button", name="Mend the row").click()
    page.get_by_role("link", name="All rows 5").click()
    page.get_by_role("checkbox", name="Row 5, Far Away").check()
    page.get_by_label("The rows that are ticked").select_option("skip")
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(row_of(page, "Far Away")).to_contain_text("Leave out")

    page.get_by_role("button", name="Write it to the register").click()
    work(page)
    expect(page.locator(STATE)).to_have_text("In the register")
    facts = page.locator("dl.facts").inner_text().split()
    assert facts[facts.index("Added") + 1] == "3"
    keep_rules(page, f"import-done-{width}")
    assert set(Place.objects.values_list("name", flat=True)) == {
        "Rowan Library", "Corner Café", "Flag House", "Old Hall",
    }  # fmt: skip
    assert Place.objects.get(name="Rowan Library").website == "https://rowan.example.org"
    flag = Place.objects.get(name="Flag House")
    assert (flag.opening_hours, flag.are_hours_unread) == ("when the flag is up", True)

    page.get_by_role("button", name="Take all of it back").click()
    work(page)
    expect(page.locator(STATE)).to_have_text("Taken back")
    keep_rules(page, f"import-undone-{width}")
    assert [place.name for place in Place.objects.all()] == ["Rowan Library"]
    assert Place.objects.get().website == ""


def test_the_wizard_works_without_a_script(open_page: Callable[..., Page]) -> None:
    page = open_page("/places/imports/", width=360, java_script_enabled=False)
    begin(page, "Table: CSV", "halls.csv", "name,kind,postcode\nOld Hall,village hall,G20 7TX\n")
    page.get_by_role("button", name="Read the list").click()
    page.get_by_role("link", name="Look again").click()
    work(page)
    page.get_by_role("link", name="Look again").click()
    page.get_by_role("button", name="Write it to the register").click()
    work(page)
    page.get_by_role("link", name="Look again").click()
    assert page.locator(STATE).inner_text() == "In the register"
    assert Place.objects.filter(name="Old Hall").exists()


def test_the_wizard_works_by_keyboard(open_page: Callable[..., Page]) -> None:
    page = open_page("/places/imports/")
    begin(page, "Table: CSV", "halls.csv", "name,kind,postcode\nOld Hall,village hall,G20 7TX\n")
    button = page.get_by_role("button", name="Read the list")
    seen = press_until(page, button)
    assert seen.index("id_name") < seen.index("id_kind") < seen.index("id_fallback")
    page.keyboard.press("Enter")
    work(page)
    write = page.get_by_role("button", name="Write it to the register")
    expect(write).to_be_visible()
    press_until(page, page.get_by_role("checkbox", name="Row 1, Old Hall"))
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name="Row 1, Old Hall")).to_be_checked()
    page.keyboard.press("Home")
    write.focus()
    page.keyboard.press("Enter")
    work(page)
    expect(page.locator(STATE)).to_have_text("In the register")


def press_until(page: Page, wanted: Locator, *, most: int = 60) -> list[str]:
    """Press Tab until `wanted` has the focus; return the ids that had it."""
    seen = []
    for _ in range(most):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id"))
        if wanted.evaluate("one => one === document.activeElement"):
            return seen
    raise AssertionError(f"never reached: {seen}")


@pytest.fixture
def extract() -> str:
    """Two hundred cafés, and what is none."""
    lon, lat = MIDDLE
    features = [
        {
            "type": "Feature",
            "id": f"node/{number}",
            "properties": {"amenity": "cafe", "name": f"Kettle {number}"},
            "geometry": {
                "type": "Point",
                "coordinates": [lon + number % 20 / 500, lat + number // 20 / 500],
            },
        }
        for number in range(1, 201)
    ]
    features[0]["properties"] = {"tourism": "hostel", "name": "Bed"}
    return json.dumps({"type": "FeatureCollection", "features": features})


def test_progress_is_told_while_a_worker_works_and_it_can_be_stopped(
    open_page: Callable[..., Page], extract: str
) -> None:
    page = open_page("/places/imports/")
    begin(page, "OpenStreetMap extract", "town.geojson", extract)
    work(page)
    page.get_by_role("button", name="Write it to the register").click()
    job = PlaceImport.objects.get()
    may_go_on, has_stepped = threading.Event(), threading.Event()

    def wait(_job: PlaceImport) -> None:
        has_stepped.set()
        may_go_on.wait(20)

    thread = threading.Thread(target=work_apart, args=(job.pk, wait))
    thread.start()
    try:
        assert has_stepped.wait(20)
        bar = page.get_by_role("progressbar")
        expect(bar).to_have_attribute("value", "50")
        assert bar.get_attribute("max") == "199"
        take_picture(page, "import-progress-1280")
        assert find_violations(page) == []
        page.get_by_role("button", name="Stop").click()
        expect(page.locator(STATE)).to_have_text("Waits to be looked at")
    finally:
        may_go_on.set()
        thread.join()
    # What is there stays, and the rest can be written or all of it taken back.
    assert Place.objects.filter(source="osm").count() == 50
    page.get_by_role("button", name="Write it to the register").click()
    work(page)
    expect(page.locator(STATE)).to_have_text("In the register")
    assert Place.objects.filter(source="osm").count() == 199


def work_apart(key: int, wait: Callable[[PlaceImport], None]) -> None:
    """Work as a worker process would: with a connection of its own, closed at the end."""
    try:
        intake.advance(key, on_step=wait)
    finally:
        connections.close_all()


def test_a_feed_is_read_by_its_address(
    open_page: Callable[..., Page], feed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Both of the feed's rooms resemble a place of the register, one of them doubtfully.
    make_place("Reading Room s1", point=make_point())
    anywhere = functools.partial(check_address, allow_loopback=True)
    monkeypatch.setattr(import_forms, "check_address", anywhere)
    page = open_page("/places/imports/", width=360)
    page.get_by_label("What is this list called?").fill("Council")
    page.get_by_label("Open Referral UK").check()
    page.get_by_role("button", name="Look at it").click()
    expect(page.locator(".error-summary")).to_contain_text("Choose a file, or write an address")
    assert page.get_by_label("What is this list called?").input_value() == "Council"
    page.get_by_label("Or its address").fill(feed)
    page.get_by_role("button", name="Look at it").click()
    work(page)
    expect(row_of(page, "Reading Room s2")).to_contain_text("Add as a new place")
    first = row_of(page, "Reading Room s1")
    expect(first).to_contain_text("almost sure")
    keep_rules(page, "import-feed-360")


def test_a_wrong_file_is_told_and_nothing_typed_is_lost(open_page: Callable[..., Page]) -> None:
    page = open_page("/places/imports/")
    begin(page, "Map layer", "halls.csv", TABLE)
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator(".error-summary")).to_contain_text("something else than the kind of list")
    assert page.get_by_label("What is this list called?").input_value() == "Halls of the town"
    expect(page.get_by_label("Map layer")).to_be_checked()
    take_picture(page, "import-wrong-1280")
    begin(page, "OpenStreetMap by Overpass", "x.json", '{"elements": "none"}')
    work(page)
    page.reload()
    expect(page.get_by_text("This is no Overpass JSON")).to_be_visible()
    take_picture(page, "import-failed-1280")


@WIDTHS
def test_a_layer_of_a_geopackage_is_chosen_and_brought_in(
    open_page: Callable[..., Page], tmp_path: Path, width: int
) -> None:
    """In metres of the National Grid, the second of two layers, one row without a shape."""
    lon, lat = 259_210, 664_189  # MIDDLE, in metres
    road = shapely.LineString([(lon, lat), (lon + 9, lat)])
    square = shapely.box(lon + 600, lat, lon + 640, lat + 30)
    path = tmp_path / "halls.gpkg"
    write_layer(path, [road], names=["Ring Road"], layer="aa roads", sort="LineString",
                crs="EPSG:27700")  # fmt: skip
    write_layer(path, [shapely.Point(lon, lat)], names=["A well"], layer="a wells",
                crs="EPSG:27700")  # fmt: skip
    names = ["Rowan Libary", "Bowling Pavilion", "Lost Hall"]
    shapes = [shapely.Point(lon, lat), square, None]
    content = write_layer(path, shapes, names=names, layer="halls", sort="Unknown",
                          crs="EPSG:27700")  # fmt: skip
    page = open_page("/places/imports/", width=width)
    page.get_by_label("Places that say no kind are").select_option("community_centre")
    begin(page, "Map layer", "halls.gpkg", content)
    expect(page.locator("tbody")).to_have_text(re.compile("A well"))
    page.get_by_label("Layer of the file").select_option("halls")
    page.get_by_role("button", name="Show its first rows").click()
    expect(page.locator("tbody")).to_contain_text("Bowling Pavilion")
    expect(page.get_by_label("Places that say no kind are")).to_have_value("community_centre")
    keep_rules(page, f"import-layer-{width}")
    page.get_by_role("button", name="Read the list").click()
    work(page)
    expect(row_of(page, "Lost Hall")).to_contain_text("no position")
    expect(row_of(page, "Rowan Libary")).to_contain_text("perhaps")
    page.get_by_role("link", name="Lost Hall").click()
    page.get_by_label("Postcode").fill("g20 7ty")
    page.get_by_role("button", name="Mend the row").click()
    page.get_by_role("button", name="Write it to the register").click()
    work(page)
    expect(page.locator(STATE)).to_have_text("In the register")
    pavilion = Place.objects.get(name="Bowling Pavilion")
    assert pavilion.footprint is not None
    assert pavilion.point.distance(make_point(0.0096, 0.0)) < 0.002
    assert Place.objects.filter(name="Lost Hall").exists()
    # The second run of the same file changes nothing.
    page.goto(page.url.rsplit("/", 2)[0])
    begin(page, "Map layer", "halls.gpkg", content)
    page.get_by_label("Layer of the file").select_option("halls")
    page.get_by_role("button", name="Show its first rows").click()
    page.get_by_label("Places that say no kind are").select_option("community_centre")
    page.get_by_role("button", name="Read the list").click()
    work(page)
    expect(row_of(page, "Bowling Pavilion")).to_contain_text("fill in what is missing")
    assert Place.objects.count() == 3


@WIDTHS
def test_what_overpass_answered_is_brought_in_and_taken_back(
    open_page: Callable[..., Page], width: int
) -> None:
    """Nodes, ways with a centre, relations; broken off in the middle, which is said first."""
    lon, lat = MIDDLE
    around = ((0.002, 0.002), (0.004, 0.002), (0.004, 0.004), (0.002, 0.004), (0.002, 0.002))
    corners = [{"lon": lon + x, "lat": lat + y} for x, y in around]
    parts = [{"type": "way", "ref": 1, "role": "outer", "geometry": part}
             for part in (corners[:3], corners[2:])]  # fmt: skip
    elements = [
        {"type": "node", "id": 1, "lat": lat, "lon": lon + 0.01,
         "tags": {"amenity": "cafe", "name": "Kettle", "opening_hours": "Mo-Fr 09:00-17:00"}},
        {"type": "way", "id": 2, "center": {"lat": lat + 0.01, "lon": lon}, "nodes": [1, 2, 1],
         "tags": {"amenity": "library", "name": "Reading Room"}},
        {"type": "relation", "id": 3, "members": parts,
         "tags": {"type": "multipolygon", "leisure": "park", "name": "Long Park"}},
        {"type": "node", "id": 4, "lat": lat, "lon": lon,
         "tags": {"tourism": "hostel", "name": "Bed"}},
    ]  # fmt: skip
    told = {"elements": elements, "remark": "runtime error: Query timed out"}
    page = open_page("/places/imports/", width=width)
    begin(page, "OpenStreetMap by Overpass", "answer.json", json.dumps(told))
    work(page)
    expect(page.locator(".notice-bad")).to_contain_text("Overpass broke off")
    expect(row_of(page, "Kettle")).to_contain_text("Mo-Fr 09:00-17:00")
    keep_rules(page, f"import-overpass-{width}")
    page.get_by_role("button", name="Write it to the register").click()
    work(page)
    expect(page.locator(STATE)).to_have_text("In the register")
    assert page.locator(".notice-bad").count() == 0
    park = Place.objects.get(name="Long Park")
    assert (park.source, park.source_ref) == ("osm", "relation/3")
    assert park.footprint is not None
    assert Place.objects.filter(source="osm").count() == 3
    page.get_by_role("button", name="Take all of it back").click()
    work(page)
    expect(page.locator(STATE)).to_have_text("Taken back")
    assert not Place.objects.filter(source="osm").exists()


def test_a_list_that_cannot_be_read_is_begun_again_with_what_was_typed(
    open_page: Callable[..., Page], tmp_path: Path
) -> None:
    content = write_layer(tmp_path / "a.gpkg", [shapely.Point(MIDDLE)] * 999, names=["Hall"] * 999)
    page = open_page("/places/imports/", width=360)
    begin(page, "Map layer", "halls.gpkg", content[: len(content) // 2])
    expect(page.locator(STATE)).to_have_text("Failed")
    expect(page.locator(".notice-bad")).to_contain_text("damaged or cut off")
    keep_rules(page, "import-cut-360")
    page.get_by_role("link", name="Begin again").click()
    assert page.get_by_label("What is this list called?").input_value() == "Halls of the town"
    expect(page.get_by_label("Map layer")).to_be_checked()


def test_residents_have_no_part_in_it(open_page: Callable[..., Page]) -> None:
    page = open_page("/places/imports/", by=None)
    expect(page).not_to_have_url("/places/imports/")
    assert page.get_by_text("Bring in places").count() == 0
