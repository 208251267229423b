"""The workers' table and the page of gaps in a real browser: rules, keys, narrow screens."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from kinder.accounts.models import User
from places.models import Geography
from tests.e2e.test_worker_areas import find_violations, open_page, town, worker
from tests.factories.places import make_place
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


def test_on_paper_the_map_becomes_its_table(
    open_page: Callable[..., Page], town: Geography
) -> None:
    page = open_page(PAGES["desk"])
    page.get_by_role("button", name="Show on a map").click()
    expect(page.locator("[data-in-view]")).to_be_attached(timeout=20_000)
    page.emulate_media(media="print")
    table = page.locator("[data-desk] table")
    expect(table).to_be_visible()
    expect(table.get_by_text("Rowan Library")).to_be_visible()
    for gone in ("[data-map]", "[data-map-open]", "form[role=search]", "[name=deed]", ".no-print"):
        expect(page.locator(gone).first).to_be_hidden()
    take_picture(page, "desk-print")
    # A long table begins on the first sheet, under the heading, and ends on another.
    for number in range(60):
        make_place(f"Hall {number:02}")
    page.goto(page.url.partition("#")[0])
    sheets = [sheet.extract_text() for sheet in PdfReader(io.BytesIO(page.pdf())).pages]
    assert "Hall 00" in sheets[0]
    assert "Rowan Library" not in sheets[0]
    assert "Rowan Library" in sheets[-1]
    page = open_page(PAGES["gaps"])
    page.emulate_media(media="print")
    expect(page.locator("table").first).to_be_visible()


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
    page.get_by_label("Keys: j, k, x, o, a, d").uncheck()
    box.focus()
    page.keyboard.press("x")
    expect(box).to_be_checked()
    page.reload()
    assert not page.get_by_label("Keys: j, k, x, o, a, d").is_checked()
