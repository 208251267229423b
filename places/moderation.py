"""What of the register waits to be looked at: gatherings, places, photos and changes that somebody
sent, and places that organisations say are theirs.

Who told of a place or a gathering is not kept: nobody can be left out for it.
"""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from kinder.accounts.models import Decision, User
from kinder.accounts.moderation import LONGEST, Item, Queue, Verdict, register
from kinder.accounts.rules import Refused
from kinder.accounts.screening import find_signals
from places.actions.keeping import Deed, lock_place, put_back, set_state
from places.actions.proposals import accept_suggestion, decide_claim, decline_suggestion
from places.history import facts_at, label_of, tell_fact
from places.models import Gathering, Place, PlaceClaim, PlacePhoto, PlaceSuggestion
from places.proposals import GONE, SUGGESTABLE, is_gone
from places.rules import check_can_keep_places
from places.versions import bump_places
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


# ------------------------------------------------------------------ changes and claims


def list_suggestions(_user: User) -> Sequence[Item]:
    """Return the changes to places that somebody proposes, the longest waiting first."""
    found = (
        PlaceSuggestion.objects.filter(state=PlaceSuggestion.State.OPEN)
        .select_related("place__area")
        .order_by("created_at", "id")[:LONGEST]
    )
    return [_read_suggestion(suggestion) for suggestion in found]


def _read_suggestion(suggestion: PlaceSuggestion) -> Item:
    place = suggestion.place
    told = {field: value for field, value in suggestion.changes.items() if field in SUGGESTABLE}
    signals = find_signals(*(str(value) for value in told.values()))
    if place.revision != suggestion.base_revision:
        signals = (*signals, _("The place was changed since"))
    facts = [
        (label_of(field), _tell_change(field, getattr(place, field), value))
        for field, value in told.items()
    ]
    if is_gone(suggestion):
        facts.append((str(_("The place")), str(_("is closed for good"))))
    return Item(
        id=str(suggestion.pk),
        title=place.name,
        text="",
        since_at=suggestion.created_at,
        area=place.area.name if place.area else "",
        signals=signals,
        facts=tuple(facts),
        url=reverse("places:suggestions"),
        author=suggestion.contributor_id,
    )


def _tell_change(field: str, before: Any, after: Any) -> str:
    told = [tell_fact(field, one, texts={}, organisations={}) for one in (before, after)]
    if before == after:
        return str(_("%(fact)s (the register says so already)") % {"fact": told[0]})
    return f"{told[0]} → {told[1]}"


def decide_suggestions(
    *, by: User, ids: Sequence[str], verdict: Verdict, reason: str
) -> dict[str, dict[str, Any]]:
    """Write all that was proposed to its place, or nothing of it; return which, and the place's
    revision before and after. Parts of it are chosen on the keepers' own page."""
    before = {}
    for suggestion in _lock_waiting(PlaceSuggestion, ids):
        place = lock_place(suggestion.place)
        codes: dict[str, Any] = {"revision": place.revision, "state": str(place.state)}
        if verdict == Verdict.ACCEPT:
            fields = {*SUGGESTABLE, GONE}
            try:
                accept_suggestion(by=by, suggestion=suggestion, fields=fields)
            except ValidationError as error:
                raise Refused(MOVED_ON) from error
        else:
            decline_suggestion(by=by, suggestion=suggestion)
        place.refresh_from_db(fields=["revision"])
        before[str(suggestion.pk)] = codes | {"after": place.revision}
    return before


def undo_suggestion(*, by: User, decision: Decision) -> None:
    """Let a proposed change wait again; what was written of it is taken back, as long as nobody
    changed the place since."""
    suggestion = PlaceSuggestion.objects.select_for_update().filter(pk=decision.object_id).first()
    _put_back(suggestion, PlaceSuggestion.State, by=by, decision=decision)


