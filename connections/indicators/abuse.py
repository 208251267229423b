"""Signs that one hand was many people: asked of a quarter's frozen people, area by area.

Each sign raises an AbuseAlert, which holds the release back until an administrator has looked. None
of them is a proof: a hall shares one network, a class joins within an hour, and two people may live
the same week. So the page says what was seen and of how many, names nobody, and a person decides
whether to leave them out. Thresholds are judgements, set where the attacks of method.md begin.
"""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from connections.indicators import quarters
from connections.indicators.models import AbuseAlert
from places.models import Area

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

JOIN_SPIKE, SAME_NETWORK, BURST, SAME_SEQUENCE = (
    "join_spike",
    "same_network",
    "burst",
    "same_sequence",
)
LEAST_PEOPLE = 10
"""Fewer people of one network or one hour move no figure that is shown (K_MIN is 10)."""
LEAST_SHARE = 0.3
"""Of the people of an area who first came in the quarter: below this the figure hardly moves."""
LEAST_MOMENTS = 3
"""A sequence of fewer moments is no sequence: many people say hello on a Monday."""
LEAST_TWINS = 5
"""So many people with one sequence of LEAST_MOMENTS or more are no accident."""

SIGNS: "dict[str, _StrOrPromise]" = {
    JOIN_SPIKE: _(
        "Far more people than usual joined in {area}. Find out why: an event, a school, or somebody"
        " making many accounts."
    ),
    SAME_NETWORK: _("Many of those who joined in {area} wrote from one network."),
    BURST: _("Many of those who joined in {area} came within one hour."),
    SAME_SEQUENCE: _("Several people in {area} added exactly the same moments on the same days."),
}


@dataclass(frozen=True)
class Group:
    """The people of an area whom one sign shows together."""

    area_id: int
    sign: str
    people: tuple[UUID, ...]


def raise_signs(quarter_on: dt.date) -> int:
    """Raise an alert for each area and sign of a quarter that was just frozen; return how many."""
    raised = {(group.area_id, group.sign) for group in find_groups(quarter_on)}
    AbuseAlert.objects.bulk_create(
        [
            AbuseAlert(quarter_id=quarter_on, area_id=area, reason=sign)
            for area, sign in sorted(raised)
        ],
        ignore_conflicts=True,
    )
    return len(raised)


def find_groups(quarter_on: dt.date, *, area_id: int | None = None) -> list[Group]:
    """Return the groups that stand out in a frozen quarter, of one area where it is given."""
    facts: dict[str, Any] = {
        "quarter": quarter_on,
        "ends": quarters.next_quarter(quarter_on),
        "zone": settings.TIME_ZONE,
        "least": LEAST_PEOPLE,
        "share": LEAST_SHARE,
        "moments": LEAST_MOMENTS,
        "twins": LEAST_TWINS,
        "area": area_id,
    }
    groups = []
    with connection.cursor() as cursor:
        for sign, statement in _STATEMENTS.items():
            cursor.execute(statement, facts)
            groups += [
                Group(area, sign, tuple(sorted(people))) for area, people in cursor.fetchall()
            ]
    return groups


# The people of the quarter who count, with the ones of them who first came in it.
_PEOPLE = """
WITH people AS MATERIALIZED (
    SELECT q.home_id, q.contributor_id, c.created_at,
           (c.created_at AT TIME ZONE %(zone)s)::date >= %(quarter)s
               AND (c.created_at AT TIME ZONE %(zone)s)::date < %(ends)s AS is_new
    FROM indicators_quartercontributor q JOIN accounts_contributor c ON c.id = q.contributor_id
    WHERE q.quarter_id = %(quarter)s AND q.revision = 1 AND NOT c.is_blocked
      AND (%(area)s::bigint IS NULL OR q.home_id = %(area)s::bigint)
), joined AS (
    SELECT home_id, count(*) AS people FROM people WHERE is_new GROUP BY home_id
)"""
_STATEMENTS = {
    SAME_NETWORK: f"""{_PEOPLE}
SELECT people.home_id, array_agg(people.contributor_id)
FROM people
JOIN joined USING (home_id)
JOIN accounts_networksighting s
  ON s.contributor_id = people.contributor_id AND s.quarter_on = %(quarter)s
WHERE people.is_new
GROUP BY people.home_id, s.cluster_hmac, joined.people
HAVING count(*) >= %(least)s AND count(*) >= %(share)s * joined.people
""",  # noqa: S608 (constants only)
    BURST: f"""{_PEOPLE}, counted AS (
    SELECT home_id, created_at, count(*) OVER (
        PARTITION BY home_id ORDER BY created_at
        RANGE BETWEEN CURRENT ROW AND interval '1 hour' FOLLOWING
    ) AS within
    FROM people WHERE is_new
), full_hours AS (
    SELECT home_id, created_at FROM counted JOIN joined USING (home_id)
    WHERE within >= %(least)s AND within >= %(share)s * joined.people
)
SELECT people.home_id, array_agg(DISTINCT people.contributor_id)
FROM full_hours hour JOIN people
  ON people.home_id = hour.home_id AND people.is_new AND people.created_at >= hour.created_at
 AND people.created_at <= hour.created_at + interval '1 hour'
GROUP BY people.home_id
""",  # noqa: S608 (constants only)
    # The same moments in whatever order: the sum of their hashes, so that millions need no sorting.
    SAME_SEQUENCE: f"""{_PEOPLE}, sequences AS (
    SELECT people.home_id, people.contributor_id, count(*) AS moments,
           sum(hash_record_extended(
               ROW(m.occurred_on, m.direction, m.kind, m.area_id, m.place_id), 0)) AS sequence
    FROM people
    JOIN interactions_interaction m ON m.contributor_id = people.contributor_id
     AND m.month_on >= %(quarter)s AND m.month_on < %(ends)s
    GROUP BY people.home_id, people.contributor_id
    HAVING count(*) >= %(moments)s
)
SELECT home_id, array_agg(contributor_id) FROM sequences
GROUP BY home_id, moments, sequence HAVING count(*) >= %(twins)s
""",  # noqa: S608 (constants only)
}


@dataclass(frozen=True)
class OpenAlert:
    """An open warning in words. `people` is how many its sign shows; 0 where it shows nobody alone,
    and then nobody can be left out."""

    pk: UUID
    area: Area
    reason: str
    words: str
    people: int


def describe_alerts(quarter_on: dt.date) -> list[OpenAlert]:
    """Return the open warnings of a quarter, by the names of their areas."""
    alerts = AbuseAlert.objects.filter(quarter=quarter_on, closed_at__isnull=True)
    return [
        OpenAlert(
            pk=alert.pk,
            area=alert.area,
            reason=alert.reason,
            words=str(SIGNS.get(alert.reason, alert.reason)).format(area=alert.area.name),
            people=len(find_people(alert)),
        )
        for alert in alerts.select_related("area").order_by("area__name", "reason")
    ]


def find_people(alert: AbuseAlert) -> set[UUID]:
    """Return the contributors whom an alert is about: those who show its sign in its area today."""
    return {
        person
        for group in find_groups(alert.quarter_id, area_id=alert.area_id)
        if group.sign == alert.reason
        for person in group.people
    }
