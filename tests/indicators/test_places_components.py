"""C1 and C3 from the register to the figure, against examples computed by hand."""

import datetime as dt
from typing import Any

import pytest
from django.contrib.gis.geos import GEOSGeometry, Point
from django.db import connection

from connections.indicators import release, walking
from connections.indicators.access import DETOUR, METRES_PER_MINUTE
from connections.indicators.components import places as components
from connections.indicators.models import Component, Figure, Release
from kinder.accounts.acting import Purpose
from places.models import Area, Place, Postcode, Welcome
from places.vocabulary import CostToStay, PlaceKind, PlaceState
from tests.factories import (
    CouncilFactory,
    GeographyFactory,
    NeighbourhoodFactory,
    PlaceFactory,
    ZoneFactory,
)
from tests.indicators.months import FREEZE_DAY, LONDON, QUARTER

pytestmark = pytest.mark.django_db

CHECKED = dt.datetime(2025, 4, 1, 0, 30, tzinfo=LONDON)
"""The first moment that counts for the first quarter of 2026."""


def at_minutes(east: float, north: float = 0.0) -> Point:
    """A point so many minutes' walk from a corner of Glasgow's grid square."""
    scale = METRES_PER_MINUTE / DETOUR
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ST_AsEWKT(ST_Transform(ST_SetSRID(ST_MakePoint(%s, %s), 27700), 4326), 15)",
            [258_000 + east * scale, 665_000 + north * scale],
        )
        (text,) = cursor.fetchone()
    point = GEOSGeometry(text)
    assert isinstance(point, Point)
    return point


def make_zone(code: str, east: float, people: int, **facts: Any) -> Area:
    area: Area = ZoneFactory.create(code=code, point=at_minutes(east), population=people, **facts)
    return area


def make_place(east: float, hours: float | None = 1.0, **facts: Any) -> Place:
    facts = {"cost_to_stay": CostToStay.FREE, "confirmed_at": CHECKED, "area": None} | facts
    place: Place = PlaceFactory.create(point=at_minutes(east), weekly_hours=hours, **facts)
    return place


@pytest.fixture
def zones() -> dict[str, Area]:
    """The worked example of method.md: 100, 200 and 50 people; place a 4.5 minutes from the first
    and 9 from the second zone, place b 3 from the second and 12 from the third."""
    council = CouncilFactory.create(code="C1", population=None, adults=None)
    hill = NeighbourhoodFactory.create(code="N1", parent=council, population=None, adults=None)
    return {
        "C1": council,
        "N1": hill,
        "Z1": make_zone("Z1", 0.0, 100, parent=hill),
        "Z2": make_zone("Z2", 13.5, 200, parent=hill),
        "Z3": make_zone("Z3", 28.5, 50, parent=hill),
    }


def compute() -> Release:
    quarter = release.freeze_quarter(by=Purpose.RELEASE, quarter_on=QUARTER, now=FREEZE_DAY)
    made = release.start_release(by=Purpose.RELEASE, quarter=quarter)
    release.continue_work()
    made.refresh_from_db()
    assert made.state == Release.State.READY
    return made


def computed(code: str) -> dict[str, tuple[Any, ...]]:
    rows = Component.objects.filter(indicator=code).select_related("area")
    return {
        row.area.code: (
            None if row.value is None else round(row.value, 6),
            row.places,
            None if row.completeness is None else round(row.completeness, 6),
        )
        for row in rows
    }


def shown(code: str) -> dict[str, tuple[Any, ...]]:
    rows = Figure.objects.filter(indicator=code).select_related("area")
    return {row.area.code: (row.status, row.value, row.coverage, row.people) for row in rows}


