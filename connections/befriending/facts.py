"""Reads what the state machines ask about, and who somebody is in a service."""

import datetime as dt

from django.utils import timezone

from connections.befriending.models import (
    AgreementSignature,
    Check,
    Ending,
    Match,
    Participant,
    Referral,
    Service,
    Volunteer,
)
from connections.befriending.states import TAKING_ROOM, PairingFacts, ReferralFacts, Who
from connections.befriending.vocabulary import CheckDecision, ReferralState, Side
from kinder.accounts.models import Role, User
from kinder.accounts.rules import has_role


def read_who(user: User, match: Match) -> Who:
    """Return what `user` is to this pairing; whoever works for the service is that first."""
    if (who := read_staff(user, match.service)) is not Who.STRANGER:
        return who
    if Volunteer.objects.filter(pk=match.volunteer_id, user=user).exists():
        return Who.VOLUNTEER
    if Participant.objects.filter(pk=match.participant_id, user=user).exists():
        return Who.PARTICIPANT
    return Who.STRANGER


def read_staff(user: User, service: Service) -> Who:
    """Return whether `user` is a lead, a coordinator or a stranger to the service's work."""
    if has_role(user, Role.LEAD, organisation=service.organisation_id):
        return Who.LEAD
    if has_role(user, Role.COORDINATOR, organisation=service.organisation_id):
        return Who.COORDINATOR
    return Who.STRANGER


def read_check_until(volunteer: Volunteer) -> dt.date | None:
    """Return the last day on which a cleared check of the volunteer holds (see PairingFacts).

    A check that refused them after that one was decided undoes it.
    """
    decided = Check.objects.filter(volunteer=volunteer).exclude(decision=CheckDecision.PENDING)
    newest = decided.order_by("decided_on", "id").last()
    if newest is None or newest.decision == CheckDecision.REFUSED:
        return None
    ends = [
        check.expires_on or dt.date.max
        for check in decided
        if check.decision == CheckDecision.CLEARED
    ]
    return max(ends)


def has_room(volunteer: Volunteer, *, besides: Match | None = None) -> bool:
    taken = Match.objects.filter(volunteer=volunteer, state__in=TAKING_ROOM)
    if besides is not None:
        taken = taken.exclude(pk=besides.pk)
    return taken.count() < volunteer.capacity


def is_away(volunteer: Volunteer, today: dt.date) -> bool:
    """Tell whether the volunteer left, was declined, or is away on that day."""
    return bool(
        volunteer.left_on
        or volunteer.declined_on
        or (volunteer.away_until_on and volunteer.away_until_on > today)
    )


def read_facts(match: Match, *, today: dt.date | None = None) -> PairingFacts:
    """Read what the guards ask about a pairing, stored or about to be."""
    today = today or timezone.localdate()
    volunteer, participant, referral = match.volunteer, match.participant, match.referral
    signed: set[str] = set()
    ending = None
    if not match._state.adding:
        agreement = match.agreements.order_by("-version").first()
        if agreement is not None:
            # A signature stands for the very text: one under another text does not count.
            signed = set(
                AgreementSignature.objects.filter(
                    agreement=agreement, text_sha256=agreement.text_sha256
                ).values_list("side", flat=True)
            )
        ending = Ending.objects.filter(match=match).first()
    never = Match.objects.filter(
        participant=participant, volunteer=volunteer, is_never_again=True
    ).exclude(pk=match.pk)
    return PairingFacts(
        today=today,
        is_same_service=volunteer.service_id == participant.service_id == match.service_id,
        is_waiting=referral.state == ReferralState.WAITING and referral.has_consented,
        is_never_again=never.exists(),
        needs_experience=participant.needs_experience,
        is_experienced=volunteer.is_experienced,
        has_left=is_away(volunteer, today),
        has_room=has_room(volunteer, besides=match),
        has_participant_consent=match.participant_consented_at is not None,
        has_volunteer_consent=match.volunteer_consented_at is not None,
        check_until=read_check_until(volunteer),
        is_trained=volunteer.trained_on is not None and volunteer.trained_on <= today,
        has_references=volunteer.references_on is not None,
        is_signed_by_participant=Side.PARTICIPANT in signed,
        is_signed_by_volunteer=Side.VOLUNTEER in signed,
        is_planned_ending=bool(ending and ending.is_planned),
        has_plan=bool(ending and ending.plan),
        has_last_review=bool(ending and ending.reviewed_on),
    )


def read_referral_facts(referral: Referral) -> ReferralFacts:
    return ReferralFacts(
        has_consented=referral.has_consented, is_eligible=bool(referral.is_eligible)
    )
