"""Two at once in befriending: coordinators, the two of a pairing, and the job that suspends.

ASVS 2.3.3, 2.3.4, 15.4.2. Real threads on PostgreSQL: whoever comes second waits, looks again, and
is told why not; nothing is done twice and nobody waits for ever.
"""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from connections.befriending import actions
from connections.befriending.models import (
    Agreement,
    Check,
    Ending,
    Expense,
    Match,
    MatchingWeights,
    Meeting,
    Referral,
    Visit,
    Volunteer,
)
from connections.befriending.reminders import remind, suspend_expired
from connections.befriending.states import PAIRING_MOVES
from connections.befriending.vocabulary import MatchState, Side
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.models import AuditEvent, Role, User
from kinder.accounts.rules import Refused
from tests.factories import NeighbourhoodFactory
from tests.factories.accounts import make_member
from tests.factories.cases import (
    Case,
    make_active,
    make_case,
    make_introduced,
    make_ready,
    make_waiting,
)
from tests.security.sessions import open_session
from tests.together import run_into, run_together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def case() -> Case:
    return make_case(NeighbourhoodFactory.create())


@pytest.fixture
def other(case: Case) -> User:
    """A second coordinator of the service."""
    return make_member(Role.COORDINATOR, case.organisation)


def agree(case: Case, match: Match) -> Match:
    agreement = actions.write_agreement(by=case.coordinator, match=match, clauses=["Weekly."])
    for side in Side:
        actions.note_agreed_aloud(
            by=case.coordinator, agreement=agreement, side=side, text_sha256=agreement.text_sha256
        )
    return match


def read(match: Match) -> Match:
    with acting(purpose=Purpose.SWEEP):
        return Match.objects.get(pk=match.pk)


def count(rows: Callable[[], int]) -> int:
    with acting(purpose=Purpose.SWEEP):
        return rows()


def refused(told: list[Any]) -> list[Any]:
    """Return the refusals; fail where anything but an answer or a refusal came."""
    wrong = [one for one in told if isinstance(one, Exception) and not isinstance(one, Refused)]
    assert not wrong, wrong
    return [one for one in told if isinstance(one, Refused)]


def check_story(match: Match) -> None:
    """What the audit tells is one line of moves, each from where the one before had led."""
    events = AuditEvent.objects.filter(object_id=str(match.pk), verb__startswith="pairing_")
    moves = [event for event in events.order_by("id") if "after" in event.facts]
    state = MatchState.PROPOSED.value
    for event in moves:
        assert event.facts["before"] == state, [one.facts for one in moves]
        move = PAIRING_MOVES[event.verb.removeprefix("pairing_")]
        assert MatchState(state) in move.before
        state = event.facts["after"]
    found = read(match)
    assert found.state == state
    assert found.revision == len(moves) + 1


# ---------------------------------------------------------------- one pairing, two coordinators


def test_a_pairing_is_started_once_by_two_coordinators_at_once(case: Case, other: User) -> None:
    """2.3.4, 15.4.2"""
    match = agree(case, make_introduced(case))
    told = run_together(
        *(
            lambda by=by: actions.activate_match(by=by, match=match)
            for by in (case.coordinator, other, case.lead)
        )
    )
    assert len(refused(told)) == 2
    assert read(match).state == MatchState.ACTIVE
    assert AuditEvent.objects.filter(verb="pairing_activate").count() == 1
    check_story(match)


def test_two_tabs_that_start_a_pairing_get_two_answers_and_one_start(case: Case) -> None:
    """2.3.4: through the pages, with sessions."""
    match = agree(case, make_introduced(case))
    url = reverse("befriending:pairing_move", args=[match.pk, "activate"])

    def press() -> int:
        client = Client(raise_request_exception=False)
        cookie = open_session(case.coordinator, "http://testserver")
        client.cookies[cookie["name"]] = cookie["value"]
        return client.post(url).status_code

    assert run_together(*[press] * 4) == [303] * 4
    assert AuditEvent.objects.filter(verb="pairing_activate").count() == 1
    check_story(match)


Move = Callable[[User, Match], Any]
MOVES: dict[str, Move] = {
    "pause": lambda by, match: actions.pause_match(by=by, match=match),
    "suspend": lambda by, match: actions.suspend_match(by=by, match=match, reason="a question"),
    "plan_ending": lambda by, match: actions.plan_ending(by=by, match=match, plan="the lunch"),
    "end": lambda by, match: actions.end_match(by=by, match=match, is_planned=False),
    "arrange": lambda by, match: actions.arrange_meeting(
        by=by, match=match, starts_at=timezone.now() + dt.timedelta(days=2), mode="out"
    ),
}


