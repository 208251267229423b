"""OGC API – Features 1.0: landing page, conformance, collections, items; as JSON and as pages.

Coordinates are longitude and latitude (CRS84). No session is read and no cookie set; any page
elsewhere may ask (CORS).
"""

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, time
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from places.exchange.collections import (
    BadQueryError,
    Box,
    Collection,
    Wanted,
    collections,
    find_collection,
)

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CONFORMS_TO = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
]
LIMIT, MOST = 10, 1_000
GEOJSON = "application/geo+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
COMMON = ("f", "limit", "bbox", "datetime", "after")

View = Callable[..., HttpResponse]


def open_to_all(view: View) -> View:
    """Public, read-only, from anywhere; bad questions get 400 with the reason."""

    @login_not_required
    @require_safe
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            if request.GET.get("f", "json") not in {"json", "html"}:
                raise BadQueryError("f: json or html.")
            response = view(request, *args, **kwargs)
        except BadQueryError as error:
            response = JsonResponse({"code": "InvalidParameter", "description": str(error)})
            response.status_code = 400
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        # What was hidden a moment ago is not told from a cache.
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Vary"] = "Accept, Accept-Encoding, Accept-Language"
        return response

    return answer


@open_to_all
def show_landing(request: HttpRequest) -> HttpResponse:
    """Where everything begins: links to the rest."""
    links = [
        _link(request, "conformance", "conformance", _("What this follows")),
        _link(request, "data", "collections", _("The collections")),
        _link(request, "service-desc", "api", _("Description for programs"), kind=OPENAPI),
    ]
    body = {
        "title": _("Open data"),
        "description": _("Places, areas and gatherings. Nothing about people."),
        "links": [*_selves(request), *links],
    }
    return _answer(request, body, "exchange/landing.html", {"collections": collections()})


@open_to_all
def show_conformance(request: HttpRequest) -> HttpResponse:
    return _answer(request, {"conformsTo": CONFORMS_TO}, "exchange/conformance.html", {})


@open_to_all
def show_collections(request: HttpRequest) -> HttpResponse:
    body = {
        "links": _selves(request),
        "collections": [_describe(request, one) for one in collections()],
    }
    return _answer(request, body, "exchange/collections.html", {"collections": collections()})


@open_to_all
def show_collection(request: HttpRequest, collection: str) -> HttpResponse:
    found = find_collection(collection)
    if found is None:
        return _missing()
    body = _describe(request, found)
    body["links"] = [*_selves(request), *body["links"][1:]]
    return _answer(request, body, "exchange/collection.html", {"collection": found})


@open_to_all
def show_items(request: HttpRequest, collection: str) -> HttpResponse:
    """A page of features; a link "next" leads to the one after it."""
    found = find_collection(collection)
    if found is None:
        return _missing()
    wanted = _read_query(request, found)
    page = found.read(wanted)
    following = _following(request, page.next) if page.next else ""
    links = _selves(request, kind=GEOJSON)
    if following:
        links.append({"rel": "next", "type": GEOJSON, "href": following})
    links.append(_collection_link(request, found))
    if _wants_html(request):
        rows = [json.loads(text) for text in page.features]
        context = {
            "collection": found,
            "names": list(rows[0]["properties"]) if rows else [],
            "rows": [(row["id"], list(row["properties"].values())) for row in rows],
            "matched": page.matched,
            "next_url": following,
            "json_url": _as(request, "json"),
        }
        return render(request, "exchange/items.html", context)
    stamp = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    text = (
        f'{{"type": "FeatureCollection", "timeStamp": "{stamp}",'
        f' "numberMatched": {page.matched}, "numberReturned": {len(page.features)},'
        f' "links": {json.dumps(links)}, "features": [{",".join(page.features)}]}}'
    )
    return HttpResponse(text, content_type=GEOJSON)


@open_to_all
def show_item(request: HttpRequest, collection: str, feature: str) -> HttpResponse:
    found = find_collection(collection)
    text = found.find(feature) if found else None
    if found is None or text is None:
        return _missing()
    whole = json.loads(text)
    if _wants_html(request):
        context = {
            "collection": found,
            "id": whole["id"],
            "facts": whole["properties"].items(),
            "page_url": found.page.replace("{id}", whole["id"]),
            "json_url": _as(request, "json"),
        }
        return render(request, "exchange/item.html", context)
    whole["links"] = [*_selves(request, kind=GEOJSON), _collection_link(request, found)]
    return HttpResponse(json.dumps(whole, ensure_ascii=False), content_type=GEOJSON)


# ------------------------------------------------------------------ reading the question


