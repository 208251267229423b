"""Postcodes and place names from CSV: what people search by and what geocodes an import."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from places.actions import resolve_areas, resolve_place_names
from places.exchange.batches import ImportRefusedError, Run
from places.exchange.staging import copy_line, copy_rows, match_areas, tidy_code
from places.exchange.tables import read_rows
from places.models import Geography
from places.postcodes import tidy_postcode

YES = frozenset({"1", "true", "yes", "y", "l"})
LONGEST_NAME, LONGEST_KIND = 120, 40


@dataclass(frozen=True)
class PostcodeColumns:
    """Which columns hold what; `large_user` marks a postcode of one firm, where nobody lives."""

    postcode: str
    area: str
    lon: str
    lat: str
    large_user: str = ""


@dataclass(frozen=True)
class NameColumns:
    """Which columns hold what; kind and district are told where the file has them."""

    name: str
    lon: str
    lat: str
    kind: str = ""
    district: str = ""


def _read_position(lon: str, lat: str) -> tuple[float, float] | None:
    """Return a position in degrees, None where it is none or lies off the map (past 85°)."""
    try:
        x, y = float(lon), float(lat)
    except ValueError:
        return None
    return (x, y) if -180 <= x <= 180 and -85 <= y <= 85 else None


def import_postcodes(
    run: Run, geography: Geography, columns: PostcodeColumns, *, encoding: str = ""
) -> None:
    """Load postcodes with the zone that the official lookup gives them.

    Places get their areas anew afterwards: a postcode's lookup wins over their position. Raises
    ImportRefusedError where not one lies near its zone.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STAGE_POSTCODES)
    copy_rows(
        "staged_postcode",
        ["row", "postcode", "code", "lon", "lat", "is_large"],
        _read_postcodes(run, columns, encoding),
    )
    with run.progress.step("Writing postcodes"), connection.cursor() as cursor:
        cursor.execute(_REPEATED_POSTCODES)
        for row, postcode in sorted(set(cursor.fetchall())):
            run.reject(row, postcode, "the postcode stands in an earlier row")
        match_areas(run, "staged_postcode", geography, reference="postcode")
        cursor.execute(_POSTCODES_NEAR)
        _check_swap(run, *cursor.fetchone())
        cursor.execute(_WRITE_POSTCODES)
        run.count(flag for (flag,) in cursor.fetchall())
    if run.created or run.changed:
        with run.progress.step("Finding the areas of places"):
            resolve_areas()


def _read_postcodes(run: Run, columns: PostcodeColumns, encoding: str) -> Iterator[str]:
    wanted = [columns.postcode, columns.area, columns.lon, columns.lat, columns.large_user]
    for number, row in read_rows(run, wanted, encoding=encoding):
        given = row[columns.postcode]
        postcode = tidy_postcode(given)
        position = _read_position(row[columns.lon], row[columns.lat])
        if postcode is None:
            run.reject(number, given, "this is no postcode")
        elif position is None:
            run.reject(number, postcode, "no position, or one off the map of the world")
        else:
            is_large = columns.large_user != "" and row[columns.large_user].lower() in YES
            code = tidy_code(row[columns.area])
            yield copy_line([number, postcode, code, *position, is_large])


def _check_swap(run: Run, size: int, near: int, near_if_swapped: int) -> None:
    if not size or near:
        return
    hint = (
        "longitude and latitude are swapped."
        if near_if_swapped
        else "are the columns of longitude and latitude the right ones, in degrees?"
    )
    raise ImportRefusedError(f"Not one row of {run.path.name} lies near its area: {hint}")


