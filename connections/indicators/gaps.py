"""Where people can, and cannot, meet within a walk: C1, C2 and C3 of the register as it is now, and
what would change if a place came, went or kept other hours.

Live and provisional: for workers, never released. Computed with the functions of the release, so
that both say the same of the same register. Homes are read once for each process and geography, the
register once for each version of the places.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from django.contrib.gis.geos import Point
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from numpy.typing import NDArray

from connections.indicators import access
from connections.indicators.access import DemandPoints, IntArray, Site
from connections.indicators.statistics import FloatArray
from connections.indicators.walking import (
    FREE_TIMES,
    Homes,
    Register,
    metres_of,
    read_homes,
    read_register,
    read_times,
    score_access,
    share_open,
)
from places.hours import open_slots, status_at
from places.models import Area, Geography, Place
from places.versions import places_version
from places.vocabulary import AreaLevel

CHECKED_DAYS = 365
QUINTILES = (1, 2, 3, 4, 5)
NOT_KNOWN = 0
"""The quintile of homes whose area has no deprivation figure."""
EVENING = tuple(dt.time(hour, minute) for hour in range(17, 22) for minute in (0, 30))
REACHED = 0.1
"""An area counts as having nothing where fewer than one resident in ten has something (a
judgement: a corner that lies near the next neighbourhood does not make an evening)."""
CLASSES = 6
CACHED_SECONDS = 900


@dataclass(frozen=True)
class Country:
    """Where people live, with what never changes between two edits of the register."""

    homes: Homes
    demand: DemandPoints
    srid: int
    # Deprivation quintile of each home, NOT_KNOWN where there is none.
    quintile: IntArray


@dataclass(frozen=True)
class Live:
    """The register now, and what it means at each home, worked out when it is asked for."""

    country: Country
    register: Register
    year: int

    @cached_property
    def score(self) -> FloatArray:
        """C1 at each home."""
        register = self.register
        return score_access(self.country.demand, register, register.is_free, access.step_weight)

    @cached_property
    def open_share(self) -> FloatArray:
        """C2 at each home, in %."""
        is_free = self.register.is_free
        is_open = read_times(self.register, is_free, self.year)
        return share_open(self.country.demand, self.register, is_free, is_open)

    @property
    def checked_share(self) -> int:
        """% of places that somebody checked within a year."""
        checked = self.register.is_checked
        return round(100 * float(checked.mean())) if checked.size else 0


@dataclass(frozen=True)
class Row:
    """One area: residents, place-hours a week per 1,000 of them, % of free time with something
    open, kinds of place in reach, % of residents in zones of the most deprived fifth; nan where
    nobody lives, fewer than 3 places are, or no home's deprivation is known."""

    area: Area
    residents: int
    access: float
    open_share: float
    variety: float
    deprived: float


@dataclass(frozen=True)
class Change:
    """One fifth of deprivation, before and after: place-hours a week per 1,000 residents, and % of
    free time with something open within ten minutes."""

    quintile: int
    residents: int
    before: float
    after: float
    open_before: float
    open_after: float

    @property
    def difference(self) -> float:
        return self.after - self.before


@dataclass(frozen=True)
class WhatIf:
    """What would change: by fifths, for everybody, and for how many residents at all."""

    changes: list[Change]
    whole: Change
    gain: int
    lose: int


@dataclass(frozen=True)
class Deed:
    """A place as it is and as it would be; None before it is there, or after it is gone."""

    before: Site | None
    after: Site | None
    # Row in the register of the place that goes or changes.
    row: int | None = None
    hours_after: str = ""


# ------------------------------------------------------------------ reading


