"""The upkeep of areas that follows a load."""

from dataclasses import dataclass

from django.contrib.gis.geos import Point
from django.db import connection, transaction

from places.models import Area, Geography, Place, Postcode
from places.versions import bump_places
from places.vocabulary import AreaLevel


def current_geography() -> Geography | None:
    """Return the geography in use, or None before one is loaded."""
    return Geography.objects.filter(is_current=True).first()


def finest_level(geography: Geography) -> AreaLevel | None:
    """Return the smallest level that `geography` has areas of."""
    return next(iter(levels_of(geography)), None)


def levels_of(geography: Geography) -> list[AreaLevel]:
    """Return the levels that `geography` has areas of, the smallest first."""
    levels = Area.objects.filter(geography=geography).order_by().values_list("level", flat=True)
    there = set(levels.distinct())
    return [level for level in AreaLevel if level in there]


def neighbourhood_of(place: Place) -> Area | None:
    """Return the smallest area around `place` that has a name people use: no data zone."""
    return (
        Area.objects.filter(descendants__area=place.area_id)
        .exclude(level=AreaLevel.ZONE)
        .order_by("descendants__depth")
        .first()
    )


def find_area(point: Point, *, postcode: str = "") -> Area | None:
    """Return the finest area of the current geography that a place lies in, or None.

    A postcode's official lookup wins over its position: the two differ for 0.2 %.
    """
    geography = current_geography()
    if geography is None:
        return None
    if postcode:
        looked_up = (
            Postcode.objects.filter(code=postcode, area__geography=geography)
            .select_related("area")
            .first()
        )
        if looked_up is not None:
            return looked_up.area
    return (
        Area.objects.filter(
            geography=geography, level=finest_level(geography), geometry__covers=point
        )
        .order_by("code")
        .first()
    )


@dataclass(frozen=True)
class Resolved:
    """How many places stand in which sort of area after resolve_areas."""

    inside: int
    outside: int


def resolve_areas(*, geography: Geography | None = None) -> Resolved:
    """Give every place its finest area of `geography` (the current one), in one statement.

    For loads of many places, and after a new geography: `find_area` says the same of one place.
    Places outside every area have none.
    """
    resolved = _resolve("places_place", geography, _LOOKUP_WINS)
    bump_places([])  # lists say in which area a place lies
    return resolved


def resolve_staged_places(table: str) -> Resolved:
    """Give rows of `table` (id, point, postcode, area_id) that are to become places the area that
    `resolve_areas` would give them: written with it, no index of the register is changed twice."""
    return _resolve(table, None, _LOOKUP_WINS)


def resolve_place_names(*, geography: Geography | None = None) -> Resolved:
    """Give every place name that people search by its finest area, in one statement."""
    return _resolve("places_placename", geography, "NULL::bigint")


# The outer join is by geometry once for each area: PostGIS prepares a polygon and keeps it.
_RESOLVE = """
WITH inside AS MATERIALIZED (
    SELECT DISTINCT ON (thing.id) thing.id, area.id AS area_id
    FROM places_area area
    JOIN {table} thing ON ST_Covers(area.geometry, thing.point)
    WHERE area.geography_id = %(geography)s AND area.level = %(level)s
    ORDER BY thing.id, area.code
), found AS (
    SELECT thing.id, COALESCE({lookup}, inside.area_id) AS area_id
    FROM {table} thing LEFT JOIN inside ON inside.id = thing.id
)
UPDATE {table} thing SET area_id = found.area_id FROM found
WHERE thing.id = found.id AND thing.area_id IS DISTINCT FROM found.area_id
"""
_LOOKUP_WINS = """(
        SELECT postcode.area_id
        FROM places_postcode postcode JOIN places_area zone ON zone.id = postcode.area_id
        WHERE postcode.code = thing.postcode AND zone.geography_id = %(geography)s
    )"""


@transaction.atomic
def _resolve(table: str, geography: Geography | None, lookup: str) -> Resolved:
    geography = geography or current_geography()
    level = finest_level(geography) if geography else None
    with connection.cursor() as cursor:
        if geography is not None and level is not None:
            cursor.execute(
                _RESOLVE.format(table=table, lookup=lookup),
                {"geography": geography.pk, "level": level.value},
            )
        cursor.execute(f"SELECT count(area_id), count(*) FROM {table}")  # noqa: S608 - our names
        inside, total = cursor.fetchone()
    return Resolved(inside=inside, outside=total - inside)


_ANCESTORS = """
WITH RECURSIVE climb AS (
    SELECT id AS area_id, id AS ancestor_id, parent_id, 0 AS depth
    FROM places_area WHERE geography_id = %(geography)s
    UNION ALL
    SELECT climb.area_id, parent.id, parent.parent_id, climb.depth + 1
    FROM climb JOIN places_area parent ON parent.id = climb.parent_id
    WHERE climb.depth < %(levels)s
)
INSERT INTO places_areaancestor (area_id, ancestor_id, depth)
SELECT area_id, ancestor_id, depth FROM climb
"""


@transaction.atomic
def rebuild_ancestors(geography: Geography) -> int:
    """Write each area of `geography` beside itself and all above it; return how many rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM places_areaancestor USING places_area area"
            " WHERE area.id = area_id AND area.geography_id = %s",
            [geography.pk],
        )
        cursor.execute(_ANCESTORS, {"geography": geography.pk, "levels": len(AreaLevel)})
        return int(cursor.rowcount)
