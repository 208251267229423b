"""Shapes tiles out: conditional requests, compression, caching."""

import gzip

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from places.baking import MAX_ZOOM
from places.tiles import (
    PLACES_MAX_ZOOM,
    areas_version,
    get_area_tile,
    get_place_tile,
    is_tile,
    places_version,
)
from places.vocabulary import AreaLevel

CONTENT_TYPE = "application/vnd.mapbox-vector-tile"
FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_WHILE = "public, max-age=300"


@login_not_required
@require_safe
def show_place_tile(request: HttpRequest, version: int, z: int, x: int, y: int) -> HttpResponseBase:
    """Places of one version; a version that is past leads on to the present one."""
    if not is_tile(z, x, y, max_zoom=PLACES_MAX_ZOOM):
        raise Http404
    present = places_version()
    if version > present:
        raise Http404
    if version < present:
        onwards = redirect("tiles:places", present, z, x, y)
        onwards.headers["Cache-Control"] = "no-store"
        onwards.headers["Content-Length"] = "0"
        return onwards
    etag = f'"{version}.{z}.{x}.{y}"'
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return _cached(unchanged, etag, FOR_EVER)
    return _cached(_answer(request, get_place_tile(version, z, x, y)), etag, FOR_EVER)


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
    return _cached(_answer(request, tile), etag, lifetime)


def _answer(request: HttpRequest, tile: bytes) -> HttpResponse:
    """Give a tile as it is stored, gzipped, or unpacked for the few who cannot read that."""
    headers = {}
    if "gzip" in request.headers.get("Accept-Encoding", ""):
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
