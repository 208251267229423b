"""The workers' page of gaps: three layers with their tables, and "what if"."""

import json
import re
from typing import Any

import numpy as np
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from connections.indicators.gaps import (
    CLASSES,
    NOT_KNOWN,
    Deed,
    Live,
    Row,
    WhatIf,
    ask_what_if,
    classify,
    read_live,
    read_rows,
    row_of,
    site_of,
)
from places.actions import current_geography
from places.area_views import describe_drawing
from places.editing import read_position
from places.gathering_forms import find_named_places
from places.hours import InvalidHoursError, tidy_hours, weekly_open_hours
from places.maps import base_map
from places.models import Area, Geography, Place
from places.origins import Origin, UnknownPostcodeError, find_origins
from places.rules import check_can_save_areas
from places.tiles import describe_area_layer, extent_of
from places.vocabulary import AreaLevel, PlaceKind

ROWS_SHOWN = 200
LAYERS = {
    "access": (
        gettext_lazy("Places to stay free, within a walk"),
        gettext_lazy("Hours a week that free places are open, per 1,000 residents in reach."),
    ),
    "open_share": (
        gettext_lazy("Open in evenings and at weekends"),
        gettext_lazy("% of weekday evenings and weekends with somewhere free within ten minutes."),
    ),
    "variety": (
        gettext_lazy("Variety of places"),
        gettext_lazy("How many equally common kinds of place are within ten minutes."),
    ),
}
FILTERS = ("layer", "level", "within")
# What a map writes of a place that was pointed at: its name for people, its code for certain.
NAMED = re.compile(r"\[([^\[\]\s]+)\]\s*$")
LEVELS = (AreaLevel.INTERMEDIATE, AreaLevel.ZONE, AreaLevel.COMMUNITY, AreaLevel.COUNCIL)


