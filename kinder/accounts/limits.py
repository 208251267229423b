"""How often somebody may do something: counted in Redis by device and by network.

Windows are fixed and counters expire by themselves. Where Redis does not answer, what guards a
secret is counted in the database, for all processes; everything else each process counts for
itself: looser than the shared count, but a flood still ends, and nobody is turned away because
Redis is gone.
"""

import ipaddress
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from kinder.accounts.fingerprints import fingerprint
from kinder.cache import ask_redis, count_tries, redis_client


@dataclass(frozen=True)
class Limit:
    """At most `most` of something in each window of `seconds`.

    `guards_secret` where somebody might guess: it holds for all processes without Redis too.
    """

    name: str
    most: int
    seconds: int
    guards_secret: bool = False


# Judgements. A queue that waited offline for weeks goes up at once; a hall full of people shares
# one network, and so do all customers of some mobile companies.
LOGS_OF_DEVICE = Limit("logs-device", most=200, seconds=600)
CODES_OF_DEVICE = Limit("codes-device", most=10, seconds=3_600, guards_secret=True)
CODES_OF_NETWORK = Limit("codes-network", most=60, seconds=3_600, guards_secret=True)
# Three tries a code, and a few codes: django-allauth counts them in the session, where tries sent
# at the same moment overwrite each other.
GUESSES_OF_SESSION = Limit("guesses-session", most=12, seconds=600, guards_secret=True)
LOGS_OF_NETWORK = Limit("logs-network", most=6_000, seconds=600)
FORMS_OF_DEVICE = Limit("forms-device", most=120, seconds=600)
FORMS_OF_ACCOUNT = Limit("forms-account", most=600, seconds=600)
FORMS_OF_NETWORK = Limit("forms-network", most=3_000, seconds=600)
# Answers, proposals and photos: one by one, so this is a whole afternoon of walking about.
OFFERS_OF_DEVICE = Limit("offers-device", most=60, seconds=3_600)
OFFERS_OF_NETWORK = Limit("offers-network", most=600, seconds=3_600)
NEW_DEVICES_OF_NETWORK = Limit("new-devices-network", most=300, seconds=3_600)


class TooManyError(Exception):
    """A limit is reached; `retry_after` says after how many seconds it is worth trying again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


# Adds ARGV[1] to each key and lets it expire after its own ARGV[1 + i] seconds; one round trip.
_SPEND = """
local counts = {}
for i, key in ipairs(KEYS) do
    counts[i] = redis.call('INCRBY', key, ARGV[1])
    if counts[i] == tonumber(ARGV[1]) then redis.call('EXPIRE', key, ARGV[1 + i]) end
end
return counts
"""


def spend(*charges: tuple[Limit, str], amount: int = 1) -> None:
    """Count `amount` against each limit of whom it names; TooManyError where one is passed.

    Who is named must be a fingerprint: Redis holds no address and no cookie. An attempt that is
    refused counts too, so hammering does not pay.
    """
    now = int(time.time())
    keys = [f"kinder:limit:{limit.name}:{now // limit.seconds}:{who}" for limit, who in charges]
    seconds = [limit.seconds for limit, _who in charges]
    counts = ask_redis(lambda: _spend_in_redis(keys, amount, seconds), None)
    if counts is None:
        is_guess = any(limit.guards_secret for limit, _who in charges)
        counts = count_tries(keys, amount, seconds) if is_guess else _spend_here(keys, amount)
    waits = [
        limit.seconds - now % limit.seconds
        for (limit, _who), count in zip(charges, counts, strict=True)
        if count > limit.most
    ]
    if waits:
        raise TooManyError(retry_after=max(waits))


def _spend_in_redis(keys: list[str], amount: int, seconds: list[int]) -> Sequence[int]:
    script = redis_client().register_script(_SPEND)
    counts: Sequence[int] = script(keys=keys, args=[amount, *seconds])
    return counts


_here: dict[str, int] = {}
_here_lock = threading.Lock()
_HERE_AT_MOST = 20_000


def _spend_here(keys: list[str], amount: int) -> Sequence[int]:
    with _here_lock:
        if len(_here) > _HERE_AT_MOST:
            # Windows that have passed are among them; memory stays bounded.
            _here.clear()
        for key in keys:
            _here[key] = _here.get(key, 0) + amount
        return [_here[key] for key in keys]


def find_network(request: HttpRequest) -> str:
    """Return the /24 (IPv4) or /48 (IPv6) that a request came from, "" where unknown.

    Behind KINDER_TRUSTED_PROXIES proxies the address is the one that the outermost of them saw;
    what the client wrote into the header before that is not believed.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if proxies := settings.TRUSTED_PROXIES:
        hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        address = hops[-proxies].strip() if len(hops) >= proxies else address
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is None:
            return str(ipaddress.ip_network((ip, 48), strict=False))
        ip = ip.ipv4_mapped
    return str(ipaddress.ip_network((ip, 24), strict=False))


def charge_log(request: HttpRequest, key: str, *, amount: int = 1) -> None:
    """Count `amount` moments for the device with `key` and for the network that asks."""
    spend(
        (LOGS_OF_DEVICE, _name(key)),
        (LOGS_OF_NETWORK, _name(find_network(request))),
        amount=amount,
    )


def charge_form(request: HttpRequest, *, account: object = None, key: str | None = None) -> None:
    """Count one form that was sent: for its network, and for the account or device it came from."""
    charges = [(FORMS_OF_NETWORK, _name(find_network(request)))]
    if account is not None:
        charges.append((FORMS_OF_ACCOUNT, _name(str(account))))
    elif key is not None:
        charges.append((FORMS_OF_DEVICE, _name(key)))
    spend(*charges)


def charge_guess(session_key: str) -> None:
    """Count a code that was typed, for the session that waits for one."""
    spend((GUESSES_OF_SESSION, _name(session_key)))


def charge_recovery(*, key: str, network: str) -> None:
    """Count a try to enter a recovery code, for a device and for its network."""
    spend((CODES_OF_DEVICE, _name(key)), (CODES_OF_NETWORK, _name(network)))


def charge_offer(request: HttpRequest, key: str) -> None:
    """Count an answer, a proposal or a photo for the device with `key` and for its network."""
    spend((OFFERS_OF_DEVICE, _name(key)), (OFFERS_OF_NETWORK, _name(find_network(request))))


def charge_new_device(network: str) -> None:
    """Count a device that is seen for the first time, for its network."""
    spend((NEW_DEVICES_OF_NETWORK, _name(network)))


def charge_network(request: HttpRequest, limit: Limit, *, amount: int = 1) -> None:
    """Count `amount` against `limit` for the network that asks."""
    spend((limit, _name(find_network(request))), amount=amount)


def charge_named(limit: Limit, who: str) -> None:
    """Count once against `limit` for whoever `who` names; only its fingerprint leaves here."""
    spend((limit, _name(who)))


def _name(who: str) -> str:
    return fingerprint("limit", who.encode()).hex()[:32]
