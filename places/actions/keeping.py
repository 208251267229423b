"""Deeds of those who keep the register: add, change, confirm, hide, close, put back.

Each raises the place's revision by one and keeps a version of it.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.contrib.gis.geos import Point
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.audit import record
from kinder.accounts.models import Contributor, Task, User
from kinder.accounts.rules import Refused
from places.actions.areas import find_area
from places.history import begin_history, changes_to, facts_at, write_version
from places.hours import InvalidHoursError, check_hours, tidy_hours, weekly_open_hours
from places.models import (
    Place,
    PlaceAltName,
    PlaceConfirmation,
    PlaceText,
    PlaceVersion,
    Welcome,
)
from places.postcodes import tidy_postcode
from places.rules import (
    NO_SUCH_VERSION,
    check_can_close,
    check_can_confirm,
    check_can_hide,
    check_can_keep_places,
    check_can_show_again,
)
from places.versions import bump_places
from places.vocabulary import Answer, PlaceState, WelcomeAttribute

CHANGEABLE = frozenset(
    {
        "name",
        "kind",
        "point",
        "footprint",
        "address",
        "postcode",
        "description",
        "website",
        "telephone",
        "opening_hours",
        "are_hours_unread",
        "cost_to_stay",
        "cost_checked_on",
        "who_for",
        "languages",
        "is_booking_needed",
        "organisation",
    }
)
# Answers about a place as a whole, beside those about one of its welcomes.
STILL_THERE = "still_there"
MOST_ALT_NAMES = 12
Deed = PlaceVersion.Deed


@dataclass(frozen=True)
class Told:
    """What is told of one welcome: the answer, for whom and when it holds, and the day on which
    somebody looked. None is today or, with `is_checked` false, a day that nobody knows."""

    value: str
    for_whom: str = ""
    checked_on: dt.date | None = None
    is_checked: bool = True


WelcomeFacts: TypeAlias = Mapping[str, str | Told]
AltNames: TypeAlias = Sequence[tuple[str, str]]


class ConflictError(Exception):
    """Somebody else changed the place since it was read; nothing was written."""


@transaction.atomic
def add_place(
    *,
    by: User,
    name: str,
    kind: str,
    point: Point,
    welcome: WelcomeFacts | None = None,
    alt_names: AltNames = (),
    **facts: Any,
) -> Place:
    """Add a place that a keeper of the register has seen, and show it.

    `facts` are other fields of CHANGEABLE, `welcome` maps attributes to answers, checked today
    unless told otherwise, `alt_names` are (language, name). Raises Refused, or ValidationError
    naming the field (opening hours included).
    """
    check_can_keep_places(by)
    place = Place(state=PlaceState.VERIFIED, confirmed_at=timezone.now())
    set_fields(place, {"name": name, "kind": kind, "point": point, **facts})
    place.save(force_insert=True)
    set_welcome(place, welcome or {})
    set_alt_names(place, alt_names)
    write_version(place, Deed.ADD, by=by)
    record("add_place", place, by=by, organisation=place.organisation, kind=place.kind)
    bump_places([place.point])
    return place


@transaction.atomic
def suggest_place(
    *, by: Contributor | None, name: str, kind: str, point: Point, **facts: Any
) -> Place:
    """Keep a place that a resident knows, out of sight until a keeper has confirmed it.

    Who it was is not kept. Raises ValidationError naming the field.
    """
    place = Place(state=PlaceState.SUGGESTED, source="resident")
    set_fields(place, {"name": name, "kind": kind, "point": point, **facts})
    place.save(force_insert=True)
    write_version(place, Deed.SUGGEST, by=None)
    record("suggest_place", place, by=by, kind=place.kind)
    return place


@transaction.atomic
def change_place(
    *,
    by: User,
    place: Place,
    changes: Mapping[str, Any],
    welcome: WelcomeFacts | None = None,
    alt_names: AltNames | None = None,
    if_revision: int | None = None,
) -> Place:
    """Change fields of CHANGEABLE, welcomes and other names of `place`; return it as it now stands.

    With `if_revision` a change made by somebody else since then raises ConflictError. `alt_names`
    are all of them, None leaves them.
    """
    check_can_keep_places(by)
    locked = lock_place(place)
    if if_revision is not None and locked.revision != if_revision:
        raise ConflictError
    fields = [*changes, *(welcome or {}), *(["alt_names"] if alt_names is not None else [])]
    stood = locked.point
    rewrite(locked, Deed.CHANGE, by=by, changes=changes, welcome=welcome, alt_names=alt_names)
    record("change_place", locked, by=by, fields=sorted(fields))
    bump_places([stood, locked.point])
    return locked


@transaction.atomic
def revert_place(*, by: User, place: Place, to: int, if_revision: int | None = None) -> Place:
    """Put `place` back to what its version `to` said, as a new version.

    Its state stays: what is hidden is shown by showing it. Raises ConflictError, Refused where that
    version is not kept, and ValidationError where what it said would not be taken today.
    """
    check_can_keep_places(by)
    locked = lock_place(place)
    if if_revision is not None and locked.revision != if_revision:
        raise ConflictError
    version = PlaceVersion.objects.filter(place=locked, revision=to).first()
    if version is None:
        raise Refused(NO_SUCH_VERSION)
    stood = locked.point
    put_back(locked, version.facts, Deed.REVERT, by=by, about=str(to))
    record("revert_place", locked, by=by, to=to)
    bump_places([stood, locked.point])
    return locked


@transaction.atomic
def forget_words(*, by: User, place: Place) -> int:
    """Take longer words that `place` no longer uses out of its history; return how many texts.

    For a sentence that should never have been written: take it out of the place first, then here.
    """
    check_can_keep_places(by)
    locked = lock_place(place)
    facts = facts_at(locked, locked.revision) or {}
    used = {facts["description"], facts["who_for"]} | {
        whom for _value, whom, _on in facts["welcomes"].values()
    }
    gone: int = PlaceText.objects.filter(place=locked).exclude(digest__in=used).delete()[0]
    record("forget_words", locked, by=by, texts=gone)
    return gone


@transaction.atomic
def hide_place(*, by: User, place: Place, reason: str) -> Place:
    """Take `place` from everybody's sight at once: page, list, tiles. `reason` is a HideReason."""
    locked = lock_place(place)
    check_can_hide(by, place=locked, reason=reason)
    return set_state(locked, PlaceState.HIDDEN, Deed.HIDE, "hide_place", by=by, reason=reason)


