"""The collections that OGC API – Features offers: a registry that rooms above add to.

A collection is public by nature: places, areas, gatherings, released figures. Nothing about people
and nothing about befriending is ever registered; a test walks them all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

# West, south, east, north in degrees; west may lie east of east, across the 180th meridian.
Box = tuple[float, float, float, float]


class BadQueryError(ValueError):
    """A question that a collection cannot answer; the message says why."""


@dataclass(frozen=True)
class Filter:
    """A property by which a collection can be narrowed; `choices` where only some values exist."""

    about: str
    choices: tuple[str, ...] = ()
    type: str = "string"


@dataclass(frozen=True)
class Wanted:
    """What a client asks of a collection; `after` is the `next` of the page before."""

    limit: int
    after: str = ""
    bbox: Box | None = None
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    filters: Mapping[str, str] = field(default_factory=dict)

    @property
    def boxes(self) -> list[Box]:
        """The box asked for, as one or two that do not cross the 180th meridian."""
        if self.bbox is None:
            return []
        west, south, east, north = self.bbox
        if west <= east:
            return [self.bbox]
        return [(west, south, 180.0, north), (-180.0, south, east, north)]


@dataclass(frozen=True)
class Page:
    """GeoJSON features as texts, how many there are in all, and where the next page begins, ""
    after the last."""

    features: list[str]
    matched: int
    next: str = ""


@dataclass(frozen=True)
class Collection:
    """One collection of features.

    `read` answers a page and raises BadQueryError; `find` gives one feature by its id, None where
    there is none (any more); `extent` is where the features lie, None where there are none. `page`
    is the address of a feature's page, with {id}, or "".
    """

    id: str
    title: "_StrOrPromise"
    about: "_StrOrPromise"
    read: Callable[[Wanted], Page]
    find: Callable[[str], str | None]
    extent: Callable[[], Box | None]
    filters: Mapping[str, Filter] = field(default_factory=dict)
    attribution: Callable[[], str] = str
    page: str = ""


_collections: dict[str, Collection] = {}


def register(collection: Collection) -> None:
    """Offer a collection; a second one of the same id takes the first one's place."""
    _collections[collection.id] = collection


def collections() -> list[Collection]:
    """Return what is offered, in the order in which it was registered."""
    return list(_collections.values())


def find_collection(id_: str) -> Collection | None:
    """Return the collection that OGC API Features offers under this id."""
    return _collections.get(id_)


def read_id(text: str) -> int:
    """Return the row after which a page begins; raises BadQueryError for what we never gave."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadQueryError("after: this is no address that we gave.")
    return int(text)
