"""The letter to those who wait for a report: it holds a link and nothing of the report."""

import logging

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from connections.reports.models import AreaReport, ReportRequest
from connections.reports.vocabulary import State
from kinder.accounts.letters import make_link, send_letter_to

logger = logging.getLogger(__name__)


def send_when_done(report: AreaReport) -> int:
    """Write to those who wait for `report`, once no file of it waits; return how many letters.

    Each request is claimed before its letter goes: twice called, one letter. A letter that the post
    refuses is lost, and the report still stands in its reader's list.
    """
    if report.files.filter(state=State.WAITING).exists():
        return 0
    if not report.files.filter(state=State.READY).exists():
        return 0
    with transaction.atomic():
        waiting = list(
            ReportRequest.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(report=report, wants_email=True, emailed_at__isnull=True)
            .select_related("user")
        )
        ReportRequest.objects.filter(pk__in=[item.pk for item in waiting]).update(
            emailed_at=timezone.now()
        )
    for item in waiting:
        try:
            send_letter_to(
                item.user,
                "reports/letters/ready",
                link=make_link(reverse("reports:built", args=[report.pk])),
                period=report.asked.period,
            )
        except OSError:
            logger.warning("A letter about a report could not be sent: %s", item.pk)
    return len(waiting)
