"""Areas that a reader draws, snapped to the blocks of a release."""

from typing import Any

import pytest
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Point, Polygon

from connections.indicators.drawn_areas import read_drawn, snap
from connections.indicators.models import Release
from kinder.accounts.rules import Refused
from places.actions import rebuild_ancestors
from places.models import Area
from tests.factories import CouncilFactory, GeographyFactory
from tests.factories.places import MIDDLE, make_square
from tests.factories.releases import publish_figures

pytestmark = pytest.mark.django_db

SIDE = 0.02


@pytest.fixture
def made() -> Release:
    """Four neighbourhoods in a row with 1,000, 1,300, 1,300 and 1,300 people; the first hidden."""
    geography = GeographyFactory.create()
    council = CouncilFactory.create(geography=geography, parent=None, population=None)
    hills = []
    for n in range(4):
        hill = make_square(
            f"H{n}", geography=geography, parent=council, west=SIDE * n, south=0, side=SIDE,
            level="intermediate",
        )  # fmt: skip
        hill.population = 1_000 if n == 0 else 1_300
        hill.save()
        hills.append(hill)
    rebuild_ancestors(geography)
    figures: list[tuple[Area, str, dict[str, Any]]] = [(hills[0], "A3", {})]
    for n, hill in enumerate(hills[1:]):
        facts = {"value": 30.0 + 10 * n, "people": 40 + 10 * n, "standard_error": 7.0,
                 "lower": 10.0, "upper": 60.0}  # fmt: skip
        figures.append((hill, "A3", facts))
    figures += [(hill, "C1", {"value": 10.0 * n}) for n, hill in enumerate(hills)]
    figures += [(hill, "B3", {"value": 3.0, "people": 60}) for hill in hills]
    return publish_figures(figures)


def box(west: float, east: float, south: float = 0.0, north: float = SIDE) -> Polygon:
    """A box in parts of the row: 1 is one neighbourhood's width."""
    x, y = MIDDLE
    return Polygon.from_bbox((x + west * SIDE, y + south, x + east * SIDE, y + north))


def test_takes_blocks_of_which_it_covers_half(made: Release) -> None:
    area = snap(made, box(0.6, 3.0))
    names = set(Area.objects.filter(pk__in=area.blocks).values_list("code", flat=True))
    # Of the first it covers 40 %.
    assert names == {"H1", "H2"}
    assert area.people == 2_600
    assert area.residents == 400 + 2_600
    assert area.uncovered == 400
    assert area.is_large_enough


def test_makes_figures_of_released_ones(made: Release) -> None:
    area = snap(made, box(1, 3))
    found = {one.indicator.code: one.custom for one in read_drawn(area)}
    assert "B3" not in found
    share = found["A3"]
    assert share is not None
    assert (share.n, share.residents) == (90, 2_600)
    assert share.value == pytest.approx((40 * 30 + 50 * 40) / 90)
    places = found["C1"]
    assert places is not None
    assert (places.n, places.low) == (None, None)
    assert places.value == pytest.approx(15.0)
    assert found["A1"] is None


def test_a_hidden_block_stays_out_and_is_told_as_uncovered(made: Release) -> None:
    area = snap(made, box(0, 3))
    (one,) = read_drawn(area, ["A3"])
    assert one.custom is not None
    assert one.custom.residents == 2_600
    assert one.custom.uncovered == 1_000
    # With one block alone nothing is told.
    (none,) = read_drawn(snap(made, box(0, 2)), ["A3"])
    assert none.custom is None


@pytest.mark.parametrize(
    "shape",
    [
        Point(*MIDDLE, srid=4326),
        GEOSGeometry("POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))", srid=4326),
        Polygon.from_bbox((10, 10, 11, 11)),
        GEOSGeometry("POLYGON EMPTY", srid=4326),
    ],
)
def test_refuses_what_is_no_area_of_the_release(made: Release, shape: GEOSGeometry) -> None:
    with pytest.raises(Refused):
        snap(made, shape)


def test_refuses_too_many_corners(made: Release) -> None:
    round_one = Point(MIDDLE[0], MIDDLE[1], srid=4326).buffer(0.05, quadsegs=2_000)
    with pytest.raises(Refused, match="5,000 corners"):
        snap(made, round_one)


def test_takes_shapes_of_many_parts_in_other_projections(made: Release) -> None:
    shape = MultiPolygon(box(1, 2), box(3, 4), srid=4326)
    shape.transform(27_700)
    area = snap(made, shape)
    assert area.people == 2_600
    assert area.residents == pytest.approx(2_600, abs=20)