@lru_cache(maxsize=2)
def read_country(geography_id: int, _stamp: str) -> Country:
    """Return where people live; `_stamp` changes when areas or postcodes are loaded anew."""
    geography = Geography.objects.get(pk=geography_id)
    srid = metres_of(geography)
    homes = read_homes(geography, srid)
    deciles = dict(
        Area.objects.filter(geography=geography, deprivation_decile__isnull=False)
        .order_by()
        .values_list("pk", "deprivation_decile")
    )
    areas, place = np.unique(homes.area, return_inverse=True)
    fifths = np.array([((deciles.get(int(pk)) or -1) + 1) // 2 for pk in areas], np.int64)
    return Country(
        homes=homes,
        demand=DemandPoints(homes.xy, homes.people),
        srid=srid,
        quintile=fifths[place] if fifths.size else np.zeros(0, np.int64),
    )


@lru_cache(maxsize=2)
def _read_live(geography_id: int, stamp: str, _version: int, today: dt.date) -> Live:
    country = read_country(geography_id, stamp)
    register = read_register(country.srid, today - dt.timedelta(days=CHECKED_DAYS))
    return Live(country=country, register=register, year=today.year)


def read_live(geography: Geography) -> Live:
    """Return the register of now over `geography`; read again only after it changed."""
    return _read_live(geography.pk, _stamp_of(geography), places_version(), timezone.localdate())


def _stamp_of(geography: Geography) -> str:
    """What changes when areas, people or postcodes are loaded: cheap to ask."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT concat_ws('.', (SELECT sum(population) FROM places_area"
            " WHERE geography_id = %s), (SELECT count(*) FROM places_postcode))",
            [geography.pk],
        )
        return str(cursor.fetchone()[0])


# ------------------------------------------------------------------ areas


def read_rows(live: Live, areas: Iterable[Area]) -> list[Row]:
    """Return C1, C2 and C3 of areas of one level."""
    found = list(areas)
    if not found:
        return []
    codes = codes_of(live.country.homes, found)
    people = live.country.homes.people
    count = len(found)
    register, demand = live.register, live.country.demand
    residents = np.bincount(codes, people, minlength=count + 1)[:count]
    score = access.area_mean(live.score, people, codes, count + 1)
    share = access.area_mean(live.open_share, people, codes, count + 1)
    variety = demand.variety(register.xy, register.kind, codes, count + 1).effective_number
    quintile = live.country.quintile
    is_known = quintile != NOT_KNOWN
    deprived = 100 * access.area_mean(
        (quintile[is_known] == QUINTILES[0]).astype(np.float64),
        people[is_known],
        codes[is_known],
        count + 1,
    )
    return [
        Row(
            area,
            int(residents[i]),
            float(score[i]),
            float(share[i]),
            float(variety[i]),
            float(deprived[i]),
        )
        for i, area in enumerate(found)
    ]


def codes_of(homes: Homes, areas: list[Area]) -> IntArray:
    """Return the position in `areas` of the one that holds each home, their number for none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT area_id, ancestor_id FROM places_areaancestor WHERE ancestor_id = ANY(%s)",
            [[area.pk for area in areas]],
        )
        above = dict(cursor.fetchall())
    position = {area.pk: i for i, area in enumerate(areas)}
    smallest, place = np.unique(homes.area, return_inverse=True)
    found = [position.get(above.get(int(pk), int(pk)), len(areas)) for pk in smallest]
    return np.array(found, np.int64)[place] if found else np.zeros(0, np.int64)


def classify(values: Iterable[tuple[int, float]]) -> dict[int, int]:
    """Return each area's step of the ramp, 1 the lowest: as many areas to a step as can be; areas
    without a value are left out."""
    known = [(pk, value) for pk, value in values if not np.isnan(value)]
    if not known:
        return {}
    ends = np.quantile([value for _pk, value in known], np.arange(1, CLASSES) / CLASSES)
    return {pk: 1 + int(np.searchsorted(ends, value, side="left")) for pk, value in known}


# ------------------------------------------------------------------ what if


def site_of(country: Country, point: Point, hours: float) -> Site:
    """Return a place at `point` (degrees) that is open so many hours a week, in metres."""
    there = point.clone()
    there.transform(country.srid)
    return Site(float(there.x), float(there.y), hours)


def row_of(live: Live, place: Place) -> int | None:
    """Return where `place` stands in the register, None where it is not shown."""
    found = np.flatnonzero(live.register.id == place.pk)
    return int(found[0]) if found.size else None


def ask_what_if(live: Live, deed: Deed) -> WhatIf:
    """Return what a deed would change for residents, by fifths of deprivation.

    Only homes in walking distance of the place are computed anew.
    """
    country = live.country
    after = country.demand.change(live.score, deed.before, deed.after)
    open_after = _open_after(live, deed)
    people = country.homes.people
    changes = [
        _change(quintile, country.quintile == quintile, live, after, open_after)
        for quintile in (*QUINTILES, NOT_KNOWN)
        if people[country.quintile == quintile].sum() > 0
    ]
    whole = _change(NOT_KNOWN, np.ones(people.size, np.bool_), live, after, open_after)
    least = 1e-9
    return WhatIf(
        changes=changes,
        whole=whole,
        gain=round(float(people[after - live.score > least].sum())),
        lose=round(float(people[live.score - after > least].sum())),
    )


def _change(
    quintile: int,
    chosen: NDArray[np.bool_],
    live: Live,
    after: FloatArray,
    open_after: FloatArray,
) -> Change:
    people = live.country.homes.people[chosen]
    total = people.sum()

    def mean(values: FloatArray) -> float:
        return float(people @ values[chosen] / total) if total else 0.0

    return Change(
        quintile=quintile,
        residents=round(float(total)),
        before=mean(live.score),
        after=mean(after),
        open_before=mean(live.open_share),
        open_after=mean(open_after),
    )


def _open_after(live: Live, deed: Deed) -> FloatArray:
    """C2 at each home after a deed; only homes within ten minutes of the place can change."""
    site = deed.after or deed.before
    if site is None:
        return live.open_share
    metres = access.VARIETY_MINUTES * access.METRES_PER_MINUTE / access.DETOUR
    homes, register = live.country.homes, live.register
    near = np.flatnonzero(np.hypot(*(homes.xy - (site.x, site.y)).T) <= metres)
    around = np.hypot(*(register.xy - (site.x, site.y)).T) <= 2 * metres + 1
    if deed.row is not None:
        around[deed.row] = False
    chosen = np.flatnonzero(around & register.is_free)
    texts = [register.opening_hours[i] for i in chosen]
    xy = register.xy[chosen]
    if deed.after is not None:
        texts.append(deed.hours_after)
        xy = np.vstack([xy, (deed.after.x, deed.after.y)])
    known = {text: open_slots(text, FREE_TIMES, year=live.year) for text in {"", *texts}}
    is_open = np.array([known[text] for text in texts], np.bool_).reshape(-1, len(known[""]))
    some = DemandPoints(homes.xy[near], homes.people[near])
    changed = live.open_share.copy()
    changed[near] = 100 * some.open_share(xy, is_open)
    return changed


# ------------------------------------------------------------------ today


def count_open_by_hour(now: dt.datetime) -> list[tuple[int, int]]:
    """Return how many places that are free to stay are open at each hour of today, 8 to 22."""
    day = timezone.localtime(now)
    texts = _free_texts()
    return [
        (
            hour,
            sum(
                count
                for text, count in texts
                if status_at(text, day.replace(hour=hour, minute=0, second=0)).is_open
            ),
        )
        for hour in range(8, 23, 2)
    ]


def _free_texts() -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT opening_hours, count(*) FROM places_place"
            " WHERE state IN ('verified', 'stale') AND opening_hours <> ''"
            " AND cost_to_stay IN ('free', 'nobody_minds') AND NOT is_booking_needed"
            " GROUP BY opening_hours"
        )
        return [(text, count) for text, count in cursor.fetchall()]


