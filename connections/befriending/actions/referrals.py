"""Referrals: coming in, looked at together, waiting in a fair order, put aside."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.befriending.facts import read_referral_facts, read_staff
from connections.befriending.models import Assessment, Participant, Referral, Service
from connections.befriending.rules import check_can_run
from connections.befriending.states import check_referral_move
from connections.befriending.vocabulary import ReferralState
from kinder.accounts.acting import acting
from kinder.accounts.audit import record
from kinder.accounts.encryption import encrypt
from kinder.accounts.models import User
from kinder.accounts.rules import Refused

SAY_WHY = _("Please say why.")
NEEDS_AREA = _("Say roughly where they live: choose an area.")
STILL_PAIRED = _("There is a pairing for this referral. Decide on that first.")


def add_referral(
    *,
    by: User,
    service: Service,
    person: dict[str, Any],
    **facts: Any,
) -> Referral:
    """Write down that somebody was put forward: `person` are the participant's fields, `facts` the
    referral's. The area counts for figures and is the participant's travel area."""
    check_can_run(by, service=service)
    if person.get("travel_area") is None:
        raise Refused(NEEDS_AREA)
    with acting(user=by):
        participant = Participant.objects.create(service=service, **person)
        referral = Referral.objects.create(
            service=service,
            participant=participant,
            area=person["travel_area"],
            consent_noted_by=by if facts.get("has_consented") else None,
            **facts,
        )
        record(
            "add_referral",
            referral,
            by=by,
            organisation=service.organisation,
            source=referral.source,
            has_consented=referral.has_consented,
        )
    return referral


def add_self_referral(*, by: User, participant: Participant) -> Referral:
    """Put somebody whose pairing ended forward once more, at their own wish."""
    check_can_run(by, service=participant.service)
    if participant.travel_area is None:
        raise Refused(NEEDS_AREA)
    with acting(user=by):
        Participant.objects.select_for_update(no_key=True, of=("self",)).get(pk=participant.pk)
        open_ones = Referral.objects.filter(participant=participant).exclude(
            state__in=(ReferralState.CLOSED, ReferralState.UNSUITABLE, ReferralState.WITHDRAWN)
        )
        if open_ones.exists():
            raise Refused(_("There is an open referral for this person."))
        referral = Referral.objects.create(
            service=participant.service,
            participant=participant,
            area=participant.travel_area,
            source="self",
            has_consented=True,
            consent_noted_by=by,
            received_on=timezone.localdate(),
        )
        record("add_referral", referral, by=by, organisation=participant.service.organisation)
    return referral


def change_participant(*, by: User, participant: Participant, **facts: Any) -> Participant:
    """Change what is known of a participant; the audit names the fields, not what they say."""
    check_can_run(by, service=participant.service)
    with acting(user=by):
        changed = sorted(k for k, value in facts.items() if getattr(participant, k) != value)
        for name in changed:
            setattr(participant, name, facts[name])
        if changed:
            participant.save(update_fields=changed)
            record(
                "change_participant",
                participant,
                by=by,
                organisation=participant.service.organisation,
                fields=changed,
            )
    return participant


def note_consent_to_referral(*, by: User, referral: Referral) -> Referral:
    """Note that the person agreed to be put forward."""
    check_can_run(by, service=referral.service)
    with acting(user=by):
        referral.has_consented, referral.consent_noted_by = True, by
        referral.save(update_fields=["has_consented", "consent_noted_by"])
        record("note_referral_consent", referral, by=by, organisation=referral.service.organisation)
    return referral


def assess_referral(
    *,
    by: User,
    referral: Referral,
    held_on: dt.date,
    is_eligible: bool,
    hopes: str = "",
    risk: str = "",
    **participant: Any,
) -> Referral:
    """Note the first talk: what the person hopes for, what to be careful about (encrypted), whether
    it is within what the service offers, and what was learned about the participant."""
    with acting(user=by):
        referral = _move(by, referral, "assess", assessed_on=held_on, is_eligible=is_eligible)
        Assessment.objects.update_or_create(
            referral=referral,
            defaults={
                "held_on": held_on,
                "held_by": by,
                "hopes": hopes,
                "risk_ciphertext": encrypt(risk) if risk else None,
            },
        )
        if participant:
            change_participant(by=by, participant=referral.participant, **participant)
    return referral


def queue_referral(*, by: User, referral: Referral) -> Referral:
    """Put a referral on the waiting list; the wait counts from the day it was received."""
    return _move(by, referral, "queue")


def find_unsuitable(*, by: User, referral: Referral, reason: str) -> Referral:
    """Put a referral aside as not suitable, with the reason; it is still counted."""
    return _close(by, referral, "find_unsuitable", reason)


def withdraw_referral(*, by: User, referral: Referral, reason: str = "") -> Referral:
    """Put a referral aside because the person does not want it any more; a reason is not asked."""
    return _close(by, referral, "withdraw", reason or "-")


def reopen_referral(*, by: User, referral: Referral) -> Referral:
    """Take a referral up again that was put aside by mistake or too early."""
    return _move(by, referral, "reopen", closed_on=None, reason="")


def set_priority(*, by: User, referral: Referral, priority: int, reason: str) -> Referral:
    """Override the fair order of the waiting list, with the reason; 0 goes back to the order."""
    check_can_run(by, service=referral.service)
    if priority and not reason.strip():
        raise Refused(SAY_WHY)
    with acting(user=by):
        referral.priority = priority
        referral.priority_reason = reason.strip()[:200] if priority else ""
        referral.save(update_fields=["priority", "priority_reason"])
        record(
            "set_priority",
            referral,
            by=by,
            organisation=referral.service.organisation,
            priority=priority,
        )
    return referral


def _close(by: User, referral: Referral, verb: str, reason: str) -> Referral:
    if not reason.strip():
        raise Refused(SAY_WHY)
    with acting(user=by):
        # Somebody may be suggested for this person at this moment.
        Referral.objects.select_for_update(of=("self",)).get(pk=referral.pk)
        standing = referral.matches.exclude(state__in=("ended", "declined"))
        if standing.exists():
            raise Refused(STILL_PAIRED)
        told = "" if reason == "-" else reason.strip()[:200]
        return _move(by, referral, verb, closed_on=timezone.localdate(), reason=told)


@transaction.atomic
def _move(by: User, referral: Referral, verb: str, **values: Any) -> Referral:
    """Make one move of the state machine, with its audit."""
    with acting(user=by):
        referral = (
            Referral.objects.select_for_update(of=("self",))
            .select_related("service__organisation", "participant")
            .get(pk=referral.pk)
        )
        before = referral.state
        to = check_referral_move(
            verb,
            state=before,
            who=read_staff(by, referral.service),
            facts=read_referral_facts(referral),
        )
        for name, value in (values | {"state": to.value}).items():
            setattr(referral, name, value)
        referral.save(update_fields=[*values, "state"])
        record(
            f"referral_{verb}",
            referral,
            by=by,
            organisation=referral.service.organisation,
            before=before,
            after=to.value,
        )
    return referral


def move_referral_along(*, by: User, referral: Referral, verb: str, **values: Any) -> Referral:
    """Make the move of a referral that follows from its pairing (match, wait_again, close)."""
    return _move(by, referral, verb, **values)
