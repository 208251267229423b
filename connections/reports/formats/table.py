"""A report as rows, and as CSV: the quarter first (the area, the areas that hold it, its parts),
then the quarters before it."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from connections.indicators.models import Release
from connections.indicators.quarters import name_quarter
from connections.reports import wording
from connections.reports.content import Content
from connections.reports.reading import Cell, explain


@dataclass(frozen=True)
class Column:
    """A column of every table of figures, described as Frictionless does (data dictionary)."""

    name: str
    type: str
    description: str | Promise


COLUMNS = (
    Column(
        "release", "string", _("Calendar quarter that the figure describes, for example 2026-Q1.")
    ),
    Column("version", "integer", _("Version of the release; a later one supersedes it.")),
    Column("published_on", "date", _("Day on which the release was published.")),
    Column("area_code", "string", _("Official code of the area (GSS).")),
    Column("area_name", "string", _("Name of the area.")),
    Column("area_level", "string", _("Level of the area in its geography.")),
    Column("indicator", "string", _("Code of the indicator; a point marks a variant.")),
    Column("indicator_name", "string", _("Name of the indicator.")),
    Column("unit", "string", _("What the value counts in.")),
    Column(
        "value",
        "string",
        _(
            "The figure; [c] suppressed so that nobody can be picked out, [x] too few places were "
            "checked, [z] fewer than 3 places, [u] too few answers; a bound in words where only a "
            "bound is released."
        ),
    ),
    Column("lower_95", "number", _("Lower end of the range (95 %), which covers chance only.")),
    Column("upper_95", "number", _("Upper end of the range (95 %), which covers chance only.")),
    Column("people_rounded_to_5", "integer", _("People behind the figure, rounded to 5.")),
    Column("steadied_value", "number", _("The figure steadied towards the larger area.")),
    Column("coverage_percent", "integer", _("How many answered, or how many places were checked.")),
    Column(
        "status",
        "string",
        _("shown, bound, c, provisional, few, response, or absent from the release."),
    ),
    Column("note", "string", _("Why no number is shown.")),
    Column("caveat", "string", _("What must be known to read the figure.")),
)
NAMES = tuple(column.name for column in COLUMNS)
NUMBERS = frozenset(column.name for column in COLUMNS if column.type in ("number", "integer")) | {
    "value"
}


@dataclass(frozen=True)
class Row:
    """A cell with the release that it stands in."""

    release: Release
    cell: Cell


def list_rows(content: Content) -> Iterator[Row]:
    """Yield every released cell of the report once, in the order in which all formats hold them."""
    seen: set[tuple[int, int, str]] = set()
    for area in content.areas:
        for cell in area.report.cells:
            yield from _once(seen, content.release, cell)
    for area in content.areas:
        for release, cells in reversed(area.past):
            for cell in cells.values():
                yield from _once(seen, release, cell)


def _once(seen: set[tuple[int, int, str]], release: Release, cell: Cell) -> Iterator[Row]:
    key = (release.pk, cell.area.pk, cell.indicator.code)
    if key not in seen:
        seen.add(key)
        yield Row(release, cell)


def publication_day(release: Release) -> str:
    """Return the day on which the release came out, empty for one that did not."""
    return release.published_at.date().isoformat() if release.published_at else ""


def write_rows(content: Content) -> list[list[str]]:
    """Return every row as text, in the order of COLUMNS: made once for all formats.

    Words that repeat are worded once: tens of thousands of rows share a few dozen of them.
    """
    if "rows" not in content.kept:
        words: dict[int, tuple[str, str, str]] = {}
        notes: dict[str, str] = {}
        content.kept["rows"] = [_write_row(row, words, notes) for row in list_rows(content)]
    return content.kept["rows"]


def _write_row(
    row: Row, words: dict[int, tuple[str, str, str]], notes: dict[str, str]
) -> list[str]:
    release, cell = row.release, row.cell
    indicator, status = cell.indicator, cell.status
    if id(indicator) not in words:
        words[id(indicator)] = (
            str(indicator.name),
            str(indicator.unit.label),
            str(indicator.caveat),
        )
    if status not in notes:
        notes[status] = explain(status)
    name, unit, caveat = words[id(indicator)]
    low, high = wording.ends(cell.figure)
    return [
        name_quarter(release.quarter_id),
        str(release.version),
        publication_day(release),
        cell.area.code,
        cell.area.name,
        cell.area.level,
        indicator.code,
        name,
        unit,
        cell.number,
        low,
        high,
        cell.people,
        cell.steadied,
        wording.coverage(cell.figure),
        status,
        notes[status],
        caveat,
    ]


def guard(text: str) -> str:
    """Return `text` so that no spreadsheet runs it as a formula (OWASP: CSV injection).

    A minus before a number stays: it is a number.
    """
    if text[:1] in ("=", "+", "@", "\t", "\r") or (
        text[:1] == "-" and not text[1:].replace(".", "", 1).isdigit()
    ):
        return f"'{text}"
    return text


def write_csv(content: Content) -> bytes:
    """Return the report as CSV: UTF-8 with its mark, so that Excel reads names rightly."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(NAMES)
    for row in write_rows(content):
        writer.writerow([guard(text) for text in row])
    return out.getvalue().encode("utf-8-sig")
