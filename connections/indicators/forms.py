"""What the administrator chooses to look at, and the yes before publishing."""

from django import forms
from django.utils.translation import gettext_lazy as _

from connections.indicators.definitions import INDICATORS
from places.vocabulary import AreaLevel


class PreviewForm(forms.Form):
    """One indicator at one level of areas."""

    indicator = forms.ChoiceField(
        label=_("Figure"), choices=[(code, one.name) for code, one in INDICATORS.items()]
    )
    level = forms.ChoiceField(label=_("Areas"), choices=AreaLevel.choices)
    page = forms.IntegerField(required=False, min_value=1)


class PublishForm(forms.Form):
    """Publishing is for good, so it asks once more."""

    has_looked = forms.BooleanField(
        label=_("I have looked at the figures. They will be public and can never be changed."),
        error_messages={"required": _("Look at the figures first, then tick the box.")},
    )