@transaction.atomic
def show_place_again(*, by: User, place: Place) -> Place:
    """Undo hiding or closing: whoever does it has looked, so the place is shown as checked."""
    locked = lock_place(place)
    check_can_show_again(by, place=locked)
    locked.confirmed_at = timezone.now()
    return set_state(locked, PlaceState.VERIFIED, Deed.SHOW, "show_place_again", by=by)


@transaction.atomic
def close_place(*, by: User, place: Place) -> Place:
    """Note that a place is closed for good: its page says so, lists and maps leave it out."""
    locked = lock_place(place)
    check_can_close(by, place=locked)
    return set_state(locked, PlaceState.CLOSED, Deed.CLOSE, "close_place", by=by)


@transaction.atomic
def confirm_place(*, by: User, place: Place) -> Place:
    """Note that `place` is there as the register says: it is verified as of now, and shown."""
    locked = lock_place(place)
    check_can_confirm(by, place=locked)
    PlaceConfirmation.objects.create(place=locked, question=STILL_THERE, answer=Answer.YES, user=by)
    locked.confirmed_at = timezone.now()
    return set_state(locked, PlaceState.VERIFIED, Deed.CONFIRM, "confirm_place", by=by)


@transaction.atomic
def take_back_state(
    *,
    by: User,
    place: Place,
    state: PlaceState,
    confirmed_at: dt.datetime | None,
    if_revision: int,
) -> Place:
    """Undo the deed of `by` that made `place` what it is at `if_revision`: confirmed, hidden,
    closed or shown again.

    Its state and the day of its last check are what they were, what it was to be looked at for
    waits again, and nobody is said to have looked.

    Raises ConflictError where somebody changed the place since.
    """
    check_can_keep_places(by)
    locked = lock_place(place)
    deed = PlaceVersion.objects.filter(place=locked, revision=if_revision).first()
    if deed is None or locked.revision != if_revision:
        raise ConflictError
    about = {"object_type": place._meta.label_lower, "object_id": str(place.pk)}
    tasks = list(Task.objects.filter(**about, done_by=by, done_at__gte=deed.at))
    if deed.deed == Deed.CONFIRM:
        said = PlaceConfirmation.objects.filter(place=locked, user=by, question=STILL_THERE)
        if latest := said.order_by("-id").first():
            latest.delete()
    locked.confirmed_at = confirmed_at
    set_state(locked, state, Deed.REVERT, "take_back_state", by=by)
    for task in tasks:
        task.done_at = task.done_by = None
        task.save(update_fields=["done_at", "done_by"])
    return locked


@transaction.atomic
def note_change(*, by: User, place: Place, fields: Sequence[str]) -> Place:
    """Keep a version of `place` after its welcomes or names were written by the administration."""
    check_can_keep_places(by)
    locked = lock_place(place)
    locked.revision += 1
    locked.save(update_fields=["revision", "updated_at"])
    write_version(locked, Deed.CHANGE, by=by)
    record("change_place", locked, by=by, fields=sorted(fields))
    bump_places([locked.point])
    return locked


# ------------------------------------------------------------------ what deeds are made of


