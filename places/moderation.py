"""What of the register waits to be looked at: gatherings, places and photos that somebody sent."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from kinder.accounts.models import Decision, User
from kinder.accounts.moderation import LONGEST, Item, Queue, Verdict, register
from kinder.accounts.rules import Refused
from kinder.accounts.screening import find_signals
from places.actions.keeping import Deed, lock_place, set_state
from places.models import Gathering, Place, PlacePhoto
from places.rules import check_can_keep_places
from places.vocabulary import CostToStay, PlaceState

MOVED_ON = _("It has been changed since. Look at it where it stands.")


def list_gatherings(_user: User) -> Sequence[Item]:
    """Return the proposed gatherings, the longest waiting first."""
    found = (
        Gathering.objects.filter(state=Gathering.State.PROPOSED)
        .select_related("place__area", "organisation")
        .order_by("created_at", "id")[:LONGEST]
    )
    return [_read(gathering) for gathering in found]


def _read(gathering: Gathering) -> Item:
    area = gathering.place.area
    starts_at = timezone.localtime(gathering.starts_at)
    return Item(
        id=str(gathering.pk),
        title=gathering.title,
        text=gathering.description,
        since_at=gathering.created_at,
        area=area.name if area else "",
        language=gathering.language,
        signals=find_signals(gathering.title, gathering.description),
        facts=(
            (_("Where"), gathering.place.name),
            (_("When"), date_format(starts_at, "DATETIME_FORMAT")),
            (_("By"), gathering.organisation.name if gathering.organisation else _("a resident")),
        ),
        url=reverse("places:gathering", args=[gathering.code]),
    )


def decide_gatherings(
    *, by: User, ids: Sequence[str], verdict: Verdict, reason: str
) -> dict[str, dict[str, Any]]:
    """Show or hide proposed gatherings; return which, and how they were."""
    keys = [int(id_) for id_ in ids if id_.isdecimal()]
    waiting = Gathering.objects.select_for_update().filter(
        pk__in=keys, state=Gathering.State.PROPOSED
    )
    before = {}
    for gathering in waiting.order_by("pk"):
        before[str(gathering.pk)] = {"state": gathering.state}
        gathering.state = (
            Gathering.State.SHOWN if verdict == Verdict.ACCEPT else Gathering.State.HIDDEN
        )
        gathering.save(update_fields=["state"])
    return before


def undo_gathering(*, by: User, decision: Decision) -> None:
    """Let a gathering wait again, as long as nobody changed it since."""
    gathering = Gathering.objects.select_for_update().filter(pk=decision.object_id).first()
    then = Gathering.State.SHOWN if decision.verdict == Verdict.ACCEPT else Gathering.State.HIDDEN
    if gathering is None or gathering.state != then:
        raise Refused(MOVED_ON)
    gathering.state = decision.before["state"]
    gathering.save(update_fields=["state"])


# ------------------------------------------------------------------ places


def list_places(_user: User) -> Sequence[Item]:
    """Return the places that residents told of, the longest waiting first."""
    found = (
        Place.objects.filter(state=PlaceState.SUGGESTED)
        .select_related("area")
        .order_by("created_at", "id")[:LONGEST]
    )
    return [
        Item(
            id=str(place.pk),
            title=place.name,
            text=place.description,
            since_at=place.created_at,
            area=place.area.name if place.area else "",
            signals=find_signals(place.name, place.description),
            facts=(
                (_("Kind"), place.get_kind_display()),
                (_("Address"), ", ".join(filter(None, (place.address, place.postcode)))),
                (_("When it is open"), place.opening_hours),
                (_("What it costs to stay"), CostToStay(place.cost_to_stay).label),
            ),
            url=reverse("places:place", args=[place.code]),
        )
        for place in found
    ]


def decide_places(
    *, by: User, ids: Sequence[str], verdict: Verdict, reason: str
) -> dict[str, dict[str, Any]]:
    """Show suggested places as checked now, or hide them; return which, and how they were."""
    keys = [int(id_) for id_ in ids if id_.isdecimal()]
    before = {}
    for place in Place.objects.filter(pk__in=keys).order_by("pk"):
        locked = lock_place(place)
        if locked.state != PlaceState.SUGGESTED:
            continue
        before[str(locked.pk)] = {"state": str(locked.state)}
        if verdict == Verdict.ACCEPT:
            locked.confirmed_at = timezone.now()
            set_state(locked, PlaceState.VERIFIED, Deed.CONFIRM, "confirm_place", by=by)
        else:
            set_state(locked, PlaceState.HIDDEN, Deed.HIDE, "hide_place", by=by, reason=reason)
    return before


def undo_place(*, by: User, decision: Decision) -> None:
    """Let a suggested place wait again, as long as nobody changed its state since."""
    place = Place.objects.filter(pk=decision.object_id).first()
    then = PlaceState.VERIFIED if decision.verdict == Verdict.ACCEPT else PlaceState.HIDDEN
    if place is None or place.state != then:
        raise Refused(MOVED_ON)
    locked = lock_place(place)
    locked.confirmed_at = None
    set_state(locked, PlaceState(decision.before["state"]), Deed.REVERT, "undo_place", by=by)


# ------------------------------------------------------------------ photos


def list_photos(_user: User) -> Sequence[Item]:
    """Return the photos that residents sent, the longest waiting first."""
    found = (
        PlacePhoto.objects.filter(state=PlacePhoto.State.WAITING)
        .select_related("place__area")
        .order_by("created_at", "id")[:LONGEST]
    )
    return [
        Item(
            id=str(photo.pk),
            title=photo.place.name,
            text=photo.alt,
            since_at=photo.created_at,
            area=photo.place.area.name if photo.place.area else "",
            signals=find_signals(photo.alt),
            url=reverse("places:place", args=[photo.place.code]),
            picture=reverse("places:photo", args=[photo.pk]),
            author=photo.contributor_id,
        )
        for photo in found
    ]


def decide_photos(
    *, by: User, ids: Sequence[str], verdict: Verdict, reason: str
) -> dict[str, dict[str, Any]]:
    """Show or hide waiting photos; return which, and how they were."""
    keys = [int(id_) for id_ in ids if id_.isdecimal()]
    waiting = PlacePhoto.objects.select_for_update().filter(
        pk__in=keys, state=PlacePhoto.State.WAITING
    )
    before = {}
    for photo in waiting.order_by("pk"):
        before[str(photo.pk)] = {"state": str(photo.state)}
        is_shown = verdict == Verdict.ACCEPT
        photo.state = PlacePhoto.State.SHOWN if is_shown else PlacePhoto.State.HIDDEN
        photo.save(update_fields=["state"])
    return before


def undo_photo(*, by: User, decision: Decision) -> None:
    """Let a photo wait again, as long as nobody decided anew."""
    photo = PlacePhoto.objects.select_for_update().filter(pk=decision.object_id).first()
    is_shown = decision.verdict == Verdict.ACCEPT
    then = PlacePhoto.State.SHOWN if is_shown else PlacePhoto.State.HIDDEN
    if photo is None or photo.state != then:
        raise Refused(MOVED_ON)
    photo.state = decision.before["state"]
    photo.save(update_fields=["state"])


def register_queues() -> None:
    register(
        Queue(
            name="places",
            label=_("Places that people told of"),
            check=check_can_keep_places,
            waiting=list_places,
            decide=decide_places,
            undo=undo_place,
        )
    )
    register(
        Queue(
            name="place-photos",
            label=_("Photos of places"),
            check=check_can_keep_places,
            waiting=list_photos,
            decide=decide_photos,
            undo=undo_photo,
        )
    )
    register(
        Queue(
            name="gatherings",
            label=_("Gatherings"),
            check=check_can_keep_places,
            waiting=list_gatherings,
            decide=decide_gatherings,
            undo=undo_gathering,
        )
    )
