"""What a neighbourhood's page tells: what is there, what is on, what was released. Never a count of
moments: only figures that passed the gate leave their room."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from connections.indicators.definitions import INDICATORS, Indicator
from connections.indicators.models import Release
from connections.reports.reading import read_cells
from kinder.pages.search import PAGE_LEVELS
from places.actions import find_successor
from places.hours import Status, describe_status, status_at
from places.models import Area, Place
from places.vocabulary import AreaLevel

PLACES_SHOWN = 6
# The figures that a page leads with; the rest stands in the report.
LEADING = ("A2", "E2", "A3", "C1", "A1")
FIGURES_SHOWN = 4
# A quarter is published from this day after its end, at the earliest.
DAYS_TO_RELEASE = 45


@dataclass(frozen=True)
class OpenPlace:
    place: Place
    status: Status
    words: str


@dataclass(frozen=True)
class Register:
    """What the register knows of an area: counts, and the first places to go to."""

    known: int
    free: int
    free_open: int
    first: list[OpenPlace]


@dataclass(frozen=True)
class Told:
    """One released figure as a sentence, or why it is not shown."""

    indicator: Indicator
    sentence: str
    is_shown: bool
    whose: str = ""
    """The larger area that the figure is about, where there is none for the area itself."""


def find_area(code: str) -> Area | None:
    """Return the current area with a page that has `code`, or once had it, or that follows the one
    that had it before boundaries were drawn anew."""
    current = Area.objects.filter(geography__is_current=True, level__in=PAGE_LEVELS)
    found = current.filter(code=code).first() or current.filter(aliases__code=code).first()
    if found is None:
        older = Area.objects.filter(code=code, level__in=PAGE_LEVELS).select_related("geography")
        found = next((area for one in older if (area := find_successor(one))), None)
    return found


def find_holders(area: Area) -> list[Area]:
    """Return the areas with a page above `area`, the largest first."""
    above = Area.objects.filter(
        descendants__area=area, descendants__depth__gt=0, level__in=PAGE_LEVELS
    )
    return list(above.order_by("-descendants__depth"))


def find_home_areas() -> list[Area]:
    """Return the areas to choose from on the first page: communities, else councils."""
    current = Area.objects.filter(geography__is_current=True).select_related("parent")
    for level in (AreaLevel.COMMUNITY, AreaLevel.COUNCIL):
        if areas := list(current.filter(level=level).order_by("parent__name", "name", "id")):
            return areas
    return []


def read_register(area: Area, at: datetime) -> Register:
    """Count the places of `area`, and pick those free to stay, the open ones first."""
    places = Place.objects.shown().filter(area__ancestors__ancestor=area)
    free = [_describe(place, at) for place in places.free_to_stay().order_by("name", "id")]
    free.sort(key=lambda one: not one.status.is_open)
    return Register(
        known=places.count(),
        free=len(free),
        free_open=sum(one.status.is_open for one in free),
        first=free[:PLACES_SHOWN],
    )


def _describe(place: Place, at: datetime) -> OpenPlace:
    status = status_at(place.opening_hours, at, point=place.point)
    return OpenPlace(place, status, describe_status(status, at))


def find_standing_release() -> Release | None:
    """Return the newest published release, by the role that sees nothing else."""
    return Release.objects.using("reports").standing().select_related("quarter").first()


def tell_figures(area: Area, holders: list[Area], release: Release) -> list[Told]:
    """Return the leading figures of `area` in `release` as sentences; where one is not shown for
    it, that of the nearest area around it that has one, named as such. One query."""
    around = [area, *reversed(holders)]
    codes = [code for code in LEADING if code in INDICATORS]
    cells = read_cells(release, around, codes)
    told = []
    for code in codes:
        own = cells[area.pk, code]
        if own.figure is None:
            continue
        shown = next((cell for one in around if (cell := cells[one.pk, code]).is_shown), None)
        if shown is None:
            told.append(Told(own.indicator, own.reading or own.why, is_shown=False))
            continue
        whose = "" if shown is own else shown.area.name
        told.append(Told(shown.indicator, shown.reading, is_shown=True, whose=whose))
    return told[:FIGURES_SHOWN]


def next_release_on(today: date) -> date:
    """Return the earliest day from `today` on which a quarter's figures may come out."""
    starts = (
        date(today.year + step // 4, 1 + 3 * (step % 4), 1) for step in _quarters_around(today)
    )
    return min(
        due for start in starts if (due := start + timedelta(days=DAYS_TO_RELEASE - 1)) >= today
    )


def _quarters_around(today: date) -> Iterable[int]:
    now = (today.month - 1) // 3
    return range(now, now + 3)


def find_parts(area: Area) -> "QuerySet[Area]":
    """Return the areas with a page right below `area`."""
    levels = {
        AreaLevel.COUNCIL: AreaLevel.COMMUNITY,
        AreaLevel.COMMUNITY: AreaLevel.INTERMEDIATE,
    }
    level = levels.get(AreaLevel(area.level))
    below = Area.objects.filter(ancestors__ancestor=area).order_by("name", "id")
    if level is None:
        return below.none()
    parts = below.filter(level=level)
    if level is AreaLevel.COMMUNITY and not parts.exists():
        return below.filter(level=AreaLevel.INTERMEDIATE)
    return parts