def _read_query(request: HttpRequest, collection: Collection) -> Wanted:
    asked = request.GET
    for name in asked:
        if name not in COMMON and name not in collection.filters:
            raise BadQueryError(f"{name}: no such parameter here.")
    filters = {}
    for name, one in collection.filters.items():
        if name not in asked:
            continue
        if one.choices and asked[name] not in one.choices:
            raise BadQueryError(f"{name}: one of {', '.join(one.choices)}.")
        if len(asked[name]) > 100 or "\0" in asked[name]:
            raise BadQueryError(f"{name}: at most 100 letters.")
        filters[name] = asked[name]
    begins_at, ends_at = _read_times(asked.get("datetime", ""))
    return Wanted(
        limit=_read_limit(asked.get("limit", "")),
        after=asked.get("after", ""),
        bbox=_read_bbox(asked.get("bbox", "")),
        begins_at=begins_at,
        ends_at=ends_at,
        filters=filters,
    )


def _read_limit(text: str) -> int:
    if not text:
        return LIMIT
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        raise BadQueryError("limit: a whole number from 1 on.")
    return min(int(text), MOST)


def _read_bbox(text: str) -> Box | None:
    if not text:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise BadQueryError("bbox: west,south,east,north in degrees.") from error
    if len(numbers) == 6:
        # With heights: no feature here has one.
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        raise BadQueryError("bbox: west,south,east,north in degrees.")
    west, south, east, north = numbers
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise BadQueryError("bbox: west,south,east,north in degrees, south before north.")
    # Web Mercator, in which places are indexed, ends at 85 degrees.
    return west, max(south, -85.0), east, min(north, 85.0)


def _read_times(text: str) -> tuple[datetime | None, datetime | None]:
    """The beginning and end of a moment or an interval; open ends are "" or ".."."""
    if not text:
        return None, None
    begins, slash, ends = text.partition("/")
    if not slash:
        return _read_time(begins, is_end=False), _read_time(begins, is_end=True)
    times = _read_time(begins, is_end=False), _read_time(ends, is_end=True)
    if times == (None, None) or (times[0] and times[1] and times[0] > times[1]):
        raise BadQueryError("datetime: a moment, or two with a stroke between, the earlier first.")
    return times


def _read_time(text: str, *, is_end: bool) -> datetime | None:
    if text in {"", ".."}:
        return None
    try:
        moment = parse_datetime(text) if len(text) > 10 else None
        day = parse_date(text) if moment is None else None
    except ValueError:
        moment = day = None
    if moment is not None:
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if day is not None:
        return datetime.combine(day, time.max if is_end else time.min, tzinfo=UTC)
    raise BadQueryError("datetime: 2026-05-01T12:00:00Z, or a day, or two with a stroke between.")


# ------------------------------------------------------------------ shaping the answer


def _wants_html(request: HttpRequest) -> bool:
    if "f" in request.GET:
        return request.GET["f"] == "html"
    chosen = request.get_preferred_type([GEOJSON, "application/json", "text/html"])
    return chosen == "text/html"


def _answer(
    request: HttpRequest, body: dict[str, Any], template: str, context: dict[str, Any]
) -> HttpResponse:
    if _wants_html(request):
        return render(
            request, template, {"body": body, "json_url": _as(request, "json"), **context}
        )
    return JsonResponse(body)


def _missing() -> HttpResponse:
    body = {"code": "NotFound", "description": "There is no such thing here."}
    return JsonResponse(body, status=404)


def _as(request: HttpRequest, kind: str) -> str:
    query = request.GET.copy()
    query["f"] = kind
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def _selves(request: HttpRequest, kind: str = "application/json") -> list[dict[str, str]]:
    here = {"rel": "self", "type": kind, "title": _("This, as data")}
    page = {"rel": "alternate", "type": "text/html", "title": _("This, as a page")}
    return [here | {"href": _as(request, "json")}, page | {"href": _as(request, "html")}]


def _link(
    request: HttpRequest, rel: str, name: str, title: str, kind: str = "application/json"
) -> dict[str, str]:
    href = request.build_absolute_uri(reverse(f"features:{name}"))
    return {"rel": rel, "type": kind, "title": title, "href": href}


def _collection_link(request: HttpRequest, collection: Collection) -> dict[str, str]:
    href = request.build_absolute_uri(reverse("features:collection", args=[collection.id]))
    return {"rel": "collection", "type": "application/json", "href": href}


def _following(request: HttpRequest, after: str) -> str:
    query = request.GET.copy()
    query["after"] = after
    return request.build_absolute_uri(f"{request.path}?{urlencode(query)}")


def _describe(request: HttpRequest, collection: Collection) -> dict[str, Any]:
    address = request.build_absolute_uri(reverse("features:items", args=[collection.id]))
    whole: dict[str, Any] = {
        "id": collection.id,
        "title": str(collection.title),
        "description": str(collection.about),
        "itemType": "feature",
        "crs": [CRS84],
        "links": [
            {
                "rel": "self",
                "type": "application/json",
                "href": request.build_absolute_uri(
                    reverse("features:collection", args=[collection.id])
                ),
            },
            {"rel": "items", "type": GEOJSON, "title": str(collection.title), "href": address},
            {"rel": "items", "type": "text/html", "href": f"{address}?f=html"},
        ],
    }
    if extent := collection.extent():
        whole["extent"] = {"spatial": {"bbox": [list(extent)], "crs": CRS84}}
    if attribution := collection.attribution():
        whole["attribution"] = attribution
    return whole
