"""Areas of any nested geography from GeoJSON, GeoPackage or Shapefile, and larger ones made of
smaller ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyogrio
import pyogrio.raw
import shapely
from django.db import connection

from places.actions import rebuild_ancestors
from places.exchange.batches import ImportRefusedError, Run, copy_line, copy_rows
from places.exchange.tables import read_rows
from places.models import Area, Geography
from places.tiles import bake_area_tiles
from places.vocabulary import AreaLevel


@dataclass(frozen=True)
class Columns:
    """Which columns of the file hold what. `parent` names the area that holds this one."""

    code: str
    name: str
    parent: str = ""
    alias: str = ""


def open_geography(slug: str, *, name: str = "", attribution: str = "") -> Geography:
    """Return the vintage `slug`, made if new; the first one is in use at once."""
    geography, is_new = Geography.objects.get_or_create(
        slug=slug,
        defaults={
            "name": name or slug,
            "attribution": attribution,
            "is_current": not Geography.objects.filter(is_current=True).exists(),
        },
    )
    if not is_new and (name or attribution):
        geography.name = name or geography.name
        geography.attribution = attribution or geography.attribution
        geography.save(update_fields=["name", "attribution"])
    return geography


def import_areas(
    run: Run, path: Path, geography: Geography, level: AreaLevel, columns: Columns
) -> None:
    """Load one level of `geography`. Load the largest level first, so that parents are there.

    Invalid boundaries are mended by ST_MakeValid and listed. Raises ImportRefusedError where the
    file has no such column or no coordinate system.
    """
    layer = _read_layer(path, columns)
    with connection.cursor() as cursor:
        cursor.execute(_STAGING)
        copy_rows("staged_area", ["row", "code", "name", "parent", "alias", "wkb"], layer)
        for reason, statement in _REJECTS:
            cursor.execute(statement)
            for row, code in cursor.fetchall():
                run.reject(row, code or "", reason)
        cursor.execute(_MEND)
        for row, code, reason in cursor.fetchall():
            run.mend(row, code, f"boundary mended: {reason}")
        cursor.execute(_EMPTY)
        for row, code in cursor.fetchall():
            run.reject(row, code, "no area is left of the boundary once it is mended")
        cursor.execute(_UNKNOWN_PARENT, [geography.pk])
        for row, code, parent in cursor.fetchall():
            run.mend(row, code, f"holder {parent} is not loaded: the area stands by itself")
        cursor.execute(_UPSERT, {"geography": geography.pk, "level": level.value})
        run.count(flag for (flag,) in cursor.fetchall())
        cursor.execute(_ALIASES, [geography.pk])
    if run.created or run.changed:
        rebuild_ancestors(geography)
        bake_area_tiles(geography, level=level)


def _read_layer(path: Path, columns: Columns) -> Iterator[str]:
    try:
        meta, _ids, shapes, fields = pyogrio.raw.read(path)
    except pyogrio.errors.DataSourceError as error:
        raise ImportRefusedError(f"{path.name} cannot be read as a map file: {error}") from error
    names = [str(name) for name in meta["fields"]]
    by_name: dict[str, Any] = dict(zip(names, fields, strict=True))
    for column in (columns.code, columns.name, columns.parent, columns.alias):
        if column and column not in by_name:
            raise ImportRefusedError(
                f"{path.name} has no column {column}. It has: {', '.join(names)}."
            )
    if not meta["crs"]:
        raise ImportRefusedError(f"{path.name} does not say its coordinate system.")
    srid = str(meta["crs"]).rpartition(":")[2]
    if not srid.isdigit():
        raise ImportRefusedError(f"{path.name} is in {meta['crs']}: convert it to EPSG:4326 first.")

    # A ring of two points is no shape: None, and so rejected, where the database would give up.
    readable = ~shapely.is_missing(shapely.from_wkb(shapes, on_invalid="ignore"))

    def column(name: str, row: int) -> str | None:
        value = by_name[name][row] if name else None
        return None if value is None else str(value).strip() or None

    return (
        copy_line(
            [
                row + 1,
                column(columns.code, row),
                column(columns.name, row),
                column(columns.parent, row),
                column(columns.alias, row),
                f"\\x{_mark_srid(shape, int(srid))}" if readable[row] else None,
            ]
        )
        for row, shape in enumerate(shapes)
    )


def _mark_srid(wkb: bytes, srid: int) -> str:
    return f"{srid:08x}{wkb.hex()}"


# The first 8 digits are the SRID: WKB itself carries none.
_STAGING = """
DROP TABLE IF EXISTS staged_area;
CREATE TEMP TABLE staged_area (
    row integer, code text, name text, parent text, alias text, wkb bytea, shape geometry,
    is_mended boolean NOT NULL DEFAULT false
) ON COMMIT DROP
"""

_REJECTS = [
    ("no code", "DELETE FROM staged_area WHERE code IS NULL RETURNING row, code"),
    (
        "the code is longer than 16 characters",
        "DELETE FROM staged_area WHERE length(code) > 16 RETURNING row, code",
    ),
    ("no name", "DELETE FROM staged_area WHERE name IS NULL RETURNING row, code"),
    ("no readable boundary", "DELETE FROM staged_area WHERE wkb IS NULL RETURNING row, code"),
    (
        "the code stands in an earlier row",
        "DELETE FROM staged_area late USING staged_area early"
        " WHERE late.code = early.code AND late.row > early.row RETURNING late.row, late.code",
    ),
    (
        "the boundary is no polygon on the map of the world",
        """
        WITH read AS MATERIALIZED (
            SELECT row, ST_Force2D(ST_Transform(ST_SetSRID(
                ST_GeomFromWKB(substring(wkb FROM 5)),
                ('x' || encode(substring(wkb FROM 1 FOR 4), 'hex'))::bit(32)::int), 4326)) AS shape
            FROM staged_area
        ), kept AS (
            UPDATE staged_area SET shape = read.shape, wkb = NULL FROM read
            WHERE read.row = staged_area.row AND ST_Dimension(read.shape) = 2
              AND read.shape @ ST_MakeEnvelope(-180, -90, 180, 90, 4326)
            RETURNING staged_area.row
        )
        DELETE FROM staged_area WHERE row NOT IN (SELECT row FROM kept) RETURNING row, code
        """,
    ),
]
_MEND = """
WITH bad AS (
    SELECT row, ST_IsValidReason(shape) AS reason FROM staged_area WHERE NOT ST_IsValid(shape)
)
UPDATE staged_area SET shape = ST_CollectionExtract(ST_MakeValid(shape), 3), is_mended = true
FROM bad WHERE bad.row = staged_area.row
RETURNING staged_area.row, staged_area.code, bad.reason
"""
_EMPTY = "DELETE FROM staged_area WHERE ST_IsEmpty(shape) RETURNING row, code"
_UNKNOWN_PARENT = """
SELECT row, code, parent FROM staged_area
WHERE parent IS NOT NULL AND NOT EXISTS (
    SELECT FROM places_area area LEFT JOIN places_areaalias alias ON alias.area_id = area.id
    WHERE area.geography_id = %s AND staged_area.parent IN (area.code, alias.code))
