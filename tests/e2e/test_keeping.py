"""The register as those who keep it and those who use it change it, in a real browser: edit, two at
once, history, what to check, the walk, photos, suggestions, claims, one question at a time."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.utils import translation
from PIL import Image
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from kinder.accounts.models import Role, User
from places.actions import change_place
from places.models import (
    Area,
    Geography,
    Place,
    PlaceClaim,
    PlaceConfirmation,
    PlacePhoto,
    PlaceSuggestion,
    Postcode,
)
from places.vocabulary import PlaceState
from tests.e2e.test_imports import press_until
from tests.e2e.test_worker_areas import find_violations, open_page, town, worker
from tests.factories.accounts import make_member, make_organisation
from tests.factories.places import make_place, make_point
from tests.pictures import take_picture

__all__ = ["open_page", "town", "worker"]
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]
WIDTHS = pytest.mark.parametrize("width", [360, 1280])
HOURS = "Mo-Fr 09:00-17:00; Sa 10:00-14:00; PH off"


@pytest.fixture
def place(settings: Settings, tmp_path: Path, town: Geography) -> Place:
    """The town's library with hours and an address."""
    settings.MEDIA_ROOT = tmp_path / "media"
    area = Area.objects.get(code="N1")
    Postcode.objects.create(code="G20 7TX", point=make_point(0.01, 0.01), area=area)
    place = Place.objects.get()
    place.opening_hours, place.address, place.postcode = HOURS, "1 Rope Walk", "G20 7TX"
    place.area = area
    place.save()
    return place


def keep_rules(page: Page, name: str) -> None:
    take_picture(page, name)
    assert find_violations(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def open_map(page: Page, button: str) -> None:
    page.get_by_role("button", name=button).click()
    expect(page.locator("[data-map] canvas").first).to_be_visible(timeout=20_000)


def position_in(page: Page) -> tuple[float, float]:
    lat, lon = page.get_by_label("Position").input_value().split(", ")
    return float(lat), float(lon)


# ------------------------------------------------------------------ where it is


@WIDTHS
def test_a_place_is_moved_by_pointing_at_the_map(
    open_page: Callable[..., Page], place: Place, width: int
) -> None:
    page = open_page(f"/places/{place.code}/edit/", width=width)
    before = position_in(page)
    open_map(page, "Point at it on a map")
    panel = page.locator("#pick-panel [data-map]")
    panel.scroll_into_view_if_needed()
    expect(page.locator("#pick-panel [role=status]")).to_contain_text("The place is at 55.85")
    box = panel.bounding_box()
    assert box is not None
    panel.click(position={"x": box["width"] / 2 + 60, "y": box["height"] / 2 - 40})
    page.wait_for_timeout(400)  # a second click would zoom
    lat, lon = position_in(page)
    assert (lat > before[0], lon > before[1]) == (True, True)
    keep_rules(page, f"edit-map-{width}")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    place.refresh_from_db()
    assert (place.point.y, place.point.x) == pytest.approx((lat, lon), abs=1e-6)


def test_a_place_is_moved_by_keyboard(open_page: Callable[..., Page], place: Place) -> None:
    page = open_page(f"/places/{place.code}/edit/")
    before = position_in(page)
    button = page.get_by_role("button", name="Point at it on a map")
    press_until(page, button)
    page.keyboard.press("Enter")
    panel = page.locator("#pick-panel [data-map]")
    expect(panel).to_be_focused(timeout=20_000)
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
        page.wait_for_timeout(350)
    page.keyboard.press("Enter")
    lat, lon = position_in(page)
    assert (lat > before[0], lon > before[1]) == (True, True)
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.press("Enter")  # the form's own button, not the one beside the position
    expect(page.get_by_text("Saved.")).to_be_visible()


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_postcode_says_where_it_is_and_nothing_typed_is_lost(
    open_page: Callable[..., Page], place: Place, has_scripts: bool
) -> None:
    page = open_page(f"/places/{place.code}/edit/", width=360, java_script_enabled=has_scripts)
    page.get_by_label("Name", exact=True).fill("Rowan Hall")
    page.get_by_label("You need to book").check()
    page.get_by_label("Position").fill("g20 7tx")
    page.get_by_role("button", name="Find it").click()
    expect(page.get_by_text("Found: G20 7TX")).to_be_visible()
    assert position_in(page) == pytest.approx((55.86, -4.24), abs=1e-6)
    assert page.get_by_label("Name", exact=True).input_value() == "Rowan Hall"
    expect(page.get_by_label("You need to book")).to_be_checked()
    assert Place.objects.get().name == "Rowan Library"
    assert not page.get_by_text("that was not saved").is_visible()
    page.get_by_label("Position").fill("Nowhere at all")
    page.get_by_role("button", name="Find it").click()
    expect(page.get_by_text("We couldn't find that.")).to_be_visible()
    assert page.get_by_label("Position").input_value() == "Nowhere at all"
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.locator(".error-summary")).to_contain_text("Write it like this")
    page.get_by_label("Position").fill("G20 7TX")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Rowan Hall")
    place.refresh_from_db()
    assert (place.point.x, place.point.y) == pytest.approx((-4.24, 55.86), abs=1e-9)


