"""Released figures for programs: releases, figures page by page, whole releases."""

from typing import Any

from django.core.files.storage import default_storage
from django.http import FileResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from connections.indicators.definitions import indicators_of
from connections.indicators.models import Figure, Release
from connections.indicators.quarters import name_quarter, parse_quarter
from connections.reports import reading
from connections.reports.bulk import find_bulk
from connections.reports.formats.plain import describe_cell, describe_release
from connections.reports.keys import KeyView
from connections.reports.reading import Cell
from connections.reports.vocabulary import Scope
from places.vocabulary import AreaLevel

LIMIT, MOST = 200, 1_000


class ReleaseSerializer(serializers.Serializer[Any]):
    """What is needed to cite a release."""

    period = serializers.CharField(help_text="Calendar quarter, for example 2026-Q1.")
    version = serializers.IntegerField()
    published_on = serializers.DateField(allow_null=True)
    method_version = serializers.CharField()
    geography = serializers.CharField()
    attribution = serializers.CharField()
    watermark_sha256 = serializers.CharField()


class FigureSerializer(serializers.Serializer[Any]):
    """One released figure; `value` is null where none is shown, and `mark` says why."""

    area_code = serializers.CharField()
    area_name = serializers.CharField()
    area_level = serializers.ChoiceField(choices=AreaLevel.choices)
    indicator = serializers.CharField()
    status = serializers.ChoiceField(choices=Figure.Status.choices)
    value = serializers.FloatField(allow_null=True)
    mark = serializers.CharField(allow_blank=True)
    lower_95 = serializers.FloatField(allow_null=True)
    upper_95 = serializers.FloatField(allow_null=True)
    people_rounded_to_5 = serializers.IntegerField(allow_null=True)
    steadied_value = serializers.FloatField(allow_null=True)
    coverage_percent = serializers.IntegerField(allow_null=True)
    note = serializers.CharField(allow_blank=True)


class ReleaseListSerializer(serializers.Serializer[Any]):
    """The standing releases, newest first."""

    releases = ReleaseSerializer(many=True)


class FigureListSerializer(serializers.Serializer[Any]):
    """A page of figures; `next` is where the page after it begins, null after the last."""

    release = ReleaseSerializer()
    figures = FigureSerializer(many=True)
    next = serializers.IntegerField(allow_null=True)


def find_release(period: str | None) -> Release:
    """Return a published release. Raises ValidationError for what is no quarter, NotFound."""
    try:
        if period:
            parse_quarter(period)
    except ValueError as error:
        raise ValidationError(
            {"release": ["Only calendar quarters are released, for example 2026-Q1."]}
        ) from error
    try:
        return reading.find_release(period or None)
    except reading.NotReleasedError as error:
        raise NotFound("Nothing is released for this quarter.") from error


class ReleaseListView(KeyView):
    """The releases that stand published."""

    @extend_schema(responses=ReleaseListSerializer, operation_id="list_releases")
    def get(self, request: Request) -> Response:
        return Response({"releases": [describe_release(one) for one in reading.list_releases()]})


class FigureQuery(serializers.Serializer[Any]):
    """What may be asked of the figures."""

    release = serializers.CharField(required=False, max_length=7, help_text="The newest without.")
    area = serializers.CharField(required=False, max_length=16, help_text="Code of an area.")
    within = serializers.CharField(
        required=False, max_length=16, help_text="Code of an area that holds the areas wanted."
    )
    level = serializers.ChoiceField(choices=AreaLevel.choices, required=False)
    indicator = serializers.CharField(required=False, max_length=24)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=MOST, default=LIMIT)
    after = serializers.IntegerField(
        required=False, min_value=0, max_value=2**63 - 1, help_text="`next` of the page before."
    )


class FigureListView(KeyView):
    """Figures of one release, suppressed ones included, page by page."""

    @extend_schema(
        parameters=[FigureQuery],
        responses={
            200: FigureListSerializer,
            400: OpenApiResponse(description="No such question."),
        },
        operation_id="list_figures",
    )
    def get(self, request: Request) -> Response:
        query = FigureQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        release = find_release(asked.get("release"))
        named = indicators_of(release.parameters)
        found = Figure.objects.using(reading.READER).filter(
            release_id=release.pk, indicator__in=list(named)
        )
        for name, column in (
            ("area", "area__code"),
            ("within", "area__ancestors__ancestor__code"),
            ("level", "area__level"),
            ("indicator", "indicator"),
            ("after", "pk__gt"),
        ):
            if asked.get(name) is not None:
                found = found.filter(**{column: asked[name]})
        limit = asked["limit"]
        rows = list(
            found.select_related("area").defer("area__geometry").order_by("pk")[: limit + 1]
        )
        page = rows[:limit]
        return Response(
            {
                "release": describe_release(release),
                "figures": [
                    {
                        "area_code": row.area.code,
                        "area_name": row.area.name,
                        "area_level": row.area.level,
                        **describe_cell(Cell(row.area, named[row.indicator], row)),
                    }
                    for row in page
                ],
                "next": page[-1].pk if len(rows) > limit else None,
            }
        )


class BulkView(KeyView):
    """A whole release as a Frictionless data package."""

    scope = Scope.BULK

    @extend_schema(
        parameters=[OpenApiParameter("period", str, OpenApiParameter.PATH)],
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
        operation_id="download_release",
    )
    def get(self, request: Request, period: str) -> FileResponse:
        release = find_release(period)
        name = find_bulk(release)
        return FileResponse(
            default_storage.open(name, "rb"),
            as_attachment=True,
            filename=f"kinder-{name_quarter(release.quarter_id)}-v{release.version}.zip",
            content_type="application/zip",
        )


urlpatterns = [
    path("releases/", ReleaseListView.as_view(), name="api-releases"),
    path("releases/<str:period>/figures.zip", BulkView.as_view(), name="api-bulk"),
    path("figures/", FigureListView.as_view(), name="api-figures"),
]
