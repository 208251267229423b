"""Open Referral as it comes: entries that are none, pages that fail, addresses that hold no feed."""

import functools
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from kinder.accounts.fetching import FetchError, fetch
from kinder.accounts.models import User
from places.exchange import intake
from places.exchange.batches import ImportRefusedError
from places.exchange.models import PlaceImport
from places.exchange.open_referral import MOST_LOST, fetch_services, read_hsds
from places.exchange.starts import begin_import
from places.models import Place
from tests.exchange.test_broken_lists import read
from tests.exchange.test_intake import begin, land, media, work, worker
from tests.factories.places import MIDDLE, make_place, make_point

__all__ = ["land", "media", "worker"]
pytestmark = pytest.mark.django_db

LON, LAT = MIDDLE
State = PlaceImport.State


def spot(key: str, **more: Any) -> dict[str, Any]:
    place = {"id": key, "name": f"Hall {key}", "latitude": LAT, "longitude": LON, **more}
    return {
        "id": f"s-{key}",
        "name": f"Service {key}",
        "service_at_locations": [{"location": place}],
    }


def test_entries_that_are_none_do_not_stop_a_list(worker: User) -> None:
    library = [{"taxonomy_term": "x"}, 7, {"taxonomy_term": {"code": "library"}}]
    services = [
        {**spot("a", addresses="none", phones=[None], languages=["en"], schedules="no"),
         "attributes": library},
        7,
        {"id": "2", "name": "By telephone", "service_at_locations": 7},
        {**spot("b", latitude="x", schedules=[{"byday": "MO", "opens_at": 9, "closes_at": None}]),
         "attributes": 7},
    ]  # fmt: skip
    text = json.dumps({"services": services})
    rows = read(worker, text, file_format="hsds", name="a.json", kind="cafe")
    assert [(row.facts["name"], row.problem) for row in rows] == [
        ("Hall a", ""),
        ("", "an entry of the list is no service"),
        ("By telephone", "the service names no location"),
        ("Hall b", "no position, and no postcode that is loaded"),
    ]
    assert rows[0].facts["kind"] == "library"


@pytest.mark.parametrize("text", ['{"hello": "world"}', "[]", '{"services": {}}', "[" * 100_000])
def test_json_that_holds_no_places_says_so(worker: User, text: str) -> None:
    job = work(begin(worker, text, file_format="hsds", name="a.json"))
    assert job.state == State.FAILED
    assert "no Open Referral JSON" in job.problem or "no JSON" in job.problem


def _page_of(address: str) -> int:
    return int(parse_qs(urlsplit(address).query)["page"][0])


def answer(pages: dict[int, Any], services: dict[str, Any] | None = None) -> Callable[[str], Any]:
    """A feed whose pages are what `pages` say, an exception where one is to be raised."""

    def ask(address: str) -> Any:
        if "?page=" in address:
            told = pages.get(_page_of(address), {"contents": []})
        else:
            told = (services or {})[address.rsplit("/", 1)[1]]
        if isinstance(told, Exception):
            raise told
        return told

    return ask


def fetch_all(ask: Callable[[str], Any]) -> list[dict[str, Any]]:
    return list(fetch_services("https://x.example.org/v3/services", ask=ask, beat=lambda: None))


def test_a_feed_goes_on_behind_a_page_and_a_service_that_fail(tmp_path: Path) -> None:
    gone = FetchError("This address answers with an error (500).")
    pages = {
        1: {"contents": [spot("a"), {"id": "2", "name": "Lost"}, 7], "last_page": False,
            "total_pages": 3},
        2: gone,
        3: {"contents": [spot("b"), {"id": "3", "name": "Odd"}], "last_page": True},
    }  # fmt: skip
    found = fetch_all(answer(pages, {"2": gone, "3": []}))
    path = tmp_path / "feed.json"
    path.write_text(json.dumps({"services": found}))
    drafts = list(read_hsds(path, {"kind": "cafe"}))
    assert [draft.facts["name"] for draft in drafts if not draft.problem] == ["Hall a", "Hall b"]
    lost = [draft.warning for draft in drafts if draft.problem]
    assert "a service of the feed cannot be read: This address answers with an error (500)." in lost
    assert "a page of the feed cannot be read: This address answers with an error (500)." in lost
    assert "an entry of the feed is no service" in lost
    assert "a service of the feed cannot be read: it is no service" in lost


