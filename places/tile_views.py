"""Shapes tiles out: conditional requests, compression, caching."""

import gzip

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from places.baking import MAX_ZOOM
from places.forms import PlaceSearchForm
from places.tiles import (
    PLACES_MAX_ZOOM,
    areas_version,
    get_area_tile,
    get_found_tile,
    get_place_tile,
    is_tile,
    name_search,
)
from places.versions import OtherVersionError, check_tile_version
from places.vocabulary import AreaLevel

CONTENT_TYPE = "application/vnd.mapbox-vector-tile"
CONDITIONS = frozenset({"HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"})
FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_WHILE = "public, max-age=300"
FOR_A_MINUTE = "public, max-age=60"


@login_not_required
@require_safe
def show_place_tile(request: HttpRequest, version: int, z: int, x: int, y: int) -> HttpResponseBase:
    """Places of one version, all or those that the filters in the query find.

    Any version will do from that in which the tile last changed; an earlier one leads on to it.
    """
    if not is_tile(z, x, y, max_zoom=PLACES_MAX_ZOOM):
        raise Http404
    try:
        if request.GET:
            latest, _own = check_tile_version(version, z, x, y)
            return _show_found(request, latest, z, x, y)
        if not CONDITIONS.isdisjoint(request.META):
            _latest, own = check_tile_version(version, z, x, y)
            etag = _name_tile(own, z, x, y)
            unchanged = get_conditional_response(request, etag=etag)
            if unchanged is not None:
                return _cached(unchanged, etag, FOR_EVER)
        own, tile = get_place_tile(version, z, x, y)
        return _cached(answer_tile(request, tile), _name_tile(own, z, x, y), FOR_EVER)
    except OtherVersionError as other:
        if version > other.latest:
            raise Http404 from other
        return _lead_on(request, other.own, z, x, y)


def _name_tile(version: int, z: int, x: int, y: int) -> str:
    return f'"{version}.{z}.{x}.{y}"'


def _lead_on(request: HttpRequest, version: int, z: int, x: int, y: int) -> HttpResponse:
    query = request.META.get("QUERY_STRING", "")
    address = reverse("tiles:places", args=[version, z, x, y])
    onwards = redirect(f"{address}?{query}" if query else address)
    onwards.headers["Cache-Control"] = "no-store"
    onwards.headers["Content-Length"] = "0"
    return onwards


def _show_found(request: HttpRequest, version: int, z: int, x: int, y: int) -> HttpResponseBase:
    """What the filters find: those of the list, in the language of the list."""
    language = request.GET.get("lang", "")
    known = language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    with translation.override(known):
        form = PlaceSearchForm(request.GET)
        if not form.is_valid():
            return JsonResponse({"errors": form.errors}, status=400)
        search, at = form.as_search(), timezone.now()
        etag = f'"{version}.{z}.{x}.{y}.{name_search(search, at)}"'
        unchanged = get_conditional_response(request, etag=etag)
        if unchanged is not None:
            return _cached(unchanged, etag, FOR_A_MINUTE)
        tile = get_found_tile(version, z, x, y, search=search, at=at)
    return _cached(answer_tile(request, tile), etag, FOR_A_MINUTE)


@login_not_required
@require_safe
def show_area_tile(
    request: HttpRequest, slug: str, level: str, z: int, x: int, y: int
) -> HttpResponseBase:
    """Borders of areas; `?v=` with the present version makes the address good for ever."""
    if level not in AreaLevel.values or not is_tile(z, x, y, max_zoom=MAX_ZOOM):
        raise Http404
    version = areas_version(slug)
    if version is None:
        raise Http404
    etag = f'"{slug}.{level}.{version}.{z}.{x}.{y}"'
    lifetime = FOR_EVER if request.GET.get("v") == str(version) else FOR_A_WHILE
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return _cached(unchanged, etag, lifetime)
    tile = get_area_tile(slug, version, level, z, x, y)
    return _cached(answer_tile(request, tile), etag, lifetime)


def answer_tile(request: HttpRequest, tile: bytes) -> HttpResponse:
    """Give a tile as it is stored, gzipped, or unpacked for the few who cannot read that."""
    headers = {}
    if "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", ""):
        headers["Content-Encoding"] = "gzip"
    else:
        tile = gzip.decompress(tile)
    headers["Content-Length"] = str(len(tile))
    return HttpResponse(tile, content_type=CONTENT_TYPE, headers=headers)


def _cached(response: HttpResponseBase, etag: str, lifetime: str) -> HttpResponseBase:
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = lifetime
    response.headers["Vary"] = "Accept-Encoding"
    return response
