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
from connections.indicators.statistics import FloatArray, effective_number
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
    def variety(self) -> FloatArray:
        """C3 at each home: the effective number of kinds of place within ten minutes."""
        return self._within_ten[0]

    @property
    def reach(self) -> NDArray[np.bool_]:
        """Which places somebody of each fifth can walk to in ten minutes, (fifths, places);
        NOT_KNOWN is one of them."""
        return self._within_ten[1]

    @cached_property
    def _within_ten(self) -> tuple[FloatArray, NDArray[np.bool_]]:
        country, register = self.country, self.register
        # Both of one look for who can walk where: over a country that takes most of a second.
        pairs = country.demand.pairs(register.xy, access.VARIETY_MINUTES)
        variety = effective_number(country.demand.count_kinds(pairs, register.kind))
        lived_in = country.homes.people[pairs.demand] > 0
        reach = np.zeros((1 + len(QUINTILES), register.id.size), np.bool_)
        reach[country.quintile[pairs.demand[lived_in]], pairs.place[lived_in]] = True
        return variety, reach

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
    """One fifth of deprivation, before and after: place-hours a week per 1,000 residents, % of
    free time with something open within ten minutes, and kinds of place there (nan where fewer
    than 3 places are)."""

    quintile: int
    residents: int
    before: float
    after: float
    open_before: float
    open_after: float
    variety_before: float
    variety_after: float

    @property
    def difference(self) -> float:
        return self.after - self.before


@dataclass(frozen=True)
class Moved:
    """How many residents would have more of something, and how many less."""

    more: int
    less: int


@dataclass(frozen=True)
class WhatIf:
    """What would change: by fifths, for everybody, and for how many residents at all: of free
    hours, of evenings and weekends with something open, and of variety."""

    changes: list[Change]
    whole: Change
    hours: Moved
    times: Moved
    variety: Moved


@dataclass(frozen=True)
class Deed:
    """A place as it is and as it would be; None before it is there, or after it is gone."""

    before: Site | None
    after: Site | None
    # Row in the register of the place that goes or changes.
    row: int | None = None
    hours_after: str = ""
    # What a place would be that is not there yet; one that is keeps its kind.
    kind: str = ""


@dataclass(frozen=True)
class _Values:
    """C1, C2 and C3 at each home, and which places somebody of each fifth can walk to."""

    score: FloatArray
    open_share: FloatArray
    variety: FloatArray
    reach: NDArray[np.bool_]


@dataclass(frozen=True)
class _Around:
    """Where a deed may change C2 and C3: the homes within ten minutes of its place, and of all
    places that these homes reach those that stand without it."""

    site: Site
    near: IntArray
    homes: DemandPoints
    others: IntArray


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
    around = _look_around(live, deed)
    before = _Values(live.score, live.open_share, live.variety, live.reach)
    after = _Values(
        country.demand.change(live.score, deed.before, deed.after),
        _open_after(live, deed, around),
        _variety_after(live, deed, around),
        _reach_after(live, deed, around),
    )
    people = country.homes.people
    changes = [
        _change(live, [quintile], before, after)
        for quintile in (*QUINTILES, NOT_KNOWN)
        if people[country.quintile == quintile].sum() > 0
    ]
    return WhatIf(
        changes=changes,
        whole=_change(live, [*QUINTILES, NOT_KNOWN], before, after),
        hours=_count_moved(people, before.score, after.score),
        times=_count_moved(people, before.open_share, after.open_share),
        variety=_count_moved(people, before.variety, after.variety),
    )


def _count_moved(people: FloatArray, before: FloatArray, after: FloatArray) -> Moved:
    least = 1e-9
    return Moved(
        more=round(float(people[after - before > least].sum())),
        less=round(float(people[before - after > least].sum())),
    )


def _change(live: Live, fifths: list[int], before: _Values, after: _Values) -> Change:
    chosen = np.isin(live.country.quintile, fifths)
    people = live.country.homes.people[chosen]
    total = people.sum()

    def mean(values: FloatArray) -> float:
        return float(people @ values[chosen] / total) if total else 0.0

    def variety(values: _Values) -> float:
        is_told = values.reach[fifths].any(axis=0).sum() >= access.MIN_PLACES
        return mean(values.variety) if is_told else float("nan")

    return Change(
        quintile=fifths[0] if len(fifths) == 1 else NOT_KNOWN,
        residents=round(float(total)),
        before=mean(before.score),
        after=mean(after.score),
        open_before=mean(before.open_share),
        open_after=mean(after.open_share),
        variety_before=variety(before),
        variety_after=variety(after),
    )


def _look_around(live: Live, deed: Deed) -> _Around:
    site = deed.after or deed.before
    assert site is not None  # noqa: S101 - a deed is about a place
    metres = access.VARIETY_MINUTES * access.METRES_PER_MINUTE / access.DETOUR
    homes, register = live.country.homes, live.register
    near = np.flatnonzero(np.hypot(*(homes.xy - (site.x, site.y)).T) <= metres)
    others = np.hypot(*(register.xy - (site.x, site.y)).T) <= 2 * metres + 1
    if deed.row is not None:
        others[deed.row] = False
    return _Around(
        site, near, DemandPoints(homes.xy[near], homes.people[near]), np.flatnonzero(others)
    )


def _open_after(live: Live, deed: Deed, around: _Around) -> FloatArray:
    """C2 at each home after a deed; only homes within ten minutes of the place can change."""
    register = live.register
    chosen = around.others[register.is_free[around.others]]
    texts = [register.opening_hours[i] for i in chosen]
    xy = register.xy[chosen]
    if deed.after is not None:
        texts.append(deed.hours_after)
        xy = np.vstack([xy, (deed.after.x, deed.after.y)])
    known = {text: open_slots(text, FREE_TIMES, year=live.year) for text in {"", *texts}}
    is_open = np.array([known[text] for text in texts], np.bool_).reshape(-1, len(known[""]))
    changed = live.open_share.copy()
    changed[around.near] = 100 * around.homes.open_share(xy, is_open)
    return changed


def _variety_after(live: Live, deed: Deed, around: _Around) -> FloatArray:
    """C3 at each home after a deed. Places of every cost count, whatever their hours."""
    register = live.register
    xy, kind = register.xy[around.others], register.kind[around.others]
    if deed.after is not None:
        xy = np.vstack([xy, (deed.after.x, deed.after.y)])
        kind = np.append(kind, _kind_after(register, deed))
    pairs = around.homes.pairs(xy, access.VARIETY_MINUTES)
    changed = live.variety.copy()
    changed[around.near] = effective_number(around.homes.count_kinds(pairs, kind))
    return changed


def _kind_after(register: Register, deed: Deed) -> int:
    if deed.row is not None:
        return int(register.kind[deed.row])
    # A kind that the register holds none of is one more.
    return register.kinds.index(deed.kind) if deed.kind in register.kinds else len(register.kinds)


def _reach_after(live: Live, deed: Deed, around: _Around) -> NDArray[np.bool_]:
    """Which places somebody of each fifth can walk to after a deed, as Live.reach tells it."""
    reach = live.reach.copy()
    if deed.row is not None:
        reach[:, deed.row] &= deed.after is not None
    elif deed.after is not None:
        lived_in = around.near[live.country.homes.people[around.near] > 0]
        column = np.zeros((len(reach), 1), np.bool_)
        column[live.country.quintile[lived_in]] = True
        reach = np.hstack([reach, column])
    return reach


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