def lock_place(place: Place) -> Place:
    """Return `place` as it is, locked until the transaction ends, its history begun."""
    locked = Place.objects.select_for_update().get(pk=place.pk)
    begin_history(locked)
    return locked


def rewrite(
    place: Place,
    deed: "PlaceVersion.Deed",
    *,
    by: User | Contributor | None,
    changes: Mapping[str, Any],
    welcome: WelcomeFacts | None = None,
    alt_names: AltNames | None = None,
    about: str = "",
) -> PlaceVersion:
    """Write `changes` to a locked place, raise its revision and keep the version."""
    set_fields(place, changes)
    place.revision += 1
    place.save()
    set_welcome(place, welcome or {})
    if alt_names is not None:
        set_alt_names(place, alt_names)
    return write_version(place, deed, by=by, about=about)


def put_back(
    place: Place,
    facts: dict[str, Any],
    deed: "PlaceVersion.Deed",
    *,
    by: User | None,
    about: str = "",
) -> PlaceVersion:
    """Make a locked place again what `facts` of one of its versions say, but for its state."""
    columns, welcomes, alt_names = changes_to(place, facts)
    place.welcomes.exclude(attribute__in=welcomes).delete()
    for attribute, (value, whom, checked_on) in welcomes.items():
        Welcome.objects.update_or_create(
            place=place,
            attribute=attribute,
            defaults={"value": value, "for_whom": whom, "checked_on": checked_on},
        )
    return rewrite(place, deed, by=by, changes=columns, alt_names=alt_names, about=about)


def set_state(
    place: Place,
    state: PlaceState,
    deed: "PlaceVersion.Deed",
    verb: str,
    *,
    by: User | Contributor | None,
    **facts: Any,
) -> Place:
    """Give a locked place another state, with its version, audit row and map."""
    before = place.state
    place.state = state
    place.revision += 1
    place.save(update_fields=["state", "revision", "confirmed_at", "updated_at"])
    write_version(place, deed, by=by if isinstance(by, User) else None)
    record(verb, place, by=by, before=before, **facts)
    if isinstance(by, User):
        # Whoever decides has looked: nobody need be asked to any more.
        Task.objects.filter(
            object_type=place._meta.label_lower, object_id=str(place.pk), done_at=None
        ).update(done_at=timezone.now(), done_by=by)
    bump_places([place.point])
    return place


def set_fields(place: Place, changes: Mapping[str, Any]) -> None:
    """Check and set fields of a place, without saving it; raises ValidationError."""
    if unknown := set(changes) - CHANGEABLE:
        raise ValueError(f"No such field to change: {', '.join(sorted(unknown))}.")
    for field, value in changes.items():
        setattr(place, field, value)
    place.postcode = tidy_postcode(place.postcode) or place.postcode.strip().upper()
    errors: dict[str, Any] = {}
    _set_hours(place, errors)
    if not (-180 <= place.point.x <= 180 and -85 <= place.point.y <= 85):
        errors["point"] = _("This position is not on the map.")
    try:
        place.full_clean(exclude=[*errors, "area", "footprint"])
    except ValidationError as error:
        errors = {**error.update_error_dict({}), **errors}
    if errors:
        raise ValidationError(errors)
    place.area = find_area(place.point, postcode=place.postcode)


def _set_hours(place: Place, errors: dict[str, Any]) -> None:
    """Work out the hours, or keep them as words where whoever wrote them said so."""
    tidied = tidy_hours(place.opening_hours)
    try:
        check_hours(tidied)
    except InvalidHoursError as error:
        if not place.are_hours_unread:
            errors["opening_hours"] = str(error)
        place.weekly_hours = None
    else:
        place.opening_hours, place.are_hours_unread = tidied, False
        place.weekly_hours = weekly_open_hours(tidied)


def set_welcome(place: Place, welcome: WelcomeFacts) -> None:
    """Write welcomes of a saved place."""
    for attribute, told in welcome.items():
        said = told if isinstance(told, Told) else Told(told)
        today = timezone.localdate() if said.is_checked else None
        facts: dict[str, Any] = {"value": Answer(said.value)}
        if isinstance(told, Told):
            facts["for_whom"] = said.for_whom
        Welcome.objects.update_or_create(
            place=place,
            attribute=WelcomeAttribute(attribute),
            defaults=facts | {"checked_on": said.checked_on or today},
        )


def set_alt_names(place: Place, alt_names: AltNames) -> None:
    """Make `alt_names` all other names of a saved place."""
    wanted = dict.fromkeys((language, name) for language, name in alt_names)
    if len(wanted) > MOST_ALT_NAMES:
        raise ValidationError({"name": _("A place has twelve other names at most.")})
    for other in place.alt_names.all():
        if (other.language, other.name) in wanted:
            wanted.pop((other.language, other.name))
        else:
            other.delete()
    for language, name in wanted:
        one = PlaceAltName(place=place, language=language, name=name)
        one.full_clean()
        one.save()
