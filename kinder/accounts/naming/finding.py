"""What was found in a text."""

import enum
from dataclasses import dataclass


class What(enum.StrEnum):
    """Sorts of finding: the first four stop a save, the last two warn."""

    TELEPHONE = "telephone"
    EMAIL = "email"
    POSTCODE = "postcode"
    HANDLE = "handle"
    NAME = "name"
    STREET = "street"


@dataclass(frozen=True)
class Finding:
    """A stretch of the text and what it looks like; `words` are shown to its writer alone."""

    what: What
    words: str
