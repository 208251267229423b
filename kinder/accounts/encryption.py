"""Encrypts what only few may read (notes, concerns, second-factor secrets) with rotatable keys.

`KINDER_ENCRYPTION_KEYS` holds Fernet keys, newest first: the first encrypts, all decrypt. To
rotate: put a new key first, restart, run `bin/manage rotate_encryption`, take the old key away.
"""

from collections.abc import Callable
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class UnreadableTextError(Exception):
    """None of the keys opens this ciphertext: it was altered, or its key was taken away."""


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _current_box() -> MultiFernet:
    return _box(tuple(settings.ENCRYPTION_KEYS))


def encrypt(text: str) -> bytes:
    """Return `text` as a Fernet token under the newest key."""
    return _current_box().encrypt(text.encode())


def decrypt(ciphertext: bytes | memoryview) -> str:
    """Return the text of a token made by `encrypt`; UnreadableTextError where no key opens it."""
    try:
        return _current_box().decrypt(bytes(ciphertext)).decode()
    except InvalidToken as error:
        raise UnreadableTextError("None of the encryption keys opens this text.") from error


def rotate(ciphertext: bytes | memoryview) -> bytes:
    """Return the same text under the newest key, keeping the token's time."""
    try:
        return _current_box().rotate(bytes(ciphertext))
    except InvalidToken as error:
        raise UnreadableTextError("None of the encryption keys opens this text.") from error


# What a room does to put its own ciphertexts under the newest key; returns how many it wrote.
Rotation = Callable[[], int]
_rotations: dict[str, Rotation] = {}


def register_rotation(room: str, rotation: Rotation) -> None:
    """Add a room's rotation, in its AppConfig.ready; accounts never imports a room."""
    _rotations[room] = rotation


def rotate_all() -> dict[str, int]:
    """Put every room's ciphertexts under the newest key; return the counts by room."""
    return {room: _rotations[room]() for room in sorted(_rotations)}
