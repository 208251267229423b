"""Reads CSV files, plain or gzipped, whatever their encoding mark."""

import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from places.exchange.batches import ImportRefusedError


def open_text(path: Path) -> TextIO:
    """Open a text file, unpacking .gz on the way."""
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def read_rows(path: Path, columns: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (row number from 1, stripped values by column) of a CSV that has `columns`.

    Raises ImportRefusedError where one is missing or the file is no text.
    """
    try:
        with open_text(path) as file:
            reader = csv.DictReader(file)
            missing = [name for name in columns if name and name not in (reader.fieldnames or [])]
            if missing:
                raise ImportRefusedError(
                    f"{path.name} has no column {', '.join(missing)}. "
                    f"It has: {', '.join(reader.fieldnames or ['no heading'])}."
                )
            for number, row in enumerate(reader, start=1):
                yield number, {key: (value or "").strip() for key, value in row.items() if key}
    except (UnicodeDecodeError, csv.Error, gzip.BadGzipFile) as error:
        raise ImportRefusedError(f"{path.name} cannot be read as CSV: {error}") from error
