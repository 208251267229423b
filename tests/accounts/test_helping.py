"""Looking after accounts: one's own, and others' who lost their phone. Nobody acts as another."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import get_resolver

from kinder.accounts.helping import close_account, reset_second_factor
from kinder.accounts.models import AuditEvent, Membership, Organisation, Role, User
from kinder.accounts.rules import NOT_YOURSELF, Refused
from tests.accounts.proofs import sign_in
from tests.factories.accounts import PASSWORD, make_member, make_organisation, make_user
from tests.security.addresses import list_addresses

pytestmark = pytest.mark.django_db


def test_a_lost_second_step_is_taken_away_told_and_written_down(
    mailoutbox: list[EmailMessage],
) -> None:
    worker = make_member(Role.WORKER)
    theirs = sign_in(worker)
    assert theirs.get("/accounts/").status_code == 200
    client = sign_in(make_user(is_administrator=True))
    assert "Help them to sign in" in client.get(f"/people/{worker.pk}/").content.decode()
    response = client.post(f"/people/{worker.pk}/help/", {"deed": "reset"})
    assert response["Location"] == f"/people/{worker.pk}/"
    assert not Authenticator.objects.filter(user=worker).exists()
    assert theirs.get("/accounts/").status_code == 302, "signed out everywhere"
    assert mailoutbox[-1].to == [worker.email]
    assert mailoutbox[-1].subject == "Your second step was taken away"
    event = AuditEvent.objects.get(verb="reset_second_factor")
    assert event.facts == {"factors": 1}
    assert str(worker.pk) not in f"{event.object_id}{event.facts}"
    # With a code they come no further than to a new one.
    again = sign_in(worker)
    assert again.get("/today/")["Location"] == "/accounts/2fa/"


def test_nobody_helps_themselves_and_nobody_else_helps(mailoutbox: list[EmailMessage]) -> None:
    administrator = make_user(is_administrator=True)
    with pytest.raises(Refused, match=str(NOT_YOURSELF)):
        reset_second_factor(by=administrator, whom=administrator)
    for who in (make_member(Role.COORDINATOR), make_member(Role.LEAD), make_user()):
        client = sign_in(who)
        for path in (f"/people/{administrator.pk}/", f"/people/{administrator.pk}/erase/"):
            assert client.get(path).status_code == 403
        response = client.post(f"/people/{administrator.pk}/help/", {"deed": "reset"})
        assert response.status_code == 403
    assert Authenticator.objects.filter(user=administrator).exists()
    assert mailoutbox == []
    stale = sign_in(administrator, is_proven=False)
    response = stale.post(f"/people/{make_user().pk}/help/", {"deed": "reset"})
    assert "/reauthenticate/" in response["Location"]
    assert sign_in(administrator).post(f"/people/{make_user().pk}/help/").status_code == 400


def test_whoever_runs_the_machine_helps_the_only_administrator(
    mailoutbox: list[EmailMessage], capsys: pytest.CaptureFixture[str]
) -> None:
    administrator = make_user("Only@example.org".lower(), is_administrator=True)
    call_command("reset_second_factor", "ONLY@example.org")
    assert "1 second steps" in capsys.readouterr().out
    assert not Authenticator.objects.filter(user=administrator).exists()
    assert mailoutbox[-1].to == [administrator.email]
    assert AuditEvent.objects.get(verb="reset_second_factor").purpose == "migrate"
    with pytest.raises(CommandError, match="no account"):
        call_command("reset_second_factor", "nobody@example.org")


def test_an_account_is_closed_and_opened(mailoutbox: list[EmailMessage]) -> None:
    worker, administrator = make_member(Role.WORKER), make_user(is_administrator=True)
    theirs, client = sign_in(worker), sign_in(administrator)
    path = f"/people/{worker.pk}/help/"
    client.post(path, {"deed": "close"})
    assert theirs.get("/accounts/").status_code == 302
    assert "This account is closed" in client.get(f"/people/{worker.pk}/").content.decode()
    client.post(path, {"deed": "open"})
    assert User.objects.get(pk=worker.pk).is_active
    second = make_user(is_administrator=True)
    close_account(by=administrator, whom=second)
    assert not User.objects.get(pk=second.pk).is_active


def test_an_administrator_erases_whoever_asks_for_it() -> None:
    resident, client = make_user(), sign_in(make_user(is_administrator=True))
    path = f"/people/{resident.pk}/erase/"
    assert "Nobody can bring it back" in client.get(path).content.decode()
    assert client.post(path)["Location"] == "/people/"
    assert not User.objects.filter(pk=resident.pk).exists()


def test_ones_own_name_and_language() -> None:
    user = make_user(name="Before")
    client = sign_in(user)
    response = client.post(
        "/accounts/profile/",
        {"name": "After", "language": "gd", "is_administrator": "on", "email": "x@example.org"},
    )
    assert response["Location"] == "/accounts/"
    changed = User.objects.get(pk=user.pk)
    assert (changed.name, changed.language) == ("After", "gd")
    assert (changed.is_administrator, changed.email) == (False, user.email)
    assert AuditEvent.objects.get(verb="change_profile").facts == {"fields": ["name", "language"]}
    assert client.post("/accounts/profile/", {"language": "tlh"}).status_code == 422


def test_one_browser_is_signed_out_and_no_one_elses() -> None:
    user = make_user()
    here, there, other = sign_in(user), sign_in(user), sign_in(make_user())
    for client in (here, there, other):
        client.get("/accounts/sessions/")
    for client in (here, there, other):
        if not UserSession.objects.filter(session_key=client.session.session_key).exists():
            UserSession.objects.create(
                user_id=client.session["_auth_user_id"],
                session_key=client.session.session_key or "",
                ip="192.0.2.1",
                user_agent="a browser",
            )
    page = here.get("/accounts/sessions/").content.decode()
    assert page.count("Sign out there") == 1
    row = UserSession.objects.get(session_key=there.session.session_key)
    assert other.post(f"/accounts/sessions/{row.pk}/end/").status_code == 404
    assert there.get("/accounts/").status_code == 200
    assert here.post(f"/accounts/sessions/{row.pk}/end/")["Location"] == "/accounts/sessions/"
    assert there.get("/accounts/").status_code == 302
    assert here.get("/accounts/").status_code == 200


def test_a_coordinator_sees_their_own_organisation_and_no_other() -> None:
    ours, theirs = make_organisation("Harbour Friends"), make_organisation("Kite Hill Church")
    coordinator = make_member(Role.COORDINATOR, ours)
    worker = make_member(Role.WORKER, ours, name="Wilma Worker")
    lead = make_member(Role.LEAD, ours, name="Lorna Lead")
    stranger = make_member(Role.WORKER, theirs, name="Stella Stranger")
    Membership.objects.create(user=worker, organisation=theirs, role=Role.FUNDER)
    client = sign_in(coordinator)
    for path in ("/people/", "/people/?q=S", "/organisations/", "/accounts/"):
        page = client.get(path).content.decode()
        for secret in ("Stella", "Kite Hill", stranger.email):
            assert secret not in page, path
    page = client.get("/people/").content.decode()
    assert "Wilma Worker" in page
    assert "Lorna Lead" in page
    assert "Give the role" not in page
    assert "Make an administrator" not in page
    assert client.get(f"/organisations/{theirs.pk}/").status_code == 404
    details = {"name": "Harbour Friends", "kind": "charity", "description": "Tea."}
    assert client.post(f"/organisations/{ours.pk}/", details).status_code == 302
    assert Organisation.objects.get(pk=ours.pk).description == "Tea."
    assert client.post("/organisations/", {"name": "Mine", "kind": "charity"}).status_code == 403

    def end(user: User, organisation: Organisation) -> int:
        membership = user.memberships.filter(organisation=organisation).first()
        assert membership
        return client.post(f"/people/roles/{membership.pk}/end/").status_code

    assert end(stranger, theirs) == 404
    assert end(worker, theirs) == 404
    assert end(lead, ours) == 403
    assert end(worker, ours) == 302
    assert User.objects.get(pk=worker.pk).roles == {Role.FUNDER}
    body = {"email": "x@example.org", "organisation": ours.pk, "role": "lead"}
    assert client.post("/people/", body).status_code == 403


def test_there_is_no_way_to_act_as_somebody_else() -> None:
    words = ("impersonat", "hijack", "become", "login_as", "act_as", "switch_user")
    named = " ".join(f"{address.name} {address.route}" for address in list_addresses()).lower()
    assert [word for word in words if word in named] == []
    assert get_resolver().urlconf_name == "kinder.urls"


def test_a_common_password_is_refused_where_passwords_are() -> None:
    user = make_user(password=PASSWORD, has_second_factor=False)
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    response = client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": COMMON[1], "password2": COMMON[1]},
    )
    assert response.status_code == 200
    assert "too common" in response.content.decode()
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


COMMON = (
    "password1234",
    "Password2026!!",
    "p@ssw0rd1234",
    "123456789012",
    "qwertyqwerty",
    "dragon dragon",
    "!!!!letmein!!!!",
    "1q2w3e4r5t6y",
)


def complaints_about(password: str) -> str:
    try:
        validate_password(password, User(email="a@example.org"))
    except ValidationError as refused:
        return " ".join(refused.messages)
    return ""


@pytest.mark.parametrize("password", COMMON)
def test_what_guessers_try_first_is_too_common(password: str) -> None:
    assert "too common" in complaints_about(password)


@pytest.mark.parametrize("password", ["a kettle on the stove", "five umbrellas waltzing home"])
def test_four_words_that_do_not_belong_together_do_well(password: str) -> None:
    assert complaints_about(password) == ""
