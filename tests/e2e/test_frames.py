"""Another site frames what it may, and nothing else."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from places.models import Gathering
from tests.factories.places import make_place

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]


@pytest.fixture
def framed(page: Page, live_server: LiveServer) -> Iterator[Callable[[str], Page]]:
    """Open a page of another origin that holds a page of ours in a frame."""

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[2]
            body = f'<!DOCTYPE html><title>E</title><iframe src="{live_server.url}{path}"></iframe>'
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def open_it(path: str) -> Page:
        page.goto(f"http://127.0.0.1:{server.server_port}/?{path}")
        return page

    yield open_it
    server.shutdown()
    thread.join()
    server.server_close()


def test_only_what_is_meant_for_frames_is_shown_in_one(framed: Callable[[str], Page]) -> None:
    gathering = Gathering.objects.create(
        title="Soup and a seat",
        place=make_place("Long Table", cost_to_stay="free"),
        minutes=60,
        starts_at=timezone.now() + timedelta(days=1),
        state=Gathering.State.SHOWN,
    )
    for path in ("/embed/places/", "/embed/whats-on/"):
        page = framed(path)
        expect(page.frame_locator("iframe").locator("h1")).to_be_visible(timeout=15_000)
        expect(page.frame_locator("iframe").get_by_text("Long Table")).to_be_visible()
        assert page.context.cookies() == []
    for path in ("/", "/places/", f"/whats-on/{gathering.code}/", "/accounts/login/", "/ogc/"):
        page = framed(path)
        page.wait_for_timeout(400)
        assert page.frames[1].url.startswith("chrome-error"), path
