"""A report as PDF/UA-1 by Typst: the compiler refuses what a screen reader could not read."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from connections.reports import wording
from connections.reports.reading import Report, explain

TEMPLATE = Path(__file__).with_name("report.typ")


@cache
def _fonts() -> typst.Fonts:
    """The fonts built with the front end and those inside Typst; never the machine's own, for the
    same report must be the same bytes everywhere."""
    folder = settings.BASE_DIR / "static" / "dist" / "fonts" / "print"
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=True,
        font_paths=[str(folder)] if folder.is_dir() else [],
    )


def write_pdf(report: Report) -> bytes:
    """Return the report as a tagged PDF; equal reports give equal bytes.

    Raises typst.TypstError where the document would not be accessible.
    """
    compiled = typst.compile(
        str(TEMPLATE),
        format="pdf",
        pdf_standards="ua-1",
        sys_inputs={"data": json.dumps(collect(report), ensure_ascii=False)},
        font_paths=_fonts(),
        timestamp=int(_published_at(report).timestamp()),
    )
    if not isinstance(compiled, bytes):
        raise TypeError("Typst returned no single document.")
    return compiled


def _published_at(report: Report) -> Any:
    return report.release.published_at or report.release.created_at


def collect(report: Report) -> dict[str, Any]:
    """Return every text of the PDF, worded, in the order in which it stands there."""
    area, release = report.area, report.release
    published_on = _published_at(report).date()
    language, _dash, region = (get_language() or "en-gb").partition("-")
    season = wording.period_in_words(release.quarter_id)
    holders = report.holders
    return {
        "title": _("%(area)s: kindness and places to meet, %(period)s")
        % {"area": area.name, "period": season},
        "author": str(settings.SITE_NAME),
        "description": _("Released figures with intervals, caveats and method."),
        "published": [published_on.year, published_on.month, published_on.day],
        "language": language,
        "region": region.upper() or None,
        "area": area.name,
        "subtitle": _("%(level)s %(code)s · %(period)s · release %(release)s, version %(version)s")
        % {
            "level": area.get_level_display(),
            "code": area.code,
            "period": season,
            "release": report.period,
            "version": release.version,
        },
        "footer": _("%(area)s · release %(release)s v%(version)s · not a target or a ranking")
        % {"area": area.name, "release": report.period, "version": release.version},
        "opening": opening(report),
        "figures": {
            "head": [
                _("Figure"),
                area.name,
                _("Range"),
                _("People"),
                *[holder.name for holder in holders],
            ],
            "rows": [
                [
                    f"{line.indicator.name} ({line.indicator.unit.label})",
                    line.cell.value,
                    line.cell.interval or "–",
                    line.cell.people or "–",
                    *([cell.value for cell in line.comparators] or ["–"] * len(holders)),
                ]
                for line in report.lines
            ],
        },
        "notes": [*comparison_note(report), *report.marks],
        "meanings": [
            {
                "name": str(line.indicator.name),
                "reading": line.cell.reading or explain(line.cell.status),
                "question": str(line.indicator.question),
                "notes": line.cell.notes,
                "caveat": str(line.indicator.caveat),
                "formula": _("How it is made: %(formula)s")
                % {"formula": str(line.indicator.formula)},
            }
            for line in report.lines
        ],
        "parts": {
            "head": [_("Area"), *[f"{i.name} ({i.unit.label})" for i in report.comparable]],
            "rows": [
                [part.area.name, *[cell.value for cell in part.cells]] for part in report.parts
            ],
        },
        "method": method_notes(report),
        "words": {
            "page": _("Page"),
            "figures": _("The figures"),
            "figures_caption": _("Figures for %(area)s beside the areas around it")
            % {"area": area.name},
            "meaning": _("What each figure means"),
            "parts": _("Within the area"),
            "parts_note": _(
                "In the order of the alphabet. These areas are not ranked: differences within "
                "the ranges are chance."
            ),
            "parts_caption": _("Figures for the areas within %(area)s") % {"area": area.name},
            "method": _("How this was made"),
        },
    }


def opening(report: Report) -> list[str]:
    """Return the sentences that stand before any number."""
    return [
        _(
            "These figures describe what people who took part told us. They are volunteers, not "
            "a random sample. They are not to be used as a target or a condition of a grant."
        ),
        _("Each range covers chance only, not who chose to answer."),
    ]


def comparison_note(report: Report) -> list[str]:
    """Return why some figures stand beside no other area's, where the report has such."""
    if not report.holders or all(line.indicator.is_comparable for line in report.lines):
        return []
    return [
        _("Where a dash stands, areas cannot be compared: who takes part differs between them.")
    ]


def method_notes(report: Report) -> list[str]:
    """Return what a reader needs to check or cite the report."""
    release = report.release
    return [
        _(
            "Made from release %(release)s, version %(version)s, published on %(day)s; "
            "boundaries: %(geography)s; method version %(method)s."
        )
        % {
            "release": report.period,
            "version": release.version,
            "day": _published_at(report).date().isoformat(),
            "geography": release.geography.name,
            "method": release.method_version,
        },
        _("SHA-256 of the frozen rows and their sums: %(sum)s.") % {"sum": release.watermark},
        release.geography.attribution,
    ]
