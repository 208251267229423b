"""Tiles as a plain REST view makes them: the ORM selects, PostGIS encodes, nothing is kept."""

from typing import Any

from django.contrib.gis.db.models import GeometryField, PolygonField
from django.contrib.gis.db.models.functions import Transform
from django.contrib.gis.geos import Polygon
from django.db import connection
from django.db.models import BooleanField, Case, Exists, F, Func, OuterRef, QuerySet, Value, When
from django.http import HttpResponse
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from places.models import Area, Place, Welcome
from places.vocabulary import FREE_TO_STAY

HALF_WORLD = 20_037_508.342789244


class AsMVTGeom(Func):
    function = "ST_AsMVTGeom"
    output_field = GeometryField()


class PlainTileView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, request: Request, z: int, x: int, y: int, **_kwargs: Any) -> HttpResponse:
        side = 2 * HALF_WORLD / 2**z
        west, north = x * side - HALF_WORLD, HALF_WORLD - y * side
        box = Polygon.from_bbox((west, north - side, west + side, north))
        box.srid = 3857
        rows = self.select(box.transform(4326, clone=True)).annotate(
            mvt_geometry=AsMVTGeom(
                Transform(F(self.geometry), 3857), Value(box, output_field=PolygonField(srid=3857))
            )
        )
        # Within another query Django leaves geometries as they are.
        rows.query.subquery = True
        sql, values = rows.query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT ST_AsMVT(tile, 'layer') FROM ({sql}) AS tile", values)
            return HttpResponse(
                bytes(cursor.fetchone()[0]), content_type="application/vnd.mapbox-vector-tile"
            )


class PlainPlaceTileView(PlainTileView):
    geometry = "point"

    def select(self, box: Polygon) -> QuerySet[Any, Any]:
        step_free = Welcome.objects.filter(place=OuterRef("pk"), attribute="step_free", value="yes")
        return (
            Place.objects.shown()
            .filter(point__intersects=box)
            .annotate(
                is_free=Case(
                    When(cost_to_stay__in=FREE_TO_STAY, then=True),
                    default=False,
                    output_field=BooleanField(),
                ),
                is_step_free=Exists(step_free),
            )
            .order_by()
            .values("id", "code", "name", "kind", "is_free", "is_step_free")
        )


class PlainAreaTileView(PlainTileView):
    geometry = "geometry"

    def select(self, box: Polygon) -> QuerySet[Any, Any]:
        return (
            Area.objects.filter(
                geography__slug=self.kwargs["slug"], level="zone", geometry__intersects=box
            )
            .order_by()
            .values("id", "code", "name")
        )
