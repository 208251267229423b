"""Areas of any nested geography from a map file, one level at a time."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import DatabaseError, connection

from places.actions import current_geography, rebuild_ancestors, resolve_areas, resolve_place_names
from places.baking import bake_area_tiles
from places.exchange.batches import ImportRefusedError, Run
from places.exchange.layers import WORLD, Layer
from places.exchange.people import add_up_populations
from places.exchange.staging import (
    Keys,
    copy_line,
    copy_rows,
    find_vintages,
    read_vintage,
    tidy_code,
)
from places.models import AreaTile, Geography, Place, PlaceName
from places.vocabulary import AreaLevel

LEVELS = [level.value for level in AreaLevel]
LONGEST_CODE, LONGEST_NAME = 16, 120


@dataclass(frozen=True)
class Columns:
    """Which columns of the file hold what. `parent` names the area that holds this one, `alias`
    another code of the same area."""

    code: str
    name: str
    parent: str = ""
    alias: str = ""

    @property
    def all(self) -> tuple[str, ...]:
        return (self.code, self.name, self.parent, self.alias)


def open_geography(slug: str, *, name: str = "", attribution: str = "") -> Geography:
    """Return the vintage `slug`, made if new; the first one is in use at once."""
    try:
        validate_slug(slug)
    except ValidationError as error:
        raise ImportRefusedError(
            f"“{slug}” is no short name: use letters, numbers and hyphens, as in scotland-2011."
        ) from error
    geography, is_new = Geography.objects.get_or_create(
        slug=slug,
        defaults={
            "name": name or slug,
            "attribution": attribution,
            "is_current": current_geography() is None,
        },
    )
    if not is_new and (name or attribution):
        geography.name = name or geography.name
        geography.attribution = attribution or geography.attribution
        geography.save(update_fields=["name", "attribution"])
    return geography


def import_areas(
    run: Run, layer: Layer, geography: Geography, level: AreaLevel, columns: Columns
) -> None:
    """Load one level of `geography`, best the largest first, so that parents are there; another
    run of a level gives its areas the parents that came later.

    Invalid boundaries are mended by ST_MakeValid and listed. Raises ImportRefusedError where the
    file as a whole lies somewhere else on the map, or is of another vintage.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STAGING)
    copy_rows(
        "staged_area",
        ["row", "code", "name", "parent", "alias", "shape"],
        run.progress.items("Reading boundaries", _read_rows(run, layer, columns), total=len(layer)),
    )
    _reject(run, _REJECT_ROWS)
    _check_vintage(geography)
    _transform(layer.srid)
    _reject(run, _REJECT_SHAPES)
    _check_position(run, layer.srid)
    _mend(run)
    _match(run, geography, level)
    levels = {level, *_find_levels()}
    _write(run, geography, level)
    finish_areas(run, geography, levels)


def _read_rows(run: Run, layer: Layer, columns: Columns) -> list[str]:
    lines = []
    for row, shape in enumerate(layer.read_shapes()):
        number = row + 1
        given = layer.text(columns.code, row)
        code, name = tidy_code(given), layer.text(columns.name, row)
        if code != given:
            run.mend(number, code, f"the code was tidied: “{given}”")
        if len(name) > LONGEST_NAME:
            run.mend(number, code, f"the name was cut to {LONGEST_NAME} signs: {name}")
        if row in layer.closed:
            run.mend(number, code, "boundary mended: a ring was not closed")
        parent = tidy_code(layer.text(columns.parent, row))
        alias = tidy_code(layer.text(columns.alias, row))
        lines.append(
            copy_line(
                [
                    number,
                    code,
                    name[:LONGEST_NAME],
                    parent or None,
                    alias if alias and alias != code and len(alias) <= LONGEST_CODE else None,
                    shape,
                ]
            )
        )
    return lines


def _reject(run: Run, rejects: tuple[tuple[str, str], ...]) -> None:
    with connection.cursor() as cursor:
        for reason, statement in rejects:
            cursor.execute(statement)
            for row, code in sorted(set(cursor.fetchall())):
                run.reject(row, code, reason)


def _check_vintage(geography: Geography) -> None:
    loaded = find_vintages(geography)
    with connection.cursor() as cursor:
        cursor.execute("SELECT code FROM staged_area WHERE code LIKE 'S01%'")
        given = {year for (code,) in cursor.fetchall() if (year := read_vintage(code))}
    if len(given | loaded) > 1:
        years = " and ".join(str(year) for year in sorted(given | loaded))
        raise ImportRefusedError(
            f"These are data zones of {years}: a geography holds one vintage. Load each under a "
            "short name of its own (--geography)."
        )


