"""The register as a plain DRF view gives it: serializers over objects, pages by offset."""

from typing import Any

from rest_framework.pagination import LimitOffsetPagination
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BooleanField, CharField, ModelSerializer
from rest_framework.serializers import SerializerMethodField as Method
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from places.models import Place


class PlainPlaceSerializer(ModelSerializer):
    lon = Method()
    lat = Method()
    area = CharField(source="area.code", default=None)
    is_free = BooleanField(source="is_free_to_stay")
    is_step_free = Method()

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

    def get_is_step_free(self, place: Place) -> bool:
        return any(
            one.attribute == "step_free" and one.value == "yes" for one in place.welcomes.all()
        )


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


class PlainGeoJsonView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, request: Request) -> Response:
        places = plain_places()[: int(request.query_params["limit"])]
        features = [
            {
                "type": "Feature",
                "id": place.pk,
                "geometry": {"type": "Point", "coordinates": place.point.coords},
                "properties": PlainPlaceSerializer(place).data,
            }
            for place in places
        ]
        return Response({"type": "FeatureCollection", "features": features})
