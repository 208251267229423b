"""Postcodes and place names from CSV: what people search by and what geocodes an import."""

from collections.abc import Iterator
from pathlib import Path

from django.db import connection

from places.actions import resolve_areas, resolve_place_names
from places.exchange.batches import Run, copy_line, copy_rows
from places.exchange.tables import read_rows
from places.models import Geography
from places.postcodes import tidy_postcode


def _read_position(lon: str, lat: str) -> tuple[float, float] | None:
    try:
        x, y = float(lon), float(lat)
    except ValueError:
        return None
    return (x, y) if -180 <= x <= 180 and -90 <= y <= 90 else None


def import_postcodes(
    run: Run,
    path: Path,
    geography: Geography,
    *,
    postcode_column: str,
    area_column: str,
    lon_column: str,
    lat_column: str,
    large_user_column: str = "",
) -> None:
    """Load postcodes with the zone that the official lookup gives them, plain or gzipped.

    Places get their areas anew afterwards: a postcode's lookup wins over their position.
    """
    columns = [postcode_column, area_column, lon_column, lat_column, large_user_column]

    def read() -> Iterator[str]:
        for number, row in read_rows(path, columns):
            given = row[postcode_column]
            code = tidy_postcode(given)
            position = _read_position(row[lon_column], row[lat_column])
            if code is None:
                run.reject(number, given, "this is no postcode")
            elif position is None:
                run.reject(number, code, "no position, or one off the map of the world")
            else:
                is_large = row.get(large_user_column, "") in ("1", "true", "yes", "Y", "L")
                yield copy_line([number, code, row[area_column], *position, is_large])

    with connection.cursor() as cursor:
        cursor.execute(_STAGE_POSTCODES)
        copy_rows("staged_postcode", ["row", "code", "area_code", "lon", "lat", "is_large"], read())
        cursor.execute(_INDEX_POSTCODES, [geography.pk])
        for reason, statement in _REJECT_POSTCODES:
            cursor.execute(statement)
            for row, code in cursor.fetchall():
                run.reject(row, code, reason)
        cursor.execute(_WRITE_POSTCODES)
        run.count(flag for (flag,) in cursor.fetchall())
    if run.created or run.changed:
        resolve_areas(geography=geography)


_STAGE_POSTCODES = """
DROP TABLE IF EXISTS staged_postcode;
CREATE TEMP TABLE staged_postcode (
    row integer, code text, area_code text, lon float, lat float, is_large boolean, area_id bigint
) ON COMMIT DROP
"""
_INDEX_POSTCODES = """
UPDATE staged_postcode SET area_id = area.id FROM places_area area
WHERE area.geography_id = %s AND area.code = staged_postcode.area_code;
CREATE INDEX ON staged_postcode (code); ANALYZE staged_postcode
"""
_REJECT_POSTCODES = [
    (
        "its area is not loaded",
        "DELETE FROM staged_postcode WHERE area_id IS NULL RETURNING row, code",
    ),
    (
        "the postcode stands in an earlier row",
        "DELETE FROM staged_postcode late USING staged_postcode early"
        " WHERE late.code = early.code AND late.row > early.row RETURNING late.row, late.code",
    ),
]
_WRITE_POSTCODES = """
WITH written AS (
    INSERT INTO places_postcode (code, point, area_id, is_large_user)
    SELECT code, ST_SetSRID(ST_MakePoint(lon, lat), 4326), area_id, is_large FROM staged_postcode
    ON CONFLICT (code) DO UPDATE SET point = excluded.point, area_id = excluded.area_id,
        is_large_user = excluded.is_large_user
    WHERE (places_postcode.area_id, places_postcode.is_large_user, places_postcode.point::bytea)
        IS DISTINCT FROM (excluded.area_id, excluded.is_large_user, excluded.point::bytea)
    RETURNING code, xmax = 0 AS is_new
)
SELECT written.is_new FROM staged_postcode LEFT JOIN written USING (code)
"""


def import_place_names(
    run: Run,
    path: Path,
    *,
    name_column: str,
    lon_column: str,
    lat_column: str,
    kind_column: str = "",
    district_column: str = "",
) -> None:
    """Load names of settlements and districts to search by, each with the area it lies in."""
    columns = [name_column, lon_column, lat_column, kind_column, district_column]

    def read() -> Iterator[str]:
        seen: set[tuple[str, ...]] = set()
        for number, row in read_rows(path, columns):
            name = row[name_column][:120]
            position = _read_position(row[lon_column], row[lat_column])
            district = row[district_column][:120] if district_column else ""
            kind = row[kind_column][:40] if kind_column else ""
            key = (name, district, str(position))
            if not name:
                run.reject(number, "", "no name")
            elif position is None:
                run.reject(number, name, "no position, or one off the map of the world")
            elif key in seen:
                run.reject(number, name, "the same name and position stand in an earlier row")
            else:
                seen.add(key)
                yield copy_line([name, kind, district, *position])

    with connection.cursor() as cursor:
        cursor.execute(_STAGE_NAMES)
        copy_rows("staged_name", ["name", "kind", "district", "lon", "lat"], read())
        cursor.execute(_WRITE_NAMES)
        run.count(flag for (flag,) in cursor.fetchall())
    if run.created:
        resolve_place_names()


_STAGE_NAMES = """
DROP TABLE IF EXISTS staged_name;
CREATE TEMP TABLE staged_name (name text, kind text, district text, lon float, lat float)
ON COMMIT DROP
"""
_WRITE_NAMES = """
WITH wanted AS MATERIALIZED (
    SELECT name, kind, district, ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS point FROM staged_name
), written AS (
    INSERT INTO places_placename (name, kind, district, point)
    SELECT name, kind, district, point FROM wanted
    ON CONFLICT (name, district, point) DO UPDATE SET kind = excluded.kind
    WHERE places_placename.kind <> excluded.kind
    RETURNING name, district, point, xmax = 0 AS is_new
)
SELECT written.is_new FROM wanted
LEFT JOIN written ON (written.name, written.district, written.point::bytea)
                   = (wanted.name, wanted.district, wanted.point::bytea)
"""