def test_an_outline_is_drawn_and_changed(open_page: Callable[..., Page], place: Place) -> None:
    page = open_page(f"/places/{place.code}/edit/")
    page.locator("summary", has_text="Outline").click()
    open_map(page, "Open the map to draw")
    area = page.locator("#draw-panel [data-map]")
    area.scroll_into_view_if_needed()
    for x, y in ((90, 120), (230, 120), (230, 240), (90, 120)):
        area.click(position={"x": x, "y": y})
        page.wait_for_timeout(350)
    expect(page.locator("#draw-panel [data-map-status]")).to_contain_text("3 corners")
    keep_rules(page, "edit-outline-1280")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    place.refresh_from_db()
    assert place.footprint is not None
    assert place.footprint.num_coords == 4
    page.goto(page.url + "edit/")
    page.locator("summary", has_text="Outline").click()
    open_map(page, "Open the map to draw")
    assert json.loads(page.get_by_label("Outline, as GeoJSON").input_value())
    page.get_by_role("button", name="Begin again").click()
    page.get_by_role("button", name="Save", exact=True).last.click()
    place.refresh_from_db()
    assert place.footprint is None


def test_a_new_place_is_pointed_at(open_page: Callable[..., Page], place: Place) -> None:
    page = open_page("/places/new/")
    page.get_by_label("Name", exact=True).fill("Canal bench")
    page.get_by_label("Kind of place").select_option("bench")
    page.get_by_label("Position").fill("Southside")
    page.get_by_role("button", name="Find it").click()
    expect(page.get_by_text("Found: Southside")).to_be_visible()
    open_map(page, "Point at it on a map")
    page.get_by_role("button", name="It is in the middle").click()
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Canal bench")
    assert Place.objects.get(name="Canal bench").area is not None


# ------------------------------------------------------------------ two at once, and history


@WIDTHS
def test_two_who_edit_at_once_both_keep_what_they_wrote(
    open_page: Callable[..., Page], place: Place, width: int
) -> None:
    other = make_member(Role.WORKER, name="Bo Other")
    mine = open_page(f"/places/{place.code}/edit/", width=width)
    theirs = open_page(f"/places/{place.code}/edit/", by=other)
    theirs.get_by_label("Address").fill("2 Rope Walk")
    theirs.get_by_label("Telephone").fill("0141 496 0000")
    theirs.get_by_role("button", name="Save", exact=True).last.click()
    expect(theirs.get_by_text("Saved.")).to_be_visible()
    mine.get_by_label("Address").fill("3 Rope Walk")
    mine.get_by_label("What it is like").fill("A warm corner by the window.")
    mine.get_by_role("button", name="Save", exact=True).last.click()
    clash = mine.locator("#clash")
    expect(clash).to_contain_text("Nothing of yours is lost")
    expect(clash).to_contain_text("you “3 Rope Walk”, they “2 Rope Walk”")
    assert mine.get_by_label("Telephone").input_value() == "0141 496 0000"
    assert mine.get_by_label("Address").input_value() == "3 Rope Walk"
    keep_rules(mine, f"edit-clash-{width}")
    mine.get_by_role("button", name="Save", exact=True).last.click()
    expect(mine.get_by_text("Saved.")).to_be_visible()
    place.refresh_from_db()
    assert (place.address, place.telephone) == ("3 Rope Walk", "0141 496 0000")
    assert place.description == "A warm corner by the window."

    mine.get_by_role("link", name="History").click()
    expect(mine.get_by_text("Bo Other")).to_be_visible()
    expect(mine.locator("ol.history")).to_contain_text("2 Rope Walk → 3 Rope Walk")
    keep_rules(mine, f"history-{width}")
    mine.get_by_role("button", name="Put back to version 2").click()
    expect(mine.get_by_text("The place is as it was in version 2.")).to_be_visible()
    place.refresh_from_db()
    assert (place.address, place.description) == ("2 Rope Walk", "")


