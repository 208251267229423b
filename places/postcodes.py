"""Postcodes as people type them, and as the register keeps them ("G20 7TX")."""

import re

_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)\s*([0-9][A-Z]{2})")


def tidy_postcode(text: str) -> str | None:
    """Return `text` as a postcode in capitals with one space, or None where it is none."""
    found = _POSTCODE.fullmatch(re.sub(r"[^A-Z0-9]", "", text.upper()))
    return f"{found.group(1)} {found.group(2)}" if found else None