@pytest.mark.parametrize("second", MOVES)
@pytest.mark.parametrize("first", MOVES)
def test_any_two_moves_at_once_are_two_moves_one_after_the_other(
    first: str, second: str, case: Case, other: User
) -> None:
    """2.3.3: neither is lost and neither starts from where the pairing no longer is."""
    match = make_active(case)
    told = run_together(
        lambda: MOVES[first](case.coordinator, match), lambda: MOVES[second](other, match)
    )
    assert len(refused(told)) <= 1, told
    check_story(match)


def test_a_wish_and_an_ending_do_not_wait_for_each_other(case: Case) -> None:
    """15.4.3: both write how it ends; locked in one order they come one after the other."""
    match = make_active(case)
    told = run_into(
        lambda: actions.ask_to_stop(by=case.participant_user, match=match),
        lambda: actions.end_match(by=case.coordinator, match=match, is_planned=False),
    )
    assert not refused(told)
    assert read(match).state == MatchState.ENDED
    assert count(Ending.objects.count) == 1
    check_story(match)


def test_both_sides_pausing_at_once_is_one_pause(case: Case) -> None:
    """2.3.4"""
    match = make_active(case)
    told = run_together(
        lambda: actions.pause_match(by=case.participant_user, match=match),
        lambda: actions.pause_match(by=case.volunteer_user, match=match),
    )
    assert len(refused(told)) == 1
    assert count(match.pauses.count) == 1
    check_story(match)


# ---------------------------------------------------------------- what makes a pairing safe


def refuse_check(case: Case, by: User) -> Check:
    with acting(user=by):
        check = Check.objects.create(
            volunteer=case.volunteer, scheme="pvg", role_type="Befriending adults"
        )
    return actions.decide_check(
        by=by, check=check, is_cleared=False, decided_on=timezone.localdate()
    )


def test_nobody_is_started_while_their_check_is_being_refused(case: Case, other: User) -> None:
    """2.3.3: the start waits for the decision, and then finds no valid check."""
    match = agree(case, make_introduced(case))
    told = run_into(
        lambda: refuse_check(case, other),
        lambda: actions.activate_match(by=case.coordinator, match=match),
    )
    assert len(refused(told)) == 1
    assert read(match).state == MatchState.SUSPENDED


def test_a_refused_check_reaches_the_pairing_that_is_being_started(case: Case, other: User) -> None:
    """2.3.3: the other way round, the decision waits, and then suspends what was started."""
    match = agree(case, make_introduced(case))
    told = run_into(
        lambda: actions.activate_match(by=case.coordinator, match=match),
        lambda: refuse_check(case, other),
    )
    assert not refused(told)
    assert read(match).state == MatchState.SUSPENDED
    check_story(match)


def expire(case: Case) -> None:
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    with acting(purpose=Purpose.SWEEP):
        Check.objects.filter(volunteer=case.volunteer).update(expires_on=yesterday)


def test_nobody_is_started_while_their_check_runs_out(case: Case) -> None:
    """2.3.3: the job of the day and the coordinator at the same moment."""
    match = agree(case, make_introduced(case))

    def run_out() -> int:
        expire(case)
        return suspend_expired(timezone.localdate())

    told = run_into(run_out, lambda: actions.activate_match(by=case.coordinator, match=match))
    assert told[0] == 1
    assert len(refused(told)) == 1
    assert read(match).state == MatchState.SUSPENDED
    check_story(match)


@pytest.mark.parametrize("_round", range(4))
def test_a_check_that_ran_out_ends_in_a_suspension_whoever_comes_first(
    case: Case, other: User, _round: int
) -> None:
    """15.4.2: two workers of the job and two coordinators; suspended once."""
    match = make_active(case)
    expire(case)
    told = run_together(
        lambda: suspend_expired(timezone.localdate()),
        lambda: suspend_expired(timezone.localdate()),
        lambda: actions.pause_match(by=other, match=match),
        lambda: actions.plan_ending(by=case.coordinator, match=match, plan="the lunch"),
    )
    refused(told)
    remind()
    assert read(match).state == MatchState.SUSPENDED
    check_story(match)


def test_a_pause_is_not_ended_while_the_check_is_being_refused(case: Case) -> None:
    """2.3.3: the volunteer's own "go on" reads what is true once it may."""
    match = make_active(case)
    actions.pause_match(by=case.volunteer_user, match=match)
    told = run_into(
        lambda: refuse_check(case, case.coordinator),
        lambda: actions.go_on_with_match(by=case.volunteer_user, match=match),
    )
    assert len(refused(told)) == 1
    assert read(match).state == MatchState.SUSPENDED