def test_a_feed_is_given_up_where_nothing_comes_any_more() -> None:
    gone = FetchError("gone")
    asked = []

    def ask(address: str) -> Any:
        asked.append(address)
        return answer({1: {"contents": [spot("a")], "last_page": False}}, {})(address)

    def fail(address: str) -> Any:
        told = ask(address)
        if "page=1&" in address:
            return told
        raise gone

    assert len(fetch_all(fail)) == 1 + MOST_LOST
    # Each page that fails is asked for twice.
    assert len(asked) == 1 + 2 * MOST_LOST
    with pytest.raises(FetchError):
        fetch_all(answer({1: gone}))
    for page in ({"hello": 1}, "words", None):
        with pytest.raises(ImportRefusedError, match="no Open Referral feed"):
            fetch_all(answer({1: page}))
    # A server that knows no pages gives the first for ever.
    same = {"contents": [spot("a")], "last_page": False}
    assert len(fetch_all(answer(dict.fromkeys(range(1, 9), same)))) == 1


class OddServer(BaseHTTPRequestHandler):
    """Feeds that are none, or half of one: what they answer stands in the address."""

    def do_GET(self) -> None:
        which, page = self.path.split("/")[1], _page_of(self.path)
        status, kind = 200, "application/json"
        body = json.dumps({"contents": [spot(f"{page}")], "last_page": False, "total_pages": 2})
        if which == "page":
            kind, body = "text/html; charset=utf-8", "<html>Please sign in</html>"
        elif which == "cut":
            body = body[:30]
        elif which == "other":
            body = json.dumps({"hello": "world"})
        elif which == "away" or (which == "half" and page == 2):
            status = 503
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def odd_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), OddServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # The filter of private networks is tried in its own tests; here the feed is on this machine.
    monkeypatch.setattr(intake, "fetch", functools.partial(fetch, allow_loopback=True))
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("which", "words"),
    [
        ("page", "This address is no Open Referral feed. It answers with a web page."),
        ("cut", "This address is no Open Referral feed. Its JSON is broken or cut off."),
        ("other", "This address is no Open Referral feed."),
        ("away", "This address answers with an error (503)."),
    ],
)
def test_an_address_that_is_no_feed_says_what_it_is(
    worker: User, odd_server: str, which: str, words: str
) -> None:
    job = begin_import(
        by=worker, file_format="hsds", name="Council", address=f"{odd_server}/{which}/services"
    )
    work(job)
    assert (job.state, job.problem) == (State.FAILED, words)


def test_a_feed_that_breaks_off_is_looked_over_with_a_warning(
    client: Client, worker: User, odd_server: str
) -> None:
    job = begin_import(
        by=worker, file_format="hsds", name="Council", address=f"{odd_server}/half",
        options={"kind": "library"},
    )  # fmt: skip
    work(job)
    assert job.state == State.LOOKING
    told = "a page of the feed cannot be read: This address answers with an error (503)."
    assert job.problem == told
    assert [row.problem for row in job.rows.order_by("number")] == ["", told]
    client.force_login(worker)
    assert told in client.get(reverse("imports:import", args=[job.pk])).content.decode()
    work(intake.apply_import(by=worker, job=job))
    assert list(Place.objects.values_list("name", flat=True)) == ["Hall 1"]


def test_the_site_s_own_feed_is_known_again(client: Client, worker: User) -> None:
    """What goes out as Open Referral comes back as the places that are there."""
    make_place("Rowan Library", point=make_point())
    make_place("Corner Café", kind="cafe", point=make_point(0.01))
    listed = client.get("/open-referral/services").json()["contents"]
    whole = [client.get(f"/open-referral/services/{one['id']}").json() for one in listed]
    rows = read(worker, json.dumps({"services": whole}), file_format="hsds", name="a.json")
    assert [(row.problem, row.decision) for row in rows] == [("", "fill")] * 2
    assert {row.facts["kind"] for row in rows} == {"library", "cafe"}
