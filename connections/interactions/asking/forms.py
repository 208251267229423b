"""What residents answer about a day, and what workers fill in about measures and cards."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from connections.interactions.asking.actions import Told
from connections.interactions.asking.questions import Question
from connections.interactions.asking.rules import (
    MOST_ACTS,
    MOST_CARDS,
    QUARTER_MONTHS,
)
from connections.interactions.models import Measure, PromptAnswer
from connections.interactions.vocabulary import HardReason
from kinder.accounts.models import Organisation

AGREEMENT: list[tuple[str, Any]] = [
    ("1", _("Strongly agree")),
    ("2", _("Tend to agree")),
    ("3", _("Neither agree nor disagree")),
    ("4", _("Tend to disagree")),
    ("5", _("Strongly disagree")),
]
ZERO_TO_TEN: list[tuple[str, Any]] = [(str(n), str(n)) for n in range(11)]
SKIP = ("", _("Skip"))
COUNTS: list[tuple[str, Any]] = [
    ("", _("Choose…")),
    ("0", pgettext_lazy("how many kind acts", "None")),
    *((str(n), str(n)) for n in range(1, MOST_ACTS)),
    (str(MOST_ACTS), _("10 or more")),
]


def _count(label: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        choices=COUNTS,
        coerce=int,
        error_messages={"required": _("Choose how many, or “None”.")},
    )


def _ask(label: Any, choices: list[tuple[str, Any]], help_text: Any = "") -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        help_text=help_text,
        choices=[*choices, SKIP],
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )


class DayForm(forms.Form):
    """The day: how often, the community's own questions, two statements, and what was hard."""

    received = _count(_("Times that someone was kind to me"))
    gave = _count(_("Times that I did something kind"))
    noticed = _count(_("Times that I saw something kind"))
    rely = _ask(
        _(
            "“If I was alone and needed help, I could rely on someone in this neighbourhood to "
            "help me.”"
        ),
        AGREEMENT,
    )
    kind = _ask(_("“This is a neighbourhood where people are kind to each other.”"), AGREEMENT)
    was_hard = _ask(
        _("Did anything make it hard to be kind, or to take kindness, that day?"),
        [("1", _("Yes")), ("0", _("No"))],
    )
    hard_reasons = forms.MultipleChoiceField(
        label=_("If yes: what was it?"),
        help_text=_("Choose all that fit."),
        choices=HardReason.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, measures: Sequence[Measure] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.measures = list(measures)
        for measure in self.measures:
            scale = AGREEMENT if measure.scale == Measure.Scale.AGREE_5 else ZERO_TO_TEN
            self.fields[f"measure_{measure.pk}"] = _ask(
                measure.question,
                scale,
                format_lazy(
                    _("{author} asks this, since {day}."),
                    author=measure.author,
                    day=date_format(measure.opened_on or timezone.localdate(), "F Y"),
                ),
            )

    @property
    def counts(self) -> list[forms.BoundField]:
        return [self[name] for name in ("received", "gave", "noticed")]

    @property
    def own(self) -> list[forms.BoundField]:
        return [self[f"measure_{measure.pk}"] for measure in self.measures]

    @property
    def statements(self) -> list[forms.BoundField]:
        return [self["rely"], self["kind"]]

    def told(self) -> Told:
        """Return the valid answers; reasons that were ticked say that it was hard."""
        given = self.cleaned_data
        hard = given["was_hard"]
        return Told(
            gave=given["gave"],
            received=given["received"],
            noticed=given["noticed"],
            rely=given["rely"],
            kind=given["kind"],
            was_hard=True if given["hard_reasons"] else None if hard is None else bool(hard),
            hard_reasons=given["hard_reasons"],
            measures={
                measure.pk: value
                for measure in self.measures
                if (value := given[f"measure_{measure.pk}"]) is not None
            },
        )


def read_none(data: Any) -> Any:
    """Return what was sent, with the three counts at none where the button “None” sent it."""
    if "none" not in data:
        return data
    sent = data.copy()
    for name in ("received", "gave", "noticed"):
        sent[name] = "0"
    return sent


def initial_of(question: Question) -> dict[str, Any]:
    """Return what somebody answered so far, as the form writes it."""
    answer = question.answer
    if answer is None:
        return {}
    return told_before(answer) | {
        f"measure_{pk}": str(value) for pk, value in question.told.items()
    }


def told_before(answer: PromptAnswer) -> dict[str, Any]:
    return {
        "received": str(min(answer.received, MOST_ACTS)),
        "gave": str(min(answer.gave, MOST_ACTS)),
        "noticed": str(min(answer.noticed, MOST_ACTS)),
        "rely": str(answer.rely or ""),
        "kind": str(answer.kind or ""),
        "was_hard": "" if answer.was_hard is None else str(int(answer.was_hard)),
        "hard_reasons": answer.hard_reasons,
    }


class AddressForm(forms.Form):
    address = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": _("Write your e-mail address."),
            "invalid": _("That does not look like an e-mail address. Look again, please."),
        },
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("The code from the e-mail"),
        help_text=_("Six numbers."),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
        error_messages={"required": _("Write the code from the e-mail.")},
    )


