"""What Kinder tells allauth: its words, encrypted secrets, who must keep a second factor."""

import time
from datetime import UTC, datetime
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core import context as allauth_context
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kinder.accounts.actions import link_device
from kinder.accounts.devices import read_key
from kinder.accounts.encryption import decrypt, encrypt
from kinder.accounts.models import User
from kinder.accounts.proving import is_proven

SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts by e-mail address, in Kinder's words."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("That e-mail address and password don't go together."),
        "incorrect_code": _("That code is not right. Look at it again, or ask for a new one."),
        "rate_limited": _("That was too often. Please wait a few minutes."),
        "too_many_login_attempts": _("That was too often. Please wait a few minutes."),
    }

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        named = context | {"site_name": settings.SITE_NAME}
        message: EmailMessage = super().render_mail(template_prefix, email, named, headers)
        return message

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """Whoever signs in is the person who added moments in this browser."""
        link_device(by=user, key=read_key(request))
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return response

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """Whoever has neither a password nor a second factor shows who they are by a code."""
        ways: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return ways or [
            {"id": "prove", "description": _("Send me a code"), "url": reverse("accounts:prove")}
        ]

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Whoever signed in a moment ago without a second factor may set one up at once.

        allauth would ask nothing of whoever has codes alone; they are asked for one more.
        """
        request = allauth_context.request
        if app == "allauth.mfa" and request is not None:
            records = get_authentication_records(request, request.user)
            signed_in_at = records[-1]["at"] if records else 0
            if (
                time.time() - signed_in_at < app_settings.REAUTHENTICATION_TIMEOUT
                and not _had_second_factor(request.user, at=signed_in_at)
            ):
                return False
        if request is not None and not get_reauthentication_flows(request.user):
            if not is_proven(request):
                raise ReauthenticationRequired
            return False
        return bool(super().is_reauthentication_required(app=app, **kwargs))


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors whose secrets are encrypted at rest."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": _(
            "Your role needs a second way to sign in. Add another one before you remove this one."
        ),
        "incorrect_code": _("That code is not right. Look at it again, or wait for the next one."),
    }

    def encrypt(self, text: str) -> str:
        return encrypt(text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text.encode())

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Whoever must have a second factor keeps the last one."""
        user = authenticator.user
        if authenticator.type not in SECOND_FACTORS or not user.needs_second_factor:
            return True
        others = Authenticator.objects.filter(user=user, type__in=SECOND_FACTORS)
        return bool(others.exclude(pk=authenticator.pk).exists())

    def _get_site_name(self) -> str:
        return str(settings.SITE_NAME)


def _had_second_factor(user: object, *, at: float) -> bool:
    before = datetime.fromtimestamp(at, tz=UTC)
    factors = Authenticator.objects.filter(type__in=SECOND_FACTORS, created_at__lt=before)
    return isinstance(user, User) and bool(factors.filter(user=user).exists())


def rotate_second_factors() -> int:
    """Put every second factor's secret under the newest encryption key; return how many."""
    adapter = SecondFactorAdapter()
    written = 0
    for authenticator in Authenticator.objects.iterator():
        encrypted = [key for key in ("secret", "seed") if key in authenticator.data]
        for key in encrypted:
            text = adapter.decrypt(authenticator.data[key])
            authenticator.data[key] = adapter.encrypt(text)
        if encrypted:
            authenticator.save(update_fields=["data"])
            written += 1
    return written
