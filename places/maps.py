"""What every map page tells the map script of its background."""

from pathlib import Path

from django.conf import settings
from django.urls import reverse

from places.actions import current_geography, levels_of
from places.tiles import describe_area_layer
from places.vocabulary import AreaLevel

BORDER_LEVELS = (AreaLevel.COMMUNITY, AreaLevel.COUNCIL, AreaLevel.COUNTRY)
# The whole of Great Britain and Ireland, before any area is loaded.
ISLES = [-10.7, 49.8, 1.8, 60.9]


def base_map() -> dict[str, str] | None:
    """Return the background: the operator's own tiles, an address of somebody's, or None. The map
    is useful without."""
    if settings.BASEMAP_URL:
        return {"url": settings.BASEMAP_URL, "attribution": settings.BASEMAP_ATTRIBUTION}
    stamp = basemap_stamp()
    if stamp is None:
        return None
    return {
        "pmtiles": f"{reverse('tiles:basemap')}?v={stamp}",
        "attribution": settings.BASEMAP_ATTRIBUTION or "© OpenStreetMap contributors",
    }


def basemap_path() -> Path:
    """Return where `make_basemap` puts the background."""
    return Path(settings.MEDIA_ROOT) / "basemap.pmtiles"


def basemap_stamp() -> str | None:
    """Return what changes with the background, None where there is none."""
    try:
        found = basemap_path().stat()
    except FileNotFoundError:
        return None
    return f"{found.st_mtime_ns:x}-{found.st_size:x}"


def describe_borders() -> dict[str, object] | None:
    """Borders under the places, so that the map reads well without a base map."""
    geography = current_geography()
    if geography is None:
        return None
    there = set(levels_of(geography))
    level = next((level for level in BORDER_LEVELS if level in there), None)
    return None if level is None else describe_area_layer(geography, level)
