"""Whoever has a role gets no further than to setting up a second factor; everybody else is left be."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from kinder.accounts.adapters import SecondFactorAdapter
from kinder.accounts.middleware import OPEN_BEFORE_SECOND_FACTOR, lacks_second_factor
from kinder.accounts.models import Role
from tests.factories import UserFactory
from tests.factories.accounts import make_member, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker(client: Client) -> Client:
    """Signed in, with a role and without a second factor."""
    client.force_login(make_member(Role.WORKER, has_second_factor=False))
    return client


@pytest.mark.parametrize(
    "path", ["/", "/pl/", "/accounts/", "/admin/", "/people/", "/nothing-here/", "/about/"]
)
def test_a_page_sends_on_to_set_up(worker: Client, path: str) -> None:
    response = worker.get(path)
    if path == "/nothing-here/":
        assert response.status_code == 404
        return
    assert response.status_code == 302
    assert response["Location"].endswith("/accounts/2fa/")


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/2fa/",
        "/pl/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/2fa/webauthn/add/",
        "/accounts/logout/",
        "/privacy/",
        "/settings/look/",
        "/static/css/site.css",
        "/manifest.webmanifest",
    ],
)
def test_the_way_through_set_up_and_out_stays_open(worker: Client, path: str) -> None:
    session = worker.session
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session["account_authentication_methods"] = [{"method": "code", "at": time.time()}]
    session.save()
    response = worker.get(path)
    assert response.getvalue()
    assert response.status_code == 200


@pytest.mark.parametrize("path", ["totp/activate/", "webauthn/add/"])
def test_an_old_session_alone_sets_no_second_step_up(worker: Client, path: str) -> None:
    """Else whoever takes over a session on a shared computer would lock its owner out."""
    response = worker.get(f"/accounts/2fa/{path}")
    assert response["Location"].startswith("/accounts/prove/?next=")
    assert worker.get(response["Location"]).status_code == 200


def test_a_program_is_told_why(worker: Client) -> None:
    response = worker.get("/people/", headers={"Accept": "application/json"})
    assert response.status_code == 403
    assert response.json() == {"detail": "Please set up a second way to sign in first."}
    partial = worker.get("/people/", headers={"HX-Request": "true"})
    assert partial.status_code == 403
    assert partial["HX-Redirect"] == "/accounts/2fa/"


def test_an_end_point_that_ignores_the_session_is_left_be(worker: Client) -> None:
    assert worker.get("/api/v1/schema/").status_code == 403
    answer = worker.put("/api/v1/interactions/00000000-0000-4000-8000-000000000000/")
    assert "second way" not in answer.content.decode()


@pytest.mark.parametrize(
    ("role", "must"),
    [
        (Role.WORKER, True),
        (Role.COORDINATOR, True),
        (Role.LEAD, True),
        (Role.FUNDER, True),
        (Role.MEMBER, False),
    ],
)
def test_who_must_have_one(role: Role, must: bool) -> None:
    user = make_member(role, has_second_factor=False)
    assert lacks_second_factor(user) is must
    RecoveryCodes.activate(user)
    assert lacks_second_factor(user) is must, "recovery codes are no second factor"
    TOTP.activate(user, generate_totp_secret())
    assert lacks_second_factor(user) is False


def test_administrators_must_and_residents_need_not() -> None:
    assert lacks_second_factor(make_user(is_administrator=True, has_second_factor=False))
    assert not lacks_second_factor(UserFactory.create())
    assert not lacks_second_factor(AnonymousUser())


def test_a_passkey_is_one() -> None:
    user = make_member(Role.LEAD, has_second_factor=False)
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={})
    assert not lacks_second_factor(user)


def test_the_last_one_stays_with_whoever_must_have_one(client: Client) -> None:
    user = make_member(Role.WORKER)
    totp = Authenticator.objects.get(user=user)
    assert not SecondFactorAdapter().can_delete_authenticator(totp)
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={})
    assert SecondFactorAdapter().can_delete_authenticator(totp)
    assert SecondFactorAdapter().can_delete_authenticator(
        Authenticator.objects.get(user=make_user())
    )


def test_every_open_name_is_the_name_of_a_page() -> None:
    def list_names(resolver: URLResolver, prefix: str = "") -> set[str]:
        names = set()
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLResolver):
                space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
                names |= list_names(pattern, space)
            elif isinstance(pattern, URLPattern) and pattern.name:
                names.add(prefix + pattern.name)
        return names

    assert list_names(get_resolver()) >= OPEN_BEFORE_SECOND_FACTOR
