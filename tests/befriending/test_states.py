"""The state machines: role × state × action as one table, and random walks that find no way round."""

import dataclasses
import datetime as dt
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.befriending import states
from connections.befriending.states import (
    OVER,
    PAIRING_MOVES,
    REFERRAL_MOVES,
    SAFE,
    PairingFacts,
    ReferralFacts,
    Who,
    check_pairing_move,
    check_referral_move,
    list_options,
    list_referral_options,
)
from connections.befriending.vocabulary import MatchState, ReferralState
from kinder.accounts.rules import Refused

TODAY = dt.date(2026, 5, 4)
ALL_WELL = PairingFacts(
    today=TODAY,
    is_experienced=True,
    has_participant_consent=True,
    has_volunteer_consent=True,
    check_until=TODAY,
    is_trained=True,
    has_references=True,
    is_signed_by_participant=True,
    is_signed_by_volunteer=True,
    is_planned_ending=True,
    has_plan=True,
    has_last_review=True,
)
STAFF = "coordinator lead"
# Verb: where it starts, who may, where it leads. Written by hand: the machine is held to it.
TABLE: dict[str, tuple[str, str, str]] = {
    "propose": ("nothing", STAFF, "proposed"),
    "hold": ("proposed", STAFF, "held"),
    "release": ("held", STAFF, "proposed"),
    "note_consent": ("proposed", STAFF, "same"),
    "decline": ("proposed held introduced", STAFF, "declined"),
    "introduce": ("proposed", STAFF, "introduced"),
    "activate": ("introduced", STAFF, "active"),
    "pause": ("active", f"{STAFF} volunteer participant", "paused"),
    "go_on": ("paused", f"{STAFF} volunteer participant", "active"),
    "suspend": ("introduced active paused ending", f"{STAFF} job", "suspended"),
    "lift": ("suspended", STAFF, "active"),
    "plan_ending": (
        "introduced active paused suspended",
        f"{STAFF} volunteer participant",
        "ending",
    ),
    "keep_going": ("ending", STAFF, "active"),
    "end": ("introduced active paused suspended ending", STAFF, "ended"),
    "write_agreement": ("proposed introduced active paused suspended", STAFF, "same"),
    "sign": ("introduced active paused suspended", f"{STAFF} volunteer participant", "same"),
    "arrange": ("introduced active ending", STAFF, "same"),
    "note_first_meeting": ("introduced suspended", STAFF, "same"),
    "note_meeting": ("active paused ending", f"{STAFF} volunteer", "same"),
    "visit": ("active ending", "volunteer", "same"),
}
REFERRALS: dict[str, tuple[str, str]] = {
    "assess": ("new", "assessed"),
    "queue": ("assessed", "waiting"),
    "find_unsuitable": ("new assessed waiting", "unsuitable"),
    "withdraw": ("new assessed waiting", "withdrawn"),
    "reopen": ("unsuitable withdrawn", "new"),
    "match": ("waiting", "matched"),
    "wait_again": ("matched", "waiting"),
    "close": ("matched", "closed"),
}
STATES: list[MatchState | None] = [None, *MatchState]


def attempt(verb: str, **situation: Any) -> tuple[MatchState | None, str | None]:
    """Return the state that a move leads to and None, or None and why it was refused."""
    try:
        return check_pairing_move(verb, **situation), None
    except Refused as refused:
        return None, str(refused.reason)


def test_the_tables_are_whole() -> None:
    assert set(TABLE) == set(PAIRING_MOVES)
    assert set(REFERRALS) == set(REFERRAL_MOVES)


@pytest.mark.parametrize("who", Who)
@pytest.mark.parametrize("verb", TABLE)
def test_role_and_state_and_action(verb: str, who: Who) -> None:
    before, allowed, after = TABLE[verb]
    for state in STATES:
        is_possible = (state or "nothing") in before.split() and who.value in allowed.split()
        to, reason = attempt(verb, state=state, who=who, facts=ALL_WELL)
        assert (reason is None) is is_possible, (verb, state, who)
        assert reason != ""
        if is_possible:
            assert (to or "same") == after


@pytest.mark.parametrize(("verb", "who"), list(product(REFERRALS, Who)))
def test_referrals(verb: str, who: Who) -> None:
    before, after = REFERRALS[verb]
    facts = ReferralFacts(has_consented=True, is_eligible=True)
    for state in ReferralState:
        # Whoever asked for company may leave the list by themselves; all else is the staff's.
        allowed = states.STAFF | ({Who.PARTICIPANT} if verb == "withdraw" else set())
        is_possible = state.value in before.split() and who in allowed
        try:
            to = check_referral_move(verb, state=state, who=who, facts=facts)
        except Refused:
            assert not is_possible, (verb, state, who)
        else:
            assert is_possible, (verb, state, who)
            assert to == after


