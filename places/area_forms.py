"""Shapes how somebody names a piece of land: drawn, a circle, a file, or areas put together.

`AreaShapeForm` is the whole tool (with `_parts/draw_area.html` and draw.js) for any page that needs
one; after `is_valid()`, `form.shape` and `form.made` are what was given.
"""

from typing import Any

import shapely
from django import forms
from django.contrib.gis.geos import MultiPolygon
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from kinder.accounts.models import Organisation, User
from places.models import Area, SavedArea
from places.origins import UnknownPostcodeError, find_origins
from places.shapes import (
    MAX_CORNERS,
    MAX_METRES,
    MAX_PARTS,
    MAX_TEXT,
    MIN_METRES,
    as_geos,
    check_shape,
    make_circle,
    read_drawn,
    read_uploaded,
)
from places.vocabulary import AreaLevel

MAX_AREAS = 40
_OFFERED = (AreaLevel.INTERMEDIATE, AreaLevel.COMMUNITY, AreaLevel.COUNCIL)
# More than this in a list box is no choice.
MAX_OFFERED = 400


class AreaShapeForm(forms.Form):
    """One piece of land, in whichever of four ways is easiest; no script is needed for three."""

    how = forms.ChoiceField(
        label=_("How do you want to say where?"),
        choices=[
            (SavedArea.Made.CIRCLE, _("A circle around a postcode or place")),
            (SavedArea.Made.AREAS, _("Areas from the list")),
            (SavedArea.Made.FILE, _("A file: GeoJSON, GeoPackage or KML")),
            (SavedArea.Made.DRAWN, _("Draw it on a map")),
        ],
        widget=forms.RadioSelect,
        initial=SavedArea.Made.CIRCLE,
    )
    near = forms.CharField(label=_("Postcode or place"), max_length=100, required=False)
    metres = forms.IntegerField(
        label=_("How far around it, in metres"),
        help_text=_("800 metres are about ten minutes on foot."),
        min_value=MIN_METRES,
        max_value=MAX_METRES,
        initial=800,
        required=False,
    )
    areas = forms.ModelMultipleChoiceField(
        label=_("Areas"),
        help_text=_("Choose one or more; hold Ctrl for several."),
        queryset=Area.objects.none(),
        to_field_name="code",
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 8}),
    )
    file = forms.FileField(
        label=_("File with the area"),
        help_text=_("At most 5 MB and 5,000 corners. We keep the shape, not the file."),
        required=False,
    )
    drawn = forms.CharField(
        label=_("Corners of the drawn area"),
        required=False,
        max_length=MAX_TEXT,
        widget=forms.HiddenInput,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.shape: MultiPolygon | None = None
        self.made = ""
        areas = self.fields["areas"]
        assert isinstance(areas, forms.ModelMultipleChoiceField)  # noqa: S101 - narrows the type
        areas.queryset = offered_areas()

    def clean(self) -> dict[str, Any]:
        """Make the shape of the way that was chosen; the error stands beside its field."""
        data = super().clean() or self.cleaned_data
        field, make = {
            SavedArea.Made.CIRCLE: ("near", self._make_circle),
            SavedArea.Made.AREAS: ("areas", self._put_together),
            SavedArea.Made.FILE: ("file", self._read_file),
            SavedArea.Made.DRAWN: ("how", self._read_drawn),
        }.get(data.get("how", ""), ("how", None))
        if make is None or field in self.errors or (field == "near" and "metres" in self.errors):
            return data
        try:
            self.shape = make(data)
        except ValidationError as error:
            self.add_error(field, error)
        else:
            self.made = data["how"]
        return data

    def _make_circle(self, data: dict[str, Any]) -> MultiPolygon:
        if not data.get("near"):
            raise ValidationError(_("Give a postcode, or the name of a place or area."))
        try:
            origins = find_origins(data["near"])
        except UnknownPostcodeError as error:
            raise ValidationError(
                _("We couldn't find that postcode. Try a street, or choose from the list.")
            ) from error
        if not origins:
            raise ValidationError(_("We couldn't find that. Try a postcode, or a name near it."))
        return make_circle(origins[0].point, data.get("metres") or 800)

    def _put_together(self, data: dict[str, Any]) -> MultiPolygon:
        chosen = list(data.get("areas") or [])
        if not chosen:
            raise ValidationError(_("Choose at least one area."))
        if len(chosen) > MAX_AREAS:
            raise ValidationError(_("Choose at most 40 areas."))
        return unite_areas(chosen)

    def _read_file(self, data: dict[str, Any]) -> MultiPolygon:
        if not data.get("file"):
            raise ValidationError(_("Choose a file."))
        return read_uploaded(data["file"])

    def _read_drawn(self, data: dict[str, Any]) -> MultiPolygon:
        return read_drawn(data.get("drawn", ""))


class SaveAreaForm(AreaShapeForm):
    """The same, kept under a name."""

    name = forms.CharField(label=_("Name of the area"), max_length=120)
    organisation = forms.ModelChoiceField(
        label=_("Who else may use it"),
        queryset=Organisation.objects.none(),
        empty_label=_("Only you"),
        required=False,
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_organisations(self, user)


class NameForm(forms.Form):
    """Another name for what was saved, and who shares it."""

    name = forms.CharField(label=_("Name"), max_length=120)
    organisation = forms.ModelChoiceField(
        label=_("Who else may use it"),
        queryset=Organisation.objects.none(),
        empty_label=_("Only you"),
        required=False,
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        _offer_organisations(self, user)


def _offer_organisations(form: forms.Form, user: User) -> None:
    field = form.fields["organisation"]
    assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - narrows the type
    field.queryset = Organisation.objects.filter(members=user).distinct()


def offered_areas() -> Any:
    """Return the areas of the finest named level whose list can still be read."""
    current = Area.objects.filter(geography__is_current=True)
    for level in _OFFERED:
        of_level = current.filter(level=level)
        if 0 < of_level.count() <= MAX_OFFERED:
            return of_level.only("code", "name", "level").order_by("name", "code")
    return current.filter(level=AreaLevel.COUNCIL).only("code", "name", "level").order_by("name")


def unite_areas(areas: list[Area]) -> MultiPolygon:
    """Return the land of `areas` together, with as many corners as a shape may have."""
    whole = shapely.union_all([shapely.from_wkb(bytes(area.geometry.wkb)) for area in areas])
    tolerance = 0.00002
    while shapely.get_num_coordinates(whole) > MAX_CORNERS:
        whole = shapely.simplify(whole, tolerance)
        tolerance *= 2
    parts = sorted(shapely.get_parts(whole), key=lambda part: -part.area)[:MAX_PARTS]
    return check_shape(as_geos(shapely.multipolygons(parts)))
