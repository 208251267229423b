"""The two state machines of befriending, whole: every move of a referral and of a pairing, who may
make it, from where to where, and what must be true first.

Pure: facts come in, a Refused with the reason goes out or nothing does. Actions read the facts,
ask here, and write.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from connections.befriending.vocabulary import MatchState, ReferralState
from kinder.accounts.rules import Refused

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise


class Who(StrEnum):
    """Who makes a move, as seen from one service. A lead may do all that a coordinator may."""

    COORDINATOR = "coordinator"
    LEAD = "lead"
    VOLUNTEER = "volunteer"
    PARTICIPANT = "participant"
    JOB = "job"
    STRANGER = "stranger"


STAFF = frozenset({Who.COORDINATOR, Who.LEAD})
BOTH_SIDES = frozenset({Who.VOLUNTEER, Who.PARTICIPANT})

NOT_YOURS = _("That is not yours to do.")
_NOT_NOW = _("That can't be done while this is “{state}”.")
NO_CONSENT = _("The person has not agreed to be put forward. Ask them first.")
NOT_ELIGIBLE = _("Say first that this is within what the service offers.")
BOTH_CONSENT = _("Both have to agree to meet first.")
NO_CHECK = _("The volunteer has no valid check.")
CHECK_ENDED = _("The volunteer's check has run out.")
NOT_TRAINED = _("The volunteer's training is not noted yet.")
NO_REFERENCES = _("The volunteer's references are not noted yet.")
NOT_SIGNED = _("Both have to sign the newest agreement, or agree to it aloud.")
HAS_LEFT = _("The volunteer has left or is away.")
NO_ROOM = _("The volunteer has no room for another pairing.")
NEVER_AGAIN = _("It was decided against pairing these two.")
NOT_WAITING = _("Only somebody who waits can be paired.")
NEEDS_EXPERIENCE = _("This person needs an experienced volunteer.")
NEEDS_PLAN = _("A planned ending needs a plan: what comes after?")
NEEDS_LAST_REVIEW = _("A planned ending needs a last review: note when you talked with both.")
OTHER_SERVICE = _("These two belong to different services.")


@dataclass(frozen=True)
class PairingFacts:
    """What a pairing's guards ask about, on one day.

    `check_until` is the last day on which a cleared check holds: None without any, and
    `date.max` for one that does not end.
    """

    today: dt.date
    is_same_service: bool = True
    is_waiting: bool = True
    is_never_again: bool = False
    needs_experience: bool = False
    is_experienced: bool = False
    has_left: bool = False
    has_room: bool = True
    has_participant_consent: bool = False
    has_volunteer_consent: bool = False
    check_until: dt.date | None = None
    is_trained: bool = False
    has_references: bool = False
    is_signed_by_participant: bool = False
    is_signed_by_volunteer: bool = False
    is_planned_ending: bool = False
    has_plan: bool = False
    has_last_review: bool = False


@dataclass(frozen=True)
class ReferralFacts:
    """What a referral's guards ask about."""

    has_consented: bool = False
    is_eligible: bool = False


PairingGuard = Callable[[PairingFacts], "_StrOrPromise | None"]
ReferralGuard = Callable[[ReferralFacts], "_StrOrPromise | None"]


def _belongs_together(facts: PairingFacts) -> "_StrOrPromise | None":
    if not facts.is_same_service:
        return OTHER_SERVICE
    if not facts.is_waiting:
        return NOT_WAITING
    if facts.is_never_again:
        return NEVER_AGAIN
    if facts.needs_experience and not facts.is_experienced:
        return NEEDS_EXPERIENCE
    return None if facts.has_room else NO_ROOM


def _is_here(facts: PairingFacts) -> "_StrOrPromise | None":
    return HAS_LEFT if facts.has_left else None


def _both_consent(facts: PairingFacts) -> "_StrOrPromise | None":
    if facts.has_participant_consent and facts.has_volunteer_consent:
        return None
    return BOTH_CONSENT


def _is_cleared(facts: PairingFacts) -> "_StrOrPromise | None":
    if facts.check_until is None:
        return NO_CHECK
    return CHECK_ENDED if facts.check_until < facts.today else None


def _is_prepared(facts: PairingFacts) -> "_StrOrPromise | None":
    if not facts.has_references:
        return NO_REFERENCES
    return None if facts.is_trained else NOT_TRAINED


def _is_signed(facts: PairingFacts) -> "_StrOrPromise | None":
    if facts.is_signed_by_participant and facts.is_signed_by_volunteer:
        return None
    return NOT_SIGNED


