"""Where a moment is kept: a public place or a listed area, never a position.

A listed area is an intermediate zone or larger. At some kinds of place, and anywhere but at a
place, only the area is kept: the place would say too much of a person (a close is nearly an
address).
"""

from dataclasses import dataclass, field

from django.contrib.gis.db.models.functions import Distance
from django.contrib.gis.geos import Point
from django.db.models import Q

from connections.interactions.models import Interaction
from connections.interactions.rules import UNKNOWN_AREA, UNKNOWN_PLACE, InvalidMomentError
from connections.interactions.vocabulary import Setting
from kinder.accounts.models import Contributor
from kinder.accounts.naming import clean_text
from places.models import Area, Place, PlaceName, Postcode
from places.postcodes import tidy_postcode
from places.vocabulary import SENSITIVE_KINDS, AreaLevel

LISTED_LEVELS = (AreaLevel.INTERMEDIATE, AreaLevel.COMMUNITY, AreaLevel.COUNCIL)
"""Levels of area that a moment may name: the finest (data zones) is too small."""


@dataclass(frozen=True)
class Spot:
    """Where somebody says they were; `area` is what is kept in any case."""

    area: Area
    place: Place | None = None

    @property
    def code(self) -> str:
        """How a form names it: `place:<code>` or `area:<code>`."""
        return f"place:{self.place.code}" if self.place else f"area:{self.area.code}"

    @property
    def name(self) -> str:
        return self.place.name if self.place else self.area.name

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


def read_spot(code: str) -> Spot:
    """Return the spot that a form names (`Spot.code`); InvalidMomentError where unknown."""
    kind, _colon, rest = clean_text(code).partition(":")
    return find_spot(place=rest) if kind == "place" else find_spot(area=rest)


def find_last_spot(contributor: Contributor) -> Spot | None:
    """Return where the person's newest moment was kept, if that may still be chosen."""
    spots = list_last_spots(contributor, at_most=1)
    return spots[0] if spots else None


LAST_SPOTS = 3
LOOKED_BACK = 30


def list_last_spots(contributor: Contributor, *, at_most: int = LAST_SPOTS) -> list[Spot]:
    """Return where the person's newest moments were kept, each once, the newest first.

    A place that may not be chosen any more stands as its area.
    """
    rows = (
        Interaction.objects.filter(contributor=contributor)
        .order_by("-created_at")
        .values_list("place__code", "area__code")[: LOOKED_BACK if at_most > 1 else 1]
    )
    found: dict[str, Spot] = {}
    for place, area in dict.fromkeys(rows):
        for code in (f"place:{place}" if place else "", f"area:{area}"):
            try:
                spot = read_spot(code)
            except InvalidMomentError:
                continue
            found.setdefault(spot.code, spot)
            break
        if len(found) == at_most:
            break
    return list(found.values())


def list_large_areas() -> list[Area]:
    """Return the areas to begin a choice from: communities where they cover the land in a short
    list, else councils."""
    current = Area.objects.filter(geography__is_current=True)
    communities = current.filter(level=AreaLevel.COMMUNITY)
    if 0 < communities.count() <= MOST_IN_A_LIST:
        return list(communities)
    return list(current.filter(level=AreaLevel.COUNCIL)) or list(
        current.filter(level=AreaLevel.INTERMEDIATE)[:MOST_IN_A_LIST]
    )


MOST_IN_A_LIST = 60
NEAR = 12


@dataclass
class Choices:
    """What may be chosen as a moment's spot; `is_postcode` where the words were one."""

    areas: list[Area] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    is_postcode: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.areas or self.places)


def list_around(area: Area) -> Choices:
    """Return the listed areas that hold `area`, the smallest first, and places within it, A–Z."""
    return Choices(
        areas=list(
            Area.objects.filter(descendants__area=area, level__in=LISTED_LEVELS).order_by(
                "descendants__depth"
            )
        ),
        places=list(
            Place.objects.shown()
            .filter(area__ancestors__ancestor=area)
            .order_by("name", "id")[:MOST_IN_A_LIST]
        ),
    )


def find_choices(words: str) -> Choices:
    """Find spots by a name, a street or a postcode, as somebody types it."""
    words = " ".join(clean_text(words).split())[:80]
    if postcode := tidy_postcode(words):
        return _find_around_postcode(postcode)
    if len(words) < 2:
        return Choices()
    listed = Q(geography__is_current=True, level__in=LISTED_LEVELS)
    districts = PlaceName.objects.filter(name__icontains=words, area__isnull=False)
    areas = Area.objects.filter(
        listed
        & (
            Q(name__icontains=words)
            | Q(descendants__area__in=districts.values("area"), level=AreaLevel.INTERMEDIATE)
        )
    )
    places = Place.objects.shown().filter(
        Q(name__icontains=words) | Q(address__icontains=words), area__isnull=False
    )
    return Choices(
        areas=list(areas.distinct().order_by("name", "code")[:NEAR]),
        places=list(places.select_related("area").order_by("name", "id")[:MOST_IN_A_LIST]),
    )


def _find_around_postcode(code: str) -> Choices:
    postcode = Postcode.objects.filter(pk=code).select_related("area").first()
    if postcode is None:
        return Choices(is_postcode=True)
    return Choices(
        areas=list_around(postcode.area).areas,
        places=_list_nearest(postcode.point),
        is_postcode=True,
    )


def _list_nearest(point: Point) -> list[Place]:
    around = point.buffer(0.02)  # degrees: about two kilometres north and south
    return list(
        Place.objects.shown()
        .filter(point__within=around, area__isnull=False)
        .select_related("area")
        .annotate(away=Distance("point", point))
        .order_by("away")[:NEAR]
    )
