"""A phone without a network: what is added waits on it, and each arrives exactly once."""

import datetime as dt
import json
import re
from collections.abc import Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from connections.interactions.models import Difficulty, Interaction
from kinder.accounts.models import Contributor
from places.models import Area, Place
from tests.e2e.looking import find_violations
from tests.e2e.test_log import tap
from tests.factories import CommunityFactory, NeighbourhoodFactory, PlaceFactory, ZoneFactory
from tests.pictures import take_picture

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]
SENDING = re.compile(r"/api/v1/(interactions|difficulties)/")
THANKS = "Thank you. It is saved."


@pytest.fixture
def area() -> Area:
    community = CommunityFactory.create(name="Harbourside")
    neighbourhood: Area = NeighbourhoodFactory.create(name="Harbourside North", parent=community)
    zone = ZoneFactory.create(parent=neighbourhood)
    PlaceFactory.create(name="Rowan Library", area=zone)
    return community


@pytest.fixture
def phone(browser: Browser, live_server: LiveServer, area: Area) -> Iterator[BrowserContext]:
    """A phone that has opened the site once, so that it keeps what it needs to open it again."""
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 360, "height": 740}, has_touch=True
    )
    context.set_default_timeout(30_000)
    yield context
    context.close()


@pytest.fixture
def page(phone: BrowserContext, area: Area) -> Page:
    page = phone.new_page()
    page.goto(f"/log/?area={area.code}")
    wait_for_shells(page)
    return page


def wait_for_shells(page: Page) -> None:
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")


def tell(page: Page, kind: str = "Food or a cuppa together") -> None:
    tap(page, "I did something")
    tap(page, kind)
    page.get_by_role("button", name="Save", exact=True).locator("visible=true").last.tap()


def waits(page: Page, number: int) -> None:
    expect(page.get_by_role("heading", name="Waiting to be sent")).to_be_visible()
    expect(page.locator("[data-outbox-list] li")).to_have_count(number)


def all_sent(page: Page) -> None:
    expect(page.get_by_text("All that you added on this phone has been sent.")).to_be_visible()


def test_two_moments_added_offline_go_up_once_each(phone: BrowserContext, page: Page) -> None:
    tell(page, "A hello")
    expect(page.get_by_role("heading", name=THANKS)).to_be_visible()
    puts: list[str] = []
    # Those that reach the server; what the page tried while there was no network got no answer.
    phone.on("response", lambda one: puts.append(one.url) if one.request.method == "PUT" else None)

    phone.set_offline(True)
    page.goto("/log/")
    expect(page.get_by_text("You are offline. You can still add it")).to_be_visible()
    # Where this phone was last is filled in.
    expect(page.get_by_label("Where was it?")).to_have_value(re.compile("^area:"))
    take_picture(page, "offline-log-360")
    tell(page, "Food or a cuppa together")
    waits(page, 1)
    page.goto("/log/hard/")
    tap(page, "Money was tight")
    page.get_by_role("button", name="Save", exact=True).tap()
    waits(page, 2)
    page.reload()
    waits(page, 2)
    take_picture(page, "waiting-360")
    assert find_violations(page) == []
    page.goto("/my/")
    expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
    expect(page.get_by_role("link", name="Waiting to be sent: 2")).to_be_visible()
    take_picture(page, "offline-360")
    page.goto("/waiting/")
    assert Interaction.objects.count() == 1
    puts.clear()

    phone.set_offline(False)
    all_sent(page)
    assert sorted(Interaction.objects.values_list("kind", flat=True)) == ["food", "hello"]
    assert Difficulty.objects.get().reasons == ["money"]
    assert Contributor.objects.count() == 1
    assert len(puts) == 2
    page.goto("/my/")
    expect(page.get_by_role("link", name="Food or a cuppa together")).to_be_visible()


def test_an_answer_that_is_lost_doubles_nothing(phone: BrowserContext, page: Page) -> None:
    lost: list[str] = []

    def lose_the_first_answer(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.request.url)
        route.fetch()
        route.abort()

    phone.route(SENDING, lose_the_first_answer)
    tell(page)
    expect(page.get_by_role("heading", name="Waiting to be sent")).to_be_visible()
    assert lost
    all_sent(page)
    assert Interaction.objects.count() == 1  # which had arrived the first time


def test_a_page_that_is_closed_in_the_middle_loses_nothing(
    phone: BrowserContext, page: Page
) -> None:
    phone.route(SENDING, lambda route: None)  # no answer ever comes
    tell(page)
    page.wait_for_timeout(300)
    page.close()
    phone.unroute(SENDING)
    again = phone.new_page()
    again.goto("/waiting/")
    all_sent(again)
    assert Interaction.objects.get().kind == "food"


