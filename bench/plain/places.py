"""The register as plain DRF gives it: serializers over objects, pages by offset; and GeoJSON by
djangorestframework-gis."""

from typing import Any

from rest_framework.generics import ListAPIView
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.permissions import AllowAny
from rest_framework.serializers import BooleanField, CharField, ModelSerializer
from rest_framework.serializers import SerializerMethodField as Method
from rest_framework.viewsets import ReadOnlyModelViewSet
from rest_framework_gis.serializers import GeoFeatureModelSerializer

from places.models import Place


class WordsSerializer(ModelSerializer):
    """What has to be found out of each place."""

    area = CharField(source="area.code", default=None)
    is_free = BooleanField(source="is_free_to_stay")
    is_step_free = Method()

    def get_is_step_free(self, place: Place) -> bool:
        return any(
            one.attribute == "step_free" and one.value == "yes" for one in place.welcomes.all()
        )


class PlainPlaceSerializer(WordsSerializer):
    lon = Method()
    lat = Method()

    class Meta:
        model = Place
        fields = [
            *("code", "name", "kind", "lon", "lat", "area", "address", "postcode"),
            *("opening_hours", "weekly_hours", "cost_to_stay", "is_free", "is_step_free"),
            *("state", "confirmed_at"),
        ]

    def get_lon(self, place: Place) -> float:
        return round(place.point.x, 6)

    def get_lat(self, place: Place) -> float:
        return round(place.point.y, 6)


class PlainFeatureSerializer(GeoFeatureModelSerializer, WordsSerializer):
    class Meta:
        model = Place
        geo_field, id_field = "point", "id"
        fields = [
            *("id", "point", "code", "name", "kind", "area", "address", "postcode"),
            *("opening_hours", "cost_to_stay", "is_free", "is_step_free"),
        ]


def plain_places() -> Any:
    return (
        Place.objects.shown()
        .select_related("area")
        .prefetch_related("welcomes")
        .order_by("name", "id")
    )


class PlainPlaceViewSet(ReadOnlyModelViewSet):
    serializer_class = PlainPlaceSerializer
    pagination_class = LimitOffsetPagination
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get_queryset(self) -> Any:
        return plain_places()


class PlainGeoJsonView(ListAPIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    serializer_class = PlainFeatureSerializer

    def get_queryset(self) -> Any:
        return plain_places()[: int(self.request.query_params["limit"])]