@WIDTHS
def test_what_several_changed_is_put_back_and_put_back_again(
    open_page: Callable[..., Page], place: Place, worker: User, width: int
) -> None:
    """An outline, words and a kind by three people in turn; a page that was open too long writes
    nothing; what the list of kinds no longer has stays, and is told."""
    x, y = place.point.coords
    drawn = MultiPolygon(Polygon.from_bbox((x, y, x + 0.001, y + 0.001)), srid=4326)
    other, third = (make_member(Role.WORKER, name=name) for name in ("Bo Other", "Cy Third"))
    place = change_place(by=worker, place=place, changes={"description": "A warm corner."})
    place = change_place(by=other, place=place, changes={"footprint": drawn, "kind": "cafe"})
    place = change_place(by=third, place=place, changes={"name": "Rowan Hub"})
    page = open_page(f"/places/{place.code}/history/", width=width)
    history = page.locator("ol.history > li")
    expect(history).to_have_count(4)
    expect(history.nth(0)).to_contain_text("Cy Third")
    expect(history.nth(1)).to_contain_text("Kind: Library → Café")
    expect(history.nth(1)).to_contain_text("Outline: nothing → 4 corners, about 6,941 m²")
    expect(history.nth(3)).to_contain_text("As it was before the history begins")
    late = open_page(f"/places/{place.code}/history/", width=width)

    page.get_by_role("button", name="Put back to version 2").click()
    expect(page.get_by_text("The place is as it was in version 2.")).to_be_visible()
    expect(history.nth(0)).to_contain_text("Put back to an earlier version (2)")
    expect(history.nth(0)).to_contain_text("Rowan Hub → Rowan Library")
    place.refresh_from_db()
    assert (place.name, place.kind, place.footprint) == ("Rowan Library", "library", None)
    assert place.description == "A warm corner."

    late.get_by_role("button", name="Put back to version 1").click()
    expect(late.get_by_text("Somebody changed it in the meantime.")).to_be_visible()
    place.refresh_from_db()
    assert place.description == "A warm corner."

    # Back from going back: the version that was left is one like any other.
    page.get_by_role("button", name="Put back to version 4").click()
    expect(page.get_by_text("The place is as it was in version 4.")).to_be_visible()
    place.refresh_from_db()
    assert (place.name, place.kind) == ("Rowan Hub", "cafe")
    assert place.footprint is not None
    assert place.footprint.equals(drawn)
    keep_rules(page, f"history-back-{width}")

    # A version from before a kind was taken out of the list.
    version = place.versions.get(revision=2)
    version.facts["kind"] = "reading_room"
    version.save()
    page.get_by_role("button", name="Put back to version 2").click()
    expect(page.get_by_text("could not come back: Kind.")).to_be_visible()
    expect(page.locator("ol.history")).to_contain_text("reading_room")
    place.refresh_from_db()
    assert (place.name, place.kind) == ("Rowan Library", "cafe")


@WIDTHS
def test_hours_names_and_languages_are_edited_and_read(
    open_page: Callable[..., Page], place: Place, width: int
) -> None:
    page = open_page(f"/places/{place.code}/edit/", width=width)
    assert page.get_by_label("Saturday").input_value() == "10:00-14:00"
    assert page.get_by_label("Public holidays").input_value() == "closed"
    page.get_by_label("Monday", exact=True).fill("9am-12.30, 1pm-5pm")
    page.get_by_label("Other name").first.fill("Leabharlann Chaorainn")
    page.get_by_label("Language of the name").first.select_option("gd")
    page.locator("summary", has_text="Languages spoken there").click()
    page.get_by_label("Polski").check()
    keep_rules(page, f"edit-{width}")
    page.get_by_label("Tuesday").fill("all day long")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.locator(".error-summary")).to_be_focused()
    assert page.get_by_label("Monday", exact=True).input_value() == "9am-12.30, 1pm-5pm"
    take_picture(page, f"edit-error-{width}")
    page.get_by_label("Tuesday").fill("9am-5pm")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.locator("[lang=gd]", has_text="Leabharlann Chaorainn")).to_be_visible()
    place.refresh_from_db()
    assert place.opening_hours == (
        "Mo 09:00-12:30,13:00-17:00; Tu-Fr 09:00-17:00; Sa 10:00-14:00; PH off"
    )
    assert place.languages == ["pl"]
    keep_rules(page, f"place-keeper-{width}")


