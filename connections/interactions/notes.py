"""The private words beside a moment: encrypted, and read by their author alone."""

import re
from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from connections.interactions.models import Difficulty, Interaction, Note
from kinder.accounts.encryption import UnreadableTextError, decrypt, rotate
from kinder.accounts.naming import What

LONGEST_NOTE = 1_000
"""Characters: a page of a phone, not a diary of it."""

# What is said about a finding that stops the save. The text stays in the box.
STOPPED = {
    What.TELEPHONE: _("“%(words)s” looks like a phone number. Please take it out."),
    What.EMAIL: _("“%(words)s” looks like an e-mail address. Please take it out."),
    What.POSTCODE: _("“%(words)s” looks like a postcode. Please take it out."),
    What.HANDLE: _("“%(words)s” looks like a name or a link on the web. Please take it out."),
}


def read_note(moment: Interaction | Difficulty) -> str:
    """Return the private words beside `moment`, "" where there are none or no key opens them."""
    if isinstance(moment, Difficulty):
        return ""
    note = Note.objects.filter(pk=moment.pk).first()
    try:
        return decrypt(note.ciphertext) if note else ""
    except UnreadableTextError:
        return ""


def find_known_words(moment: Interaction) -> frozenset[str]:
    """Return the words of the place and the areas that a note will speak of; they name nobody."""
    names = [moment.area.name, moment.place.name if moment.place else ""]
    if moment.area.parent:
        names.append(moment.area.parent.name)
    return split_names(names)


def split_names(names: Iterable[str]) -> frozenset[str]:
    """Return the words of names of places, areas and organisations, as `find_names` takes them."""
    return frozenset(re.findall(r"[^\W\d_]+", " ".join(names).lower()))


def rotate_notes() -> int:
    """Put every note under the newest encryption key; return how many."""
    count = 0
    for note in Note.objects.iterator(chunk_size=500):
        Note.objects.filter(pk=note.pk, ciphertext=note.ciphertext).update(
            ciphertext=rotate(note.ciphertext)
        )
        count += 1
    return count
