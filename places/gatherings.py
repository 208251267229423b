"""When gatherings happen: the next times of what repeats, in the local clock.

A weekly meal at noon stays at noon when the clocks change, so repeats are counted in local time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from places.models import Area, Gathering, Place

# A rule that never ends is asked for so many times at most.
MOST_TIMES = 500


@dataclass(frozen=True)
class Occasion:
    """One time that a gathering happens."""

    gathering: Gathering
    starts_at: datetime
    again_at: datetime | None = None

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.gathering.minutes)


def check_recurrence(value: str) -> None:
    """Raise ValidationError where `value` is no iCalendar RRULE; an empty one happens once."""
    if not value:
        return
    try:
        rrulestr(value, dtstart=timezone.now())
    except (ValueError, TypeError) as error:
        raise ValidationError(
            _("Write how it repeats like this: FREQ=WEEKLY;BYDAY=TU"), code="recurrence"
        ) from error


def occasions_between(gathering: Gathering, start: datetime, end: datetime) -> Iterator[Occasion]:
    """Yield the times at which `gathering` begins from `start` up to, not including, `end`."""
    zone = ZoneInfo(settings.TIME_ZONE)
    first = gathering.starts_at.astimezone(zone)
    if not gathering.recurrence:
        if start <= first < end:
            yield Occasion(gathering, first)
        return
    until = end
    if gathering.until_on:
        last = datetime.combine(gathering.until_on, time.max, tzinfo=zone)
        until = min(end, last)
    rule = rrulestr(gathering.recurrence, dtstart=first.replace(tzinfo=None))
    begin = start.astimezone(zone).replace(tzinfo=None)
    for naive in islice(rule.xafter(begin, inc=True), MOST_TIMES):
        at = naive.replace(tzinfo=zone)
        if at >= until:
            return
        yield Occasion(gathering, at)


def soon_in(area: Area, at: datetime, *, days: int = 14, most: int = 5) -> list[Occasion]:
    """Return what is on in `area` within so many days, the soonest first, at most `most`.

    Each gathering once, at its next time; `again_at` is the time after that.
    """
    return _soonest(Q(place__area__ancestors__ancestor=area), at, days=days)[:most]


def soon_at(place: Place, at: datetime, *, days: int = 62) -> list[Occasion]:
    """Return what is on at `place` within so many days, the soonest first, each gathering once."""
    return _soonest(Q(place=place), at, days=days)


def _soonest(where: Q, at: datetime, *, days: int) -> list[Occasion]:
    end = at + timedelta(days=days)
    shown = (
        Gathering.objects.filter(
            where,
            Q(recurrence="", starts_at__gte=at) | ~Q(recurrence=""),
            Q(until_on__isnull=True) | Q(until_on__gte=at.date()),
            state=Gathering.State.SHOWN,
            starts_at__lt=end,
        )
        .select_related("place", "organisation")
        .order_by("id")
    )
    coming = []
    for gathering in shown:
        times = list(islice(occasions_between(gathering, at, end + timedelta(days=days)), 2))
        if times and times[0].starts_at < end:
            again = times[1].starts_at if len(times) > 1 else None
            coming.append(replace(times[0], again_at=again))
    return sorted(coming, key=lambda one: (one.starts_at, one.gathering.pk))
