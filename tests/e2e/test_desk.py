"""The workers' table and the page of gaps in a real browser: rules, keys, narrow screens."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kinder.accounts.models import User
from places.models import Geography
from tests.e2e.test_worker_areas import find_violations, open_page, town, worker
from tests.pictures import take_picture

__all__ = ["open_page", "town", "worker"]
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]
PAGES = {"desk": "/places/table/", "gaps": "/gaps/", "gatherings": "/whats-on/looking-after/"}


@pytest.mark.parametrize("name", PAGES)
def test_workers_pages_keep_the_rules(
    open_page: Callable[..., Page],
    town: Geography,
    name: str,
) -> None:
    for width in (360, 1280):
        page = open_page(PAGES[name], width=width)
        assert find_violations(page) == []
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
        take_picture(page, f"{name}-{width}")


def test_keys_work_in_the_table_and_can_be_switched_off(
    open_page: Callable[..., Page],
    town: Geography,
    worker: User,
) -> None:
    page: Any = open_page("/places/table/")
    box = page.get_by_label("Choose Rowan Library")
    box.focus()
    page.keyboard.press("x")
    expect(box).to_be_checked()
    expect(page.locator("[data-desk-status]")).to_have_text("Chosen: 1")
    page.get_by_label("Keys: j, k, x, o, a").uncheck()
    box.focus()
    page.keyboard.press("x")
    expect(box).to_be_checked()
    page.reload()
    assert not page.get_by_label("Keys: j, k, x, o, a").is_checked()
