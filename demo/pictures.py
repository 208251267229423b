"""Communities' votes on their monthly picture, and the pictures that came of them, each made on the
day on which it was due; and a council that will be told of once a year."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from connections.indicators.picture import SHOWN_AFTER_DAYS, make_due_pictures, record_vote
from connections.indicators.release import plan_cadence
from connections.indicators.vocabulary import Cadence
from kinder.accounts.models import User
from places.models import Area, Geography
from places.vocabulary import AreaLevel


@dataclass(frozen=True)
class VoteSpec:
    community: str
    months_ago: int
    in_favour: int
    against: int


VOTES = (
    VoteSpec("Whinfield", 6, 34, 5),
    VoteSpec("Old Town and Harbour", 4, 41, 12),
    VoteSpec("Kirkbrae", 3, 9, 17),
)
ONCE_A_YEAR = "Whinsay Braes and Shores (invented)"


def load_pictures(geography: Geography, *, day: dt.date) -> int:
    """Write down the votes, make the pictures that came due by `day`, plan a council's next year;
    return how many rows."""
    administrator = User.objects.get(email="administrator@example.org")
    areas = {
        area.name: area
        for area in Area.objects.filter(geography=geography, level=AreaLevel.COMMUNITY)
    }
    first = _month(day, max(spec.months_ago for spec in VOTES))
    for spec in VOTES:
        record_vote(
            by=administrator,
            area=areas[spec.community],
            voted_on=_month(day, spec.months_ago) + dt.timedelta(days=9),
            in_favour=spec.in_favour,
            against=spec.against,
            is_on=spec.in_favour > spec.against,
            now=_morning(day),
        )
    made = 0
    month_on = first
    while (due_on := _next(month_on) + dt.timedelta(days=SHOWN_AFTER_DAYS)) <= day:
        made += make_due_pictures(_morning(due_on))
        month_on = _next(month_on)
    council = Area.objects.get(geography=geography, name=ONCE_A_YEAR)
    plan_cadence(
        by=administrator,
        council=council,
        from_year=day.year + 1,
        cadence=Cadence.ANNUAL,
        now=_morning(day),
    )
    return len(VOTES) + made + 1


def _month(day: dt.date, ago: int) -> dt.date:
    months = day.year * 12 + day.month - 1 - ago
    return dt.date(months // 12, months % 12 + 1, 1)


def _next(month_on: dt.date) -> dt.date:
    return _month(month_on, -1)


def _morning(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time(10)))
