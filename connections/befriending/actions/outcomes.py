"""Outcome scales: asking them with consent, and bringing along licensed ones."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from connections.befriending.models import (
    Meeting,
    Participant,
    ScaleAnswer,
    Service,
    UploadedScale,
)
from connections.befriending.rules import check_can_run
from connections.befriending.scales import (
    SCORERS,
    ScaleError,
    Score,
    read_uploaded,
    score_uploaded,
)
from connections.befriending.vocabulary import MeetingOutcome, Scale
from kinder.accounts.acting import acting
from kinder.accounts.audit import record
from kinder.accounts.models import User
from kinder.accounts.rules import Refused

NOT_AT_FIRST = _("Not at the first visit: ask when they have met more than once.")
NEEDS_CONSENT = _("Ask first whether they want to answer, and note the day on which they agreed.")
ONE_SCALE = _("This person answers another loneliness scale. One is enough.")
UNKNOWN_SCALE = _("There is no such scale.")


def note_scale_answers(
    *,
    by: User,
    participant: Participant,
    scale: str,
    answers: Sequence[int | None],
    answered_on: dt.date,
    consented_on: dt.date | None,
) -> ScaleAnswer:
    """Note somebody's answers, given with consent, after at least two meetings, to one loneliness
    scale only. Raises Refused."""
    check_can_run(by, service=participant.service)
    if consented_on is None or consented_on > answered_on:
        raise Refused(NEEDS_CONSENT)
    with acting(user=by):
        met = Meeting.objects.filter(
            match__participant=participant, outcome=MeetingOutcome.MET, on__lte=answered_on
        )
        if met.count() < 2:
            raise Refused(NOT_AT_FIRST)
        given = ScaleAnswer.objects.filter(participant=participant)
        if scale in Scale.values and given.filter(scale__in=Scale.values).exclude(scale=scale):
            raise Refused(ONE_SCALE)
        try:
            score_answers(participant.service, scale, answers)
        except ScaleError as error:
            raise Refused(str(error)) from error
        answer = ScaleAnswer.objects.create(
            participant=participant,
            scale=scale,
            answers=list(answers),
            answered_on=answered_on,
            consented_on=consented_on,
            noted_by=by,
        )
        record("note_scale_answers", answer, by=by, organisation=participant.service.organisation)
    return answer


def score_answers(service: Service, scale: str, answers: Sequence[int | None]) -> Score:
    """Return the score of answers to a scale that comes along or was uploaded; ScaleError."""
    if scale in SCORERS:
        return SCORERS[scale](answers)
    uploaded = UploadedScale.objects.filter(service=service, code=scale).first()
    if uploaded is None:
        raise ScaleError(str(UNKNOWN_SCALE))
    return score_uploaded(read_uploaded(uploaded.questions), answers)


def upload_scale(
    *, by: User, service: Service, code: str, name: str, source: str, licence: str, questions: Any
) -> UploadedScale:
    """Bring along a scale under a licence that the service holds; it says which."""
    check_can_run(by, service=service)
    if not licence.strip() or not source.strip():
        raise Refused(_("Say where the scale comes from and which licence you hold."))
    if code in Scale.values:
        raise Refused(_("That short name is taken."))
    try:
        read_uploaded(questions)
    except ScaleError as error:
        raise Refused(str(error)) from error
    with acting(user=by):
        try:
            with transaction.atomic():
                scale = UploadedScale.objects.create(
                    service=service,
                    code=code,
                    name=name.strip(),
                    source=source.strip(),
                    licence=licence.strip(),
                    questions=questions,
                    uploaded_by=by,
                )
        except IntegrityError:
            raise Refused(_("That short name is taken.")) from None
        record("upload_scale", scale, by=by, organisation=service.organisation)
    return scale
