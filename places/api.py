"""The register as open data: `/api/v1/places/`, one place, and GeoJSON.

Lists are written by the database: building them from objects costs ten times as much. The
serializers describe them for the documentation, and a test holds the two equal.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any, TypeAlias

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.urls import path
from django.utils import timezone
from django.utils.cache import get_conditional_response
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from places.forms import LOOKED_FOR, PlaceSearchForm
from places.models import Place, Welcome
from places.search import BadCursorError, Search, write_geojson, write_list
from places.versions import places_version
from places.vocabulary import Answer, CostToStay, PlaceKind, PlaceState

LIST_LIMIT, LIST_MOST = 50, 200
GEOJSON_LIMIT, GEOJSON_MOST = 1_000, 10_000
# Of the list, in each process: about fifteen kilobytes each.
KEPT_PAGES = 256
Write: TypeAlias = Callable[..., str]


class WelcomeSerializer(serializers.ModelSerializer[Welcome]):
    """One thing that makes a place welcoming, and the month it was checked."""

    class Meta:
        model = Welcome
        fields = ["attribute", "value", "for_whom", "checked_on"]


class PlaceRowSerializer(serializers.Serializer[Place]):
    """A place in a list."""

    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=PlaceKind.choices)
    lon = serializers.FloatField()
    lat = serializers.FloatField()
    area = serializers.CharField(
        source="area.code", allow_null=True, help_text="Code of the finest area it lies in."
    )
    address = serializers.CharField()
    postcode = serializers.CharField()
    opening_hours = serializers.CharField(help_text="In the syntax of OpenStreetMap.")
    weekly_hours = serializers.FloatField(
        allow_null=True, help_text="Hours open in an ordinary week."
    )
    cost_to_stay = serializers.ChoiceField(choices=CostToStay.choices)
    is_free = serializers.BooleanField(help_text="Free, or nobody minds if you don't buy.")
    is_step_free = serializers.BooleanField()
    state = serializers.ChoiceField(choices=PlaceState.choices)
    confirmed_at = serializers.DateTimeField(allow_null=True)


class PlaceListSerializer(serializers.Serializer[Any]):
    """A page of places; `next` is the address of the page after it."""

    places = PlaceRowSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class PlaceSerializer(serializers.ModelSerializer[Place]):
    """Everything that is shown of a place."""

    lon = serializers.FloatField(source="point.x")
    lat = serializers.FloatField(source="point.y")
    area = serializers.CharField(source="area.code", allow_null=True, default=None)
    is_free = serializers.BooleanField(source="is_free_to_stay")
    is_step_free = serializers.SerializerMethodField()
    welcome = WelcomeSerializer(source="welcomes", many=True)

    class Meta:
        model = Place
        fields = [
            "code",
            "name",
            "kind",
            "lon",
            "lat",
            "area",
            "address",
            "postcode",
            "description",
            "website",
            "telephone",
            "opening_hours",
            "weekly_hours",
            "cost_to_stay",
            "is_booking_needed",
            "is_free",
            "is_step_free",
            "welcome",
            "state",
            "confirmed_at",
            "revision",
        ]

    def get_is_step_free(self, place: Place) -> bool:
        return any(
            one.attribute == "step_free" and one.value == Answer.YES for one in place.welcomes.all()
        )


_FILTERS = [
    OpenApiParameter("q", str, description="Words of the name, the street or the kind."),
    OpenApiParameter("kind", str, many=True, enum=PlaceKind.values),
    OpenApiParameter("area", str, description="Code of an area, of any level."),
    OpenApiParameter("free", bool, description="Free to stay."),
    OpenApiParameter("open", bool, description="Open now."),
    OpenApiParameter("step_free", bool),
    OpenApiParameter(
        "has", str, many=True, enum=[one.value for one in LOOKED_FOR], description="All of these."
    ),
    OpenApiParameter("bbox", str, description="west,south,east,north in degrees."),
    OpenApiParameter("limit", int),
    OpenApiParameter("after", str, description="Where the page before ended."),
]


class OpenView(APIView):
    """Public and read-only: no session is read, no cookie set."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, BadCursorError):
            exc = ValidationError({"after": ["This is no address that we gave."]})
        return super().handle_exception(exc)


