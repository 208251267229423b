"""The register's long roads in a real browser: a view that a colleague opens, many edited by
keyboard, a poster that is printed, a gathering from proposal to expiry, and "what if"."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from kinder.accounts.models import Membership, Role, User
from places.actions import bump_layer
from places.hosting import CONFIRM_AFTER, EXPIRES_AFTER, look_after_gatherings
from places.models import Area, Gathering, Geography, Place, Postcode, SavedView
from tests.e2e.test_worker_areas import find_violations, open_page, town, worker
from tests.factories.accounts import make_member
from tests.factories.places import make_place, make_point
from tests.pictures import take_picture

__all__ = ["open_page", "town", "worker"]
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]
DESK = "/places/table/"
WIDTHS = pytest.mark.parametrize("width", [360, 1280])


@pytest.fixture(autouse=True)
def street(town: Geography) -> list[Place]:
    """A café and two halls beside the library."""
    return [
        make_place("Corner Café", kind="cafe", point=make_point(0.002), address="2 Rope Walk"),
        make_place("Hall of the North", kind="community_centre", point=make_point(0, 0.002)),
        make_place("Hall of the South", kind="community_centre", point=make_point(0, -0.002)),
    ]


def press(page: Page, keys: str) -> None:
    for key in keys.split():
        page.keyboard.press(key)


def wait_until(page: Page, holds: Callable[[], bool]) -> None:
    """Ask again until it holds: a map's tiles come when they come."""
    for _step in range(100):
        if holds():
            return
        page.wait_for_timeout(200)
    raise AssertionError("It does not come about")


def tab_to(page: Page, target: Any) -> None:
    """Go on with Tab until `target` has the focus."""
    for _step in range(80):
        page.keyboard.press("Tab")
        if target.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError("Tab does not lead there")


@WIDTHS
def test_a_view_is_kept_shared_and_opened_by_a_colleague(
    open_page: Callable[..., Page], worker: User, width: int
) -> None:
    organisation = Membership.objects.get(user=worker).organisation
    colleague = make_member(Role.WORKER, organisation)
    stranger = make_member(Role.WORKER)
    page = open_page(DESK, width=width)
    page.get_by_text("State and kind").click()
    page.get_by_label("Kind", exact=True).select_option(["community_centre"])
    page.get_by_label("Lacks").select_option("hours")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("#counts")).to_have_text("2 places")
    page.get_by_text("Keep this view").click()
    page.get_by_label("Name", exact=True).fill("Halls without hours")
    page.locator("#id_organisation").select_option(label=organisation.name)
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_text("The view is kept.")).to_be_visible()
    # The address alone brings anybody who keeps places to the same rows.
    address = page.url.partition("//")[2].partition("/")[2]
    shared = open_page(f"/{address}", width=width, by=stranger)
    expect(shared.locator("#counts")).to_have_text("2 places")
    expect(shared.get_by_role("link", name="Halls without hours")).to_have_count(0)

    theirs = open_page(DESK, width=width, by=colleague)
    expect(theirs.locator("#counts")).to_have_text("4 places")
    theirs.get_by_role("link", name="Halls without hours").click()
    expect(theirs.locator("#counts")).to_have_text("2 places")
    expect(theirs.get_by_label("Lacks")).to_have_value("hours")
    expect(theirs.get_by_role("link", name="Hall of the North")).to_be_visible()
    # Only whoever keeps it lets it go.
    assert theirs.get_by_role("button", name="Forget the view").count() == 0
    assert find_violations(theirs) == []
    take_picture(theirs, f"desk-view-{width}")
    page.get_by_role("button", name="Forget the view Halls without hours").click()
    expect(page.get_by_text("The view is gone.")).to_be_visible()
    assert not SavedView.objects.exists()


def test_many_are_edited_by_keyboard_and_taken_back(
    open_page: Callable[..., Page], street: list[Place]
) -> None:
    page = open_page(f"{DESK}?kind=community_centre")
    tab_to(page, page.get_by_label("Choose Hall of the North"))
    press(page, "x j x")
    expect(page.locator("[data-desk-status]")).to_have_text("Chosen: 2")
    press(page, "d")
    deed = page.get_by_label("Do with the chosen")
    expect(deed).to_be_focused()
    # Only what the deed needs is there.
    cost, reason = page.get_by_label("Cost to stay"), page.get_by_label("Why it is hidden")
    expect(cost).to_be_hidden()
    page.keyboard.type("Set what")
    expect(cost).to_be_visible()
    expect(reason).to_be_hidden()
    page.keyboard.press("Tab")
    expect(cost).to_be_focused()
    page.keyboard.type("Nobody")
    take_picture(page, "desk-many-keys")
    press(page, "Tab Enter")
    expect(page.get_by_text("2 places changed.")).to_be_visible()
    halls = Place.objects.filter(kind="community_centre")
    assert set(halls.values_list("cost_to_stay", flat=True)) == {"nobody_minds"}
    # The same view, and one button that takes all of it back.
    assert page.url.endswith("?kind=community_centre")
    back = page.get_by_role("button", name="Take the last change of many back")
    tab_to(page, back)
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 places changed.")).to_be_visible()
    assert set(halls.values_list("cost_to_stay", flat=True)) == {"unknown"}
    # Twice pressed, or pressed after going back in the browser, does no harm.
    page.go_back()
    page.reload()
    expect(back).to_have_count(0)


