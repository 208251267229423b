"""The device cookie: how a resident without an account is the same person tomorrow.

The browser holds 256 random bits in an HttpOnly, SameSite=Strict cookie; only their fingerprint is
stored. A first visit sets the cookie and stores nothing (crawlers make no people); the first saved
moment makes the Device and its Contributor.
"""

import datetime as dt
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from kinder.accounts.fingerprints import fingerprint, fingerprints
from kinder.accounts.limits import charge_new_device
from kinder.accounts.models import Contributor, Device, NetworkSighting

COOKIE: str = settings.DEVICE_COOKIE_NAME
COOKIE_DAYS = 400
"""The longest that browsers keep a cookie; renewed with each visit of a log page."""

_KEY = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_USE = "device"


def make_key() -> str:
    """Return 256 random bits as 43 characters."""
    return secrets.token_urlsafe(32)


def read_key(request: HttpRequest) -> str | None:
    """Return the key that the browser sent, None where it sent none that we could have made."""
    key = request.COOKIES.get(COOKIE, "")
    return key if _KEY.fullmatch(key) else None


def set_cookie(response: HttpResponse, request: HttpRequest, key: str) -> None:
    """Let the browser keep `key`, for this site only and out of reach of scripts."""
    response.set_cookie(
        COOKIE,
        key,
        max_age=dt.timedelta(days=COOKIE_DAYS),
        secure=request.is_secure(),
        httponly=True,
        samesite="Strict",
    )


def forget_cookie(response: HttpResponse) -> None:
    response.delete_cookie(COOKIE, samesite="Strict")


def came_from_elsewhere(request: HttpRequest) -> bool:
    """Tell whether the browser may have held the cookie back, because it followed a link on
    another site. Giving a new one then would make one person two.

    Browsers that do not say (Sec-Fetch-Site) may have: they get theirs with the first saved moment,
    which is sent from our own page.
    """
    return request.headers.get("Sec-Fetch-Site", "unknown") not in (
        "same-origin",
        "same-site",
        "none",
    )


def greet(request: HttpRequest, response: HttpResponse) -> str | None:
    """Give a visitor of a log page the cookie, or renew the one they have; return its key."""
    key = read_key(request)
    if key is None and not came_from_elsewhere(request):
        key = make_key()
    if key is not None:
        set_cookie(response, request, key)
    return key


def find_device(key: str | None, *, network: str = "") -> Device | None:
    """Return the device that holds `key`, with its contributor; note that it was seen today, and
    from which network this quarter."""
    if key is None:
        return None
    today = timezone.localdate()
    quarter_on = _quarter_of(today)
    cluster = _fingerprint_network(network, quarter_on)
    with connection.cursor() as cursor:
        cursor.execute(
            _FIND,
            [quarter_on, cluster, fingerprints(_USE, key.encode())],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    device_id, contributor_id, last_seen_on, is_sighted = row
    device = Device.from_db(
        "default",
        ["id", "contributor_id", "last_seen_on"],
        [device_id, contributor_id, last_seen_on],
    )
    device.contributor = Contributor.from_db("default", ["id"], [contributor_id])
    if last_seen_on < today:
        Device.objects.filter(pk=device_id).update(last_seen_on=today)
    if network and not is_sighted:
        _note_network(device.contributor, quarter_on, cluster)
    return device


_FIND = """
SELECT device.id, device.contributor_id, device.last_seen_on,
       EXISTS (SELECT FROM accounts_networksighting AS sighting
               WHERE sighting.contributor_id = device.contributor_id
                 AND sighting.quarter_on = %s AND sighting.cluster_hmac = %s)
FROM accounts_device AS device WHERE device.key_hmac = ANY (%s)
"""


class Arrival(NamedTuple):
    """A device that writes, and whether it does so for the first time."""

    device: Device
    is_first: bool


@contextmanager
def recognise(key: str, *, network: str) -> Iterator[Arrival]:
    """Give the device that holds `key`; make it and its person where it is new.

    A new one stays only if the block succeeds and does not ask for a rollback, so that a refused
    first moment leaves nobody behind. TooManyError where one network makes devices by the hundred.
    """
    device = find_device(key, network=network)
    if device is not None:
        yield Arrival(device, is_first=False)
        return
    charge_new_device(network)
    with transaction.atomic():
        yield Arrival(_make_device(key, network), is_first=True)


def add_device(*, key: str, contributor: Contributor) -> Contributor:
    """Let the browser that holds `key` write as `contributor`; return as whom it now writes, which
    is another where a second request with the same key came first."""
    device, _is_new = Device.objects.select_related("contributor").get_or_create(
        key_hmac=fingerprint(_USE, key.encode()), defaults={"contributor": contributor}
    )
    return device.contributor


def _make_device(key: str, network: str) -> Device:
    contributor = Contributor.objects.create()
    if add_device(key=key, contributor=contributor) != contributor:
        contributor.delete()
    device = Device.objects.select_related("contributor").get(
        key_hmac=fingerprint(_USE, key.encode())
    )
    if network:
        quarter_on = _quarter_of(timezone.localdate())
        _note_network(device.contributor, quarter_on, _fingerprint_network(network, quarter_on))
    return device


def _note_network(contributor: Contributor, quarter_on: dt.date, cluster: bytes) -> None:
    NetworkSighting.objects.bulk_create(
        [NetworkSighting(contributor=contributor, quarter_on=quarter_on, cluster_hmac=cluster)],
        ignore_conflicts=True,
    )


def _fingerprint_network(network: str, quarter_on: dt.date) -> bytes:
    """The key changes each quarter: sightings of two quarters cannot be joined."""
    return fingerprint(f"network {quarter_on:%Y-%m}", network.encode())


def _quarter_of(day: dt.date) -> dt.date:
    return dt.date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
