"""A worksheet whose rows come worded: whole rows are written at once.

XlsxWriter looks at every cell by itself; a council's three years are two thirds of a million cells
of few different texts. Here each text is escaped once, by XlsxWriter's own rules, and its cells
are put together from that. tests/reports/test_sheet.py holds the rows to what XlsxWriter writes
itself, byte for byte.
"""

from collections.abc import Sequence
from typing import Any

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet, _preserve_whitespace

MOST_KEPT = 100_000
"""Texts kept escaped: beyond, memory would grow with the rows (a judgement)."""


class RowSheet(Worksheet):  # type: ignore[misc]
    """A worksheet, in constant memory, that takes rows of text from top to bottom."""

    def __init__(self) -> None:
        super().__init__()
        self._texts: dict[str, str] = {}
        self._numbers: dict[str, str] = {}
        self._names: list[str] = []

    def write_texts(self, row: int, texts: Sequence[str], are_numbers: Sequence[bool]) -> None:
        """Write a row, `row` counted from nought: an empty text is no cell, and what reads as a
        number in a column of numbers is one."""
        if len(self._names) < len(texts):
            self._names = [xl_col_to_name(column) for column in range(len(texts))]
        # Sets the sheet's reach, and lets go of a row that was written cell by cell before.
        self._check_dimensions(row, 0)
        self._check_dimensions(row, len(texts) - 1)
        self._write_single_row(row)
        at = row + 1
        cells = "".join(
            [
                f'<c r="{name}{at}"{self._number(text) if is_number else self._text(text)}'
                for name, text, is_number in zip(self._names, texts, are_numbers, strict=True)
                if text
            ]
        )
        self.fh.write(f'<row r="{at}">{cells}</row>')

    def _number(self, text: str) -> str:
        found = self._numbers.get(text)
        if found is None:
            try:
                found = f"><v>{float(text):.16G}</v></c>"
            except ValueError:
                found = self._text(text)
            self._keep(self._numbers, text, found)
        return found

    def _text(self, text: str) -> str:
        found = self._texts.get(text)
        if found is None:
            safe = self._escape_control_characters(text)
            kept = ' xml:space="preserve"' if _preserve_whitespace(safe) else ""
            inner = self._escape_data(safe)
            found = f' t="inlineStr"><is><t{kept}>{inner}</t></is></c>'
            self._keep(self._texts, text, found)
        return found

    def _keep(self, kept: dict[str, Any], text: str, found: str) -> None:
        if len(kept) < MOST_KEPT:
            kept[text] = found