def test_a_check_is_decided_once(case: Case, other: User) -> None:
    """2.3.4"""
    with acting(user=other):
        check = Check.objects.create(volunteer=case.volunteer, scheme="pvg", role_type="x")
    today = timezone.localdate()

    def decide(by: User, *, is_cleared: bool) -> Check:
        with acting(user=by):
            seen = Check.objects.select_related("volunteer__service").get(pk=check.pk)
        return actions.decide_check(
            by=by,
            check=seen,
            is_cleared=is_cleared,
            decided_on=today,
            expires_on=today + dt.timedelta(days=90),
        )

    told = run_together(
        lambda: decide(case.coordinator, is_cleared=True), lambda: decide(other, is_cleared=False)
    )
    assert len(refused(told)) == 1
    assert AuditEvent.objects.filter(verb="decide_check").count() == 1


def test_a_volunteer_does_not_leave_while_somebody_suggests_them(case: Case, other: User) -> None:
    """2.3.3"""
    told = run_into(
        lambda: actions.propose_match(
            by=case.coordinator, referral=case.referral, volunteer=case.volunteer
        ),
        lambda: actions.let_volunteer_go(by=other, volunteer=case.volunteer),
    )
    assert len(refused(told)) == 1
    told = run_into(
        lambda: actions.decline_match(by=other, match=told[0], reason="moved away"),
        lambda: actions.let_volunteer_go(by=other, volunteer=case.volunteer),
    )
    assert not refused(told)


def test_two_references_answered_at_once_are_enough(case: Case, other: User) -> None:
    """2.3.3: the second counts the first."""
    with acting(purpose=Purpose.SWEEP):
        Volunteer.objects.filter(pk=case.volunteer.pk).update(references_on=None)
    today = timezone.localdate()
    asked = [
        actions.ask_reference(by=other, volunteer=case.volunteer, referee=name, asked_on=today)
        for name in ("A neighbour", "An employer")
    ]
    told = run_together(
        *(
            lambda one=one: actions.answer_reference(
                by=other, reference=one, is_good=True, received_on=today
            )
            for one in asked
        )
    )
    assert not refused(told)
    with acting(purpose=Purpose.SWEEP):
        assert Volunteer.objects.get(pk=case.volunteer.pk).references_on == today


# ---------------------------------------------------------------- who is suggested for whom


def test_a_volunteer_with_room_for_one_is_suggested_once(case: Case, other: User) -> None:
    """2.3.4"""
    second = make_waiting(case.service, case.area, name="Ina Groat")
    told = run_together(
        *(
            lambda by=by, referral=referral: actions.propose_match(
                by=by, referral=referral, volunteer=case.volunteer
            )
            for by, referral in ((case.coordinator, case.referral), (other, second))
        )
    )
    assert len(refused(told)) == 1
    assert count(Match.objects.count) == 1


def test_somebody_who_waits_gets_one_suggestion(case: Case, other: User) -> None:
    """2.3.4"""
    second = make_ready(case.service, case.area, other, name="Wullie Sinclair")
    told = run_together(
        *(
            lambda volunteer=volunteer: actions.propose_match(
                by=other, referral=case.referral, volunteer=volunteer
            )
            for volunteer in (case.volunteer, second)
        )
    )
    assert len(refused(told)) == 1
    assert count(Match.objects.count) == 1


@pytest.mark.parametrize("_round", range(4))
def test_two_swaps_that_cross_do_not_wait_for_each_other(
    case: Case, other: User, _round: int
) -> None:
    """15.4.3"""
    second_volunteer = make_ready(case.service, case.area, other, name="Wullie", capacity=2)
    with acting(purpose=Purpose.SWEEP):
        Volunteer.objects.filter(pk=case.volunteer.pk).update(capacity=2)
    second = make_waiting(case.service, case.area, name="Ina Groat")
    one = actions.propose_match(by=other, referral=case.referral, volunteer=case.volunteer)
    two = actions.propose_match(by=other, referral=second, volunteer=second_volunteer)
    told = run_together(
        lambda: actions.swap_match(
            by=case.coordinator, match=one, volunteer=second_volunteer, reason="nearer"
        ),
        lambda: actions.swap_match(by=other, match=two, volunteer=case.volunteer, reason="nearer"),
    )
    assert not refused(told)
    assert count(Match.objects.filter(state="proposed").count) == 2


def test_nobody_is_put_aside_while_somebody_is_suggested_for_them(case: Case, other: User) -> None:
    """2.3.3, both ways round."""
    told = run_into(
        lambda: actions.propose_match(
            by=case.coordinator, referral=case.referral, volunteer=case.volunteer
        ),
        lambda: actions.withdraw_referral(by=other, referral=case.referral),
    )
    assert len(refused(told)) == 1
    waiting = make_waiting(case.service, case.area, name="Ina Groat")
    ready = make_ready(case.service, case.area, other, name="Wullie Sinclair")
    told = run_into(
        lambda: actions.withdraw_referral(by=other, referral=waiting),
        lambda: actions.propose_match(by=case.coordinator, referral=waiting, volunteer=ready),
    )
    assert len(refused(told)) == 1
    with acting(purpose=Purpose.SWEEP):
        assert Referral.objects.get(pk=waiting.pk).state == "withdrawn"


