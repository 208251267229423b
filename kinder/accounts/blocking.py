"""Leaves people who flood out of figures, and lets them back in.

A block says nothing to whoever is blocked: what they send is still taken, and counts for nothing.
Rooms above register what must happen beside it, in the same transaction (kinder.accounts calls no
room).
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.audit import record, subject_of
from kinder.accounts.models import AuditEvent, Contributor, Decision, Role, Subject, User
from kinder.accounts.rules import Actor, Refused, check_role

Hook = Callable[[Collection[UUID]], None]
MOST_AT_ONCE = 1_000
NOBODY_CHOSEN = _("There is nobody to leave out.")
TOO_MANY = _("That is too many people at once.")
NEEDS_REASON = _("Please choose a reason.")
BACK_ALREADY = _("They count again already.")
UNDO_FOR = dt.timedelta(days=28)
"""How long people who were left out stay listed, to be let back in: a mistake shows in weeks."""
BLOCKS_READ = 2_000

_hooks: dict[str, Hook] = {}


def register(room: str, hook: Hook) -> None:
    """Call `hook` with the ids of contributors whose block has just changed, either way."""
    _hooks[room] = hook


def check_can_block(user: Actor) -> User:
    """Whoever moderates may leave a flood out of figures; it is audited, and can be undone."""
    return check_role(user, Role.WORKER, Role.COORDINATOR, Role.LEAD, or_administrator=True)


def can_block(user: Actor) -> bool:
    try:
        check_can_block(user)
    except Refused:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Block:
    """People who were left out by one deed and still are."""

    batch: UUID
    people: list[UUID]
    blocked_at: dt.datetime
    blocked_by: User | None


@transaction.atomic
def block_contributors(*, by: User, contributors: Iterable[UUID], reason: str) -> int:
    """Leave `contributors` out of every figure that is not published yet; return how many were not
    left out before. `reason` is a Decision.Reason."""
    check_can_block(by)
    if reason not in Decision.Reason.values:
        raise Refused(NEEDS_REASON)
    return _set_blocked(by, contributors, is_blocked=True, reason=reason, batch=str(uuid4()))


@transaction.atomic
def unblock_contributors(*, by: User, contributors: Iterable[UUID]) -> int:
    """Let `contributors` count again; return how many were left out."""
    check_can_block(by)
    return _set_blocked(by, contributors, is_blocked=False, reason="")


def find_blocks(user: User) -> list[Block]:
    """Return what can be taken back, the newest first: one's own deeds of the last 28 days, or
    everybody's for an administrator; nothing for whoever may not leave anybody out."""
    if not can_block(user):
        return []
    events = AuditEvent.objects.filter(
        verb="block_contributor", at__gte=timezone.now() - UNDO_FOR, facts__has_key="batch"
    )
    if not user.is_administrator:
        events = events.filter(actor_id__in=Subject.objects.filter(user=user).values("id"))
    deeds: dict[str, list[AuditEvent]] = {}
    for event in events.order_by("-id")[:BLOCKS_READ]:
        deeds.setdefault(event.facts["batch"], []).append(event)
    if not deeds:
        return []
    ids = {event.object_id for deed in deeds.values() for event in deed}
    left_out = {
        str(subject): contributor
        for subject, contributor in Subject.objects.filter(
            pk__in=ids, contributor__is_blocked=True
        ).values_list("id", "contributor_id")
    }
    actors = {
        subject.id: subject.user
        for subject in Subject.objects.filter(
            pk__in={deed[0].actor_id for deed in deeds.values()}
        ).select_related("user")
    }
    blocks = [
        Block(
            batch=UUID(batch),
            people=[left_out[one.object_id] for one in deed if one.object_id in left_out],
            blocked_at=deed[0].at,
            blocked_by=actors.get(deed[0].actor_id) if deed[0].actor_id else None,
        )
        for batch, deed in deeds.items()
    ]
    return [block for block in blocks if block.people]


@transaction.atomic
def undo_block(*, by: User, batch: UUID) -> int:
    """Let those count again whom one deed left out; return how many. Refused where nobody of them
    is left out any more, or the deed was somebody else's and `by` is no administrator."""
    check_can_block(by)
    people = [person for one in find_blocks(by) if one.batch == batch for person in one.people]
    if not people:
        raise Refused(BACK_ALREADY)
    return unblock_contributors(by=by, contributors=people)


def _set_blocked(
    by: User, contributors: Iterable[UUID], *, is_blocked: bool, reason: str, batch: str = ""
) -> int:
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
        record(verb, subject_of(contributor), by=by, reason=reason, batch=batch)
    for room in sorted(_hooks):
        _hooks[room]([one.pk for one in found])
    return len(found)
