"""Meetings: arranging, noting in two taps, lone visits with an alarm, reviews."""

import datetime as dt
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.befriending.actions.duties import finish_tasks_about
from connections.befriending.actions.pairings import lock_pairing, moving, plan_reviews
from connections.befriending.models import Arrangement, Match, Meeting, Review, Visit
from connections.befriending.rules import check_can_run
from connections.befriending.vocabulary import MatchState, MeetingMode, MeetingOutcome
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.audit import record
from kinder.accounts.encryption import encrypt
from kinder.accounts.models import Task, User
from kinder.accounts.rules import Refused
from places.models import Place

OLDEST_DAYS = 92
"""How far back a meeting can be noted."""

MISSED_IN_A_ROW = 2
LONGEST_VISIT = 8 * 60
UNDO_FOR = dt.timedelta(minutes=10)
WRONG_DAY = _("Choose a day in the last three months, today at the latest.")
OTHER_MEETING = _("This was noted before, with other facts.")
VISIT_RUNS = _("A visit has begun already.")
TOO_LATE_TO_UNDO = _("It can be taken back for ten minutes only. Ask the coordinator.")


def note_meeting(
    *,
    by: User,
    match: Match,
    id: UUID,  # noqa: A002
    on: dt.date,
    outcome: MeetingOutcome | str,
    mode: MeetingMode | str = "",
    minutes: int | None = None,
    place: Place | None = None,
    note: str = "",
) -> Meeting:
    """Note a meeting, once: the id is made on the device, so the same again changes nothing.

    Met, it fixes the day of the first meeting and puts the reviews on the calendar; missed twice in
    a row, it puts a task on the coordinators' desks. The note is encrypted.
    """
    today = timezone.localdate()
    if not today - dt.timedelta(days=OLDEST_DAYS) <= on <= today:
        raise Refused(WRONG_DAY)
    with acting(user=by):
        # A double tap and a retry wait for the first, and then find it.
        lock_pairing(match)
        if known := Meeting.objects.filter(pk=id).first():
            if (known.match_id, known.on, known.outcome) != (match.pk, on, str(outcome)):
                raise Refused(OTHER_MEETING)
            return known
        state = Match.objects.filter(pk=match.pk).values_list("state", flat=True).first()
        early = state in (MatchState.INTRODUCED, MatchState.SUSPENDED)
        verb = "note_first_meeting" if early else "note_meeting"
        with moving(by, match, verb) as moved:
            match = moved.match
            with acting(user=by):
                meeting = Meeting(
                    id=id,
                    match=match,
                    on=on,
                    outcome=outcome,
                    mode=mode if outcome == MeetingOutcome.MET else "",
                    minutes=minutes if outcome == MeetingOutcome.MET else None,
                    place=place if outcome == MeetingOutcome.MET else None,
                    note_ciphertext=encrypt(note.strip()) if note.strip() else None,
                    noted_by=by,
                )
                meeting.save(force_insert=True)
                last = list(
                    Meeting.objects.filter(match=match).order_by("-on", "-created_at")[
                        :MISSED_IN_A_ROW
                    ]
                )
            is_first = match.first_met_on is None or on < match.first_met_on
            if outcome == MeetingOutcome.MET and is_first:
                match.first_met_on = on
        if outcome == MeetingOutcome.MET:
            _plan_reviews(match)
        _mind_missed(match, last)
    return meeting


def _plan_reviews(match: Match) -> None:
    """Reviews are the service's rows, whoever noted the first meeting."""
    with acting(purpose=Purpose.SWEEP):
        plan_reviews(match)


def _mind_missed(match: Match, last: list[Meeting]) -> None:
    if len(last) < MISSED_IN_A_ROW or any(m.outcome != MeetingOutcome.MISSED for m in last):
        return
    Task.objects.get_or_create(
        key=f"missed_twice:{match.pk}:{last[0].on}",
        defaults={
            "organisation": match.service.organisation,
            "kind": Task.Kind.BEFRIENDING,
            "object_type": Match._meta.label_lower,
            "object_id": str(match.pk),
            "due_on": timezone.localdate() + dt.timedelta(days=1),
        },
    )


