"""The official lookup from one vintage of areas to another, from CSV, and what follows from it.

A file tells of one level, mostly of the zones: of each which one of the other vintage stands for
it, the best fit by population. What no file tells follows: larger areas by where most of their
residents are, and the way back, which moments need that are told of a quarter after its vintage has
ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from places.exchange.batches import ImportRefusedError, Run
from places.exchange.staging import Keys, copy_line, copy_rows, tidy_code
from places.exchange.tables import read_rows
from places.models import Geography


@dataclass(frozen=True)
class LookupColumns:
    """Which columns hold the codes, and the residents (or any weight) of a part, where an area is
    split among several rows."""

    from_code: str
    to_code: str
    weight: str = ""


def import_lookup(
    run: Run, before: Geography, after: Geography, columns: LookupColumns, *, encoding: str = ""
) -> None:
    """Load which area of `after` stands for each of `before`.

    Of several rows of one area that with the largest weight counts. Raises ImportRefusedError where
    not one row fits both vintages.
    """
    if before.pk == after.pk:
        raise ImportRefusedError(
            "A lookup leads from one vintage to another. Another code of the same area is an alias:"
            " import_areas --alias."
        )
    keys: Keys = {"before": before.pk, "after": after.pk}
    with connection.cursor() as cursor:
        cursor.execute(_STAGING)
    copy_rows(
        "staged_lookup", ["row", "from_code", "to_code", "weight"], _read(run, columns, encoding)
    )
    _match(run, before, after)
    with run.progress.step("Writing the lookup"), connection.cursor() as cursor:
        for reason, statement in _REJECTS if columns.weight else (_REPEATED, *_REJECTS):
            cursor.execute(statement)
            for row, code, detail in sorted(set(cursor.fetchall())):
                run.reject(row, code, f"{reason}: {detail}")
        cursor.execute(_BEST)
        split = cursor.rowcount
        cursor.execute("SELECT count(*) FROM staged_lookup")
        (total,) = cursor.fetchone()
        if not total and run.rejected:
            raise ImportRefusedError(
                f"Not one row of {run.path.name} leads from {before.slug} to {after.slug}:"
                f" {run.issues[0].reason}."
            )
        cursor.execute(_OTHERWISE, keys)
        changed = cursor.rowcount
        cursor.execute(_WRITE)
        written = cursor.rowcount
        cursor.execute(_UNTOLD, keys)
        untold = [code for (code,) in cursor.fetchall()]
    run.count([False] * changed + [True] * (written - changed) + [None] * (total - written))
    if split:
        run.remarks.append(f"{split:,} rows are lesser parts of an area: the largest counts.")
    if untold:
        few = ", ".join(untold[:5]) + (" …" if len(untold) > 5 else "")
        run.remarks.append(f"{len(untold):,} areas of {before.slug} have no row: {few}")
    derive_lookups(run, before, after)


def derive_lookups(run: Run, before: Geography, after: Geography) -> None:
    """Write what follows from the official rows, anew: larger areas, then the way back."""
    keys: Keys = {"before": before.pk, "after": after.pk}
    with (
        run.progress.step("Following larger areas"),
        connection.cursor() as cursor,
    ):
        cursor.execute(_FORGET_DERIVED, keys)
        cursor.execute(_DERIVE_LARGER, keys)
        larger = cursor.rowcount
        cursor.execute(_DERIVE_BACK, keys)
        back = cursor.rowcount
        cursor.execute(_DERIVE_BACK_BY_POINT, keys)
        back += cursor.rowcount
    run.remarks.append(
        f"{larger:,} larger areas follow from their zones; {back:,} lead back to {before.slug}."
    )


def _read(run: Run, columns: LookupColumns, encoding: str) -> Iterator[str]:
    wanted = [columns.from_code, columns.to_code, columns.weight]
    for number, row in read_rows(run, wanted, encoding=encoding):
        from_code, to_code = tidy_code(row[columns.from_code]), tidy_code(row[columns.to_code])
        if not from_code or not to_code:
            run.reject(number, from_code or to_code, "one of the two codes is missing")
            continue
        weight: float | None = None
        if columns.weight:
            try:
                weight = float(row[columns.weight].replace(",", ""))
            except ValueError:
                run.reject(number, from_code, f"the weight is no number: “{row[columns.weight]}”")
                continue
        yield copy_line([number, from_code, to_code, weight])


def _match(run: Run, before: Geography, after: Geography) -> None:
    sides = (("from", before), ("to", after))
    with connection.cursor() as cursor:
        for side, geography in sides:
            for statement in _MATCH:
                cursor.execute(statement.format(side=side), {"geography": geography.pk})
        for side, geography in sides:
            cursor.execute(
                f"DELETE FROM staged_lookup WHERE {side}_id IS NULL"  # noqa: S608 - our own names
                f" RETURNING row, from_code, {side}_code"
            )
            for row, code, unknown in sorted(cursor.fetchall()):
                run.reject(row, code, f"no area of {geography.slug} has this code: {unknown}")


_STAGING = """
DROP TABLE IF EXISTS staged_lookup;
CREATE TEMP TABLE staged_lookup (
    row integer, from_code text, to_code text, weight float, from_id bigint, to_id bigint
) ON COMMIT DROP
"""
_MATCH = (
    """
    UPDATE staged_lookup SET {side}_id = area.id FROM places_area area
    WHERE area.geography_id = %(geography)s AND area.code = {side}_code
    """,
    """
    UPDATE staged_lookup SET {side}_id = area.id
    FROM places_areaalias alias JOIN places_area area ON area.id = alias.area_id
    WHERE {side}_id IS NULL AND area.geography_id = %(geography)s AND alias.code = {side}_code
    """,
)
_REPEATED = (
    "the area leads elsewhere in an earlier row; --weight says which part is larger",
    """
    DELETE FROM staged_lookup late USING staged_lookup early
    WHERE late.from_id = early.from_id AND late.row > early.row
    RETURNING late.row, late.from_code, late.to_code
    """,
)
_REJECTS = (
    (
        "the two are not of one level",
        """
        DELETE FROM staged_lookup USING places_area one, places_area other
        WHERE one.id = from_id AND other.id = to_id AND one.level <> other.level
        RETURNING row, from_code, to_code
        """,
    ),
)
_BEST = """
WITH ranked AS (
    SELECT row, row_number() OVER (
        PARTITION BY from_id ORDER BY weight DESC NULLS LAST, to_code, row
    ) AS turn
    FROM staged_lookup
)
DELETE FROM staged_lookup USING ranked WHERE ranked.row = staged_lookup.row AND ranked.turn > 1
"""
_OTHERWISE = """
DELETE FROM places_arealookup lookup USING staged_lookup staged, places_area area
WHERE lookup.from_area_id = staged.from_id AND area.id = lookup.to_area_id
  AND area.geography_id = %(after)s
  AND (lookup.is_derived OR lookup.to_area_id <> staged.to_id)
