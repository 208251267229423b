"""The filters of the diary."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from connections.interactions.diary import HARD, Shelf, Wanted
from connections.interactions.vocabulary import Direction, MomentKind

ALL = ("", _("All"))


class DiaryForm(forms.Form):
    """Which moments to list; what fits nothing of one's own is no choice."""

    direction = forms.ChoiceField(
        label=_("What happened"),
        choices=[ALL, *Direction.choices, (HARD, _("It was hard"))],
        required=False,
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=[ALL, *MomentKind.choices], required=False)
    month = forms.ChoiceField(label=_("Month"), required=False)
    place = forms.ChoiceField(label=_("Where"), required=False)

    def __init__(self, *args: Any, shelf: Shelf, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (
            ("month", [(f"{one:%Y-%m}", date_format(one, "F Y")) for one in shelf.months]),
            ("place", shelf.spots),
        ):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = [ALL, *choices]

    def wanted(self) -> Wanted:
        """Return the filters; one that makes no sense filters nothing."""
        given: dict[str, str] = self.cleaned_data if self.is_valid() else {}
        given = {name: given.get(name, "") for name in self.fields}
        month = given["month"]
        return Wanted(
            direction=given["direction"],
            kind=given["kind"],
            month_on=dt.date.fromisoformat(f"{month}-01") if month else None,
            spot=given["place"],
        )