def list_claims(_user: User) -> Sequence[Item]:
    """Return the claims of organisations to places, the longest waiting first."""
    found = (
        PlaceClaim.objects.filter(state=PlaceClaim.State.OPEN)
        .select_related("place__area", "place__organisation", "organisation")
        .order_by("created_at", "id")[:LONGEST]
    )
    return [
        Item(
            id=str(claim.pk),
            title=claim.place.name,
            text="",
            since_at=claim.created_at,
            area=claim.place.area.name if claim.place.area else "",
            facts=(
                (_("Says that it is theirs"), claim.organisation.name),
                (
                    _("Run by, until now"),
                    claim.place.organisation.name
                    if claim.place.organisation
                    else _("nobody that we know of"),
                ),
            ),
            url=reverse("places:place", args=[claim.place.code]),
        )
        for claim in found
    ]


def decide_claims(
    *, by: User, ids: Sequence[str], verdict: Verdict, reason: str
) -> dict[str, dict[str, Any]]:
    """Say of places that they are run by who claims them, or not."""
    before = {}
    for claim in _lock_waiting(PlaceClaim, ids):
        place = lock_place(claim.place)
        codes: dict[str, Any] = {"revision": place.revision, "state": str(place.state)}
        decide_claim(by=by, claim=claim, is_accepted=verdict == Verdict.ACCEPT)
        place.refresh_from_db(fields=["revision"])
        before[str(claim.pk)] = codes | {"after": place.revision}
    return before


def undo_claim(*, by: User, decision: Decision) -> None:
    """Let a claim wait again, with the place as it was before."""
    claim = PlaceClaim.objects.select_for_update().filter(pk=decision.object_id).first()
    if claim is not None and PlaceClaim.objects.filter(
        place=claim.place_id, organisation=claim.organisation_id, state=PlaceClaim.State.OPEN
    ):
        raise Refused(MOVED_ON)
    _put_back(claim, PlaceClaim.State, by=by, decision=decision)


def _lock_waiting(model: type[Any], ids: Sequence[str]) -> list[Any]:
    keys = [int(id_) for id_ in ids if id_.isdecimal()]
    waiting = model.objects.select_for_update(of=("self",)).select_related("place")
    return list(waiting.filter(pk__in=keys, state=model.State.OPEN).order_by("pk"))


def _put_back(
    proposal: PlaceSuggestion | PlaceClaim | None,
    states: type[PlaceSuggestion.State] | type[PlaceClaim.State],
    *,
    by: User,
    decision: Decision,
) -> None:
    is_accepted = decision.verdict == Verdict.ACCEPT
    if proposal is None or proposal.state != (states.ACCEPTED if is_accepted else states.DECLINED):
        raise Refused(MOVED_ON)
    if is_accepted:
        place, codes = lock_place(proposal.place), decision.before
        facts = facts_at(place, codes["revision"])
        if place.revision != codes["after"] or facts is None:
            raise Refused(MOVED_ON)
        stood = place.point
        put_back(place, facts, Deed.REVERT, by=by, about=str(codes["revision"]))
        if place.state != codes["state"]:
            set_state(place, PlaceState(codes["state"]), Deed.REVERT, "undo_place", by=by)
        bump_places([stood, place.point])
    proposal.state, proposal.decided_at, proposal.decided_by = states.OPEN, None, None
    proposal.save(update_fields=["state", "decided_at", "decided_by"])


def register_queues() -> None:
    register(
        Queue(
            name="place-changes",
            label=_("Changes to places"),
            check=check_can_keep_places,
            waiting=list_suggestions,
            decide=decide_suggestions,
            undo=undo_suggestion,
            accept_label=_("Change the place"),
            refuse_label=_("Leave it as it is"),
        )
    )
    register(
        Queue(
            name="place-claims",
            label=_("Places that organisations say are theirs"),
            check=check_can_keep_places,
            waiting=list_claims,
            decide=decide_claims,
            undo=undo_claim,
            accept_label=_("Yes, it is theirs"),
            refuse_label=_("No, it is not"),
        )
    )
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