@pytest.mark.parametrize("language", ["en-gb", "gd", "pl", "uk", "ur", "ar"])
def test_hours_with_public_holidays_in_the_language_of_the_page(
    open_page: Callable[..., Page], place: Place, language: str
) -> None:
    prefix = "" if language == "en-gb" else f"/{language}"
    page = open_page(f"{prefix}/places/{place.code}/", width=360, by=None)
    page.locator("#hours ~ details summary").click()
    told = page.locator("#hours ~ details dl").inner_text()
    with translation.override(language):
        names = [translation.gettext(name) for name in ("Monday", "Public holidays", "closed")]
    assert names[1] in told
    if language != "en-gb":
        assert "Public holidays" not in told
        assert "Monday" not in told
    take_picture(page, f"place-hours-{language}")
    assert find_violations(page) == []


# ------------------------------------------------------------------ what to check


@WIDTHS
def test_what_is_stale_is_listed_confirmed_and_walked_past(
    open_page: Callable[..., Page], place: Place, width: int
) -> None:
    for number in range(7):
        make_place(
            f"Bench {number}",
            kind="bench",
            state=PlaceState.STALE,
            area=place.area,
            point=make_point(0.001 * (number % 3), 0.001 * number),
            address=f"{number} Rope Walk",
        )
    page = open_page("/places/check/", width=width)
    expect(page.get_by_text("7 places", exact=True)).to_be_visible()
    keep_rules(page, f"check-{width}")
    page.get_by_role("button", name="Confirm Bench 3").click()
    expect(page.get_by_text("6 places", exact=True)).to_be_visible()
    assert Place.objects.get(name="Bench 3").state == PlaceState.VERIFIED
    page.get_by_role("link", name="Plan a walk past them").click()
    assert page.locator("ol.walk > li").count() == 6
    keep_rules(page, f"walk-{width}")
    page.emulate_media(media="print")
    assert not page.get_by_role("button", name="Plan it").is_visible()
    expect(page.get_by_text("Printed on")).to_be_visible()
    take_picture(page, f"walk-print-{width}")


def test_residents_are_asked_one_question_at_a_time(
    open_page: Callable[..., Page], place: Place
) -> None:
    Place.objects.filter(pk=place.pk).update(state=PlaceState.STALE, confirmed_at=None)
    page = open_page(f"/places/{place.code}/", width=360, by=None)
    asked = []
    for _ in range(3):
        question = page.locator("#question ~ form legend")
        expect(question).to_have_count(1)
        asked.append(question.inner_text())
        take_picture(page, f"place-question-{len(asked)}")
        page.get_by_role("button", name="Yes", exact=True).click()
    assert len(set(asked)) == 3
    assert PlaceConfirmation.objects.count() == 3
    place.refresh_from_db()
    assert place.state == PlaceState.VERIFIED, "a resident's confirmation makes it fresh"


# ------------------------------------------------------------------ photos, suggestions, claims


def picture_with_position() -> bytes:
    """A photo that says where it was made."""
    picture, told = io.BytesIO(), Image.Exif()
    told[0x8825] = {1: "N", 2: (55.0, 51.0, 0.0), 3: "W", 4: (4.0, 15.0, 0.0)}
    told[0x010F] = "Camera of Ann Persona"
    Image.new("RGB", (640, 480), "teal").save(picture, "JPEG", exif=told)
    return picture.getvalue()


def test_a_photo_needs_words_and_loses_where_it_was_made(
    open_page: Callable[..., Page], place: Place, worker: User
) -> None:
    page = open_page(f"/places/{place.code}/", width=360, by=None)
    page.get_by_role("link", name="Add a photo").click()
    photo: Any = {
        "name": "door.jpg", "mimeType": "image/jpeg", "buffer": picture_with_position(),
    }  # fmt: skip
    page.get_by_label("Photo").set_input_files(files=[photo])
    page.get_by_role("button", name="Send the photo").click()
    expect(page.locator(".error-summary")).to_be_focused()
    assert not PlacePhoto.objects.exists()
    keep_rules(page, "photo-360")
    page.get_by_label("Photo").set_input_files(files=[photo])
    page.get_by_label("What does it show?").fill("A blue door without a step")
    page.get_by_role("button", name="Send the photo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Rowan Library")
    kept = PlacePhoto.objects.get()
    with kept.image.open() as file:
        content = file.read()
    assert not Image.open(io.BytesIO(content)).getexif()
    assert b"Persona" not in content
    assert page.get_by_alt_text("A blue door without a step").count() == 0

    keeper = open_page(f"/places/{place.code}/")
    keeper.get_by_role("button", name="Show this photo").click()
    expect(keeper.get_by_alt_text("A blue door without a step")).to_be_visible()
    keep_rules(keeper, "place-photo-1280")
    keeper.get_by_role("button", name="Hide this photo").click()
    expect(keeper.get_by_alt_text("A blue door without a step")).to_have_count(0)


