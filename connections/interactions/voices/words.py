"""What must not stand in words that others will read: ways to find a person, and names."""

from typing import TYPE_CHECKING

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from connections.interactions.notes import STOPPED
from kinder.accounts.naming import find_contacts, find_names
from kinder.accounts.screening import find_signals

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise


def find_problems(text: str) -> list[str]:
    """Return, in plain words, what in `text` would let somebody be found; [] for nothing."""
    return [str(STOPPED[one.what]) % {"words": one.words} for one in find_contacts(text)]


def find_warnings(text: str) -> "tuple[_StrOrPromise, ...]":
    """Return what a moderator should look at: names and streets, and signs of spam."""
    names = ", ".join(one.words for one in find_names(text))
    named = (format_lazy(_("Perhaps a name: {names}"), names=names),) if names else ()
    return (*named, *find_signals(text))
