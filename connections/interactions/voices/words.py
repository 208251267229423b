"""What must not stand in words that others will read: ways to find a person, and names."""

from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from connections.interactions.notes import STOPPED, split_names
from kinder.accounts.models import Organisation
from kinder.accounts.naming import find_contacts, find_names
from kinder.accounts.screening import find_signals
from places.models import Area
from places.vocabulary import AreaLevel

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise


# Smaller areas have codes or streets for names.
NAMED_LEVELS = (AreaLevel.INTERMEDIATE, AreaLevel.COMMUNITY, AreaLevel.COUNCIL)


def find_problems(text: str) -> list[str]:
    """Return, in plain words, what in `text` would let somebody be found; [] for nothing."""
    return [str(STOPPED[one.what]) % {"words": one.words} for one in find_contacts(text)]


def find_named(text: str, *, known: frozenset[str] = frozenset()) -> list[str]:
    """Return the words of `text` that may name somebody or a street; `known` ones name nobody."""
    return [one.words for one in find_names(text, known=known)]


def list_known(area: Area) -> frozenset[str]:
    """Return the words of the names of `area`, of the areas in and around it, and of organisations
    there: they name nobody. Not of places, which are often called after somebody."""
    areas = Area.objects.filter(
        Q(ancestors__ancestor=area, level__in=NAMED_LEVELS) | Q(descendants__area=area)
    )
    organisations = Organisation.objects.filter(works_in__area__ancestors__ancestor=area)
    return split_names(
        [*areas.values_list("name", flat=True), *organisations.values_list("name", flat=True)]
    )


def find_warnings(text: str) -> "tuple[_StrOrPromise, ...]":
    """Return what a moderator should look at: names and streets, and signs of spam."""
    names = ", ".join(find_named(text))
    named = (format_lazy(_("Perhaps a name: {names}"), names=names),) if names else ()
    return (*named, *find_signals(text))
