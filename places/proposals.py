"""What residents propose, read beside what the register says now and said when they looked."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from places.history import facts_at, label_of, take_facts, tell_fact
from places.models import Place, PlaceSuggestion
from places.week import say_hours

GONE = "gone"
# What a resident may propose of a place; the rest is a keeper's.
SUGGESTABLE = (
    "name",
    "kind",
    "address",
    "postcode",
    "opening_hours",
    "cost_to_stay",
    "website",
    "telephone",
)


@dataclass(frozen=True)
class Proposed:
    """One field of a suggestion: what it says now and would say. `was` is what it said when the
    suggestion was made, where somebody has changed it since."""

    field: str
    label: str
    now: str
    proposed: str
    was: str = ""
    # Hours as the register writes them, where they are told in other words.
    now_written: str = ""
    written: str = ""
    is_conflict: bool = False
    is_done: bool = False


def read_proposal(suggestion: PlaceSuggestion) -> list[Proposed]:
    """Return the fields of `suggestion` with what stands there now."""
    place = suggestion.place
    now, _words = take_facts(place)
    base = facts_at(place, suggestion.base_revision) or now
    return [
        _read_field(field, value, now, base)
        for field, value in suggestion.changes.items()
        if field in SUGGESTABLE
    ]


def is_gone(suggestion: PlaceSuggestion) -> bool:
    """Tell whether the suggestion says that the place is closed for good."""
    return bool(suggestion.changes.get(GONE))


def _read_field(field: str, value: Any, now: dict[str, Any], base: dict[str, Any]) -> Proposed:
    def tell(said: Any) -> str:
        return tell_fact(field, said, texts={}, organisations={})

    is_conflict = now[field] != base[field] and now[field] != value
    return Proposed(
        field=field,
        label=label_of(field),
        now=tell(now[field]),
        proposed=tell(value),
        was=tell(base[field]) if is_conflict else "",
        now_written=_written(field, now[field]),
        written=_written(field, value),
        is_conflict=is_conflict,
        is_done=now[field] == value,
    )


def _written(field: str, value: Any) -> str:
    return str(value) if field == "opening_hours" and say_hours(value) != value else ""


def only_new(place: Place, changes: dict[str, Any]) -> dict[str, Any]:
    """Return those of `changes` that say something else than the register does."""
    return {
        field: value
        for field, value in changes.items()
        if (field == GONE and value) or (field in SUGGESTABLE and getattr(place, field) != value)
    }


def unknown_fields(fields: Iterable[str]) -> set[str]:
    """Return those of `fields` to which no change can be suggested."""
    return set(fields) - {*SUGGESTABLE, GONE}
