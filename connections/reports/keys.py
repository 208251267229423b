"""Who asks the API: a key in the Authorization header, or nobody, who may ask less often."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied, Throttled
from rest_framework.request import Request
from rest_framework.views import APIView

from connections.reports.models import ApiKey
from connections.reports.vocabulary import Scope
from connections.reports.workspace import find_key
from kinder.accounts.limits import Limit, TooManyError, charge_named, charge_network
from kinder.accounts.models import User

ASKED_OF_NETWORK = Limit("api-network", most=600, seconds=600)
ASKED_WITH_KEY = Limit("api-key", most=6_000, seconds=600)
"""Questions within ten minutes (judgements): a person's script needs no key, a service does."""


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer kinder_…`; without the header the asker is nobody, which is fine."""

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        header = request.headers.get("Authorization", "")
        kind, _space, text = header.partition(" ")
        if not header:
            return None
        key = find_key(text.strip()) if kind == self.keyword else None
        if key is None:
            raise AuthenticationFailed(_("This key is not known, or it was ended."))
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return self.keyword


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """What the description of the API says of keys."""

    target_class = "connections.reports.keys.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "Optional: ask more often."}


class KeyView(APIView):
    """Open to everybody, counted by key or network; `scope` is what a key must be made for."""

    authentication_classes = (KeyAuthentication,)
    permission_classes = ()
    scope = Scope.FIGURES

    def check_throttles(self, request: Request) -> None:
        key = request.auth
        try:
            if isinstance(key, ApiKey):
                charge_named(ASKED_WITH_KEY, str(key.pk))
            else:
                charge_network(request, ASKED_OF_NETWORK)
        except TooManyError as error:
            raise Throttled(wait=error.retry_after) from error

    def check_permissions(self, request: Request) -> None:
        key = request.auth
        if isinstance(key, ApiKey) and self.scope.value not in key.scopes:
            raise PermissionDenied(_("This key was not made for this."))
