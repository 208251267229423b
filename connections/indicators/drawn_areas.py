"""An area that a reader draws, snapped to the blocks of a release, and its figures.

Only released figures, public populations and public boundaries are read, on the connection that
the caller names. Blocks are taken whole or not at all: so any number of drawn areas tells nothing
that the release does not (docs/adr/0104).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.contrib.gis.geos import GEOSGeometry
from django.db import connections
from django.utils.translation import gettext_lazy as _

from connections.indicators.custom_areas import MIN_OVERLAP, MIN_RESIDENTS, Custom, combine
from connections.indicators.definitions import Indicator, indicators_of
from connections.indicators.disclosure import Kind, Node, Protected, Status
from connections.indicators.models import Figure, Release
from kinder.accounts.rules import Refused

WGS84 = 4326
MAX_POINTS = 5_000
NOT_AN_AREA = _("This shape is not an area: draw it so that its lines do not cross.")
TOO_DETAILED = _("This shape has more than {points} corners. Please simplify it.")
NOBODY_THERE = _("Nobody of this release lives in the shape.")
ADDABLE = (Kind.PROPORTION, Kind.MEAN, Kind.RATE, Kind.PLACES)
"""Sorts of figure that add up over blocks."""

_SHOWN = {
    Figure.Status.SHOWN: Status.PUBLISHED,
    Figure.Status.BOUND: Status.BANDED,
    Figure.Status.SUPPRESSED: Status.SUPPRESSED,
    Figure.Status.FEW_PLACES: Status.FEW_PLACES,
}


@dataclass(frozen=True, slots=True)
class SnappedArea:
    """A drawn area over a release's tree of areas.

    `residents` live inside the shape. `blocks` are the finest areas of the tree of which the shape
    covers at least half of the people; `people` live in the blocks, and `uncovered` are residents
    of the shape outside them. `overlaps` says, for every area of the tree that the shape touches,
    how many of its residents live inside.
    """

    release: Release
    residents: int
    blocks: tuple[int, ...]
    people: int
    uncovered: int
    overlaps: Mapping[int, int]
    nodes: tuple[Node, ...]

    @property
    def is_large_enough(self) -> bool:
        """Whether any figure can stand for it."""
        return self.people >= MIN_RESIDENTS


@dataclass(frozen=True, slots=True)
class DrawnFigure:
    """One figure of a drawn area; `custom` is None where it is not shown, for the reason that a
    figure needs 2 published blocks and 2,500 residents."""

    indicator: Indicator
    custom: Custom | None


def snap(release: Release, polygon: GEOSGeometry, *, using: str = "default") -> SnappedArea:
    """Return the release's blocks under a shape (degrees unless it says otherwise).

    Raises Refused where the shape is no area, has too many corners, or holds nobody.
    """
    shape = polygon.clone()
    if shape.srid is None:
        shape.srid = WGS84
    if shape.geom_type not in ("Polygon", "MultiPolygon") or shape.empty or not shape.valid:
        raise Refused(NOT_AN_AREA)
    if shape.num_coords > MAX_POINTS:
        raise Refused(str(TOO_DETAILED).format(points=f"{MAX_POINTS:,}"))
    if shape.srid != WGS84:
        shape.transform(WGS84)
    with connections[using].cursor() as cursor:
        cursor.execute(NODES, [release.geography_id])
        nodes = tuple(Node(*row) for row in cursor.fetchall())
        cursor.execute(INSIDE, {"shape": shape.hexewkb.decode(), "geography": release.geography_id})
        inside = {area: float(people) for area, people in cursor.fetchall()}
    parents = {node.id: node.parent for node in nodes}
    overlaps: dict[int, float] = {}
    for leaf, people in inside.items():
        up: int | None = leaf
        while up is not None:
            overlaps[up] = overlaps.get(up, 0.0) + people
            up = parents[up]
    whole = {area: round(people) for area, people in overlaps.items()}
    residents = round(sum(inside.values()))
    if not residents:
        raise Refused(NOBODY_THERE)
    size = {node.id: node.residents for node in nodes}
    leaves = {node.id for node in nodes} - {node.parent for node in nodes}
    blocks = tuple(
        node.id
        for node in nodes
        if node.id in leaves
        and size[node.id]
        and whole.get(node.id, 0) >= MIN_OVERLAP * node.residents
    )
    covered = sum(min(whole[id_], size[id_]) for id_ in blocks)
    return SnappedArea(
        release=release,
        residents=residents,
        blocks=blocks,
        people=sum(size[id_] for id_ in blocks),
        uncovered=max(0, residents - covered),
        overlaps=whole,
        nodes=nodes,
    )


def read_drawn(
    area: SnappedArea, codes: Iterable[str] | None = None, *, using: str = "default"
) -> list[DrawnFigure]:
    """Return the figures of a snapped area, made of released figures alone, in the order of the
    registry. Sorts that do not add up over blocks (variety of ties, waits) are left out."""
    known = indicators_of(area.release.parameters)
    wanted = [
        code
        for code in (known if codes is None else codes)
        if code in known and known[code].kind in ADDABLE and not known[code].is_of_one_area
    ]
    rows = Figure.objects.using(using).filter(release=area.release.pk, indicator__in=wanted)
    told: dict[str, list[Protected]] = {code: [] for code in wanted}
    for row in rows.order_by("indicator", "area_id"):
        told[row.indicator].append(_to_protected(row))
    return [
        DrawnFigure(
            known[code],
            combine(area.nodes, told[code], area.overlaps, known[code].rule, area.residents),
        )
        for code in wanted
    ]


def _to_protected(row: Figure) -> Protected:
    return Protected(
        row.area_id,
        _SHOWN.get(Figure.Status(row.status), Status.WITHHELD),
        n=row.people,
        value=row.value,
        se=row.standard_error,
        low=row.lower,
        high=row.upper,
        exposure=row.exposure,
    )


NODES = """
WITH leaves AS (
    SELECT u.ancestor_id AS id, sum(a.population) AS residents
    FROM places_area a JOIN places_areaancestor u ON u.area_id = a.id
    WHERE a.geography_id = %s
      AND NOT EXISTS (SELECT FROM places_area child WHERE child.parent_id = a.id)
    GROUP BY u.ancestor_id
)
SELECT a.id, a.parent_id, coalesce(leaves.residents, a.population, 0)::int, a.level
FROM places_area a JOIN leaves USING (id) ORDER BY a.id
"""

# People are spread evenly over a smallest area, by its ground. Areas wholly inside need no cutting.
INSIDE = """
WITH drawn AS (SELECT ST_SetSRID(%(shape)s::geometry, 4326) AS shape)
SELECT a.id, a.population * CASE
           WHEN ST_CoveredBy(a.geometry, drawn.shape) THEN 1
           ELSE ST_Area(ST_Intersection(a.geometry, drawn.shape)) / nullif(ST_Area(a.geometry), 0)
       END
FROM places_area a, drawn
WHERE a.geography_id = %(geography)s AND a.population > 0
  AND a.geometry && drawn.shape AND ST_Intersects(a.geometry, drawn.shape)
  AND NOT EXISTS (SELECT FROM places_area child WHERE child.parent_id = a.id)
"""
