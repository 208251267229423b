"""What of the register waits to be looked at: gatherings that somebody proposed."""

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
from places.models import Gathering
from places.rules import check_can_keep_places

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


def register_queues() -> None:
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
