"""What every map page tells the map script of its background."""

from django.conf import settings

from places.actions import current_geography, levels_of
from places.tiles import describe_area_layer
from places.vocabulary import AreaLevel

BORDER_LEVELS = (AreaLevel.COMMUNITY, AreaLevel.COUNCIL, AreaLevel.COUNTRY)
# The whole of Great Britain and Ireland, before any area is loaded.
ISLES = [-10.7, 49.8, 1.8, 60.9]


def base_map() -> dict[str, str] | None:
    """Return the operator's background tiles, or None: the map is useful without."""
    if not settings.BASEMAP_URL:
        return None
    return {"url": settings.BASEMAP_URL, "attribution": settings.BASEMAP_ATTRIBUTION}


def describe_borders() -> dict[str, object] | None:
    """Borders under the places, so that the map reads well without a base map."""
    geography = current_geography()
    if geography is None:
        return None
    there = set(levels_of(geography))
    level = next((level for level in BORDER_LEVELS if level in there), None)
    return None if level is None else describe_area_layer(geography, level)
