"""Pairings: from a suggestion to a good ending, one guarded move at a time.

Every move reads the facts, asks the state machine, writes, and leaves its audit in the same
transaction. What a participant or volunteer wishes for themselves is carried out under
Purpose.OWN_WISH, after the database itself has shown them the pairing as theirs.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.befriending.actions.duties import finish_tasks_about
from connections.befriending.actions.referrals import SAY_WHY, move_referral_along
from connections.befriending.facts import read_facts, read_who
from connections.befriending.models import (
    Arrangement,
    Ending,
    Match,
    Pause,
    Referral,
    Review,
    Volunteer,
)
from connections.befriending.rules import check_can_run
from connections.befriending.states import (
    RUNNING,
    SAFE,
    PairingFacts,
    Who,
    check_pairing_move,
)
from connections.befriending.vocabulary import (
    AskedBy,
    EndingReason,
    MatchState,
    ReferralState,
    Side,
)
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.audit import record
from kinder.accounts.models import Task, User
from kinder.accounts.rules import Refused

REVIEW_DAYS = (28, 91)
"""Reviews stand at four weeks and three months after the first meeting (agreement, clause 14)."""

_STAFF = frozenset({Who.COORDINATOR, Who.LEAD})
UNKNOWN = _("There is no such pairing.")


@dataclass(frozen=True)
class Moved:
    """A pairing in the middle of a move, and what the one who makes it is to it."""

    match: Match
    who: Who


@contextmanager
def moving(by: User, match: Match, verb: str) -> Iterator[Moved]:
    """Lock a pairing for one move of `by`: yields it once the move was checked, in the state it
    will have; saves it and writes the audit when the block ends.

    Refused where `by` does not see the pairing, may not make the move, or it is not possible now.
    """
    with acting(user=by):
        seen = Match.objects.select_related("service").filter(pk=match.pk).first()
        if seen is None:
            raise Refused(UNKNOWN)
        who = read_who(by, seen)
        lock_pairing(seen)
        if who in _STAFF:
            with _locked(match.pk, verb, who, by) as found:
                yield found
        else:
            facts = _read_whole(seen.pk)
            with (
                acting(purpose=Purpose.OWN_WISH),
                _locked(match.pk, verb, who, by, facts) as found,
            ):
                yield found


def lock_pairing(match: Match) -> None:
    """Make whatever else would change a pairing, or what makes it safe, wait for this transaction.

    Everybody locks in one order, so that nobody waits in a circle: volunteers by their ids, then
    the pairing, then the referral. Under a purpose of its own: whoever is one side of a pairing
    may not write to the other's row.
    """
    lock_volunteers(match.volunteer_id)
    with acting(purpose=Purpose.SWEEP):
        Match.objects.select_for_update(no_key=True, of=("self",)).get(pk=match.pk)


def lock_volunteers(*keys: UUID) -> None:
    """Hold volunteers: what is known of their checks, training and room stays until the end of the
    transaction, and so does the state of their pairings."""
    with acting(purpose=Purpose.SWEEP):
        held = Volunteer.objects.select_for_update(no_key=True, of=("self",))
        list(held.filter(pk__in=keys).order_by("pk").values_list("pk"))


@contextmanager
def _locked(
    pk: UUID, verb: str, who: Who, by: User | Purpose, facts: PairingFacts | None = None
) -> Iterator[Moved]:
    match = (
        Match.objects.select_for_update(of=("self",))
        .select_related("service__organisation")
        .get(pk=pk)
    )
    known = facts or read_facts(match)
    before = match.state
    after = check_pairing_move(verb, state=before, who=who, facts=known)
    if after is not None:
        match.state = after
    yield Moved(match, who)
    match.revision += 1
    match.save()
    record(
        f"pairing_{verb}",
        match,
        by=by,
        organisation=match.service.organisation,
        before=before,
        after=str(match.state),
        role=who.value,
    )


def _read_whole(pk: UUID) -> PairingFacts:
    """Read the facts behind a pairing that its own people may not read in full."""
    with acting(purpose=Purpose.SWEEP):
        return read_facts(
            Match.objects.select_related("volunteer", "participant", "referral").get(pk=pk)
        )


# ---------------------------------------------------------------- before they meet


def propose_match(
    *,
    by: User,
    referral: Referral,
    volunteer: Volunteer,
    score: int | None = None,
    reason: str = "",
) -> Match:
    """Suggest a volunteer for somebody who waits. Neither is told before both have agreed."""
    check_can_run(by, service=referral.service)
    with acting(user=by):
        lock_volunteers(volunteer.pk)
        volunteer = Volunteer.objects.get(pk=volunteer.pk)
        referral = Referral.objects.select_for_update(of=("self",)).get(pk=referral.pk)
        match = Match(
            service=referral.service,
            referral=referral,
            participant=referral.participant,
            volunteer=volunteer,
            score=score,
            decided_because=reason.strip()[:200],
        )
        who = read_who(by, match)
        check_pairing_move("propose", state=None, who=who, facts=read_facts(match))
        if Match.objects.filter(referral=referral).exclude(state__in=("ended", "declined")):
            raise Refused(_("Somebody is suggested for this person already."))
        match.save()
        record(
            "pairing_propose", match, by=by, organisation=match.service.organisation, score=score
        )
    return match


def hold_match(*, by: User, match: Match, reason: str) -> Match:
    """Keep the volunteer for this person until something is settled, with the reason."""
    _need(reason)
    with moving(by, match, "hold") as moved:
        match = moved.match
        match.decided_because = reason.strip()[:200]
    return match


def release_match(*, by: User, match: Match) -> Match:
    """Go on with a pairing that was held."""
    with moving(by, match, "release") as moved:
        return moved.match


def note_consent(*, by: User, match: Match, side: Side | str) -> Match:
    """Note that one side said yes to meeting the other, who was described without a name."""
    with moving(by, match, "note_consent") as moved:
        match = moved.match
        setattr(match, f"{Side(side).value}_consented_at", timezone.now())
    return match


def decline_match(*, by: User, match: Match, reason: str, is_never_again: bool = False) -> Match:
    """Decide against a pairing, with the reason; `is_never_again` keeps matching from it for good.

    Whoever waited waits on in their old place.
    """
    _need(reason)
    with moving(by, match, "decline") as moved:
        match = moved.match
        match.decided_because = reason.strip()[:200]
        match.is_never_again = is_never_again
        if match.referral.state == ReferralState.MATCHED:
            move_referral_along(by=by, referral=match.referral, verb="wait_again")
    return match


def swap_match(*, by: User, match: Match, volunteer: Volunteer, reason: str) -> Match:
    """Suggest another volunteer instead of this one, in one step."""
    with acting(user=by):
        referral = match.referral
        lock_volunteers(match.volunteer_id, volunteer.pk)
        decline_match(by=by, match=match, reason=reason)
        return propose_match(by=by, referral=referral, volunteer=volunteer, reason=reason)


def introduce_match(
    *, by: User, match: Match, on: dt.date | None = None, good_to_know: str = ""
) -> Match:
    """Introduce the two: from now on each sees the pairing, by what the other is called."""
    with moving(by, match, "introduce") as moved:
        match = moved.match
        match.introduced_on = on or timezone.localdate()
        match.participant_called = match.participant.short_name
        match.volunteer_called = match.volunteer.short_name
        match.good_to_know = good_to_know.strip()
        move_referral_along(by=by, referral=match.referral, verb="match")
    return match


def activate_match(*, by: User, match: Match) -> Match:
    """Let the two meet by themselves: with a valid check, training, agreement and both consents."""
    with moving(by, match, "activate") as moved:
        match = moved.match
        if match.first_met_on is not None:
            plan_reviews(match)
    return match


# ---------------------------------------------------------------- while they meet


def pause_match(
    *, by: User, match: Match, from_on: dt.date | None = None, until_on: dt.date | None = None
) -> Match:
    """Pause, without closing anything: the place is kept. No reason is asked."""
    start = from_on or timezone.localdate()
    if until_on is not None and until_on < start:
        raise Refused(_("The pause ends before it begins."))
    with moving(by, match, "pause") as moved:
        match = moved.match
        who = moved.who
        Pause.objects.create(match=match, from_on=start, until_on=until_on, asked_by=_side(who))
        _tell_coordinators(match, "pause", who)
    return match


def go_on_with_match(*, by: User, match: Match) -> Match:
    """Go on after a pause, while all that made the pairing safe still holds."""
    today = timezone.localdate()
    with moving(by, match, "go_on") as moved:
        match = moved.match
        who = moved.who
        for pause in Pause.objects.filter(match=match):
            if pause.until_on is None or pause.until_on > today:
                pause.until_on = max(today, pause.from_on)
                pause.save(update_fields=["until_on"])
        _tell_coordinators(match, "go_on", who)
    return match


def suspend_match(*, by: User, match: Match, reason: str) -> Match:
    """Stop a pairing until something is put right."""
    _need(reason)
    with moving(by, match, "suspend") as moved:
        match = moved.match
        match.decided_because = reason.strip()[:200]
    return match


def suspend_unsafe(*, by: User | None, volunteer: Volunteer) -> int:
    """Suspend the running pairings of a volunteer whose check ended or did not clear them; return
    how many. Without a person it is the daily job that acts, inside acting(SWEEP)."""
    suspended = 0
    # A pairing that is just being started waits here, and then is told that it may not.
    lock_volunteers(volunteer.pk)
    for match in Match.objects.filter(
        volunteer=volunteer, state__in=(RUNNING | {MatchState.ENDING}) - {MatchState.SUSPENDED}
    ):
        until = read_facts(match).check_until
        if until is not None and until >= timezone.localdate():
            continue
        if by is not None:
            with moving(by, match, "suspend"):
                pass
        else:
            with _locked(match.pk, "suspend", Who.JOB, Purpose.SWEEP):
                pass
        suspended += 1
    return suspended


def lift_suspension(*, by: User, match: Match) -> Match:
    """Let a suspended pairing go on, once everything that it needs is there again."""
    with moving(by, match, "lift") as moved:
        return moved.match


def plan_reviews(match: Match) -> None:
    """Put the reviews of both sides on the calendar, counted from the first meeting; once."""
    if match.first_met_on is None or Review.objects.filter(match=match).exists():
        return
    Review.objects.bulk_create(
        Review(match=match, side=side, due_on=match.first_met_on + dt.timedelta(days=days))
        for days in REVIEW_DAYS
        for side in Side
    )


# ---------------------------------------------------------------- ending


def ask_to_stop(*, by: User, match: Match) -> Match:
    """One side wants to stop: no reason is asked, and the coordinator sees to a good ending."""
    with moving(by, match, "plan_ending") as moved:
        match = moved.match
        who = moved.who
        Ending.objects.get_or_create(
            match=match, defaults={"is_planned": False, "asked_by": _side(who)}
        )
        _tell_coordinators(match, "stop", who)
    return match


def plan_ending(
    *,
    by: User,
    match: Match,
    is_planned: bool = True,
    plan: str = "",
    last_met_on: dt.date | None = None,
) -> Match:
    """Begin to bring a pairing to an end, as the service: what comes after, and a last meeting."""
    with moving(by, match, "plan_ending") as moved:
        match = moved.match
        who = moved.who
        Ending.objects.update_or_create(
            match=match,
            defaults={
                "is_planned": is_planned,
                "asked_by": _side(who),
                "plan": plan.strip(),
                "last_met_on": last_met_on,
            },
        )
    return match


def keep_going(*, by: User, match: Match) -> Match:
    """Go on after all: the ending that was planned is dropped."""
    with moving(by, match, "keep_going") as moved:
        match = moved.match
        Ending.objects.filter(match=match).delete()
    return match


def end_match(
    *,
    by: User,
    match: Match,
    is_planned: bool,
    reason: EndingReason | str = "",
    plan: str = "",
    ended_on: dt.date | None = None,
    last_met_on: dt.date | None = None,
    reviewed_on: dt.date | None = None,
) -> Match:
    """End a pairing. A planned one needs a plan and a last review; a reason is never demanded."""
    ended_on = ended_on or timezone.localdate()
    if ended_on > timezone.localdate():
        raise Refused(_("That day is still to come."))
    if match.first_met_on and ended_on < match.first_met_on:
        raise Refused(_("That is before they first met."))
    with acting(user=by):
        check_can_run(by, service=match.service)
        lock_pairing(match)
        Ending.objects.update_or_create(
            match=match,
            defaults={
                "is_planned": is_planned,
                "reason": reason,
                "plan": plan.strip(),
                "last_met_on": last_met_on,
                "reviewed_on": reviewed_on,
            },
        )
        with moving(by, match, "end") as moved:
            match = moved.match
            match.ended_on = ended_on
            Pause.objects.filter(match=match, until_on=None, from_on__lte=ended_on).update(
                until_on=ended_on
            )
            Arrangement.objects.filter(match=match, starts_at__gt=timezone.now()).update(
                is_cancelled=True
            )
            move_referral_along(by=by, referral=match.referral, verb="close", closed_on=ended_on)
            finish_tasks_about([match, *match.reviews.filter(held_on=None)], by=by)
    return match


def is_safe(facts: PairingFacts) -> bool:
    """Tell whether the two may meet by themselves."""
    return not any(guard(facts) for guard in SAFE)


def _need(reason: str) -> None:
    if not reason.strip():
        raise Refused(SAY_WHY)


def _side(who: Who) -> AskedBy:
    return {Who.PARTICIPANT: AskedBy.PARTICIPANT, Who.VOLUNTEER: AskedBy.VOLUNTEER}.get(
        who, AskedBy.SERVICE
    )


def _tell_coordinators(match: Match, what: str, who: Who) -> None:
    """Put a wish of one side on the coordinators' desks: that there is one, not whose or why."""
    if who in _STAFF:
        return
    Task.objects.get_or_create(
        key=f"wish:{match.pk}:{what}:{timezone.localdate()}",
        defaults={
            "organisation": match.service.organisation,
            "kind": Task.Kind.BEFRIENDING,
            "object_type": Match._meta.label_lower,
            "object_id": str(match.pk),
            "due_on": timezone.localdate() + dt.timedelta(days=2),
        },
    )
