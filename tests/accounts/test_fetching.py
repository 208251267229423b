"""Addresses that strangers give are read from the open network only. ASVS 1.3.6, 1.5.1."""

import gzip
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from kinder.accounts import fetching
from kinder.accounts.fetching import JSON_TYPES, FetchError, fetch, parse_xml


class Feed(BaseHTTPRequestHandler):
    """A small server of strangers; what it answers depends on the path."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        headers: dict[str, str] = {"Content-Type": "application/json"}
        body, status = b'{"name": "Caf\xc3\xa9"}', 200
        match self.path:
            case "/inside":
                status, headers = 302, {"Location": "http://169.254.169.254/latest/meta-data/"}
            case "/file":
                status, headers = 302, {"Location": "file:///etc/passwd"}
            case "/round":
                status, headers = 302, {"Location": "/round"}
            case "/once":
                status, headers = 302, {"Location": "/"}
            case "/large":
                body = b"x" * 5_000
            case "/swells":
                headers["Content-Encoding"] = "gzip"
                body = gzip.compress(b"x" * 5_000)
            case "/html":
                headers = {"Content-Type": "text/html"}
            case "/broken":
                status = 500
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def feed() -> Iterator[str]:
    Feed.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Feed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_feed_is_read(feed: str) -> None:
    found = fetch(f"{feed}/", types=JSON_TYPES, allow_loopback=True)
    assert (found.text, found.content_type) == ('{"name": "Café"}', "application/json")
    assert fetch(f"{feed}/once", allow_loopback=True).url == f"{feed}/"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://0.0.0.0/",
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.1/",
    ],
)
def test_our_own_network_is_never_called(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """1.3.6: however an inner address is written, no connection is even tried."""

    def connect(*_arguments: object, **_named: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    with pytest.raises(FetchError):
        fetch(url)


def test_a_name_that_points_inside_is_refused_and_resolved_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """1.3.6: a name cannot be harmless when it is looked at and loopback when it is called."""
    answers = iter(["93.184.215.14", "127.0.0.1"])
    called: list[str] = []

    def resolve(host: str, port: int, *_arguments: object, **_named: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    def connect(address: tuple[str, int], *_arguments: object, **_named: object) -> None:
        called.append(address[0])
        raise OSError("nobody there")

    monkeypatch.setattr("requests_hardened.ip_filter.socket.getaddrinfo", resolve)
    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    with pytest.raises(FetchError):
        fetch("http://rebinds.example/")
    assert set(called) == {"93.184.215.14"}
    with pytest.raises(FetchError, match="private network"):
        fetch("http://rebinds.example/")
    assert set(called) == {"93.184.215.14"}


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://example.org/",
        "ftp://example.org/",
        "//example.org/",
        "example.org",
        "",
        "http:///x",
        "http://user:secret@example.org/",
        "http://example.org:6379/",
        "http://example.org:99999/",
        "http://[::1",
    ],
)
def test_odd_addresses_are_refused_by_their_form(url: str) -> None:
    with pytest.raises(FetchError):
        fetch(url)


@pytest.mark.parametrize("path", ["/inside", "/file", "/round", "/html", "/broken"])
def test_redirects_inside_and_other_contents_are_refused(feed: str, path: str) -> None:
    with pytest.raises(FetchError):
        fetch(f"{feed}{path}", types=JSON_TYPES, allow_loopback=True)
    assert len(Feed.asked) <= fetching.MOST_REDIRECTS + 1


@pytest.mark.parametrize("path", ["/large", "/swells"])
def test_too_much_is_refused_however_it_is_packed(feed: str, path: str) -> None:
    with pytest.raises(FetchError, match="too large"):
        fetch(f"{feed}{path}", largest=1_000, allow_loopback=True)


def test_the_time_of_a_slow_feed_is_bounded(feed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "WHOLE_SECONDS", -1.0)
    with pytest.raises(FetchError, match="in time"):
        fetch(f"{feed}/", allow_loopback=True)


def test_passwords_and_proxies_of_the_machine_are_not_used(
    feed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1/")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    assert fetch(f"{feed}/", allow_loopback=True).content


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
        '<!DOCTYPE x SYSTEM "http://example.org/x.dtd"><x/>',
        "<x>",
        "",
    ],
)
def test_xml_reads_nothing_from_elsewhere(text: str) -> None:
    """1.5.1: no entities, no document types, no swelling."""
    with pytest.raises(FetchError):
        parse_xml(text)


def test_plain_xml_is_read() -> None:
    assert parse_xml(b"<a><b>c</b></a>").findtext("b") == "c"
