"""The register of places, its API and its tiles."""

import io

from django.core.files.base import ContentFile
from PIL import Image

from places.actions import bump_layer
from places.baking import areas_layer_name
from places.history import begin_history
from places.models import Area, AreaTile, PlacePhoto, PlaceSuggestion, SavedArea
from tests.factories import PlaceFactory, make_square
from tests.security.rows import (
    ALL,
    KEEPERS,
    SIGNED_IN,
    WORKING,
    Given,
    Row,
    Side,
    own,
    thing,
)


@thing("place")
def _place(side: Side) -> Given:
    return {"code": PlaceFactory.create(organisation=side.organisation).code}


@thing("changed place")
def _changed_place(side: Side) -> Given:
    place = PlaceFactory.create(organisation=side.organisation)
    begin_history(place)
    return {"code": place.code}


@thing("photo")
def _photo(side: Side) -> Given:
    place = PlaceFactory.create(organisation=side.organisation)
    picture = io.BytesIO()
    Image.new("RGB", (8, 6)).save(picture, "JPEG")
    photo = PlacePhoto(place=place, alt="A door", state=PlacePhoto.State.SHOWN)
    photo.image.save("door.jpg", ContentFile(picture.getvalue()), save=False)
    photo.width, photo.height = 8, 6
    photo.save()
    return {"number": photo.pk}


@thing("suggestion")
def _suggestion(side: Side) -> Given:
    place = PlaceFactory.create(organisation=side.organisation)
    made = PlaceSuggestion.objects.create(place=place, base_revision=1, changes={"name": "New"})
    return {"number": made.pk}


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
    Row("places:answer", post=ALL, given="place", body={"question": "toilet", "answer": "yes"}),
    Row("places:suggest_change", get=ALL, post=ALL, given="place"),
    Row("places:suggest_new", get=ALL, post=ALL),
    Row("places:send_photo", get=ALL, post=ALL, given="place"),
    Row("places:photo", get=ALL, given="photo"),
    Row("places:photo_state", post=KEEPERS, given="photo", body={"state": "hidden"}),
    Row("places:new", get=KEEPERS, post=KEEPERS),
    Row("places:edit", get=KEEPERS, post=KEEPERS, given="place"),
    Row("places:act", post=KEEPERS, given="place", body={"deed": "confirm"}),
    Row("places:history", get=KEEPERS, given="place"),
    Row("places:revert", post=KEEPERS, given="changed place", body={"to": "1"}),
    Row("places:check", get=KEEPERS),
    Row("places:walk", get=KEEPERS),
    Row("places:suggestions", get=KEEPERS),
    Row("places:decide_suggestion", post=KEEPERS, given="suggestion"),
    Row("places:claim", get=SIGNED_IN, post=SIGNED_IN, given="place"),
    Row("places:claims", get=KEEPERS, post=KEEPERS, body={"claim": "0"}),
    Row("places:saved-areas", get=WORKING),
    Row("places:add-area", get=WORKING, post=WORKING),
    Row("places:saved-area", get=own(WORKING), post=own(WORKING), given="saved area"),
    Row("places:delete-area", post=own(WORKING), given="saved area"),
    Row("places:area-file", get=own(WORKING), given="saved area"),
    Row("places-list", get=ALL),
    Row("places-geojson", get=ALL),
    Row("places-detail", get=ALL, given="place"),
    Row("schema", get=ALL),
    Row("tiles:basemap", get=ALL),
    Row("tiles:places", get=ALL, given="place tile"),
    Row("tiles:areas", get=ALL, given="area tile"),
]
# fmt: on
