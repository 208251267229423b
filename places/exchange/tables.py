"""Reads CSV files as they come: plain or packed, with commas, semicolons or tabs."""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from places.exchange.batches import ImportRefusedError, Run

_GZIP = b"\x1f\x8b"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# Each but the last cannot read everything: the first that can is it.
_COMMON = ("utf-8-sig", "cp1252", "latin-1")
_LINE_ENDS = re.compile(r"[\r\n]+")
_LONGEST_HEADER = 65_536
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
            header = _read_header(file)
            if not header.strip():
                raise ImportRefusedError(f"{name} has no heading: its first line is empty.")
            delimiter = max(_DELIMITERS, key=header.count)
            cells = next(_read_cells(header.splitlines(keepends=True), delimiter))
            headings = [_LINE_ENDS.sub(" ", cell).strip() for cell in cells]
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


def find_encoding(path: Path) -> str:
    """Return how a table is written: UTF-8, UTF-16, or what spreadsheets write in its place."""
    with path.open("rb") as packed:
        is_packed = _peek(packed)[:2] == _GZIP
        file = cast("BinaryIO", gzip.GzipFile(fileobj=packed)) if is_packed else packed
        try:
            start = _peek(file)
            if start[:2] in _UTF_16_MARKS:
                return "utf-16"
            # Letters of our alphabets are every other byte of it, with a zero between.
            if b"\x00" in start[:2]:
                return "utf-16-be" if start[:1] == b"\x00" else "utf-16-le"
            return next(one for one in _COMMON if one == "latin-1" or _is_written_in(file, one))
        except (EOFError, OSError, zlib.error):
            # Damaged: reading it says so, and where.
            return "utf-8-sig"


def _is_written_in(file: BinaryIO, encoding: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := file.read(1 << 20):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _read_header(file: TextIO) -> str:
    """Return the first line, and those that its quoted headings go on in."""
    header = file.readline()
    while header.count('"') % 2 and len(header) < _LONGEST_HEADER and (more := file.readline()):
        header += more
    return header


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
            encoding = "utf-16" if start[:2] in _UTF_16_MARKS else "utf-8-sig"
        with io.TextIOWrapper(file, encoding=encoding, newline="") as text:
            yield text


def _peek(file: BinaryIO) -> bytes:
    return cast("io.BufferedReader", file).peek(512)[:512]