_STAGE_POSTCODES = """
DROP TABLE IF EXISTS staged_postcode;
CREATE TEMP TABLE staged_postcode (
    row integer, postcode text, code text, lon float, lat float, is_large boolean, area_id bigint
) ON COMMIT DROP
"""
_REPEATED_POSTCODES = """
WITH ranked AS (
    SELECT row, row_number() OVER (PARTITION BY postcode ORDER BY row) AS turn FROM staged_postcode
)
DELETE FROM staged_postcode USING ranked
WHERE ranked.row = staged_postcode.row AND ranked.turn > 1
RETURNING staged_postcode.row, staged_postcode.postcode
"""
# Near: within the rectangle around the zone and a tenth of a degree more.
_POSTCODES_NEAR = """
SELECT count(*),
    count(*) FILTER (WHERE ST_MakePoint(lon, lat) && box),
    count(*) FILTER (WHERE ST_MakePoint(lat, lon) && box)
FROM staged_postcode JOIN (
    SELECT id, ST_Expand(ST_SetSRID(ST_Envelope(geometry), 0), 0.1) AS box FROM places_area
) area ON area.id = staged_postcode.area_id
"""
_WRITE_POSTCODES = """
WITH written AS (
    INSERT INTO places_postcode (code, point, area_id, is_large_user)
    SELECT postcode, ST_SetSRID(ST_MakePoint(lon, lat), 4326), area_id, is_large
    FROM staged_postcode
    ON CONFLICT (code) DO UPDATE SET point = excluded.point, area_id = excluded.area_id,
        is_large_user = excluded.is_large_user
    WHERE (places_postcode.area_id, places_postcode.is_large_user, places_postcode.point::bytea)
        IS DISTINCT FROM (excluded.area_id, excluded.is_large_user, excluded.point::bytea)
    RETURNING code AS postcode, xmax = 0 AS is_new
)
SELECT written.is_new FROM staged_postcode LEFT JOIN written USING (postcode)
"""


def import_place_names(run: Run, columns: NameColumns, *, encoding: str = "") -> None:
    """Load names of settlements and districts to search by, each with the area it lies in.

    Raises ImportRefusedError where all of them lie outside the areas that are loaded, but would
    not if longitude and latitude were swapped.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STAGE_NAMES)
    copy_rows(
        "staged_name",
        ["name", "kind", "district", "lon", "lat"],
        _read_names(run, columns, encoding),
    )
    with run.progress.step("Writing names"), connection.cursor() as cursor:
        cursor.execute(_NAMES_INSIDE)
        size, inside, inside_if_swapped = cursor.fetchone()
        if size and not inside and inside_if_swapped:
            _check_swap(run, size, inside, inside_if_swapped)
        cursor.execute(_WRITE_NAMES)
        run.count(flag for (flag,) in cursor.fetchall())
    if run.created:
        with run.progress.step("Finding the areas of names"):
            outside = resolve_place_names().outside
        if outside:
            run.remarks.append(f"{outside:,} of all names lie in no area of the geography in use.")


def _read_names(run: Run, columns: NameColumns, encoding: str) -> Iterator[str]:
    wanted = [columns.name, columns.lon, columns.lat, columns.kind, columns.district]
    seen: set[tuple[str, str, tuple[float, float]]] = set()
    for number, row in read_rows(run, wanted, encoding=encoding):
        name = row[columns.name][:LONGEST_NAME]
        district = row[columns.district][:LONGEST_NAME] if columns.district else ""
        kind = row[columns.kind][:LONGEST_KIND] if columns.kind else ""
        position = _read_position(row[columns.lon], row[columns.lat])
        if not name:
            run.reject(number, "", "no name")
        elif position is None:
            run.reject(number, name, "no position, or one off the map of the world")
        elif (name, district, position) in seen:
            run.reject(number, name, "the same name and position stand in an earlier row")
        else:
            seen.add((name, district, position))
            yield copy_line([name, kind, district, *position])


_STAGE_NAMES = """
DROP TABLE IF EXISTS staged_name;
CREATE TEMP TABLE staged_name (name text, kind text, district text, lon float, lat float)
ON COMMIT DROP
"""
_NAMES_INSIDE = """
WITH whole AS MATERIALIZED (
    SELECT ST_SetSRID(ST_Extent(geometry)::geometry, 0) AS box FROM places_area area
    JOIN places_geography geography ON geography.id = area.geography_id AND geography.is_current
)
SELECT count(*),
    count(*) FILTER (WHERE ST_MakePoint(lon, lat) && box),
    count(*) FILTER (WHERE ST_MakePoint(lat, lon) && box)
FROM staged_name, whole WHERE box IS NOT NULL
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
