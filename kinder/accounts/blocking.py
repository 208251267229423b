"""Leaves people who flood out of figures, and lets them back in.

A block says nothing to whoever is blocked: what they send is still taken, and counts for nothing.
Rooms above register what must happen beside it, in the same transaction (kinder.accounts calls no
room).
"""

from collections.abc import Callable, Collection, Iterable
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kinder.accounts.audit import record, subject_of
from kinder.accounts.models import Contributor, Decision, Role, User
from kinder.accounts.rules import Actor, Refused, check_role

Hook = Callable[[Collection[UUID]], None]
MOST_AT_ONCE = 1_000
NOBODY_CHOSEN = _("There is nobody to leave out.")
TOO_MANY = _("That is too many people at once.")
NEEDS_REASON = _("Please choose a reason.")

_hooks: dict[str, Hook] = {}


def register(room: str, hook: Hook) -> None:
    """Call `hook` with the ids of contributors whose block has just changed, either way."""
    _hooks[room] = hook


def check_can_block(user: Actor) -> User:
    """Whoever moderates may leave a flood out of figures; it is audited, and can be undone."""
    return check_role(user, Role.WORKER, Role.COORDINATOR, Role.LEAD, or_administrator=True)


@transaction.atomic
def block_contributors(*, by: User, contributors: Iterable[UUID], reason: str) -> int:
    """Leave `contributors` out of every figure that is not published yet; return how many were not
    left out before. `reason` is a Decision.Reason."""
    check_can_block(by)
    if reason not in Decision.Reason.values:
        raise Refused(NEEDS_REASON)
    return _set_blocked(by, contributors, is_blocked=True, reason=reason)


@transaction.atomic
def unblock_contributors(*, by: User, contributors: Iterable[UUID]) -> int:
    """Let `contributors` count again; return how many were left out."""
    check_can_block(by)
    return _set_blocked(by, contributors, is_blocked=False, reason="")


def _set_blocked(by: User, contributors: Iterable[UUID], *, is_blocked: bool, reason: str) -> int:
    wanted = sorted(set(contributors))
    if not wanted:
        raise Refused(NOBODY_CHOSEN)
    if len(wanted) > MOST_AT_ONCE:
        raise Refused(TOO_MANY)
    found = list(
        Contributor.objects.select_for_update()
        .filter(pk__in=wanted, is_blocked=not is_blocked)
        .order_by("pk")
    )
    Contributor.objects.filter(pk__in=[one.pk for one in found]).update(is_blocked=is_blocked)
    verb = "block_contributor" if is_blocked else "unblock_contributor"
    for contributor in found:
        record(verb, subject_of(contributor), by=by, reason=reason)
    for room in sorted(_hooks):
        _hooks[room]([one.pk for one in found])
    return len(found)
