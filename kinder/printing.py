"""Prints a Typst template: tagged PDF (PDF/UA-1) for paper, PNG for sharing.

All text arrives in `data`, worded already; the compiler refuses what a screen reader could not
read.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.conf import settings
from django.utils.translation import get_language

PRINTED_SCRIPTS = ("en", "gd", "pl", "uk", "ur", "ar")
"""Languages whose letters the printed fonts hold; others are printed in the site's own."""


@cache
def _fonts() -> typst.Fonts:
    """The fonts built with the front end and those inside Typst, never the machine's own."""
    folder = settings.BASE_DIR / "static" / "dist" / "fonts" / "print"
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=True,
        font_paths=[str(folder)] if folder.is_dir() else [],
    )


def printed_language() -> str:
    """Return the active language, or the site's where the printed fonts lack its letters."""
    language = get_language() or settings.LANGUAGE_CODE
    return language if language.partition("-")[0] in PRINTED_SCRIPTS else settings.LANGUAGE_CODE


def print_pdf(template: Path, data: dict[str, Any]) -> bytes:
    """Return `template` filled with `data` as a tagged PDF; typst.TypstError where it would not be
    accessible."""
    return _compile(template, data, format="pdf", pdf_standards="ua-1")


def print_png(template: Path, data: dict[str, Any], *, ppi: float) -> bytes:
    """Return the one page of `template` as a picture."""
    return _compile(template, data, format="png", ppi=ppi)


def _compile(template: Path, data: dict[str, Any], **options: Any) -> bytes:
    compiled = typst.compile(
        str(template),
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        font_paths=_fonts(),
        timestamp=0,
        **options,
    )
    if not isinstance(compiled, bytes):
        raise TypeError("Typst returned no single document.")
    return compiled
