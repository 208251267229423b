"""A geography with one area of each level, for tests that need somewhere."""

from django.contrib.gis.geos import MultiPolygon, Point, Polygon

from places.models import Area, AreaAncestor, Geography


def make_geography(slug: str = "test", *, is_current: bool = True) -> Geography:
    """Return the geography of that name, making it where it is not there."""
    return Geography.objects.get_or_create(
        slug=slug, defaults={"name": f"Invented {slug}", "is_current": is_current}
    )[0]


def make_area(
    code: str, *, level: str, parent: Area | None = None, geography: Geography | None = None
) -> Area:
    """Make a square area of 0.1°, with itself and every area above it as ancestors."""
    area = Area.objects.create(
        geography=geography or (parent.geography if parent else make_geography()),
        code=code,
        name=f"Area {code}",
        level=level,
        parent=parent,
        geometry=MultiPolygon(Polygon.from_bbox((-4.3, 55.8, -4.2, 55.9)), srid=4326),
        point=Point(-4.25, 55.85, srid=4326),
        population=6_000,
        adults=5_000,
    )
    depth = 0
    ancestor: Area | None = area
    while ancestor is not None:
        AreaAncestor.objects.create(area=area, ancestor=ancestor, depth=depth)
        ancestor, depth = ancestor.parent, depth + 1
    return area
