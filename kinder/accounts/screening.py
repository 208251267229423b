"""Against spam without asking people to prove that they are people: no third party, no puzzle.

Three things, none of which a person notices: a field that only programs fill, a signed moment at
which the form was made (a form sent back within two seconds was not read), and signs in the text
that a moderator should see. Only the first two refuse; a sign is a sign, and a person decides.
"""

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.signing import BadSignature, Signer
from django.http import QueryDict
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise, _StrPromise

_SIGNER = Signer(salt="kinder.screening")
LEAST_SECONDS = 2
"""Nobody reads and fills a form faster (a judgement; a keyboard user with filled-in values needs
about three)."""
LONGEST_OPEN = dt.timedelta(days=2)
"""A form that lay open for longer is shown once more, with what was typed."""

TOO_FAST = _("That was very quick. Please look at it once more, and send it again.")
TOO_OLD = _("This page was open for a long time. Please send it again.")
NOT_A_PERSON = _("Please leave the field “Website of your company” empty, and send it again.")

_LINK = re.compile(r"https?://|www\.|\b[\w-]{2,}\.(?:com|net|info|biz|xyz|top|ru|shop)\b", re.I)
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[a-z]{2,}", re.IGNORECASE)
_TELEPHONE = re.compile(r"(?:\+|\b0)[\d\s().-]{8,}\d")
_REPEATED = re.compile(r"(.)\1{5,}|\b(\w+)(?:\W+\2\b){3,}", re.IGNORECASE | re.DOTALL)
_MARKUP = re.compile(r"</?[a-z][^>]*>|\[/?url|javascript:", re.IGNORECASE)
_MONEY = re.compile(
    r"\b(?:casino|crypto|bitcoin|viagra|loan|forex|betting|seo|backlinks?|escort)s?\b",
    re.IGNORECASE,
)
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_MANY_LETTERS = 20

SIGNALS = (
    (_LINK, _("Has a link")),
    (_EMAIL, _("Has an e-mail address")),
    (_TELEPHONE, _("Has a telephone number")),
    (_REPEATED, _("Repeats itself")),
    (_MARKUP, _("Has code in it")),
    (_MONEY, _("Sounds like advertising")),
    (_INVISIBLE, _("Has signs that cannot be seen")),
)
SHOUTS = _("All in capitals")


def find_signals(*texts: str) -> "tuple[_StrOrPromise, ...]":
    """Return what a moderator should notice about `texts`, in plain words; () for nothing."""
    text = "\n".join(texts)
    found = [label for pattern, label in SIGNALS if pattern.search(text)]
    letters = [sign for sign in text if sign.isalpha()]
    if len(letters) >= _MANY_LETTERS and sum(sign.isupper() for sign in letters) > 0.8 * len(
        letters
    ):
        found.append(SHOUTS)
    return tuple(found)


class ScreenedForm(forms.Form):
    """A form that anybody may send: mix it in before the form's own fields.

    Adds two fields. `asked_at` is the signed moment at which the form was made, `company_website`
    stays empty. Write `{{ form.screen }}` once inside the form element. What is wrong with them is
    said among the form's own errors, and everything typed is kept.
    """

    company_website = forms.CharField(required=False, label=_("Website of your company"))
    asked_at = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["asked_at"].initial = stamp

    @property
    def screen(self) -> SafeString:
        """The two fields as HTML; the second is out of sight, of keyboards and of readers."""
        field = self["company_website"]
        return format_html(
            '{}<div class="visually-hidden" aria-hidden="true"><label>{} '
            '<input type="text" name="{}" tabindex="-1" autocomplete="off"></label></div>',
            self["asked_at"],
            field.label,
            field.html_name,
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.pop("company_website", ""):
            self.add_error(None, NOT_A_PERSON)
        if problem := find_haste(cleaned.pop("asked_at", "")):
            # A fresh moment where the form lay open too long, or the same answer came for ever.
            if problem == TOO_OLD:
                again = QueryDict(mutable=True)
                again.update(self.data)
                again[self.add_prefix("asked_at")] = stamp()
                self.data = again
            self.add_error(None, problem)
        return cleaned


def stamp(at: dt.datetime | None = None) -> str:
    """Return the signed moment `at` (now, where none is given)."""
    return _SIGNER.sign(str(int((at or timezone.now()).timestamp())))


def find_haste(stamped: str) -> "_StrPromise | None":
    """Return what is wrong with the moment at which a form was made, None where nothing is."""
    try:
        made = int(_SIGNER.unsign(stamped))
    except (BadSignature, ValueError):
        return TOO_OLD
    age = timezone.now().timestamp() - made
    if age < LEAST_SECONDS:
        return TOO_FAST
    return TOO_OLD if age > LONGEST_OPEN.total_seconds() else None
