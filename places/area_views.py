"""Areas that workers keep: drawn, circled, loaded from a file, or put together."""

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kinder.accounts.models import User
from places.actions import current_geography
from places.area_forms import NameForm, SaveAreaForm
from places.maps import ISLES, base_map, describe_borders
from places.models import Place, SavedArea
from places.rules import check_can_save_areas, check_owns
from places.saving import change_area, delete_area, save_area
from places.tiles import describe_place_layer, extent_of
from places.vocabulary import PlaceKind

PLACES_SHOWN = 50


@require_safe
def list_areas(request: HttpRequest) -> HttpResponse:
    """What somebody saved, and what others shared with them."""
    user = check_can_save_areas(request.user)
    areas = SavedArea.objects.visible_to(user).select_related("organisation", "owner")
    return render(
        request, "places/areas.html", {"areas": areas.defer("geometry"), "reader_id": user.pk}
    )


@require_http_methods(["GET", "HEAD", "POST"])
def add_area(request: HttpRequest) -> HttpResponse:
    """Draw, circle, upload or choose an area and keep it; what was typed is never lost."""
    user = check_can_save_areas(request.user)
    form = SaveAreaForm(
        request.POST or None, request.FILES or None, user=user, initial=request.GET.dict()
    )
    if request.method == "POST" and form.is_valid() and form.shape is not None:
        try:
            area = save_area(
                by=user,
                name=form.cleaned_data["name"],
                shape=form.shape,
                made=form.made,
                organisation=form.cleaned_data["organisation"],
            )
        except ValidationError as error:
            form.add_error("name" if "name" in getattr(error, "error_dict", {}) else None, error)
        else:
            messages.success(request, _("The area is saved."))
            return redirect("places:saved-area", area.code)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "map": describe_drawing()}
    return render(request, "places/area_add.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def show_area(request: HttpRequest, code: str) -> HttpResponse:
    """A saved area on the map with the places in it; its owner renames and shares it here."""
    user = check_can_save_areas(request.user)
    area = get_object_or_404(SavedArea.objects.visible_to(user), code=code)
    form = None
    if area.owner_id == user.pk or request.method == "POST":
        check_owns(user, saved=area)
        form = _rename(request, user, area)
        if form is None:
            messages.success(request, _("Saved."))
            return redirect("places:saved-area", area.code)
    found = Place.objects.shown().filter(point__within=area.geometry).order_by("name", "id")
    places = list(found[: PLACES_SHOWN + 1])
    context = {
        "area": area,
        "form": form,
        "places": places[:PLACES_SHOWN],
        "is_more": len(places) > PLACES_SHOWN,
        "map": describe_drawing()
        | {"shape": area.geometry.geojson, "extent": area.geometry.extent},
    }
    return render(request, "places/area.html", context, status=422 if form and form.errors else 200)


def _rename(request: HttpRequest, user: User, area: SavedArea) -> NameForm | None:
    """The form, or None once the new name is kept."""
    initial: dict[str, Any] = {"name": area.name, "organisation": area.organisation_id}
    form = NameForm(request.POST or None, user=user, initial=initial)
    if request.method != "POST" or not form.is_valid():
        return form
    try:
        change_area(
            by=user,
            area=area,
            name=form.cleaned_data["name"],
            organisation=form.cleaned_data["organisation"],
        )
    except ValidationError as error:
        form.add_error(None, error)
        return form
    return None


@require_POST
def remove_area(request: HttpRequest, code: str) -> HttpResponse:
    user = check_can_save_areas(request.user)
    area = get_object_or_404(SavedArea.objects.visible_to(user), code=code)
    delete_area(by=user, area=area)
    messages.success(request, _("The area is deleted."))
    return redirect("places:saved-areas")


@require_safe
def download_area(request: HttpRequest, code: str) -> HttpResponse:
    """The shape as GeoJSON, as it was saved."""
    user = check_can_save_areas(request.user)
    area = get_object_or_404(SavedArea.objects.visible_to(user), code=code)
    feature = {
        "type": "Feature",
        "id": area.code,
        "geometry": json.loads(area.geometry.geojson),
        "properties": {"name": area.name},
    }
    response = JsonResponse(feature, content_type="application/geo+json")
    response.headers["Content-Disposition"] = f'attachment; filename="{area.code}.geojson"'
    return response


def describe_drawing() -> dict[str, Any]:
    """What draw.js draws on: borders and places, where the present geography lies."""
    geography = current_geography()
    return {
        "extent": (extent_of(geography) if geography else None) or ISLES,
        "places": describe_place_layer() | {"kinds": dict(PlaceKind.choices), "url": ""},
        "areas": describe_borders(),
        "base": base_map(),
    }