def _transform(srid: int) -> None:
    if srid == WORLD:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE staged_area SET shape = ST_Transform(shape, 4326)")
    except DatabaseError as error:
        raise ImportRefusedError(
            f"The boundaries cannot be read as EPSG:{srid}: is that their coordinate system? "
            "--crs names another one."
        ) from error


def _check_position(run: Run, srid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_EXTENT)
        rows, west, south, east, north = cursor.fetchone()
    if rows:
        run.remarks.append(
            f"The areas lie between {south:.2f}° and {north:.2f}° north, {west:.2f}° and "
            f"{east:.2f}° east."
        )
    elif run.rejected:
        hint = (
            " Are their numbers metres? Name the coordinate system, for example --crs EPSG:27700."
            if srid == WORLD and any("map of the world" in issue.reason for issue in run.issues)
            else ""
        )
        raise ImportRefusedError(
            f"Not one row of {run.path.name} can be an area: {run.issues[0].reason}.{hint}"
        )


def _mend(run: Run) -> None:
    with run.progress.step("Mending boundaries"), connection.cursor() as cursor:
        cursor.execute(_MEND)
        for row, code, reason in cursor.fetchall():
            run.mend(row, code, f"boundary mended: {reason}")
        cursor.execute(_EMPTY)
        for row, code in cursor.fetchall():
            run.reject(row, code, "no area is left of the boundary once it is mended")


def _match(run: Run, geography: Geography, level: AreaLevel) -> None:
    """Find the areas that are there already, under this or another code, and the parents."""
    keys: Keys = {"geography": geography.pk, "level": level.value, "levels": LEVELS}
    with connection.cursor() as cursor:
        for statement in _MATCH:
            cursor.execute(statement, keys)
        cursor.execute(_SAME_AREA)
        for row, code in sorted(set(cursor.fetchall())):
            run.reject(row, code, "the area stands in an earlier row, under another code")
        cursor.execute(_HOLDS_AS_LARGE, keys)
        for row, code in cursor.fetchall():
            run.reject(row, code, f"an area that holds others cannot become {level.label}")
        cursor.execute(_OTHER_CODE)
        for row, code, known in cursor.fetchall():
            run.mend(row, code, f"another code of an area that is loaded: {known}")
        cursor.execute(_ALIAS_IS_AREA, keys)
        for row, code, alias in cursor.fetchall():
            run.mend(row, code, f"its other code is an area of its own, left out: {alias}")
        for statement in _PARENTS:
            cursor.execute(statement, keys)
        cursor.execute(_NO_PARENT)
        for row, code, parent in cursor.fetchall():
            run.mend(
                row, code, f"no area above it has the code of its parent, it has none yet: {parent}"
            )
    _check_parents(run)


def _check_parents(run: Run) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_OUTSIDE)
        outside = cursor.fetchall()
        cursor.execute("SELECT count(*) FROM staged_area WHERE parent_id IS NOT NULL")
        (held,) = cursor.fetchone()
    if outside and len(outside) == held:
        hint = (
            "longitude and latitude are swapped in one of the files."
            if all(is_swapped for *_row, is_swapped in outside)
            else "is the coordinate system right? --crs names another one."
        )
        raise ImportRefusedError(
            f"Not one area of {run.path.name} lies near the area that should hold it: {hint}"
        )
    for row, code, parent, _is_swapped in outside:
        run.mend(row, code, f"the area lies nowhere near its parent: {parent}")


def _write(run: Run, geography: Geography, level: AreaLevel) -> None:
    keys: Keys = {"geography": geography.pk, "level": level.value, "levels": LEVELS}
    with run.progress.step("Writing areas"), connection.cursor() as cursor:
        cursor.execute(_CHANGE, keys)
        changed = cursor.rowcount
        cursor.execute(_ADD, keys)
        added = cursor.rowcount
        cursor.execute("SELECT count(*) FROM staged_area")
        (total,) = cursor.fetchone()
        cursor.execute(_FIND_ADDED, keys)
        cursor.execute(_ALIASES)
        aliases = cursor.rowcount
    run.count([True] * added + [False] * changed + [None] * (total - added - changed))
    if aliases:
        run.remarks.append(f"{aliases:,} other codes of areas noted.")


