"""Finds a neighbourhood or a place by what somebody types: a name, a postcode, a street."""

from dataclasses import dataclass, field

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import Q

from kinder.accounts.models import User
from places.models import Area, Place, PlaceName, Postcode
from places.postcodes import tidy_postcode
from places.vocabulary import AreaLevel

LONGEST_QUERY = 80
AREAS_SHOWN = 12
PLACES_SHOWN = 20
NAMES_SHOWN = 10
# Words of people hold typing slips: a word this alike (0 to 1) counts as found.
LEAST_ALIKE = 0.5

# The areas that have a page. A data zone is too small to be a neighbourhood's name.
PAGE_LEVELS = (AreaLevel.COMMUNITY, AreaLevel.INTERMEDIATE, AreaLevel.COUNCIL)


@dataclass
class Found:
    """What a search brought; `postcode` is what was typed, when it was one."""

    query: str
    postcode: str = ""
    areas: list[Area] = field(default_factory=list)
    names: list[tuple[PlaceName, Area]] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.areas or self.names or self.places)


def find(query: str, *, user: User | AnonymousUser) -> Found:
    """Search areas, names of districts and the register of places that `user` may see."""
    query = " ".join(query.split())[:LONGEST_QUERY]
    found = Found(query=query, postcode=tidy_postcode(query) or "")
    if len(query) < 2:
        return found
    if found.postcode:
        found.areas = find_areas_of_postcode(found.postcode)
        return found
    found.areas = find_areas_by_name(query)
    found.names = find_names(query, besides={area.name for area in found.areas})
    found.places = list(
        Place.objects.visible_to(user)
        .filter(Q(name__icontains=query) | Q(address__icontains=query))
        .select_related("area")
        .order_by("name", "id")[:PLACES_SHOWN]
    )
    return found


def find_areas_of_postcode(postcode: str) -> list[Area]:
    """Return the areas with a page that hold a postcode, the community first; [] if unknown."""
    known = Postcode.objects.filter(pk=postcode).values_list("area_id", flat=True).first()
    return [] if known is None else holders_of(known)


def holders_of(area_id: int) -> list[Area]:
    """Return the areas with a page that hold an area or are it, the community first."""
    areas = Area.objects.filter(descendants__area_id=area_id, level__in=PAGE_LEVELS)
    return sorted(areas, key=lambda area: PAGE_LEVELS.index(AreaLevel(area.level)))


def find_areas_by_name(query: str) -> list[Area]:
    """Return current areas whose name is like `query`, the likest first."""
    return list(
        Area.objects.filter(geography__is_current=True, level__in=PAGE_LEVELS)
        .annotate(likeness=TrigramWordSimilarity(query, "name"))
        .filter(Q(name__icontains=query) | Q(likeness__gte=LEAST_ALIKE) | Q(code__iexact=query))
        .select_related("parent")
        .order_by("-likeness", "name", "id")[:AREAS_SHOWN]
    )


def find_names(query: str, *, besides: set[str]) -> list[tuple[PlaceName, Area]]:
    """Return settlements and districts named like `query`, each with the area it leads to."""
    names = (
        PlaceName.objects.filter(name__icontains=query, area__isnull=False)
        .exclude(name__in=besides)
        .order_by("name", "district", "id")[:NAMES_SHOWN]
    )
    led = []
    for name in names:
        if name.area_id is not None and (holders := holders_of(name.area_id)):
            led.append((name, holders[0]))
    return led
