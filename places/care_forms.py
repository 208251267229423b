"""Shapes what residents offer about places."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kinder.accounts.uploads import PhotoField
from places.freshness import is_question
from places.hours import InvalidHoursError, check_hours, tidy_hours
from places.models import Place, Postcode
from places.postcodes import tidy_postcode
from places.proposals import GONE
from places.vocabulary import Answer, CostToStay, PlaceKind
from places.week import UnclearHoursError, Week, read_spans, write_week


class PlainForm(forms.Form):
    """Labels without a colon."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""


class AnswerForm(PlainForm):
    question = forms.CharField(max_length=24)
    answer = forms.ChoiceField(choices=Answer.choices)

    def clean_question(self) -> str:
        code = str(self.cleaned_data["question"])
        if not is_question(code):
            raise forms.ValidationError(_("We don't ask that."))
        return code


def clean_typed_hours(text: str) -> str:
    """Return hours as OSM writes them; raises ValidationError with how to write them."""
    text = tidy_hours(text)
    try:
        check_hours(text)
    except InvalidHoursError as error:
        # "9am to 5pm" without a day means every day.
        try:
            spans = read_spans(text)
        except UnclearHoursError:
            raise forms.ValidationError(str(error)) from error
        return write_week(Week((spans,) * 7))
    return text


class SuggestionForm(PlainForm):
    """What is wrong with a place: begins with what stands there."""

    gone = forms.BooleanField(label=_("It has closed for good, or is not there"), required=False)
    name = forms.CharField(label=_("Name"), max_length=160, required=False)
    kind = forms.ChoiceField(label=_("Kind of place"), choices=PlaceKind.choices, required=False)
    address = forms.CharField(label=_("Address"), max_length=200, required=False)
    postcode = forms.CharField(label=_("Postcode"), max_length=8, required=False)
    opening_hours = forms.CharField(
        label=_("When it is open"),
        max_length=512,
        required=False,
        help_text=_("For example: Mo-Fr 09:00-17:00; Sa 10:00-14:00"),
    )
    cost_to_stay = forms.ChoiceField(
        label=_("What it costs to stay"), choices=CostToStay.choices, required=False
    )
    website = forms.URLField(
        label=_("Website"), max_length=200, required=False, assume_scheme="https"
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, place: Place, **kwargs: Any) -> None:
        self._place = place
        shown = {
            name: getattr(place, name)
            for name in ("name", "kind", "address", "postcode", "opening_hours", "cost_to_stay",
                         "website")
        }  # fmt: skip
        kwargs["initial"] = shown | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)

    def clean_opening_hours(self) -> str:
        text = str(self.cleaned_data["opening_hours"])
        return text if text == self._place.opening_hours else clean_typed_hours(text)

    def clean_postcode(self) -> str:
        text = str(self.cleaned_data["postcode"])
        return tidy_postcode(text) or text.strip().upper()

    def as_changes(self) -> dict[str, Any]:
        """Return what differs from what the form began with, empty names left out."""
        data = self.cleaned_data
        changes = {
            name: data[name]
            for name in self.changed_data
            if name not in ("gone", "revision") and (data[name] or name not in ("name", "kind"))
        }
        return changes | ({GONE: True} if data["gone"] else {})


class NewPlaceForm(PlainForm):
    """A place that somebody knows: as little as can be found again."""

    name = forms.CharField(label=_("What is it called?"), max_length=160)
    kind = forms.ChoiceField(
        label=_("What kind of place is it?"),
        choices=[("", _("Choose")), *PlaceKind.choices],
    )
    postcode = forms.CharField(
        label=_("Postcode"), max_length=8, help_text=_("The nearest one that you know is fine.")
    )
    address = forms.CharField(label=_("Street and number"), max_length=200, required=False)
    opening_hours = forms.CharField(
        label=_("When it is open"),
        max_length=512,
        required=False,
        help_text=_("For example: Mo-Fr 09:00-17:00; Sa 10:00-14:00"),
    )
    cost_to_stay = forms.ChoiceField(
        label=_("What does it cost to stay?"), choices=CostToStay.choices, required=False,
        initial=CostToStay.UNKNOWN,
    )  # fmt: skip

    def clean_opening_hours(self) -> str:
        return clean_typed_hours(str(self.cleaned_data["opening_hours"]))

    def clean_postcode(self) -> str:
        code = tidy_postcode(str(self.cleaned_data["postcode"]))
        self._known = Postcode.objects.filter(code=code).first() if code else None
        if self._known is None:
            raise forms.ValidationError(
                _("We couldn't find that postcode. Try another one near it.")
            )
        return self._known.code

    def as_facts(self) -> dict[str, Any]:
        """Return the place as an action takes it; it stands at its postcode until a look."""
        data = self.cleaned_data
        return {
            "name": data["name"],
            "kind": data["kind"],
            "postcode": data["postcode"],
            "address": data["address"],
            "opening_hours": data["opening_hours"],
            "cost_to_stay": data["cost_to_stay"] or CostToStay.UNKNOWN,
            "point": self._known.point if self._known else None,
        }


class PhotoForm(PlainForm):
    photo = PhotoField(
        label=_("Photo"),
        help_text=_("No faces, please. We take out where and when it was made."),
    )
    alt = forms.CharField(
        label=_("What does it show?"),
        max_length=200,
        help_text=_("In words, for those who cannot see it: a bench under a tree, no step."),
    )
