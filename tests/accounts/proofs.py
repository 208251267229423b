"""A visitor who has just shown who they are."""

import time

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
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


def current_code(user: User) -> str:
    """Return what the app of `user`'s second factor shows now."""
    factor = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
    counter = int(time.time() // app_settings.TOTP_PERIOD)
    return str(format_hotp_value(hotp_value(decrypt(factor.data["secret"]), counter)))