def test_a_site_that_breaks_is_asked_again(phone: BrowserContext, page: Page) -> None:
    phone.route(SENDING, lambda route: route.fulfill(status=500, body="<h1>broken</h1>"))
    tell(page)
    waits(page, 1)
    tap(page, "Send now")
    expect(page.get_by_text("Not yet. We will try again by ourselves.")).to_be_visible()
    phone.unroute(SENDING)
    tap(page, "Send now")
    all_sent(page)
    assert Interaction.objects.count() == 1


def test_a_site_that_is_busy_is_left_alone_as_long_as_it_asks(
    phone: BrowserContext, page: Page
) -> None:
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=429, headers={"Retry-After": "600"}, body="{}")

    phone.route(SENDING, refuse)
    tell(page)
    waits(page, 1)
    page.reload()
    waits(page, 1)
    tap(page, "Send now")
    page.wait_for_timeout(500)
    assert len(asked) == 1


def test_an_id_that_holds_another_moment_is_shown_and_told_anew(
    phone: BrowserContext, page: Page
) -> None:
    id_ = page.locator("input[name=id]").get_attribute("value")
    tell(page, "A hello")
    expect(page.get_by_role("heading", name=THANKS)).to_be_visible()
    put_aside(page, {"id": id_, "body": {"direction": "gave", "kind": "food"}})
    page.goto("/waiting/")
    expect(page.get_by_text("Something else was saved in its place.")).to_be_visible()
    take_picture(page, "waiting-refused-360")
    assert find_violations(page) == []
    tap(page, "Change it")
    expect(page.get_by_label("Food or a cuppa together")).to_be_checked()
    page.get_by_role("button", name="Save", exact=True).locator("visible=true").last.tap()
    expect(page.get_by_role("heading", name=THANKS)).to_be_visible()
    assert sorted(Interaction.objects.values_list("kind", flat=True)) == ["food", "hello"]
    page.goto("/waiting/")
    all_sent(page)


def put_aside(page: Page, entry: dict[str, object], owner: str = "") -> None:
    """Put an entry into the queue as another page of the site would have."""
    area = Area.objects.get(name="Harbourside")
    body = {
        "area": area.code,
        "occurred_on": timezone.localdate().isoformat(),
        **dict(entry["body"]),  # type: ignore[call-overload]
    }
    page.evaluate(
        """async (entry) => {
            const base = await new Promise((resolve, reject) => {
                const request = indexedDB.open("kinder", 1);
                request.onsuccess = () => resolve(request.result);
                request.onerror = () => reject(request.error);
            });
            await new Promise((resolve) => {
                const transaction = base.transaction("outbox", "readwrite");
                transaction.objectStore("outbox").put(entry);
                transaction.oncomplete = resolve;
            });
            base.close();
        }""",
        {
            "id": entry["id"],
            "url": f"/api/v1/interactions/{entry['id']}/",
            "method": "PUT",
            "body": json.dumps(body),
            "about": {"what": "I did something", "on": body["occurred_on"], "again": "/log/"},
            "owner": owner,
            "addedAt": timezone.now().isoformat(),
        },
    )


def test_a_browser_that_keeps_nothing_sends_at_once(
    browser: Browser, live_server: LiveServer, area: Area
) -> None:
    context = browser.new_context(base_url=live_server.url, has_touch=True)
    context.add_init_script(
        "Object.defineProperty(window, 'indexedDB', {value: {open() { throw new Error('no'); }}})"
    )
    page = context.new_page()
    page.goto(f"/log/?area={area.code}")
    tell(page)
    expect(page.get_by_role("heading", name=THANKS)).to_be_visible()
    assert Interaction.objects.get().kind == "food"
    context.close()


def test_two_tabs_send_each_moment_once(phone: BrowserContext, page: Page) -> None:
    phone.set_offline(True)
    for kind in ("A hello", "Food or a cuppa together", "A helping hand"):
        page.goto("/log/")
        tell(page, kind)
        expect(page.get_by_role("heading", name="Waiting to be sent")).to_be_visible()
    other = phone.new_page()
    other.goto("/waiting/")
    waits(other, 3)
    # What the server answered: a try that meets no network is not a second sending.
    puts: list[str] = []
    phone.on("response", lambda one: puts.append(one.url) if one.request.method == "PUT" else None)
    phone.set_offline(False)
    all_sent(page)
    all_sent(other)
    assert Interaction.objects.count() == 3
    assert len(puts) == len(set(puts)) == 3


def test_a_week_offline(phone: BrowserContext, page: Page) -> None:
    week_ago = timezone.localtime() - dt.timedelta(days=7)
    phone.clock.set_system_time(week_ago)
    phone.set_offline(True)
    page.goto("/log/")
    tell(page)
    waits(page, 1)
    phone.clock.set_system_time(timezone.now())
    phone.set_offline(False)
    page.reload()
    all_sent(page)
    assert Interaction.objects.get().occurred_on == week_ago.date()