def test_worked_example_rolled_up_with_people_as_weights(zones: dict[str, Area]) -> None:
    make_place(4.5, 1.0)
    make_place(16.5, 2.0, confirmed_at=CHECKED - dt.timedelta(hours=1))
    compute()
    # 3 place-hours among 350 people.
    everywhere = round(3_000 / 350, 6)
    assert computed("C1") == {
        "Z1": (4.237288, 1, 1.0),
        "Z2": (12.360029, 2, 0.5),
        "Z3": (2.085308, 1, 0.0),
        "N1": (everywhere, 2, 0.5),
        "C1": (everywhere, 2, 0.5),
    }
    assert shown("C1") == {
        "Z1": ("shown", 4.24, 100.0, None),
        "Z2": ("provisional", None, 50.0, None),
        "Z3": ("provisional", None, 0.0, None),
        "N1": ("provisional", None, 50.0, None),
        "C1": ("provisional", None, 50.0, None),
    }


def test_only_places_open_and_free_to_stay_in_count(zones: dict[str, Area]) -> None:
    make_place(4.5, 1.0)
    make_place(16.5, 2.0, cost_to_stay=CostToStay.SMALL_PURCHASE)
    make_place(4.5, 9.0, cost_to_stay=CostToStay.MEMBERS)
    make_place(4.5, 9.0, cost_to_stay=CostToStay.UNKNOWN)
    make_place(4.5, 9.0, is_booking_needed=True)
    make_place(4.5, 9.0, state=PlaceState.SUGGESTED)
    make_place(4.5, None)
    compute()
    assert {code: row[0] for code, row in computed("C1").items() if code[0] == "Z"} == {
        "Z1": 4.237288,
        "Z2": round(1_000 * 0.68 / 236, 6),
        "Z3": 0.0,
    }
    assert {code: row[0] for code, row in computed("C1.cuppa").items() if code[0] == "Z"} == {
        "Z1": 4.237288,
        "Z2": 12.360029,
        "Z3": 2.085308,
    }
    # The smooth variant shares the same hours among the same people.
    assert computed("C1.gaussian")["C1"][0] == round(1_000 / 350, 6)


def test_people_live_at_their_postcodes(zones: dict[str, Area]) -> None:
    make_place(4.5, 1.0)
    for code, east, is_large in (
        ("G1 1AA", 13.5, False),
        ("G1 1AB", 30.0, False),
        ("G1 1AC", 4, True),
    ):
        Postcode.objects.create(
            code=code, point=at_minutes(east), area=zones["Z2"], is_large_user=is_large
        )
    compute()
    # Half of the second zone lives too far away; the large user houses nobody.
    demand = 100 + 0.68 * 100
    assert {code: row[0] for code, row in computed("C1").items() if code[0] == "Z"} == {
        "Z1": round(1_000 / demand, 6),
        "Z2": round(1_000 * 0.68 / demand / 2, 6),
        "Z3": 0.0,
    }


def test_where_there_is_no_place_the_share_checked_is_that_of_the_area_around(
    zones: dict[str, Area],
) -> None:
    make_place(0.0)
    compute()
    assert shown("C1")["Z3"] == ("shown", 0.0, 100.0, None)


def test_nobody_lives_there(zones: dict[str, Area]) -> None:
    Area.objects.filter(code="Z3").update(population=0)
    make_place(28.5)
    make_place(0.0)
    compute()
    assert computed("C1")["Z3"] == (None, 0, 1.0)
    assert set(shown("C1")) == {"Z1", "Z2", "N1", "C1"}


