"""Every request of every browser in these tests is looked at: where somebody is never leaves their
device."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Request

POSITION = {"latitude": 55.864237, "longitude": -4.251806}
"""Where all these phones are, if they may tell."""
NAMES = r"lat|lon|lng|latitude|longitude|coords|coordinates|accuracy|geolocation"
COORDINATES = re.compile(
    rf"(?:^|[?&\"'\s])(?:{NAMES})[\"']?\s*[=:]|(?<![\d.])-?\d{{1,3}}\.\d{{4,}}(?!\d*[a-z])",
    re.IGNORECASE,
)
# Where workers say where a place or an area is: the position of a thing that everybody may see.
OF_PLACES = re.compile(
    r"^(?:/[a-z]{2})?/(?:places/(?:new|suggest|[\w-]+/(?:edit|suggest))/|areas/|admin/|imports?/"
    r"|places/(?:areas|table|imports)/|reports/drawn/)"
)


def find_positions(request: Request) -> str | None:
    """Return what in `request` could say where somebody is, None where nothing does."""
    address = urlsplit(request.url)
    if address.scheme not in {"http", "https"} or OF_PLACES.match(address.path):
        return None
    try:
        body = request.post_data or ""
    except UnicodeDecodeError:
        body = ""  # a photo
    headers = " ".join(f"{name}: {value}" for name, value in request.headers.items())
    # A browser's own version is no position; a time in seconds has six digits after its point.
    headers = re.sub(r"(?i)(?:user-agent|sec-ch-ua[\w-]*): [^:]*", "", headers)
    for part in (f"{address.path}?{address.query}", body, headers):
        if found := COORDINATES.search(part):
            return f"{request.method} {request.url}: {found[0]}"
    here = (str(value)[:7] for value in POSITION.values())
    whole = f"{request.url} {body} {headers}"
    return next((f"{request.method} {request.url}: {one}" for one in here if one in whole), None)


@pytest.fixture(autouse=True)
def no_position_leaves(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Listen to every context that a test opens, and fail the test where a position was sent."""
    told: list[str] = []
    open_context = Browser.new_context

    def listen(request: Request) -> None:
        if found := find_positions(request):
            told.append(found)

    def open_and_listen(browser: Browser, **options: Any) -> BrowserContext:
        # Phones that may tell know where they are: a position that is sent would be this one.
        if "geolocation" in options.get("permissions", ()):
            options.setdefault("geolocation", POSITION)
        context = open_context(browser, **options)
        context.on("request", listen)
        return context

    monkeypatch.setattr(Browser, "new_context", open_and_listen)
    yield
    assert told == [], "a position was sent"
