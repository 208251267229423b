"""What participants and volunteers agree to on their own pages, and what ends when taken back.

What follows is the service's rows, so it is written under a purpose once the database has shown
that they are the person's own.
"""

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.befriending.actions.pairings import ask_to_stop, lock_volunteers
from connections.befriending.models import Match, Participant, Referral, ScaleAnswer, Volunteer
from connections.befriending.states import (
    OVER,
    RUNNING,
    ReferralFacts,
    Who,
    check_referral_move,
)
from connections.befriending.vocabulary import ConsentFor, ReferralState
from kinder.accounts import consents
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.audit import record
from kinder.accounts.models import ConsentRecord, Organisation, Task, User
from kinder.accounts.rules import Refused

NOT_ASKED = _("You are not asked for that.")
OPEN = (ReferralState.NEW, ReferralState.ASSESSED, ReferralState.WAITING)


def list_asked(user: User) -> list[ConsentFor]:
    """Return what somebody is asked to agree to, as a participant or a volunteer."""
    asked = []
    with acting(user=user):
        if Participant.objects.filter(user=user).exists():
            asked += [ConsentFor.TAKING_PART, ConsentFor.OUTCOMES]
        if Volunteer.objects.filter(user=user).exists():
            asked.append(ConsentFor.VOLUNTEERING)
    return asked


def give_own_consent(*, by: User, purpose: ConsentFor, version: str) -> ConsentRecord:
    """Agree for oneself, to the very wording that was shown."""
    if purpose not in list_asked(by):
        raise Refused(NOT_ASKED)
    given = consents.give(by=by, purpose=purpose, version=version)
    if purpose == ConsentFor.TAKING_PART:
        with acting(purpose=Purpose.SWEEP):
            Referral.objects.filter(
                participant__user=by, state__in=OPEN, has_consented=False
            ).update(has_consented=True)
    return given


def take_own_consent_back(*, by: User, purpose: ConsentFor) -> None:
    """Take back what one agreed to, here or aloud; no reason is asked."""
    if purpose not in list_asked(by):
        raise Refused(NOT_ASKED)
    standing = consents.consents_of(by).filter(purpose=purpose, withdrawn_at=None).first()
    if standing is None:
        # It was said aloud, before there was an account: written down first, then taken back.
        version = consents.current_wording(purpose).version
        standing = consents.give(by=by, purpose=purpose, version=version)
    consents.withdraw(by=by, consent=standing)


def end_taking_part(consent: ConsentRecord) -> None:
    """Bring somebody's befriending to an end: their pairings, and whether they are put forward."""
    user = consent.subject.user
    if user is None:
        return
    _stop_pairings(user, Q(participant__user=user))
    with acting(purpose=Purpose.SWEEP):
        referrals = Referral.objects.filter(participant__user=user, state__in=OPEN)
        for referral in referrals.select_for_update(of=("self",)).select_related(
            "service__organisation"
        ):
            organisation = referral.service.organisation
            standing = referral.matches.exclude(state__in=OVER).first()
            referral.has_consented = False
            if standing is None:
                before = referral.state
                referral.state = check_referral_move(
                    "withdraw", state=before, who=Who.PARTICIPANT, facts=ReferralFacts()
                )
                referral.closed_on = timezone.localdate()
                record(
                    "referral_withdraw",
                    referral,
                    by=user,
                    organisation=organisation,
                    before=before,
                    after=str(referral.state),
                )
            else:
                # Somebody is suggested for them: the coordinator takes that back.
                record("take_consent_back", referral, by=user, organisation=organisation)
                _tell_coordinators(organisation, standing)
            referral.save(update_fields=["has_consented", "state", "closed_on"])


def end_volunteering(consent: ConsentRecord) -> None:
    """Suggest nobody to a volunteer any more, and bring their pairings to an end."""
    user = consent.subject.user
    if user is None:
        return
    with acting(purpose=Purpose.SWEEP):
        # Before the pairings: everybody locks in one order.
        lock_volunteers(*Volunteer.objects.filter(user=user).values_list("pk", flat=True))
    _stop_pairings(user, Q(volunteer__user=user))
    with acting(purpose=Purpose.SWEEP):
        for one in Volunteer.objects.filter(user=user, left_on=None).select_related(
            "service__organisation"
        ):
            one.left_on = timezone.localdate()
            one.save(update_fields=["left_on"])
            record("volunteer_leaves", one, by=user, organisation=one.service.organisation)


def forget_answers(consent: ConsentRecord) -> None:
    """Delete somebody's answers to outcome scales."""
    user = consent.subject.user
    if user is None:
        return
    with acting(purpose=Purpose.SWEEP):
        ScaleAnswer.objects.filter(participant__user=user).delete()


def _stop_pairings(user: User, own: Q) -> None:
    with acting(purpose=Purpose.SWEEP):
        running = list(Match.objects.filter(own, state__in=RUNNING))
    for match in running:
        ask_to_stop(by=user, match=match)


def _tell_coordinators(organisation: Organisation, match: Match) -> None:
    Task.objects.get_or_create(
        key=f"wish:{match.pk}:stop:{timezone.localdate()}",
        defaults={
            "organisation": organisation,
            "kind": Task.Kind.BEFRIENDING,
            "object_type": Match._meta.label_lower,
            "object_id": str(match.pk),
            "due_on": timezone.localdate(),
        },
    )
