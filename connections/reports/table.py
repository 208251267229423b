"""A report as rows, and as CSV: the area first, then the areas that hold it, then its parts."""

import csv
import io
from collections.abc import Iterator

from connections.reports import wording
from connections.reports.reading import Cell, Report, explain

COLUMNS = (
    "release",
    "version",
    "published_on",
    "area_code",
    "area_name",
    "area_level",
    "indicator",
    "indicator_name",
    "unit",
    "value",
    "lower_95",
    "upper_95",
    "people_rounded_to_5",
    "steadied_value",
    "coverage_percent",
    "status",
    "note",
    "caveat",
)


def list_cells(report: Report) -> Iterator[Cell]:
    """Yield every cell of the report in the order in which all formats show them."""
    for line in report.lines:
        yield line.cell
        yield from line.comparators
    for part in report.parts:
        yield from part.cells


def row(report: Report, cell: Cell) -> list[str]:
    """Return one cell as the row of a table, in the order of COLUMNS."""
    release = report.release
    low, high = wording.ends(cell.figure)
    return [
        report.period,
        str(release.version),
        release.published_at.date().isoformat() if release.published_at else "",
        cell.area.code,
        cell.area.name,
        cell.area.level,
        cell.indicator.code,
        str(cell.indicator.name),
        str(cell.indicator.unit.label),
        cell.number,
        low,
        high,
        cell.people,
        cell.steadied,
        wording.coverage(cell.figure),
        cell.status,
        explain(cell.status),
        str(cell.indicator.caveat),
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


def write_csv(report: Report) -> bytes:
    """Return the report as CSV: UTF-8 with its mark, so that Excel reads names rightly."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for cell in list_cells(report):
        writer.writerow([guard(text) for text in row(report, cell)])
    return out.getvalue().encode("utf-8-sig")
