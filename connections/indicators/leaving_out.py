"""Leaves people out of figures that are not published yet, and lets them back in."""

import datetime as dt
from collections.abc import Collection
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from connections.indicators import quarters
from connections.indicators.abuse import find_people
from connections.indicators.eligibility import MIN_AGE_DAYS
from connections.indicators.models import AbuseAlert, Quarter, QuarterContributor, Release
from connections.indicators.release import reopen_without
from connections.indicators.rules import check_can_close_alert
from kinder.accounts.blocking import block_contributors, register
from kinder.accounts.models import Decision, User
from kinder.accounts.rules import Refused

NO_GROUP = _("Nobody can be told apart for this warning: look at what happened there instead.")


@transaction.atomic
def leave_group_out(*, by: User, alert: AbuseAlert) -> int:
    """Leave the people whom an open warning shows out of this quarter and every later one; return
    how many. What was computed of the quarter is computed again without them."""
    locked = AbuseAlert.objects.select_for_update().get(pk=alert.pk)
    check_can_close_alert(by, alert=locked)
    people = find_people(locked)
    if not people:
        raise Refused(NO_GROUP)
    return block_contributors(by=by, contributors=people, reason=Decision.Reason.SPAM)


# A person counts again as the freeze would let them, from the months as they stand now.
_DECIDE_AGAIN = """
UPDATE indicators_quartercontributor q
SET is_eligible = NOT c.is_blocked
    AND (c.created_at AT TIME ZONE %(zone)s)::date <= %(seen_by)s
    AND coalesce((
        SELECT min(day) < max(day)
        FROM (
            SELECT unnest(m.seen_on) AS day FROM indicators_contributormonth m
            WHERE m.contributor_id = q.contributor_id AND m.logs > 0
              AND m.month_on >= %(quarter)s AND m.month_on < %(ends)s
            UNION ALL
            SELECT a.answered_on FROM indicators_answermonth a
            WHERE a.contributor_id = q.contributor_id
              AND a.month_on >= %(quarter)s AND a.month_on < %(ends)s
        ) days
        WHERE day >= %(quarter)s AND day < %(ends)s
    ), FALSE),
    is_answering = NOT c.is_blocked
    AND (c.created_at AT TIME ZONE %(zone)s)::date <= %(seen_by)s AND q.answered > 0
FROM accounts_contributor c
WHERE c.id = q.contributor_id AND q.quarter_id = %(quarter)s
  AND q.revision = (SELECT revision FROM indicators_quarter WHERE starts_on = %(quarter)s)
  AND q.contributor_id = ANY(%(people)s::uuid[])
RETURNING q.council_id
"""


def decide_again(people: Collection[UUID]) -> None:
    """After a block or its end: decide again whether `people` count in quarters that are frozen and
    not published, and compute those again. Published figures stay as they are."""
    told = Release.objects.filter(
        state__in=(Release.State.PUBLISHED, Release.State.SUPERSEDED)
    ).values("quarter")
    in_work = Release.objects.filter(state__in=Release.IN_WORK).values("quarter")
    # A freeze that is under way ends first: its rows must be seen here.
    list(Quarter.objects.select_for_update().order_by("starts_on"))
    frozen = (
        QuarterContributor.objects.filter(contributor_id__in=people)
        .filter(Q(quarter__in=in_work) | ~Q(quarter__in=told))
        .values_list("quarter", flat=True)
        .distinct()
    )
    touched: dict[dt.date, set[int]] = {}
    with connection.cursor() as cursor:
        for quarter_on in sorted(frozen):
            cursor.execute(
                _DECIDE_AGAIN,
                {
                    "quarter": quarter_on,
                    "ends": quarters.next_quarter(quarter_on),
                    "seen_by": quarters.last_day(quarter_on) - dt.timedelta(days=MIN_AGE_DAYS),
                    "zone": settings.TIME_ZONE,
                    "people": [str(person) for person in people],
                },
            )
            touched[quarter_on] = {council for (council,) in cursor.fetchall()}
    reopen_without(touched)


def register_hook() -> None:
    register("indicators", decide_again)