def test_too_long_offline_is_told_and_can_be_mended(phone: BrowserContext, page: Page) -> None:
    phone.clock.set_system_time(timezone.now() - dt.timedelta(days=40))
    phone.set_offline(True)
    page.goto("/log/")
    tell(page)
    waits(page, 1)
    phone.clock.set_system_time(timezone.now())
    phone.set_offline(False)
    page.reload()
    expect(page.get_by_text("The place or the day cannot be used any more.")).to_be_visible()
    tap(page, "Change it")
    expect(page.get_by_label("I did something")).to_be_checked()
    page.get_by_role("button", name="Save", exact=True).locator("visible=true").last.tap()
    expect(page.get_by_role("heading", name=THANKS)).to_be_visible()
    assert Interaction.objects.get().occurred_on == timezone.localdate()


def test_signing_out_leaves_what_waits_and_mixes_nobody(phone: BrowserContext, page: Page) -> None:
    tell(page, "A hello")
    expect(page.get_by_role("heading", name=THANKS)).to_be_visible()
    phone.set_offline(True)
    page.goto("/log/")
    tell(page, "A helping hand")
    waits(page, 1)
    # The session ends; the phone stays the phone.
    phone.clear_cookies(name="sessionid")
    put_aside(
        page,
        {
            "id": "1b4e28ba-2fa1-41d2-883f-0016d3cca427",
            "body": {"direction": "gave", "kind": "lent"},
        },
        owner="someone-signed-in",
    )
    phone.set_offline(False)
    page.reload()
    # What belongs to an account waits for that account.
    waits(page, 1)
    assert set(Interaction.objects.values_list("kind", flat=True)) == {"hello", "help"}
    assert Contributor.objects.count() == 1


def test_a_phone_that_lost_its_cookie_is_given_one_and_sends(
    phone: BrowserContext, page: Page
) -> None:
    phone.set_offline(True)
    page.goto("/log/")
    tell(page)
    waits(page, 1)
    phone.clear_cookies()
    phone.set_offline(False)
    page.reload()
    all_sent(page)
    assert Interaction.objects.count() == 1


def test_what_waits_is_thrown_away_only_when_sure(phone: BrowserContext, page: Page) -> None:
    phone.set_offline(True)
    page.goto("/log/")
    tell(page)
    waits(page, 1)
    tap(page, "Throw away")
    waits(page, 1)
    tap(page, "Yes, throw it away")
    all_sent(page)
    phone.set_offline(False)
    page.reload()
    assert not Interaction.objects.exists()


def test_a_poster_is_read_offline(phone: BrowserContext, page: Page) -> None:
    place = Place.objects.get()
    phone.set_offline(True)
    page.goto(f"/p/{place.code}/")
    expect(page.get_by_label("Where was it?")).to_have_value(f"place:{place.code}")
    tell(page)
    waits(page, 1)
    phone.set_offline(False)
    all_sent(page)
    assert Interaction.objects.get().place == place


def test_the_phone_keeps_no_page_about_anybody(phone: BrowserContext, page: Page) -> None:
    tell(page)
    expect(page.get_by_role("heading", name=THANKS)).to_be_visible()
    for address in ("/my/", "/", "/places/", "/log/"):
        page.goto(address)
    kept = page.evaluate(
        """async () => {
            const found = [];
            for (const name of await caches.keys()) {
                for (const request of await (await caches.open(name)).keys()) {
                    const response = await (await caches.open(name)).match(request);
                    const text = await response.text();
                    found.push([new URL(request.url).pathname, text]);
                }
            }
            return found;
        }"""
    )
    pages = {path for path, _text in kept if not path.startswith("/static/")}
    assert pages == {"/offline/", "/waiting/", "/log/offline/", "/log/hard/offline/"}
    assert [path for path, text in kept if path in pages and "csrfmiddleware" in text] == []


def test_a_new_version_replaces_what_the_phone_keeps(
    phone: BrowserContext, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    [before] = page.evaluate("caches.keys()")
    monkeypatch.setattr("kinder.pages.offline.find_version", lambda: "next")
    page.goto("/about/")
    page.evaluate("navigator.serviceWorker.getRegistration().then((one) => one.update())")
    page.wait_for_function("caches.keys().then((names) => names.join() === 'kinder-next')")
    assert before != "kinder-next"
    phone.set_offline(True)
    page.goto("/log/")
    expect(page.get_by_text("You are offline. You can still add it")).to_be_visible()


def test_in_another_language_the_shells_are_in_it_too(phone: BrowserContext, page: Page) -> None:
    page.goto("/ur/log/")
    page.wait_for_function("caches.match('/ur/log/offline/').then((found) => found !== undefined)")
    phone.set_offline(True)
    page.goto("/ur/log/")
    assert page.evaluate("document.documentElement.dir") == "rtl"
    take_picture(page, "offline-log-360-urdu")
