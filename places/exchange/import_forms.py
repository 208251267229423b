"""Shapes what somebody says about a list of places that is to come in."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kinder.accounts.fetching import FetchError, check_address
from kinder.accounts.uploads import BadUploadError, Kind, check_size, detect_kind
from places.exchange.drafts import FIELDS, SIZES, is_web_address
from places.exchange.intake import Look
from places.exchange.models import PlaceImport
from places.hours import InvalidHoursError, check_hours, tidy_hours
from places.postcodes import tidy_postcode
from places.vocabulary import PlaceKind

LARGEST_FILE = 200 * 1_048_576
_FITTING = {
    PlaceImport.Format.OSM: {Kind.JSON, Kind.PBF, Kind.XML, Kind.GZIP},
    PlaceImport.Format.OVERPASS: {Kind.JSON},
    PlaceImport.Format.CSV: {Kind.TEXT, Kind.GZIP},
    PlaceImport.Format.HSDS: {Kind.JSON},
    PlaceImport.Format.LAYER: {Kind.SQLITE, Kind.ZIP, Kind.JSON},
}
FIELD_LABELS = {
    "name": _("Name"),
    "kind": _("Kind of place"),
    "lat": _("Latitude"),
    "lon": _("Longitude"),
    "postcode": _("Postcode"),
    "address": _("Address"),
    "opening_hours": _("Opening hours"),
    "website": _("Website"),
    "telephone": _("Telephone"),
    "description": _("What it is like"),
    "reference": _("Its number in the list"),
    "cost_to_stay": _("What it costs to stay"),
}


class BeginForm(forms.Form):
    """A file, or the address of one, and what it is."""

    name = forms.CharField(
        label=_("What is this list called?"),
        max_length=80,
        error_messages={"required": _("Write what this list is called.")},
        help_text=_("Use the same name each time: then its places are known again."),
    )
    format = forms.ChoiceField(
        label=_("What kind of list is it?"),
        choices=PlaceImport.Format.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what kind of list it is.")},
    )
    file = forms.FileField(label=_("File"), required=False)
    address = forms.URLField(
        label=_("Or its address"), required=False, assume_scheme="https", max_length=500
    )
    kind = forms.ChoiceField(
        label=_("Places that say no kind are"),
        required=False,
        choices=[("", _("to be looked at")), *PlaceKind.choices],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        file, address = data.get("file"), data.get("address")
        if bool(file) == bool(address) and not self.errors:
            self.add_error("file", _("Choose a file, or write an address: one of the two."))
        if address:
            try:
                check_address(address)
            except FetchError as error:
                self.add_error("address", str(error.reason))
        if file and data.get("format"):
            try:
                check_size(file, LARGEST_FILE)
            except BadUploadError as error:
                self.add_error("file", error)
            else:
                if detect_kind(file) not in _FITTING[data["format"]]:
                    self.add_error(
                        "file", _("This file is something else than the kind of list you chose.")
                    )
        return data


ENCODINGS = {
    "utf-8-sig": _("UTF-8, as most are"),
    "cp1252": _("Windows, western Europe"),
    "cp1250": _("Windows, central Europe"),
    "cp1251": _("Windows, Cyrillic"),
    "mac_roman": _("older Macintosh"),
    "utf-16": _("UTF-16"),
}


class ColumnsForm(forms.Form):
    """Which column is which; how the file is written, or which of its layers it is."""

    encoding = forms.ChoiceField(
        label=_("Its letters are written in"),
        required=False,
        choices=list(ENCODINGS.items()),
        help_text=_("Choose another where letters with accents look wrong."),
    )
    layer = forms.ChoiceField(label=_("Layer of the file"), required=False)

    def __init__(self, *args: Any, look: Look, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self._tell_source(look)
        choices = [("", _("none")), *((heading, heading) for heading in look.headings)]
        for name in FIELDS:
            self.fields[name] = forms.ChoiceField(
                label=FIELD_LABELS[name],
                choices=choices,
                required=name == "name",
                error_messages={
                    "required": _("Choose the column of the name."),
                    "invalid_choice": _("There is no such column: please choose again."),
                },
                initial=look.guessed.get(name, ""),
            )
        self.fields["fallback"] = forms.ChoiceField(
            label=_("Places that say no kind are"),
            required=False,
            initial=kind,
            choices=[("", _("to be looked at")), *PlaceKind.choices],
        )

    def _tell_source(self, look: Look) -> None:
        if look.encoding:
            encoding: Any = self.fields["encoding"]
            encoding.initial = look.encoding
            if look.encoding not in ENCODINGS:
                encoding.choices = [(look.encoding, look.encoding), *encoding.choices]
        else:
            del self.fields["encoding"]
        if len(look.layers) > 1:
            layer: Any = self.fields["layer"]
            layer.initial, layer.choices = look.layer, [(name, name) for name in look.layers]
        else:
            del self.fields["layer"]

    def columns(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in FIELDS if self.cleaned_data[name]}


class RowForm(forms.Form):
    """One row, mended by hand."""

    name = forms.CharField(
        label=_("Name"),
        max_length=SIZES["name"],
        error_messages={"required": _("Write what it is called.")},
    )
    kind = forms.ChoiceField(
        label=_("Kind of place"),
        choices=[("", _("Choose")), *PlaceKind.choices],
        error_messages={"required": _("Choose what kind of place it is.")},
    )
    postcode = forms.CharField(label=_("Postcode"), max_length=8, required=False)
    lat = forms.FloatField(label=_("Latitude"), required=False, min_value=-85, max_value=85)
    lon = forms.FloatField(label=_("Longitude"), required=False, min_value=-180, max_value=180)
    address = forms.CharField(label=_("Address"), max_length=SIZES["address"], required=False)
    opening_hours = forms.CharField(
        label=_("Opening hours"), max_length=SIZES["opening_hours"], required=False
    )
    website = forms.CharField(label=_("Website"), max_length=SIZES["website"], required=False)

    def __init__(self, *args: Any, facts: Mapping[str, Any], **kwargs: Any) -> None:
        # A tenth of a metre is enough; what stands in a file may be longer.
        places = {
            name: round(facts[name], 6) for name in ("lat", "lon") if facts.get(name) is not None
        }
        kwargs["initial"] = {**facts, **places}
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    def clean_postcode(self) -> str:
        return tidy_postcode(self.cleaned_data["postcode"]) or ""

    def clean_website(self) -> str:
        address = str(self.cleaned_data["website"]).strip()
        if not is_web_address(address):
            raise forms.ValidationError(_("An address begins with https://"))
        return address

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        hours = tidy_hours(data.get("opening_hours", ""))
        try:
            check_hours(hours)
            data["opening_hours"], data["are_hours_unread"] = hours, False
        except InvalidHoursError:
            data["are_hours_unread"] = True
        if (data.get("lat") is None) != (data.get("lon") is None):
            self.add_error("lon", _("Write both latitude and longitude, or leave both empty."))
        return data

    def as_facts(self) -> dict[str, Any]:
        return dict(self.cleaned_data)
