"""A report as rows, and as CSV: the quarter first (the area, the areas that hold it, its parts),
then the quarters before it."""

import csv
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from connections.indicators.definitions import Indicator
from connections.indicators.models import Release
from connections.indicators.quarters import name_quarter
from connections.reports import reading, wording
from connections.reports.content import Content
from connections.reports.reading import Cell, explain
from places.models import Area


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


def list_cells(content: Content) -> Iterator[Cell]:
    """Yield every cell of the quarter once, in the order in which all formats hold them."""
    seen: set[tuple[int, str]] = set()
    for area in content.areas:
        for cell in area.report.cells:
            key = (cell.area.pk, cell.indicator.code)
            if key not in seen:
                seen.add(key)
                yield cell


def _list_figures(
    content: Content,
) -> Iterator[tuple[Release, Area, Indicator, wording.Told | None]]:
    """Yield what every row tells of: the quarter, then the quarters before, the newest first."""
    for cell in list_cells(content):
        yield content.release, cell.area, cell.indicator, cell.figure
    told: set[int] = set()
    for area in content.areas:
        areas = {item.pk: item for item in area.told if item.pk not in told}
        told.update(areas)
        yield from reading.read_past(reversed(area.earlier), areas.values())


def publication_day(release: Release) -> str:
    """Return the day on which the release came out, empty for one that did not."""
    return release.published_at.date().isoformat() if release.published_at else ""


def write_rows(content: Content) -> list[tuple[str, ...]]:
    """Return every row as text, in the order of COLUMNS: made once for all formats.

    Words that repeat are worded once: tens of thousands of rows share a few dozen of them.
    """
    if "rows" not in content.kept:
        words: dict[int, tuple[str, str, str]] = {}
        notes: dict[str, str] = {}
        times: dict[int, tuple[str, str, str]] = {}
        content.kept["rows"] = [
            _write_row(*found, words, notes, times) for found in _list_figures(content)
        ]
    return content.kept["rows"]


def _write_row(
    release: Release,
    area: Area,
    indicator: Indicator,
    figure: wording.Told | None,
    words: dict[int, tuple[str, str, str]],
    notes: dict[str, str],
    times: dict[int, tuple[str, str, str]],
) -> tuple[str, ...]:
    status = sys.intern(figure.status) if figure else "absent"
    if release.pk not in times:
        times[release.pk] = (
            name_quarter(release.quarter_id),
            str(release.version),
            publication_day(release),
        )
    if id(indicator) not in words:
        words[id(indicator)] = (
            str(indicator.name),
            str(indicator.unit.label),
            str(indicator.caveat),
        )
    if status not in notes:
        notes[status] = explain(status)
    name, unit, caveat = words[id(indicator)]
    low, high = wording.ends(figure)
    return (
        *times[release.pk],
        area.code,
        area.name,
        area.level,
        indicator.code,
        name,
        unit,
        wording.number(figure),
        low,
        high,
        wording.people(figure),
        wording.steadied(figure),
        wording.coverage(figure),
        status,
        notes[status],
        caveat,
    )


_RISKY = ("=", "+", "@", "\t", "\r", "-")


def guard(text: str) -> str:
    """Return `text` so that no spreadsheet runs it as a formula (OWASP: CSV injection).

    A minus before a number stays: it is a number.
    """
    if text.startswith(_RISKY) and not (text[0] == "-" and text[1:].replace(".", "", 1).isdigit()):
        return f"'{text}"
    return text


def write_csv(content: Content) -> bytes:
    """Return the report as CSV: UTF-8 with its mark, so that Excel reads names rightly."""
    out = io.BytesIO()
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(NAMES)
    for row in write_rows(content):
        writer.writerow([guard(cell) for cell in row])
    text.flush()
    return out.getvalue()
