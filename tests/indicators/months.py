"""A quarter of people for tests of the freeze and the release: counts written as they would be
swept, and moments that add up to them."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from connections.indicators.models import ContributorMonth
from kinder.accounts.models import Contributor
from places.models import Area
from tests.factories import ContributorFactory

LONDON = ZoneInfo("Europe/London")
QUARTER = dt.date(2026, 1, 1)
FREEZE_DAY = dt.datetime(2026, 5, 1, 9, tzinfo=LONDON)
PUBLISH_DAY = dt.datetime(2026, 5, 15, 9, tzinfo=LONDON)
LONG_AGO = dt.datetime(2025, 6, 1, tzinfo=LONDON)


def make_person(**facts: Any) -> Contributor:
    facts.setdefault("created_at", LONG_AGO)
    person: Contributor = ContributorFactory.create(**facts)
    return person


def make_month(
    person: Contributor,
    area: Area,
    month: int = 1,
    *,
    seen: tuple[int, ...] = (5, 9),
    **counts: Any,
) -> ContributorMonth:
    """A person's month of 2026 in an area; `seen` are days of that month."""
    facts: dict[str, Any] = dict.fromkeys(
        ("gave", "received", "noticed", "different", "different_answered", "beyond",
         "beyond_answered", "at_place"),
        0,
    ) | {"ties": [0] * 6} | counts  # fmt: skip
    facts.setdefault("logs", max(1, facts["gave"] + facts["received"] + facts["noticed"]))
    days = [dt.date(2026, month, day) for day in seen]
    facts.setdefault("last_on", max(days))
    return ContributorMonth.objects.create(
        contributor_id=person.pk,
        area=area,
        month_on=dt.date(2026, month, 1),
        seen_on=days,
        **facts,
    )
