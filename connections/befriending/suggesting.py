"""Runs matching over a service's waiting list, in steps that a page can watch and stop.

A run is claimed by a session lock, so a worker that dies leaves it to be taken up again; its
suggestions are written in one transaction, and only while nobody has stopped it.
"""

from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from connections.befriending import matching
from connections.befriending.models import (
    Check,
    Match,
    MatchingRun,
    MatchingWeights,
    Participant,
    Referral,
    Service,
    Suggestion,
    Unmatched,
    Volunteer,
)
from connections.befriending.states import TAKING_ROOM
from connections.befriending.vocabulary import CheckDecision, ReferralState, RunState
from kinder.accounts.acting import Purpose, acting
from places.models import Area

LOCK = 0x6265_6672
"""First key of the session locks; the second is made from the run's id."""


def continue_runs() -> int:
    """Work on every run that nobody works on; return how many were finished."""
    with acting(purpose=Purpose.SWEEP):
        waiting = list(
            MatchingRun.objects.filter(state__in=(RunState.QUEUED, RunState.RUNNING))
            .order_by("made_at")
            .values_list("pk", flat=True)
        )
    return sum(run_alone(pk) for pk in waiting)


def run_alone(pk: UUID) -> bool:
    """Work on one run unless another worker does; tell whether it came to its end."""
    key = pk.int % 2**31
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK, key])
        if not cursor.fetchone()[0]:
            return False
    try:
        return _run(pk)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK, key])


def _run(pk: UUID) -> bool:
    with acting(purpose=Purpose.SWEEP):
        run = (
            MatchingRun.objects.select_related("service", "weights")
            .filter(pk=pk, state__in=(RunState.QUEUED, RunState.RUNNING))
            .first()
        )
        if run is None:
            return False
        seekers, helpers = gather(run.service)
        MatchingRun.objects.filter(pk=pk).update(
            state=RunState.RUNNING,
            progress=0,
            participants=len(seekers),
            volunteers=len(helpers),
        )
    try:
        result = matching.match(
            seekers, helpers, read_weights(run.weights), tell=lambda done: _say(pk, done)
        )
    except matching.StoppedError:
        return False
    except matching.TooManyError:
        _refuse(pk)
        return True
    return _store(pk, result)


def _say(pk: UUID, percent: int) -> None:
    """Note the progress where the page can see it; stop where somebody stopped the run."""
    with acting(purpose=Purpose.SWEEP):
        running = MatchingRun.objects.filter(pk=pk, state=RunState.RUNNING)
        if not running.update(progress=percent):
            raise matching.StoppedError


def _refuse(pk: UUID) -> None:
    with acting(purpose=Purpose.SWEEP):
        MatchingRun.objects.filter(pk=pk).update(
            state=RunState.REFUSED,
            finished_at=timezone.now(),
            refused_because=_(
                "More than %(most)s people wait: the order of waiting could no longer be kept "
                "exactly. Split the service, or close referrals that are over."
            )
            % {"most": f"{matching.MOST_SEEKERS:,}"},
        )


@transaction.atomic
def _store(pk: UUID, result: matching.Result) -> bool:
    with acting(purpose=Purpose.SWEEP):
        run = MatchingRun.objects.select_for_update().get(pk=pk)
        if run.state != RunState.RUNNING:
            return False
        # Only the newest run's suggestions are kept: people's wishes change.
        older = MatchingRun.objects.filter(service=run.service_id).exclude(pk=pk)
        Suggestion.objects.filter(run__in=older).delete()
        Unmatched.objects.filter(run__in=older).delete()
        Suggestion.objects.bulk_create(
            (
                Suggestion(
                    run=run,
                    referral_id=UUID(seeker),
                    volunteer_id=UUID(best.helper),
                    rank=rank,
                    score=best.score,
                    is_assigned=best.is_assigned,
                    points=list(best.points),
                    shared={
                        "km": best.km,
                        "hours": list(best.shared_hours),
                        "interests": list(best.shared_interests),
                        "is_better_for_both": best.is_better_for_both,
                    },
                )
                for seeker, shown in result.best.items()
                for rank, best in enumerate(shown, start=1)
            ),
            batch_size=2_000,
        )
        Unmatched.objects.bulk_create(
            Unmatched(run=run, referral_id=UUID(seeker), constraint=obstacle.value, detail=detail)
            for seeker, (obstacle, detail) in result.missing.items()
        )
        run.state, run.progress = RunState.DONE, 100
        run.finished_at = timezone.now()
        run.assigned, run.input_sha256 = len(result.assigned), result.input_sha256
        run.save()
    return True


