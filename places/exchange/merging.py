"""Larger areas made of loaded ones: communities that people named, or the country."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from places.exchange.areas import LEVELS, LONGEST_CODE, LONGEST_NAME, finish_areas
from places.exchange.batches import Run
from places.exchange.staging import Keys, copy_line, copy_rows, match_areas, tidy_code
from places.exchange.tables import read_rows
from places.models import Geography
from places.vocabulary import AreaLevel

# A community is meant to be large enough that its figures can be shown.
SMALLEST_COMMUNITY = 2_500


@dataclass(frozen=True)
class MemberColumns:
    """Which columns hold the new area's code and name, and the code of one of its members."""

    code: str
    name: str
    member: str


def merge_areas(
    run: Run, geography: Geography, level: AreaLevel, columns: MemberColumns, *, encoding: str = ""
) -> None:
    """Make areas of `level` as the union of the members that a CSV names, one member a row, and
    put them between the members and what held them.

    The file says the whole of each area that it names: a member that is no longer told goes back
    to what holds that area. Residents are added up.
    """
    keys: Keys = {"geography": geography.pk, "level": level.value, "levels": LEVELS}
    with connection.cursor() as cursor:
        cursor.execute(_STAGING)
    copy_rows(
        "staged_member", ["row", "whole", "name", "code"], _read_members(run, columns, encoding)
    )
    match_areas(run, "staged_member", geography)
    with run.progress.step("Joining boundaries"), connection.cursor() as cursor:
        for reason, statement in _REJECTS:
            cursor.execute(statement, keys)
            for row, code, detail in sorted(set(cursor.fetchall())):
                run.reject(row, code, f"{reason}: {detail}")
        cursor.execute(_JOIN, keys)
        cursor.execute(_SEVERAL_HOLDERS)
        for row, code in cursor.fetchall():
            run.mend(row, code, "its members lie in several areas above: it has no parent")
        cursor.execute(_CHANGE, keys)
        changed = {code for (code,) in cursor.fetchall()}
        cursor.execute(_ADD, keys)
        added = {code for (code,) in cursor.fetchall()}
        cursor.execute(_RELEASE, keys)
        changed |= {code for (code,) in cursor.fetchall()}
        cursor.execute(_HOLD, keys)
        changed |= {code for (code,) in cursor.fetchall()}
        cursor.execute("SELECT count(*) FROM staged_whole")
        (total,) = cursor.fetchone()
    changed -= added
    run.count([True] * len(added) + [False] * len(changed))
    run.count([None] * (total - len(added) - len(changed)))
    finish_areas(run, geography, {level})
    if level == AreaLevel.COMMUNITY:
        _note_small(run, geography)


def _read_members(run: Run, columns: MemberColumns, encoding: str) -> Iterator[str]:
    wanted = [columns.code, columns.name, columns.member]
    for number, row in read_rows(run, wanted, encoding=encoding):
        whole, name = tidy_code(row[columns.code]), row[columns.name]
        member = tidy_code(row[columns.member])
        if not whole or not name or not member:
            run.reject(number, member, "no code, no name or no member")
        elif len(whole) > LONGEST_CODE:
            run.reject(number, member, f"the code is longer than {LONGEST_CODE} signs: {whole}")
        else:
            yield copy_line([number, whole, name[:LONGEST_NAME], member])


def _note_small(run: Run, geography: Geography) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SMALL, [geography.pk, SMALLEST_COMMUNITY])
        for row, code, people in cursor.fetchall():
            run.mend(
                row, code, f"a community of fewer than {SMALLEST_COMMUNITY:,} residents: {people:,}"
            )


_STAGING = """
DROP TABLE IF EXISTS staged_member;
CREATE TEMP TABLE staged_member (row integer, whole text, name text, code text, area_id bigint)
ON COMMIT DROP
"""
_IS_BELOW = """array_position(%(levels)s, {level}::text)
    < array_position(%(levels)s, %(level)s::text)"""
