"""UUIDs for an interface that asks for them, from keys that are numbers, there and back.

A row's UUID is of version 8 (RFC 9562): 48 bits name the deployment, four the sort of thing, the
rest is the row's key; so it is found without a table of its own. Terms have name-based ones.
"""

import hashlib
import uuid

from django.conf import settings

SORTS = ("place", "gathering", "organisation", "place at", "gathering at", "location", "part")
_NAMES = uuid.UUID("6f1d0f0c-6d5e-5b1a-9c64-0f8f3a7d1b2e")
_KEY_BITS = 62


def make_id(sort: str, key: int) -> str:
    """Return the UUID of the row `key` of a sort of thing."""
    head = int.from_bytes(_deployment(), "big")
    value = (head << 80) | (8 << 76) | (SORTS.index(sort) << 64) | (0b10 << _KEY_BITS) | key
    return str(uuid.UUID(int=value))


def read_id(text: str) -> tuple[str, int] | None:
    """Return the sort and the key that a UUID of ours stands for, None for any other text."""
    try:
        value = uuid.UUID(text).int
    except ValueError:
        return None
    number, key = (value >> 64) & 0xFFF, value & ((1 << _KEY_BITS) - 1)
    if number >= len(SORTS) or make_id(SORTS[number], key) != str(uuid.UUID(text)):
        return None
    return SORTS[number], key


def name_id(*names: str) -> str:
    """Return the UUID of something that has a name and no row: a taxonomy, a term."""
    return str(uuid.uuid5(_NAMES, "/".join(names)))


def _deployment() -> bytes:
    return hashlib.sha256(settings.SITE_URL.encode()).digest()[:6]
