"""Writes about a community's own measures: propose, comment, open, close, decline."""

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from connections.interactions.asking.rules import (
    check_can_close,
    check_can_comment,
    check_can_decline,
    check_can_open,
    check_can_propose,
)
from connections.interactions.models import Measure, MeasureComment
from kinder.accounts.audit import record
from kinder.accounts.models import Organisation, User
from places.models import Area


@transaction.atomic
def propose_measure(
    *, by: User, area: Area, organisation: Organisation, question: str, scale: str, author: str
) -> Measure:
    """Show a question for comment in `area`; numbers count up and are never used again."""
    check_can_propose(by, area=area, organisation=organisation)
    _lock(area)
    last = Measure.objects.filter(area=area).aggregate(last=Max("number"))["last"] or 0
    measure = Measure.objects.create(
        area=area,
        number=last + 1,
        question=question,
        scale=scale,
        proposed_by=organisation,
        author=author,
    )
    record("propose_measure", measure, by=by, organisation=organisation, code=measure.code)
    return measure


@transaction.atomic
def comment_on_measure(
    *, by: User, measure: Measure, organisation: Organisation, text: str
) -> MeasureComment:
    check_can_comment(by, measure=measure)
    check_can_propose(by, area=measure.area, organisation=organisation)
    comment = MeasureComment.objects.create(
        measure=measure, organisation=organisation, written_by=by, text=text
    )
    record("comment_on_measure", measure, by=by, organisation=organisation, comment=comment.pk)
    return comment


@transaction.atomic
def open_measure(*, by: User, measure: Measure) -> Measure:
    """Ask the question from now on; its words can never change again."""
    _lock(measure.area)
    measure = Measure.objects.select_for_update().get(pk=measure.pk)
    check_can_open(by, measure=measure)
    measure.state, measure.opened_on = Measure.State.OPEN, timezone.localdate()
    measure.save(update_fields=["state", "opened_on"])
    record("open_measure", measure, by=by, code=measure.code)
    return measure


@transaction.atomic
def decline_measure(*, by: User, measure: Measure) -> Measure:
    measure = Measure.objects.select_for_update().get(pk=measure.pk)
    check_can_decline(by, measure=measure)
    measure.state = Measure.State.DECLINED
    measure.save(update_fields=["state"])
    record("decline_measure", measure, by=by, code=measure.code)
    return measure


@transaction.atomic
def close_measure(*, by: User, measure: Measure) -> Measure:
    """Ask the question no more; what was answered stays."""
    measure = Measure.objects.select_for_update().get(pk=measure.pk)
    check_can_close(by, measure=measure)
    measure.state, measure.closed_on = Measure.State.CLOSED, timezone.localdate()
    measure.save(update_fields=["state", "closed_on"])
    record("close_measure", measure, by=by, code=measure.code)
    return measure


def _lock(area: Area) -> None:
    """Two at once wait for each other: a fourth open measure or a second number 1 cannot come."""
    Area.objects.select_for_update(no_key=True).only("pk").get(pk=area.pk)
