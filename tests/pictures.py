"""Screenshots that the browser tests leave to be looked at."""

from pathlib import Path

from django.conf import settings
from playwright.sync_api import Error, Page

FOLDER = Path(settings.BASE_DIR) / ".local" / "screenshots"


def take_picture(page: Page, name: str, *, is_whole: bool = True) -> None:
    """Keep how `page` looks as `name`.png.

    A busy Chromium now and then refuses the first request for a picture or never answers it, and
    answers the second at once.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.png"
    try:
        page.screenshot(path=path, full_page=is_whole, timeout=20_000)
    except Error:
        page.screenshot(path=path, full_page=is_whole, timeout=60_000)
