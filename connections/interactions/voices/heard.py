"""What was heard, signed by who works there, and what was done about it together."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from connections.interactions.models import Heard, Response
from connections.interactions.voices.rules import (
    FROM_THREE,
    check_can_answer_heard,
    check_can_tell_heard,
)
from kinder.accounts.audit import record
from kinder.accounts.models import Organisation, User
from kinder.accounts.rules import Refused
from places.models import Area


@transaction.atomic
def tell_heard(*, by: User, area: Area, text: str, heard_from_3: bool) -> Heard:
    """Say in public what was heard in `area`, with the month and nothing finer."""
    check_can_tell_heard(by, area=area)
    if not heard_from_3:
        raise Refused(FROM_THREE)
    heard = Heard.objects.create(
        area=area,
        text=" ".join(text.split()),
        heard_from_3=True,
        signed_by=by,
        month_on=timezone.localdate().replace(day=1),
    )
    record("tell_heard", heard, by=by, area=area.code)
    return heard


@transaction.atomic
def hide_heard(*, by: User, heard: Heard) -> None:
    """Take what was heard, with what was done about it, from every page at once."""
    check_can_tell_heard(by, area=heard.area)
    Heard.objects.filter(pk=heard.pk, hidden_at__isnull=True).update(hidden_at=timezone.now())
    record("hide_heard", heard, by=by)


@transaction.atomic
def show_heard(*, by: User, heard: Heard) -> None:
    check_can_tell_heard(by, area=heard.area)
    Heard.objects.filter(pk=heard.pk).update(hidden_at=None)
    record("show_heard", heard, by=by)


@transaction.atomic
def answer_heard(
    *, by: User, heard: Heard, text: str, organisation: Organisation | None, done_on: dt.date
) -> Response:
    """Say what was done together about something heard: “you said, together we did”."""
    check_can_answer_heard(by, heard=heard, organisation=organisation)
    response = Response.objects.create(
        heard=heard, text=" ".join(text.split()), organisation=organisation, done_on=done_on
    )
    record("answer_heard", response, by=by, organisation=organisation, heard=heard.pk)
    return response


@transaction.atomic
def hide_response(*, by: User, response: Response) -> None:
    check_can_answer_heard(by, heard=response.heard, organisation=None)
    Response.objects.filter(pk=response.pk, hidden_at__isnull=True).update(hidden_at=timezone.now())
    record("hide_response", response, by=by)


@transaction.atomic
def show_response(*, by: User, response: Response) -> None:
    check_can_answer_heard(by, heard=response.heard, organisation=None)
    Response.objects.filter(pk=response.pk).update(hidden_at=None)
    record("show_response", response, by=by)