_REJECTS = (
    (
        "the member stands in an earlier row, as part of",
        """
        DELETE FROM staged_member late USING staged_member early
        WHERE late.area_id = early.area_id AND late.row > early.row
        RETURNING late.row, late.code, early.whole
        """,
    ),
    (
        "the member is no smaller than the level to be made",
        f"""
        DELETE FROM staged_member USING places_area area
        WHERE area.id = staged_member.area_id AND NOT {_IS_BELOW.format(level="area.level")}
        RETURNING staged_member.row, staged_member.code, area.level
        """,  # noqa: S608 - our own names
    ),
    (
        "the member lies in a smaller area, which must be named itself",
        f"""
        DELETE FROM staged_member USING places_area area, places_area holder
        WHERE area.id = staged_member.area_id AND holder.id = area.parent_id
          AND {_IS_BELOW.format(level="holder.level")}
        RETURNING staged_member.row, staged_member.code, holder.code
        """,  # noqa: S608 - our own names
    ),
    (
        "its code is that of an area of another level",
        """
        DELETE FROM staged_member USING places_area area
        WHERE area.geography_id = %(geography)s AND area.code = staged_member.whole
          AND area.level <> %(level)s
        RETURNING staged_member.row, staged_member.code, area.level
        """,
    ),
)
_JOIN = """
DROP TABLE IF EXISTS staged_whole;
CREATE TEMP TABLE staged_whole ON COMMIT DROP AS
SELECT staged.whole AS code, min(staged.row) AS row,
    (array_agg(staged.name ORDER BY staged.row))[1] AS name,
    ST_Multi(ST_CollectionExtract(
        ST_MakeValid(ST_Union(area.geometry ORDER BY area.id)), 3)) AS shape,
    -- What held the members holds the new area; members of several holders leave it without.
    CASE WHEN count(DISTINCT coalesce(holder.id, 0)) = 1 THEN max(holder.id) END AS parent_id,
    count(DISTINCT coalesce(holder.id, 0)) > 1 AS has_several
FROM staged_member staged JOIN places_area area ON area.id = staged.area_id
LEFT JOIN LATERAL (
    SELECT above.id FROM places_areaancestor held JOIN places_area above ON above.id = ancestor_id
    WHERE held.area_id = area.id AND array_position(%(levels)s, above.level::text)
        > array_position(%(levels)s, %(level)s::text)
    ORDER BY held.depth LIMIT 1
) holder ON true
GROUP BY staged.whole
"""
_SEVERAL_HOLDERS = "SELECT row, code FROM staged_whole WHERE has_several ORDER BY row"
_CHANGE = """
UPDATE places_area area SET name = whole.name, parent_id = whole.parent_id, geometry = whole.shape,
    point = CASE WHEN ST_Covers(whole.shape, area.point) THEN area.point
                 ELSE ST_PointOnSurface(whole.shape) END
FROM staged_whole whole
WHERE area.geography_id = %(geography)s AND area.code = whole.code
  AND (area.name, area.parent_id, area.geometry::bytea)
      IS DISTINCT FROM (whole.name, whole.parent_id, whole.shape::bytea)
RETURNING area.code
"""
_ADD = """
INSERT INTO places_area (geography_id, code, name, level, parent_id, geometry, point, is_mended)
SELECT %(geography)s, code, name, %(level)s, parent_id, shape, ST_PointOnSurface(shape), false
FROM staged_whole
ON CONFLICT (geography_id, code) DO NOTHING RETURNING code
"""
_RELEASE = """
UPDATE places_area part SET parent_id = area.parent_id
FROM staged_whole whole JOIN places_area area
    ON area.geography_id = %(geography)s AND area.code = whole.code
WHERE part.parent_id = area.id AND part.id NOT IN (SELECT area_id FROM staged_member)
RETURNING area.code
"""
_HOLD = """
UPDATE places_area part SET parent_id = area.id
FROM staged_member staged JOIN places_area area
    ON area.geography_id = %(geography)s AND area.code = staged.whole
WHERE part.id = staged.area_id AND part.parent_id IS DISTINCT FROM area.id
RETURNING area.code
"""
_SMALL = """
SELECT whole.row, whole.code, area.population FROM staged_whole whole
JOIN places_area area ON area.geography_id = %s AND area.code = whole.code
WHERE area.population < %s ORDER BY whole.row
"""