class CardForm(forms.Form):
    card = forms.CharField(
        label=_("Number of the card"),
        help_text=_(
            "As it is printed, such as 12-034-7KQ4. Capital or small letters are the same."
        ),
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
        error_messages={"required": _("Write the number that is printed on the card.")},
    )


class EntryForm(CardForm, DayForm):
    """A paper card as a worker types it in."""

    replaces = forms.BooleanField(
        label=_("I am correcting what was typed in for this card before"), required=False
    )


def list_months(today: dt.date | None = None) -> list[tuple[str, str]]:
    """Return the months for which a day can be planned: of the coming twelve, the first two of each
    quarter."""
    today = today or timezone.localdate()
    months = []
    for ahead in range(1, 13):
        number = today.year * 12 + today.month - 1 + ahead
        month = dt.date(number // 12, number % 12 + 1, 1)
        if month.month in QUARTER_MONTHS:
            months.append((month.isoformat(), date_format(month, "F Y")))
    return months


class PlanForm(forms.Form):
    month_on = forms.TypedChoiceField(
        label=_("Month"), choices=list_months, coerce=dt.date.fromisoformat
    )
    cards = forms.IntegerField(
        label=_("How many cards to print"),
        help_text=_("One for each person you hope for, and some more."),
        min_value=1,
        max_value=MOST_CARDS,
        initial=60,
    )


class HandOutForm(forms.Form):
    count = forms.IntegerField(
        label=_("The highest number that was handed out"),
        help_text=_("Hand the cards out in order. Each one handed out counts as one person asked."),
        min_value=1,
        max_value=MOST_CARDS,
    )


class OrganisationForm(forms.Form):
    """Says for which of their organisations somebody speaks."""

    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=Organisation.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, organisations: Sequence[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["organisation"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = Organisation.objects.filter(pk__in=[one.pk for one in organisations])
        if organisations:
            self.initial.setdefault("organisation", organisations[0].pk)


class MeasureForm(OrganisationForm):
    """A question that an organisation there proposes."""

    question = forms.CharField(
        label=_("Your question or statement"),
        help_text=_("One thing at a time, in plain words. It can never change once it is asked."),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    scale = forms.ChoiceField(
        label=_("Answers"), choices=Measure.Scale.choices, widget=forms.RadioSelect
    )
    author = forms.CharField(
        label=_("Who asks, as everybody will read it"),
        help_text=_("A group, not a person."),
        max_length=120,
    )


class CommentForm(OrganisationForm):
    text = forms.CharField(
        label=_("Your comment"), max_length=400, widget=forms.Textarea(attrs={"rows": 3})
    )
