"""Pages of released figures: pick an area, read it, see it on a map, take it away."""

import gzip
import hashlib
import json
import time
import zlib
from contextlib import suppress
from functools import lru_cache
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from connections.indicators.definitions import INDICATORS, as_released
from connections.indicators.models import Release
from connections.indicators.quarters import name_quarter, parse_quarter
from connections.reports import reading
from connections.reports.choropleth import classify, ramp_legend
from connections.reports.content import read_content
from connections.reports.formats.page import area_context, page_context
from connections.reports.forms import FiguresForm, PickerForm, read_comparators
from connections.reports.question import Question
from connections.reports.vocabulary import Comparator, Format
from places.maps import base_map
from places.models import Area, Postcode
from places.tiles import describe_area_layer
from places.vocabulary import AreaLevel

# Of a version, which never changes: how long, and how many of them in each process.
KEPT_SECONDS, KEPT = 3_600, 64


def release_or_404(period: str | None) -> Release:
    """Return the published release of a quarter, the newest where none is named."""
    try:
        if period:
            parse_quarter(period)
    except ValueError as error:
        raise BadRequest("Only calendar quarters are released, for example 2026-Q1.") from error
    try:
        return reading.find_release(period or None)
    except reading.NotReleasedError as error:
        raise Http404("Nothing is released for this quarter.") from error


@login_not_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Find an area by name, code or postcode and open its figures."""
    form = PickerForm(request.GET)
    releases = reading.list_releases()
    if not releases or not form.is_valid():
        return render(
            request,
            "reports/index.html",
            {"form": form, "releases": releases, "groups": []},
            status=200 if form.is_valid() else 400,
        )
    release = release_or_404(form.cleaned_data["release"])
    words = form.cleaned_data["q"].strip()
    areas = reading.list_areas(release, words)
    postcode = find_by_postcode(release, words)
    groups: dict[str, list[Area]] = {}
    for area in [*postcode, *areas]:
        groups.setdefault(area.get_level_display(), []).append(area)
    return render(
        request,
        "reports/index.html",
        {
            "form": form,
            "releases": releases,
            "release": release,
            "period": name_quarter(release.quarter_id),
            "periods": [name_quarter(item.quarter_id) for item in releases],
            "groups": list(groups.items()),
            "words": words,
            "next_on": reading.next_release_on(releases[0]),
        },
    )


def find_by_postcode(release: Release, words: str) -> list[Area]:
    """Return the areas around a postcode, from neighbourhood to council."""
    compact = words.replace(" ", "").upper()
    if not 5 <= len(compact) <= 7:
        return []
    found = Postcode.objects.filter(code=f"{compact[:-3]} {compact[-3:]}").first()
    if found is None:
        return []
    return list(
        Area.objects.filter(descendants__area=found.area_id, geography=release.geography_id)
        .exclude(level=AreaLevel.ZONE)
        .defer("geometry")
        .order_by("descendants__depth")
    )


@login_not_required
@require_safe
def area(request: HttpRequest, code: str) -> HttpResponse:
    """One area's released figures, beside those around it, and how they moved."""
    release = release_or_404(request.GET.get("release"))
    question = Question(
        period=name_quarter(release.quarter_id),
        areas=(code,),
        language=get_language() or "en-gb",
        comparators=read_comparators(request.GET),
    )
    try:
        content = read_content(question)
    except Area.DoesNotExist as error:
        raise Http404("No area has this code.") from error
    return render(
        request,
        "reports/area.html",
        {
            **page_context(content),
            **area_context(content, content.first),
            "formats": Format.choices,
            "share_image": request.build_absolute_uri(
                reverse("reports:share_image", args=[content.first.area.code, question.period])
            ),
            "periods": [name_quarter(item.quarter_id) for item in reading.list_releases()],
            "season": content.season,
            "next_on": reading.next_release_on(release),
            "beside": [
                (item.value, item.label, item in question.comparators) for item in Comparator
            ],
        },
    )


