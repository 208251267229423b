"""Reads CSV files as they come: plain or packed, with commas, semicolons or tabs."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, TextIO, cast

from places.exchange.batches import ImportRefusedError, Run

_GZIP = b"\x1f\x8b"
_DELIMITERS = ",;\t|"
# What a file is that only calls itself CSV, by its first bytes.
_NO_TABLES = (
    (b"PK\x03\x04", "an Excel workbook or another packed file: save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook: save the sheet as CSV"),
    (b"%PDF", "a PDF: look for the same table as CSV"),
    (b"<", "a web page: the download needs a sign-in or another address"),
    (b"{", "JSON: look for the same table as CSV"),
)


def read_rows(
    run: Run, columns: Sequence[str], *, encoding: str = "", has_all: bool = False
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (row number from 1, stripped values by column) of the run's file.

    Only `columns` (empty names are passed over), or with `has_all` every column. Raises
    ImportRefusedError where one is missing or the file is no table.
    """
    name = run.path.name
    number = 0
    try:
        with _open_text(run, encoding) as file:
            header = file.readline()
            if not header.strip():
                raise ImportRefusedError(f"{name} has no heading: its first line is empty.")
            delimiter = max(_DELIMITERS, key=header.count)
            headings = [cell.strip() for cell in next(_read_cells([header], delimiter))]
            _check_headings(name, headings, columns)
            wanted = headings if has_all else columns
            picks = [(column, headings.index(column)) for column in wanted if column]
            for number, cells in enumerate(_read_cells(file, delimiter), start=1):
                if any(cells):
                    yield (
                        number,
                        {
                            column: cells[at].replace("\x00", "").strip() if at < len(cells) else ""
                            for column, at in picks
                        },
                    )
    except UnicodeDecodeError as error:
        raise ImportRefusedError(
            f"{name} is not in {error.encoding} near row {number + 1}: save it as “CSV UTF-8”, or "
            "name its encoding, for example --encoding cp1252."
        ) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ImportRefusedError(
            f"{name} ends too early or is damaged after row {number}: download it again."
        ) from error
    except csv.Error as error:
        raise ImportRefusedError(
            f"{name} cannot be read as CSV after row {number}: {error}."
        ) from error
    if not number:
        raise ImportRefusedError(f"{name} has a heading but no rows.")


def _read_cells(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)


def _check_headings(name: str, headings: list[str], columns: Sequence[str]) -> None:
    missing = [column for column in columns if column and column not in headings]
    if missing:
        raise ImportRefusedError(
            f"{name} has no column {', '.join(missing)}. It has: {', '.join(headings)}."
        )
    if twice := [column for column in columns if column and headings.count(column) > 1]:
        raise ImportRefusedError(f"{name} has more than one column {twice[0]}.")


@contextmanager
def _open_text(run: Run, encoding: str) -> Iterator[TextIO]:
    with run.progress.reading(run.path) as packed:
        # A file is packed or not by its first bytes, whatever its name says.
        is_packed = _peek(packed)[:2] == _GZIP
        file = cast("BinaryIO", gzip.GzipFile(fileobj=packed)) if is_packed else packed
        start = _peek(file)
        if not start.strip():
            raise ImportRefusedError(f"{run.path.name} is empty.")
        for magic, what in _NO_TABLES:
            if start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(magic):
                raise ImportRefusedError(f"{run.path.name} is {what}.")
        if not encoding:
            encoding = "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        with io.TextIOWrapper(file, encoding=encoding, newline="") as text:
            yield text


def _peek(file: BinaryIO) -> bytes:
    return cast("io.BufferedReader", file).peek(512)[:512]
