"""The questions that a moment asks: three needed, each other one may be skipped."""

import datetime as dt
import uuid
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from connections.interactions.notes import LONGEST_NOTE, STOPPED
from connections.interactions.rules import DAYS_BACK, InvalidMomentError
from connections.interactions.shape import Facts
from connections.interactions.spots import Spot, read_spot
from connections.interactions.vocabulary import (
    AtWork,
    Direction,
    Hardness,
    HardReason,
    MomentKind,
    PartOfDay,
    Setting,
    Tie,
    YesNoUnsure,
)
from kinder.accounts.naming import clean_text, find_contacts, find_names

# The face of each choice, beside its words: names in static/src/icons.json.
DIRECTION_ICONS = {
    Direction.RECEIVED.value: "gift",
    Direction.GAVE.value: "hand-heart",
    Direction.NOTICED.value: "eye",
}
KIND_ICONS = {
    MomentKind.HELLO.value: "hand-waving",
    MomentKind.CHAT.value: "ear",
    MomentKind.HELP.value: "hand",
    MomentKind.FOOD.value: "coffee",
    MomentKind.CHECKING_IN.value: "phone",
    MomentKind.LENT.value: "gift",
    MomentKind.COMPANY.value: "armchair",
    MomentKind.OTHER.value: "dots-three",
}


def list_days() -> list[tuple[str, str]]:
    """Return the days that may be chosen, the newest first, as a value and its words."""
    today = timezone.localdate()
    days = [today - dt.timedelta(days=back) for back in range(DAYS_BACK + 1)]
    words = {today: gettext("Today"), days[1]: gettext("Yesterday")}
    return [
        (day.isoformat(), words.get(day) or capfirst(date_format(day, "l j E"))) for day in days
    ]


class SpotForm(forms.Form):
    """What each step of a moment carries along: its id, where and when."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    where = forms.CharField(
        label=_("Where was it?"),
        max_length=40,
        widget=forms.HiddenInput,
        error_messages={"required": _("Choose where it was.")},
    )
    occurred_on = forms.ChoiceField(
        label=_("When?"),
        choices=list_days,
        error_messages={
            "required": _("Choose a day."),
            "invalid_choice": _("Choose a day from the last 30 days."),
        },
    )

    def clean_where(self) -> Spot:
        try:
            return read_spot(self.cleaned_data["where"])
        except InvalidMomentError:
            raise forms.ValidationError(
                _("We don't know that place any more. Choose another.")
            ) from None

    def clean_occurred_on(self) -> dt.date:
        return dt.date.fromisoformat(self.cleaned_data["occurred_on"])


class MomentForm(SpotForm):
    """Direction, kind, Save."""

    direction = forms.ChoiceField(
        label=_("What happened?"),
        choices=Direction.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what happened.")},
    )
    kind = forms.ChoiceField(
        label=_("What kind of thing was it?"),
        choices=MomentKind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what kind of thing it was.")},
    )
    field_order = ("id", "where", "direction", "kind", "occurred_on")

    def facts(self) -> Facts:
        """Return the valid answers as the facts of a moment."""
        spot: Spot = self.cleaned_data["where"]
        return {
            "direction": self.cleaned_data["direction"],
            "kind": self.cleaned_data["kind"],
            "place": spot.place.code if spot.place else None,
            "area": None if spot.place else spot.area.code,
            "occurred_on": self.cleaned_data["occurred_on"],
            "tie": None,
            "is_different": None,
            "at_work": None,
            "through_organisation": None,
            "hardness": None,
            "hard_reasons": [],
            "part_of_day": None,
            "setting": None,
        }


class DifficultyForm(SpotForm):
    """I wanted to, but it was hard here."""

    reasons = forms.MultipleChoiceField(
        label=_("What made it hard?"),
        help_text=_("Choose all that fit."),
        choices=HardReason.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose a reason, or “Rather not say”.")},
    )
    field_order = ("id", "where", "reasons", "occurred_on")


class ChangingForm(SpotForm):
    """What a change of a moment needs beside: the state that it starts from. The day that stands
    may stay, however long ago it is."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, day: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        days = list_days()
        if day.isoformat() not in dict(days):
            days.append((day.isoformat(), date_format(day, "l j E Y")))
        days_field = self.fields["occurred_on"]
        if isinstance(days_field, forms.ChoiceField):
            days_field.choices = days


