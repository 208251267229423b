"""One spelling for the many in which people write the same signs."""

import unicodedata

_JOINERS = dict.fromkeys([0x00AD, *range(0x200B, 0x2010), 0x2060, 0x061C, 0xFEFF])
_ALIKE = str.maketrans(
    {
        "‐": "-",
        "‑": "-",
        "‒": "-",
        "–": "-",
        "—": "-",
        "−": "-",
        "’": "'",
        "‘": "'",
        "ʼ": "'",
    }
)


def read_plainly(text: str) -> str:
    """Return `text` with wide and foreign digits as 0–9, dashes as "-", and nothing invisible."""
    text = unicodedata.normalize("NFKC", text).translate(_JOINERS).translate(_ALIKE)
    return "".join(
        str(unicodedata.digit(sign)) if sign.isdigit() and not sign.isascii() else sign
        for sign in text
    )


def words_of(text: str) -> frozenset[str]:
    """Return the words of a list written as running text."""
    return frozenset(text.split())
