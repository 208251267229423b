"""What others offer the register, and what its keepers decide of it: changes, photos, claims."""

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from kinder.accounts.audit import record
from kinder.accounts.models import Contributor, Organisation, User
from kinder.accounts.rules import Refused
from places.actions.keeping import Deed, lock_place, rewrite, set_state
from places.models import Place, PlaceClaim, PlacePhoto, PlaceSuggestion
from places.proposals import GONE, SUGGESTABLE, only_new, unknown_fields
from places.rules import (
    DECIDED_ALREADY,
    NOTHING_NEW,
    check_can_be_asked_about,
    check_can_claim,
    check_can_keep_places,
)
from places.versions import bump_places
from places.vocabulary import PlaceState


class Picture(Protocol):
    """A photo that was written anew, as kinder.accounts.uploads gives it."""

    @property
    def name(self) -> str: ...
    @property
    def content(self) -> bytes: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


@transaction.atomic
def suggest_change(
    *, by: Contributor | None, place: Place, changes: Mapping[str, Any], base_revision: int
) -> PlaceSuggestion:
    """Keep what somebody proposes to change of `place`, for a keeper to look at.

    What the register says already is left out. Raises Refused where nothing is left.
    """
    check_can_be_asked_about(place)
    if unknown := unknown_fields(changes):
        raise ValueError(f"No such field to suggest: {', '.join(sorted(unknown))}.")
    new = only_new(place, dict(changes))
    if not new:
        raise Refused(NOTHING_NEW)
    return PlaceSuggestion.objects.create(
        place=place, base_revision=base_revision, changes=new, contributor=by
    )


@transaction.atomic
def accept_suggestion(
    *, by: User, suggestion: PlaceSuggestion, fields: Collection[str]
) -> PlaceSuggestion:
    """Write the chosen `fields` of a suggestion to its place, as one version; the rest is declined.

    Raises Refused where it was decided already or nothing is chosen, and ValidationError.
    """
    check_can_keep_places(by)
    locked = _lock_open(suggestion)
    chosen = {
        field: value
        for field, value in locked.changes.items()
        if field in fields and field in SUGGESTABLE
    }
    is_gone = GONE in fields and bool(locked.changes.get(GONE))
    if not chosen and not is_gone:
        raise Refused(NOTHING_NEW)
    place = lock_place(locked.place)
    if chosen:
        stood = place.point
        rewrite(place, Deed.ACCEPT, by=by, changes=chosen, about=str(locked.pk))
        record("accept_suggestion", place, by=by, fields=sorted(chosen))
        bump_places([stood, place.point])
    if is_gone and place.state != PlaceState.CLOSED:
        set_state(place, PlaceState.CLOSED, Deed.CLOSE, "close_place", by=by)
    return _decide(locked, PlaceSuggestion.State.ACCEPTED, by)


@transaction.atomic
def decline_suggestion(*, by: User, suggestion: PlaceSuggestion) -> PlaceSuggestion:
    """Leave the place as it is."""
    check_can_keep_places(by)
    locked = _lock_open(suggestion)
    record("decline_suggestion", locked.place, by=by, fields=sorted(locked.changes))
    return _decide(locked, PlaceSuggestion.State.DECLINED, by)


def _lock_open(suggestion: PlaceSuggestion) -> PlaceSuggestion:
    locked = (
        PlaceSuggestion.objects.select_for_update(of=("self",))
        .select_related("place")
        .get(pk=suggestion.pk)
    )
    if locked.state != PlaceSuggestion.State.OPEN:
        raise Refused(DECIDED_ALREADY)
    return locked


def _decide(suggestion: PlaceSuggestion, state: str, by: User) -> PlaceSuggestion:
    suggestion.state = state
    suggestion.decided_at = timezone.now()
    suggestion.decided_by = by
    suggestion.save(update_fields=["state", "decided_at", "decided_by"])
    return suggestion


# ------------------------------------------------------------------ photos


@transaction.atomic
def add_photo(*, by: User | Contributor, place: Place, photo: Picture, alt: str) -> PlacePhoto:
    """Keep a photo of `place`. One of a keeper is shown at once, any other waits for a look."""
    is_keeper = isinstance(by, User)
    if isinstance(by, User):
        check_can_keep_places(by)
    else:
        check_can_be_asked_about(place)
    kept = PlacePhoto(
        place=place,
        alt=alt,
        state=PlacePhoto.State.SHOWN if is_keeper else PlacePhoto.State.WAITING,
        user=by if isinstance(by, User) else None,
        contributor=by if isinstance(by, Contributor) else None,
    )
    kept.image.save(photo.name, ContentFile(photo.content), save=False)
    kept.width, kept.height = photo.width, photo.height
    kept.full_clean(exclude=["image"])
    kept.save()
    record("add_photo", place, by=by, photo=kept.pk)
    return kept


@transaction.atomic
def set_photo_state(*, by: User, photo: PlacePhoto, state: str) -> PlacePhoto:
    """Show a photo, or hide it from everybody at once."""
    check_can_keep_places(by)
    locked = PlacePhoto.objects.select_for_update().get(pk=photo.pk)
    before, locked.state = locked.state, PlacePhoto.State(state)
    locked.save(update_fields=["state"])
    record("set_photo_state", locked.place, by=by, photo=locked.pk, before=before, after=state)
    return locked


# ------------------------------------------------------------------ claims


@transaction.atomic
def claim_place(*, by: User, place: Place, organisation: Organisation) -> PlaceClaim:
    """Say that `place` belongs to `organisation`; a keeper decides."""
    check_can_claim(by, place=place, organisation=organisation)
    claim = PlaceClaim.objects.create(place=place, organisation=organisation, user=by)
    record("claim_place", place, by=by, organisation=organisation)
    return claim


@transaction.atomic
def decide_claim(*, by: User, claim: PlaceClaim, is_accepted: bool) -> PlaceClaim:
    """Accept a claim, so that the place is said to be run by the organisation, or decline it.

    Other open claims to the place stay open: places change hands.
    """
    check_can_keep_places(by)
    locked = (
        PlaceClaim.objects.select_for_update(of=("self",))
        .select_related("place", "organisation")
        .get(pk=claim.pk)
    )
    if locked.state != PlaceClaim.State.OPEN:
        raise Refused(DECIDED_ALREADY)
    if is_accepted:
        place = lock_place(locked.place)
        rewrite(
            place,
            Deed.CLAIM,
            by=by,
            changes={"organisation": locked.organisation},
            about=str(locked.pk),
        )
        bump_places([place.point])
    locked.state = PlaceClaim.State.ACCEPTED if is_accepted else PlaceClaim.State.DECLINED
    locked.decided_at, locked.decided_by = timezone.now(), by
    locked.save(update_fields=["state", "decided_at", "decided_by"])
    record(
        "decide_claim",
        locked.place,
        by=by,
        organisation=locked.organisation,
        is_accepted=is_accepted,
    )
    return locked