def _find_levels() -> set[AreaLevel]:
    """Return the levels that the areas of the file had so far: their tiles change too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT level FROM staged_area JOIN places_area area ON area.id = area_id"
        )
        return {AreaLevel(level) for (level,) in cursor.fetchall()}


def finish_areas(run: Run, geography: Geography, levels: set[AreaLevel]) -> None:
    """Bring in line what follows from areas: the tree, sums of people, who lies where, and the
    map of `levels`."""
    has_changed = bool(run.created or run.changed)
    if has_changed:
        with run.progress.step("Building the tree of areas"), connection.cursor() as cursor:
            rebuild_ancestors(geography)
            cursor.execute("ANALYZE places_area, places_areaancestor")
        add_up_populations(run, geography)
        if geography.is_current:
            with run.progress.step("Finding the areas of places"):
                if Place.objects.exists():
                    resolve_areas(geography=geography)
                if PlaceName.objects.exists():
                    resolve_place_names(geography=geography)
    # A trial bakes nothing: nobody would see it.
    if not (run.is_dry_run or run.is_empty):
        for level in sorted(levels, key=LEVELS.index):
            tiles = AreaTile.objects.filter(geography=geography, level=level)
            if has_changed or not tiles.exists():
                with run.progress.step(f"Drawing the map: {level.label}"):
                    bake_area_tiles(geography, level=level)


_STAGING = """
DROP TABLE IF EXISTS staged_area;
CREATE TEMP TABLE staged_area (
    row integer, code text, name text, parent text, alias text, shape geometry,
    is_mended boolean NOT NULL DEFAULT false, area_id bigint, parent_id bigint
) ON COMMIT DROP
"""
_REJECT_ROWS = (
    ("no code", "DELETE FROM staged_area WHERE code = '' RETURNING row, code"),
    (
        f"the code is longer than {LONGEST_CODE} signs",
        f"DELETE FROM staged_area WHERE length(code) > {LONGEST_CODE} RETURNING row, code",  # noqa: S608
    ),
    ("no name", "DELETE FROM staged_area WHERE name = '' RETURNING row, code"),
    ("no readable boundary", "DELETE FROM staged_area WHERE shape IS NULL RETURNING row, code"),
    (
        "the code stands in an earlier row",
        "DELETE FROM staged_area late USING staged_area early"
        " WHERE late.code = early.code AND late.row > early.row RETURNING late.row, late.code",
    ),
)
_REJECT_SHAPES = (
    (
        "the boundary is empty or no polygon",
        "DELETE FROM staged_area WHERE ST_IsEmpty(shape) OR ST_Dimension(shape) < 2"
        " RETURNING row, code",
    ),
    (
        "the boundary lies off the map of the world",
        "DELETE FROM staged_area"
        " WHERE NOT shape @ ST_MakeEnvelope(-180, -90, 180, 90, 4326) RETURNING row, code",
    ),
)
_EXTENT = """
SELECT size, ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box)
FROM (SELECT count(*) AS size, ST_Extent(shape) AS box FROM staged_area) whole
"""
_MEND = """
WITH bad AS (
    SELECT row, ST_IsValidReason(shape) AS reason FROM staged_area WHERE NOT ST_IsValid(shape)
)
UPDATE staged_area SET shape = ST_CollectionExtract(ST_MakeValid(shape), 3), is_mended = true
FROM bad WHERE bad.row = staged_area.row
RETURNING staged_area.row, staged_area.code, bad.reason
"""
_EMPTY = """
WITH shaped AS (
    UPDATE staged_area SET shape = ST_Multi(ST_CollectionExtract(shape, 3))
    WHERE GeometryType(shape) <> 'MULTIPOLYGON' RETURNING row
)
DELETE FROM staged_area WHERE ST_IsEmpty(shape) RETURNING row, code
"""
# By its code; by another code of a loaded area; by its other code, which was the first in use.
_MATCH = (
    """
    UPDATE staged_area SET area_id = area.id FROM places_area area
    WHERE area.geography_id = %(geography)s AND area.code = staged_area.code
    """,
    """
    UPDATE staged_area SET area_id = area.id
    FROM places_areaalias alias JOIN places_area area ON area.id = alias.area_id
    WHERE staged_area.area_id IS NULL AND area.geography_id = %(geography)s
      AND alias.code = staged_area.code
    """,
    """
    UPDATE staged_area SET area_id = area.id FROM places_area area
    WHERE staged_area.area_id IS NULL AND area.geography_id = %(geography)s
      AND area.code = staged_area.alias
    """,
)
_SAME_AREA = """
DELETE FROM staged_area late USING staged_area early
WHERE late.area_id = early.area_id AND late.row > early.row RETURNING late.row, late.code
"""
# A level may be told right later, but never so that an area lies in one no larger than itself.
_HOLDS_AS_LARGE = """
DELETE FROM staged_area WHERE EXISTS (
    SELECT FROM places_area part WHERE part.parent_id = staged_area.area_id
      AND array_position(%(levels)s, part.level::text)
          >= array_position(%(levels)s, %(level)s::text)
) RETURNING row, code
"""
_OTHER_CODE = """
SELECT row, staged_area.code, area.code FROM staged_area JOIN places_area area ON area.id = area_id
WHERE area.code <> staged_area.code AND area.code IS DISTINCT FROM staged_area.alias
"""
_ALIAS_IS_AREA = """
WITH own AS (
    SELECT row, alias FROM staged_area JOIN places_area area ON area.code = alias
    WHERE area.geography_id = %(geography)s AND area.id IS DISTINCT FROM area_id
)
UPDATE staged_area SET alias = NULL FROM own WHERE own.row = staged_area.row
RETURNING staged_area.row, staged_area.code, own.alias
"""
_PARENTS = (
    """
    UPDATE staged_area SET parent_id = area.id FROM places_area area
    WHERE area.geography_id = %(geography)s AND area.code = staged_area.parent
      AND array_position(%(levels)s, area.level::text)
          > array_position(%(levels)s, %(level)s::text)
    """,
    """
    UPDATE staged_area SET parent_id = area.id
    FROM places_areaalias alias JOIN places_area area ON area.id = alias.area_id
    WHERE staged_area.parent_id IS NULL AND area.geography_id = %(geography)s
      AND alias.code = staged_area.parent
      AND array_position(%(levels)s, area.level::text)
          > array_position(%(levels)s, %(level)s::text)
    """,
)
_NO_PARENT = """
SELECT row, code, parent FROM staged_area WHERE parent IS NOT NULL AND parent_id IS NULL
"""
_OUTSIDE = """
SELECT row, staged_area.code, holder.code, ST_FlipCoordinates(shape) && holder.geometry
FROM staged_area JOIN places_area holder ON holder.id = staged_area.parent_id
WHERE NOT shape && holder.geometry
"""
# A parent that the file does not name stays, and so does one between: a community that people
# named stands between a neighbourhood and its council.
_CHANGE = """
WITH wanted AS MATERIALIZED (
    SELECT area.id, staged.code, staged.name, staged.shape, staged.is_mended,
        CASE WHEN staged.parent_id IS NULL AND array_position(%(levels)s, parent.level::text)
                  <= array_position(%(levels)s, %(level)s::text) THEN NULL
             WHEN staged.parent_id IS NULL OR EXISTS (
                 SELECT FROM places_areaancestor held
                 WHERE held.area_id = area.id AND held.ancestor_id = staged.parent_id
                   AND held.depth > 0
             ) THEN area.parent_id ELSE staged.parent_id END AS parent_id,
        staged.alias = area.code AS is_recoded
    FROM staged_area staged JOIN places_area area ON area.id = staged.area_id
    LEFT JOIN places_area parent ON parent.id = area.parent_id
)
UPDATE places_area area SET
    code = CASE WHEN wanted.is_recoded THEN wanted.code ELSE area.code END,
    name = wanted.name, level = %(level)s, parent_id = wanted.parent_id,
    geometry = wanted.shape, is_mended = wanted.is_mended,
    point = CASE WHEN ST_Covers(wanted.shape, area.point) THEN area.point
                 ELSE ST_PointOnSurface(wanted.shape) END
