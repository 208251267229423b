"""Rows on their way in: by COPY to a table that lives as long as the transaction, where they are
judged together and matched to areas, then on to the tables that everybody reads."""

import re
from collections.abc import Iterable, Sequence

from django.db import DatabaseError, connection

from places.exchange.batches import Run
from places.models import Geography

# What a statement is told by name.
Keys = dict[str, int | str | list[str]]
_SPACE = re.compile(r"\s+")


def tidy_code(text: str) -> str:
    """Return an area's code as the register keeps it: capitals, no spaces."""
    return _SPACE.sub("", text).upper()


def copy_rows(
    table: str, columns: Sequence[str], lines: Iterable[str], *, is_analyzed: bool = True
) -> None:
    """Load text rows by COPY, as `copy_line` writes them, and let the planner know of them."""
    source = _Lines(lines)
    with connection.cursor() as cursor:
        try:
            with connection.wrap_database_errors:
                cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", source)
        except DatabaseError:
            # The driver tells of what went wrong in the reading as an error of its own.
            if source.error is not None:
                raise source.error from None
            raise
        if is_analyzed:
            cursor.execute(f"ANALYZE {table}")


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\x00": None})


def copy_line(values: Iterable[object | None]) -> str:
    """Return one row in COPY's text format; None is NULL, a NUL byte is left out."""
    return (
        "\t".join("\\N" if value is None else str(value).translate(_ESCAPES) for value in values)
        + "\n"
    )


class _Lines:
    """A readable file over an iterable: COPY streams, and no file of the country is held twice."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._rest = ""
        self.error: BaseException | None = None

    def read(self, size: int) -> str:
        try:
            return self._read(size)
        except BaseException as error:
            self.error = error
            raise

    def _read(self, size: int) -> str:
        parts = [self._rest]
        length = len(self._rest)
        while length < size:
            line = next(self._lines, None)
            if line is None:
                break
            parts.append(line)
            length += len(line)
        text = "".join(parts)
        self._rest = text[size:]
        return text[:size]


def match_areas(run: Run, table: str, geography: Geography, *, reference: str = "code") -> None:
    """Give each row of `table` (row, code, area_id) its area, by code or by another code of it.

    Rows without one, and later rows of the same area, are rejected and deleted.
    """
    with connection.cursor() as cursor:
        for statement in _MATCH:
            cursor.execute(statement.format(table=table), {"geography": geography.pk})
        cursor.execute(
            f"DELETE FROM {table} WHERE area_id IS NULL RETURNING row, {reference}, code"  # noqa: S608 - our own names
        )
        unknown = cursor.fetchall()
    loaded = find_vintages(geography) if unknown else frozenset()
    for row, thing, code in unknown:
        run.reject(row, thing, f"no area with this code is loaded: {_explain(code, loaded)}")


def reject_repeats(run: Run, table: str) -> None:
    """Reject rows of `table` (row, code, area_id) whose area has stood in an earlier row."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {table} late USING {table} early"  # noqa: S608 - our own names
            " WHERE late.area_id = early.area_id AND late.row > early.row"
            " RETURNING late.row, late.code"
        )
        for row, code in sorted(set(cursor.fetchall())):
            run.reject(row, code, "the area stands in an earlier row")


_MATCH = (
    """
    UPDATE {table} SET area_id = area.id FROM places_area area
    WHERE area.geography_id = %(geography)s AND area.code = {table}.code
    """,
    """
    UPDATE {table} SET area_id = area.id
    FROM places_areaalias alias JOIN places_area area ON area.id = alias.area_id
    WHERE {table}.area_id IS NULL AND area.geography_id = %(geography)s
      AND alias.code = {table}.code
    """,
)

# The number of a Scottish data zone tells when it was drawn: (first, last, year).
_SCOTTISH_ZONES = (
    (1_000_001, 1_006_505, 2001),
    (1_006_506, 1_013_481, 2011),
    (1_013_482, 1_020_873, 2022),
)


def read_vintage(code: str) -> int | None:
    """Return the year of the vintage that a data zone's code belongs to, None where unknown."""
    if not re.fullmatch(r"S\d{8}", code):
        return None
    number = int(code[1:])
    return next((year for first, last, year in _SCOTTISH_ZONES if first <= number <= last), None)


def find_vintages(geography: Geography) -> frozenset[int]:
    """Return the vintages of the data zones that `geography` holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code FROM places_area WHERE geography_id = %s AND code LIKE 'S01%%'",
            [geography.pk],
        )
        years = {read_vintage(code) for (code,) in cursor.fetchall()}
    return frozenset(year for year in years if year)


def _explain(code: str, loaded: frozenset[int]) -> str:
    year = read_vintage(code)
    if year and loaded and year not in loaded:
        return f"{code} is a data zone of {year}, those of {min(loaded)} are loaded"
    return code
