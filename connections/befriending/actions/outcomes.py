"""Outcome scales: asking them with consent, and bringing along licensed ones."""

import datetime as dt
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.befriending.models import Participant, ScaleAnswer, Service, UploadedScale
from connections.befriending.outcomes import Known, read_known
from connections.befriending.rules import check_can_run
from connections.befriending.scale_files import ScaleFile
from connections.befriending.scales import ScaleError
from connections.befriending.vocabulary import ConsentFor
from kinder.accounts import consents
from kinder.accounts.acting import acting
from kinder.accounts.audit import record
from kinder.accounts.models import User
from kinder.accounts.rules import Refused

NEEDS_CONSENT = _("Ask first whether they want to answer, and note the day on which they agreed.")
TOOK_BACK = _("This person took back on their own page that they want to be asked.")
NOTHING_ANSWERED = _("Nothing is answered. There is nothing to keep.")
STILL_TO_COME = _("That day is still to come.")
UNKNOWN_SCALE = _("There is no such scale.")
TAKEN_NAME = _("That short name is taken.")
HAS_ANSWERS = _("People have answered this scale: it stays, so that their answers can be read.")


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
    scale only; each question may be skipped. Raises Refused."""
    check_can_run(by, service=participant.service)
    if answered_on > timezone.localdate():
        raise Refused(STILL_TO_COME)
    if consented_on is None or consented_on > answered_on:
        raise Refused(NEEDS_CONSENT)
    if all(answer is None for answer in answers):
        raise Refused(NOTHING_ANSWERED)
    with acting(user=by):
        known = _find_scale(participant, scale, answered_on)
        try:
            known.score(answers)
        except ScaleError as error:
            raise Refused(str(error)) from error
        _note_consent(by, participant)
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


def _find_scale(participant: Participant, scale: str, answered_on: dt.date) -> Known:
    known = read_known(participant.service)
    if scale not in known:
        raise Refused(UNKNOWN_SCALE)
    if reason := known[scale].find_obstacle(participant, known, on=answered_on):
        raise Refused(reason)
    return known[scale]


def _note_consent(by: User, participant: Participant) -> None:
    """Whoever has an account finds what they agreed to aloud on their own page, to take back."""
    if participant.user is None:
        return
    given = consents.consents_of(participant.user).filter(purpose=ConsentFor.OUTCOMES)
    if given.exists() and not given.filter(withdrawn_at=None).exists():
        raise Refused(TOOK_BACK)
    version = consents.current_wording(ConsentFor.OUTCOMES).version
    consents.give(by=by, person=participant.user, purpose=ConsentFor.OUTCOMES, version=version)


def take_answers_back(*, by: User, answer: ScaleAnswer) -> None:
    """Take answers away that were noted wrongly."""
    service = answer.participant.service
    check_can_run(by, service=service)
    with acting(user=by):
        record("take_scale_answers_back", answer, by=by, organisation=service.organisation)
        answer.delete()


def upload_scale(*, by: User, service: Service, file: ScaleFile) -> UploadedScale:
    """Bring along a scale under a licence that the service holds; it says which."""
    check_can_run(by, service=service)
    with acting(user=by):
        try:
            with transaction.atomic():
                scale = UploadedScale.objects.create(
                    service=service,
                    code=file.code,
                    name=file.name,
                    source=file.source,
                    licence=file.licence,
                    questions=file.questions,
                    table=file.table,
                    is_about_loneliness=file.is_about_loneliness,
                    uploaded_by=by,
                )
        except IntegrityError:
            raise Refused(TAKEN_NAME) from None
        record("upload_scale", scale, by=by, organisation=service.organisation)
    return scale


def remove_scale(*, by: User, scale: UploadedScale) -> None:
    """Take an uploaded scale away that nobody has answered."""
    check_can_run(by, service=scale.service)
    with acting(user=by):
        if ScaleAnswer.objects.filter(
            participant__service=scale.service, scale=scale.code
        ).exists():
            raise Refused(HAS_ANSWERS)
        record("remove_scale", scale, by=by, organisation=scale.service.organisation)
        scale.delete()
