"""Writes many rows by COPY: one statement, so that the tables' triggers answer once."""

import io
from collections.abc import Iterable, Sequence

import numpy as np
from django.db import connection

NULL = "\\N"


def copy_columns(table: str, columns: dict[str, Sequence[str] | np.ndarray]) -> int:
    """Insert rows given as columns of text in COPY's own notation (NULL for nothing).

    Text must hold no tab, line break or backslash of its own; lists are written by `array_of`.
    """
    lines = "\n".join(map("\t".join, zip(*columns.values(), strict=True)))
    if not lines:
        return 0
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN", io.StringIO(lines + "\n"))
        return int(cursor.rowcount)


def measure_tables(*tables: str) -> None:
    """Let the database know how large these tables have become, before it plans to read them."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(tables)}")


def array_of(words: Iterable[str]) -> str:
    """A PostgreSQL array of plain codes."""
    return "{" + ",".join(words) + "}"


def uuids(rng: np.random.Generator, count: int) -> list[str]:
    """Version-4 UUIDs from seeded chance."""
    raw = rng.integers(0, 256, (count, 16), dtype=np.uint8)
    raw[:, 6] = raw[:, 6] & 0x0F | 0x40
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    text = raw.tobytes().hex()
    return [text[start : start + 32] for start in range(0, 32 * count, 32)]


def digests(rng: np.random.Generator, count: int) -> list[str]:
    """Keys of 32 bytes from seeded chance, as COPY reads them."""
    text = rng.bytes(32 * count).hex()
    return [f"\\\\x{text[start : start + 64]}" for start in range(0, 64 * count, 64)]


def days(start: np.datetime64, numbers: np.ndarray) -> list[str]:
    """ISO dates so many days after `start`."""
    return list(np.datetime_as_string(start + numbers.astype("timedelta64[D]"), unit="D"))


def moments(start: np.datetime64, numbers: np.ndarray, seconds: np.ndarray) -> list[str]:
    """ISO times in UTC so many days and seconds after midnight of `start`."""
    times = (
        start.astype("datetime64[s]")
        + numbers.astype("timedelta64[D]").astype("timedelta64[s]")
        + seconds.astype("timedelta64[s]")
    )
    return [f"{time}+00" for time in np.datetime_as_string(times, unit="s")]
