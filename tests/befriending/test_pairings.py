"""A pairing's life through the actions: guards, audit, who may, and what the two do themselves."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connections.befriending import actions, states
from connections.befriending.facts import read_facts
from connections.befriending.models import (
    Agreement,
    Check,
    Ending,
    Match,
    Meeting,
    Pause,
    Referral,
    Review,
    Visit,
    Volunteer,
)
from connections.befriending.states import SAFE
from connections.befriending.vocabulary import MatchState, Side
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.encryption import decrypt
from kinder.accounts.models import AuditEvent, Task
from kinder.accounts.rules import Refused
from tests.factories import NeighbourhoodFactory
from tests.factories.accounts import make_user
from tests.factories.cases import Case, make_active, make_case, make_introduced, make_ready

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@pytest.fixture
def case() -> Case:
    return make_case(NeighbourhoodFactory.create())


def state_of(match: Match) -> str:
    with acting(purpose=Purpose.SWEEP):
        return Match.objects.get(pk=match.pk).state


def test_a_whole_life_with_its_audit(case: Case) -> None:
    match = make_active(case)
    by = case.coordinator
    actions.note_meeting(
        by=case.volunteer_user,
        match=match,
        id=uuid.uuid4(),
        on=TODAY(),
        outcome="met",
        mode="out",
        minutes=60,
        note="Walked to the quay.",
    )
    actions.pause_match(by=case.participant_user, match=match)
    assert state_of(match) == "paused"
    actions.go_on_with_match(by=case.volunteer_user, match=match)
    actions.plan_ending(by=by, match=match, plan="The Thursday lunch")
    with pytest.raises(Refused, match="last review"):
        actions.end_match(by=by, match=match, is_planned=True, plan="The Thursday lunch")
    assert state_of(match) == "ending"
    actions.end_match(
        by=by,
        match=match,
        is_planned=True,
        reason="goal",
        plan="The Thursday lunch",
        reviewed_on=TODAY(),
    )
    with acting(user=by):
        ended = Match.objects.get(pk=match.pk)
        assert (ended.state, ended.ended_on, ended.first_met_on) == ("ended", TODAY(), TODAY())
        assert ended.referral.state == "closed"
        assert ended.referral.closed_on == TODAY()
        assert Pause.objects.get().until_on == TODAY()
        assert Review.objects.filter(match=match).count() == 4
        assert decrypt(Meeting.objects.get().note_ciphertext or b"") == "Walked to the quay."
    verbs = list(
        AuditEvent.objects.filter(object_id=str(match.pk))
        .order_by("id")
        .values_list("verb", flat=True)
    )
    assert verbs == [
        "pairing_propose",
        "pairing_note_consent",
        "pairing_note_consent",
        "pairing_introduce",
        "pairing_write_agreement",
        "pairing_sign",
        "pairing_sign",
        "pairing_activate",
        "pairing_note_meeting",
        "pairing_pause",
        "pairing_go_on",
        "pairing_plan_ending",
        "pairing_end",
    ]
    said = str(list(AuditEvent.objects.values_list("facts", flat=True)))
    for word in ("Agnes", "Birnie", "Rab", "Tulloch", "quay", "Thursday"):
        assert word not in said


def test_nobody_is_told_before_both_consent(case: Case) -> None:
    by = case.coordinator
    match = actions.propose_match(by=by, referral=case.referral, volunteer=case.volunteer)
    actions.note_consent(by=by, match=match, side=Side.PARTICIPANT)
    for user in (case.volunteer_user, case.participant_user):
        with acting(user=user):
            assert not Match.objects.exists()
    with pytest.raises(Refused, match="Both have to agree"):
        actions.introduce_match(by=by, match=match)
    actions.note_consent(by=by, match=match, side=Side.VOLUNTEER)
    introduced = actions.introduce_match(by=by, match=match)
    assert (introduced.participant_called, introduced.volunteer_called) == ("Agnes", "Rab")
    for user in (case.volunteer_user, case.participant_user):
        with acting(user=user):
            assert Match.objects.count() == 1


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda case: Check.objects.all().delete(), states.NO_CHECK),
        (
            lambda case: Check.objects.update(expires_on=TODAY() - timedelta(days=1)),
            states.CHECK_ENDED,
        ),
        (lambda case: Volunteer.objects.update(trained_on=None), states.NOT_TRAINED),
        (lambda case: Volunteer.objects.update(references_on=None), states.NO_REFERENCES),
        (lambda case: Match.objects.update(participant_consented_at=None), states.BOTH_CONSENT),
        (
            lambda case: Agreement.objects.update(text_sha256="0" * 64),
            states.NOT_SIGNED,
        ),
    ],
)
def test_an_unsafe_pairing_is_never_activated(
    case: Case, spoil: Callable[[Case], Any], reason: str
) -> None:
    match = make_introduced(case)
    agreement = actions.write_agreement(by=case.coordinator, match=match, clauses=["We meet."])
    for side in Side:
        actions.note_agreed_aloud(
            by=case.coordinator, agreement=agreement, side=side, text_sha256=agreement.text_sha256
        )
    with acting(purpose=Purpose.MIGRATE):
        spoil(case)
    with pytest.raises(Refused) as refused:
        actions.activate_match(by=case.coordinator, match=match)
    assert str(refused.value) == str(reason)
    assert state_of(match) == "introduced"


def test_a_changed_agreement_is_signed_anew(case: Case) -> None:
    match = make_active(case)
    with acting(user=case.volunteer_user):
        first = Agreement.objects.get()
    second = actions.write_agreement(
        by=case.coordinator, match=match, clauses=["We meet every two weeks."]
    )
    assert second.version == 2
    now = timezone.now()
    with pytest.raises(Refused, match="changed since"):
        actions.sign_agreement(
            by=case.volunteer_user,
            agreement=first,
            text_sha256=first.text_sha256,
            reauthenticated_at=now,
        )
    with pytest.raises(Refused, match="changed since"):
        actions.sign_agreement(
            by=case.volunteer_user,
            agreement=second,
            text_sha256=first.text_sha256,
            reauthenticated_at=now,
        )
    for user, side in ((case.volunteer_user, "volunteer"), (case.participant_user, "participant")):
        signature = actions.sign_agreement(
            by=user, agreement=second, text_sha256=second.text_sha256, reauthenticated_at=now
        )
        assert (signature.side, signature.is_aloud) == (side, False)
    with pytest.raises(Refused, match="already"):
        actions.sign_agreement(
            by=case.volunteer_user,
            agreement=second,
            text_sha256=second.text_sha256,
            reauthenticated_at=now,
        )
    same = actions.write_agreement(
        by=case.coordinator, match=match, clauses=[" We meet  every two weeks. "]
    )
    assert same == second


def test_a_check_that_refuses_suspends(case: Case) -> None:
    match = make_active(case)
    check = actions.ask_check(
        by=case.coordinator, volunteer=case.volunteer, scheme="pvg", role_type="Befriending adults"
    )
    actions.decide_check(by=case.coordinator, check=check, is_cleared=False, decided_on=TODAY())
    assert state_of(match) == "suspended"
    with pytest.raises(Refused, match="no valid check"):
        actions.lift_suspension(by=case.lead, match=match)
    with pytest.raises(Refused):
        actions.start_visit(by=case.volunteer_user, match=match, minutes=60)
    again = actions.ask_check(
        by=case.coordinator, volunteer=case.volunteer, scheme="pvg", role_type="Befriending adults"
    )
    actions.decide_check(
        by=case.coordinator,
        check=again,
        is_cleared=True,
        decided_on=TODAY(),
        expires_on=TODAY() + timedelta(days=1000),
    )
    assert actions.lift_suspension(by=case.lead, match=match).state == "active"


def test_missed_twice_raises_one_task(case: Case) -> None:
    match = make_active(case)
    for ago in (9, 2):
        actions.note_meeting(
            by=case.volunteer_user,
            match=match,
            id=uuid.uuid4(),
            on=TODAY() - timedelta(days=ago),
            outcome="missed",
        )
    [task] = Task.objects.filter(kind="befriending")
    assert task.object_id == str(match.pk)
    assert "Agnes" not in task.key


def test_a_meeting_is_noted_once_and_taken_back(case: Case) -> None:
    match = make_active(case)
    id_ = uuid.uuid4()
    facts: dict[str, Any] = {"match": match, "id": id_, "on": TODAY(), "outcome": "met"}
    first = actions.note_meeting(by=case.volunteer_user, **facts)
    assert actions.note_meeting(by=case.volunteer_user, **facts) == first
    with pytest.raises(Refused, match="other facts"):
        actions.note_meeting(by=case.volunteer_user, **(facts | {"outcome": "missed"}))
    with pytest.raises(Refused, match="last three months"):
        actions.note_meeting(
            by=case.volunteer_user,
            **(facts | {"id": uuid.uuid4(), "on": TODAY() + timedelta(days=1)}),
        )
    with acting(user=case.volunteer_user):
        actions.take_meeting_back(by=case.volunteer_user, meeting=first)
        assert not Meeting.objects.exists()


def test_strangers_and_the_other_side_are_refused(case: Case) -> None:
    match = make_active(case)
    other = make_case(case.area, "Kite Hill")
    for user in (make_user(), case.worker, other.coordinator, other.volunteer_user):
        for deed in (actions.pause_match, actions.ask_to_stop):
            with pytest.raises(Refused, match="no such pairing"):
                deed(by=user, match=match)
    with pytest.raises(Refused, match="not yours"):
        actions.note_meeting(
            by=case.participant_user, match=match, id=uuid.uuid4(), on=TODAY(), outcome="met"
        )
    with pytest.raises(Refused, match="not yours"):
        actions.start_visit(by=case.participant_user, match=match, minutes=60)


def test_stopping_needs_no_reason_and_is_seen_to(case: Case) -> None:
    match = make_active(case)
    actions.ask_to_stop(by=case.participant_user, match=match)
    assert state_of(match) == "ending"
    with acting(user=case.coordinator):
        assert Ending.objects.get().asked_by == "participant"
    assert Task.objects.filter(kind="befriending", object_id=str(match.pk)).count() == 1
    with acting(user=case.participant_user):
        assert not Ending.objects.exists(), "why is between the service and whoever said it"


def test_a_lone_visit(case: Case) -> None:
    match = make_active(case)
    visit = actions.start_visit(by=case.volunteer_user, match=match, minutes=60)
    with pytest.raises(Refused, match="begun already"):
        actions.start_visit(by=case.volunteer_user, match=match, minutes=60)
    with acting(user=case.participant_user):
        assert not Visit.objects.exists()
    assert actions.end_visit(by=case.volunteer_user, visit=visit).ended_at is not None


def test_declined_after_the_introduction_they_wait_on(case: Case) -> None:
    match = make_introduced(case)
    received = case.referral.received_on
    actions.decline_match(
        by=case.coordinator, match=match, reason="Did not click", is_never_again=True
    )
    with acting(user=case.coordinator):
        referral = Referral.objects.get(pk=case.referral.pk)
        assert (referral.state, referral.received_on) == ("waiting", received)
    with pytest.raises(Refused, match="decided against"):
        actions.propose_match(by=case.coordinator, referral=referral, volunteer=case.volunteer)


def test_hold_swap_and_room(case: Case) -> None:
    by = case.coordinator
    match = actions.propose_match(by=by, referral=case.referral, volunteer=case.volunteer)
    with pytest.raises(Refused, match="say why"):
        actions.hold_match(by=by, match=match, reason=" ")
    actions.hold_match(by=by, match=match, reason="Away next week")
    other = make_ready(case.service, case.area, by, name="Una Veitch")
    swapped = actions.swap_match(by=by, match=match, volunteer=other, reason="Nearer")
    assert swapped.volunteer == other
    assert state_of(match) == "declined"
    third = make_case(case.area, "Kite Hill")
    with pytest.raises(Refused):
        actions.propose_match(by=by, referral=third.referral, volunteer=case.volunteer)


def _agree(case: Case, match: Match) -> None:
    agreement = actions.write_agreement(by=case.lead, match=match, clauses=["We meet."])
    for side in Side:
        actions.note_agreed_aloud(
            by=case.lead, agreement=agreement, side=side, text_sha256=agreement.text_sha256
        )


VERBS: dict[str, Callable[[Case, Match], Any]] = {
    "consent_p": lambda c, m: actions.note_consent(by=c.coordinator, match=m, side="participant"),
    "consent_v": lambda c, m: actions.note_consent(by=c.coordinator, match=m, side="volunteer"),
    "hold": lambda c, m: actions.hold_match(by=c.coordinator, match=m, reason="x"),
    "release": lambda c, m: actions.release_match(by=c.coordinator, match=m),
    "introduce": lambda c, m: actions.introduce_match(by=c.coordinator, match=m),
    "agree": _agree,
    "activate": lambda c, m: actions.activate_match(by=c.lead, match=m),
    "pause_p": lambda c, m: actions.pause_match(by=c.participant_user, match=m),
    "go_on_v": lambda c, m: actions.go_on_with_match(by=c.volunteer_user, match=m),
    "suspend": lambda c, m: actions.suspend_match(by=c.coordinator, match=m, reason="x"),
    "lift": lambda c, m: actions.lift_suspension(by=c.lead, match=m),
    "stop_v": lambda c, m: actions.ask_to_stop(by=c.volunteer_user, match=m),
    "keep_going": lambda c, m: actions.keep_going(by=c.coordinator, match=m),
    "end": lambda c, m: actions.end_match(by=c.coordinator, match=m, is_planned=False),
    "expire": lambda c, m: _set_check(c, -1),
    "renew": lambda c, m: _set_check(c, 300),
    "met": lambda c, m: actions.note_meeting(
        by=c.volunteer_user, match=m, id=uuid.uuid4(), on=TODAY(), outcome="met"
    ),
}


def _set_check(case: Case, days: int) -> None:
    with acting(purpose=Purpose.SWEEP):
        Check.objects.filter(volunteer=case.volunteer).update(
            expires_on=TODAY() + timedelta(days=days)
        )
        if days < 0:
            actions.suspend_unsafe(by=None, volunteer=case.volunteer)


def _try(verb: str, case: Case, match: Match) -> bool:
    try:
        VERBS[verb](case, match)
    except Refused:
        return False
    return True


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(walk=st.lists(st.sampled_from(sorted(VERBS)), max_size=25))
def test_random_walks_through_the_actions_stay_safe(db: None, walk: list[str]) -> None:
    case = make_case(NeighbourhoodFactory.create(), f"Street {uuid.uuid4()}")
    match = actions.propose_match(
        by=case.coordinator, referral=case.referral, volunteer=case.volunteer
    )
    # The way to a running pairing is long: begin half of it.
    for verb in ("consent_p", "consent_v", "introduce", "agree", "activate", *walk):
        before = state_of(match)
        if not _try(verb, case, match):
            assert state_of(match) == before, "a refused move leaves nothing behind"
        with acting(purpose=Purpose.SWEEP):
            stored = Match.objects.select_related("volunteer", "participant", "referral").get(
                pk=match.pk
            )
            facts = read_facts(stored)
            if stored.state == MatchState.ACTIVE:
                assert not any(guard(facts) for guard in SAFE), (verb, walk)
            assert (stored.state == MatchState.ENDED) == (stored.referral.state == "closed")
