"""Starting and stopping a run of matching, deciding on what it suggests, and its weights."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.befriending.actions.pairings import hold_match, propose_match
from connections.befriending.models import (
    Match,
    MatchingRun,
    MatchingWeights,
    Referral,
    Service,
    Suggestion,
    Volunteer,
)
from connections.befriending.rules import check_can_run
from connections.befriending.vocabulary import RunState
from kinder.accounts.acting import acting
from kinder.accounts.audit import record
from kinder.accounts.models import User
from kinder.accounts.rules import Refused

RUNS_ALREADY = _("Matching runs already. Wait for it, or stop it.")


def start_matching(*, by: User, service: Service) -> MatchingRun:
    """Ask for a run over the waiting list; a worker takes it up within seconds."""
    check_can_run(by, service=service)
    with acting(user=by):
        try:
            with transaction.atomic():
                run = MatchingRun.objects.create(
                    service=service, weights=newest_weights(service), started_by=by
                )
        except IntegrityError:
            raise Refused(RUNS_ALREADY) from None
        record("start_matching", run, by=by, organisation=service.organisation)
    return run


def stop_matching(*, by: User, run: MatchingRun) -> None:
    """Stop a run that is not done; nothing that it found is kept."""
    check_can_run(by, service=run.service)
    with acting(user=by):
        stopped = MatchingRun.objects.filter(
            pk=run.pk, state__in=(RunState.QUEUED, RunState.RUNNING)
        ).update(state=RunState.CANCELLED, finished_at=timezone.now())
        if stopped:
            record("stop_matching", run, by=by, organisation=run.service.organisation)


def newest_weights(service: Service) -> MatchingWeights | None:
    return MatchingWeights.objects.filter(service=service).order_by("-version").first()


def set_weights(
    *,
    by: User,
    service: Service,
    interests: int,
    hours: int,
    nearness: int,
    language: int,
    experience: int,
    because: str,
) -> MatchingWeights:
    """Set how much each reason counts, as a new version, and why."""
    check_can_run(by, service=service)
    if interests + hours + nearness + language + experience != 100:
        raise Refused(_("The five weights have to make 100."))
    with acting(user=by):
        Service.objects.select_for_update(no_key=True, of=("self",)).get(pk=service.pk)
        before = newest_weights(service)
        weights = MatchingWeights.objects.create(
            service=service,
            version=before.version + 1 if before else 1,
            interests=interests,
            hours=hours,
            nearness=nearness,
            language=language,
            experience=experience,
            because=because.strip()[:200],
            made_by=by,
        )
        record(
            "set_weights",
            weights,
            by=by,
            organisation=service.organisation,
            points=[interests, hours, nearness, language, experience],
        )
    return weights


def accept_suggestion(*, by: User, suggestion: Suggestion, reason: str = "") -> Match:
    """Take a suggestion up: the coordinator asks both, one after the other, without names."""
    return propose_match(
        by=by,
        referral=suggestion.referral,
        volunteer=suggestion.volunteer,
        score=suggestion.score,
        reason=reason,
    )


def hold_suggestion(*, by: User, suggestion: Suggestion, reason: str) -> Match:
    """Keep a suggested volunteer for this person until something is settled."""
    if not reason.strip():
        raise Refused(_("Please say why."))
    with acting(user=by):
        match = accept_suggestion(by=by, suggestion=suggestion, reason=reason)
        return hold_match(by=by, match=match, reason=reason)


def decide_against(*, by: User, referral: Referral, volunteer: Volunteer, reason: str) -> Match:
    """Decide that these two are not to be suggested to each other again, with the reason."""
    check_can_run(by, service=referral.service)
    if not reason.strip():
        raise Refused(_("Please say why."))
    with acting(user=by):
        match = Match.objects.create(
            service=referral.service,
            referral=referral,
            participant=referral.participant,
            volunteer=volunteer,
            state="declined",
            decided_because=reason.strip()[:200],
            is_never_again=True,
        )
        Suggestion.objects.filter(referral=referral, volunteer=volunteer).delete()
        record("decide_against", match, by=by, organisation=referral.service.organisation)
    return match
