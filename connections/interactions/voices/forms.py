"""What residents share and what workers tell: words that others will read."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.interactions.voices.words import find_named, find_problems
from kinder.accounts.models import Organisation
from kinder.accounts.naming import clean_text
from kinder.accounts.screening import ScreenedForm


def clean_words(text: str) -> str:
    """Return `text` without signs that nobody sees and that could turn its direction; a
    ValidationError where it would let somebody be found."""
    text = clean_text(text)
    if problems := find_problems(text):
        raise forms.ValidationError(problems)
    return text


class NamelessForm(forms.Form):
    """Words that a worker puts on a public page: contacts stop them, names and streets do too until
    whoever writes says that these name nobody. Needs a field `text`; `known` are words of the
    places and organisations spoken of."""

    keep_names = forms.BooleanField(
        label=_("These words name nobody"), required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, known: frozenset[str] = frozenset(), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known = known

    def clean_text(self) -> str:
        return clean_words(self.cleaned_data["text"])

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or self.cleaned_data
        named = find_named(told.get("text", ""), known=self._known)
        if not named:
            return told
        # The tick is offered once there is something to say it of.
        self.fields["keep_names"].widget = forms.CheckboxInput()
        if not told.get("keep_names"):
            words = "”, “".join(named)
            self.add_error(
                "text",
                _("“%(words)s” may name somebody, and everybody will read this. Take it out, or "
                  "tick below that it names nobody.") % {"words": words},
            )  # fmt: skip
        return told


class StoryForm(forms.Form):
    """One's own words, and the consent to share them."""

    text = forms.CharField(
        label=_("Your story, as others will read it"),
        help_text=_("Please no names, streets or anything by which somebody would be known."),
        max_length=1200,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Write your story first.")},
    )
    version = forms.CharField(max_length=20, widget=forms.HiddenInput)
    agrees = forms.BooleanField(
        label=_("Yes, I want to share these words like this"),
        error_messages={"required": _("Tick the box if you want to share it.")},
    )

    def clean_text(self) -> str:
        return clean_words(self.cleaned_data["text"])


class RewordForm(NamelessForm):
    text = forms.CharField(
        label=_("Wording"),
        help_text=_("The author reads it and says yes or no. Change as little as you can."),
        max_length=1200,
        widget=forms.Textarea(attrs={"rows": 8}),
    )


class ThanksForm(ScreenedForm):
    text = forms.CharField(
        label=_("What would you like to thank this place for?"),
        help_text=_("A sentence. Thank the place, not a person: no names, please."),
        max_length=160,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write a word or two first.")},
    )

    def clean_text(self) -> str:
        return clean_words(self.cleaned_data["text"])


class HeardForm(NamelessForm):
    """Something heard, signed by whoever writes it."""

    text = forms.CharField(
        label=_("What did you hear?"),
        help_text=_("One plain sentence: no numbers, and no detail by which somebody is known."),
        max_length=280,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    heard_from_3 = forms.BooleanField(
        label=_("I heard this from three people or more, each by themselves"),
        error_messages={
            "required": _(
                "Write only what you heard from three people or more, each by themselves."
            )
        },
    )
    names_no_one = forms.BooleanField(
        label=_("I read it again: nobody can be known from it"),
        error_messages={"required": _("Read it again, and tick that nobody can be known from it.")},
    )


class ResponseForm(NamelessForm):
    """What was done together about something heard."""

    text = forms.CharField(
        label=_("What did you do together?"),
        max_length=280,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    organisation = forms.ModelChoiceField(
        label=_("Who did it"),
        queryset=Organisation.objects.none(),
        required=False,
        empty_label=_("Neighbours"),
    )
    done_on = forms.DateField(
        label=_("Since when"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Write the day like this: 2026-03-05.")},
    )

    def __init__(self, *args: Any, organisations: list[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["organisation"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = Organisation.objects.filter(pk__in=[one.pk for one in organisations])

    def clean_done_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["done_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("That day has not come yet: tell what was done."))
        return day
