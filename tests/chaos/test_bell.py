"""Redis is only a bell: pages and workers outlive it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from pytest_django import Settings

from kinder.cache import MAKING_SECONDS, FailSafeRedisCache, breaker, make_once
from tests.processes import RedisServer, running_beat, running_redis, running_worker, wait_until

pytestmark = pytest.mark.chaos


@pytest.fixture
def bell_of_its_own() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


def _cache(server: RedisServer) -> FailSafeRedisCache:
    parameters: dict[str, Any] = {"OPTIONS": settings.CACHES["default"]["OPTIONS"]}
    return FailSafeRedisCache(server.url, parameters)


def test_cache_remembers_while_redis_answers(bell_of_its_own: RedisServer) -> None:
    cache = _cache(bell_of_its_own)
    cache.set("area", 7)
    assert cache.get("area") == 7
    assert cache.get_many(["area", "place"]) == {"area": 7}
    assert cache.add("area", 8) is False
    assert cache.incr("area") == 8
    assert cache.delete("area") is True
    assert cache.get("area") is None


@pytest.mark.parametrize("fault", ["kill", "hang"])
def test_cache_is_empty_while_redis_is_away(bell_of_its_own: RedisServer, fault: str) -> None:
    cache = _cache(bell_of_its_own)
    cache.set("area", 7)
    getattr(bell_of_its_own, fault)()
    began = time.monotonic()
    cache.set("place", 1)
    assert cache.get("area", "not there") == "not there"
    assert cache.get_many(["area"]) == {}
    assert cache.set_many({"area": 1}) == ["area"]
    assert cache.add("area", 8) is True
    assert cache.incr("area") == 0
    assert cache.delete("area") is False
    assert cache.touch("area") is False
    # One question waited; the others did not ask.
    assert time.monotonic() - began < 8 * settings.REDIS_TIMEOUT


def test_what_is_made_once_is_kept_again_when_redis_is_back(
    bell_of_its_own: RedisServer, settings: Settings
) -> None:
    settings.REDIS_URL = bell_of_its_own.url
    made: list[bytes] = []

    def make() -> bytes:
        made.append(b"tile %d" % len(made))
        return made[-1]

    def ask() -> bytes:
        return make_once("a", make, seconds=60)

    assert (ask(), ask()) == (b"tile 0", b"tile 0")
    bell_of_its_own.kill()
    bell_of_its_own.start()
    # The connection that was kept has ended; nobody rests because of it.
    assert (ask(), ask()) == (b"tile 1", b"tile 1")
    assert not breaker.is_resting
    bell_of_its_own.kill()
    assert (ask(), ask()) == (b"tile 2", b"tile 3")


def test_what_could_not_be_made_is_made_by_the_next(
    bell_of_its_own: RedisServer, settings: Settings
) -> None:
    settings.REDIS_URL = bell_of_its_own.url

    def fail() -> bytes:
        raise LookupError

    began = time.monotonic()
    with pytest.raises(LookupError):
        make_once("a", fail, seconds=60)
    assert make_once("a", lambda: b"tile", seconds=60) == b"tile"
    assert time.monotonic() - began < MAKING_SECONDS / 2


def test_cache_works_again_when_redis_is_back(bell_of_its_own: RedisServer) -> None:
    cache = _cache(bell_of_its_own)
    cache.set("area", 7)
    bell_of_its_own.kill()
    assert cache.get("area") is None
    bell_of_its_own.start()

    def remembers() -> bool:
        cache.set("area", 9)
        return bool(cache.get("area") == 9)

    # Redis is left alone for some seconds after it did not answer.
    wait_until(remembers, what="the cache remembers again")
    assert cache.get("area") == 9


@pytest.mark.django_db(transaction=True)
def test_worker_and_beat_outlive_redis(bell_of_its_own: RedisServer, tmp_path: Path) -> None:
    """Redis dies with everything in it: the next ring is heard without anybody's help."""
    url = bell_of_its_own.url
    with running_worker(tmp_path, redis_url=url) as worker, running_beat(tmp_path, redis_url=url):
        swept = "connections.indicators.tasks.sweep"
        wait_until(lambda: worker.said(f"Task {swept}"), what="a first sweep")
        bell_of_its_own.kill()
        wait_until(
            lambda: worker.said("Connection to broker lost"),
            seconds=60,
            what="the loss is noticed",
        )
        before = worker.times_said("succeeded")
        bell_of_its_own.start()
        wait_until(
            lambda: worker.times_said("succeeded") > before,
            seconds=60,
            what="a sweep after Redis is back",
        )
