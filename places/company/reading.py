"""The notes about company that stand now, as everybody sees them: never how many say the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.text import capfirst

from kinder.accounts.models import Contributor, User
from places.company.actions import find_own
from places.company.rules import DAYS_AHEAD, can_have_company, is_open_throughout
from places.gatherings import Occasion, occasions_between
from places.history import name_language
from places.models import Area, CancelledOccasion, CompanyNotice, Gathering, Place
from places.models.place import SHOWN_STATES
from places.vocabulary import CompanyThing, CompanyWay

LOOKED_AT = 200


@dataclass(frozen=True)
class Company:
    """What one or more notes say, told once. `id` is one of them, for a keeper."""

    id: UUID
    place: Place
    gathering: Gathering | None
    is_offer: bool
    thing: CompanyThing
    language: str
    starts_at: datetime
    ends_at: datetime

    @property
    def is_at_the_door(self) -> bool:
        return self.thing == CompanyThing.GO_IN


def _standing(now: datetime) -> "QuerySet[CompanyNotice]":
    called_off = CancelledOccasion.objects.filter(
        gathering=OuterRef("gathering"), cancelled_on=OuterRef("on")
    )
    return (
        CompanyNotice.objects.filter(
            Q(gathering=None) | Q(gathering__state=Gathering.State.SHOWN),
            ends_at__gt=now,
            place__state__in=SHOWN_STATES,
        )
        .annotate(on=TruncDate("starts_at"))
        .filter(~Exists(called_off))
        .select_related("place", "gathering")
        .order_by("starts_at", "ends_at", "id")
    )


def list_company(
    now: datetime,
    *,
    place: Place | None = None,
    gathering: Gathering | None = None,
    area: Area | None = None,
    most: int = 6,
) -> list[Company]:
    """Return what stands at `place`, at `gathering`, in `area`, or anywhere, the soonest first.

    A place that has changed its hours or its kind since drops what no longer fits; notes of people
    who are left out for flooding are not shown. One query.
    """
    notices = _standing(now).filter(contributor__is_blocked=False)
    if place is not None:
        notices = notices.filter(place=place)
    if gathering is not None:
        notices = notices.filter(gathering=gathering)
    if area is not None:
        notices = notices.filter(place__area__ancestors__ancestor=area)
    told: dict[tuple[Any, ...], Company] = {}
    for notice in notices[:LOOKED_AT]:
        if not _fits(notice):
            continue
        key = (
            notice.place_id,
            notice.gathering_id,
            notice.way,
            notice.thing,
            notice.language,
            notice.starts_at,
            notice.ends_at,
        )
        told.setdefault(key, _tell(notice))
    return list(islice(told.values(), most))


def list_own(
    now: datetime, *, by: Contributor | None, user: User | None
) -> "QuerySet[CompanyNotice]":
    """Return the notes that somebody can still take back, the soonest first."""
    mine = CompanyNotice.objects.filter(find_own(by=by, user=user), ends_at__gt=now)
    return mine.select_related("place", "gathering").order_by("starts_at", "id")


def tell_own(notice: CompanyNotice) -> Company:
    """Return one's own note as others see it."""
    return _tell(notice)


def list_times(gathering: Gathering, now: datetime) -> Sequence[Occasion]:
    """Return the times of `gathering` that company can be asked for."""
    return [
        one
        for one in occasions_between(gathering, now, now + timedelta(days=DAYS_AHEAD + 1))
        if one.on <= timezone.localdate(now) + timedelta(days=DAYS_AHEAD)
    ]


def _fits(notice: CompanyNotice) -> bool:
    if not can_have_company(notice.place, at_gathering=notice.gathering_id is not None):
        return False
    return notice.gathering_id is not None or is_open_throughout(
        notice.place, notice.starts_at, notice.ends_at
    )


def _tell(notice: CompanyNotice) -> Company:
    return Company(
        id=notice.pk,
        place=notice.place,
        gathering=notice.gathering,
        is_offer=notice.way == CompanyWay.OFFER,
        thing=CompanyThing(notice.thing),
        language=capfirst(name_language(notice.language)) if notice.language else "",
        starts_at=timezone.localtime(notice.starts_at),
        ends_at=timezone.localtime(notice.ends_at),
    )
