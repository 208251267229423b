"""Serves the background map: one large file, of which browsers ask for parts (RFC 9110, ranges)."""

import re

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from places.maps import basemap_path, basemap_stamp

CONTENT_TYPE = "application/vnd.pmtiles"
MOST = 8 * 1024 * 1024
"""The most of the file in one answer: who wants more asks again."""
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@login_not_required
@require_safe
def show_basemap(request: HttpRequest) -> HttpResponse:
    """A part of the file; 416 for one that is not there, 410 where no map was made."""
    stamp = basemap_stamp()
    if stamp is None:
        return _with_headers(HttpResponse(status=410), "")
    etag = f'"{stamp}"'
    size = basemap_path().stat().st_size
    asked = request.headers.get("Range", "")
    if request.headers.get("If-Range", etag) != etag:
        asked = ""
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None and unchanged.status_code in {304, 412}:
        return _with_headers(HttpResponse(status=unchanged.status_code), etag)
    part = read_range(asked, size)
    if part is None:
        response = HttpResponse(status=416)
        response.headers["Content-Range"] = f"bytes */{size}"
        return _with_headers(response, etag)
    first, last = part
    is_whole = not _RANGE.fullmatch(asked) and last == size - 1
    with basemap_path().open("rb") as file:
        file.seek(first)
        body = file.read(last - first + 1)
    response = HttpResponse(body, status=200 if is_whole else 206, content_type=CONTENT_TYPE)
    if not is_whole:
        response.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    response.headers["Content-Length"] = str(len(body))
    # A part that is packed on the way is no part any more.
    response.headers["Content-Encoding"] = "identity"
    return _with_headers(response, etag)


def read_range(text: str, size: int) -> tuple[int, int] | None:
    """Return the first and last byte that a Range header asks for, at most MOST of them; None where
    it asks for what is not there. A header that is none (or asks for several) means the whole."""
    found = _RANGE.fullmatch(text)
    if found is None:
        return 0, min(size, MOST) - 1
    begin, end = found.groups()
    if not begin and not end:
        return None
    if not begin:
        first, last = max(0, size - int(end)), size - 1
        if int(end) == 0:
            return None
    else:
        first, last = int(begin), min(int(end), size - 1) if end else size - 1
    if first >= size or last < first:
        return None
    return first, min(last, first + MOST - 1)


def _with_headers(response: HttpResponse, etag: str) -> HttpResponse:
    if etag:
        response.headers["ETag"] = etag
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
