"""When gatherings happen: the next times of what repeats, in the local clock.

A weekly meal at noon stays at noon when the clocks change, so repeats are counted in local time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from places.models import Area, Gathering, Place

# A rule that never ends is asked for so many times at most.
MOST_TIMES = 500
# The parts of an RRULE that we read: no hours and minutes, and an end is a date of its own.
RULE_PARTS = {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYSETPOS", "WKST", "COUNT"}
FREQUENCIES = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
MOST_INTERVAL = 99


@dataclass(frozen=True)
class Occasion:
    """One time that a gathering happens."""

    gathering: Gathering
    starts_at: datetime
    again_at: datetime | None = None
    is_cancelled: bool = False
    why: str = ""

    @property
    def ends_at(self) -> datetime:
        # Sixty minutes are sixty minutes, whatever the clocks do meanwhile.
        ends_at = self.starts_at.astimezone(UTC) + timedelta(minutes=self.gathering.minutes)
        return ends_at.astimezone(self.starts_at.tzinfo)

    @property
    def on(self) -> date:
        """The local date on which it begins, by which one time is named."""
        return self.starts_at.date()


def check_recurrence(value: str) -> None:
    """Raise ValidationError where `value` is no iCalendar RRULE; an empty one happens once."""
    if not value:
        return
    parts = dict(part.partition("=")[::2] for part in value.upper().split(";"))
    numbers = [parts[name] for name in ("INTERVAL", "COUNT") if name in parts]
    is_ours = (
        set(parts) <= RULE_PARTS
        and parts.get("FREQ") in FREQUENCIES
        and all(number.isdecimal() and 0 < int(number) <= MOST_TIMES for number in numbers)
        and int(parts.get("INTERVAL", "1")) <= MOST_INTERVAL
    )
    try:
        if is_ours:
            rrulestr(value, dtstart=timezone.now())
            return
    except (ValueError, TypeError, IndexError):
        pass
    raise ValidationError(
        _("Write how it repeats like this: FREQ=WEEKLY;BYDAY=TU"), code="recurrence"
    )


def occasions_between(
    gathering: Gathering, start: datetime, end: datetime, *, with_cancelled: bool = False
) -> Iterator[Occasion]:
    """Yield the times at which `gathering` begins from `start` up to, not including, `end`.

    In the local clock, so that noon stays noon when the clocks change; a time that they skip is
    put off to when the hour exists. Cancelled ones are left out, or marked.
    """
    gone = {one.cancelled_on: one for one in gathering.cancelled_occasions.all()}
    for at in _times_between(gathering, start, end):
        cancelled = gone.get(at.date())
        if cancelled is None:
            yield Occasion(gathering, at)
        elif with_cancelled:
            yield Occasion(gathering, at, is_cancelled=True, why=cancelled.why)


def _times_between(gathering: Gathering, start: datetime, end: datetime) -> Iterator[datetime]:
    zone = ZoneInfo(settings.TIME_ZONE)
    first = gathering.starts_at.astimezone(zone)
    until = end
    if gathering.until_on:
        last = datetime.combine(gathering.until_on, time.max, tzinfo=zone)
        until = min(end, last)
    if not gathering.recurrence:
        if start <= first < until:
            yield first
        return
    rule = rrulestr(gathering.recurrence, dtstart=first.replace(tzinfo=None))
    begin = start.astimezone(zone).replace(tzinfo=None)
    for naive in islice(rule.xafter(begin, inc=True), MOST_TIMES):
        # By way of UTC, so that a time which the clocks skip becomes one that exists.
        at = naive.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
        if at >= until:
            return
        yield at


def occasions_in(
    start: datetime, end: datetime, *, among: QuerySet[Gathering] | None = None
) -> list[Occasion]:
    """Return every time that something is on from `start` up to `end`, the soonest first."""
    found = [
        occasion
        for gathering in _running(start, end, among)
        for occasion in occasions_between(gathering, start, end, with_cancelled=True)
    ]
    return sorted(found, key=_by_time)


def next_occasions(
    start: datetime, end: datetime, *, among: QuerySet[Gathering] | None = None
) -> list[Occasion]:
    """Return each gathering once, at its next time from `start` up to `end`, the soonest first;
    `again_at` is the time after that."""
    coming = []
    for gathering in _running(start, end, among):
        times = list(islice(occasions_between(gathering, start, end + (end - start)), 2))
        if times and times[0].starts_at < end:
            again = times[1].starts_at if len(times) > 1 else None
            coming.append(replace(times[0], again_at=again))
    return sorted(coming, key=_by_time)


def soon_in(area: Area, at: datetime, *, days: int = 14, most: int = 5) -> list[Occasion]:
    """Return what is on in `area` within so many days, the soonest first, at most `most`."""
    among = Gathering.objects.filter(place__area__ancestors__ancestor=area)
    return next_occasions(at, at + timedelta(days=days), among=among)[:most]


def soon_at(place: Place, at: datetime, *, days: int = 62) -> list[Occasion]:
    """Return what is on at `place` within so many days, the soonest first, each gathering once."""
    among = Gathering.objects.filter(place=place)
    return next_occasions(at, at + timedelta(days=days), among=among)


def _by_time(occasion: Occasion) -> tuple[datetime, int]:
    return occasion.starts_at, occasion.gathering.pk


def _running(
    start: datetime, end: datetime, among: QuerySet[Gathering] | None
) -> QuerySet[Gathering]:
    """The shown gatherings that may have a time from `start` up to `end`."""
    gatherings = Gathering.objects.all() if among is None else among
    return (
        gatherings.filter(
            Q(recurrence="", starts_at__gte=start) | ~Q(recurrence=""),
            Q(until_on__isnull=True) | Q(until_on__gte=start.date()),
            pk__in=Gathering.objects.shown(),
            starts_at__lt=end,
        )
        .select_related("place__area", "organisation")
        .prefetch_related("cancelled_occasions")
        .order_by("id")
    )