class ListView(OpenView):
    """A list that the database writes: straight away where nobody narrows it down, with all that
    the framework does for a question where somebody does."""

    limit: int
    most: int
    content_type: str
    write: Write

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "GET" and request.GET.keys() <= {"after"}:
            with suppress(BadCursorError):
                return self.answer(request)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def answer(self, request: HttpRequest) -> HttpResponseBase:
        """Answer 304 to whoever has what the register says already. What is open now is not known
        by the register's version; it is always written."""
        search, after, limit = _read_query(request.GET, self.limit, self.most)
        if search.is_open:
            return self.write_out(request, {}, search, after, limit)
        version = places_version()
        # Kept by whoever likes, shown by nobody before we said that it still stands.
        headers = {"Cache-Control": "public, no-cache", "ETag": f'W/"{version}"'}
        unchanged = get_conditional_response(request, etag=headers["ETag"])
        if unchanged is not None:
            for name, value in headers.items():
                unchanged.headers[name] = value
            return unchanged
        if search.is_narrowed or limit != LIST_LIMIT:
            return self.write_out(request, headers, search, after, limit)
        body = write_page(version, self.write, after, _next_address(request))
        return self.send(body, headers)

    def write_out(
        self,
        request: HttpRequest,
        headers: dict[str, str],
        search: Search,
        after: str,
        limit: int,
    ) -> HttpResponse:
        body = self.write(
            search, timezone.now(), after=after, limit=limit, address=_next_address(request)
        )
        return self.send(body.encode(), headers)

    def send(self, body: bytes, headers: dict[str, str]) -> HttpResponse:
        headers["Content-Length"] = str(len(body))
        return HttpResponse(body, content_type=self.content_type, headers=headers)


@lru_cache(maxsize=KEPT_PAGES)
def write_page(_version: int, write: Write, after: str, address: str) -> bytes:
    """Return a page of the whole register in its present version, kept by this process."""
    return write(Search(), timezone.now(), after=after, limit=LIST_LIMIT, address=address).encode()


class PlaceListView(ListView):
    limit, most = LIST_LIMIT, LIST_MOST
    content_type = "application/json"
    write = staticmethod(write_list)

    @extend_schema(parameters=_FILTERS, responses=PlaceListSerializer, operation_id="places_list")
    def get(self, request: Request) -> HttpResponseBase:
        """Places from A to Z, page by page."""
        return self.answer(request._request)


class PlaceGeoJsonView(ListView):
    limit, most = GEOJSON_LIMIT, GEOJSON_MOST
    content_type = "application/geo+json"
    write = staticmethod(write_geojson)

    @extend_schema(
        parameters=_FILTERS,
        responses={(200, "application/geo+json"): OpenApiResponse(response=dict)},
        operation_id="places_geojson",
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Places as GeoJSON (RFC 7946), page by page; a link "next" leads to the next page."""
        return self.answer(request._request)


class PlaceView(OpenView):
    @extend_schema(
        responses={
            200: PlaceSerializer,
            404: OpenApiResponse(description="No such place, or not shown."),
            410: OpenApiResponse(description="Closed for good."),
        },
        operation_id="places_retrieve",
    )
    def get(self, request: Request, code: str) -> Response:
        """One place with what makes it welcoming."""
        place = (
            Place.objects.filter(code=code)
            .select_related("area")
            .prefetch_related("welcomes")
            .first()
        )
        if place is not None and place.state == PlaceState.CLOSED:
            return Response({"detail": "This place has closed for good."}, status=410)
        if place is None or place.state not in {PlaceState.VERIFIED, PlaceState.STALE}:
            raise Http404
        return Response(PlaceSerializer(place).data)


def _read_query(query: QueryDict, limit: int, most: int) -> tuple[Search, str, int]:
    """Read the filters; an empty query string is the hot path and needs no form."""
    if not query:
        return Search(), "", limit
    after = query.get("after", "")
    if set(query) == {"after"}:
        return Search(), after, limit
    form = PlaceSearchForm(query)
    if not form.is_valid():
        raise ValidationError({name: list(map(str, found)) for name, found in form.errors.items()})
    try:
        limit = min(max(int(query.get("limit", limit)), 1), most)
    except ValueError as error:
        raise ValidationError({"limit": ["Enter a whole number."]}) from error
    return form.as_search(bbox=_read_bbox(query.get("bbox", ""))), after, limit


def _read_bbox(text: str) -> tuple[float, float, float, float] | None:
    if not text:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise ValidationError({"bbox": ["Enter west,south,east,north."]}) from error
    if not (-180 <= west <= east <= 180 and -85 <= south <= north <= 85):
        raise ValidationError({"bbox": ["West before east, south before north, in degrees."]})
    return west, south, east, north


def _next_address(request: HttpRequest) -> str:
    """The address of this list up to the cursor."""
    query = request.GET.copy()
    query.pop("after", None)
    return f"{request.path}?{query.urlencode()}{'&' if query else ''}after="


urlpatterns = [
    path("places/", PlaceListView.as_view(), name="places-list"),
    path("places.geojson", PlaceGeoJsonView.as_view(), name="places-geojson"),
    path("places/<slug:code>/", PlaceView.as_view(), name="places-detail"),
]
