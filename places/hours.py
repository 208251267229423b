"""When a place is open: reads OSM opening_hours and puts them into plain words.

Times are those of `settings.TIME_ZONE`, public holidays those of `settings.HOLIDAYS` (see
places.holidays). Sunrise and sunset are those of the place where its position is given, else 7 in
the morning and evening.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import formats, timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from opening_hours import OpeningHours, State
from opening_hours import ParserError as NotOpeningHoursError  # type: ignore[attr-defined]

from places.holidays import holidays_around, name_holiday, write_out_holidays

if TYPE_CHECKING:
    from django.contrib.gis.geos import Point

# A change further away than this is never said on a page, and looking for it can cost seconds.
MAX_INTERVAL_DAYS = 366
# Weeks without a public holiday, one in each season: (month, day) that lies in the week.
ORDINARY_WEEKS = ((3, 10), (6, 10), (9, 10), (12, 10))
# An evening that runs past midnight belongs to the day on which it began.
NIGHT = timedelta(hours=12)


class InvalidHoursError(ValueError):
    """Opening hours outside the OSM syntax; the message says where, and how to mend it."""


class OpenState(StrEnum):
    """Whether a place is open, as far as its hours tell."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Status:
    """Whether a place is open at a moment, until when that holds, and what the hours add."""

    state: OpenState
    until_at: datetime | None = None
    comment: str = ""

    @property
    def is_open(self) -> bool:
        return self.state is OpenState.OPEN


@dataclass(frozen=True)
class DayHours:
    """The hours of one day, in words."""

    on: date
    text: str
    is_today: bool
    holiday: str = ""


UNKNOWN = Status(OpenState.UNKNOWN)
_STATES = {
    State.OPEN: OpenState.OPEN,
    State.CLOSED: OpenState.CLOSED,
    State.UNKNOWN: OpenState.UNKNOWN,
}
_NEAR = gettext_lazy(
    "We can't read these opening hours from “{rest}” on. Write them like this: "
    "Mo-Fr 09:00-17:00; Sa 10:00-14:00; PH off"
)


def tidy_hours(value: str) -> str:
    """Return `value` without the slips that people make most: spare semicolons, long dashes."""
    value = re.sub(r"[‐-―−]", "-", value)
    value = re.sub(r"\s+", " ", value)
    return value.strip(" ;,")


def check_hours(value: str) -> None:
    """Raise InvalidHoursError where `value` is not opening hours; an empty one is allowed."""
    if tidy_hours(value):
        _parse(tidy_hours(value), None)


def is_readable(value: str) -> bool:
    """Tell whether `value` can be evaluated; text that cannot is shown as it stands."""
    try:
        check_hours(value)
    except InvalidHoursError:
        return False
    return bool(tidy_hours(value))


def weekly_open_hours(value: str, *, year: int | None = None) -> float | None:
    """Return the hours open in an ordinary week: the mean of one in each season of `year`.

    None where nothing is known; raises InvalidHoursError. "Maybe open" does not count.
    """
    value = tidy_hours(value)
    if not value:
        return None
    year = year or timezone.localdate().year
    hours = _parse(value, None, year)
    opened = timedelta()
    for month, day in ORDINARY_WEEKS:
        on = date(year, month, day)
        start = _midnight(on - timedelta(days=on.weekday()))
        end = start + timedelta(days=7)
        for begin, finish, state, _comment in hours.intervals(start, end):
            if state == State.OPEN:
                opened += min(finish, end) - max(begin, start)
    return round(opened / timedelta(hours=1) / len(ORDINARY_WEEKS), 2)


def open_slots(value: str, slots: Sequence[tuple[int, time]], *, year: int) -> list[bool]:
    """Tell of each slot (weekday from Monday 0, local time) whether hours `value` say open at its
    beginning, in each of the ordinary weeks of `year`, one week after the other.

    "Maybe open" and hours that are not known or not readable count as closed.
    """
    value = tidy_hours(value)
    closed = [False] * (len(slots) * len(ORDINARY_WEEKS))
    try:
        hours = _parse(value, None, year) if value else None
    except InvalidHoursError:
        hours = None
    if hours is None:
        return closed
    answers = []
    for monday, moments in _ordinary_moments(tuple(slots), year, settings.TIME_ZONE):
        spans = [
            (begin, end)
            for begin, end, state, _comment in hours.intervals(
                _midnight(monday), _midnight(monday + timedelta(days=7))
            )
            if state == State.OPEN
        ]
        begins = [begin for begin, _end in spans]
        for moment in moments:
            # Spans follow one another: the last that has begun is the only one that may hold it.
            before = bisect_right(begins, moment)
            answers.append(before > 0 and moment < spans[before - 1][1])
    return answers


@lru_cache(maxsize=16)
def _ordinary_moments(
    slots: tuple[tuple[int, time], ...], year: int, zone: str
) -> list[tuple[date, list[datetime]]]:
    """The Mondays of the ordinary weeks, each with the slots as moments."""
    weeks = []
    for month, day in ORDINARY_WEEKS:
        on = date(year, month, day)
        monday = on - timedelta(days=on.weekday())
        moments = [
            datetime.combine(monday + timedelta(days=weekday), at, tzinfo=ZoneInfo(zone))
            for weekday, at in slots
        ]
        weeks.append((monday, moments))
    return weeks