"""
# A point on the surface is only a first guess: populations may bring the people's own centre.
# A parent that is not named by the file stays: a community may stand between.
_UPSERT = """
WITH wanted AS MATERIALIZED (
    SELECT code, name, ST_Multi(shape)::geometry(MultiPolygon, 4326) AS shape,
           ST_PointOnSurface(shape) AS point, (
        SELECT area.id FROM places_area area
        LEFT JOIN places_areaalias alias ON alias.area_id = area.id
        WHERE area.geography_id = %(geography)s AND staged_area.parent IN (area.code, alias.code)
        LIMIT 1
    ) AS parent_id, is_mended
    FROM staged_area
), written AS (
    INSERT INTO places_area (geography_id, code, name, level, parent_id, geometry, point, is_mended)
    SELECT %(geography)s, code, name, %(level)s, parent_id, shape, point, is_mended FROM wanted
    ON CONFLICT (geography_id, code) DO UPDATE SET
        name = excluded.name, level = excluded.level,
        parent_id = coalesce(places_area.parent_id, excluded.parent_id),
        geometry = excluded.geometry, is_mended = excluded.is_mended,
        point = CASE WHEN ST_Covers(excluded.geometry, places_area.point)
                     THEN places_area.point ELSE excluded.point END
    WHERE (places_area.name, places_area.level, places_area.geometry::bytea)
        IS DISTINCT FROM (excluded.name, excluded.level, excluded.geometry::bytea)
       OR (places_area.parent_id IS NULL AND excluded.parent_id IS NOT NULL)
    RETURNING code, xmax = 0 AS is_new
)
SELECT written.is_new FROM wanted LEFT JOIN written USING (code)
"""
_ALIASES = """
INSERT INTO places_areaalias (area_id, code)
SELECT area.id, staged_area.alias FROM staged_area
JOIN places_area area ON area.code = staged_area.code AND area.geography_id = %s
WHERE staged_area.alias IS NOT NULL AND staged_area.alias <> staged_area.code
ON CONFLICT DO NOTHING
"""


def merge_areas(
    run: Run,
    path: Path,
    geography: Geography,
    *,
    level: AreaLevel,
    code_column: str,
    name_column: str,
    member_column: str,
) -> None:
    """Make areas of `level` as the union of the members that a CSV names, and put them between the
    members and what held them: communities named by their people, or the country."""
    members: dict[str, tuple[str, list[str]]] = {}
    known = set(Area.objects.filter(geography=geography).values_list("code", flat=True))
    taken: dict[str, str] = {}
    for number, row in read_rows(path, [code_column, name_column, member_column]):
        code, name, member = row[code_column], row[name_column], row[member_column]
        if not code or not name:
            run.reject(number, member, "no code or no name")
        elif member not in known:
            run.reject(number, member, "this area is not loaded")
        elif taken.setdefault(member, code) != code:
            run.reject(number, member, f"already part of {taken[member]}")
        else:
            members.setdefault(code, (name, []))[1].append(member)
    with connection.cursor() as cursor:
        for code, (name, codes) in members.items():
            cursor.execute(
                _MERGE,
                {
                    "geography": geography.pk,
                    "code": code,
                    "name": name,
                    "level": level.value,
                    "members": codes,
                },
            )
            run.count([cursor.fetchone()[0]])
    if run.created or run.changed:
        rebuild_ancestors(geography)
        bake_area_tiles(geography, level=level)


_MERGE = """
WITH member AS (
    SELECT * FROM places_area WHERE geography_id = %(geography)s AND code = ANY(%(members)s)
), wanted AS (
    SELECT ST_Multi(ST_CollectionExtract(ST_MakeValid(ST_Union(geometry)), 3)) AS shape,
           -- What held the members holds the new area; members of several holders, none.
           CASE WHEN count(DISTINCT coalesce(holder.id, 0)) = 1 THEN max(holder.id) END AS parent_id
    FROM member LEFT JOIN LATERAL (
        SELECT CASE WHEN held.code = %(code)s THEN held.parent_id ELSE held.id END AS id
        FROM places_area held WHERE held.id = member.parent_id
    ) holder ON true
), written AS (
    INSERT INTO places_area (geography_id, code, name, level, parent_id, geometry, point, is_mended)
    SELECT %(geography)s, %(code)s, %(name)s, %(level)s, parent_id, shape,
           ST_PointOnSurface(shape), false FROM wanted
    ON CONFLICT (geography_id, code) DO UPDATE SET
        name = excluded.name, level = excluded.level, geometry = excluded.geometry,
        parent_id = excluded.parent_id
    WHERE (places_area.name, places_area.level, places_area.parent_id)
        IS DISTINCT FROM (excluded.name, excluded.level, excluded.parent_id)
       OR NOT ST_Equals(places_area.geometry, excluded.geometry)
    RETURNING id, xmax = 0 AS is_new
), whole AS (
    SELECT id FROM written
    UNION SELECT id FROM places_area WHERE geography_id = %(geography)s AND code = %(code)s
), moved AS (
    UPDATE places_area SET parent_id = whole.id FROM whole, member
    WHERE places_area.id = member.id AND places_area.parent_id IS DISTINCT FROM whole.id
    RETURNING 1
)
SELECT CASE WHEN EXISTS (SELECT FROM written) THEN (SELECT is_new FROM written)
            WHEN EXISTS (SELECT FROM moved) THEN false END
"""
