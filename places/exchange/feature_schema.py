"""What OGC API – Features says of itself in OpenAPI 3.0, made from the registry."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from places.exchange.collections import Collection, collections
from places.exchange.feature_views import GEOJSON, LIMIT, MOST, OPENAPI, open_to_all


@open_to_all
def show_schema(request: HttpRequest) -> HttpResponse:
    """The description for programs."""
    root = request.build_absolute_uri(reverse("features:landing")).rstrip("/")
    whole = {
        "openapi": "3.0.3",
        "info": {
            "title": "OGC API – Features",
            "version": "1.0",
            "description": "Places, areas, gatherings and released figures. Nothing about people.",
        },
        "servers": [{"url": root}],
        "paths": {
            "/": _operation("landing", "Landing page"),
            "/conformance": _operation("conformance", "What this follows"),
            "/collections": _operation("collections", "All collections"),
            **{path: found for one in collections() for path, found in _paths_of(one).items()},
        },
    }
    return JsonResponse(whole, content_type=OPENAPI)


def _paths_of(collection: Collection) -> dict[str, Any]:
    path = f"/collections/{collection.id}"
    return {
        path: _operation(f"{collection.id}", str(collection.title)),
        f"{path}/items": _operation(
            f"{collection.id}.items",
            str(collection.about),
            kind=GEOJSON,
            parameters=_parameters(collection),
        ),
        f"{path}/items/{{featureId}}": _operation(
            f"{collection.id}.item",
            "One feature",
            kind=GEOJSON,
            parameters=[
                {
                    "name": "featureId",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string"},
                }
            ],
        ),
    }


def _parameters(collection: Collection) -> list[dict[str, Any]]:
    numbers = {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
    limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT}
    schemas: dict[str, dict[str, Any]] = {
        "bbox": numbers,
        "datetime": {"type": "string"},
        "limit": limit,
        "after": {"type": "string"},
    }
    for name, one in collection.filters.items():
        schemas[name] = {"type": one.type}
        if one.choices and one.type == "string":
            schemas[name]["enum"] = list(one.choices)
    about = {name: one.about for name, one in collection.filters.items()}
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": about.get(name, ""),
            "schema": schema,
            "style": "form",
            "explode": False,
        }
        for name, schema in schemas.items()
    ]


def _operation(
    name: str,
    about: str,
    *,
    kind: str = "application/json",
    parameters: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    body = {kind: {"schema": {"type": "object"}}, "text/html": {"schema": {"type": "string"}}}
    return {
        "get": {
            "operationId": name,
            "summary": about,
            "parameters": parameters or [],
            "responses": {
                "200": {"description": "Found.", "content": body},
                "400": {"description": "A question that cannot be answered."},
                "404": {"description": "There is no such thing."},
            },
        }
    }
