"""Nameless thanks to a place: sent, read by a moderator, shown on the card of the month."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from connections.interactions.models import Thank
from kinder.accounts.limits import Limit, spend
from kinder.accounts.models import Contributor, Decision, User
from kinder.accounts.rules import Refused
from places.models import Place

THANKS_OF_PERSON = Limit("thanks-person", most=10, seconds=86_400)
MOST_ON_A_CARD = 12
NOT_YOURS = _("These thanks are not there any more.")
DECIDED = _("These thanks were decided in the meantime.")


@transaction.atomic
def send_thanks(*, by: Contributor, place: Place, text: str) -> Thank:
    """Send thanks to `place`; at kinds of place that say too much of a person nobody is kept with
    them. TooManyError after ten in a day."""
    spend((THANKS_OF_PERSON, str(by.pk)))
    return Thank.objects.create(
        place=place,
        contributor=None if place.is_sensitive else by,
        text=" ".join(text.split()),
        language=get_language() or "en-gb",
        month_on=timezone.localdate().replace(day=1),
    )


@transaction.atomic
def take_back_thanks(*, by: Contributor, thank: Thank) -> None:
    """Delete one's own thanks, read or not: they are gone from the next card that is printed."""
    gone, _kinds = Thank.objects.filter(pk=thank.pk, contributor=by).delete()
    if not gone:
        raise Refused(NOT_YOURS)


def list_own_thanks(contributor: Contributor) -> list[Thank]:
    return list(
        Thank.objects.filter(contributor=contributor)
        .select_related("place")
        .order_by("-created_at")
    )


def list_card(place: Place, month_on: dt.date) -> list[Thank]:
    """Return what stands on the card of `place` for a month: accepted, in the order of the words,
    so that the card tells nobody who was first."""
    accepted = Thank.objects.filter(place=place, month_on=month_on, state=Thank.State.ACCEPTED)
    return sorted(accepted, key=lambda thank: thank.text.casefold())[:MOST_ON_A_CARD]


def list_card_months(place: Place) -> list[dt.date]:
    """Return the months that are over and have a card, the newest first."""
    this_month = timezone.localdate().replace(day=1)
    months = Thank.objects.filter(
        place=place, state=Thank.State.ACCEPTED, month_on__lt=this_month
    ).values_list("month_on", flat=True)
    return list(months.distinct().order_by("-month_on"))


# ------------------------------------------------------------------ moderation


def list_waiting(*, most: int) -> list[Thank]:
    return list(
        Thank.objects.filter(state=Thank.State.OFFERED)
        .select_related("place", "place__area")
        .order_by("created_at", "pk")[:most]
    )


def decide_thanks(
    *, by: User, ids: Sequence[str], verdict: str, reason: str
) -> Mapping[str, Mapping[str, Any]]:
    """Take thanks onto the card, or not: the queue's own writing."""
    rows = Thank.objects.select_for_update(of=("self",)).filter(
        pk__in=[key for id_ in ids if (key := _read_key(id_))], state=Thank.State.OFFERED
    )
    done: dict[str, Mapping[str, Any]] = {}
    for thank in rows.order_by("pk"):
        is_taken = verdict == Decision.Verdict.ACCEPT
        thank.state = Thank.State.ACCEPTED if is_taken else Thank.State.DECLINED
        thank.decided_at, thank.decided_by = timezone.now(), by
        thank.save(update_fields=["state", "decided_at", "decided_by"])
        done[str(thank.pk)] = {"state": Thank.State.OFFERED.value}
    return done


def _read_key(id_: str) -> UUID | None:
    try:
        return UUID(id_)
    except ValueError:
        return None


def undo_thanks(*, by: User, decision: Decision) -> None:
    """Let thanks wait again, unless their author took them back."""
    is_taken = decision.verdict == Decision.Verdict.ACCEPT
    then = Thank.State.ACCEPTED if is_taken else Thank.State.DECLINED
    changed = Thank.objects.filter(pk=decision.object_id, state=then).update(
        state=Thank.State.OFFERED, decided_at=None, decided_by=None
    )
    if not changed:
        raise Refused(DECIDED)
