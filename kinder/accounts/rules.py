"""Who may do what: `check_x` raises Refused with the reason, `can_x` asks.

Every room's rules use these; a view calls the `check_x` of its room first, and the reason reaches
the reader on the 403 page (or in the JSON answer) as it is written here. Each check gives back the
user, now known to be one, so that `by = check_administrator(request.user)` reads well.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from kinder.accounts.models import Contributor, Organisation, Role, User

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

Actor: TypeAlias = User | AnonymousUser


class Refused(PermissionDenied):
    """A deed that a rule forbids, with the reason in plain words for whoever tried.

    The reason is shown: it names no one and tells nothing of the thing refused.
    """

    def __init__(self, reason: "_StrOrPromise") -> None:
        super().__init__(reason)
        self.reason = reason


SIGN_IN_FIRST = _("Please sign in first.")
ADMINISTRATOR_ONLY = _("Only the administrator of this deployment can do that.")
LAST_ADMINISTRATOR = _("Somebody must stay administrator: make another one first.")
NOT_YOURSELF = _("Somebody else has to do that for your own account.")
NOT_IN_ORGANISATION = _("You don't have a role in this organisation.")
ONLY_YOUR_OWN = _("You can do that for your own data only.")
_NEEDS_ROLE = _("For that you need the role: {roles}.")


def needs_role(*roles: Role) -> "_StrOrPromise":
    """Return the sentence that says which of `roles` would open the door."""
    named = ", ".join(str(role.label) for role in roles)
    return format_lazy(_NEEDS_ROLE, roles=named)


def check_signed_in(user: Actor) -> User:
    """Refuse whoever has no account, or one that was closed."""
    if not isinstance(user, User) or not user.is_active:
        raise Refused(SIGN_IN_FIRST)
    return user


def is_signed_in(user: Actor) -> bool:
    return _passes(check_signed_in, user)


def check_administrator(user: Actor) -> User:
    """Refuse everybody but an administrator of the deployment."""
    found = check_signed_in(user)
    if not found.is_administrator:
        raise Refused(ADMINISTRATOR_ONLY)
    return found


def can_administer(user: Actor) -> bool:
    return _passes(check_administrator, user)


def has_role(user: Actor, *roles: Role, organisation: Organisation | int | None = None) -> bool:
    """Tell whether `user` has one of `roles`, in `organisation` or, without one, anywhere."""
    if not isinstance(user, User) or not user.is_active:
        return False
    if organisation is None:
        return not user.roles.isdisjoint(roles)
    key = organisation.pk if isinstance(organisation, Organisation) else organisation
    return any(place == key and role in roles for place, role in user.role_pairs)


def check_role(
    user: Actor,
    *roles: Role,
    organisation: Organisation | int | None = None,
    or_administrator: bool = False,
) -> User:
    """Refuse whoever has none of `roles` (in `organisation`, where one is given).

    An administrator sets the deployment up and has no role by that alone; `or_administrator`
    lets one through where the deed is theirs too.
    """
    found = check_signed_in(user)
    if or_administrator and found.is_administrator:
        return found
    if has_role(found, *roles, organisation=organisation):
        return found
    if organisation is not None and not has_role(found, *Role, organisation=organisation):
        raise Refused(NOT_IN_ORGANISATION)
    raise Refused(needs_role(*roles))


def can_act_as(
    user: Actor,
    *roles: Role,
    organisation: Organisation | int | None = None,
    or_administrator: bool = False,
) -> bool:
    try:
        check_role(user, *roles, organisation=organisation, or_administrator=or_administrator)
    except Refused:
        return False
    return True


def check_can_give_roles(user: Actor, *, to: User | None = None) -> User:
    """Roles are the administrator's to give, and never to oneself: two people then know of it.

    The first administrator of a deployment may, for there is nobody else yet.
    """
    found = check_administrator(user)
    if to is not None and to.pk == found.pk:
        others = User.objects.filter(is_administrator=True, is_active=True).exclude(pk=found.pk)
        if others.exists():
            raise Refused(NOT_YOURSELF)
    return found


# What a coordinator may ask others to be: whoever reads befriending records, or looks after
# safeguarding, gets that from the administrator.
GIVEN_BY_COORDINATORS = frozenset({Role.WORKER, Role.MEMBER})


def check_can_look_after_people(user: Actor) -> User:
    """People and organisations are looked after by administrators, and by coordinators for the
    organisations that they coordinate."""
    return check_role(user, Role.COORDINATOR, or_administrator=True)


def can_look_after_people(user: Actor) -> bool:
    return _passes(check_can_look_after_people, user)


def check_can_change_organisation(user: Actor, *, organisation: Organisation) -> User:
    """What an organisation says about itself is changed by its coordinators too."""
    return check_role(user, Role.COORDINATOR, organisation=organisation, or_administrator=True)


def check_can_invite(user: Actor, *, organisation: Organisation | int, role: str) -> User:
    """An administrator invites to every role, a coordinator to those that read no befriending
    record, in their own organisation."""
    found = check_role(user, Role.COORDINATOR, organisation=organisation, or_administrator=True)
    if not found.is_administrator and role not in GIVEN_BY_COORDINATORS:
        raise Refused(ADMINISTRATOR_ONLY)
    return found


def check_can_end_role(user: Actor, *, organisation: Organisation | int, role: str) -> User:
    """Whoever may invite to a role may end it."""
    return check_can_invite(user, organisation=organisation, role=role)


def check_can_help_to_sign_in(user: Actor, *, whom: User) -> User:
    """An administrator helps somebody who lost their second step, and never themselves: on this
    machine `reset_second_factor` does that."""
    found = check_administrator(user)
    if whom.pk == found.pk:
        raise Refused(NOT_YOURSELF)
    return found


def check_can_end_administrator(user: Actor, *, of: User) -> User:
    """An administrator's right is ended by an administrator, while another one remains."""
    found = check_administrator(user)
    others = User.objects.filter(is_administrator=True, is_active=True).exclude(pk=of.pk)
    if not others.exists():
        raise Refused(LAST_ADMINISTRATOR)
    return found


def check_can_read_audit(user: Actor) -> User:
    """The audit is read by administrators."""
    return check_administrator(user)


def can_read_audit(user: Actor) -> bool:
    return _passes(check_can_read_audit, user)


def check_can_handle_data_of(by: User | Contributor, *, person: User | Contributor) -> None:
    """One's own data is one's own to take away or erase; an administrator does it when asked."""
    is_own = by.pk == person.pk or (isinstance(person, Contributor) and person.user_id == by.pk)
    if is_own:
        return
    if isinstance(by, Contributor):
        raise Refused(ONLY_YOUR_OWN)
    check_administrator(by)


def check_can_be_erased(person: User | Contributor) -> None:
    """The last administrator hands the deployment on before they go."""
    if isinstance(person, User) and person.is_administrator:
        others = User.objects.filter(is_administrator=True, is_active=True).exclude(pk=person.pk)
        if not others.exists():
            raise Refused(LAST_ADMINISTRATOR)


def _passes(check: Callable[[Actor], User], user: Actor) -> bool:
    try:
        check(user)
    except Refused:
        return False
    return True
