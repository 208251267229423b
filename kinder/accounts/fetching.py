"""Reads what strangers offer at an address: feeds, never this deployment's own network.

    feed = fetch("https://example.org/places.json", types=JSON_TYPES)
    tree = parse_xml(feed.content)

The name is resolved once and that very address is called (requests-hardened), so a name that
answers differently the second time gains nothing. Loopback, private, link-local (clouds keep their
keys there), multicast and reserved addresses are refused, and so are redirects to them.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
import requests
from defusedxml.common import DefusedXmlException
from django.utils.translation import gettext as _
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import InvalidIPAddress

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 5.0, 10.0, 60.0
LARGEST = 50 * 1_048_576
MOST_REDIRECTS = 3
PORTS = (80, 443, 8080, 8443)
AGENT = "Kinder (community register of places)"

JSON_TYPES = frozenset({"application/json", "application/geo+json", "application/ld+json"})
TEXT_TYPES = frozenset({"text/csv", "text/plain", "text/calendar"})
"""For `types`: a feed that calls itself something else (a page to sign in, a film) is refused."""


class FetchError(Exception):
    """An address that was not read; `reason` is a sentence for whoever typed it."""

    def __init__(self, reason: "_StrOrPromise") -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Fetched:
    """What an address gave: bytes, what they call themselves, from where they came at last."""

    content: bytes
    content_type: str
    encoding: str | None
    url: str

    @property
    def text(self) -> str:
        return self.content.decode(self.encoding or "utf-8", errors="replace")


def fetch(
    url: str,
    *,
    types: Collection[str] = (),
    largest: int = LARGEST,
    data: str | None = None,
    allow_loopback: bool = False,
) -> Fetched:
    """Return what stands at `url` (http or https), with GET, or POST where `data` is given.

    Raises FetchError. `allow_loopback` is for tests and for a deployment's own Overpass alone.
    """
    session = HTTPSession(
        Config(
            ip_filter_enable=True,
            ip_filter_allow_loopback_ips=allow_loopback,
            never_redirect=True,
            default_timeout=(CONNECT_SECONDS, READ_SECONDS),
            user_agent_override=AGENT,
        )
    )
    # No proxy and no password of the machine's environment: both would go round the filter.
    session.trust_env = False
    ends_at = time.monotonic() + WHOLE_SECONDS
    try:
        with session:
            for _turn in range(MOST_REDIRECTS + 1):
                check_address(url, allow_loopback=allow_loopback)
                method = "GET" if data is None else "POST"
                with session.request(method, url, data=data, stream=True) as answer:
                    if answer.is_redirect:
                        url, data = urljoin(url, answer.headers["Location"]), None
                        continue
                    return _read(answer, types=types, largest=largest, ends_at=ends_at)
    except InvalidIPAddress:
        raise FetchError(_("This address belongs to a private network.")) from None
    except requests.exceptions.SSLError:
        raise FetchError(_("The certificate of this address cannot be trusted.")) from None
    except requests.exceptions.Timeout:
        raise FetchError(_("This address does not answer in time.")) from None
    except (requests.exceptions.RequestException, UnicodeError, OSError, ValueError):
        raise FetchError(_("This address does not answer.")) from None
    raise FetchError(_("This address sends us from one place to another."))


def check_address(url: str, *, allow_loopback: bool = False) -> None:
    """Refuse what is no address of a feed by its form alone: scheme, port, user, name."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise FetchError(_("This is no address that we can read.")) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise FetchError(_("This is no address that we can read: it begins with https://."))
    if parts.username is not None or parts.password is not None:
        raise FetchError(_("An address with a name and a password in it is not read."))
    if port is not None and port not in PORTS and not allow_loopback:
        raise FetchError(_("This address uses a port that we do not call."))


def _read(
    answer: requests.Response, *, types: Collection[str], largest: int, ends_at: float
) -> Fetched:
    if not answer.ok:
        raise FetchError(
            _("This address answers with an error (%(status)s).") % {"status": answer.status_code}
        )
    content_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if types and content_type not in types:
        raise FetchError(_("This address holds something else than what we read."))
    content = bytearray()
    # Counted as it is unpacked: a small answer may swell.
    for chunk in answer.iter_content(65_536):
        content += chunk
        if len(content) > largest:
            raise FetchError(_("What stands at this address is too large."))
        if time.monotonic() > ends_at:
            raise FetchError(_("This address does not answer in time."))
    # What requests guesses where nothing is said (Latin-1) is rarely so today.
    is_said = "charset=" in answer.headers.get("Content-Type", "").lower()
    return Fetched(bytes(content), content_type, answer.encoding if is_said else None, answer.url)


def parse_xml(content: bytes | str) -> Element:
    """Return the root of an XML text that declares no entities and reads nothing from elsewhere.

    Raises FetchError where it does, or where it is no XML.
    """
    try:
        root: Any = defusedxml.ElementTree.fromstring(content, forbid_dtd=True)
    except (DefusedXmlException, ParseError, ValueError):
        raise FetchError(_("This is no XML that we can read.")) from None
    found: Element = root
    return found
