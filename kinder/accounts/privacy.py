"""The registry through which every room answers for the personal data that it holds.

A room registers itself in its AppConfig.ready; accounts never imports a room.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from kinder.accounts.models import Contributor, User

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

Person = User | Contributor


@dataclass(frozen=True)
class Holding:
    """What one kind of record holds about people: shown on the data-protection page.

    `model` names the model, or several with commas. `stays` says what an erasure leaves of it;
    empty where all of it goes. `kinds` are the keys of the room's export that belong to it (by
    default the models' own labels), so that people see what is held about *them*.
    """

    model: str
    what: str
    why: str
    how_long: str
    stays: str = ""
    kinds: tuple[str, ...] = ()

    @property
    def exported_as(self) -> tuple[str, ...]:
        return self.kinds or tuple(self.models)

    @property
    def models(self) -> list[str]:
        """The labels of the models, in lower case."""
        return [label.strip().lower() for label in self.model.split(",")]


class LetGo(Protocol):
    """Lets go of what a rule no longer keeps at `now`, and returns how many rows.

    A dry run changes nothing and counts all that is due. A real call deletes a batch (all of it,
    where that is little) and is called again until it returns 0; each call is one transaction.
    """

    def __call__(self, now: dt.datetime, /, *, is_dry_run: bool) -> int: ...


@dataclass(frozen=True)
class RetentionRule:
    """How long one kind of record is kept, why so long, and how it is let go of.

    `name` is the rule's code, with its room: "interactions.notes". `how_long` is told from a named
    constant; `source` says whence that comes: a law, a page of the method, or the need it serves.
    """

    name: str
    what: "_StrOrPromise"
    why: "_StrOrPromise"
    how_long: "_StrOrPromise"
    source: "_StrOrPromise"
    apply: LetGo


@dataclass(frozen=True)
class Room:
    """A room's answers: `export` gives rows as plain data, `erase` deletes and counts, `merge`
    hands the records of the second contributor to the first, `retention` says what goes by itself
    when (kinder.accounts.retention applies it every day)."""

    name: str
    describe: Callable[[], list[Holding]]
    export: Callable[[Person], dict[str, list[dict[str, Any]]]]
    erase: Callable[[Person], int]
    merge: Callable[[Contributor, Contributor], None] | None = None
    retention: tuple[RetentionRule, ...] = ()


# The room of accounts answers too, and erases last: the others point at its rows.
OWN_ROOM = "accounts"

_rooms: dict[str, Room] = {}


def register(room: Room) -> None:
    """Add `room`; registering the same name again replaces it (apps may be reloaded)."""
    _rooms[room.name] = room


def rooms() -> Iterator[Room]:
    """Yield the registered rooms in the order of their names, so that results are stable."""
    for name in sorted(_rooms):
        yield _rooms[name]
