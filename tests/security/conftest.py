"""What the tests of security share."""

from collections.abc import Iterator

import pytest
from django.db import connections
from pytest_django import Settings


@pytest.fixture(autouse=True)
def close_reports() -> Iterator[None]:
    """A page may read through the role of reports, whose connection nobody else closes."""
    yield
    connections["reports"].close()


@pytest.fixture(autouse=True)
def hash_quickly(settings: Settings) -> None:
    """A real password hash takes most of a second, which is its purpose and not these tests'."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