@pytest.mark.parametrize(
    ("lack", "reason"),
    [
        ({"has_participant_consent": False}, states.BOTH_CONSENT),
        ({"has_volunteer_consent": False}, states.BOTH_CONSENT),
        ({"check_until": None}, states.NO_CHECK),
        ({"check_until": TODAY - dt.timedelta(days=1)}, states.CHECK_ENDED),
        ({"is_trained": False}, states.NOT_TRAINED),
        ({"has_references": False}, states.NO_REFERENCES),
        ({"has_left": True}, states.HAS_LEFT),
        ({"is_signed_by_participant": False}, states.NOT_SIGNED),
        ({"is_signed_by_volunteer": False}, states.NOT_SIGNED),
    ],
)
def test_nobody_meets_alone_while_something_is_missing(
    lack: dict[str, object], reason: str
) -> None:
    facts = dataclasses.replace(ALL_WELL, **lack)  # type: ignore[arg-type]
    for verb, move in PAIRING_MOVES.items():
        if move.to is MatchState.ACTIVE:
            for state in move.before:
                with pytest.raises(Refused) as refused:
                    check_pairing_move(verb, state=state, who=Who.LEAD, facts=facts)
                assert str(refused.value) == str(reason)


def test_a_suggestion_is_refused_with_the_reason() -> None:
    for lack, reason in (
        ({"is_same_service": False}, states.OTHER_SERVICE),
        ({"is_waiting": False}, states.NOT_WAITING),
        ({"is_never_again": True}, states.NEVER_AGAIN),
        ({"has_room": False}, states.NO_ROOM),
        ({"has_left": True}, states.HAS_LEFT),
        ({"needs_experience": True, "is_experienced": False}, states.NEEDS_EXPERIENCE),
    ):
        facts = dataclasses.replace(ALL_WELL, **lack)  # type: ignore[arg-type]
        with pytest.raises(Refused) as refused:
            check_pairing_move("propose", state=None, who=Who.COORDINATOR, facts=facts)
        assert str(refused.value) == str(reason)


def test_endings() -> None:
    for lack, reason in (
        ({"has_plan": False}, states.NEEDS_PLAN),
        ({"has_last_review": False}, states.NEEDS_LAST_REVIEW),
    ):
        facts = dataclasses.replace(ALL_WELL, **lack)  # type: ignore[arg-type]
        with pytest.raises(Refused) as refused:
            check_pairing_move("end", state="ending", who=Who.COORDINATOR, facts=facts)
        assert str(refused.value) == str(reason)
        unplanned = dataclasses.replace(facts, is_planned_ending=False)
        assert check_pairing_move("end", state="ending", who=Who.LEAD, facts=unplanned) == "ended"


facts_of_any_kind = st.builds(
    PairingFacts,
    today=st.just(TODAY),
    check_until=st.sampled_from([None, TODAY - dt.timedelta(days=1), TODAY, dt.date.max]),
    **{
        field.name: st.booleans()
        for field in dataclasses.fields(PairingFacts)
        if field.name not in ("today", "check_until")
    },
)


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(sorted(PAIRING_MOVES)), st.sampled_from(list(Who)), facts_of_any_kind
        ),
        max_size=40,
    )
)
def test_random_walks_never_reach_an_unsafe_pairing(
    steps: list[tuple[str, Who, PairingFacts]],
) -> None:
    state: MatchState | None = None
    for verb, who, facts in steps:
        before = state
        to, reason = attempt(verb, state=state, who=who, facts=facts)
        if reason is not None:
            continue
        assert who is not Who.STRANGER
        assert before not in OVER, "what is over stays over"
        state = to or state
        if to is MatchState.ACTIVE:
            assert not any(guard(facts) for guard in SAFE)
            assert facts.check_until is not None
            assert facts.check_until >= TODAY
        if to is MatchState.INTRODUCED:
            assert facts.has_participant_consent
            assert facts.has_volunteer_consent
        if who in (Who.PARTICIPANT, Who.VOLUNTEER) and to:
            assert to in (MatchState.PAUSED, MatchState.ACTIVE, MatchState.ENDING)


@given(
    facts=facts_of_any_kind, state=st.sampled_from(list(MatchState)), who=st.sampled_from(list(Who))
)
def test_what_is_offered_is_what_is_possible(
    facts: PairingFacts, state: MatchState, who: Who
) -> None:
    offered = {option.verb: option.reason for option in list_options(state, who=who, facts=facts)}
    for verb in PAIRING_MOVES:
        _to, reason = attempt(verb, state=state, who=who, facts=facts)
        if reason is None:
            assert offered[verb] == ""
        else:
            assert str(offered.get(verb, reason)) == reason


def test_a_referral_waits_with_consent_and_within_the_offer_only() -> None:
    offered = list_referral_options("assessed", who=Who.LEAD, facts=ReferralFacts())
    assert {option.verb: str(option.reason) for option in offered} == {
        "queue": str(states.NO_CONSENT),
        "find_unsuitable": "",
        "withdraw": "",
    }
    with pytest.raises(Refused, match="within"):
        check_referral_move(
            "queue", state="assessed", who=Who.LEAD, facts=ReferralFacts(has_consented=True)
        )
