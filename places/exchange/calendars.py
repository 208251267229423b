"""Gatherings as calendar files (RFC 5545): one with its repeats, or a feed of all of them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar, Event, Timezone, vRecur

from places.exchange.feature_views import open_to_all
from places.models import Area, Gathering

HOURS_FRESH = timedelta(hours=12)
MOST = 1_000


@open_to_all
def show_gathering_file(request: HttpRequest, code: str) -> HttpResponse:
    """One gathering for somebody's own calendar."""
    gathering = get_object_or_404(_shown(), code=code)
    return _answer(request, [gathering], name=f"{code}.ics", title=gathering.title)


@open_to_all
def show_feed(request: HttpRequest) -> HttpResponse:
    """All that goes on from now, or what goes on in ?area=, to subscribe to."""
    gatherings = _shown().exclude(until_on__lt=timezone.localdate())
    title = str(settings.SITE_NAME)
    if code := request.GET.get("area", ""):
        area = get_object_or_404(Area, geography__is_current=True, code=code.replace("\0", ""))
        gatherings = gatherings.filter(place__area__ancestors__ancestor=area)
        title = f"{title}: {area.name}"
    return _answer(request, gatherings.order_by("id")[:MOST], name="whats-on.ics", title=title)


def write_calendar(gatherings: Iterable[Gathering], *, title: str, root: str) -> bytes:
    """Return a calendar file; `root` is the site's address, without a stroke at its end."""
    zone = ZoneInfo(settings.TIME_ZONE)
    calendar = Calendar()
    calendar.add("prodid", "-//Kinder//What is on//EN")
    calendar.add("version", "2.0")
    # Of a type that the library does not escape: a line end would begin a property of its own.
    calendar.add("x-wr-calname", " ".join(title.split()))
    calendar.add("refresh-interval", HOURS_FRESH, parameters={"VALUE": "DURATION"})
    shown = list(gatherings)
    first = min((one.starts_at for one in shown), default=timezone.now())
    calendar.add_component(
        Timezone.from_tzinfo(
            zone,
            first_date=first.date() - timedelta(days=366),
            last_date=timezone.localdate() + timedelta(days=3_660),
        )
    )
    for one in shown:
        calendar.add_component(_as_event(one, zone, root))
    return bytes(calendar.to_ical())


def _as_event(gathering: Gathering, zone: ZoneInfo, root: str) -> Event:
    event, place = Event(), gathering.place
    first = _first_of(gathering, gathering.starts_at.astimezone(zone))
    page = root + reverse("places:gathering", args=[gathering.code])
    event.add("uid", f"{gathering.code}@{root.partition('://')[2]}")
    event.add("dtstamp", gathering.updated_at)
    event.add("last-modified", gathering.updated_at)
    event.add("sequence", gathering.revision)
    event.add("summary", gathering.title)
    event.add("dtstart", first)
    event.add("duration", timedelta(minutes=gathering.minutes))
    event.add("location", ", ".join(filter(None, (place.name, place.address, place.postcode))))
    event.add("geo", (round(place.point.y, 6), round(place.point.x, 6)))
    event.add("url", page)
    event.add("description", "\n".join(filter(None, _tell(gathering))))
    if gathering.recurrence:
        rule = vRecur.from_ical(gathering.recurrence)
        if gathering.until_on and "COUNT" not in rule:
            last = datetime.combine(gathering.until_on, first.timetz())
            rule["UNTIL"] = [last.astimezone(ZoneInfo("UTC"))]
        event.add("rrule", rule)
        for one in gathering.cancelled_occasions.all():
            event.add("exdate", datetime.combine(one.cancelled_on, first.timetz()))
    elif gathering.cancelled_occasions.all():
        event.add("status", "CANCELLED")
    return event


def _first_of(gathering: Gathering, first: datetime) -> datetime:
    """The first time that the rule itself gives: calendars count the beginning as one in any case,
    so a meal each Tuesday that was set up on a Monday must begin on the Tuesday."""
    if not gathering.recurrence:
        return first
    rule = rrulestr(gathering.recurrence, dtstart=first.replace(tzinfo=None))
    naive = next(iter(rule), None)
    return first if naive is None else naive.replace(tzinfo=first.tzinfo)


def _tell(gathering: Gathering) -> list[str]:
    return [
        gathering.description,
        gathering.food,
        gathering.is_asked,
        gathering.is_not_asked,
        gathering.how_to_leave,
    ]


def _shown() -> QuerySet[Gathering]:
    return Gathering.objects.shown().select_related("place").prefetch_related("cancelled_occasions")


def _answer(
    request: HttpRequest, gatherings: Iterable[Gathering], *, name: str, title: str
) -> HttpResponse:
    root = request.build_absolute_uri("/").rstrip("/")
    body = write_calendar(gatherings, title=title, root=root)
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response
