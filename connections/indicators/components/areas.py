"""The tree of areas with the public numbers that figures rest on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db import connection

from places.models import Geography
from places.vocabulary import AreaLevel


@dataclass(frozen=True, slots=True)
class AreaFacts:
    """An area of the tree with the public numbers that figures rest on."""

    id: int
    code: str
    parent: int | None
    level: str
    residents: int
    adults: int

    @property
    def can_be_home(self) -> bool:
        """Neighbourhoods and larger; below them nobody's home is known."""
        return self.level != AreaLevel.ZONE or self.parent is None


def areas_of(geography: Geography) -> list[AreaFacts]:
    """Return the areas in the order of their ids. Where an upper area's own numbers are not
    known, they are those of the smallest areas in it together; 0 where nothing is known."""
    with connection.cursor() as cursor:
        cursor.execute(AREAS, {"geography": geography.pk})
        return [AreaFacts(*row) for row in cursor.fetchall()]


AREAS = """
WITH leaves AS (
    SELECT u.ancestor_id AS id, sum(a.population) AS residents, sum(a.adults) AS adults
    FROM places_area a JOIN places_areaancestor u ON u.area_id = a.id
    WHERE a.geography_id = %(geography)s
      AND NOT EXISTS (SELECT FROM places_area child WHERE child.parent_id = a.id)
    GROUP BY u.ancestor_id
)
SELECT a.id, a.code, a.parent_id, a.level,
       coalesce(a.population, leaves.residents, 0), coalesce(a.adults, leaves.adults, 0)
FROM places_area a LEFT JOIN leaves USING (id)
WHERE a.geography_id = %(geography)s
ORDER BY a.id
"""


def chain(areas: Mapping[int, AreaFacts], area: int) -> Iterator[int]:
    """The area and every area that holds it."""
    up: int | None = area
    while up is not None:
        yield up
        up = areas[up].parent