class GapForm(forms.Form):
    """What is looked at: a layer, a level, within a council."""

    layer = forms.ChoiceField(
        label=gettext_lazy("Look at"),
        choices=[(code, title) for code, (title, _about) in LAYERS.items()],
        required=False,
    )
    level = forms.ChoiceField(label=gettext_lazy("By"), choices=[], required=False)
    within = forms.ModelChoiceField(
        label=gettext_lazy("Within"),
        queryset=Area.objects.filter(geography__is_current=True, level=AreaLevel.COUNCIL),
        to_field_name="code",
        empty_label=gettext_lazy("Everywhere"),
        required=False,
    )

    def __init__(self, *args: Any, levels: list[AreaLevel], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        field = self.fields["level"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - narrows the type
        field.choices = [(level.value, level.label) for level in levels]


class WhatIfForm(forms.Form):
    """A place that would come, go, or keep other hours."""

    deed = forms.ChoiceField(
        label=gettext_lazy("What if …"),
        choices=[
            ("add", gettext_lazy("a place opened that is free to stay?")),
            ("close", gettext_lazy("a place closed?")),
            ("hours", gettext_lazy("a place kept other hours?")),
        ],
        widget=forms.RadioSelect,
        initial="add",
    )
    where = forms.CharField(
        label=gettext_lazy("Where"),
        help_text=gettext_lazy(
            "For a new place a postcode, a neighbourhood, a place nearby or a position on the map; "
            "else a place's name."
        ),
        max_length=160,
    )
    hours = forms.CharField(
        label=gettext_lazy("Opening hours"),
        help_text=gettext_lazy("For example: Mo-Fr 17:00-21:00. Not needed for closing."),
        max_length=512,
        required=False,
    )

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind of place"),
        help_text=gettext_lazy("Of a new place: variety counts it."),
        choices=PlaceKind.choices,
        initial=PlaceKind.COMMUNITY_CENTRE,
        required=False,
    )

    def __init__(self, *args: Any, live: Live | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.live = live
        self.place: Place | None = None
        self.found: Deed | None = None
        # Where it is, as it was understood; and what it may be, where that is not clear: what to
        # ask for instead, and how it is told.
        self.near = ""
        self.at: list[float] | None = None
        self.choices: list[tuple[str, str]] = []

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.live is None or not data.get("deed") or not data.get("where"):
            return data
        try:
            weekly = 0.0
            if data["deed"] != "close":
                weekly = self._read_hours(data.get("hours", ""))
            if data["deed"] == "add":
                self.found = self._add(data, weekly)
            else:
                self.found = self._change(data, weekly)
        except ValidationError as error:
            self.add_error(None if hasattr(error, "error_dict") else "where", error)
        return data

    def _read_hours(self, text: str) -> float:
        try:
            weekly = weekly_open_hours(tidy_hours(text))
        except InvalidHoursError as error:
            raise ValidationError({"hours": str(error)}) from error
        if not weekly:
            raise ValidationError({"hours": _("Say when it would be open.")})
        return weekly

    def clean_kind(self) -> str:
        return str(self.cleaned_data["kind"] or PlaceKind.COMMUNITY_CENTRE)

    def _add(self, data: dict[str, Any], weekly: float) -> Deed:
        assert self.live is not None  # noqa: S101 - clean() asked
        origin = self._find_spot(data["where"])
        self.near, self.at = origin.label, [origin.point.x, origin.point.y]
        return Deed(
            before=None,
            after=site_of(self.live.country, origin.point, weekly),
            hours_after=tidy_hours(data["hours"]),
            kind=data.get("kind", PlaceKind.COMMUNITY_CENTRE),
        )

    def _find_spot(self, where: str) -> Origin:
        if re.match(r"\s*-?\d+\.\d", where):
            return Origin(where.strip(), read_position(where))
        if (place := _find_by_code(where)) is not None:
            return Origin(place.name, place.point)
        try:
            origins = find_origins(where)
        except UnknownPostcodeError:
            origins = []
        if len(origins) != 1:
            # A place that is called just so goes before neighbourhoods that are called alike.
            beside = find_named_places(where)
            words = where.strip().casefold()
            same = [one for one in beside if words in (one.name.casefold(), one.code)]
            if len(same) == 1 or (not origins and len(beside) == 1):
                place = (same or beside)[0]
                origins = [Origin(place.name, place.point)]
            elif not origins:
                self._ask_which(beside)
        if not origins:
            raise ValidationError(_("We couldn't find that. Try a postcode, or a name near it."))
        if len(origins) > 1:
            self.choices = [(origin.label, origin.label) for origin in origins]
            raise ValidationError(_("That may be several: choose one below."))
        return origins[0]

    def _ask_which(self, found: list[Place]) -> None:
        """Raise ValidationError where several places were found, and keep them to choose from."""
        if len(found) > 1:
            self.choices = [
                (place.code, ", ".join(filter(None, (place.name, place.address))))
                for place in found
            ]
            raise ValidationError(_("That may be several: choose one below."))

    def _change(self, data: dict[str, Any], weekly: float) -> Deed:
        assert self.live is not None  # noqa: S101 - clean() asked
        named = _find_by_code(data["where"])
        found = [named] if named is not None else find_named_places(data["where"])
        self._ask_which(found)
        if not found:
            raise ValidationError(_("We know no place of that name. Is it in the list of places?"))
        self.place = found[0]
        row = row_of(self.live, self.place)
        # Of a place that is not free the hours count for nothing; that it is there is variety.
        is_free = row is not None and bool(self.live.register.is_free[row])
        if row is None or not (is_free or data["deed"] == "close"):
            raise ValidationError(
                _("This place is not known to be free to stay, so it counts for nothing here.")
            )
        register = self.live.register
        x, y = map(float, register.xy[row])
        hours = float(register.hours[row]) if is_free else 0.0
        self.at = [self.place.point.x, self.place.point.y]
        before = site_of(self.live.country, self.place.point, hours)
        before = before._replace(x=x, y=y)
        after = None if data["deed"] == "close" else before._replace(hours=weekly)
        return Deed(before, after, row, tidy_hours(data.get("hours", "")))


def _find_by_code(where: str) -> Place | None:
    """Return the shown place that a map wrote into the field, None where it is other words."""
    named = NAMED.search(where)
    return Place.objects.shown().filter(code=named[1]).first() if named else None


def _begin_what_if(request: HttpRequest, live: Live) -> WhatIfForm:
    """The form as it was asked; or about the place whose page led here; or empty."""
    if "deed" in request.GET:
        return WhatIfForm(request.GET, live=live)
    form = WhatIfForm(None, live=live)
    about = request.GET.get("about", "").replace("\0", "")
    place = Place.objects.shown().filter(code=about).first()
    if place is not None:
        form.initial = {"deed": "close", "where": f"{place.name} [{place.code}]"}
        form.at = [place.point.x, place.point.y]
    return form


@require_safe
def show_gaps(request: HttpRequest) -> HttpResponse:
    """A layer on the map beside its table, worst first, and the form of "what if"."""
    check_can_save_areas(request.user)
    geography = current_geography()
    if geography is None:
        return render(request, "indicators/gaps_none.html")
    live = read_live(geography)
    form, layer, level, rows = _read(request, geography, live)
    asked = _begin_what_if(request, live)
    answer = None
    if asked.is_bound and asked.is_valid() and asked.found is not None:
        answer = ask_what_if(live, asked.found)
    title, about = LAYERS[layer]
    rows.sort(key=lambda row: (np.isnan(getattr(row, layer)), getattr(row, layer), row.area.name))
    context = {
        "form": form,
        "layer": layer,
        "layer_title": title,
        "layer_about": about,
        "rows": rows[:ROWS_SHOWN],
        "is_more": len(rows) > ROWS_SHOWN,
        "checked": live.checked_share,
        "places": live.register.id.size,
        "what_if": asked,
        "answer": _say_answer(answer, asked),
        "pick": describe_drawing() | {"at": asked.at},
        "choices": [(_ask_again(request, where), told) for where, told in asked.choices],
        "kept": [(name, request.GET[name]) for name in FILTERS if request.GET.get(name)],
        "steps": range(1, CLASSES + 1),
        "map": _describe_map(request, geography, layer, level, form),
    }
    status = 422 if asked.is_bound and asked.errors else 200
    return render(request, "indicators/gaps.html", context, status=status)


@require_safe
def show_gap_values(request: HttpRequest) -> HttpResponse:
    """The values of a layer for the map: [[area id, step of the ramp, text], …]."""
    check_can_save_areas(request.user)
    geography = current_geography()
    if geography is None:
        return JsonResponse([], safe=False)
    _form, layer, _level, rows = _read(request, geography, read_live(geography))
    values = [(row.area.pk, getattr(row, layer)) for row in rows]
    steps = classify(values)
    body = [[pk, steps[pk], _say(value)] for pk, value in values if pk in steps]
    return HttpResponse(json.dumps(body), content_type="application/json")


def _read(
    request: HttpRequest, geography: Geography, live: Live
) -> tuple[GapForm, str, AreaLevel, list[Row]]:
    there = set(Area.objects.filter(geography=geography).order_by().values_list("level", flat=True))
    levels = [level for level in LEVELS if level in there] or [AreaLevel.ZONE]
    form = GapForm(request.GET, levels=levels)
    form.is_valid()
    layer = form.cleaned_data.get("layer") or "access"
    level = AreaLevel(form.cleaned_data.get("level") or levels[0])
    areas = Area.objects.filter(geography=geography, level=level)
    if within := form.cleaned_data.get("within"):
        areas = areas.filter(ancestors__ancestor=within)
    found = areas.only("code", "name", "level").order_by("name", "code")
    return form, layer, level, read_rows(live, found)


def _ask_again(request: HttpRequest, where: str) -> str:
    """The address of the same question about another place."""
    query = request.GET.copy()
    query["where"] = where
    return f"?{query.urlencode()}#what-if"


def _describe_map(
    request: HttpRequest, geography: Geography, layer: str, level: AreaLevel, form: GapForm
) -> dict[str, Any]:
    query = request.GET.copy()
    for name in ("deed", "where", "hours", "kind", "about"):
        query.pop(name, None)
    values = f"{reverse('indicators:gap-values')}?{query.urlencode()}"
    within = form.cleaned_data.get("within")
    extent = list(within.geometry.extent) if within else extent_of(geography)
    return {
        "extent": extent or [-10.7, 49.8, 1.8, 60.9],
        "places": None,
        "areas": describe_area_layer(geography, level)
        | {"values": values, "url": reverse("pages:area", args=["CODE"]).replace("CODE", "{code}")},
        "base": base_map(),
    }


def _say(value: float) -> str:
    return number_format(value, decimal_pos=1 if value < 100 else 0)


def _say_answer(answer: WhatIf | None, form: WhatIfForm) -> dict[str, Any] | None:
    if answer is None:
        return None
    names = {
        NOT_KNOWN: _("Not known"),
        1: _("1, the most deprived fifth"),
        5: _("5, the least deprived fifth"),
    }
    return {
        "rows": [(names.get(one.quintile, one.quintile), one) for one in answer.changes],
        "whole": answer.whole,
        "hours_moved": answer.hours,
        "times": answer.times,
        "variety": answer.variety,
        "is_any": any(
            moved.more or moved.less for moved in (answer.hours, answer.times, answer.variety)
        ),
        "kind": PlaceKind(form.cleaned_data["kind"]).label,
        "deed": form.cleaned_data["deed"],
        "near": form.near,
        "place": form.place,
        "hours": form.cleaned_data["hours"],
    }
