"""Forged, replayed and bent requests. Each test names the item of ASVS 5.0 that it checks."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.mail import EmailMessage
from django.test import Client
from pytest_django import Settings

from kinder.accounts.adapters import SecondFactorAdapter
from kinder.accounts.models import Membership, Organisation, Role, User
from tests.factories import OrganisationFactory
from tests.factories.accounts import PASSWORD, make_member, make_user
from tests.security.addresses import list_addresses

pytestmark = pytest.mark.django_db(databases=["default", "reports"])

# Known by the device's cookie alone, which is SameSite=Strict, and by Origin; no session is read.
WITHOUT_TOKEN = {"difficulty", "interaction", "interaction-batch"}


def sign_in(client: Client, user: User) -> None:
    """Sign in by the password and, where it is asked for, the app's code."""
    response = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert response.status_code == 302, response.content
    if "2fa/authenticate" in response["Location"]:
        import time

        totp = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
        secret = SecondFactorAdapter().decrypt(totp.data["secret"])
        code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
        response = client.post("/accounts/2fa/authenticate/", {"code": code})
    assert "_auth_user_id" in client.session


class TestForgery:
    """3.5.1: a form of another site changes nothing."""

    @pytest.mark.parametrize(
        "address",
        [address for address in list_addresses() if address.is_plain],
        ids=lambda address: address.path,
    )
    def test_a_form_without_the_token_is_refused_everywhere(self, address: object) -> None:
        client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        client.force_login(make_user(is_administrator=True))
        response = client.post(address.path, {})  # type: ignore[attr-defined]
        name = address.name  # type: ignore[attr-defined]
        if name in WITHOUT_TOKEN:
            assert response.status_code in {400, 401, 403, 405, 415}
        else:
            # An address without forms says that it takes none, or asks nothing of the session.
            assert response.status_code in {301, 302, 403, 404, 405}, name
            assert response.status_code != 302 or "login" in response["Location"], name

    def test_a_forged_form_gives_no_role(self) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(make_user(is_administrator=True))
        organisation = OrganisationFactory.create()
        body = {"email": "x@example.org", "organisation": organisation.pk, "role": "lead"}
        assert client.post("/people/", body).status_code == 403
        assert not Membership.objects.exists()
        assert client.post("/organisations/", {"name": "X", "kind": "charity"}).status_code == 403
        assert Organisation.objects.count() == 1

    def test_cookies_say_who_may_send_and_read_them(self, settings: Settings) -> None:
        client = Client()
        client.get("/accounts/login/")
        sign_in(client, make_user(password=PASSWORD, has_second_factor=False))
        for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
            cookie = client.cookies[name]
            assert cookie["httponly"], name
            assert cookie["samesite"] == "Lax", name


