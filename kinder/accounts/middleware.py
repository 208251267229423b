"""Headers on every response, the short road to what everybody may have, and the second factor that
workers' accounts must have."""

from collections.abc import Callable
from functools import lru_cache

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.defaults import bad_request
from rest_framework.authentication import SessionAuthentication
from rest_framework.views import APIView

from kinder.accounts.devices import read_key
from kinder.accounts.limits import TooManyError, charge_form, charge_guess
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


class PolicyMiddleware(CSPMiddleware):
    """django-csp's policy, put together once for all answers that say nothing of their own of it:
    built anew for each answer, it costs more than a tile of the map."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        super().__init__(get_response)
        self.usual_policy = build_policy()

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        said = any(name.startswith("_csp_") for name in (*vars(response), *vars(request)))
        if said or settings.DEBUG:
            return super().process_response(request, response)
        response.headers.setdefault("Content-Security-Policy", self.usual_policy)
        return response


FOUND = 2_048
OPEN_ROADS = ("/tiles/", "/api/v1/places", "/figures/values/")
"""What begins so is the same for everybody and asked for by the dozen; its addresses have no
language, so that words in it are in the site's own."""


class OpenRoadMiddleware:
    """Answers what everybody may have before sessions, languages and sign-in are looked at: the
    rest of the way costs more than the answer. A view that wants somebody signed in is never
    reached by this road."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        # Many ask for the same: finding who answers costs a fifth of an answer.
        self.find = lru_cache(maxsize=FOUND)(resolve)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(OPEN_ROADS):
            return self.get_response(request)
        translation.activate(settings.LANGUAGE_CODE)
        try:
            found = self.find(request.path_info)
        except Resolver404:
            return self.get_response(request)
        if getattr(found.func, "login_required", True):
            return self.get_response(request)
        request.resolver_match = found
        answer = found.func(request, *found.args, **found.kwargs)
        rendered: HttpResponseBase = answer.render() if hasattr(answer, "render") else answer
        return rendered


EMBEDS = "/embed/"
"""The one path whose pages other sites may show in a frame; they set and read no cookies."""


class HeadersMiddleware:
    """Adds the headers that Django has no setting for, error pages included."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_embed = is_embedded(request.path)
        if is_embed:
            # Whoever is signed in here is nobody in another site's frame.
            request.COOKIES.clear()
        if "\x00" in request.path:
            # No address of ours has one, and PostgreSQL reads none in a text.
            response: HttpResponse = bad_request(request, BadRequest())
        else:
            response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        if is_embed:
            _open_frame(response)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            # What somebody who is signed in sees stays in no cache, on a shared computer least.
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


def is_embedded(path: str) -> bool:
    """Tell whether `path`, in whatever language, is one that may be framed."""
    return _leave_out_language(path).startswith(EMBEDS)


def counts_itself(path: str) -> bool:
    """Tell whether what answers at `path` counts what is sent to it."""
    return path.startswith("/api/") or _leave_out_language(path) in {"/log/", "/log/hard/"}


def _leave_out_language(path: str) -> str:
    _empty, first, *_rest = [*path.split("/", 2), ""]
    return path[len(first) + 1 :] if first in _LANGUAGES else path


_LANGUAGES = frozenset(code for code, _name in settings.LANGUAGES)


def _open_frame(response: HttpResponse) -> None:
    response.headers.pop("X-Frame-Options", None)
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.cookies.clear()
    # Read by django-csp, which stands further out.
    response._csp_replace = {"frame-ancestors": settings.EMBEDDED_BY}  # type: ignore[attr-defined]


class FloodMiddleware:
    """Counts forms that are sent, by network and by account or device, and answers 429 above.

    The end points for devices and the pages that add a moment count moments themselves
    (kinder.accounts.limits.charge_log) and keep what was typed; django-allauth counts tries to sign
    in; looking is not counted.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in {"GET", "HEAD", "OPTIONS"} or counts_itself(request.path):
            return self.get_response(request)
        try:
            charge_form(request, account=request.user.pk, key=read_key(request))
        except TooManyError as error:
            return _answer_too_many(request, error)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Callable[..., HttpResponse], *_arguments: object
    ) -> HttpResponse | None:
        match = request.resolver_match
        if request.method != "POST" or match is None or match.view_name not in CODES_ARE_TYPED:
            return None
        try:
            charge_guess(request.session.session_key or "")
        except TooManyError as error:
            return _answer_too_many(request, error)
        return None


CODES_ARE_TYPED = frozenset(
    {
        "account_confirm_login_code",
        "account_confirm_password_reset_code",
        "account_email_verification_sent",
    }
)
"""Where a code from a letter is typed."""

TOO_MANY = _("That was a lot at once. Please wait a little, and send it again.")


def _answer_too_many(request: HttpRequest, error: TooManyError) -> HttpResponse:
    if wants_json(request):
        response: HttpResponse = JsonResponse({"detail": str(TOO_MANY)}, status=429)
    else:
        response = render(request, "429.html", {"reason": TOO_MANY}, status=429)
    response["Retry-After"] = str(error.retry_after)
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
        "accounts:prove",
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
