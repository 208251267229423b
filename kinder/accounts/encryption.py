"""Encrypts what only few may read (notes, concerns, second-factor secrets) with rotatable keys.

`KINDER_ENCRYPTION_KEYS` holds Fernet keys, newest first: the first encrypts, all decrypt. To
rotate: put a new key first, restart, run `bin/manage rotate_encryption`, take the old key away.
"""

from collections.abc import Callable
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.conf import settings
from django.db import models

from kinder.accounts.acting import Purpose, acting


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


COLUMN = "ciphertext"
"""How the name of every column ends that holds such a text: by that `rotate_all` finds them."""
_BATCH = 500

# What puts ciphertexts under the newest key that lie elsewhere than in such a column; returns how
# many it wrote.
Rotation = Callable[[], int]
_rotations: dict[str, Rotation] = {}


def register_rotation(room: str, rotation: Rotation) -> None:
    """Add a room's own rotation, in its AppConfig.ready; accounts never imports a room."""
    _rotations[room] = rotation


def encrypted_columns() -> list[tuple[type[models.Model], str]]:
    """Return every column of every room that holds an encrypted text."""
    return [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.BinaryField) and field.name.endswith(COLUMN)
    ]


def rotate_all() -> dict[str, int]:
    """Put every ciphertext under the newest key; return the counts by room.

    It goes in batches and may be cut short and run again. A text that somebody changes meanwhile is
    left as they wrote it: that was under the newest key already.
    """
    counts: dict[str, int] = {}
    for model, column in encrypted_columns():
        room = model._meta.app_label
        counts[room] = counts.get(room, 0) + _rotate_column(model, column)
    for room, rotation in _rotations.items():
        counts[room] = counts.get(room, 0) + rotation()
    return dict(sorted(counts.items()))


def _rotate_column(model: type[models.Model], column: str) -> int:
    written, after = 0, None
    while True:
        with acting(purpose=Purpose.MIGRATE):
            rows = model._default_manager.exclude(**{column: None}).order_by("pk")
            if after is not None:
                rows = rows.filter(pk__gt=after)
            batch = list(rows.values_list("pk", column)[:_BATCH])
            for pk, ciphertext in batch:
                unchanged = model._default_manager.filter(pk=pk, **{column: ciphertext})
                written += unchanged.update(**{column: rotate(ciphertext)})
        if len(batch) < _BATCH:
            return written
        after = batch[-1][0]
