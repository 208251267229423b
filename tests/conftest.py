"""What every room's tests share."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pgtrigger
import pytest
import redis
from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase
from django.utils import translation

from connections.reports.views.areas import keep_values
from kinder.cache import breaker
from places.api import write_page
from places.tiles import find_shelf, get_area_tile
from tests.canaries import canaries, listen

# Nothing in the suite depends on time, so no example is too slow. The examples are the same each
# time: a suite that fails by chance is soon not believed. HYPOTHESIS_PROFILE=thorough looks for new
# ones.
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=60)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=2_000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_configure() -> None:
    """WhiteNoise warns where nothing was collected; tests serve straight from static/dist."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Use all cores for folders; named files are soonest done without starting workers."""
    if config.args and all(".py" in argument for argument in config.args):
        return 0
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 4, 8)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Copy the test database from one that bin/test has already migrated."""
    if template := os.environ.get("KINDER_TEST_TEMPLATE"):
        connections["default"].settings_dict["TEST"]["TEMPLATE"] = template


@pytest.fixture(scope="session", autouse=True)
def may_empty_the_audit() -> None:
    """Tests that commit are cleaned up by TRUNCATE, which the audit refuses to everybody else."""
    tear_down = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def tear_down_all(case: TransactionTestCase) -> None:
        with pgtrigger.ignore("accounts.AuditEvent:never_emptied"):
            tear_down(case)

    TransactionTestCase._fixture_teardown = tear_down_all  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def bell() -> Iterator[redis.Redis]:
    """This worker's own Redis database."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    yield client
    client.close()


@pytest.fixture(autouse=True)
def empty_cache(bell: redis.Redis) -> None:
    """Start each test without another's cached values and rate limits; a queue is left alone."""
    breaker.reset()
    if keys := list(bell.scan_iter(f"{settings.CACHES['default']['KEY_PREFIX']}:*", count=1000)):
        bell.delete(*keys)
    # Versions begin at 1 again in each test's database.
    find_shelf.cache_clear()
    get_area_tile.cache_clear()
    keep_values.cache_clear()
    write_page.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def listening() -> None:
    """Hear all that this worker's tests say, in log lines, letters and the like."""
    listen()


@pytest.fixture(autouse=True)
def nobody_is_told_of(listening: None) -> Iterator[None]:
    """No name, note or address of befriending leaves it in any test of the suite."""
    canaries.forget()
    yield
    found = canaries.find()
    canaries.forget()
    assert found == set(), "befriending's people were told of"


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Start each test in English: a request leaves its language behind in the thread."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture(scope="session")
def sample_data() -> Path:
    """The folder of real data beside the checkout; a test that needs it skips where it is absent."""
    folder = Path(settings.SAMPLE_DATA)
    if not folder.is_dir():
        pytest.skip(f"real data is not beside the checkout ({folder}; KINDER_SAMPLE_DATA moves it)")
    return folder


@pytest.fixture(scope="session")
def base_url() -> None:
    """Leave the address to `live_server`; Playwright's own fixture of this name is deprecated."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use the system's Chromium, which calls nobody."""
    executable = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    return browser_type_launch_args | {
        "executable_path": executable,
        "args": [
            # Root may not use Chromium's sandbox, and only our own pages are opened.
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--disable-sync",
            "--no-first-run",
        ],
    }