def status_at(value: str, at: datetime, *, point: "Point | None" = None) -> Status:
    """Return whether hours `value` say open at `at`; unknown for text that is no opening hours."""
    value = tidy_hours(value)
    if not value:
        return UNKNOWN
    try:
        hours = _parse(value, _coordinates(value, point), at.year)
    except InvalidHoursError:
        return UNKNOWN
    local = at.astimezone(_zone())
    state, comment = hours.state(local)
    return Status(_STATES[state], hours.next_change(local), comment)


def describe_status(status: Status, at: datetime) -> str:
    """Say a status as a neighbour would: "Open until 5 p.m.", "Closed, opens Monday 9 a.m."."""
    if status.state is OpenState.UNKNOWN:
        words = _("Hours not known")
    elif status.until_at is None:
        words = _("Always open") if status.is_open else _("Closed")
    elif status.is_open:
        words = _("Open until %(when)s") % {"when": _say_when(status.until_at, at)}
    else:
        words = _("Closed, opens %(when)s") % {"when": _say_when(status.until_at, at)}
    return f"{words} ({status.comment})" if status.comment else words


def describe_week(value: str, at: datetime, *, point: "Point | None" = None) -> list[DayHours]:
    """Return today's hours and those of the six days after it, in words; [] where not known."""
    value = tidy_hours(value)
    try:
        hours = _parse(value, _coordinates(value, point), at.year) if value else None
    except InvalidHoursError:
        hours = None
    if hours is None:
        return []
    today = at.astimezone(_zone()).date()
    start, end = _midnight(today - timedelta(days=1)), _midnight(today + timedelta(days=8))
    spans = [span for span in hours.intervals(start, end) if span[2] != State.CLOSED]
    days = [today + timedelta(days=ahead) for ahead in range(7)]
    return [
        DayHours(
            day,
            ", ".join(_say_spans(spans, day)) or _("closed"),
            day == today,
            name_holiday(day),
        )
        for day in days
    ]


def _say_spans(spans: list[tuple[datetime, datetime, State, str]], day: date) -> Iterator[str]:
    first, last = _midnight(day), _midnight(day + timedelta(days=1))
    for begin, end, state, comment in spans:
        if end <= first or begin >= last:
            continue
        if begin <= first and end >= last:
            words = _("all day")
        elif begin < first and first - begin < NIGHT and end - first < NIGHT:
            continue  # told on the day before
        else:
            finish = end if end - last < NIGHT else last
            words = _("%(from)s to %(to)s") % {
                "from": _say_time(max(begin, first)),
                "to": _say_time(finish),
            }
        if state == State.UNKNOWN:
            words = _("perhaps %(hours)s") % {"hours": words}
        yield f"{words} ({comment})" if comment else words


def _say_time(at: datetime) -> str:
    return formats.time_format(at.time(), "TIME_FORMAT")


def _say_when(then: datetime, at: datetime) -> str:
    then = then.astimezone(_zone())
    days = (then.date() - at.astimezone(_zone()).date()).days
    if days == 0 or (days == 1 and then.time() == time.min):
        return _say_time(then)
    if days < 7:
        return _("%(day)s %(time)s") % {
            "day": formats.date_format(then, "l"),
            "time": _say_time(then),
        }
    return formats.date_format(then, "j E")


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time.min, tzinfo=_zone())


def _coordinates(value: str, point: "Point | None") -> tuple[float, float] | None:
    """Latitude and longitude to a tenth of a degree, where `value` depends on the sun."""
    if point is None or not re.search(r"sun|dawn|dusk", value):
        return None
    return round(point.y, 1), round(point.x, 1)


def means_the_same(one: str, other: str) -> bool:
    """Tell whether two texts of opening hours say the same of every minute of this year and the
    next, with the same comments. Raises InvalidHoursError where one of them says nothing."""
    year = timezone.localdate().year
    start, end = _midnight(date(year, 1, 1)), _midnight(date(year + 2, 1, 1))
    told = [
        [
            (begin, finish, state, comment)
            for begin, finish, state, comment in _parse(tidy_hours(text), None, year).intervals(
                start, end
            )
            if state != State.CLOSED or comment
        ]
        for text in (one, other)
    ]
    return told[0] == told[1]


def _parse(value: str, coordinates: tuple[float, float] | None, year: int = 0) -> OpeningHours:
    return _parse_for_year(value, coordinates, year or timezone.localdate().year)


@lru_cache(maxsize=16_384)
def _parse_for_year(value: str, coordinates: tuple[float, float] | None, year: int) -> OpeningHours:
    """Read `value` as the library does, with public holidays written out around `year`."""
    try:
        known = _read(value, coordinates)
    except NotOpeningHoursError as error:
        found = re.search(r"--> \d+:(\d+)", str(error))
        # The parser may stop within a word: say it from the word's beginning.
        begin = value.rfind(" ", 0, int(found.group(1))) + 1 if found else 0
        raise InvalidHoursError(format_lazy(_NEAR, rest=value[begin:])) from error
    written_out = write_out_holidays(value, holidays_around(year))
    if written_out == value:
        return known
    try:
        return _read(written_out, coordinates)
    except NotOpeningHoursError:
        return known


def _read(value: str, coordinates: tuple[float, float] | None) -> OpeningHours:
    return OpeningHours(
        value,
        timezone=_zone(),
        country=settings.HOLIDAYS.partition("-")[0],
        coords=coordinates,
        max_interval_days=MAX_INTERVAL_DAYS,
    )
