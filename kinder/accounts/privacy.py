"""The registry through which every room answers for the personal data that it holds.

A room registers itself in its AppConfig.ready; accounts never imports a room.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from kinder.accounts.models import Contributor, User

Person = User | Contributor


@dataclass(frozen=True)
class Holding:
    """What one kind of record holds about people: shown on the data-protection page."""

    model: str
    what: str
    why: str
    how_long: str


@dataclass(frozen=True)
class Room:
    """A room's answers: `export` gives rows as plain data, `erase` deletes and counts, `merge`
    hands the records of the second contributor to the first."""

    name: str
    describe: Callable[[], list[Holding]]
    export: Callable[[Person], dict[str, list[dict[str, Any]]]]
    erase: Callable[[Person], int]
    merge: Callable[[Contributor, Contributor], None] | None = None


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
