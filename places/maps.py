"""What every map page tells the map script of its background."""

from django.conf import settings


def base_map() -> dict[str, str] | None:
    """Return the operator's background tiles, or None: the map is useful without."""
    if not settings.BASEMAP_URL:
        return None
    return {"url": settings.BASEMAP_URL, "attribution": settings.BASEMAP_ATTRIBUTION}