def _ends_well(facts: PairingFacts) -> "_StrOrPromise | None":
    """A planned ending has a plan and a last review; an unplanned one asks for nothing."""
    if not facts.is_planned_ending:
        return None
    if not facts.has_plan:
        return NEEDS_PLAN
    return None if facts.has_last_review else NEEDS_LAST_REVIEW


# What must be true whenever two people are to meet by themselves.
SAFE: tuple[PairingGuard, ...] = (_both_consent, _is_here, _is_cleared, _is_prepared, _is_signed)


@dataclass(frozen=True)
class PairingMove:
    """`to` is None where the state stays."""

    label: "_StrOrPromise"
    before: frozenset[MatchState | None]
    to: MatchState | None
    who: frozenset[Who]
    guards: tuple[PairingGuard, ...] = ()


@dataclass(frozen=True)
class ReferralMove:
    label: "_StrOrPromise"
    before: frozenset[ReferralState]
    to: ReferralState
    who: frozenset[Who]
    guards: tuple[ReferralGuard, ...] = ()


_M, _R = MatchState, ReferralState
RUNNING = frozenset({_M.INTRODUCED, _M.ACTIVE, _M.PAUSED, _M.SUSPENDED})
OVER = frozenset({_M.ENDED, _M.DECLINED})
# A volunteer's room is taken from the suggestion on.
TAKING_ROOM = frozenset(MatchState) - OVER

PAIRING_MOVES: dict[str, PairingMove] = {
    "propose": PairingMove(
        _("Suggest"), frozenset({None}), _M.PROPOSED, STAFF, (_belongs_together, _is_here)
    ),
    "hold": PairingMove(_("Hold for them"), frozenset({_M.PROPOSED}), _M.HELD, STAFF),
    "release": PairingMove(_("Go on with it"), frozenset({_M.HELD}), _M.PROPOSED, STAFF),
    "note_consent": PairingMove(_("Note a yes"), frozenset({_M.PROPOSED}), None, STAFF),
    "decline": PairingMove(
        _("Decide against"),
        frozenset({_M.PROPOSED, _M.HELD, _M.INTRODUCED}),
        _M.DECLINED,
        STAFF,
    ),
    "introduce": PairingMove(
        _("Introduce"),
        frozenset({_M.PROPOSED}),
        _M.INTRODUCED,
        STAFF,
        (_both_consent, _is_here, _is_cleared, _is_prepared),
    ),
    "activate": PairingMove(
        _("Let them meet by themselves"), frozenset({_M.INTRODUCED}), _M.ACTIVE, STAFF, SAFE
    ),
    "pause": PairingMove(_("Pause"), frozenset({_M.ACTIVE}), _M.PAUSED, STAFF | BOTH_SIDES),
    "go_on": PairingMove(_("Go on"), frozenset({_M.PAUSED}), _M.ACTIVE, STAFF | BOTH_SIDES, SAFE),
    "suspend": PairingMove(
        _("Suspend"),
        frozenset({_M.INTRODUCED, _M.ACTIVE, _M.PAUSED, _M.ENDING}),
        _M.SUSPENDED,
        STAFF | {Who.JOB},
    ),
    "lift": PairingMove(
        _("Lift the suspension"), frozenset({_M.SUSPENDED}), _M.ACTIVE, STAFF, SAFE
    ),
    "plan_ending": PairingMove(_("Bring to an end"), RUNNING, _M.ENDING, STAFF | BOTH_SIDES),
    "keep_going": PairingMove(_("Go on after all"), frozenset({_M.ENDING}), _M.ACTIVE, STAFF, SAFE),
    "end": PairingMove(_("End"), RUNNING | {_M.ENDING}, _M.ENDED, STAFF, (_ends_well,)),
    "write_agreement": PairingMove(
        _("Change the agreement"),
        frozenset({_M.PROPOSED, _M.INTRODUCED, _M.ACTIVE, _M.PAUSED, _M.SUSPENDED}),
        None,
        STAFF,
    ),
    "sign": PairingMove(_("Sign"), RUNNING, None, STAFF | BOTH_SIDES),
    "arrange": PairingMove(
        _("Arrange a meeting"), frozenset({_M.INTRODUCED, _M.ACTIVE, _M.ENDING}), None, STAFF
    ),
    # Until both have signed, only the coordinator, who comes along, notes a meeting.
    "note_first_meeting": PairingMove(
        _("Note a meeting"), frozenset({_M.INTRODUCED, _M.SUSPENDED}), None, STAFF
    ),
    "note_meeting": PairingMove(
        _("Note a meeting"),
        frozenset({_M.ACTIVE, _M.PAUSED, _M.ENDING}),
        None,
        STAFF | {Who.VOLUNTEER},
    ),
    "visit": PairingMove(
        _("Begin a home visit"),
        frozenset({_M.ACTIVE, _M.ENDING}),
        None,
        frozenset({Who.VOLUNTEER}),
        SAFE,
    ),
}

