"""The formats of a report: each is a function from the same content to bytes."""

from collections.abc import Callable

from connections.reports.content import Content
from connections.reports.formats.bundle import write_zip
from connections.reports.formats.excel import write_xlsx
from connections.reports.formats.page import write_html
from connections.reports.formats.pdf import write_pdf
from connections.reports.formats.plain import write_geojson, write_json
from connections.reports.formats.table import write_csv
from connections.reports.vocabulary import Format

WRITERS: dict[Format, Callable[[Content], bytes]] = {
    Format.HTML: write_html,
    Format.PDF: write_pdf,
    Format.XLSX: write_xlsx,
    Format.CSV: write_csv,
    Format.JSON: write_json,
    Format.GEOJSON: write_geojson,
    Format.ZIP: write_zip,
}

__all__ = ["WRITERS"]