def test_somebody_is_put_forward_again_once(case: Case, other: User) -> None:
    """2.3.4"""
    match = make_active(case)
    actions.end_match(by=other, match=match, is_planned=False)
    told = run_together(
        *[lambda: actions.add_self_referral(by=other, participant=case.participant)] * 3
    )
    assert len(refused(told)) == 2


# ---------------------------------------------------------------- words, meetings, visits, money


def test_nobody_signs_while_the_words_change(case: Case) -> None:
    """2.3.3"""
    match = make_introduced(case)
    agreement = actions.write_agreement(by=case.coordinator, match=match, clauses=["Weekly."])
    told = run_into(
        lambda: actions.write_agreement(by=case.coordinator, match=match, clauses=["Daily."]),
        lambda: actions.sign_agreement(
            by=case.participant_user,
            agreement=agreement,
            text_sha256=agreement.text_sha256,
            reauthenticated_at=timezone.now(),
        ),
    )
    assert [str(one) for one in refused(told)] == [
        "The agreement was changed since you read it. Please read it once more."
    ]


def test_two_who_write_at_once_write_two_versions(case: Case, other: User) -> None:
    """2.3.3"""
    match = make_introduced(case)
    told = run_together(
        *(
            lambda by=by, words=words: actions.write_agreement(by=by, match=match, clauses=[words])
            for by, words in ((case.coordinator, "Weekly."), (other, "Daily."))
        )
    )
    assert not refused(told)
    with acting(purpose=Purpose.SWEEP):
        versions = Agreement.objects.values_list("version", flat=True)
        assert sorted(versions) == [1, 2]


def test_signing_twice_at_once_is_one_signature(case: Case) -> None:
    """2.3.4"""
    match = make_introduced(case)
    agreement = actions.write_agreement(by=case.coordinator, match=match, clauses=["Weekly."])
    told = run_together(
        *[
            lambda: actions.sign_agreement(
                by=case.participant_user,
                agreement=agreement,
                text_sha256=agreement.text_sha256,
                reauthenticated_at=timezone.now(),
            )
        ]
        * 3
    )
    assert len(refused(told)) == 2


def test_a_meeting_tapped_twice_is_one(case: Case) -> None:
    """2.3.4: the id is made on the device; the second tap gets the first one's row."""
    match = make_active(case)
    id_ = uuid.uuid4()
    told = run_together(
        *[
            lambda: actions.note_meeting(
                by=case.volunteer_user,
                match=match,
                id=id_,
                on=timezone.localdate(),
                outcome="met",
                mode="out",
            )
        ]
        * 4
    )
    assert not refused(told)
    assert {one.pk for one in told} == {id_}
    assert count(Meeting.objects.count) == 1
    assert count(match.reviews.count) == 4
    check_story(match)


def test_a_visit_begun_in_two_tabs_is_one(case: Case) -> None:
    """2.3.4"""
    match = make_active(case)
    told = run_together(
        *[lambda: actions.start_visit(by=case.volunteer_user, match=match, minutes=60)] * 3
    )
    assert len(refused(told)) == 2
    assert count(Visit.objects.count) == 1


def test_an_expense_is_paid_or_refused_and_not_both(case: Case, other: User) -> None:
    """2.3.4"""
    claimed = actions.claim_expense(
        by=case.volunteer_user,
        volunteer=case.volunteer,
        on=timezone.localdate(),
        kind="cuppa",
        pence=320,
    )

    def decide(by: User, state: str) -> Expense:
        with acting(user=by):
            expense = Expense.objects.select_related("volunteer__service").get(pk=claimed.pk)
        return actions.decide_expense(by=by, expense=expense, state=state, reason="twice")

    told = run_together(*[lambda: decide(case.coordinator, "approved")] * 2)
    assert len(refused(told)) == 1
    told = run_together(lambda: decide(case.coordinator, "paid"), lambda: decide(other, "refused"))
    assert len(refused(told)) == 1


def test_weights_set_by_two_at_once_are_two_versions(case: Case, other: User) -> None:
    """2.3.3"""
    points = {"interests": 20, "hours": 20, "nearness": 20, "language": 20, "experience": 20}
    told = run_together(
        *(
            lambda by=by: actions.set_weights(
                by=by, service=case.service, because="tried", **points
            )
            for by in (case.coordinator, other)
        )
    )
    assert not refused(told)
    with acting(purpose=Purpose.SWEEP):
        versions = MatchingWeights.objects.values_list("version", flat=True)
        assert sorted(versions) == [1, 2]
