"""Shapes what a keeper of the register writes about a place, hours by weekday included.

A form begins with what one version of the place said. What differs from that is what was meant:
only that is written, and where somebody else has saved in between the two sets of changes are laid
over each other field by field (`merge_edits`).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.gis.gdal import GDALException
from django.contrib.gis.geos import GEOSException, GEOSGeometry, MultiPolygon, Point, Polygon
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.models import Organisation
from places.actions import Told
from places.history import Facts, name_language
from places.hours import InvalidHoursError, check_hours, tidy_hours
from places.models import Postcode
from places.origins import UnknownPostcodeError, find_origins
from places.postcodes import tidy_postcode
from places.vocabulary import Answer, CostToStay, PlaceKind, WelcomeAttribute
from places.week import (
    DAY_NAMES,
    UnclearHoursError,
    Week,
    read_spans,
    read_week,
    write_week,
)

# Languages that people in the United Kingdom speak most, beside those of the site.
_MORE_LANGUAGES = (
    "bn", "bg", "cy", "de", "es", "fa", "fr", "hi", "hu", "it", "lt", "pa", "pt", "ro", "so", "sq",
    "ta", "ti", "tr", "vi", "zh-hans",
)  # fmt: skip
SPARE_NAMES = 2
LARGEST_OUTLINE = 100_000
MODES = (
    ("unknown", _("We don't know")),
    ("week", _("By the day of the week")),
    ("always", _("Always open")),
    ("written", _("As I write it (OpenStreetMap's way)")),
)


def language_choices() -> list[tuple[str, str]]:
    """Return the languages to choose from, each by its own name."""
    codes = ["en" if code == "en-gb" else code for code, _name in settings.LANGUAGES]
    return [(code, name_language(code)) for code in dict.fromkeys([*codes, *_MORE_LANGUAGES])]


def read_position(text: str) -> Point:
    """Return where "latitude, longitude" is; raises ValidationError with what to do."""
    found = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?)\s*[,;\s]\s*(-?\d+(?:\.\d+)?)\s*", text)
    if not found:
        raise forms.ValidationError(
            _("Write it like this: 55.8721, -4.2882. Or press “Find it” after a name or postcode.")
        )
    lat, lon = (float(part) for part in found.groups())
    if not (-85 <= lat <= 85 and -180 <= lon <= 180):
        raise forms.ValidationError(
            _("This position is not on the map. Latitude comes first, then longitude.")
        )
    return Point(lon, lat, srid=4326)


def find_position(text: str) -> tuple[str, str]:
    """Return the position of what people typed (a postcode, a name, numbers) as the form writes it,
    and the name that was understood; what was typed, and "", where nothing is found."""
    try:
        point = read_position(text)
    except forms.ValidationError:
        try:
            origins = find_origins(text)
        except UnknownPostcodeError:
            origins = []
        if not origins:
            return text, ""
        return say_position(origins[0].point.x, origins[0].point.y), origins[0].label
    return say_position(point.x, point.y), text.strip()


def _plain_spans(spans: tuple[str, ...]) -> str:
    return ", ".join(spans)


class PlaceForm(forms.Form):
    """Everything a keeper may change of a place."""

    name = forms.CharField(label=_("Name"), max_length=160)
    kind = forms.ChoiceField(label=_("Kind of place"), choices=PlaceKind.choices)
    address = forms.CharField(label=_("Address"), max_length=200, required=False)
    postcode = forms.CharField(label=_("Postcode"), max_length=8, required=False)
    position = forms.CharField(
        label=_("Position"),
        max_length=120,
        required=False,
        help_text=_(
            "Latitude and longitude, such as 55.8721, -4.2882; or a postcode or a place name, and"
            " then “Find it”. Leave it empty to take the position of the postcode above."
        ),
    )
    outline = forms.CharField(
        label=_("Outline, as GeoJSON"),
        required=False,
        max_length=LARGEST_OUTLINE,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("A Polygon or MultiPolygon in degrees. Most places need none."),
    )
    description = forms.CharField(
        label=_("What it is like"),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("About the place, never about a person."),
    )
    website = forms.URLField(
        label=_("Website"), max_length=200, required=False, assume_scheme="https"
    )
    telephone = forms.CharField(label=_("Telephone"), max_length=32, required=False)
    hours_mode = forms.ChoiceField(
        label=_("When is it open?"), choices=MODES, widget=forms.RadioSelect
    )
    hours_holidays = forms.CharField(
        label=_("Public holidays"),
        required=False,
        max_length=120,
        help_text=_("Leave it empty where they are days like others."),
    )
    hours_other = forms.CharField(
        label=_("Other rules, kept as they are"),
        required=False,
        max_length=512,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=_("Seasons and such, one rule a line, in OpenStreetMap's way: Dec 24-26 off"),
    )
    hours_written = forms.CharField(
        label=_("Hours as they are written"),
        required=False,
        max_length=512,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=_("For example: Mo-Fr 09:00-17:00; Sa 10:00-14:00; PH off"),
    )
    hours_words_only = forms.BooleanField(
        label=_("Keep it as words: nobody can work out from it when it is open"), required=False
    )
    cost_to_stay = forms.ChoiceField(label=_("What it costs to stay"), choices=CostToStay.choices)
    cost_checked = forms.BooleanField(label=_("I checked this now"), required=False)
    who_for = forms.CharField(
        label=_("For whom, and when"),
        max_length=160,
        required=False,
        help_text=_("Leave it empty where it is for everyone."),
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages spoken there"), required=False, widget=forms.CheckboxSelectMultiple
    )
    is_booking_needed = forms.BooleanField(label=_("You need to book"), required=False)
    organisation = forms.ModelChoiceField(
        label=_("Run by"),
        queryset=Organisation.objects.order_by("name"),
        required=False,
        empty_label=_("Nobody in particular"),
        help_text=_("A place needs no organisation behind it."),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0, required=False)

    def __init__(
        self, *args: Any, facts: Facts | None, texts: Mapping[str, str], **kwargs: Any
    ) -> None:
        self._before = initial_of(facts, texts) if facts else {}
        self._facts = facts or {}
        kwargs["initial"] = {**_BLANK, **self._before, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        known = dict(language_choices())
        chosen = {code: name_language(code) for code in self._facts.get("languages", [])}
        languages = self.fields["languages"]
        if isinstance(languages, forms.MultipleChoiceField):
            languages.choices = list((known | chosen).items())
        for number, day in enumerate(DAY_NAMES):
            self.fields[f"hours_{number}"] = forms.CharField(
                label=day, required=False, max_length=120
            )
        self._add_names()
        for attribute in WelcomeAttribute:
            self._add_welcome(attribute)

    def _add_names(self) -> None:
        count = len(self._facts.get("alt_names", [])) + SPARE_NAMES
        for number in range(count):
            self.fields[f"name_{number}"] = forms.CharField(
                label=_("Other name"), max_length=160, required=False
            )
            self.fields[f"language_{number}"] = forms.ChoiceField(
                label=_("Language of the name"),
                required=False,
                choices=[("", _("Not said")), *language_choices()],
            )
        # A language that the list does not know stays what it is.
        for number, (code, _name) in enumerate(self._facts.get("alt_names", [])):
            field = self.fields[f"language_{number}"]
            if isinstance(field, forms.ChoiceField) and code not in dict(language_choices()):
                field.choices = [*field.choices, (code, name_language(code))]  # type: ignore[misc]

    def _add_welcome(self, attribute: WelcomeAttribute) -> None:
        self.fields[f"is_{attribute}"] = forms.ChoiceField(
            label=attribute.label, choices=Answer.choices, required=False
        )
        self.fields[f"whom_{attribute}"] = forms.CharField(
            label=_("For whom, and when"), max_length=160, required=False
        )
        self.fields[f"checked_{attribute}"] = forms.BooleanField(
            label=_("Checked now"), required=False
        )

    # -------------------------------------------------------------- what was typed

    def clean_position(self) -> Point | None:
        text = str(self.cleaned_data["position"]).strip()
        if not text:
            return None
        known = Postcode.objects.filter(code=tidy_postcode(text) or "").first()
        return read_position(text) if known is None else known.point

    def clean_outline(self) -> MultiPolygon | None:
        text = str(self.cleaned_data["outline"]).strip()
        if not text:
            return None
        try:
            shape = GEOSGeometry(json.dumps(json.loads(text)), srid=4326)
        except (ValueError, TypeError, GEOSException, GDALException) as error:
            raise forms.ValidationError(_("This is no GeoJSON outline.")) from error
        if isinstance(shape, Polygon):
            shape = MultiPolygon(shape, srid=4326)
        if not isinstance(shape, MultiPolygon) or not shape.valid or shape.empty:
            raise forms.ValidationError(_("An outline is one or more shapes that close."))
        return shape

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "position" in data and data["position"] is None:
            self._take_position_of_postcode(data)
        data["opening_hours"], data["are_hours_unread"] = self._clean_hours(data)
        return data

    def _take_position_of_postcode(self, data: dict[str, Any]) -> None:
        code = tidy_postcode(data.get("postcode") or "")
        known = Postcode.objects.filter(code=code).first() if code else None
        if known is None:
            self.add_error(
                "position", _("Say where it is: a position here, or a postcode that we know.")
            )
        else:
            data["position"] = known.point

    def _clean_hours(self, data: dict[str, Any]) -> tuple[str, bool]:
        mode = data.get("hours_mode")
        if mode == "unknown":
            return "", False
        if mode == "always":
            return "24/7", False
        if mode == "week":
            return self._clean_week(data), False
        text = str(data.get("hours_written", "")).strip()
        if data.get("hours_words_only"):
            return text, bool(text)
        try:
            check_hours(text)
        except InvalidHoursError as error:
            self.add_error("hours_written", str(error))
        return tidy_hours(text), False

    def _clean_week(self, data: dict[str, Any]) -> str:
        days = [self._read_spans(data, f"hours_{number}") for number in range(7)]
        holidays = data.get("hours_holidays", "").strip()
        week = Week(
            tuple(days),
            self._read_spans(data, "hours_holidays") if holidays else None,
            tuple(line.strip(" ;") for line in data.get("hours_other", "").splitlines()
                  if line.strip(" ;")),
        )  # fmt: skip
        if not any(days) and not self.errors:
            self.add_error(
                "hours_mode", _("Write the hours of at least one day, or choose something else.")
            )
        before = self._facts.get("opening_hours", "")
        # What nobody touched stays letter for letter as it was written.
        if before and read_week(before) == week:
            return str(before)
        written = write_week(week)
        try:
            check_hours(written)
        except InvalidHoursError as error:
            self.add_error("hours_other", str(error))
        return written

    def _read_spans(self, data: dict[str, Any], name: str) -> tuple[str, ...]:
        try:
            return read_spans(data.get(name, ""))
        except UnclearHoursError as error:
            self.add_error(name, str(error))
            return ()

    # -------------------------------------------------------------- what is meant

    def as_changes(self) -> dict[str, Any]:
        """Return the fields for an action that differ from what the form began with."""
        data, facts = self.cleaned_data, self._facts
        wanted = {
            name: data[name]
            for name in (
                "name", "kind", "address", "postcode", "description", "website", "telephone",
                "opening_hours", "are_hours_unread", "cost_to_stay", "who_for",
                "languages", "is_booking_needed",
            )
        }  # fmt: skip
        before = self._before
        changes = {
            name: value
            for name, value in wanted.items()
            if not facts or value != before.get(name, facts.get(name))
        }
        point = data["position"]
        if not facts or say_position(point.x, point.y) != before["position"]:
            changes["point"] = point
        if "outline" in self.changed_data:
            changes["footprint"] = data["outline"]
        if not facts or (data["organisation"].pk if data["organisation"] else None) != facts.get(
            "organisation"
        ):
            changes["organisation"] = data["organisation"]
        if data["cost_checked"] or (
            "cost_to_stay" in changes and data["cost_to_stay"] != CostToStay.UNKNOWN
        ):
            changes["cost_checked_on"] = timezone.localdate()
        return changes

    def as_welcome(self) -> dict[str, Told]:
        """Return the welcomes that were changed, or checked again as they are."""
        data, before = self.cleaned_data, self._facts.get("welcomes", {})
        told = {}
        for attribute in WelcomeAttribute.values:
            value = data[f"is_{attribute}"] or Answer.UNKNOWN
            whom = data[f"whom_{attribute}"]
            known = before.get(attribute)
            if (data[f"checked_{attribute}"] and value != Answer.UNKNOWN) or (value, whom) != (
                known[0] if known else Answer.UNKNOWN,
                self._before.get(f"whom_{attribute}", ""),
            ):
                told[attribute] = Told(value, whom)
        return told

    def as_alt_names(self) -> list[tuple[str, str]] | None:
        """Return all other names, None where they stay as they are."""
        names = [
            (self.cleaned_data[f"language_{number}"], self.cleaned_data[f"name_{number}"])
            for number in range(len(self._facts.get("alt_names", [])) + SPARE_NAMES)
            if self.cleaned_data[f"name_{number}"]
        ]
        before = [tuple(pair) for pair in self._facts.get("alt_names", [])]
        return None if names == before else names

    @property
    def day_fields(self) -> list[forms.BoundField]:
        return [self[f"hours_{number}"] for number in range(7)]

    @property
    def name_fields(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        count = len(self._facts.get("alt_names", [])) + SPARE_NAMES
        return [(self[f"name_{number}"], self[f"language_{number}"]) for number in range(count)]

    @property
    def welcome_fields(self) -> "list[WelcomeRow]":
        before = self._facts.get("welcomes", {})
        return [
            WelcomeRow(
                self[f"is_{attribute}"],
                self[f"whom_{attribute}"],
                self[f"checked_{attribute}"],
                _day((before.get(attribute) or ["", "", None])[2]),
            )
            for attribute in WelcomeAttribute.values
        ]


@dataclass(frozen=True)
class WelcomeRow:
    """One line of the form: the answer, for whom, whether it was checked now, and when before."""

    answer: forms.BoundField
    whom: forms.BoundField
    checked: forms.BoundField
    checked_on: date | None


def _day(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None


_BLANK: dict[str, Any] = {
    "hours_mode": "unknown",
    "cost_to_stay": CostToStay.UNKNOWN.value,
    **{f"is_{attribute}": Answer.UNKNOWN.value for attribute in WelcomeAttribute.values},
}


def initial_of(facts: Facts, texts: Mapping[str, str]) -> dict[str, Any]:
    """Return what the form shows of a version of a place."""
    lon, lat = facts["point"]
    shown: dict[str, Any] = {
        name: facts.get(name)
        for name in ("name", "kind", "address", "postcode", "website", "telephone", "cost_to_stay",
                     "languages", "is_booking_needed", "organisation")
    }  # fmt: skip
    shown |= {name: texts.get(facts.get(name, ""), "") for name in ("description", "who_for")}
    shown["position"] = say_position(lon, lat)
    shown["outline"] = GEOSGeometry(facts["footprint"]).geojson if facts.get("footprint") else ""
    shown |= _show_hours(
        facts.get("opening_hours", ""), is_words=facts.get("are_hours_unread", False)
    )
    for number, (language, name) in enumerate(facts.get("alt_names", [])):
        shown |= {f"name_{number}": name, f"language_{number}": language}
    for attribute, (value, whom, _checked_on) in facts.get("welcomes", {}).items():
        shown |= {f"is_{attribute}": value, f"whom_{attribute}": texts.get(whom, "")}
    return shown


def _show_hours(value: str, *, is_words: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"hours_written": value, "hours_words_only": is_words}
    if not value:
        return shown | {"hours_mode": "unknown"}
    week = None if is_words else read_week(value)
    if week is None:
        return shown | {"hours_mode": "written"}
    if week.is_always:
        return shown | {"hours_mode": "always"}
    shown |= {
        f"hours_{number}": _plain_spans(spans) or "closed" for number, spans in enumerate(week.days)
    }
    if week.holidays is not None:
        shown["hours_holidays"] = _plain_spans(week.holidays) or "closed"
    return shown | {"hours_mode": "week", "hours_other": "\n".join(week.other)}


def say_position(lon: float, lat: float) -> str:
    """Return a position as the form shows it."""
    return f"{lat:.6f}, {lon:.6f}"


# ------------------------------------------------------------------ two who edit at once


@dataclass(frozen=True)
class Clash:
    """A field that two people changed to different things."""

    name: str
    label: str
    mine: str
    theirs: str


@dataclass(frozen=True)
class Merged:
    """What the form shows after somebody else saved: `data` holds their changes where I made none,
    mine where I did; `clashes` are where both did."""

    data: dict[str, Any]
    clashes: list[Clash]


def merge_edits(
    mine: Mapping[str, Any],
    base: Mapping[str, Any],
    theirs: Mapping[str, Any],
    *,
    labels: Mapping[str, str],
) -> Merged:
    """Lay what I typed and what they saved over what both began with, field by field."""
    data, clashes = dict(theirs), []
    for name in {*mine, *base, *theirs} - {"revision", "csrfmiddlewaretoken"}:
        was, saved = _plain(base.get(name)), _plain(theirs.get(name))
        typed = _plain(mine.get(name))
        if typed in (was, saved):
            continue
        data[name] = mine.get(name)
        if saved != was and name in labels:
            clashes.append(Clash(name, labels[name], str(typed), str(saved)))
    return Merged(data, sorted(clashes, key=lambda clash: clash.label))


def _plain(value: Any) -> Any:
    """A form's value as a browser would send it."""
    if value in (None, False, "", []):
        return ""
    if isinstance(value, list | tuple):
        return sorted(str(one) for one in value)
    return "on" if value is True else str(value).strip().replace("\r\n", "\n")
