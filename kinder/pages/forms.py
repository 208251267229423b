"""What readers type or choose in the hall."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from kinder.pages.search import LONGEST_QUERY


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


class SearchForm(forms.Form):
    """A name, a postcode or a street."""

    q = forms.CharField(
        label=_("Find your neighbourhood or a place"),
        help_text=_("A name, a street or a postcode"),
        max_length=LONGEST_QUERY,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )


class ModerationFilterForm(forms.Form):
    """Which of the waiting things to show; the address holds the choice."""

    ORDERS: ClassVar = [("", _("Longest waiting first")), ("new", _("Newest first"))]

    words = forms.CharField(label=_("Words"), max_length=80, required=False)
    order = forms.ChoiceField(label=_("Order"), choices=ORDERS, required=False)
    signs = forms.BooleanField(label=_("Only with warning signs"), required=False)

    def __init__(
        self,
        *args: Any,
        queues: Sequence[tuple[str, str]],
        areas: Sequence[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, label, choices in (
            ("queue", _("Queue"), [("", _("All queues")), *queues]),
            ("area", _("Area"), [("", _("All areas")), *((area, area) for area in areas)]),
        ):
            self.fields[name] = forms.ChoiceField(label=label, choices=choices, required=False)
