"""Redis may vanish at any moment: whatever leans on the cache goes on without it."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache, caches
from django.test import Client
from pytest_django import Settings

from kinder.cache import breaker
from tests.factories.accounts import PASSWORD, make_user


@pytest.fixture
def without_redis(settings: Settings) -> Iterator[None]:
    """A cache whose Redis is not there."""
    settings.CACHES = {
        "default": settings.CACHES["default"] | {"LOCATION": "unix:///nowhere/redis.sock?db=0"}
    }
    yield
    caches.close_all()
    breaker.reset()


def test_with_redis_it_is_a_cache() -> None:
    breaker.reset()
    cache.set("a", 1)
    assert cache.get("a") == 1
    assert "a" in cache
    assert cache.add("a", 2) is False
    assert cache.incr("a") == 2
    assert cache.get_many(["a", "b"]) == {"a": 2}
    cache.set_many({"b": 3, "c": 4})
    cache.delete_many(["b", "c"])
    assert cache.touch("a", 60)
    assert cache.delete("a")
    assert cache.get("a", "gone") == "gone"


@pytest.mark.usefixtures("without_redis")
def test_without_redis_everything_is_a_miss_and_nothing_an_error() -> None:
    cache.set("a", 1)
    assert cache.get("a", "gone") == "gone"
    assert "a" not in cache
    assert cache.add("a", 2) is True
    assert cache.incr("a") == 0
    assert cache.get_many(["a"]) == {}
    assert cache.set_many({"a": 1}) == ["a"]
    cache.delete_many(["a"])
    assert cache.touch("a") is False
    assert cache.delete("a") is False
    assert cache.get_or_set("a", lambda: 5) == 5


@pytest.mark.django_db
@pytest.mark.usefixtures("without_redis")
def test_without_redis_people_sign_in() -> None:
    user = make_user(password=PASSWORD, has_second_factor=False)
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert client.get("/accounts/").status_code == 200
