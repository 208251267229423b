"""A visitor of each role follows every link and sends every form of looking, bent ones too.

HYPOTHESIS_PROFILE=thorough goes further. Every run prints how many requests it made.

ASVS 1.2.1 (stored text), 1.2.4 (queries), 5.3.2 (paths), 8.2.2 (rows of others), 16.5 (errors).
"""

import re
from collections import Counter, deque
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import hypothesis
import pytest
from django.urls import NoReverseMatch, reverse

from connections.reports import reading
from kinder.accounts.acting import Purpose, acting
from tests.security.headers import check_headers
from tests.security.rows import ADMINISTRATOR, NOBODY, THINGS, WHO, World
from tests.security.stored import PAYLOAD, PAYLOAD_RAN, check_answer, plant_everywhere
from tests.security.test_every_address import ROWS, send
from tests.security.test_printed import find_deeds, read_words

pytestmark = pytest.mark.django_db(databases=["default", "reports"])

IS_THOROUGH = hypothesis.settings().max_examples >= 2_000
MOST_PAGES = 1_500 if IS_THOROUGH else 120
BENT = (
    "'\"><script>alert(1)</script>",
    "' OR 1=1 --",
    "1;SELECT pg_sleep(5)",
    "../../../../etc/passwd",
    "%00",
    "\x00",
    "\ud800",
    "9" * 400,
    "-1",
    "{{7*7}}",
    "\u202eevil",
)


@pytest.fixture(autouse=True)
def read_in_the_open_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "READER", "default")


class Links(HTMLParser):
    """The addresses that a page leads to, and the fields of its forms of looking."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fields: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "a" and found.get("href"):
            self.links.append(str(found["href"]))
        if tag in {"input", "select"} and found.get("name"):
            self.fields.add(str(found["name"]))


def fill_world(who: str) -> World:
    """A world in which both sides have one of everything that the table knows."""
    world = World(who)
    for name in sorted(THINGS):
        for is_own in (True, False):
            world.make(name, is_own=is_own)
    return world


@pytest.mark.parametrize("who", WHO)
def test_following_every_link_meets_no_error_and_nobody_elses_rows(
    who: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world = fill_world(who)
    client = world.client()
    waiting, seen, counts = deque(_plain_paths()), set(_plain_paths()), Counter[int]()
    while waiting and counts.total() < MOST_PAGES:
        path = waiting.popleft()
        response = client.get(path)
        text = response.getvalue().decode(errors="replace")
        counts[response.status_code] += 1
        assert response.status_code < 500, f"{path} as {who}"
        check_headers(response.headers, urlsplit(path).path)
        if who not in {ADMINISTRATOR, NOBODY}:
            assert world.other.mark not in text, f"{path} as {who} shows another side's"
        if "text/html" not in response.headers.get("Content-Type", ""):
            continue
        page = Links()
        page.feed(text)
        for link in page.links:
            target = urlsplit(urljoin(f"http://testserver{path}", link))
            inner = target.path + (f"?{target.query}" if target.query else "")
            is_ours = target.netloc == "testserver" and "logout" not in inner
            if is_ours and inner not in seen and inner.startswith("/"):
                seen.add(inner)
                waiting.append(inner)
    with capsys.disabled():
        print(f"\ncrawler as {who}: {counts.total()} requests, {dict(sorted(counts.items()))}")


def _plain_paths() -> list[str]:
    paths = []
    for name in sorted(ROWS):
        try:
            path = reverse(name)
        except NoReverseMatch:
            continue
        if name != "account_logout":
            paths.append(path)
    return paths


@pytest.mark.parametrize("who", [NOBODY, "worker", ADMINISTRATOR])
def test_bent_questions_break_nothing_and_are_not_echoed(
    who: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """1.2.4, 2.2.1, 5.3.2: in every field of every form of looking, on every page."""
    world = fill_world(who)
    counts: Counter[int] = Counter()
    for path in _plain_paths():
        first = world.client().get(path)
        if "text/html" not in first.headers.get("Content-Type", "") or first.status_code != 200:
            continue
        page = Links()
        page.feed(first.getvalue().decode(errors="replace"))
        names = sorted(page.fields - {"csrfmiddlewaretoken"})[:12] or ["q"]
        for number, text in enumerate(BENT if IS_THOROUGH else BENT[:6]):
            # All fields at once, and each in its turn.
            wanted = (
                dict.fromkeys(names, text) if number < 3 else {names[number % len(names)]: text}
            )
            try:
                response = world.client().get(path, wanted)
            except UnicodeEncodeError:
                continue
            found = response.getvalue().decode(errors="replace")
            counts[response.status_code] += 1
            assert response.status_code < 500, (path, wanted, who)
            if "text/html" in response.headers.get("Content-Type", ""):
                assert BENT[0] not in found, (path, wanted)
    with capsys.disabled():
        print(
            f"\nbent questions as {who}: {counts.total()} requests, {dict(sorted(counts.items()))}"
        )


@pytest.mark.parametrize("name", ["' OR 1=1 --", "../../etc/passwd", "%2e%2e%2f", "\x00", "é" * 90])
def test_bent_paths_find_nothing(name: str) -> None:
    """5.3.2: what stands in an address is looked up, never opened."""
    client = World(NOBODY).client()
    for row in ROWS.values():
        if not row.given or not row.is_public:
            continue
        for argument in ("code", "slug", "file_format", "feature", "collection"):
            try:
                path = reverse(row.name, kwargs={argument: name})
            except NoReverseMatch:
                continue
            response = client.get(path)
            assert response.status_code in {301, 302, 400, 404, 405, 410}, path
            assert b"root:" not in response.getvalue(), path


@pytest.mark.parametrize("who", [NOBODY, "device", "worker", "coordinator", ADMINISTRATOR])
def test_stored_text_runs_in_no_page_and_no_format(
    who: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """1.2.1, 1.2.3, 1.2.10: a script, a formula and a line end planted in every text of every
    table, and then every page, file and feed read."""
    world = fill_world(who)
    with acting(purpose=Purpose.MIGRATE):
        planted = plant_everywhere()
    assert planted > 40
    counts: Counter[str] = Counter()
    read_back = 0
    for row in ROWS.values():
        if not row.get.strip():
            continue
        path = reverse(row.name, kwargs=dict(world.make(row.given, is_own=True)))
        response, text = send(world.client(), row, "get", path)
        # A text that is a code to some page may not be understood; it must not break it either.
        assert response.status_code < 500, f"{path} as {who}"
        kind = response.headers.get("Content-Type", "none").partition(";")[0]
        counts[kind] += 1
        if kind == "application/pdf":
            content = response.getvalue()
            assert not find_deeds(content), f"{path} as {who}: something in it acts"
            read_back += "onload=alert(1)" in read_words(content)
        if problem := check_answer(response, text):
            raise AssertionError(f"{path} as {who}: {problem}")
    assert counts["text/html"] > 20
    assert read_back or not counts["application/pdf"], "the planted text stands in no print"
    with capsys.disabled():
        print(
            f"\nstored text as {who}: {planted} columns, {dict(counts)}, read back from"
            f" {read_back} PDFs"
        )


def test_what_checks_stored_text_would_notice_it() -> None:
    from django.http import HttpResponse

    assert check_answer(HttpResponse(f"<p>{PAYLOAD}</p>"), f"<p>{PAYLOAD}</p>")
    csv = HttpResponse("", content_type="text/csv")
    assert check_answer(csv, f'name\n"{PAYLOAD}"\n')
    assert not check_answer(csv, f"name\n'{PAYLOAD}\n")
    assert re.search(PAYLOAD_RAN, PAYLOAD)