def find_without_evening(geography: Geography, now: dt.datetime) -> list[Area]:
    """Return the named areas where nothing free is open after 17:00 today within ten minutes of
    (nearly) anybody, those with most residents first. Kept until a place changes."""
    day = timezone.localtime(now)
    key = f"evening:{geography.pk}:{places_version()}:{day:%Y-%m-%d}"
    known: list[int] | None = cache.get(key)
    if known is None:
        known = [area.pk for area in _without_evening(geography, day)]
        cache.set(key, known, CACHED_SECONDS)
    by_id = Area.objects.only("code", "name", "population").in_bulk(known)
    return [by_id[pk] for pk in known if pk in by_id]


def _without_evening(geography: Geography, day: dt.datetime) -> list[Area]:
    live = read_live(geography)
    register, demand = live.register, live.country.demand
    times = [day.replace(hour=at.hour, minute=at.minute, second=0) for at in EVENING]
    chosen = np.flatnonzero(register.is_free)
    texts = [register.opening_hours[i] for i in chosen]
    known = {text: [status_at(text, at).is_open for at in times] for text in {"", *texts}}
    is_open = np.array([known[text] for text in texts], np.bool_).reshape(-1, len(times))
    has_some = (demand.open_share(register.xy[chosen], is_open) > 0).astype(np.float64)
    areas = list(
        Area.objects.filter(geography=geography, level=AreaLevel.INTERMEDIATE)
        .only("code", "name", "level")
        .order_by("name", "code")
    )
    if not areas:
        return []
    codes = codes_of(live.country.homes, areas)
    people = live.country.homes.people
    share = access.area_mean(has_some, people, codes, len(areas) + 1)
    residents = np.bincount(codes, people, minlength=len(areas) + 1)
    none = [i for i in range(len(areas)) if share[i] < REACHED]
    return [areas[i] for i in sorted(none, key=lambda i: (-residents[i], areas[i].name))]
