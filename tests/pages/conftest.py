"""What the tests of the hall share."""

from collections.abc import Iterator

import pytest
from django.db import connections


@pytest.fixture(autouse=True)
def close_reports() -> Iterator[None]:
    """A page may read through the role of reports, whose connection nobody else closes."""
    yield
    connections["reports"].close()
