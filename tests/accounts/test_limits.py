"""Limits, with Redis and without it."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings as conf
from django.core.cache import cache
from django.test import RequestFactory

from kinder import cache as kinder_cache
from kinder.accounts import limits
from kinder.accounts.limits import Limit, TooManyError, find_network, spend

THREE = Limit("three", most=3, seconds=600)


@pytest.fixture
def without_redis(settings: Any) -> Iterator[None]:
    """Redis is not where it was."""
    kinder_cache.breaker.reset()
    limits._here.clear()
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    yield
    kinder_cache.breaker.reset()
    limits._here.clear()


def spend_until_refused(who: str) -> int:
    spent = 0
    with pytest.raises(TooManyError) as refused:
        while True:
            spend((THREE, who))
            spent += 1
    assert 0 < refused.value.retry_after <= 600
    return spent


def test_a_limit_holds_for_one_and_leaves_others_alone() -> None:
    assert spend_until_refused("a") == 3
    assert spend_until_refused("b") == 3


def test_a_batch_counts_each_of_its_moments() -> None:
    with pytest.raises(TooManyError):
        spend((THREE, "c"), amount=4)


def test_counters_expire_by_themselves() -> None:
    spend((THREE, "d"))
    client = redis.Redis.from_url(conf.REDIS_URL)
    [key] = client.scan_iter("kinder:limit:three:*:d")
    assert 0 < client.ttl(key) <= 600
    client.close()


def test_without_redis_each_process_counts_for_itself(without_redis: None) -> None:
    assert spend_until_refused("e") == 3
    assert kinder_cache.breaker.is_resting


def test_without_redis_memory_stays_bounded(without_redis: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(limits, "_HERE_AT_MOST", 10)
    for n in range(100):
        spend((THREE, str(n)))
    assert len(limits._here) <= 11


def test_a_cache_without_redis_misses_and_never_fails(monkeypatch: Any) -> None:
    kinder_cache.breaker.rest()
    cache.set("a", 1)
    assert cache.get("a", "otherwise") == "otherwise"
    assert cache.get_many(["a"]) == {}
    assert cache.add("a", 1) is True
    assert cache.has_key("a") is False
    assert cache.get_or_set("a", lambda: 7) == 7
    cache.delete("a")
    cache.delete_many(["a"])
    kinder_cache.breaker.reset()
    assert cache.get("a") is None


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::7", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_a_network_is_no_address(rf: RequestFactory, address: str, network: str) -> None:
    assert find_network(rf.get("/", REMOTE_ADDR=address)) == network


@pytest.mark.parametrize(
    ("proxies", "forwarded", "network"),
    [
        (0, "198.51.100.1", "192.0.2.0/24"),
        (1, "198.51.100.1", "198.51.100.0/24"),
        # Whatever the client itself put in front is not believed.
        (1, "203.0.113.9, 198.51.100.1", "198.51.100.0/24"),
        (2, "203.0.113.9, 198.51.100.1", "203.0.113.0/24"),
        (2, "198.51.100.1", "192.0.2.0/24"),
        (1, "", ""),
    ],
)
def test_only_our_own_proxies_are_believed(
    rf: RequestFactory, settings: Any, proxies: int, forwarded: str, network: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = rf.get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=forwarded)
    assert find_network(request) == network
