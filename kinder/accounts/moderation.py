"""The registry of moderation: each room says what waits to be looked at, and does what is decided.

A room registers a Queue in its AppConfig.ready; accounts never imports a room:

    register(Queue(
        name="gatherings",
        label=_("Gatherings"),
        check=check_can_keep_places,      # raises Refused with the reason; gives back the user
        waiting=list_proposed,            # the items that this user may decide, oldest first
        decide=decide_gatherings,         # writes the verdict on the rows; {id: codes before}
        undo=undo_gathering,              # puts one row back as it was
    ))

`decide` and `undo` here are the only callers of the room's own: they check the rule, keep the
Decision, write the audit, all in the transaction of the deed.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.audit import record
from kinder.accounts.models import Decision, User
from kinder.accounts.rules import Actor, Refused

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

Verdict = Decision.Verdict
Reason = Decision.Reason

UNDO_FOR = dt.timedelta(hours=24)
"""How long a decision can be taken back (a judgement: until the next working morning)."""
LONGEST = 500
"""The most items that a queue gives at once; deciding some brings the next."""
MOST_AT_ONCE = 100
LONGEST_ID = 40
"""Signs of an id: a UUID has 36. What is longer names nothing that waits."""

SHOW_IT = _("Show it")
REFUSE_IT = _("Refuse")

UNKNOWN_QUEUE = _("There is no such queue.")
NO_QUEUE = _("There is nothing for you to look at here: moderating needs a role.")
NEEDS_REASON = _("Please choose a reason for refusing.")
NOTHING_CHOSEN = _("Please choose something first.")
TOO_MANY = _("That is too many at once: please choose fewer.")
DECIDED_ALREADY = _("Somebody else has decided that already.")
UNDONE_ALREADY = _("That was taken back already.")
TOO_LATE = _("That was decided more than a day ago and cannot be taken back here.")
UNKNOWN_DECISION = _("There is no such decision.")


@dataclass(frozen=True)
class Item:
    """One thing that waits: `text` is what its author wrote, shown as it is and never as HTML.

    `area` is a name to filter by, `signals` are short warnings in plain words (see
    kinder.accounts.screening), `url` where the thing can be seen, `facts` more lines of
    (label, value), `picture` the address of an image of this site. `author` is the contributor who
    sent it, where one is known: the moderator may leave them out of figures, and is not told who.
    """

    id: str
    title: "_StrOrPromise"
    text: str
    since_at: dt.datetime
    area: str = ""
    language: str = ""
    signals: tuple["_StrOrPromise", ...] = ()
    facts: tuple[tuple["_StrOrPromise", "_StrOrPromise"], ...] = ()
    url: str = ""
    picture: str = ""
    author: uuid.UUID | None = None


@dataclass(frozen=True)
class Queue:
    """How one kind of thing is looked at.

    `decide(*, by, ids, verdict, reason)` locks the rows that still wait, writes the verdict and
    returns {id: codes of how each was}; ids that no longer wait are left out, not refused.
    `undo(*, by, decision)` puts the row of one Decision back, or raises Refused where the thing
    has moved on. Neither writes audit: the registry does.
    """

    name: str
    label: "_StrOrPromise"
    check: Callable[[Actor], User]
    waiting: Callable[[User], Sequence[Item]]
    decide: Callable[..., Mapping[str, Mapping[str, Any]]]
    undo: Callable[..., None]
    accept_label: "_StrOrPromise" = SHOW_IT
    refuse_label: "_StrOrPromise" = REFUSE_IT
    reasons: tuple[Reason, ...] = field(default=tuple(Reason))

    def is_open_to(self, user: Actor) -> bool:
        try:
            self.check(user)
        except Refused:
            return False
        return True


_queues: dict[str, Queue] = {}


def register(queue: Queue) -> None:
    """Add `queue`; registering the same name again replaces it (apps may be reloaded)."""
    _queues[queue.name] = queue


def queues() -> list[Queue]:
    """Return every queue in the order of the names, so that results are stable."""
    return [_queues[name] for name in sorted(_queues)]


def queues_of(user: Actor) -> list[Queue]:
    """Return the queues that `user` may decide in."""
    return [queue for queue in queues() if queue.is_open_to(user)]


def find_queue(name: str) -> Queue:
    """Return the queue called `name`; Refused where there is none."""
    if name not in _queues:
        raise Refused(UNKNOWN_QUEUE)
    return _queues[name]


def count_waiting(user: Actor) -> int:
    """Return how many things wait for `user`, at most LONGEST a queue."""
    return sum(len(queue.waiting(queue.check(user))) for queue in queues_of(user))


@dataclass(frozen=True)
class Done:
    """What became of a bulk decision: `batch` takes all of it back, `left_out` were decided by
    somebody else in the meantime."""

    batch: uuid.UUID
    decisions: tuple[Decision, ...]
    left_out: int


@transaction.atomic
def decide(
    *,
    by: User,
    chosen: Mapping[str, Iterable[str]],
    verdict: str,
    reason: str = "",
) -> Done:
    """Give `verdict` to the things of `chosen` ({queue name: ids}), all or none.

    A refusal takes a Reason. Raises Refused, and has then written nothing.
    """
    wanted = {
        name: sorted({id_ for id_ in ids if len(id_) <= LONGEST_ID}) for name, ids in chosen.items()
    }
    count = sum(len(ids) for ids in wanted.values())
    if not count:
        raise Refused(NOTHING_CHOSEN)
    if count > MOST_AT_ONCE:
        raise Refused(TOO_MANY)
    if verdict not in Verdict.values:
        raise Refused(UNKNOWN_QUEUE)
    if verdict == Verdict.REFUSE and reason not in Reason.values:
        raise Refused(NEEDS_REASON)
    if verdict == Verdict.ACCEPT:
        reason = ""
    batch = uuid.uuid4()
    decisions: list[Decision] = []
    # In the order of their names: two moderators with the same queues wait, and never deadlock.
    for name in sorted(wanted):
        queue = find_queue(name)
        queue.check(by)
        before = queue.decide(by=by, ids=wanted[name], verdict=Verdict(verdict), reason=reason)
        for object_id, codes in before.items():
            decision = Decision.objects.create(
                batch=batch,
                queue=name,
                object_id=object_id,
                verdict=verdict,
                reason=reason,
                before=dict(codes),
                decided_by=by,
            )
            record("moderate", decision, by=by, queue=name, verdict=verdict, reason=reason)
            decisions.append(decision)
    if not decisions:
        raise Refused(DECIDED_ALREADY)
    return Done(batch=batch, decisions=tuple(decisions), left_out=count - len(decisions))


@transaction.atomic
def undo(*, by: User, decision_id: uuid.UUID) -> Decision:
    """Take one decision back, within UNDO_FOR; whoever may decide there may take back."""
    decision = Decision.objects.select_for_update().filter(pk=decision_id).first()
    if decision is None:
        raise Refused(UNKNOWN_DECISION)
    queue = find_queue(decision.queue)
    queue.check(by)
    if decision.undone_at is not None:
        raise Refused(UNDONE_ALREADY)
    if timezone.now() - decision.decided_at > UNDO_FOR:
        raise Refused(TOO_LATE)
    queue.undo(by=by, decision=decision)
    decision.undone_at, decision.undone_by = timezone.now(), by
    decision.save(update_fields=["undone_at", "undone_by"])
    record("undo_moderation", decision, by=by, queue=decision.queue)
    return decision


@transaction.atomic
def undo_batch(*, by: User, batch: uuid.UUID) -> int:
    """Take a whole bulk decision back, all or none; return how many things wait again."""
    found = Decision.objects.filter(batch=batch, undone_at__isnull=True).order_by("id")
    ids = list(found.values_list("id", flat=True))
    if not ids:
        raise Refused(UNDONE_ALREADY)
    for decision_id in ids:
        undo(by=by, decision_id=decision_id)
    return len(ids)


def find_decisions(user: User, *, most: int = 20) -> list[Decision]:
    """Return the latest decisions in the queues of `user`, the newest first."""
    names = [queue.name for queue in queues_of(user)]
    return list(
        Decision.objects.filter(queue__in=names)
        .select_related("decided_by", "undone_by")
        .order_by("-decided_at", "-id")[:most]
    )


def is_undoable(decision: Decision) -> bool:
    """Tell whether a decision can still be taken back."""
    return decision.undone_at is None and timezone.now() - decision.decided_at <= UNDO_FOR
