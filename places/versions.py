"""Versions of what maps draw: of a layer as a whole, and of each square of the map of places.

A layer's version rises with whatever changes in it. A square keeps the version in which something
in it last changed, so that a change makes new only those tiles that show it: a tile's own version
is that of its square or, where the tile is larger, of the squares within it. All of it is written
in the transaction that changes the place, and read from the database, the one that is never behind.
"""

import math
from collections.abc import Iterable

from django.contrib.gis.geos import Point
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from kinder.database import read_again

PLACES_LAYER = "places"
# Squares are the tiles of this zoom: five kilometres wide in Scotland, about a community.
SQUARE_ZOOM = 12
# Tiles show what lies a little beyond their edge: at most this share of a square, at any zoom.
EDGE = 1 / 16
# So many squares a page tells a map of; all others have the version of the latest left out.
SQUARES_TOLD = 200


def bump_layer(layer: str) -> int:
    """Give all of map layer `layer` its next version, in the caller's transaction; return it.

    Writers of one layer wait here for each other until they commit: call it last.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO places_layerversion (layer, version, since) VALUES (%s, 2, 2)"
            " ON CONFLICT (layer) DO UPDATE SET version = places_layerversion.version + 1,"
            " since = places_layerversion.version + 1 RETURNING version",
            [layer],
        )
        version = int(cursor.fetchone()[0])
        if layer == PLACES_LAYER:
            cursor.execute("DELETE FROM places_mapsquare")
    return version


def bump_places(points: Iterable[Point]) -> int:
    """Give the register its next version, and with it the squares around `points`: where a place
    stands that changed, and where it stood before. Return the version.

    No points: something changed that no map shows. Writers wait here for each other until they
    commit: call it last.
    """
    squares = {square for point in points for square in squares_around(point)}
    levels = sorted(
        {
            (zoom, x >> (SQUARE_ZOOM - zoom), y >> (SQUARE_ZOOM - zoom))
            for x, y in squares
            for zoom in range(SQUARE_ZOOM + 1)
        }
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO places_layerversion (layer, version, since) VALUES (%s, 2, 1)"
            " ON CONFLICT (layer) DO UPDATE SET version = places_layerversion.version + 1"
            " RETURNING version",
            [PLACES_LAYER],
        )
        version = int(cursor.fetchone()[0])
        if levels:
            cursor.execute(
                "INSERT INTO places_mapsquare (z, x, y, version)"
                " SELECT z, x, y, %s"
                " FROM unnest(%s::int[], %s::int[], %s::int[]) AS square (z, x, y)"
                " ON CONFLICT (z, x, y) DO UPDATE SET version = EXCLUDED.version",
                [version, *(list(column) for column in zip(*levels, strict=True))],
            )
    return version


def squares_around(point: Point) -> set[tuple[int, int]]:
    """Return x and y of the squares whose tiles may show something at `point` (degrees)."""
    sides = 2**SQUARE_ZOOM
    lat = math.radians(max(-85.0, min(85.0, point.y)))
    across = (point.x + 180) / 360 * sides
    down = (1 - math.asinh(math.tan(lat)) / math.pi) / 2 * sides
    return {
        (min(max(int(x), 0), sides - 1), min(max(int(y), 0), sides - 1))
        for x in (across - EDGE, across + EDGE)
        for y in (down - EDGE, down + EDGE)
    }


def read_version(layer: str) -> int | None:
    """Return the version of `layer`, None before anything was written to it."""

    def ask(connection: BaseDatabaseWrapper) -> int | None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT version FROM places_layerversion WHERE layer = %s", [layer])
            row = cursor.fetchone()
        return None if row is None else int(row[0])

    return read_again(ask)


def places_version() -> int:
    """Return the version of the places that everybody sees; 1 before anything was written."""
    return read_version(PLACES_LAYER) or 1


class OtherVersionError(LookupError):
    """A tile was asked for in a version that it does not have: `own` is that in which it last
    changed, `latest` the last of all places."""

    def __init__(self, latest: int, own: int) -> None:
        super().__init__(latest, own)
        self.latest, self.own = latest, own


# For the statements that read a tile's versions, alone or with the tile.
LATEST, OWN = "coalesce(layer.version, 1)", "coalesce(greatest(layer.since, square.version), 1)"
OF_TILE = f"""
(SELECT) AS one LEFT JOIN places_layerversion layer ON layer.layer = '{PLACES_LAYER}'
LEFT JOIN places_mapsquare square
    ON square.z = %(square_z)s AND square.x = %(square_x)s AND square.y = %(square_y)s
"""
_READ_VERSIONS = f"SELECT {LATEST}, {OWN} FROM {OF_TILE}"  # noqa: S608 - our own words


def name_square(z: int, x: int, y: int) -> dict[str, int]:
    """Return the parameters of `OF_TILE` for a tile."""
    further = max(z - SQUARE_ZOOM, 0)
    return {"square_z": z - further, "square_x": x >> further, "square_y": y >> further}


def read_tile_versions(z: int, x: int, y: int) -> tuple[int, int]:
    """Return the version of all places, and that in which this tile of them last changed."""

    def ask(connection: BaseDatabaseWrapper) -> tuple[int, int]:
        with connection.cursor() as cursor:
            cursor.execute(_READ_VERSIONS, name_square(z, x, y))
            latest, own = cursor.fetchone()
        return latest, own

    return read_again(ask)


def check_tile_version(version: int, z: int, x: int, y: int) -> tuple[int, int]:
    """Return what `read_tile_versions` does; OtherVersionError where a tile changed since
    `version`, or that is one to come."""
    latest, own = read_tile_versions(z, x, y)
    if not own <= version <= latest:
        raise OtherVersionError(latest, own)
    return latest, own


def describe_squares() -> dict[str, object]:
    """What a map's script needs to give each tile an address that changes only with the tile.

    `squares` are the versions of those that changed last, by "x/y" at `zoom`; every other one has
    not changed since `version`.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT x, y, version FROM places_mapsquare WHERE z = %s"
            " ORDER BY version DESC, x, y LIMIT %s",
            [SQUARE_ZOOM, SQUARES_TOLD + 1],
        )
        latest = cursor.fetchall()
        cursor.execute("SELECT since FROM places_layerversion WHERE layer = %s", [PLACES_LAYER])
        row = cursor.fetchone()
    version = 1 if row is None else int(row[0])
    if len(latest) > SQUARES_TOLD:
        version = latest.pop()[2]
    return {
        "zoom": SQUARE_ZOOM,
        "version": version,
        "squares": {f"{x}/{y}": number for x, y, number in latest if number > version},
    }
