"""A visitor who has just shown who they are."""

import time

from django.test import Client

from kinder.accounts.models import User


def sign_in(user: User, *, is_proven: bool = True) -> Client:
    """Return a client in which `user` is signed in, and proved it a moment ago or long ago."""
    client = Client()
    client.force_login(user)
    session = client.session
    session["account_authentication_methods_user"] = str(user.pk)
    session["account_authentication_methods"] = [
        {
            "method": "mfa",
            "at": time.time() - (0 if is_proven else 3_600),
            "reauthenticated": True,
        }
    ]
    session.save()
    return client
