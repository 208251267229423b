"""Raising worries about somebody's safety, reading them, and seeing to them.

What a concern says stands encrypted in its own row and nowhere else: not in the audit, in a task's
arguments, in mail or in a log line.
"""

import json
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.befriending.models import Concern, ConcernStep, Match, Service
from connections.befriending.rules import check_can_raise_concern, check_can_read_concerns
from connections.befriending.vocabulary import ConcernSource, ConcernState, ConcernStepKind
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.audit import record
from kinder.accounts.encryption import decrypt, encrypt
from kinder.accounts.models import Task, User
from kinder.accounts.rules import Refused
from places.models import Area

MOST_WORDS = 5_000
"""The longest worry, in signs: pages say so and keep what was typed."""


class NobodyOnDutyError(Exception):
    """No service of this deployment receives residents' worries."""


@dataclass(frozen=True)
class Worry:
    """What a concern says, and how to reach whoever raised it, as far as they told."""

    text: str
    contact: str = ""


def report_worry(*, text: str, contact: str = "", area: Area | None = None) -> str:
    """Bring a resident's worry to the safeguarding leads of the service on duty, and return the
    reference that the resident may quote.

    It is written without a name: the device, the account and the network leave no trace in it.
    Raises Refused (nothing said, or too much) and NobodyOnDutyError.
    """
    text = _check_text(text)
    service = Service.objects.on_duty()
    if service is None:
        raise NobodyOnDutyError
    with acting(purpose=Purpose.WORRY):
        concern = Concern(
            service=service,
            ciphertext=seal(Worry(text, contact.strip()[:200])),
            source=ConcernSource.RESIDENT,
            area=area,
        )
        concern.save(force_insert=True)
        record("report_worry", concern, by=Purpose.WORRY, organisation=service.organisation)
        _tell_leads(concern, service)
    return concern.reference


def raise_concern(*, by: User, service: Service, text: str, match: Match | None = None) -> str:
    """Raise a worry as somebody in `service`, and return its reference. Only the service's
    safeguarding leads can read it again; not even `by` can, unless they are one.

    Raises Refused for outsiders, and where nothing or too much was said.
    """
    check_can_raise_concern(by, service=service)
    text = _check_text(text)
    with acting(user=by):
        concern = Concern(
            service=service,
            match=match,
            ciphertext=seal(Worry(text)),
            raised_by=by,
        )
        concern.save(force_insert=True)
        record("raise_concern", concern, by=by, organisation=service.organisation)
        _tell_leads(concern, service)
    return concern.reference


def seal(worry: Worry) -> bytes:
    """Return `worry` as it is kept."""
    return encrypt(json.dumps({"text": worry.text, "contact": worry.contact}))


def open_worry(concern: Concern) -> Worry:
    """Return what `concern` says; whoever calls this writes the audit of the reading."""
    told = json.loads(decrypt(concern.ciphertext))
    return Worry(told["text"], told["contact"])


@dataclass(frozen=True)
class Note:
    """A step on a concern, with what was written."""

    step: ConcernStep
    text: str


@dataclass(frozen=True)
class Reading:
    """A concern as a lead reads it."""

    concern: Concern
    worry: Worry
    notes: list[Note]


def read_concern(*, by: User, concern: Concern) -> Reading:
    """Open a concern for a safeguarding lead; each reading is a row of the audit."""
    check_can_read_concerns(by, service=concern.service)
    with acting(user=by):
        concern = Concern.objects.select_related(
            "service__organisation", "area", "raised_by", "match"
        ).get(pk=concern.pk)
        record("read_concern", concern, by=by, organisation=concern.service.organisation)
        steps = concern.steps.select_related("made_by")
        return Reading(
            concern=concern,
            worry=open_worry(concern),
            notes=[
                Note(step, decrypt(step.ciphertext) if step.ciphertext else "") for step in steps
            ],
        )


def see_to_concern(
    *, by: User, concern: Concern, kind: ConcernStepKind | str, text: str = ""
) -> ConcernStep:
    """Note what was done: a note, passed on (to whom stands in the text), closed, opened again."""
    check_can_read_concerns(by, service=concern.service)
    kind = ConcernStepKind(kind)
    if kind is not ConcernStepKind.REOPENED and not text.strip():
        raise Refused(_("Please say what was done."))
    with acting(user=by):
        concern = Concern.objects.select_for_update(of=("self",)).get(pk=concern.pk)
        step = ConcernStep.objects.create(
            concern=concern,
            kind=kind,
            ciphertext=encrypt(text.strip()) if text.strip() else None,
            made_by=by,
        )
        state = {
            ConcernStepKind.PASSED_ON: ConcernState.PASSED_ON,
            ConcernStepKind.CLOSED: ConcernState.CLOSED,
            ConcernStepKind.REOPENED: ConcernState.OPEN,
        }.get(kind)
        if state is not None:
            concern.state = state
            concern.closed_at = timezone.now() if state == ConcernState.CLOSED else None
            concern.save(update_fields=["state", "closed_at"])
            is_done = state != ConcernState.OPEN
            Task.objects.filter(key=f"concern:{concern.pk}").update(
                done_at=timezone.now() if is_done else None, done_by=by if is_done else None
            )
        record(
            "see_to_concern",
            concern,
            by=by,
            organisation=concern.service.organisation,
            kind=kind.value,
        )
    return step


def _check_text(text: str) -> str:
    text = text.strip()
    if not text:
        raise Refused(_("Please say what worries you."))
    if len(text) > MOST_WORDS:
        raise Refused(_("That is too long. Say the main thing; somebody will ask for the rest."))
    return text


def _tell_leads(concern: Concern, service: Service) -> None:
    """Put it on the leads' desks, without a word of what it says."""
    Task.objects.create(
        organisation=service.organisation,
        kind=Task.Kind.CONCERN,
        key=f"concern:{concern.pk}",
        object_type=Concern._meta.label_lower,
        object_id=str(concern.pk),
        due_on=concern.raised_at.date(),
    )
