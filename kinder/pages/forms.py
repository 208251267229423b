"""How the pages look, chosen by the reader."""

from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _


class AppearanceForm(forms.Form):
    """Light or dark, and how large; kept in two cookies that say nothing else."""

    THEMES: ClassVar = [
        ("", _("As my device")),
        ("light", _("Light")),
        ("dark", _("Dark")),
    ]
    TEXT_SIZES: ClassVar = [
        ("", _("Usual")),
        ("large", _("Large")),
        ("larger", _("Larger")),
    ]

    theme = forms.ChoiceField(
        label=_("Colours"), choices=THEMES, required=False, widget=forms.RadioSelect
    )
    text_size = forms.ChoiceField(
        label=_("Text size"), choices=TEXT_SIZES, required=False, widget=forms.RadioSelect
    )