"""
_WRITE = """
INSERT INTO places_arealookup (from_area_id, to_area_id, is_derived)
SELECT from_id, to_id, false FROM staged_lookup ON CONFLICT (from_area_id, to_area_id) DO NOTHING
"""
_UNTOLD = """
SELECT area.code FROM places_area area
WHERE area.geography_id = %(before)s
  AND area.level IN (
      SELECT known.level FROM staged_lookup JOIN places_area known ON known.id = from_id
  )
  AND NOT EXISTS (
      SELECT FROM places_arealookup lookup JOIN places_area other ON other.id = lookup.to_area_id
      WHERE lookup.from_area_id = area.id AND other.geography_id = %(after)s
  )
ORDER BY area.code
"""
_FORGET_DERIVED = """
DELETE FROM places_arealookup lookup USING places_area one, places_area other
WHERE lookup.is_derived AND one.id = lookup.from_area_id AND other.id = lookup.to_area_id
  AND (one.geography_id, other.geography_id)
      IN ((%(before)s, %(after)s), (%(after)s, %(before)s))
"""
# Where most residents of the parts went: of each larger area the one of the same level, in the
# other vintage, that holds most of what its parts lead to. Zones without a count weigh as one
# person.
_DERIVE_LARGER = """
WITH official AS (
    SELECT one.id AS from_id, other.id AS to_id, coalesce(one.population, 1) AS people
    FROM places_arealookup lookup
    JOIN places_area one ON one.id = lookup.from_area_id AND one.geography_id = %(before)s
    JOIN places_area other ON other.id = lookup.to_area_id AND other.geography_id = %(after)s
    WHERE NOT lookup.is_derived
), fits AS (
    SELECT DISTINCT ON (old.id) old.id AS from_id, new.id AS to_id
    FROM official
    JOIN places_areaancestor up ON up.area_id = official.from_id AND up.depth > 0
    JOIN places_area old ON old.id = up.ancestor_id
    JOIN places_areaancestor over ON over.area_id = official.to_id
    JOIN places_area new ON new.id = over.ancestor_id AND new.level = old.level
    GROUP BY old.id, new.id, new.code
    ORDER BY old.id, sum(official.people) DESC, new.code
)
INSERT INTO places_arealookup (from_area_id, to_area_id, is_derived)
SELECT from_id, to_id, true FROM fits
WHERE NOT EXISTS (
    SELECT FROM places_arealookup known JOIN places_area area ON area.id = known.to_area_id
    WHERE known.from_area_id = fits.from_id AND area.geography_id = %(after)s
)
"""
# The way back: the area that brings most residents; of a part that none leads to, the one around
# it.
_DERIVE_BACK = """
INSERT INTO places_arealookup (from_area_id, to_area_id, is_derived)
SELECT DISTINCT ON (new.id) new.id, old.id, true
FROM places_arealookup lookup
JOIN places_area old ON old.id = lookup.from_area_id AND old.geography_id = %(before)s
JOIN places_area new ON new.id = lookup.to_area_id AND new.geography_id = %(after)s
WHERE NOT EXISTS (
    SELECT FROM places_arealookup known JOIN places_area area ON area.id = known.to_area_id
    WHERE known.from_area_id = new.id AND area.geography_id = %(before)s
)
ORDER BY new.id, coalesce(old.population, 1) DESC, old.code
"""
_DERIVE_BACK_BY_POINT = """
INSERT INTO places_arealookup (from_area_id, to_area_id, is_derived)
SELECT DISTINCT ON (new.id) new.id, old.id, true
FROM places_area new
JOIN places_area old ON old.geography_id = %(before)s AND old.level = new.level
    AND ST_Covers(old.geometry, new.point)
WHERE new.geography_id = %(after)s AND NOT EXISTS (
    SELECT FROM places_arealookup known JOIN places_area area ON area.id = known.to_area_id
    WHERE known.from_area_id = new.id AND area.geography_id = %(before)s
)
ORDER BY new.id, old.code
"""
