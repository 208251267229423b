"""Where a moment is kept: a public place or a listed area, never a position.

A listed area is an intermediate zone or larger. At some kinds of place, and anywhere but at a
place, only the area is kept: the place would say too much of a person (a close is nearly an
address).
"""

from dataclasses import dataclass

from connections.interactions.rules import UNKNOWN_AREA, UNKNOWN_PLACE, InvalidMomentError
from connections.interactions.vocabulary import Setting
from places.models import Area, Place
from places.vocabulary import SENSITIVE_KINDS, AreaLevel

LISTED_LEVELS = (AreaLevel.INTERMEDIATE, AreaLevel.COMMUNITY, AreaLevel.COUNCIL)
"""Levels of area that a moment may name: the finest (data zones) is too small."""


@dataclass(frozen=True)
class Spot:
    """Where somebody says they were; `area` is what is kept in any case."""

    area: Area
    place: Place | None = None

    @property
    def keeps_place(self) -> bool:
        return self.place is not None and self.place.kind not in SENSITIVE_KINDS

    def place_for(self, setting: str | None) -> Place | None:
        """Return the place to keep with a moment in `setting`."""
        if self.keeps_place and setting in (None, Setting.PLACE):
            return self.place
        return None


def find_spot(*, place: str | None = None, area: str | None = None) -> Spot:
    """Return the spot with that code of a place or of an area; InvalidMomentError where unknown."""
    if place is not None:
        found = Place.objects.shown().filter(code=place).first()
        around = find_listed_area(found) if found else None
        if found is None or around is None:
            raise InvalidMomentError({"place": UNKNOWN_PLACE})
        return Spot(area=around, place=found)
    listed = Area.objects.filter(
        code=area or "", geography__is_current=True, level__in=LISTED_LEVELS
    ).first()
    if listed is None:
        raise InvalidMomentError({"area": UNKNOWN_AREA})
    return Spot(area=listed)


def find_listed_area(place: Place) -> Area | None:
    """Return the smallest listed area around `place`."""
    if place.area_id is None:
        return None
    return (
        Area.objects.filter(descendants__area_id=place.area_id, level__in=LISTED_LEVELS)
        .order_by("descendants__depth")
        .first()
    )
