"""Headers on every response, and the second factor that workers' accounts must have."""

from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

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
        return response


class SecondFactorMiddleware:
    """Leads whoever works for an organisation to set up a second factor before anything else."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if (
            isinstance(user, User)
            and not request.path.startswith(("/accounts/", "/static/", "/i18n/"))
            and user.needs_second_factor
            and not is_mfa_enabled(user)
        ):
            return redirect(reverse("mfa_index"))
        return self.get_response(request)
