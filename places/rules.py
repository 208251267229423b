"""Who may do what with places: `check_x` raises Refused with the reason, `can_x` asks."""

from django.utils.translation import gettext_lazy as _

from kinder.accounts.models import Organisation, Role, User
from kinder.accounts.rules import (
    NOT_IN_ORGANISATION,
    Actor,
    Refused,
    can_act_as,
    check_role,
    check_signed_in,
    has_role,
)
from places.models import Place, PlaceClaim, SavedArea, SavedView
from places.models.place import SHOWN_STATES
from places.vocabulary import HideReason, PlaceState

KEEPERS = (Role.WORKER, Role.COORDINATOR, Role.LEAD)
ONLY_YOUR_OWN_SAVED = _("Somebody else saved this: only they can change it.")
NEEDS_REASON = _("Please choose why it is hidden.")
NOT_HIDDEN = _("This place is shown already.")
CLOSED_ALREADY = _("This place is closed already.")
NO_SUCH_VERSION = _("This version is not kept.")
NOBODY_SEES_IT = _("This place is not shown, so nobody is asked about it.")
THEIRS_ALREADY = _("This place is theirs already.")
CLAIMED_ALREADY = _("Somebody has asked for this already. It waits to be looked at.")
NOTHING_NEW = _("Please choose something that is different from what stands there now.")
DECIDED_ALREADY = _("Somebody has decided this already.")
ALREADY_HIDDEN = _("This place is hidden already.")
NOT_SHOWN = _("Only a place that everybody sees can be confirmed.")


def check_can_keep_places(user: Actor) -> User:
    """The register is kept by community workers and the administrator."""
    return check_role(user, *KEEPERS, or_administrator=True)


def can_keep_places(user: Actor) -> bool:
    return can_act_as(user, *KEEPERS, or_administrator=True)


# Funders look at areas of their own too; the land is nobody's secret.
MAPPERS = (*KEEPERS, Role.FUNDER)


def check_can_save_areas(user: Actor) -> User:
    """Areas and views of the map are kept by whoever works with them."""
    return check_role(user, *MAPPERS, or_administrator=True)


def can_save_areas(user: Actor) -> bool:
    return can_act_as(user, *MAPPERS, or_administrator=True)


def check_can_share_with(user: Actor, *, organisation: Organisation | None) -> User:
    """One shares with an organisation that one belongs to."""
    mapper = check_can_save_areas(user)
    if organisation is not None and not has_role(mapper, *Role, organisation=organisation):
        raise Refused(NOT_IN_ORGANISATION)
    return mapper


def check_owns(user: Actor, *, saved: SavedArea | SavedView) -> User:
    """What somebody saved is theirs to rename, share and delete."""
    mapper = check_can_save_areas(user)
    if saved.owner_id != mapper.pk:
        raise Refused(ONLY_YOUR_OWN_SAVED)
    return mapper


def check_can_hide(user: Actor, *, place: Place, reason: str) -> User:
    """Hiding takes a place from everybody at once, so it takes a reason."""
    keeper = check_can_keep_places(user)
    if place.state == PlaceState.HIDDEN:
        raise Refused(ALREADY_HIDDEN)
    if reason not in HideReason.values:
        raise Refused(NEEDS_REASON)
    return keeper


def check_can_show_again(user: Actor, *, place: Place) -> User:
    """What was hidden or closed can be shown again."""
    keeper = check_can_keep_places(user)
    if place.state not in {PlaceState.HIDDEN, PlaceState.CLOSED}:
        raise Refused(NOT_HIDDEN)
    return keeper


def check_can_confirm(user: Actor, *, place: Place) -> User:
    """A confirmation says that a shown place is still as the register says."""
    keeper = check_can_keep_places(user)
    if place.state not in {PlaceState.SUGGESTED, PlaceState.VERIFIED, PlaceState.STALE}:
        raise Refused(NOT_SHOWN)
    return keeper


def check_can_close(user: Actor, *, place: Place) -> User:
    """A place is closed for good once."""
    keeper = check_can_keep_places(user)
    if place.state == PlaceState.CLOSED:
        raise Refused(CLOSED_ALREADY)
    return keeper


def check_can_be_asked_about(place: Place) -> None:
    """Residents answer for what everybody sees."""
    if place.state not in SHOWN_STATES:
        raise Refused(NOBODY_SEES_IT)


def check_can_claim(user: Actor, *, place: Place, organisation: Organisation) -> User:
    """Whoever has a role in an organisation may say that a place is theirs."""
    found = check_signed_in(user)
    if not any(pk == organisation.pk for pk, _role in found.role_pairs):
        raise Refused(NOT_IN_ORGANISATION)
    if place.organisation_id == organisation.pk:
        raise Refused(THEIRS_ALREADY)
    if PlaceClaim.objects.filter(
        place=place, organisation=organisation, state=PlaceClaim.State.OPEN
    ).exists():
        raise Refused(CLAIMED_ALREADY)
    return found
