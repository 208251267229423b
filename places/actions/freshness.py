"""What time and residents do to the register: places grow stale, and answers freshen them."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils import timezone

from kinder.accounts.audit import record
from kinder.accounts.models import Contributor, Task
from places.actions.keeping import Deed, Told, lock_place, rewrite, set_state
from places.freshness import (
    FRESH_FOR,
    SELLS,
    STAY,
    STILL_THERE,
    agreed_answer,
    is_question,
    period_of,
)
from places.models import Place, PlaceConfirmation
from places.rules import check_can_be_asked_about
from places.versions import bump_places
from places.vocabulary import Answer, CostToStay, PlaceState

# So that no place waits long for a lock, however many grow old on the same day.
MARKED_AT_ONCE = 2_000
ALWAYS = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Heard:
    """What came of an answer: whether the register changed by it."""

    place: Place
    is_changed: bool


def mark_stale(*, now: dt.datetime | None = None) -> int:
    """Mark places that nobody confirmed for six months; return how many. May run at any time and
    twice: it follows from the day of the last confirmation and so needs no version of its own."""
    before = (now or timezone.now()) - FRESH_FOR
    total = 0
    while True:
        with transaction.atomic():
            due = (
                Place.objects.select_for_update(skip_locked=True)
                .annotate(looked_at=Coalesce("confirmed_at", "created_at"))
                .filter(state=PlaceState.VERIFIED, looked_at__lt=before)
                .order_by("id")
                .values_list("id", flat=True)[:MARKED_AT_ONCE]
            )
            marked = Place.objects.filter(id__in=list(due)).update(state=PlaceState.STALE)
            if marked:
                bump_places([])  # maps show them as before
        total += marked
        if marked < MARKED_AT_ONCE:
            return total


@transaction.atomic
def answer_question(
    *, by: Contributor, place: Place, question: str, answer: str, now: dt.datetime | None = None
) -> Heard:
    """Keep what a resident says of `place`, once a half year for each question: a second answer
    replaces the first. Raises Refused for a place that nobody sees, ValueError for no question."""
    if not is_question(question):
        raise ValueError(question)
    now = now or timezone.now()
    locked = lock_place(place)
    check_can_be_asked_about(locked)
    PlaceConfirmation.objects.update_or_create(
        place=locked,
        question=question,
        contributor=by,
        period_on=period_of(timezone.localdate(now)),
        defaults={"answer": Answer(answer), "created_at": now},
    )
    if question == STILL_THERE:
        return Heard(locked, _hear_still_there(locked, answer, now))
    return Heard(locked, _hear_welcome(locked, question, now))


def _hear_still_there(place: Place, answer: str, now: dt.datetime) -> bool:
    if answer == Answer.YES:
        place.confirmed_at = now
        if place.state == PlaceState.STALE:
            set_state(place, PlaceState.VERIFIED, Deed.RESIDENTS, "confirm_place", by=None)
        else:
            place.save(update_fields=["confirmed_at", "updated_at"])
            bump_places([])
        return True
    if agreed_answer(place, STILL_THERE, place.confirmed_at or ALWAYS) == Answer.NO:
        Task.objects.get_or_create(
            key=f"place-gone-{place.pk}-{period_of(timezone.localdate(now)):%Y-%m}",
            defaults={
                "kind": Task.Kind.CHECK_PLACE,
                "organisation": place.organisation,
                "object_type": place._meta.label_lower,
                "object_id": str(place.pk),
            },
        )
    return False


def _hear_welcome(place: Place, question: str, now: dt.datetime) -> bool:
    """Change the register where residents agree on something that it does not say."""
    if question == STAY:
        checked_on = place.cost_checked_on
    else:
        known = place.welcomes.filter(attribute=question).first()
        checked_on = known.checked_on if known else None
    since = _after(checked_on)
    agreed = agreed_answer(place, question, since)
    if agreed is None:
        return False
    today = timezone.localdate(now)
    if question == STAY:
        cost = _cost_of(place, agreed)
        changes = {"cost_to_stay": cost, "cost_checked_on": today}
        rewrite(place, Deed.RESIDENTS, by=None, changes=changes)
    else:
        whom = known.for_whom if known and known.value == agreed else ""
        rewrite(
            place,
            Deed.RESIDENTS,
            by=None,
            changes={},
            welcome={question: Told(agreed, whom, today)},
        )
    record("residents_agreed", place, by=None, question=question, answer=str(agreed))
    bump_places([place.point])
    return True


def _cost_of(place: Place, agreed: Answer) -> CostToStay:
    if place.kind in SELLS:
        return CostToStay.NOBODY_MINDS if agreed == Answer.YES else CostToStay.SMALL_PURCHASE
    return CostToStay.FREE if agreed == Answer.YES else CostToStay.ENTRY_FEE


def _after(checked_on: dt.date | None) -> dt.datetime:
    """Answers of the day of a check count no more: whoever checked may have heard them."""
    if checked_on is None:
        return ALWAYS
    return timezone.make_aware(dt.datetime.combine(checked_on, dt.time.max))
