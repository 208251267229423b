"""A signed-in browser without the pages of signing in, which tests/e2e/test_sign_in.py drives."""

from django.conf import settings
from django.test import Client
from playwright._impl._api_structures import SetCookieParam

from kinder.accounts.models import User


def open_session(user: User, url: str) -> SetCookieParam:
    """Return the cookie of a new session of `user`, for a browser at `url`."""
    client = Client()
    client.force_login(user)
    return {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.session.session_key or "",
        "url": url,
    }