def take_meeting_back(*, by: User, meeting: Meeting) -> None:
    """Take back a meeting that was just noted by mistake. Staff may at any time."""
    match = meeting.match
    with acting(user=by):
        try:
            check_can_run(by, service=match.service)
        except Refused:
            if meeting.noted_by_id != by.pk or timezone.now() - meeting.created_at > UNDO_FOR:
                raise Refused(TOO_LATE_TO_UNDO) from None
        record("take_meeting_back", meeting, by=by, organisation=match.service.organisation)
        Task.objects.filter(
            key=f"missed_twice:{match.pk}:{meeting.on}", done_at__isnull=True
        ).delete()
        meeting.delete()


def arrange_meeting(
    *,
    by: User,
    match: Match,
    starts_at: dt.datetime,
    mode: MeetingMode | str,
    place: Place | None = None,
) -> Arrangement:
    """Arrange when and where the two meet next; whatever was arranged for later is replaced."""
    if starts_at < timezone.now():
        raise Refused(_("That is over already."))
    with moving(by, match, "arrange") as moved:
        match = moved.match
        Arrangement.objects.filter(match=match, starts_at__gt=timezone.now()).update(
            is_cancelled=True
        )
        return Arrangement.objects.create(
            match=match, starts_at=starts_at, mode=mode, place=place, made_by=by
        )


def start_visit(*, by: User, match: Match, minutes: int) -> Visit:
    """Say that a lone home visit begins, to be over in so many minutes. Without an end the
    service is alarmed once its own time of grace is over too."""
    if not 10 <= minutes <= LONGEST_VISIT:
        raise Refused(_("Say how long it will take: 10 minutes to 8 hours."))
    now = timezone.now()
    with acting(user=by):
        lock_pairing(match)
        if Visit.objects.filter(match=match, ended_at=None).exists():
            raise Refused(VISIT_RUNS)
        with moving(by, match, "visit") as moved, acting(user=by):
            match = moved.match
            visit = Visit(match=match, started_at=now, due_at=now + dt.timedelta(minutes=minutes))
            visit.save(force_insert=True)
    return visit


def end_visit(*, by: User, visit: Visit) -> Visit:
    """Say that a visit is over and all is well. It ends an alarm too."""
    with acting(user=by):
        # As it stands now: the alarm may have been raised since the page was made.
        visit = (
            Visit.objects.select_for_update(of=("self",))
            .select_related("match__service__organisation")
            .get(pk=visit.pk)
        )
        if visit.ended_at is not None:
            return visit
        visit.ended_at = timezone.now()
        if visit.alarmed_at and visit.answered_at is None:
            visit.answered_at = visit.ended_at
        visit.save(update_fields=["ended_at", "answered_at"])
        Task.objects.filter(key=f"visit:{visit.pk}").update(done_at=timezone.now(), done_by=by)
        record("end_visit", visit, by=by, organisation=visit.match.service.organisation)
    return visit


def answer_alarm(*, by: User, visit: Visit) -> Visit:
    """Note that somebody of the service has reached the volunteer: the visit is over."""
    check_can_run(by, service=visit.match.service)
    return end_visit(by=by, visit=visit)


def hold_review(
    *, by: User, review: Review, held_on: dt.date, goes_on: bool | None, note: str = ""
) -> Review:
    """Note a review with one side: whether they wish to go on, and what was said (encrypted)."""
    if held_on > timezone.localdate():
        raise Refused(_("That day is still to come."))
    with acting(user=by):
        match = review.match
        check_can_run(by, service=match.service)
        review.held_on, review.goes_on, review.held_by = held_on, goes_on, by
        review.note_ciphertext = encrypt(note.strip()) if note.strip() else None
        review.save()
        finish_tasks_about([review], by=by)
        record("hold_review", review, by=by, organisation=match.service.organisation)
    return review


def add_review(*, by: User, match: Match, side: str, due_on: dt.date) -> Review:
    """Put one more review on the calendar."""
    check_can_run(by, service=match.service)
    with acting(user=by):
        review = Review.objects.create(match=match, side=side, due_on=due_on)
        record("add_review", review, by=by, organisation=match.service.organisation)
    return review