class TestSessions:
    """7.2: sessions are new at each sign-in, and end when they are told to."""

    def test_signing_in_changes_the_session(self) -> None:
        """7.2.4: a session that somebody else knew before is worth nothing after."""
        client = Client()
        session = client.session
        session["planted"] = "before"
        session.save()
        client.cookies["sessionid"] = session.session_key or ""
        sign_in(client, make_user(password=PASSWORD, has_second_factor=False))
        assert client.session.session_key != session.session_key
        outsider = Client()
        outsider.cookies["sessionid"] = session.session_key or ""
        assert outsider.get("/accounts/").status_code == 302

    def test_the_first_step_alone_opens_nothing(self) -> None:
        """6.3.3: with a second factor set up, a password is half of it."""
        client = Client()
        worker = make_member(Role.WORKER, password=PASSWORD)
        response = client.post("/accounts/login/", {"login": worker.email, "password": PASSWORD})
        assert response["Location"].startswith("/accounts/2fa/authenticate/")
        assert "_auth_user_id" not in client.session
        assert client.get("/accounts/").status_code == 302

    def test_a_code_of_the_app_is_good_once(self) -> None:
        """6.5.1: whoever saw it cannot use it again."""
        import time

        worker = make_member(Role.WORKER, password=PASSWORD)
        totp = Authenticator.objects.get(user=worker)
        secret = SecondFactorAdapter().decrypt(totp.data["secret"])
        codes = [format_hotp_value(hotp_value(secret, int(time.time()) // 30)) for _ in "ab"]
        outcomes = []
        for code in codes:
            client = Client()
            client.post("/accounts/login/", {"login": worker.email, "password": PASSWORD})
            client.post("/accounts/2fa/authenticate/", {"code": code})
            outcomes.append("_auth_user_id" in client.session)
        assert outcomes == [True, codes[0] != codes[1]]

    def test_signing_out_ends_the_session_on_the_server(self) -> None:
        """7.4.1"""
        client = Client()
        sign_in(client, make_user(password=PASSWORD, has_second_factor=False))
        key = client.session.session_key
        client.post("/accounts/logout/")
        thief = Client()
        thief.cookies["sessionid"] = key or ""
        assert thief.get("/accounts/").status_code == 302

    def test_the_other_sessions_can_be_ended(self) -> None:
        """7.4.5"""
        user = make_user(password=PASSWORD, has_second_factor=False)
        here, there = Client(), Client()
        sign_in(here, user)
        sign_in(there, user)
        page = here.get("/accounts/sessions/").content.decode()
        assert "Sign out everywhere else" in page
        here.post("/accounts/sessions/")
        assert here.get("/accounts/").status_code == 200
        assert there.get("/accounts/").status_code == 302

    def test_a_new_password_ends_the_other_sessions(self) -> None:
        """7.4.3"""
        user = make_user(password=PASSWORD, has_second_factor=False)
        here, there = Client(), Client()
        sign_in(here, user)
        sign_in(there, user)
        here.post("/accounts/reauthenticate/", {"password": PASSWORD})
        new = "five umbrellas waltzing home"
        body = {"oldpassword": PASSWORD, "password1": new, "password2": new}
        here.post("/accounts/password/change/", body)
        user.refresh_from_db()
        assert user.check_password(new)
        assert there.get("/accounts/").status_code == 302

    def test_common_and_short_passwords_are_refused(self) -> None:
        """6.2.1, 6.2.4"""
        user = make_user(password=PASSWORD, has_second_factor=False)
        client = Client()
        sign_in(client, user)
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        for weak in ("short", "password1234", user.email):
            body = {"oldpassword": PASSWORD, "password1": weak, "password2": weak}
            client.post("/accounts/password/change/", body)
            user.refresh_from_db()
            assert user.check_password(PASSWORD), weak


class TestRedirects:
    """3.7.2: nobody is sent to another site by a link to this one."""

    @pytest.mark.parametrize(
        "target",
        [
            "https://evil.example/",
            "//evil.example/",
            "///evil.example/",
            "/\\evil.example/",
            "\\\\evil.example/",
            "javascript:alert(1)",
            "https:evil.example",
            "http://testserver@evil.example/",
            " https://evil.example/",
            "/\t/evil.example/",
        ],
    )
    def test_signing_in_and_out_stays_here(self, target: str) -> None:
        client = Client()
        user = make_user(password=PASSWORD, has_second_factor=False)
        body = {"login": user.email, "password": PASSWORD, "next": target}
        response = client.post("/accounts/login/", body)
        assert response.status_code == 302
        assert "evil" not in response["Location"]
        assert "javascript" not in response["Location"]
        for path in ("/accounts/logout/",):
            response = client.post(path, {"next": target})
            assert "evil" not in response["Location"]
            assert "javascript" not in response["Location"]
        response = client.get("/admin/login/", {"next": target})
        assert response["Location"].startswith("/accounts/login/?next=")

    def test_a_page_of_ours_is_gone_on_to(self) -> None:
        user = make_user(password=PASSWORD, has_second_factor=False)
        body = {"login": user.email, "password": PASSWORD, "next": "/accounts/sessions/"}
        assert Client().post("/accounts/login/", body)["Location"] == "/accounts/sessions/"


class TestMethods:
    """4.1.4: an address takes the methods that it needs."""

    @pytest.mark.parametrize(
        ("path", "allowed"),
        [
            ("/accounts/", "GET, HEAD"),
            ("/audit/", "GET, HEAD"),
            ("/set-up/", "GET, HEAD"),
            ("/people/", "GET, HEAD, POST"),
            ("/organisations/", "GET, HEAD, POST"),
            ("/people/roles/1/end/", "POST"),
            ("/people/00000000-0000-4000-8000-000000000000/administrator/", "POST"),
        ],
    )
    def test_others_are_refused(self, path: str, allowed: str) -> None:
        client = Client()
        client.force_login(make_user(is_administrator=True, has_second_factor=True))
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(allowed.split(", ")):
            response = client.generic(method, path)
            assert response.status_code == 405, (method, path)
            assert response["Allow"] == allowed

    def test_looking_never_changes(self) -> None:
        """3.5.3: what changes something is sent, not linked to."""
        client = Client()
        administrator = make_user(is_administrator=True)
        member = make_member(Role.WORKER)
        client.force_login(administrator)
        client.get(f"/people/roles/{member.memberships.get().pk}/end/")
        client.get(f"/people/{member.pk}/administrator/?administrator=yes")
        client.get("/accounts/logout/")
        assert member.memberships.exists()
        assert not User.objects.get(pk=member.pk).is_administrator
        assert client.get("/accounts/").status_code == 200


class TestForms:
    """15.3.3: a form writes the fields that it shows, and no other."""

    def test_signing_up_makes_a_resident_whatever_is_sent(
        self, mailoutbox: list[EmailMessage]
    ) -> None:
        body = {
            "email": "new@example.org",
            "is_administrator": "on",
            "is_staff": "true",
            "is_superuser": "1",
            "role": "lead",
        }
        Client().post("/accounts/signup/", body)
        user = User.objects.get(email="new@example.org")
        assert (user.is_administrator, user.is_staff, user.is_superuser) == (False,) * 3
        assert not user.memberships.exists()

    @pytest.mark.parametrize(
        "text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>']
    )
    def test_what_is_typed_is_shown_as_it_was_typed(self, text: str) -> None:
        """1.2.1: stored text runs nowhere."""
        client = Client()
        client.force_login(make_user(is_administrator=True, name=text))
        client.post("/organisations/", {"name": text, "kind": "charity", "description": text})
        assert Organisation.objects.get().name == text
        for path in ("/organisations/", "/people/", "/accounts/", "/audit/", "/people/?q=" + text):
            page = client.get(path).content.decode()
            assert text not in page, path
        assert "&lt;" in client.get("/organisations/").content.decode()

    @pytest.mark.parametrize(
        "path", ["/people/?q=", "/audit/?verb=", "/audit/?thing=", "/audit/?before="]
    )
    @pytest.mark.parametrize(
        "text", ["' OR 1=1 --", "%00", "\x00", "%", "9" * 40, "../../etc/passwd"]
    )
    def test_odd_searches_find_nothing_and_break_nothing(self, path: str, text: str) -> None:
        """1.2.4, 2.2.1"""
        client = Client(raise_request_exception=False)
        client.force_login(make_user(is_administrator=True))
        page, _question, name = path.partition("?")
        response = client.get(page, {name.rstrip("="): text})
        assert response.status_code in {200, 422}, response.content
