"""Prints a Typst template: tagged PDF (PDF/UA-1) for paper, PNG for sharing.

All text arrives in `data`, worded already; the compiler refuses what a screen reader could not
read.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import get_language

PRINTED_SCRIPTS = ("en", "gd", "pl", "uk", "ur", "ar")
"""Languages whose letters the printed fonts hold; others are printed in the site's own."""


TYPESETTER = Path(__file__).with_name("typesetter.py")
PATIENCE = 120
"""Seconds after which a document is given up: a report of a council takes one (a judgement)."""


class PrintingError(Exception):
    """The document could not be made, or a screen reader could not read it; says why."""


def printed_language() -> str:
    """Return the active language, or the site's where the printed fonts lack its letters."""
    language = get_language() or settings.LANGUAGE_CODE
    return language if language.partition("-")[0] in PRINTED_SCRIPTS else settings.LANGUAGE_CODE


def print_pdf(template: Path, data: dict[str, Any]) -> bytes:
    """Return `template` filled with `data` as a tagged PDF. Raises PrintingError."""
    return compile_typst(template, data, timestamp=0, format="pdf", pdf_standards="ua-1")


def print_png(template: Path, data: dict[str, Any], *, ppi: float) -> bytes:
    """Return the one page of `template` as a picture. Raises PrintingError."""
    return compile_typst(template, data, timestamp=0, format="png", ppi=ppi)


def compile_typst(template: Path, data: dict[str, Any], *, timestamp: int, **options: Any) -> bytes:
    """Return what Typst makes of `template` with `data`; equal data gives equal bytes.

    In a process of its own: the compiler keeps something of every document that it made, and a
    worker would grow by 45 MB with each report of a council (typst-py issue 104). With the fonts
    built with the front end and those inside Typst, never the machine's own. Raises PrintingError.
    """
    folder = settings.BASE_DIR / "static" / "dist" / "fonts" / "print"
    return run_typesetter(
        {
            "template": str(template),
            "data": json.dumps(data, ensure_ascii=False),
            "fonts": str(folder) if folder.is_dir() else "",
            "timestamp": timestamp,
            "options": options,
        }
    )


def run_typesetter(asked: dict[str, Any]) -> bytes:
    """Return what `kinder/typesetter.py` makes of `asked`. Raises PrintingError."""
    try:
        done = subprocess.run(  # noqa: S603 - this Python, a file of our own, no words of anybody
            [sys.executable, "-I", str(TYPESETTER)],
            input=json.dumps(asked).encode(),
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PrintingError(f"Not done after {PATIENCE} seconds.") from error
    if done.returncode:
        raise PrintingError(done.stderr.decode(errors="replace"))
    return done.stdout
