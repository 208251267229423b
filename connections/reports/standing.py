"""Standing orders: the same question asked again at each release, for somebody's list."""

import logging
from collections.abc import Iterable

from django.db import transaction

from connections.indicators.quarters import name_quarter
from connections.reports import reading
from connections.reports.actions import ask_report
from connections.reports.models import ReportSchedule
from connections.reports.question import Question
from connections.reports.rules import MAX_SCHEDULES, check_may_add, check_owns
from connections.reports.vocabulary import Format
from kinder.accounts import audit
from kinder.accounts.models import User
from places.models import Area

logger = logging.getLogger(__name__)


@transaction.atomic
def add_schedule(
    *, by: User, name: str, question: Question, formats: Iterable[Format], wants_email: bool
) -> ReportSchedule:
    """Order `question` at each release from the next on. Raises Refused for too many."""
    check_may_add(by.report_schedules.count(), MAX_SCHEDULES)
    releases = reading.list_releases()
    order = ReportSchedule.objects.create(
        user=by,
        name=name,
        question=question.as_data(),
        formats=[item.value for item in Format if item in set(formats)],
        wants_email=wants_email,
        last_release_id=releases[0].pk if releases else None,
    )
    audit.record("order_reports", order, by=by)
    return order


@transaction.atomic
def remove_schedule(*, by: User, order: ReportSchedule) -> None:
    """Ask no more. Raises Refused for somebody else's."""
    check_owns(by, order.user_id)
    audit.record("stop_reports", order, by=by)
    order.delete()


def ask_standing_orders() -> int:
    """Ask each standing order again once there is a newer release; return how many were asked.

    One report a release, whatever the workers do: the order's row is locked and marked in the
    transaction that asks.
    """
    releases = reading.list_releases()
    if not releases:
        return 0
    newest = releases[0]
    due = ReportSchedule.objects.exclude(last_release_id=newest.pk).values_list("pk", flat=True)
    asked = 0
    for key in list(due):
        with transaction.atomic():
            order = (
                ReportSchedule.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("user")
                .exclude(last_release_id=newest.pk)
                .filter(pk=key)
                .first()
            )
            if order is None:
                continue
            order.last_release_id = newest.pk
            order.save(update_fields=["last_release"])
            if not order.user.is_active:
                continue
            question = order.asked.at(name_quarter(newest.quarter_id))
            try:
                with transaction.atomic():
                    ask_report(
                        by=order.user,
                        question=question,
                        formats=[Format(value) for value in order.formats],
                        wants_email=order.wants_email,
                    )
            except (reading.NotReleasedError, Area.DoesNotExist):
                # The area is not in the newest boundaries: its owner sees that in the list.
                logger.warning("A standing order asks for an area that is gone: %s", order.pk)
            asked += 1
    return asked
