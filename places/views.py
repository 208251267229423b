"""The list of places with its map, and the page of one place."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from places.actions import current_geography, neighbourhood_of
from places.care_views import find_person
from places.company.reading import list_company
from places.company.rules import can_have_company
from places.forms import PlaceSearchForm
from places.freshness import pick_question
from places.gatherings import soon_at
from places.history import name_language
from places.hours import describe_status, describe_week, status_at
from places.keeper_views import describe_keeping
from places.linked_data import describe_for_machines
from places.maps import ISLES, base_map, describe_borders
from places.models import Place, PlacePhoto
from places.models.place import SHOWN_STATES
from places.rules import can_keep_places
from places.search import BadCursorError, Counts, count_places, find_places
from places.tiles import describe_place_layer, extent_of
from places.vocabulary import Answer, PlaceKind, PlaceState, WelcomeAttribute
from places.week import describe_rules

PAGE_SIZE = 30

# The face of each thing to look for, beside its words: names in static/src/icons.json.
HAS_ICONS = {
    WelcomeAttribute.WARM.value: "thermometer-hot",
    WelcomeAttribute.FOOD.value: "fork-knife",
    WelcomeAttribute.QUIET_TIMES.value: "speaker-none",
    WelcomeAttribute.TOILET.value: "toilet",
}


@login_not_required
@require_safe
def list_places(request: HttpRequest) -> HttpResponse:
    """Places to find by name, street, kind and what they offer: the same that the map holds."""
    form = PlaceSearchForm(request.GET)
    form.is_valid()
    search, origin, at = form.as_search(), form.origin, timezone.now()
    is_by_name = origin is None or request.GET.get("order") == "name"
    try:
        page = find_places(
            search,
            at,
            near=None if origin is None or is_by_name else origin.point,
            after=request.GET.get("after", ""),
            limit=PAGE_SIZE,
        )
    except BadCursorError as error:
        raise Http404 from error
    counts = count_places(search, at)
    query = request.GET.copy()
    query.pop("after", None)
    first = f"?{query.urlencode()}" if query else request.path
    query["after"] = page.next
    return render(
        request,
        "places/list.html",
        {
            "form": form,
            "search": search,
            "page": page,
            "counts": counts,
            "origin": origin,
            "origins": [_as_choice(request, other.label) for other in form.origins[1:]],
            "areas": form.offered_areas(),
            "kinds": PlaceKind.choices,
            "has_icons": HAS_ICONS,
            "is_by_name": is_by_name,
            "order_url": _switch_order(request, by_name=not is_by_name),
            "first_url": first if "after" in request.GET else "",
            "next_url": f"?{query.urlencode()}" if page.next else "",
            "map": _describe_map(request, form, counts),
        },
    )


@login_not_required
@require_safe
def show_place(request: HttpRequest, code: str) -> HttpResponse:
    """What a place is like, when it is open, what happens there; a closed one says that it is."""
    place = (
        Place.objects.filter(code=code)
        .select_related("organisation")
        .prefetch_related("alt_names", "welcomes", "photos")
        .first()
    )
    is_keeper = place is not None and can_keep_places(request.user)
    if place is None or not (
        place.state in {PlaceState.VERIFIED, PlaceState.STALE, PlaceState.CLOSED} or is_keeper
    ):
        raise Http404
    now = timezone.now()
    if place.state == PlaceState.CLOSED:
        return render(
            request, "places/closed.html", {"place": place, "is_keeper": is_keeper}, status=410
        )
    status = status_at(place.opening_hours, now, point=place.point)
    week = describe_week(place.opening_hours, now, point=place.point)
    welcomes = sorted(
        (one for one in place.welcomes.all() if one.value != Answer.UNKNOWN),
        key=lambda one: WelcomeAttribute.values.index(one.attribute),
    )
    return render(
        request,
        "places/place.html",
        {
            "place": place,
            "kind_label": PlaceKind(place.kind).label,
            "neighbourhood": neighbourhood_of(place),
            "status": status,
            "hours_now": describe_status(status, now),
            "week": week,
            "every_day": week[0].text if len({day.text for day in week}) == 1 else "",
            "offers": [one for one in welcomes if one.value == Answer.YES],
            "lacks": [one for one in welcomes if one.value == Answer.NO],
            "occasions": soon_at(place, now),
            "company": list_company(now, place=place),
            "can_have_company": can_have_company(place),
            "is_unseen": place.state in {PlaceState.HIDDEN, PlaceState.SUGGESTED},
            "rules": describe_rules(place.opening_hours),
            "languages": [name_language(code) for code in place.languages],
            "photos": [one for one in place.photos.all() if one.state == PlacePhoto.State.SHOWN],
            "question": pick_question(place, find_person(request), now=now)
            if place.state in SHOWN_STATES
            else None,
            "is_keeper": is_keeper,
            "keeping": describe_keeping(place) if is_keeper else None,
            "json_ld": describe_for_machines(place, _address(request, place)),
        },
    )


def _address(request: HttpRequest, place: Place) -> str:
    return request.build_absolute_uri(reverse("places:place", args=[place.code]))


def _as_choice(request: HttpRequest, label: str) -> tuple[str, str]:
    query = request.GET.copy()
    query.pop("after", None)
    query["near"] = label
    return label, f"?{query.urlencode()}"


def _switch_order(request: HttpRequest, *, by_name: bool) -> str:
    query = request.GET.copy()
    query.pop("after", None)
    query.pop("order", None)
    if by_name:
        query["order"] = "name"
    return f"?{query.urlencode()}"


def _describe_map(request: HttpRequest, form: PlaceSearchForm, counts: Counts) -> dict[str, Any]:
    """Return what map.js draws: tiles of all places or, with the filters, of those found."""
    layer: dict[str, Any] = describe_place_layer() | {
        "kinds": dict(PlaceKind.choices),
        "url": reverse("places:place", args=["CODE"]).replace("CODE", "{code}"),
    }
    if form.as_search().is_narrowed:
        layer["tiles"] += f"?{_found_query(request, form)}"
    return {
        "extent": _first_view(form, counts),
        "places": layer,
        "areas": describe_borders(),
        "base": base_map(),
    }


def _found_query(request: HttpRequest, form: PlaceSearchForm) -> str:
    """The filters alone, as they were understood, without page, order and centre."""
    query = request.GET.copy()
    for part in ("after", "order", "near"):
        query.pop(part, None)
    query["q"] = form.cleaned_data.get("q", "")
    query["lang"] = get_language() or ""
    return query.urlencode()


def _first_view(form: PlaceSearchForm, counts: Counts) -> list[float]:
    """West, south, east, north: around where somebody asked, else all that was found."""
    if form.origin is not None:
        lon, lat = form.origin.point.coords
        return [lon - 0.02, lat - 0.012, lon + 0.02, lat + 0.012]
    if counts.extent is not None:
        return list(counts.extent)
    geography = current_geography()
    return (extent_of(geography) if geography else None) or ISLES
