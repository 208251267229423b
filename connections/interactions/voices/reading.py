"""What everybody may read of a community's voices, as plain data; reports read it too.

Only what is signed, approved and standing at this moment: what is hidden or taken back is gone from
whatever is built next.
"""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Prefetch

from connections.interactions.models import Heard, Response, Story
from places.models import Area


@dataclass(frozen=True)
class Done:
    """What was done together, by which organisation (none: by neighbours)."""

    text: str
    by: str
    done_on: dt.date


@dataclass(frozen=True)
class Said:
    """Something heard separately from three people or more, and what was done about it."""

    text: str
    area: str
    month_on: dt.date
    done: tuple[Done, ...]


@dataclass(frozen=True)
class Told:
    """A published story."""

    text: str
    language: str
    area: str
    month_on: dt.date


def read_heard(
    area: Area, *, since: dt.date | None = None, until: dt.date | None = None, most: int = 12
) -> list[Said]:
    """Return what was heard in `area` and within it, the newest month first; months from `since` up
    to, not including, `until`. Two queries."""
    shown = Response.objects.filter(hidden_at__isnull=True).select_related("organisation")
    heard = (
        Heard.objects.filter(area__ancestors__ancestor=area, hidden_at__isnull=True)
        .select_related("area")
        .prefetch_related(Prefetch("responses", shown.order_by("done_on", "pk")))
        .order_by("-month_on", "-pk")
    )
    if since:
        heard = heard.filter(month_on__gte=since)
    if until:
        heard = heard.filter(month_on__lt=until)
    return [
        Said(
            text=one.text,
            area=one.area.name,
            month_on=one.month_on,
            done=tuple(
                Done(did.text, did.organisation.name if did.organisation else "", did.done_on)
                for did in one.responses.all()
            ),
        )
        for one in heard[:most]
    ]


def read_stories(
    area: Area, *, since: dt.date | None = None, until: dt.date | None = None, most: int = 6
) -> list[Told]:
    """Return the published stories of `area` and of what lies within it, the newest month first.
    One query."""
    stories = (
        Story.objects.filter(
            area__ancestors__ancestor=area,
            state=Story.State.PUBLISHED,
            consent__withdrawn_at__isnull=True,
        )
        .select_related("area")
        .order_by("-month_on", "-pk")
    )
    if since:
        stories = stories.filter(month_on__gte=since)
    if until:
        stories = stories.filter(month_on__lt=until)
    return [
        Told(text=one.text, language=one.language, area=one.area.name, month_on=one.month_on)
        for one in stories[:most]
    ]
