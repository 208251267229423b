"""How long a check of a place is good for, and the one question that a resident is asked about it.

A place that nobody confirmed for six months is stale: still shown, after the others, and listed for
workers. A "yes, it is still there" from one resident makes it fresh again, for that costs nothing
if it is wrong: a "no" only tells a worker to look. What residents say of its welcome changes the
register once AGREEMENT more of them said one thing than the other since it was last checked.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.models import Contributor
from places.models import Place, PlaceConfirmation
from places.vocabulary import Answer, CostToStay, PlaceKind, PlaceState, WelcomeAttribute

# Six months: half of 365 days, rounded down (workers were promised a flag after six months).
FRESH_FOR = dt.timedelta(days=182)
# A judgement: one person may be mistaken or mischievous; two who agree, against nobody, seldom are.
AGREEMENT = 2
STILL_THERE = "still_there"
STAY = "stay"
# Young enough for nobody to be asked whether it is still there.
ASK_AGAIN_AFTER = dt.timedelta(days=91)

SELLS = frozenset(
    {
        PlaceKind.SUPERMARKET,
        PlaceKind.LOCAL_SHOP,
        PlaceKind.POST_OFFICE,
        PlaceKind.CAFE,
        PlaceKind.TAKEAWAY,
        PlaceKind.PUB,
        PlaceKind.HAIRDRESSER,
        PlaceKind.LAUNDERETTE,
        PlaceKind.CHARITY_SHOP,
        PlaceKind.SHOPPING_CENTRE,
        PlaceKind.MARKET,
    }
)
# Under an open sky nobody asks for these.
INDOORS_ONLY = frozenset(
    {
        WelcomeAttribute.STEP_FREE,
        WelcomeAttribute.TOILET,
        WelcomeAttribute.WARM,
        WelcomeAttribute.WIFI,
        WelcomeAttribute.NO_SIGN_UP,
    }
)
OUTDOORS = frozenset({PlaceKind.PARK, PlaceKind.ALLOTMENT, PlaceKind.PLAYGROUND, PlaceKind.BENCH})
# What is asked, the most useful first.
ASKED = {
    WelcomeAttribute.STEP_FREE: _("Can you get in without steps?"),
    WelcomeAttribute.TOILET: _("Is there a toilet that you can use?"),
    WelcomeAttribute.SEATS_WITH_BACKS: _("Are there seats with a back?"),
    WelcomeAttribute.FINE_ALONE: _("Is it fine to come alone?"),
    WelcomeAttribute.WARM: _("Is it warm there when it is cold?"),
    WelcomeAttribute.NOT_MOVED_ON: _("Can you stay without being moved on?"),
    WelcomeAttribute.NO_SIGN_UP: _("Can you come without signing up or showing anything?"),
    WelcomeAttribute.CHILDREN: _("Are children welcome?"),
    WelcomeAttribute.WIFI: _("Is there wi-fi that you can use?"),
    WelcomeAttribute.BUS_NEAR: _("Does a bus stop near it?"),
}


@dataclass(frozen=True)
class Question:
    """One question about a place; `code` is what an answer is kept under."""

    code: str
    text: str


def period_of(day: dt.date) -> dt.date:
    """Return the first day of the half year in which an answer counts once for each person."""
    return day.replace(month=1 if day.month < 7 else 7, day=1)


def is_question(code: str) -> bool:
    """Whether residents are asked `code` about a place."""
    return code in (STILL_THERE, STAY) or code in ASKED


def word_question(code: str, place: Place) -> str:
    """Return the question `code` as it is asked of `place`."""
    if code == STILL_THERE:
        return str(_("Is this place still here?"))
    if code == STAY:
        sells = place.kind in SELLS
        return str(
            _("Can you stay here without buying?") if sells else _("Can you stay here for free?")
        )
    return str(ASKED[WelcomeAttribute(code)])


def pick_question(
    place: Place, person: Contributor | None, *, now: dt.datetime | None = None
) -> Question | None:
    """Return the one question that helps most about `place` and that `person` has not answered in
    this half year: what is missing first, then what was checked longest ago; None for nothing."""
    now = now or timezone.now()
    answered: set[str] = set()
    if person is not None:
        answered = set(
            PlaceConfirmation.objects.filter(
                place=place, contributor=person, period_on=period_of(timezone.localdate(now))
            ).values_list("question", flat=True)
        )
    code = next((code for code in _wanted(place, now) if code not in answered), None)
    return None if code is None else Question(code, word_question(code, place))


def _wanted(place: Place, now: dt.datetime) -> Iterable[str]:
    confirmed = place.confirmed_at or place.created_at
    # One that came in with a list may be stale though it is new here: nobody has looked yet.
    if place.state == PlaceState.STALE or now - confirmed > FRESH_FOR:
        yield STILL_THERE
    if place.cost_to_stay == CostToStay.UNKNOWN:
        yield STAY
    told = {one.attribute: one for one in place.welcomes.all()}
    fitting = [
        attribute
        for attribute in ASKED
        if not (place.kind in OUTDOORS and attribute in INDOORS_ONLY)
    ]
    for attribute in fitting:
        known = told.get(attribute)
        if known is None or known.value == Answer.UNKNOWN:
            yield attribute
    if now - confirmed > ASK_AGAIN_AFTER:
        yield STILL_THERE
    limit = timezone.localdate(now) - FRESH_FOR
    old = [
        (told[attribute].checked_on or dt.date.min, attribute)
        for attribute in fitting
        if attribute in told
    ]
    yield from (attribute for on, attribute in sorted(old) if on < limit)


def answers_since(place: Place, question: str, since: dt.datetime) -> QuerySet[PlaceConfirmation]:
    """Return what residents answered to `question` about `place` after `since`."""
    return PlaceConfirmation.objects.filter(
        place=place, question=question, contributor__isnull=False, created_at__gt=since
    )


def agreed_answer(place: Place, question: str, since: dt.datetime) -> Answer | None:
    """Return what residents agree on since `since`: yes or no, None while they do not.

    Each person counts once, with what they said last; "don't know" counts for nothing.
    """
    said = dict(
        answers_since(place, question, since)
        .order_by("created_at")
        .values_list("contributor", "answer")
    )
    balance = sum((answer == Answer.YES) - (answer == Answer.NO) for answer in said.values())
    if abs(balance) < AGREEMENT:
        return None
    return Answer.YES if balance > 0 else Answer.NO
