"""A report as an Excel workbook: summary, data, releases and areas, dictionary, method.

Suppressed cells are text ("[c]"), numbers are numbers, and no text becomes a formula. Every moment
in the file is the release's, so that the same question gives the same bytes.
"""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

import xlsxwriter
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _
from xlsxwriter.worksheet import Worksheet

from connections.reports import sentences, wording
from connections.reports.content import Content
from connections.reports.formats.sheet import RowSheet
from connections.reports.formats.table import COLUMNS, NAMES, NUMBERS, write_rows

BESIDE = frozenset({"version", "published_on", "area_level", "unit", "caveat", "note"})
"""Of the columns, those that stand in the sheets beside, once for each release, area, indicator or
mark instead of tens of thousands of times: a third of the time that a workbook takes."""
WIDTHS = {"area_name": 28, "indicator_name": 30}


def write_xlsx(content: Content) -> bytes:
    """Return the report as a workbook that Excel and LibreOffice open without a warning."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out,
        {
            # Rows go out as they come: a council's three years are a million cells.
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    published = content.release.published_at or datetime(1980, 1, 1, tzinfo=UTC)
    book.set_properties(
        {
            "title": content.title,
            "subject": content.season,
            "author": "Kinder",
            "created": published.astimezone(UTC).replace(tzinfo=None),
        }
    )
    looks = {
        "title": book.add_format({"bold": True, "font_size": 16, "font_color": "#17594A"}),
        "head": book.add_format(
            {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top", "bg_color": "#E4EFE9"}
        ),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        "right": book.add_format({"align": "right"}),
    }
    _write_summary(book, looks, content)
    _write_data(book, looks, content)
    _write_releases_and_areas(book, looks, content)
    _write_dictionary(book, looks, content)
    _write_method(book, looks, content)
    book.close()
    return out.getvalue()


def _add_sheet(book: Any, name: str, kind: type[Worksheet] | None = None) -> Any:
    sheet = book.add_worksheet(name, worksheet_class=kind)
    if get_language_bidi():
        sheet.right_to_left()
    # On paper: A4 across, as wide as the sheet.
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    return sheet


def _write_number(sheet: Any, row: int, column: int, text: str, look: Any = None) -> None:
    """Write a released number as a number; marks and bounds stay the text that they are."""
    if not text:
        return
    try:
        number = float(text)
    except ValueError:
        sheet.write_string(row, column, text, look)
    else:
        sheet.write_number(row, column, number, look)


def _write_summary(book: Any, looks: dict[str, Any], content: Content) -> None:
    sheet = _add_sheet(book, _("Summary"))
    sheet.set_column(0, 0, 70)
    sheet.set_column(1, 1, 24)
    sheet.set_column(2, 8, 18)
    sheet.write_string(0, 0, content.title, looks["title"])
    sheet.write_string(1, 0, content.season)
    at = 2
    for sentence in [*sentences.opening(), *sentences.translation_note()]:
        sheet.write_string(at, 0, sentence)
        at += 1
    for area in content.areas:
        report = area.report
        at += 1
        head = [
            f"{report.area.name} ({report.area.code})",
            _("Value"),
            _("Range"),
            _("People"),
            *[holder.name for holder in report.holders],
        ]
        sheet.set_row(at, 2 * sheet.default_row_height)
        for column, text in enumerate(head):
            sheet.write_string(at, column, text, looks["head"])
        at += 1
        for line in report.lines:
            sheet.write_string(at, 0, f"{line.indicator.name} ({line.indicator.unit.label})")
            _write_number(sheet, at, 1, line.cell.number, looks["right"])
            sheet.write_string(at, 2, line.cell.interval, looks["right"])
            _write_number(sheet, at, 3, line.cell.people, looks["right"])
            told = [cell.number for cell in line.comparators]
            for column, text in enumerate(told or ["–"] * len(report.holders), start=4):
                _write_number(sheet, at, column, text, looks["right"])
            at += 1
        for note in [*sentences.comparison_note(report), *report.marks]:
            sheet.write_string(at, 0, note)
            at += 1
        if table := area.inequality_table:
            for texts in (table.head, *table.rows):
                at += 1
                look = looks["head"] if texts is table.head else None
                for column, text in enumerate(texts):
                    sheet.write_string(at, column, text, look)
            at += 1
    sheet.freeze_panes(2, 1)


def _write_data(book: Any, looks: dict[str, Any], content: Content) -> None:
    sheet = _add_sheet(book, _("Data"), RowSheet)
    wanted = [index for index, name in enumerate(NAMES) if name not in BESIDE]
    names = [NAMES[index] for index in wanted]
    numbers = [name in NUMBERS for name in names]
    sheet.set_row(0, 2 * sheet.default_row_height)
    for column, name in enumerate(names):
        sheet.write_string(0, column, name, looks["head"])
        sheet.set_column(column, column, WIDTHS.get(name, 16))
    at = 0
    take = itemgetter(*wanted)
    for at, row in enumerate(write_rows(content), start=1):
        sheet.write_texts(at, take(row), numbers)
    sheet.repeat_rows(0)
    sheet.freeze_panes(1, 5)
    sheet.autofilter(0, 0, max(at, 1), len(names) - 1)


def _write_releases_and_areas(book: Any, looks: dict[str, Any], content: Content) -> None:
    sheet = _add_sheet(book, _("Releases and areas"))
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 28)
    sheet.set_column(2, 2, 18)
    told = write_rows(content)
    named = {area.code: area for one in content.areas for area in one.told}
    tables: list[tuple[Sequence[str], Sequence[Sequence[str]]]] = [
        (
            (_("Release"), _("Version"), _("Published")),
            list(dict.fromkeys(row[:3] for row in told)),
        ),
        (
            (_("Area code"), _("Name"), _("Level")),
            [
                (code, named[code].name, named[code].get_level_display())
                for code in dict.fromkeys(row[3] for row in told)
            ],
        ),
    ]
    at = 0
    for head, rows in tables:
        for column, text in enumerate(head):
            sheet.write_string(at, column, text, looks["head"])
        for row in rows:
            at += 1
            for column, text in enumerate(row):
                sheet.write_string(at, column, text)
        at += 2


def _write_dictionary(book: Any, looks: dict[str, Any], content: Content) -> None:
    sheet = _add_sheet(book, _("Dictionary"))
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 30)
    sheet.set_column(2, 6, 48)
    for column, text in enumerate((_("Column"), _("Kind"), _("What it holds"))):
        sheet.write_string(0, column, text, looks["head"])
    for at, item in enumerate(COLUMNS, start=1):
        for column, text in enumerate((item.name, item.type, str(item.description))):
            sheet.write_string(at, column, text, looks["wrap"])
    at = len(COLUMNS) + 2
    head = (
        _("Code"),
        _("Figure"),
        _("Question"),
        _("How it is made"),
        _("Caveat"),
        _("What this cannot tell"),
        _("Interval"),
    )
    for column, text in enumerate(head):
        sheet.write_string(at, column, text, looks["head"])
    told = {line.indicator.code: line.indicator for a in content.areas for line in a.report.lines}
    for row, indicator in enumerate(told.values(), start=at + 1):
        for column, words in enumerate(
            (
                indicator.code,
                f"{indicator.name} ({indicator.unit.label})",
                indicator.question,
                indicator.formula,
                indicator.caveat,
                indicator.cannot_tell,
                indicator.interval.label,
            )
        ):
            sheet.write_string(row, column, str(words), looks["wrap"])
    sheet.freeze_panes(1, 1)


def _write_method(book: Any, looks: dict[str, Any], content: Content) -> None:
    sheet = _add_sheet(book, _("Method"))
    sheet.set_column(0, 0, 110)
    notes = [
        *sentences.opening(),
        *sentences.method_notes(content.first.report),
        wording.LICENCE.url,
    ]
    for at, note in enumerate(notes):
        sheet.write_string(at, 0, note, looks["wrap"])