def _figures(request: HttpRequest) -> tuple[FiguresForm, dict[str, Any] | None]:
    form = FiguresForm(request.GET)
    if not form.is_valid():
        return form, None
    asked = form.cleaned_data
    release = release_or_404(asked["release"])
    code = asked["indicator"] or next(iter(INDICATORS))
    return form, {
        "release": release,
        "indicator": as_released(code, release.parameters),
        "level": asked["level"] or AreaLevel.INTERMEDIATE.value,
    }


@login_not_required
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """One figure for every area of a level: the table first, the map on request."""
    if not reading.list_releases():
        return render(request, "reports/figures.html", {"form": None})
    form, asked = _figures(request)
    if asked is None:
        return render(request, "reports/figures.html", {"form": form}, status=400)
    cells = reading.read_level(asked["release"], asked["level"], asked["indicator"].code)
    query = (
        f"?indicator={asked['indicator'].code}&level={asked['level']}"
        f"&release={name_quarter(asked['release'].quarter_id)}"
        f"&version={asked['release'].version}"
    )
    classes = classify(cells)
    return render(
        request,
        "reports/figures.html",
        {
            **asked,
            "form": form,
            "period": name_quarter(asked["release"].quarter_id),
            "periods": [name_quarter(item.quarter_id) for item in reading.list_releases()],
            "rows": [(cell, classes[cell.area.pk]) for cell in cells],
            "legend": ramp_legend(cells),
            "map": {
                "extent": reading.read_extent(asked["release"], asked["level"]),
                "places": None,
                "areas": {
                    **describe_area_layer(asked["release"].geography, asked["level"]),
                    "values": reverse("reports:values") + query,
                    "url": reverse("reports:area", args=["CODE"]).replace("CODE", "{code}")
                    + f"?release={name_quarter(asked['release'].quarter_id)}",
                },
                "base": base_map(),
            },
            "has_hidden": any(not cell.is_shown for cell in cells),
        },
    )


@login_not_required
@require_safe
def values(request: HttpRequest) -> HttpResponse:
    """The map's colours: [area id, class 1–6 or 0 for "not shown", text] for each area.

    With the release's `version` the address is of something that never changes, and is kept.
    """
    parts = [request.GET.get(name, "") for name in ("indicator", "level", "release", "version")]
    digest = hashlib.sha256(json.dumps([*parts, get_language()]).encode()).hexdigest()
    body: bytes | None = None
    is_lasting = True
    if parts[-1]:
        with suppress(LookupError):
            body = keep_values(digest, int(time.time() // KEPT_SECONDS))
    if body is None:
        form, asked = _figures(request)
        if asked is None:
            return JsonResponse({"errors": form.errors}, status=400)
        body = _write_values(asked["release"], asked["level"], asked["indicator"].code)
        is_lasting = parts[-1] == str(asked["release"].version)
        if is_lasting:
            cache.set(f"values:{digest}", body, KEPT_SECONDS)
    headers = {
        "Cache-Control": f"public, max-age={86_400 if is_lasting else 60}",
        "ETag": f'"{zlib.crc32(body):08x}"',
        "Vary": "Accept-Encoding",
    }
    unchanged = get_conditional_response(request, etag=headers["ETag"])
    if unchanged is not None:
        for name, value in headers.items():
            unchanged.headers[name] = value
        return unchanged
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
    else:
        body = gzip.decompress(body)
    headers["Content-Length"] = str(len(body))
    return HttpResponse(body, content_type="application/json", headers=headers)


@lru_cache(maxsize=KEPT)
def keep_values(digest: str, _hour: int) -> bytes:
    """Return the values of a version as Redis keeps them; raises LookupError where it does not.

    This process asks it once an hour: what is in a map's first picture waits for nobody.
    """
    body: bytes | None = cache.get(f"values:{digest}")
    if body is None:
        raise LookupError(digest)
    return body


def _write_values(release: Release, level: str, code: str) -> bytes:
    cells = reading.read_level(release, level, code)
    classes = classify(cells)
    rows = [[c.area.pk, classes[c.area.pk], c.value] for c in cells]
    text = json.dumps(rows, separators=(",", ":"), ensure_ascii=False)
    return gzip.compress(text.encode(), mtime=0)
