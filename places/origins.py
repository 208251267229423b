"""Where "near" is: a postcode, a settlement or an area, among what this deployment has loaded."""

from dataclasses import dataclass

from django.contrib.gis.geos import Point
from django.db import connection

from places.models import Postcode
from places.postcodes import tidy_postcode
from places.vocabulary import AreaLevel

MAX_ORIGINS = 8
# Data zones have no names that people use.
_NAMED_LEVELS = [level.value for level in AreaLevel if level is not AreaLevel.ZONE]

# The same words first, then what begins so; a slip of the pen only where nothing else is found.
_NAMED = """
SELECT name, district, ST_X(point), ST_Y(point) FROM (
    SELECT name, district, point, places_plain(name) AS plain, 0 AS sort
    FROM places_placename WHERE {condition}
    UNION ALL
    SELECT name, '', point, places_plain(name), 1 FROM places_area
    WHERE geography_id = (SELECT id FROM places_geography WHERE is_current)
        AND level = ANY(%(levels)s) AND {condition}
) named
WHERE %(district)s = '' OR places_plain(district) LIKE places_plain(%(district)s) || '%%'
ORDER BY plain <> places_plain(%(name)s), similarity(plain, places_plain(%(name)s)) DESC,
    sort, name, district
LIMIT %(limit)s
"""
_BEGINS = "places_plain(name) LIKE places_plain(%(begin)s) || '%%'"
_RESEMBLES = "name %% %(name)s"


@dataclass(frozen=True)
class Origin:
    """A point from which distances are told, under the name that people give it."""

    label: str
    point: Point


class UnknownPostcodeError(ValueError):
    """Written like a postcode, but none that is loaded."""


def find_origins(text: str) -> list[Origin]:
    """Return what `text` may mean, the likeliest first; one, where it is clear.

    "Newton, Highland" means the Newton there. Raises UnknownPostcodeError.
    """
    postcode = tidy_postcode(text)
    if postcode is not None:
        known = Postcode.objects.filter(code=postcode).first()
        if known is None:
            raise UnknownPostcodeError
        return [Origin(known.code, known.point)]
    name, _comma, district = (part.strip() for part in text.partition(","))
    if not name:
        return []
    found = _find_named(_BEGINS, name, district) or _find_named(_RESEMBLES, name, district)
    same = [origin for origin in found if origin.label.casefold() == text.strip().casefold()]
    return same if len(same) == 1 else found


def _find_named(condition: str, name: str, district: str) -> list[Origin]:
    escaped = name.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    with connection.cursor() as cursor:
        cursor.execute(
            _NAMED.format(condition=condition),
            {
                "name": name,
                "begin": escaped,
                "district": district,
                "levels": _NAMED_LEVELS,
                "limit": MAX_ORIGINS,
            },
        )
        rows = cursor.fetchall()
    found: dict[str, Origin] = {}
    for label, where, lon, lat in rows:
        full = f"{label}, {where}" if where else label
        found.setdefault(full, Origin(full, Point(lon, lat, srid=4326)))
    return list(found.values())
