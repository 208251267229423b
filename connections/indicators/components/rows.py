"""Writing components, and the hash that stands for them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db import connection

from connections.indicators.models import Component, Figure, Release
from places.exchange.staging import copy_line, copy_rows


class Row(NamedTuple):
    """A Component on its way in: a country has a hundred thousand, and a model instance of each
    costs more than its sums."""

    release_id: int
    indicator: str
    area_id: int
    n: int = 0
    x: int = 0
    total: float = 0.0
    squares: float = 0.0
    largest: float = 0.0
    amount: float = 0.0
    exposure: int | None = None
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    places: int | None = None
    completeness: float | None = None
    asked: int | None = None
    answered: int | None = None


def write_rows(
    model: type[Component] | type[Figure], names: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Insert new rows, as values of the columns `names`, by COPY: many times faster than INSERT.
    Floats arrive exactly; keys are the database's."""
    copy_rows(model._meta.db_table, names, map(copy_line, rows), is_analyzed=False)


def replace_rows(
    release: Release, codes: Iterable[str], areas: Iterable[int], rows: Iterable[Row]
) -> None:
    """Write the sums of these indicators and areas in place of what a stopped run left."""
    Component.objects.filter(
        release=release, indicator__in=list(codes), area__in=list(areas)
    ).delete()
    write_rows(Component, Row._fields, rows)


def watermark_of(release: Release) -> str:
    """Return the SHA-256 of the release's components in a fixed order."""
    with connection.cursor() as cursor:
        cursor.execute(WATERMARK, [release.pk])
        (found,) = cursor.fetchone()
    return str(found)


WATERMARK = """
SELECT encode(sha256(convert_to(coalesce(string_agg(concat_ws(
           ',', indicator, area.code, n, x, total, squares, largest, amount,
           coalesce(exposure::text, '-'), coalesce(value::text, '-'), coalesce(lower::text, '-'),
           coalesce(upper::text, '-'), coalesce(places::text, '-'),
           coalesce(completeness::text, '-'), coalesce(asked::text, '-'),
           coalesce(answered::text, '-')
       ), ';' ORDER BY indicator, area.code), ''), 'UTF8')), 'hex')
FROM indicators_component JOIN places_area area ON area.id = area_id
WHERE release_id = %s
"""
