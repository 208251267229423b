"""The register of places, its API and its tiles."""

from places.actions import bump_layer
from places.baking import areas_layer_name
from places.models import Area, AreaTile, SavedArea
from tests.factories import PlaceFactory, make_square
from tests.security.rows import ALL, WORKING, Given, Row, Side, own, thing


@thing("place")
def _place(side: Side) -> Given:
    return {"code": PlaceFactory.create(organisation=side.organisation).code}


@thing("place tile")
def _place_tile(side: Side) -> Given:
    _place(side)
    return {"version": 1, "z": 5, "x": 15, "y": 10}


@thing("area tile")
def _area_tile(side: Side) -> Given:
    _place(side)
    area = Area.objects.select_related("geography").latest("id")
    spot = {"level": area.level, "z": 5, "x": 15, "y": 10}
    AreaTile.objects.get_or_create(geography=area.geography, **spot, defaults={"mvt": b""})
    bump_layer(areas_layer_name(area.geography.slug))
    return {"slug": area.geography.slug, **spot}


@thing("saved area")
def _saved_area(side: Side) -> Given:
    area = SavedArea.objects.create(
        name=side.mark,
        geometry=make_square(-4.3, 55.8),
        made=SavedArea.Made.DRAWN,
        owner=side.visitor,
        organisation=side.organisation,
    )
    return {"code": area.code}


# fmt: off
ROWS = [
    Row("places:list", get=ALL),
    Row("places:place", get=ALL, given="place"),
    Row("places:saved-areas", get=WORKING),
    Row("places:add-area", get=WORKING, post=WORKING),
    Row("places:saved-area", get=own(WORKING), post=own(WORKING), given="saved area"),
    Row("places:delete-area", post=own(WORKING), given="saved area"),
    Row("places:area-file", get=own(WORKING), given="saved area"),
    Row("places-list", get=ALL),
    Row("places-geojson", get=ALL),
    Row("places-detail", get=ALL, given="place"),
    Row("schema", get=ALL),
    Row("tiles:places", get=ALL, given="place tile"),
    Row("tiles:areas", get=ALL, given="area tile"),
]
# fmt: on
