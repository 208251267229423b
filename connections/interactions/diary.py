"""What somebody reads of their own moments. Nobody else reads them one by one."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from connections.interactions.models import Difficulty, Interaction, Note
from connections.interactions.vocabulary import HardReason
from kinder.accounts.encryption import UnreadableTextError, decrypt
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


HARD = "hard"
"""In place of a direction: it was hard, and nothing happened."""


@dataclass(frozen=True)
class Wanted:
    """Which of one's own moments to list; empty is all. `spot` is a code as Spot writes it."""

    direction: str = ""
    kind: str = ""
    month_on: dt.date | None = None
    spot: str = ""

    @property
    def holds_moments(self) -> bool:
        return self.direction != HARD

    @property
    def holds_difficulties(self) -> bool:
        return self.direction in ("", HARD) and not self.kind and not self.spot.startswith("place:")


def list_own(contributor: Contributor, wanted: Wanted | None = None) -> list[uuid.UUID]:
    """Return the ids of a person's moments and difficulties, the newest day first."""
    wanted = wanted or Wanted()
    rows: list[tuple[dt.date, dt.datetime, uuid.UUID]] = []
    for model, holds in (
        (Interaction, wanted.holds_moments),
        (Difficulty, wanted.holds_difficulties),
    ):
        if holds:
            found = model._default_manager.filter(contributor=contributor, **_fit(model, wanted))
            rows += found.values_list("occurred_on", "created_at", "pk")
    return [pk for _day, _arrived, pk in sorted(rows, reverse=True)]


def _fit(model: type[Interaction] | type[Difficulty], wanted: Wanted) -> dict[str, Any]:
    fit: dict[str, Any] = {}
    if wanted.month_on:
        fit["month_on"] = wanted.month_on
    kind, _colon, code = wanted.spot.partition(":")
    if code:
        fit[f"{kind}__code"] = code
    if model is Interaction:
        fit |= {"direction": wanted.direction} if wanted.direction else {}
        fit |= {"kind": wanted.kind} if wanted.kind else {}
        fit |= {"place__isnull": True} if kind == "area" and code else {}
    return fit


@dataclass(frozen=True)
class Shelf:
    """What a person's diary can be filtered by: the months it holds, newest first, and where."""

    months: list[dt.date]
    spots: list[tuple[str, str]]
    has_any: bool


def read_shelf(contributor: Contributor) -> Shelf:
    """Return the months and spots of a person's moments: two queries."""
    moments = Interaction.objects.filter(contributor=contributor).values_list(
        "month_on", "place__code", "place__name", "area__code", "area__name"
    )
    difficulties = Difficulty.objects.filter(contributor=contributor).values_list(
        "month_on", "area__code", "area__name"
    )
    months: set[dt.date] = set()
    spots: dict[str, str] = {}
    for month_on, place, place_name, area, area_name in moments:
        months.add(month_on)
        spots[f"place:{place}" if place else f"area:{area}"] = place_name or area_name
    for month_on, area, area_name in difficulties:
        months.add(month_on)
        spots[f"area:{area}"] = area_name
    return Shelf(
        months=sorted(months, reverse=True),
        spots=sorted(spots.items(), key=lambda one: one[1].casefold()),
        has_any=bool(months),
    )


def tell_moments(contributor: Contributor) -> list[dict[str, Any]]:
    """Return all of a person's moments and difficulties in plain words, the oldest first, with
    their own notes."""
    notes = {
        note.pk: _open_note(note)
        for note in Note.objects.filter(interaction__contributor=contributor)
    }
    rows = []
    for moment in reversed(read_moments(list_own(contributor))):
        rows.append(
            {
                "id": str(moment.pk),
                "day": moment.occurred_on.isoformat(),
                "what": moment.get_direction_display()
                if isinstance(moment, Interaction)
                else gettext("I wanted to, but it was hard here"),
                "kind": moment.get_kind_display() if isinstance(moment, Interaction) else "",
                "place": moment.place.name
                if isinstance(moment, Interaction) and moment.place
                else "",
                "area": moment.area.name,
                "who_with": _show(moment, "tie"),
                "someone_different": _show(moment, "is_different"),
                "at_work": _show(moment, "at_work"),
                "through_organisation": _show(moment, "through_organisation"),
                "how_it_was": _show(moment, "hardness"),
                "reasons": [str(HardReason(code).label) for code in _reasons_of(moment)],
                "part_of_day": _show(moment, "part_of_day"),
                "setting": _show(moment, "setting"),
                "note": notes.get(moment.pk, ""),
            }
        )
    return rows


def _reasons_of(moment: Interaction | Difficulty) -> list[str]:
    return moment.hard_reasons if isinstance(moment, Interaction) else moment.reasons


def _show(moment: Interaction | Difficulty, name: str) -> str:
    """Return the words of a choice, "" where it was skipped."""
    if isinstance(moment, Difficulty) or not getattr(moment, name):
        return ""
    return str(getattr(moment, f"get_{name}_display")())


def _open_note(note: Note) -> str:
    try:
        return decrypt(note.ciphertext)
    except UnreadableTextError:
        return ""


def read_moments(ids: list[uuid.UUID]) -> list[Interaction | Difficulty]:
    """Return the moments with these ids, in their order."""
    found: dict[uuid.UUID, Interaction | Difficulty] = {
        **Interaction.objects.select_related("area", "place").in_bulk(ids),
        **Difficulty.objects.select_related("area").in_bulk(ids),
    }
    return [found[id_] for id_ in ids if id_ in found]
