"""The product's addresses, and beside them the same done plainly."""

from django.urls import include, path
from rest_framework.permissions import AllowAny
from rest_framework.routers import SimpleRouter
from rest_framework.serializers import ModelSerializer
from rest_framework.viewsets import ModelViewSet

from bench.plain.models import PlainMoment
from bench.plain.places import PlainGeoJsonView, PlainPlaceViewSet
from bench.plain.tiles import PlainAreaTileView, PlainGeoJsonTileView, PlainPlaceTileView
from kinder.urls import urlpatterns as product_urlpatterns


class PlainSerializer(ModelSerializer):
    class Meta:
        model = PlainMoment
        fields = "__all__"


class PlainViewSet(ModelViewSet):
    queryset = PlainMoment.objects.all()
    serializer_class = PlainSerializer
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def perform_create(self, serializer: ModelSerializer) -> None:
        day = serializer.validated_data["occurred_on"]
        serializer.save(month_on=day.replace(day=1), body_sha256=b"")


router = SimpleRouter()
router.register("plain", PlainViewSet)
router.register("plain-places", PlainPlaceViewSet, basename="plain-places")
urlpatterns = [
    path("", include(router.urls)),
    path("plain/places.geojson", PlainGeoJsonView.as_view()),
    path("plain/tiles/places.geojson", PlainGeoJsonTileView.as_view()),
    PlainPlaceTileView.get_url("plain/tiles/places"),
    PlainAreaTileView.get_url("plain/tiles/areas/<slug:slug>"),
    *product_urlpatterns,
]
