"""Where people live and where they can walk to, as arrays: what C1, C2 and C3 are computed from.

Read by the release and by the workers' page of gaps, so that both count in the same way.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from django.contrib.gis.db.models.functions import Transform
from django.db import connection
from django.db.models import Exists, FloatField, Func, OuterRef
from django.utils import timezone
from numpy.typing import NDArray

from connections.indicators import access
from connections.indicators.access import IntArray
from connections.indicators.statistics import FloatArray
from places.hours import open_slots
from places.models import Geography, Place, Welcome
from places.vocabulary import FREE_TO_STAY, Answer, CostToStay, WelcomeAttribute

FREE_TIMES = tuple(
    (day, dt.time(hour, minute))
    for days, hours in ((range(5), range(18, 21)), (range(5, 7), range(10, 18)))
    for day in days
    for hour in hours
    for minute in (0, 15, 30, 45)
)
"""Quarter hours in which people are free: weekday evenings and weekends (a judgement)."""


@dataclass(frozen=True, slots=True)
class Register:
    """The places that everybody sees, as arrays in the order of their ids."""

    id: IntArray
    xy: FloatArray
    kind: IntArray
    # What the numbers in `kind` stand for.
    kinds: list[str]
    hours: FloatArray
    opening_hours: list[str]
    is_free: NDArray[np.bool_]
    is_cuppa: NDArray[np.bool_]
    is_step_free: NDArray[np.bool_]
    is_checked: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Homes:
    """Where people live: points in metres, people at each, and the id of its smallest area."""

    xy: FloatArray
    people: FloatArray
    area: IntArray


def score_access(
    demand: access.DemandPoints,
    register: Register,
    counts: NDArray[np.bool_],
    weigh: access.Weigh,
) -> FloatArray:
    """C1 at each point where people live, of the places that count."""
    is_open = counts & (register.hours > 0)
    return demand.measure(register.xy[is_open], register.hours[is_open], weigh).score


def read_times(register: Register, counts: NDArray[np.bool_], year: int) -> NDArray[np.bool_]:
    """In which of the free times each place is open, one row a place; never where it does not
    count. Each way of writing hours is read once, for thousands of places write them alike."""
    known = {
        text: open_slots(text, FREE_TIMES, year=year)
        for text in {"", *(register.opening_hours[i] for i in np.flatnonzero(counts))}
    }
    is_open = np.zeros((counts.size, len(known[""])), np.bool_)
    for i in np.flatnonzero(counts):
        is_open[i] = known[register.opening_hours[i]]
    return is_open


def share_open(
    demand: access.DemandPoints,
    register: Register,
    counts: NDArray[np.bool_],
    is_open: NDArray[np.bool_],
) -> FloatArray:
    """% of the free times in which somewhere in reach is open, at each point where people live.
    `is_open` as `read_times` returns it for these places or more."""
    return 100 * demand.open_share(register.xy[counts], is_open[counts])


BRITISH_GRID = 27_700
BRITAIN = (-8.8, 49.8, 1.9, 60.9)
"""West, south, east, north of where the British National Grid is used."""


def metres_of(geography: Geography) -> int:
    """Return a projection in metres for the geography: the British National Grid, or the UTM zone
    of its middle. Over a walk the error is well under 1 %."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT avg(ST_X(point)), avg(ST_Y(point)) FROM places_area WHERE geography_id = %s",
            [geography.pk],
        )
        east, north = cursor.fetchone()
    if east is None:
        return BRITISH_GRID
    west, south, right, top = BRITAIN
    if west <= east <= right and south <= north <= top:
        return BRITISH_GRID
    zone = int((east + 180) // 6) + 1
    return (32_600 if north >= 0 else 32_700) + zone


def read_homes(geography: Geography, srid: int) -> Homes:
    """Return live small-user postcodes sharing their zone's people equally; in a zone without
    postcodes everybody lives at its point (population-weighted where known)."""
    with connection.cursor() as cursor:
        cursor.execute(HOMES, {"geography": geography.pk, "srid": srid})
        rows = cursor.fetchall()
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return Homes(table[:, :2], table[:, 2], table[:, 3].astype(np.int64))


HOMES = """
WITH leaves AS (
    SELECT a.id, a.point, a.population FROM places_area a
    WHERE a.geography_id = %(geography)s AND a.population > 0
      AND NOT EXISTS (SELECT FROM places_area child WHERE child.parent_id = a.id)
), homes AS (
    SELECT code, point, area_id FROM places_postcode WHERE NOT is_large_user
    UNION ALL
    -- Postcodes stand in one vintage; in another they follow the official lookup.
    SELECT p.code, p.point, l.to_area_id FROM places_postcode p
    JOIN places_arealookup l ON l.from_area_id = p.area_id WHERE NOT p.is_large_user
), points AS (
    SELECT leaves.id, coalesce(p.point, leaves.point) AS point, coalesce(p.code, '') AS code,
           leaves.population::float8 / count(*) OVER (PARTITION BY leaves.id) AS people
    FROM leaves LEFT JOIN homes p ON p.area_id = leaves.id
), metres AS (
    SELECT id, code, people, ST_Transform(point, %(srid)s::int) AS point FROM points
)
SELECT ST_X(point), ST_Y(point), people, id FROM metres ORDER BY id, code
"""


def read_register(srid: int, checked_on: dt.date) -> Register:
    """Return the places shown, with their kind, hours, cost and whether somebody checked them."""
    metres = Transform("point", srid)
    rows = list(
        Place.objects.shown()
        .order_by("id")
        .annotate(
            east=Func(metres, function="ST_X", output_field=FloatField()),
            north=Func(metres, function="ST_Y", output_field=FloatField()),
            is_step_free=Exists(
                Welcome.objects.filter(
                    place=OuterRef("pk"),
                    attribute=WelcomeAttribute.STEP_FREE,
                    value=Answer.YES,
                )
            ),
        )
        .values_list(
            "east",
            "north",
            "kind",
            "weekly_hours",
            "cost_to_stay",
            "is_booking_needed",
            "confirmed_at",
            "opening_hours",
            "is_step_free",
            "pk",
        )
    )
    kinds = {kind: i for i, kind in enumerate(sorted({row[2] for row in rows}))}
    is_free_to_enter = np.array([not row[5] for row in rows], np.bool_)
    return Register(
        id=np.array([row[9] for row in rows], np.int64),
        xy=np.array([row[:2] for row in rows], np.float64).reshape(-1, 2),
        kind=np.array([kinds[row[2]] for row in rows], np.int64),
        kinds=list(kinds),
        hours=np.array([row[3] or 0.0 for row in rows], np.float64),
        is_free=is_free_to_enter & np.array([row[4] in FREE_TO_STAY for row in rows], np.bool_),
        is_cuppa=is_free_to_enter
        & np.array([row[4] == CostToStay.SMALL_PURCHASE for row in rows], np.bool_),
        opening_hours=[row[7] for row in rows],
        is_step_free=np.array([row[8] for row in rows], np.bool_),
        is_checked=np.array(
            [row[6] is not None and timezone.localdate(row[6]) >= checked_on for row in rows],
            np.bool_,
        ),
    )
