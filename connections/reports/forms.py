"""What a reader may ask for in an address: shape only."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from connections.indicators.definitions import INDICATORS
from connections.indicators.quarters import parse_quarter
from places.vocabulary import AreaLevel


class PeriodField(forms.CharField):
    """A calendar quarter such as 2026-Q1: no other span of time exists."""

    def clean(self, value: object) -> str:
        text: str = super().clean(value)
        try:
            if text:
                parse_quarter(text)
        except ValueError as error:
            raise ValidationError(
                _("Give a quarter, for example 2026-Q1."), code="quarter"
            ) from error
        return text


class FiguresForm(forms.Form):
    """Which indicator, release and level a map shows."""

    indicator = forms.ChoiceField(
        label=_("Figure"),
        required=False,
        # No map of what may not be compared between areas.
        choices=[(code, i.name) for code, i in INDICATORS.items() if i.is_comparable],
    )
    release = PeriodField(label=_("Quarter"), required=False, max_length=7)
    level = forms.ChoiceField(
        label=_("Areas"),
        required=False,
        choices=[
            (AreaLevel.INTERMEDIATE.value, _("Neighbourhoods")),
            (AreaLevel.COMMUNITY.value, _("Communities")),
            (AreaLevel.COUNCIL.value, _("Council areas")),
        ],
    )


class PickerForm(forms.Form):
    """Which area and quarter a reader looks for."""

    q = forms.CharField(label=_("Area's name, code or postcode"), required=False, max_length=80)
    release = PeriodField(label=_("Quarter"), required=False, max_length=7)
