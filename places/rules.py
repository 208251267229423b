"""Who may do what with places: `check_x` raises Refused with the reason, `can_x` asks."""

from datetime import date

from django.utils.text import format_lazy
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
from places.models import Gathering, Place, PlaceClaim, SavedArea, SavedView
from places.models.gathering import MOST_AT_ONCE
from places.models.place import SHOWN_STATES
from places.vocabulary import HideReason, PlaceState

KEEPERS = (Role.WORKER, Role.COORDINATOR, Role.LEAD)
NO_LIMIT = _("You need not hold a place: just come.")
IS_OVER = _("That day is over.")
IS_FULL = _("There are not so many places left. Ask again later: somebody may give one back.")
TOO_MANY_PEOPLE = _("You can hold places for 1 to {most} people.")
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
    """Whether somebody looks after the register: keepers, and administrators."""
    return can_act_as(user, *KEEPERS, or_administrator=True)


def check_can_host(user: Actor, *, organisation: Organisation | None) -> User:
    """Things to come along to are looked after by keepers of the register, and by whoever has a
    role in the organisation that hosts them."""
    if can_keep_places(user) or organisation is None:
        return check_can_keep_places(user)
    found = check_signed_in(user)
    if not has_role(found, *Role, organisation=organisation):
        raise Refused(NOT_IN_ORGANISATION)
    return found


def can_host(user: Actor, *, organisation: Organisation | None) -> bool:
    """Ask `check_can_host`."""
    try:
        check_can_host(user, organisation=organisation)
    except Refused:
        return False
    return True


def can_offer_gatherings(user: Actor) -> bool:
    """Whether somebody may add things without a proposal: keepers, and members of organisations."""
    return can_keep_places(user) or has_role(user, *Role)


def check_can_hold(*, gathering: Gathering, on: date, today: date, people: int, held: int) -> None:
    """Places are held ahead, where they are limited, while there are some; `held` are others'."""
    if gathering.capacity is None:
        raise Refused(NO_LIMIT)
    if on < today:
        raise Refused(IS_OVER)
    if not 1 <= people <= MOST_AT_ONCE:
        raise Refused(format_lazy(TOO_MANY_PEOPLE, most=MOST_AT_ONCE))
    if held + people > gathering.capacity:
        raise Refused(IS_FULL)


# Funders look at areas of their own too; the land is nobody's secret.
MAPPERS = (*KEEPERS, Role.FUNDER)


def check_can_save_areas(user: Actor) -> User:
    """Areas and views of the map are kept by whoever works with them."""
    return check_role(user, *MAPPERS, or_administrator=True)


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
