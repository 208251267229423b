"""Writes of gatherings: added, proposed, changed, cancelled, confirmed, and places held at them."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.audit import record
from kinder.accounts.models import Contributor, Task, User
from kinder.accounts.rules import Refused
from places.gatherings import check_recurrence, occasions_between
from places.models import CancelledOccasion, Gathering, HeldPlace
from places.models.place import SHOWN_STATES
from places.rules import can_keep_places, check_can_hold, check_can_host

State = Gathering.State

CONFIRM_AFTER = timedelta(days=182)
"""A gathering that repeats is asked for after half a year, as places are (a judgement)."""
EXPIRES_AFTER = timedelta(days=30)
"""How long its host has to answer before it is no longer shown."""

CHANGEABLE = frozenset(
    {
        "title",
        "place",
        "organisation",
        "description",
        "starts_at",
        "minutes",
        "recurrence",
        "until_on",
        "is_asked",
        "is_not_asked",
        "how_to_leave",
        "food",
        "capacity",
        "language",
    }
)
NOT_ON = _("It does not happen on that day.")


class ConflictError(Exception):
    """Somebody else changed the gathering since it was read; nothing was written."""


@transaction.atomic
def add_gathering(*, by: User, **facts: Any) -> Gathering:
    """Add something to come along to. A keeper's is shown at once, a host's is looked at first.

    Raises Refused, or ValidationError naming the field.
    """
    check_can_host(by, organisation=facts.get("organisation"))
    gathering = Gathering(state=State.SHOWN if can_keep_places(by) else State.PROPOSED)
    _set_fields(gathering, facts)
    gathering.save(force_insert=True)
    record("add_gathering", gathering, by=by, organisation=gathering.organisation)
    return gathering


@transaction.atomic
def suggest_gathering(*, by: Contributor | None, **facts: Any) -> Gathering:
    """Keep what a resident proposes, out of sight until somebody has looked; who is not kept."""
    gathering = Gathering(state=State.PROPOSED)
    _set_fields(gathering, facts)
    gathering.save(force_insert=True)
    record("suggest_gathering", gathering, by=by)
    return gathering


@transaction.atomic
def change_gathering(
    *, by: User, gathering: Gathering, changes: Mapping[str, Any], if_revision: int | None = None
) -> Gathering:
    """Change fields of CHANGEABLE; whoever does says by that that it goes on.

    With `if_revision` a change made by somebody else since raises ConflictError.
    """
    locked = _lock(gathering)
    check_can_host(by, organisation=locked.organisation)
    check_can_host(by, organisation=changes.get("organisation", locked.organisation))
    if if_revision is not None and locked.revision != if_revision:
        raise ConflictError
    _set_fields(locked, changes)
    locked.confirmed_at, locked.asked_at = timezone.now(), None
    _save(locked)
    record("change_gathering", locked, by=by, fields=sorted(changes))
    return locked


@transaction.atomic
def confirm_gathering(*, by: User, gathering: Gathering) -> Gathering:
    """Note that it goes on; what was no longer shown for want of that is shown again."""
    locked = _lock(gathering)
    check_can_host(by, organisation=locked.organisation)
    before = locked.state
    if locked.state == State.EXPIRED:
        locked.state = State.SHOWN
    Task.objects.filter(key=_task_key(locked), done_at=None).update(
        done_at=timezone.now(), done_by=by
    )
    locked.confirmed_at, locked.asked_at = timezone.now(), None
    _save(locked)
    record("confirm_gathering", locked, by=by, before=before)
    return locked


@transaction.atomic
def set_gathering_state(*, by: User, gathering: Gathering, state: str) -> Gathering:
    """Cancel, hide or show a gathering as a whole; a host cancels, a keeper does all three."""
    locked = _lock(gathering)
    wanted = State(state)
    if wanted not in {State.SHOWN, State.CANCELLED, State.HIDDEN}:
        raise ValueError(f"{wanted} is no state that anybody sets.")
    if wanted == State.CANCELLED or (wanted, locked.state) == (State.SHOWN, State.CANCELLED):
        check_can_host(by, organisation=locked.organisation)
    else:
        check_can_host(by, organisation=None)
    before, locked.state = locked.state, wanted
    if wanted == State.SHOWN:
        locked.confirmed_at, locked.asked_at = timezone.now(), None
    _save(locked)
    record("set_gathering_state", locked, by=by, before=before, state=wanted.value)
    return locked


@transaction.atomic
def cancel_occasion(*, by: User, gathering: Gathering, on: date, why: str = "") -> None:
    """Call off one time; people who look see that, and why. Twice is once."""
    locked = _lock(gathering)
    check_can_host(by, organisation=locked.organisation)
    if not happens_on(locked, on):
        raise Refused(NOT_ON)
    CancelledOccasion.objects.update_or_create(
        gathering=locked, cancelled_on=on, defaults={"why": why[:120]}
    )
    _save(locked)
    record("cancel_occasion", locked, by=by, on=on.isoformat())


@transaction.atomic
def restore_occasion(*, by: User, gathering: Gathering, on: date) -> None:
    """Take back that one time was called off."""
    locked = _lock(gathering)
    check_can_host(by, organisation=locked.organisation)
    CancelledOccasion.objects.filter(gathering=locked, cancelled_on=on).delete()
    _save(locked)
    record("restore_occasion", locked, by=by, on=on.isoformat())


# ------------------------------------------------------------------ places held


@transaction.atomic
def hold_place(*, by: Contributor, gathering: Gathering, on: date, people: int) -> HeldPlace:
    """Hold places for a device at one time; doing it again changes for how many.

    Raises Refused with the reason: full, over, cancelled, or places are not limited.
    """
    locked = _lock(gathering)
    if locked.state != State.SHOWN or locked.place.state not in SHOWN_STATES:
        raise Refused(NOT_ON)
    others = HeldPlace.objects.filter(gathering=locked, held_on=on).exclude(contributor=by)
    check_can_hold(
        gathering=locked,
        on=on,
        today=timezone.localdate(),
        people=people,
        held=count_people(others),
    )
    if not happens_on(locked, on) or locked.cancelled_occasions.filter(cancelled_on=on).exists():
        raise Refused(NOT_ON)
    return HeldPlace.objects.update_or_create(
        gathering=locked, held_on=on, contributor=by, defaults={"people": people}
    )[0]


@transaction.atomic
def give_back_place(*, by: Contributor, gathering: Gathering, on: date) -> int:
    """Give held places back; return for how many people they were."""
    held = HeldPlace.objects.filter(gathering=gathering, held_on=on, contributor=by)
    people = count_people(held)
    held.delete()
    return people


def count_people(held: "models.QuerySet[HeldPlace]") -> int:
    """Return for how many people these seats are held."""
    return int(held.aggregate(all=models.Sum("people"))["all"] or 0)


# ------------------------------------------------------------------ what nobody confirms


def look_after_gatherings(now: datetime) -> tuple[int, int]:
    """Ask hosts of what repeats whether it goes on, and show no longer what nobody answered for.

    Returns how many were asked for and how many expired; running twice does nothing more.
    """
    repeating = Gathering.objects.filter(state=State.SHOWN).exclude(recurrence="")
    asked = 0
    for gathering in repeating.filter(asked_at=None, confirmed_at__lt=now - CONFIRM_AFTER):
        with transaction.atomic():
            locked = _lock(gathering)
            if locked.asked_at is not None or locked.state != State.SHOWN:
                continue
            locked.asked_at = now
            locked.save(update_fields=["asked_at"])
            Task.objects.get_or_create(
                key=_task_key(locked),
                defaults={
                    "organisation": locked.organisation,
                    "kind": Task.Kind.CHECK_PLACE,
                    "object_type": locked._meta.label_lower,
                    "object_id": locked.code,
                    "due_on": timezone.localdate(now) + EXPIRES_AFTER,
                },
            )
            asked += 1
    expired = repeating.filter(asked_at__lt=now - EXPIRES_AFTER).update(state=State.EXPIRED)
    return asked, expired


def _task_key(gathering: Gathering) -> str:
    """One question a half-year: the next asks anew."""
    asked_at = gathering.asked_at
    return f"gathering:{gathering.code}:{asked_at:%Y-%m-%d}" if asked_at else ""


# ------------------------------------------------------------------ inside


def happens_on(gathering: Gathering, on: date) -> bool:
    """Tell whether it begins on a day, cancelled or not."""
    start = timezone.make_aware(datetime.combine(on, datetime.min.time()))
    times = occasions_between(gathering, start, start + timedelta(days=2), with_cancelled=True)
    return any(occasion.on == on for occasion in times)


def _lock(gathering: Gathering) -> Gathering:
    found = Gathering.objects.select_for_update(of=("self",))
    return found.select_related("place", "organisation").get(pk=gathering.pk)


def _save(gathering: Gathering) -> None:
    gathering.revision += 1
    gathering.save()


def _set_fields(gathering: Gathering, changes: Mapping[str, Any]) -> None:
    if unknown := set(changes) - CHANGEABLE:
        raise ValueError(f"No such field to change: {', '.join(sorted(unknown))}.")
    for field, value in changes.items():
        setattr(gathering, field, value)
    errors: dict[str, Any] = {}
    try:
        check_recurrence(gathering.recurrence)
    except ValidationError as error:
        errors["recurrence"] = error
    if gathering.until_on and gathering.until_on < timezone.localdate(gathering.starts_at):
        errors["until_on"] = _("The last date is before the first.")
    if gathering.place_id and gathering.place.state not in SHOWN_STATES:
        errors["place"] = _("This place is not shown, so nothing can be on there.")
    try:
        gathering.full_clean(exclude=errors)
    except ValidationError as error:
        errors = {**error.update_error_dict({}), **errors}
    if errors:
        raise ValidationError(errors)