REFERRAL_MOVES: dict[str, ReferralMove] = {
    "assess": ReferralMove(
        _("Note the first talk"),
        frozenset({_R.NEW}),
        _R.ASSESSED,
        STAFF,
        (lambda facts: None if facts.has_consented else NO_CONSENT,),
    ),
    "queue": ReferralMove(
        _("Put on the waiting list"),
        frozenset({_R.ASSESSED}),
        _R.WAITING,
        STAFF,
        (
            lambda facts: None if facts.has_consented else NO_CONSENT,
            lambda facts: None if facts.is_eligible else NOT_ELIGIBLE,
        ),
    ),
    "find_unsuitable": ReferralMove(
        _("Not suitable"),
        frozenset({_R.NEW, _R.ASSESSED, _R.WAITING}),
        _R.UNSUITABLE,
        STAFF,
    ),
    "withdraw": ReferralMove(
        _("Withdrawn"),
        frozenset({_R.NEW, _R.ASSESSED, _R.WAITING}),
        _R.WITHDRAWN,
        STAFF | {Who.PARTICIPANT},
    ),
    "reopen": ReferralMove(
        _("Open again"), frozenset({_R.UNSUITABLE, _R.WITHDRAWN}), _R.NEW, STAFF
    ),
    # These two follow from what happens to the pairing.
    "match": ReferralMove(
        _("Introduced"),
        frozenset({_R.WAITING}),
        _R.MATCHED,
        STAFF,
        (lambda facts: None if facts.has_consented else NO_CONSENT,),
    ),
    "wait_again": ReferralMove(_("Waits again"), frozenset({_R.MATCHED}), _R.WAITING, STAFF),
    "close": ReferralMove(_("Close"), frozenset({_R.MATCHED}), _R.CLOSED, STAFF),
}


def check_pairing_move(
    verb: str, *, state: MatchState | str | None, who: Who, facts: PairingFacts
) -> MatchState | None:
    """Return the state after `verb` (None where it stays); Refused, with the reason, where the
    move is not `who`'s to make, not possible in `state`, or not safe yet. KeyError for no verb."""
    move = PAIRING_MOVES[verb]
    if who not in move.who:
        raise Refused(NOT_YOURS)
    now = MatchState(state) if state is not None else None
    if now not in move.before:
        raise Refused(format_lazy(_NOT_NOW, state=now.label if now else _("nothing yet")))
    for guard in move.guards:
        if reason := guard(facts):
            raise Refused(reason)
    return move.to


def check_referral_move(
    verb: str, *, state: ReferralState | str, who: Who, facts: ReferralFacts
) -> ReferralState:
    """Return the state after `verb`; Refused, with the reason, else."""
    move = REFERRAL_MOVES[verb]
    if who not in move.who:
        raise Refused(NOT_YOURS)
    now = ReferralState(state)
    if now not in move.before:
        raise Refused(format_lazy(_NOT_NOW, state=now.label))
    for guard in move.guards:
        if reason := guard(facts):
            raise Refused(reason)
    return move.to


@dataclass(frozen=True)
class Option:
    """A move on offer: `reason` says what still stands in the way, "" where nothing does."""

    verb: str
    label: "_StrOrPromise"
    reason: "_StrOrPromise"


def list_options(state: MatchState | str, *, who: Who, facts: PairingFacts) -> list[Option]:
    """Return the moves that `state` leaves to `who`, each with what is still missing for it."""
    options = []
    for verb, move in PAIRING_MOVES.items():
        if who in move.who and MatchState(state) in move.before:
            reason = next((found for guard in move.guards if (found := guard(facts))), "")
            options.append(Option(verb, move.label, reason))
    return options


def list_referral_options(
    state: ReferralState | str, *, who: Who, facts: ReferralFacts
) -> list[Option]:
    """Return the moves of a referral that are made by hand."""
    return [
        Option(
            verb,
            move.label,
            next((found for guard in move.guards if (found := guard(facts))), ""),
        )
        for verb, move in REFERRAL_MOVES.items()
        if verb in BY_HAND and who in move.who and ReferralState(state) in move.before
    ]


BY_HAND = frozenset({"assess", "queue", "find_unsuitable", "withdraw", "reopen"})