def test_variety_of_kinds_within_ten_minutes(zones: dict[str, Area]) -> None:
    for east, kind in (
        (1, PlaceKind.CAFE), (9.5, PlaceKind.CAFE), (2, PlaceKind.LIBRARY),
        (28.5, PlaceKind.PARK), (28.5, PlaceKind.PARK),
    ):  # fmt: skip
        make_place(east, kind=kind, cost_to_stay=CostToStay.UNKNOWN)
    compute()
    # Z1: two cafés and a library; Z2: one café; Z3: two parks.
    assert computed("C3") == {
        "Z1": (1.889882, 3, 1.0),
        "Z2": (None, 1, 1.0),
        "Z3": (None, 2, 1.0),
        "N1": (round((100 * 1.8898815748 + 200 * 1 + 50 * 1) / 350, 6), 5, 1.0),
        "C1": (round((100 * 1.8898815748 + 200 * 1 + 50 * 1) / 350, 6), 5, 1.0),
    }
    assert computed("C3.simpson")["Z1"][0] == 1.8
    assert shown("C3") == {
        "Z1": ("shown", 1.89, 100.0, None),
        "Z2": ("few", None, 100.0, None),
        "Z3": ("few", None, 100.0, None),
        "N1": ("shown", 1.25, 100.0, None),
        "C1": ("shown", 1.25, 100.0, None),
    }


def test_open_when_people_are_free(zones: dict[str, Area]) -> None:
    """60 quarter hours on weekday evenings, 64 at the weekend."""
    late: dict[str, Any] = {"opening_hours": "Mo-Fr 12:00-19:00"}
    make_place(1.0, **late)
    make_place(2.0, opening_hours="Tu-Sa 18:30-20:00; Su 10:00-10:30")
    make_place(2.5, opening_hours="24/7", cost_to_stay=CostToStay.SMALL_PURCHASE)
    make_place(2.5, opening_hours="24/7", is_booking_needed=True)
    make_place(2.5, opening_hours="ask inside")
    make_place(2.5, opening_hours="")
    step_free = make_place(14.0, **late)
    Welcome.objects.create(place=step_free, attribute="step_free", value="yes")
    compute()
    # Z1: 18 to 19 on 5 days and 19 to 20 on 4 make 36; Sunday 2; Saturday evening is not asked.
    first, second = 100 * (5 * 4 + 4 * 4 + 2) / 124, 100 * 20 / 124
    everywhere = (100 * first + 200 * second) / 350
    assert computed("C2") == {
        "Z1": (round(first, 6), 6, 1.0),
        "Z2": (round(second, 6), 1, 1.0),
        "Z3": (0.0, 0, 1.0),
        "N1": (round(everywhere, 6), 7, 1.0),
        "C1": (round(everywhere, 6), 7, 1.0),
    }
    assert {code: row[0] for code, row in computed("C2.stepfree").items()} == {
        "Z1": 0.0,
        "Z2": round(second, 6),
        "Z3": 0.0,
        "N1": round(200 * second / 350, 6),
        "C1": round(200 * second / 350, 6),
    }
    assert shown("C2")["N1"] == ("shown", 18.0, 100.0, None)


def test_without_any_place_nothing_is_told(zones: dict[str, Area]) -> None:
    compute()
    for code in components.PLACES:
        assert {row[0] for row in shown(code).values()} == {"provisional"}


@pytest.mark.parametrize(
    ("longitude", "latitude", "srid"),
    [(-4.25, 55.86, 27_700), (1.29, 52.63, 27_700), (24.94, 60.17, 32_635), (18.4, -33.9, 32_734)],
)
def test_metres_fit_the_country(longitude: float, latitude: float, srid: int) -> None:
    geography = GeographyFactory.create()
    assert walking.metres_of(geography) == 27_700
    ZoneFactory.create_batch(1, point=Point(longitude, latitude), parent=None)
    assert walking.metres_of(geography) == srid


@pytest.mark.parametrize(
    ("quarter_on", "checked_from"),
    [
        (dt.date(2026, 1, 1), dt.date(2025, 4, 1)),
        (dt.date(2026, 10, 1), dt.date(2026, 1, 1)),
        (dt.date(2026, 4, 1), dt.date(2025, 7, 1)),
    ],
)
def test_a_check_counts_for_the_year_up_to_the_quarters_end(
    quarter_on: dt.date, checked_from: dt.date
) -> None:
    assert components.checked_from(quarter_on) == checked_from