def test_many_are_edited_without_a_script(open_page: Callable[..., Page]) -> None:
    page = open_page(f"{DESK}?kind=community_centre", width=360, java_script_enabled=False)
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_text("Choose places first.")).to_be_visible()
    page.get_by_label("Choose Hall of the South").check()
    page.get_by_label("Do with the chosen").select_option("hide")
    page.get_by_label("Why it is hidden").select_option("duplicate")
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_text("1 place changed.")).to_be_visible()
    assert Place.objects.get(name="Hall of the South").state == "hidden"
    page.get_by_role("button", name="Take the last change of many back").click()
    assert Place.objects.get(name="Hall of the South").state == "verified"


def test_the_map_stays_open_from_one_filter_to_the_next(open_page: Callable[..., Page]) -> None:
    page = open_page(DESK)
    page.get_by_role("button", name="Show on a map").click()
    expect(page.locator("[data-in-view]")).to_be_attached(timeout=20_000)
    box, table = (
        page.locator(".map-side").bounding_box(),
        page.locator("[data-desk]").bounding_box(),
    )
    assert box is not None
    assert table is not None
    assert box["x"] > table["x"] + table["width"] - 1, "they stand beside each other"
    page.get_by_label("Name, street or code").fill("Hall")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("#counts")).to_have_text("2 places")
    expect(page.locator("[data-in-view='2']")).to_be_attached(timeout=20_000)
    page.get_by_role("button", name="Close the map").click()
    page.reload()
    expect(page.get_by_role("button", name="Show on a map")).to_be_visible()


@WIDTHS
@pytest.mark.parametrize(
    ("says", "name"), [("A poster, one to a sheet", "poster"), ("The same in large print", "large")]
)
def test_a_poster_is_made_of_the_chosen_and_its_link_leads_to_a_moment(
    open_page: Callable[..., Page],
    live_server: LiveServer,
    settings: Settings,
    width: int,
    says: str,
    name: str,
) -> None:
    settings.SITE_URL = live_server.url
    Place.objects.update(area=Area.objects.get(code="N1"))
    page = open_page(f"{DESK}?q=Rowan", width=width)
    page.get_by_label("Choose Rowan Library").check()
    page.get_by_label("Do with the chosen").select_option("posters")
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Posters with a QR code")
    expect(page.get_by_label("Rowan Library")).to_be_checked()
    page.get_by_label(says).check()
    assert find_violations(page) == []
    take_picture(page, f"posters-{width}")
    # What the button asks for: a browser without a window shows no PDF.
    address = page.evaluate(
        """() => {
            const button = document.querySelector("button[formaction]");
            const asked = new URLSearchParams(new FormData(button.form, button));
            return `${button.formAction}?${asked}`;
        }"""
    )
    answer = page.request.get(address)
    assert answer.headers["content-type"] == "application/pdf"
    assert f"posters-{name}.pdf" in answer.headers["content-disposition"]
    pdf = PdfReader(io.BytesIO(answer.body()))
    assert len(pdf.pages) == 1
    assert "Rowan Library" in " ".join(pdf.pages[0].extract_text().split())
    # The short link leads a phone straight to a moment at this place.
    code = Place.objects.get(name="Rowan Library").code
    phone = open_page(f"/p/{code}/", width=360, by=None)
    expect(phone.get_by_text("Rowan Library").first).to_be_visible()


