"""Finds in free text what names somebody or leads to them, before it is kept.

A telephone number, an e-mail address, a postcode or a social handle stops a save; a name or a
street only warns, for no list knows every name and many words are names too. Nothing is logged or
kept of what was found. Pure: no database.
"""

from kinder.accounts.naming.contacts import find_contacts
from kinder.accounts.naming.finding import Finding, What
from kinder.accounts.naming.people import find_people
from kinder.accounts.naming.reading import read_plainly

__all__ = ["Finding", "What", "clean_text", "find_contacts", "find_names", "read_plainly"]

# Signs that change how text looks and not what it says: C0 and C1 controls but for new lines and
# tabs, and those that turn the direction of what follows. The joiners of Arabic script stay.
_UNSEEN = {
    *(code for code in range(0x20) if code not in (0x09, 0x0A)),
    *range(0x7F, 0xA0),
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    0xFEFF,
    0x2028,
    0x2029,
}


def clean_text(text: str) -> str:
    """Return `text` without signs that cannot be seen and could mislead, its ends trimmed."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.translate(dict.fromkeys(_UNSEEN)).strip()


def find_names(text: str, *, known: frozenset[str] = frozenset()) -> list[Finding]:
    """Return what looks like somebody's name or street, in the order of the text.

    `known` are words of places and areas that the text may well speak of; they name nobody.
    """
    return find_people(text, known=known)
