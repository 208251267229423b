"""Open Referral UK 3: GET end points, paged by number as the standard says, open to any page."""

import math
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from places.exchange import directory
from places.exchange.collections import BadQueryError
from places.exchange.directory import Asked, Row
from places.exchange.directory_ids import name_id, read_id
from places.exchange.feature_views import open_to_all
from places.models import Gathering, Place, Postcode
from places.postcodes import tidy_postcode

PROFILE = "https://docs.openreferraluk.org"
SCHEMA = "https://raw.githubusercontent.com/openreferral/specification/3.0/schema/openapi.json"
PER_PAGE, MOST_A_PAGE, MOST_PAGES = 50, 200, 100_000
MOST_METRES = 50_000.0

Shape = Callable[..., Row]


@open_to_all
def show_base(_request: HttpRequest) -> HttpResponse:
    return JsonResponse({"version": "3.0", "profile": PROFILE, "openapi_url": SCHEMA})


@open_to_all
def list_services(request: HttpRequest) -> HttpResponse:
    return _list_both(request, directory.service_of_place, directory.service_of_gathering)


@open_to_all
def show_service(request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002 - the standard's
    return _show_one(
        request,
        id,
        ("place", directory.service_of_place),
        ("gathering", directory.service_of_gathering),
    )


@open_to_all
def list_services_at_locations(request: HttpRequest) -> HttpResponse:
    return _list_both(request, directory.at_place, directory.at_gathering)


@open_to_all
def show_service_at_location(request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002
    return _show_one(
        request, id, ("place at", directory.at_place), ("gathering at", directory.at_gathering)
    )


@open_to_all
def list_organisations(request: HttpRequest) -> HttpResponse:
    found = directory.find_organisations()
    if words := _text(request, "search"):
        found = found.filter(name__icontains=words)
    return _page(request, found.count(), lambda first, last: _shaped(found[first:last]))


def _shaped(found: "QuerySet[Any]") -> list[Row]:
    return [directory.organisation(one) for one in found]


@open_to_all
def show_organisation(_request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002
    read = read_id(id)
    if read is not None and read[0] == "organisation":
        one = directory.find_organisations().filter(pk=read[1]).first()
        if one is not None:
            return JsonResponse(directory.organisation(one))
    return _missing()


@open_to_all
def list_taxonomies(request: HttpRequest) -> HttpResponse:
    return _page_of(request, _matching(request, directory.taxonomies()))


@open_to_all
def show_taxonomy(_request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002
    return _pick(directory.taxonomies(), id)


@open_to_all
def list_terms(request: HttpRequest) -> HttpResponse:
    rows = _matching(request, directory.terms())
    if of := _text(request, "taxonomy_id"):
        rows = [row for row in rows if row["taxonomy_id"] == of]
    if _text(request, "parent_id"):
        # No term here has another above it.
        rows = []
    return _page_of(request, rows)


@open_to_all
def show_term(_request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002
    return _pick(directory.terms(), id)


# ------------------------------------------------------------------ pages


def _list_both(request: HttpRequest, of_place: Shape, of_gathering: Shape) -> HttpResponse:
    """Places, then gatherings, as one list."""
    asked = _read_query(request)
    is_full = _flag(request, "full")
    places, gatherings = directory.find_places(asked), directory.find_gatherings(asked)
    known = places.count()
    root = str(settings.SITE_URL)

    def rows(first: int, last: int) -> list[Row]:
        some: QuerySet[Place] = places[first : min(last, known)] if first < known else places[:0]
        more: QuerySet[Gathering] = gatherings[max(0, first - known) : max(0, last - known)]
        return list(
            chain(
                (of_place(one, root, is_full=is_full) for one in some),
                (of_gathering(one, root, is_full=is_full) for one in more),
            )
        )

    return _page(request, known + gatherings.count(), rows)


def _show_one(
    request: HttpRequest, id_: str, place: tuple[str, Shape], gathering: tuple[str, Shape]
) -> HttpResponse:
    read = read_id(id_)
    root = str(settings.SITE_URL)
    one: Place | Gathering | None = None
    shape = place[1]
    if read is not None and read[0] == place[0]:
        one = directory.find_places(Asked()).filter(pk=read[1]).first()
    elif read is not None and read[0] == gathering[0]:
        one = directory.find_gatherings(Asked()).filter(pk=read[1]).first()
        shape = gathering[1]
    return _missing() if one is None else JsonResponse(shape(one, root, is_full=True))


def _page_of(request: HttpRequest, rows: Sequence[Row]) -> HttpResponse:
    return _page(request, len(rows), lambda first, last: list(rows[first:last]))


def _page(request: HttpRequest, total: int, rows: Callable[[int, int], list[Row]]) -> HttpResponse:
    number = _number(request, "page", 1, MOST_PAGES)
    size = min(_number(request, "per_page", PER_PAGE, 10**9), MOST_A_PAGE)
    pages = max(1, math.ceil(total / size))
    contents = rows((number - 1) * size, number * size) if number <= pages else []
    return JsonResponse(
        {
            "total_items": total,
            "total_pages": pages,
            "page_number": number,
            "size": len(contents),
            "first_page": number == 1,
            "last_page": number >= pages,
            "empty": not contents,
            "contents": contents,
        }
    )


def _pick(rows: Sequence[Row], id_: str) -> HttpResponse:
    found = next((row for row in rows if row["id"] == id_.lower()), None)
    return _missing() if found is None else JsonResponse(found)


def _missing() -> HttpResponse:
    return JsonResponse({"code": "NotFound", "description": "There is no such thing."}, status=404)


def _matching(request: HttpRequest, rows: list[Row]) -> list[Row]:
    words = _text(request, "search").casefold()
    return [row for row in rows if words in row["name"].casefold()]


# ------------------------------------------------------------------ reading the question


def _read_query(request: HttpRequest) -> Asked:
    return Asked(
        search=_text(request, "search"),
        organisation=_organisation(_text(request, "organization_id")),
        kind=_kind(_text(request, "taxonomy_term_id"), _text(request, "taxonomy_id")),
        modified_after=_moment(_text(request, "modified_after")),
        near=_near(_text(request, "postcode")),
        metres=_metres(_text(request, "proximity")),
    )


def _organisation(text: str) -> int | None:
    if not text:
        return None
    read = read_id(text)
    # Another deployment's organisation has nothing here.
    return read[1] if read and read[0] == "organisation" else 0


def _kind(term: str, taxonomy: str) -> str:
    if taxonomy and taxonomy.lower() != name_id(directory.KINDS):
        return "-"
    if not term:
        return ""
    kinds = {row["id"]: row["code"] for row in directory.terms()}
    return str(kinds.get(term.lower(), "-"))


def _moment(text: str) -> Any:
    if not text:
        return None
    try:
        moment = parse_datetime(text)
        day = parse_date(text) if moment is None else None
    except ValueError:
        moment = day = None
    if day is not None:
        moment = parse_datetime(f"{day.isoformat()}T00:00:00")
    if moment is None:
        raise BadQueryError("modified_after: 2026-05-01, or with a time.")
    return moment if moment.tzinfo else timezone.make_aware(moment)


def _near(text: str) -> Any:
    if not text:
        return None
    code = tidy_postcode(text)
    known = Postcode.objects.filter(code=code).first() if code else None
    if known is None:
        raise BadQueryError("postcode: not known here.")
    return known.point


def _metres(text: str) -> float:
    if not text:
        return 1_600.0
    try:
        metres = float(text)
    except ValueError as error:
        raise BadQueryError("proximity: metres.") from error
    if not 0 < metres <= MOST_METRES:
        raise BadQueryError("proximity: 1 to 50,000 metres.")
    return metres


def _number(request: HttpRequest, name: str, default: int, most: int) -> int:
    text = request.GET.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 0 < int(text) <= most):
        raise BadQueryError(f"{name}: a whole number from 1 on.")
    return int(text)


def _text(request: HttpRequest, name: str) -> str:
    text = request.GET.get(name, "").strip()
    if len(text) > 100 or "\0" in text:
        raise BadQueryError(f"{name}: at most 100 letters.")
    return text


def _flag(request: HttpRequest, name: str) -> bool:
    return request.GET.get(name, "").lower() in {"true", "1"}
