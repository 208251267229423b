"""Headers on every response, and the second factor that workers' accounts must have."""

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import SessionAuthentication
from rest_framework.views import APIView

from kinder.accounts.models import User

GetResponse = Callable[[HttpRequest], HttpResponse]

PERMISSIONS_POLICY = (
    ", ".join(
        f"{feature}=()"
        for feature in (
            "accelerometer",
            "camera",
            "display-capture",
            "gyroscope",
            "magnetometer",
            "microphone",
            "midi",
            "payment",
            "usb",
        )
    )
    + ", geolocation=(self), publickey-credentials-get=(self), publickey-credentials-create=(self)"
)


class HeadersMiddleware:
    """Adds the headers that Django has no setting for, error pages included."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            # What somebody who is signed in sees stays in no cache, on a shared computer least.
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class SecondFactorMiddleware:
    """Lets whoever works for an organisation no further than to setting up a second factor.

    Pages ask for it; a program gets 403 with the reason. An end point that does not read the
    session (a resident's log, known by the device alone) is none of its business.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *_arguments: object
    ) -> HttpResponse | None:
        match = request.resolver_match
        is_open = match is None or match.view_name in OPEN_BEFORE_SECOND_FACTOR
        if is_open or _ignores_session(view) or not lacks_second_factor(request.user):
            return None
        if wants_json(request):
            return JsonResponse({"detail": str(SET_UP_FIRST)}, status=403)
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=403, headers={"HX-Redirect": reverse("mfa_index")})
        return redirect("mfa_index")


SET_UP_FIRST = _("Please set up a second way to sign in first.")

# The way through set-up, and the way out. Everything else waits.
OPEN_BEFORE_SECOND_FACTOR = frozenset(
    {
        "account_confirm_login_code",
        "account_email",
        "account_email_verification_sent",
        "account_logout",
        "account_reauthenticate",
        "account_set_password",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_download_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_index",
        "mfa_list_webauthn",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
        "mfa_view_recovery_codes",
        "pages:accessibility",
        "pages:appearance",
        "pages:manifest",
        "pages:privacy",
        "usersessions_list",
    }
)


def lacks_second_factor(user: object) -> bool:
    """Tell whether `user` must have a second factor and has none (recovery codes are none)."""
    return (
        isinstance(user, User)
        and user.needs_second_factor
        and not is_mfa_enabled(user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN])
    )


def wants_json(request: HttpRequest) -> bool:
    """Tell whether the answer goes to a program and not to a reader."""
    return request.path.startswith("/api/") or not request.accepts("text/html")


def _ignores_session(view: Callable[..., HttpResponse]) -> bool:
    api = getattr(view, "cls", None)
    return (
        isinstance(api, type)
        and issubclass(api, APIView)
        and not any(issubclass(way, SessionAuthentication) for way in api.authentication_classes)
    )
