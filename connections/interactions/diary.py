"""What somebody reads of their own moments. Nobody else reads them one by one."""

import datetime as dt
import uuid

from django.utils import timezone

from connections.interactions.models import Difficulty, Interaction
from kinder.accounts.models import Contributor

UNDO_FOR = dt.timedelta(minutes=10)
"""How long the link on the saved page takes a moment back without any other proof."""


def find_moment(
    id: uuid.UUID,  # noqa: A002
    *,
    of: Contributor | None = None,
) -> Interaction | Difficulty | None:
    """Return the moment or difficulty with that id; only one of `of`'s own where that is given."""
    for found in (
        Interaction.objects.select_related("area", "place").filter(pk=id).first(),
        Difficulty.objects.select_related("area").filter(pk=id).first(),
    ):
        if found and (of is None or found.contributor_id == of.pk):
            return found
    return None


def can_undo(moment: Interaction | Difficulty) -> bool:
    """Tell whether the link on the saved page still takes `moment` back."""
    return timezone.now() - moment.created_at < UNDO_FOR


def list_own(contributor: Contributor) -> list[uuid.UUID]:
    """Return the ids of a person's moments and difficulties, the newest day first."""
    rows = [
        row
        for model in (Interaction, Difficulty)
        for row in model.objects.filter(contributor=contributor).values_list(
            "occurred_on", "created_at", "pk"
        )
    ]
    return [pk for _day, _arrived, pk in sorted(rows, reverse=True)]


def read_moments(ids: list[uuid.UUID]) -> list[Interaction | Difficulty]:
    """Return the moments with these ids, in their order."""
    found: dict[uuid.UUID, Interaction | Difficulty] = {
        **Interaction.objects.select_related("area", "place").in_bulk(ids),
        **Difficulty.objects.select_related("area").in_bulk(ids),
    }
    return [found[id_] for id_ in ids if id_ in found]
