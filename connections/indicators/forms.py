"""What the administrator chooses to look at and decides, and the yes before what is for good."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from connections.indicators.definitions import INDICATORS
from connections.indicators.vocabulary import Cadence
from places.models import Area
from places.vocabulary import AreaLevel

if TYPE_CHECKING:
    from django.db.models import QuerySet


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


class ReviseForm(forms.Form):
    """A revision happens once, so it asks once more."""

    is_sure = forms.BooleanField(
        label=_("Freeze this quarter's rows once more and compute its revision."),
        error_messages={"required": _("Tick the box if you want to go on.")},
    )


class CadenceForm(forms.Form):
    """How often a council's people are told of, from a year on."""

    council = forms.ModelChoiceField(
        Area.objects.none(), label=_("Council"), empty_label=_("Choose a council")
    )
    from_year = forms.IntegerField(
        label=_("From the year"),
        min_value=2000,
        max_value=2200,
        help_text=_("A year that has not begun."),
    )
    cadence = forms.ChoiceField(
        label=_("How often"), choices=Cadence.choices, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        council: Any = self.fields["council"]
        council.queryset = _areas_of(AreaLevel.COUNCIL)


class VoteForm(forms.Form):
    """What a community decided about its picture."""

    area = forms.ModelChoiceField(
        Area.objects.none(), label=_("Community"), empty_label=_("Choose a community")
    )
    voted_on = forms.DateField(
        label=_("Day of the vote"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    in_favour = forms.IntegerField(label=_("Votes for it"), min_value=0, max_value=32_000)
    against = forms.IntegerField(label=_("Votes against"), min_value=0, max_value=32_000)
    is_on = forms.TypedChoiceField(
        label=_("What was decided"),
        choices=[("yes", _("Show the picture")), ("no", _("Show none"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        area: Any = self.fields["area"]
        area.queryset = _areas_of(AreaLevel.COMMUNITY)


def _areas_of(level: AreaLevel) -> "QuerySet[Area]":
    return (
        Area.objects.filter(geography__is_current=True, level=level)
        .defer("geometry")
        .order_by("name", "code")
    )