def test_a_gathering_is_proposed_looked_at_asked_for_and_expires(
    open_page: Callable[..., Page], street: list[Place], worker: User
) -> None:
    phone = open_page("/whats-on/suggest/", width=360, by=None)
    phone.get_by_label("What is it called?").fill("Soup and a seat")
    phone.get_by_label("Where is it?").fill("Corner Café")
    phone.locator("[name=repeats][value=weekly]").check()
    phone.locator("#id_first_on").fill((timezone.localdate() + timedelta(days=2)).isoformat())
    phone.locator("#id_at").fill("12:30")
    phone.get_by_label("What happens?").fill("Something to eat and someone to eat with.")
    take_picture(phone, "gathering-suggest")
    send = phone.locator("main form").last.get_by_role("button").last
    send.click()
    # Nobody writes so fast: the page asks to be looked at once more, and has lost nothing.
    expect(phone.get_by_text("That was very quick.").first).to_be_visible()
    expect(phone.get_by_label("Where is it?")).to_have_value("Corner Café")
    phone.wait_for_timeout(3_000)
    send.click()
    expect(phone.get_by_text("will look at “Soup and a seat” soon")).to_be_visible()
    gathering = Gathering.objects.get()
    assert gathering.state == Gathering.State.PROPOSED
    hidden = open_page("/whats-on/", width=360, by=None)
    expect(hidden.get_by_text("Soup and a seat")).to_have_count(0)

    desk = open_page("/whats-on/looking-after/?state=proposed")
    desk.get_by_role("link", name="Soup and a seat").click()
    expect(
        desk.get_by_text("Only you and others who look after this see this page")
    ).to_be_visible()
    assert find_violations(desk) == []
    take_picture(desk, "gathering-proposed")
    desk.get_by_role("button", name="Show it", exact=True).click()
    expect(desk.get_by_text("Saved.")).to_be_visible()
    hidden.reload()
    expect(hidden.get_by_role("link", name="Soup and a seat").first).to_be_visible()

    # Half a year without a word: it is asked for; a month without an answer: it is shown no more.
    now = timezone.now() + CONFIRM_AFTER + timedelta(days=1)
    assert look_after_gatherings(now) == (1, 0)
    desk.goto(desk.url.partition("/whats-on/")[0] + "/whats-on/looking-after/?state=asked")
    expect(desk.get_by_role("cell", name="to confirm")).to_be_visible()
    assert look_after_gatherings(now + EXPIRES_AFTER + timedelta(days=1))[1] == 1
    hidden.reload()
    expect(hidden.get_by_text("Soup and a seat")).to_have_count(0)
    desk.goto(desk.url.replace("asked", "expired"))
    take_picture(desk, "gathering-expired")
    desk.get_by_role("link", name="Soup and a seat").click()
    desk.get_by_role("button", name="It goes on").click()
    hidden.reload()
    expect(hidden.get_by_role("link", name="Soup and a seat").first).to_be_visible()


@pytest.fixture
def homes(town: Geography) -> None:
    area = Area.objects.get(code="N1")
    Area.objects.filter(pk=area.pk).update(deprivation_decile=1)
    for number in range(8):
        point = make_point(0.002 * number - 0.008, 0.001 * number)
        Postcode.objects.create(code=f"G20 7T{'ABCDEFGH'[number]}", point=point, area=area)
    make_place(
        "Long Table", cost_to_stay="free", opening_hours="Mo-Fr 10:00-16:00", weekly_hours=30
    )
    bump_layer("places")


@pytest.mark.usefixtures("homes")
@pytest.mark.parametrize("has_script", [True, False])
@WIDTHS
def test_what_if_by_keyboard_and_without_a_script(
    open_page: Callable[..., Page], width: int, has_script: bool
) -> None:
    page = open_page("/gaps/?level=intermediate", width=width, java_script_enabled=has_script)
    tab_to(page, page.get_by_label("a place opened that is free to stay?"))
    press(page, "Tab")
    page.keyboard.type("G20 7TD")
    tab_to(page, page.get_by_label("Opening hours", exact=True))
    page.keyboard.type("Mo-Su 17:00-21:00")
    tab_to(page, page.get_by_role("button", name="Work it out"))
    press(page, "Enter")
    expect(page.get_by_role("heading", name="A new place at G20 7TD")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="would have more")).to_be_visible()
    first = page.get_by_role("row").filter(has_text="1, the most deprived fifth")
    expect(first).to_contain_text("+")
    if has_script:
        assert find_violations(page) == []
        take_picture(page, f"what-if-{width}")
    assert "level=intermediate" in page.url
    # The arrows choose another question; what was asked stays there to be changed.
    tab_to(page, page.get_by_label("a place opened that is free to stay?"))
    press(page, "ArrowDown")
    expect(page.get_by_label("a place closed?")).to_be_checked()
    press(page, "Tab")
    page.get_by_label("Where", exact=True).fill("Long Table")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Long Table closed")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="would have less")).to_be_visible()


@pytest.mark.usefixtures("homes")
@WIDTHS
def test_what_if_of_what_is_pointed_at(open_page: Callable[..., Page], width: int) -> None:
    place = Place.objects.get(name="Long Table")
    page = open_page(f"/places/{place.code}/", width=width)
    page.get_by_role("link", name="What if it closed?").click()
    where = page.get_by_label("Where", exact=True)
    expect(where).to_have_value(f"Long Table [{place.code}]")
    page.get_by_role("button", name="Point at it on a map").click()
    panel = page.locator("#pick-panel")
    status, chart = panel.locator("[data-map-status]"), panel.locator("[data-map]")
    # A new place: the spot in the middle, by keyboard.
    page.get_by_label("a place opened that is free to stay?").check()
    expect(status).to_contain_text("Long Table", timeout=20_000)
    chart.press("Enter")
    expect(where).to_have_value(f"{place.point.y:.6f}, {place.point.x:.6f}")
    # One that is there: what stands in the middle, once its tile has come.
    page.get_by_label("a place closed?").check()
    names = "|".join(Place.objects.values_list("name", flat=True))

    def choose() -> bool:
        chart.press("Enter")
        return bool(re.search(names, where.input_value()))

    wait_until(page, choose)
    expect(status).to_contain_text("Chosen:")
    assert find_violations(page) == []
    take_picture(page, f"what-if-map-{width}")
    where.fill(f"Long Table [{place.code}]")
    page.get_by_role("button", name="Work it out").click()
    expect(page.get_by_role("heading", name="Long Table closed")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Variety then")).to_be_attached()
