"""Tiles by the libraries that Django projects use for them, as their manuals say; none is kept."""

from typing import Any

from django.db import connection
from django.db.models import BooleanField, Case, Exists, OuterRef, QuerySet, Value, When
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework_gis.filters import TMSTileFilter
from vectortiles import VectorLayer
from vectortiles.rest_framework.views import MVTAPIView

from bench.plain.places import PlainFeatureSerializer
from places.models import Area, Place, Welcome
from places.vocabulary import FREE_TO_STAY

PLACES_ALONE = """
SELECT ST_AsMVT(tile, 'places', 4096, 'geometry', 'id') FROM (
    SELECT place.id, place.code, place.name, place.kind,
        place.cost_to_stay IN ('free', 'nobody_minds') AS is_free,
        EXISTS (SELECT FROM places_welcome welcome WHERE welcome.place_id = place.id
            AND welcome.attribute = 'step_free' AND welcome.value = 'yes') AS is_step_free,
        ST_AsMVTGeom(place.point_3857, ST_TileEnvelope(%s, %s, %s), 4096, 96, true) AS geometry
    FROM places_place place
    WHERE place.point_3857 && ST_TileEnvelope(%s, %s, %s, margin => 96.0 / 4096)
        AND place.state IN ('verified', 'stale')
    ORDER BY place.id
) tile
"""
"""A place tile as one writes it down, for the database alone."""


def make_plain_tile(z: int, x: int, y: int) -> bytes:
    """Ask the database for a tile, without a web server."""
    with connection.cursor() as cursor:
        cursor.execute(PLACES_ALONE, [z, x, y] * 2)
        return bytes(cursor.fetchone()[0])


class PlaceLayer(VectorLayer):
    id, geom_field = "places", "point"
    tile_fields = ("id", "code", "name", "kind", "is_free", "is_step_free")

    def get_queryset(self) -> QuerySet[Any]:
        step_free = Welcome.objects.filter(place=OuterRef("pk"), attribute="step_free", value="yes")
        free = When(cost_to_stay__in=FREE_TO_STAY, then=Value(True))
        return (
            Place.objects.shown()
            .annotate(
                is_free=Case(free, default=Value(False), output_field=BooleanField()),
                is_step_free=Exists(step_free),
            )
            .order_by()
        )


class AreaLayer(VectorLayer):
    id, geom_field = "areas", "geometry"
    tile_fields = ("id", "code", "name")

    def __init__(self, slug: str) -> None:
        self.slug = slug

    def get_queryset(self) -> QuerySet[Any]:
        return Area.objects.filter(geography__slug=self.slug, level="zone").order_by()


class OpenTileView(MVTAPIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)


class PlainPlaceTileView(OpenTileView):
    layer_classes = (PlaceLayer,)


class PlainAreaTileView(OpenTileView):
    layer_classes = (AreaLayer,)

    def get_layer_class_kwargs(self) -> dict[str, str]:
        return {"slug": self.kwargs["slug"]}


class TileFeatureSerializer(PlainFeatureSerializer):
    class Meta(PlainFeatureSerializer.Meta):
        fields = ["id", "point", "code", "name", "kind", "is_free", "is_step_free"]


class PlainGeoJsonTileView(ListAPIView):
    """The places of a tile as djangorestframework-gis gives them: as GeoJSON, by `?tile=z/x/y`."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    serializer_class = TileFeatureSerializer
    filter_backends = (TMSTileFilter,)
    bbox_filter_field = "point"
    bbox_filter_include_overlapping = True

    def get_queryset(self) -> QuerySet[Any]:
        return Place.objects.shown().prefetch_related("welcomes").order_by()