FROM wanted WHERE wanted.id = area.id AND (
    (area.name, area.level, area.parent_id, area.is_mended, area.geometry::bytea)
    IS DISTINCT FROM
    (wanted.name, %(level)s, wanted.parent_id, wanted.is_mended, wanted.shape::bytea)
    OR wanted.is_recoded
)
"""
# A point on the surface is a first guess: populations may bring the people's own centre.
_ADD = """
INSERT INTO places_area (geography_id, code, name, level, parent_id, geometry, point, is_mended)
SELECT %(geography)s, code, name, %(level)s, parent_id, shape, ST_PointOnSurface(shape), is_mended
FROM staged_area WHERE area_id IS NULL
"""
_FIND_ADDED = """
UPDATE staged_area SET area_id = area.id FROM places_area area
WHERE staged_area.area_id IS NULL AND area.geography_id = %(geography)s
  AND area.code = staged_area.code
"""
# Whichever of its codes an area bears, the other finds it.
_ALIASES = """
INSERT INTO places_areaalias (area_id, code)
SELECT area.id, other.code FROM staged_area JOIN places_area area ON area.id = staged_area.area_id
CROSS JOIN LATERAL (VALUES (staged_area.alias), (staged_area.code)) other (code)
WHERE other.code IS NOT NULL AND other.code <> area.code
ON CONFLICT DO NOTHING
"""