def read_weights(weights: MatchingWeights | None) -> matching.Weights:
    """Return the weights of a version, or those of the method where a service set none."""
    if weights is None:
        return matching.Weights()
    return matching.Weights(
        weights.interests, weights.hours, weights.nearness, weights.language, weights.experience
    )


def gather(service: Service) -> tuple[list[matching.Seeker], list[matching.Helper]]:
    """Read who waits without a standing suggestion, and which volunteers have room, as plain data:
    ids and traits, never a name. Called while somebody or a purpose acts."""
    today = timezone.localdate()
    standing = Match.objects.filter(service=service, state__in=TAKING_ROOM)
    referrals = list(
        Referral.objects.filter(service=service, state=ReferralState.WAITING, has_consented=True)
        .exclude(pk__in=standing.values("referral"))
        .select_related("participant")
        .order_by("id")
    )
    volunteers = list(
        Volunteer.objects.filter(service=service, left_on=None, declined_on=None).order_by("id")
    )
    points = _points([*(r.participant for r in referrals), *volunteers])
    never: dict[UUID, set[str]] = {}
    for participant, volunteer in Match.objects.filter(
        service=service, is_never_again=True
    ).values_list("participant", "volunteer"):
        never.setdefault(participant, set()).add(str(volunteer))
    taken: dict[UUID, int] = {}
    for volunteer in standing.values_list("volunteer", flat=True):
        taken[volunteer] = taken.get(volunteer, 0) + 1
    cleared = _cleared(volunteers)
    seekers = [
        matching.Seeker(
            id=str(referral.pk),
            waiting_days=max((today - referral.received_on).days, 0),
            languages=frozenset(person.languages),
            best_language=person.prefers_language or next(iter(person.languages), ""),
            gender=person.gender,
            prefers_gender=person.prefers_gender,
            interests=frozenset(person.interests),
            hours=frozenset(person.free_hours),
            point=points.get(person.travel_area_id),
            needs_experience=person.needs_experience,
            priority=referral.priority,
            never=frozenset(never.get(person.pk, ())),
        )
        for referral in referrals
        for person in (referral.participant,)
    ]
    helpers = [
        matching.Helper(
            id=str(one.pk),
            languages=frozenset(one.languages),
            gender=one.gender,
            prefers_gender=one.prefers_gender,
            interests=frozenset(one.interests),
            hours=frozenset(one.free_hours),
            point=points.get(one.travel_area_id),
            travel_km=one.travel_km,
            room=max(one.capacity - taken.get(one.pk, 0), 0),
            is_experienced=one.is_experienced,
            is_cleared=one.pk in cleared
            and one.trained_on is not None
            and one.references_on is not None
            and not (one.away_until_on and one.away_until_on > today),
        )
        for one in volunteers
    ]
    return seekers, helpers


def _cleared(volunteers: list[Volunteer]) -> set[UUID]:
    """Return who has a cleared check that holds today and no later one that refused them."""
    today = timezone.localdate()
    newest: dict[UUID, tuple[object, int, str]] = {}
    valid: set[UUID] = set()
    for check in Check.objects.filter(volunteer__in=volunteers).exclude(
        decision=CheckDecision.PENDING
    ):
        key = (check.decided_on, check.pk, check.decision)
        if check.volunteer_id not in newest or key[:2] > newest[check.volunteer_id][:2]:
            newest[check.volunteer_id] = key
        if check.decision == CheckDecision.CLEARED and (
            check.expires_on is None or check.expires_on >= today
        ):
            valid.add(check.volunteer_id)
    return {pk for pk in valid if newest[pk][2] == CheckDecision.CLEARED}


def _points(people: list[Participant | Volunteer]) -> dict[int | None, tuple[float, float]]:
    """Return a point inside each listed area, once an area."""
    ids = {person.travel_area_id for person in people if person.travel_area_id}
    return {
        pk: (point.x, point.y)
        for pk, point in Area.objects.filter(pk__in=ids).values_list("pk", "point")
        if point
    }
