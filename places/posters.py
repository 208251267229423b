"""Posters with a QR code that leads to "add a moment" at a place: PDF/UA-1 by Typst.

Three layouts: a poster, its twin in large print, and cards, four to a sheet. The words are in the
language of the page that asked.
"""

import io
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import segno
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kinder.printing import compile_typst
from places.models import Place

TEMPLATE = Path(__file__).with_name("poster.typ")
MOST = 100
QUIET = 4
"""Modules of white around the code, as its standard asks."""


class Layout(StrEnum):
    """How posters are laid out on A4."""

    POSTER = "poster"
    LARGE = "large"
    CARDS = "cards"


def short_link(place: Place, root: str) -> str:
    """Return the address that a poster's code holds; `root` is the site's, without a stroke."""
    return root + reverse("device:poster", args=[place.code])


def draw_code(address: str) -> str:
    """Return the QR code of `address` as SVG: a quarter of it may be torn or dirty (level Q)."""
    drawn = io.BytesIO()
    code = segno.make(address, error="q", boost_error=False, micro=False)
    code.save(drawn, kind="svg", border=QUIET, xmldecl=False, light="#ffffff", dark="#000000")
    return drawn.getvalue().decode()


def write_posters(places: Sequence[Place], *, layout: Layout, root: str) -> bytes:
    """Return posters of `places` as a tagged PDF.

    Raises PrintingError where it would not be accessible.
    """
    return compile_typst(
        TEMPLATE,
        collect(places, layout, root),
        timestamp=int(timezone.now().timestamp()),
        format="pdf",
        pdf_standards="ua-1",
    )


def collect(places: Sequence[Place], layout: Layout, root: str) -> dict[str, Any]:
    """Return every word of the posters."""
    language, _dash, region = (get_language() or "en-gb").partition("-")
    posters = [_describe(place, root) for place in places]
    names = ", ".join(poster["name"] for poster in posters[:3])
    return {
        "title": _("Posters: %(names)s") % {"names": names},
        "author": str(settings.SITE_NAME),
        "language": language,
        "region": region.upper() or None,
        "layout": layout.value,
        "posters": posters,
    }


def _describe(place: Place, root: str) -> dict[str, Any]:
    link = short_link(place, root)
    return {
        "name": place.name,
        "invitation": _("Did something kind happen here?"),
        "sentence": _("Tell us in three taps: something that you did, got or saw."),
        "promise": _("No names, no sign-in."),
        "stay": _("You can sit here. Nobody minds if you don't buy anything.")
        if place.is_free_to_stay
        else "",
        "private": _("For a place like this we keep only the neighbourhood, never the place.")
        if place.is_sensitive
        else "",
        "how": _("Point your phone's camera here, or type:"),
        "link": link.partition("://")[2].rstrip("/"),
        "code": draw_code(link),
        "code_alt": _("QR code that leads to %(link)s") % {"link": link},
    }
