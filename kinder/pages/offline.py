"""What lets the site open without a network: the service worker, and the shells that it keeps."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from kinder.pages.worry import list_help_lines
from kinder.words import list_languages

BUILT = Path(settings.BASE_DIR) / "static" / "dist"
# What the shells are made of: when one changes, phones fetch them anew.
MADE_OF = (
    (Path(settings.BASE_DIR) / "templates", "**/*.html"),
    (BUILT / "css", "*.css"),
    (BUILT / "js", "*.js"),
    *((Path(folder), "**/*.mo") for folder in settings.LOCALE_PATHS),
)


@login_not_required
@require_safe
def show_offline(request: HttpRequest) -> HttpResponse:
    """The page that stands in for one that needs a network."""
    # A worry cannot be sent from here: whom to call stands here instead.
    return render(request, "pages/offline.html", {"lines": list_help_lines()})


@login_not_required
@require_safe
def show_waiting(request: HttpRequest) -> HttpResponse:
    """What waits on the phone to be sent: the page holds nothing, its script reads the phone."""
    return render(request, "pages/waiting.html")


@login_not_required
@require_safe
def serve_worker(request: HttpRequest) -> HttpResponse:
    """The service worker, with what it has to keep written before it.

    It is served from the root, for it looks after the whole site, and under no hashed name: the
    browser asks for it again and takes a new one when a byte of it changed.
    """
    told = {
        "version": find_version(),
        "languages": list_languages(),
        "shells": [
            reverse(name, urlconf=settings.ROOT_URLCONF)
            for name in (
                "interactions:log_offline",
                "interactions:hard_offline",
                "pages:waiting",
                "pages:offline",
            )
        ],
        "assets": settings.STATIC_URL,
        "greeting": reverse("interactions:log"),
    }
    script = (BUILT / "js" / "sw.js").read_text(encoding="utf-8")
    return HttpResponse(
        f"self.KINDER = {json.dumps(told)};\n{script}",
        content_type="text/javascript",
        headers={"Cache-Control": "no-cache"},
    )


def find_version() -> str:
    """Return what changes with every release of the pages, and never between two."""
    files = sorted(path for folder, pattern in MADE_OF for path in folder.glob(pattern))
    return _hash_files(tuple((path, path.stat().st_mtime_ns) for path in files))


@lru_cache(maxsize=1)
def _hash_files(files: tuple[tuple[Path, int], ...]) -> str:
    """The times tell when to read the files again; what they say makes the version, so that two
    machines with the same release agree on it."""
    found = hashlib.sha256()
    for path, _time in files:
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()[:16]
