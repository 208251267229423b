"""Rows written whole are what XlsxWriter writes cell by cell, byte for byte."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import xlsxwriter
from hypothesis import example, given
from hypothesis import strategies as st

from connections.reports.formats.excel import _write_number
from connections.reports.formats.sheet import RowSheet

ARE_NUMBERS = (False, True, False)
# The rich text of XlsxWriter's own begins so; ours is words, whatever they look like.
WORDS = st.text(max_size=40).filter(lambda text: not text.startswith("<r>"))
NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(lambda number: f"{number:.6f}"),
    st.integers(-10, 10_000).map(str),
    st.sampled_from(["", "[c]", "[x]", "fewer than a third"]),
)
ROWS = st.lists(st.tuples(WORDS, NUMBERS, WORDS), min_size=1, max_size=8)


def write_book(write: Callable[[Any, list[tuple[str, ...]]], None], rows: Any) -> bytes:
    """Return the sheet's XML: a head written cell by cell, then the rows."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True})
    sheet = book.add_worksheet("Data", worksheet_class=RowSheet)
    for column in range(3):
        sheet.write_string(0, column, f"head {column}", book.add_format({"bold": True}))
    write(sheet, rows)
    sheet.autofilter(0, 0, len(rows), 2)
    book.close()
    return zipfile.ZipFile(out).read("xl/worksheets/sheet1.xml")


def write_whole(sheet: Any, rows: list[tuple[str, ...]]) -> None:
    for at, row in enumerate(rows, start=1):
        sheet.write_texts(at, row, ARE_NUMBERS)


def write_cells(sheet: Any, rows: list[tuple[str, ...]]) -> None:
    for at, row in enumerate(rows, start=1):
        for column, text in enumerate(row):
            if ARE_NUMBERS[column]:
                _write_number(sheet, at, column, text)
            elif text:
                sheet.write_string(at, column, text)


@given(rows=ROWS)
@example(rows=[("=SUM(A1)", "28", "a < b & \"c\" > 'd'"), (" led ", "-3.5", "_x0041_\x07\ufffe")])
@example(rows=[("12", "12", "12"), ("", "[c]", "[c]")])
def test_whole_rows_are_what_cells_are(rows: list[tuple[str, ...]]) -> None:
    # A row without any cell is left out by XlsxWriter; the table of figures has none.
    rows = [(text or "word", number, last) for text, number, last in rows]
    assert write_book(write_whole, rows) == write_book(write_cells, rows)


def test_words_that_look_like_rich_text_stay_words() -> None:
    written = write_book(write_whole, [("<r><t>bold</t></r>", "1", "")]).decode()
    assert "&lt;r&gt;&lt;t&gt;bold&lt;/t&gt;&lt;/r&gt;" in written