@WIDTHS
def test_a_suggestion_that_was_overtaken_is_told_so(
    open_page: Callable[..., Page], place: Place, worker: User, width: int
) -> None:
    page = open_page(f"/places/{place.code}/suggest/", width=360, by=None)
    page.get_by_label("Name", exact=True).fill("Rowan Reading Room")
    page.get_by_label("Address").fill("9 Rope Walk")
    page.get_by_role("button", name="Send").click()
    assert PlaceSuggestion.objects.count() == 1
    change_place(by=worker, place=place, changes={"address": "5 Rope Walk"})

    keeper = open_page("/places/suggestions/", width=width)
    expect(keeper.get_by_text("changed since: it said “1 Rope Walk”")).to_be_visible()
    expect(keeper.get_by_role("checkbox", name="Name: Rowan Library")).to_be_checked()
    expect(keeper.get_by_role("checkbox", name="Address")).not_to_be_checked()
    keep_rules(keeper, f"suggestions-{width}")
    keeper.get_by_role("button", name="Change what is ticked").click()
    expect(keeper.get_by_text("Nobody waits")).to_be_visible()
    place.refresh_from_db()
    assert (place.name, place.address) == ("Rowan Reading Room", "5 Rope Walk")


@WIDTHS
def test_an_organisation_claims_its_place(
    open_page: Callable[..., Page], place: Place, width: int
) -> None:
    hub = make_organisation("Rowan Trust")
    owner = make_member(Role.COORDINATOR, hub, name="Ola Owner")
    page = open_page(f"/places/{place.code}/", width=width, by=owner)
    page.get_by_role("link", name="This place is ours").click()
    keep_rules(page, f"claim-{width}")
    page.get_by_role("button", name="Yes, it is ours").click()
    expect(page.get_by_text("Somebody who looks after places will decide.")).to_be_visible()
    assert not Place.objects.filter(organisation=hub).exists()

    keeper = open_page("/places/claims/", width=width)
    expect(keeper.get_by_text("Rowan Trust says that it is theirs.")).to_be_visible()
    keep_rules(keeper, f"claims-{width}")
    keeper.get_by_role("button", name="It is theirs").click()
    expect(keeper.get_by_text("No claims wait")).to_be_visible()
    assert Place.objects.get().organisation == hub
    assert PlaceClaim.objects.get().state == PlaceClaim.State.ACCEPTED
    page.goto(page.url)
    expect(page.get_by_text("Rowan Trust")).to_be_visible()


def test_a_footprint_that_is_there_is_shown_to_be_changed(
    open_page: Callable[..., Page], place: Place
) -> None:
    corner = place.point.x, place.point.y
    square = Polygon.from_bbox((*corner, corner[0] + 0.001, corner[1] + 0.001))
    Place.objects.filter(pk=place.pk).update(footprint=MultiPolygon(square, srid=4326))
    page = open_page(f"/places/{place.code}/edit/", width=360)
    page.locator("summary", has_text="Outline").click()
    open_map(page, "Open the map to draw")
    page.locator("#draw-panel").scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    keep_rules(page, "edit-footprint-360")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("Nothing was changed.")).to_be_visible()


@pytest.mark.parametrize(
    "address", ["check", "walk", "suggestions", "claims", "imports", "new", "{code}/history"]
)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_keepers_pages_when_there_is_nothing_yet(
    open_page: Callable[..., Page], place: Place, address: str, theme: Any
) -> None:
    path = f"/places/{address.format(code=place.code)}/"
    for width in (360, 1280):
        page = open_page(path, width=width, color_scheme=theme)
        name = address.replace("{code}/", "")
        keep_rules(page, f"empty-{name}-{width}-{theme}")
