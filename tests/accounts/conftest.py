"""What the tests of accounts share."""

import pytest
from pytest_django import Settings

from kinder.cache import breaker


@pytest.fixture(autouse=True)
def hash_quickly(settings: Settings) -> None:
    """A real password hash takes most of a second, which is its purpose and not these tests'."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def ask_redis_again() -> None:
    """A test before this one may have found Redis away."""
    breaker.reset()
