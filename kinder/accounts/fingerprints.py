"""Keyed fingerprints: what is kept in place of a secret or of something that must not be told.

Without the secret key of the deployment nobody who holds the tables can try candidates against
them. Each use has a key of its own, so that fingerprints of two kinds never meet.
"""

import hmac
from functools import lru_cache

from django.conf import settings


@lru_cache(maxsize=64)
def _derive(secret: str, use: str) -> bytes:
    return hmac.digest(secret.encode(), f"kinder {use}".encode(), "sha256")


def fingerprint(use: str, message: bytes) -> bytes:
    """Return the HMAC-SHA256 of `message` for `use` (32 bytes), to be stored."""
    return hmac.digest(_derive(settings.SECRET_KEY, use), message, "sha256")


def fingerprints(use: str, message: bytes) -> list[bytes]:
    """Return the fingerprints that may have been stored for `message`: the newest secret's first,
    then those of the secrets it replaced."""
    return [
        hmac.digest(_derive(secret, use), message, "sha256")
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]
