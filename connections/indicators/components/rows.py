"""Writing components, and the hash that stands for them."""

from collections.abc import Iterable

from django.db import connection

from connections.indicators.models import Component, Release

ROWS_AT_ONCE = 2_000


def replace_rows(
    release: Release, codes: Iterable[str], areas: Iterable[int], rows: Iterable[Component]
) -> None:
    Component.objects.filter(
        release=release, indicator__in=list(codes), area__in=list(areas)
    ).delete()
    Component.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)


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