class ChangedMomentForm(ChangingForm, MomentForm):
    """Another direction, kind, place or day of a moment that was added before."""


class ChangedDifficultyForm(ChangingForm, DifficultyForm):
    """Other reasons, another area or day of what was hard."""


SKIP = ("", _("Skip"))


def _ask(label: Any, choices: list[tuple[str, Any]], **more: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=[*choices, SKIP], required=False, widget=forms.RadioSelect, **more
    )


class AnswersForm(forms.Form):
    """What may be told once a moment is saved: the first two are shown, the rest on request."""

    tie = _ask(_("Who was it with?"), Tie.choices)
    hardness = _ask(_("How was it here?"), Hardness.choices)
    hard_reasons = forms.MultipleChoiceField(
        label=_("If it was hard, what made it so?"),
        choices=HardReason.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    is_different = _ask(
        _("Was it someone you might not usually mix with?"),
        YesNoUnsure.choices,
        help_text=_("Another age, background or language."),
    )
    at_work = _ask(_("Were they at work?"), AtWork.choices)
    through_organisation = _ask(_("Was it through a group or organisation?"), YesNoUnsure.choices)
    part_of_day = _ask(_("What time of day was it?"), PartOfDay.choices)
    setting = _ask(
        _("Where did it happen?"),
        Setting.choices,
        help_text=_("If it was not at a place, we keep only the neighbourhood."),
    )

    note = forms.CharField(
        label=_("A few words for yourself"),
        help_text=_(
            "Please don't write anyone's name, phone or address. "
            "Only you can read this unless you choose to share it."
        ),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto", "maxlength": None}),
        error_messages={
            "max_length": _("That is %(show_value)d letters; %(limit_value)d fit in here.")
        },
    )
    keep_names = forms.BooleanField(
        label=_("Keep it as it is: this names nobody"),
        required=False,
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(
        self, *args: Any, direction: str, known: frozenset[str] = frozenset(), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._known = known
        self.warnings: list[str] = []
        if direction == Direction.NOTICED:
            # Whom somebody else was kind to is not theirs to tell.
            del self.fields["tie"]
        if direction == Direction.GAVE:
            self.fields["at_work"].label = _("Were you at work?")

    @property
    def first_two(self) -> list[forms.BoundField]:
        names = [name for name in ("tie", "hardness", "is_different") if name in self.fields]
        return [self[name] for name in names[:2]]

    @property
    def others(self) -> list[forms.BoundField]:
        shown = {field.name for field in self.first_two} | {
            *("hard_reasons", "revision", "note", "keep_names"),
        }
        return [field for field in self if field.name not in shown]

    def changes(self) -> dict[str, Any]:
        """Return what was answered otherwise than before; a skipped answer is none."""
        return {
            name: self.cleaned_data[name] or (None if name != "hard_reasons" else [])
            for name in self.changed_data
            if name not in {"revision", "note", "keep_names"}
        }

    def clean_note(self) -> str:
        """Refuse what leads straight to somebody; the text stays in the box."""
        text: str = clean_text(self.cleaned_data["note"])
        if stopping := find_contacts(text):
            raise forms.ValidationError(
                [
                    forms.ValidationError(STOPPED[one.what], params={"words": one.words})
                    for one in stopping
                ]
            )
        return text

    def clean(self) -> dict[str, Any]:
        """Ask once about what may be a name or a street: no list knows, and whoever writes does."""
        told = super().clean() or self.cleaned_data
        if told.get("note") and "note" in self.changed_data and not told.get("keep_names"):
            self.warnings = [one.words for one in find_names(told["note"], known=self._known)]
            if self.warnings:
                self.add_error(
                    "note",
                    ngettext(
                        "“%(words)s” may name somebody. Take it out, or tick the box below.",
                        "“%(words)s” may name somebody. Take them out, or tick the box below.",
                        len(self.warnings),
                    )
                    % {"words": "”, “".join(self.warnings)},
                )
        return told


def make_id() -> uuid.UUID:
    """Return the id of a new form: sent twice, it is still one moment."""
    return uuid.uuid4()


class CodeForm(forms.Form):
    """A recovery code, typed as somebody has it on paper."""

    code = forms.CharField(
        label=_("Your code"),
        help_text=_("20 letters and numbers. Small letters and gaps do not matter."),
        max_length=60,
        error_messages={"required": _("Type your code.")},
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "dir": "ltr",
            }
        ),
    )
