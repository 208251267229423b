"""Signing in tells nobody who has an account, and what is typed wrong too often has to wait."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage
from django.test import Client

from kinder.accounts.models import Role, User
from tests.factories.accounts import PASSWORD, make_member, make_user

pytestmark = pytest.mark.django_db


def strip(html: str) -> str:
    """Without what differs from answer to answer: the tokens of forms and the address itself."""
    html = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", html)
    return re.sub(r"(known|unknown)@example\.org", "", html)


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/login/code/", "/accounts/signup/"])
def test_a_known_and_an_unknown_address_get_the_same_answer(
    path: str, mailoutbox: list[EmailMessage]
) -> None:
    make_user("known@example.org")
    answers = []
    for address in ("known@example.org", "unknown@example.org"):
        client = Client()
        field = "login" if path == "/accounts/login/" else "email"
        response = client.post(path, {field: address})
        assert response.status_code == 302
        page = client.get(response["Location"])
        answers.append((response["Location"], page.status_code, strip(page.content.decode())))
    assert answers[0] == answers[1]
    assert [mail.to for mail in mailoutbox] == [["known@example.org"], ["unknown@example.org"]]


def test_a_wrong_password_says_no_more_than_that_the_two_do_not_go_together() -> None:
    make_user("known@example.org", password=PASSWORD)
    answers = []
    for address in ("known@example.org", "unknown@example.org"):
        response = Client().post("/accounts/login/", {"login": address, "password": "wrong wrong"})
        assert response.status_code == 200
        answers.append(strip(response.content.decode()))
    assert answers[0] == answers[1]
    assert "don&#x27;t go together" in answers[0]


def test_forgetting_a_password_tells_nobody_either(mailoutbox: list[EmailMessage]) -> None:
    make_user("known@example.org", password=PASSWORD)
    answers = [
        Client().post("/accounts/password/reset/", {"email": address})
        for address in ("known@example.org", "unknown@example.org")
    ]
    assert {answer.status_code for answer in answers} == {302}
    assert len({answer["Location"] for answer in answers}) == 1


def test_guessing_passwords_and_codes_has_to_wait() -> None:
    make_user("known@example.org", password=PASSWORD)
    client = Client()
    for _guess in range(10):
        client.post("/accounts/login/", {"login": "known@example.org", "password": "wrong wrong"})
    response = client.post("/accounts/login/", {"login": "known@example.org", "password": PASSWORD})
    assert response.status_code in {200, 429}
    assert "_auth_user_id" not in client.session


def test_three_wrong_codes_end_the_try(mailoutbox: list[EmailMessage]) -> None:
    make_user("known@example.org", has_second_factor=False)
    client = Client()
    client.post("/accounts/login/", {"login": "known@example.org"})
    code = read_code(mailoutbox[-1])
    for _guess in range(3):
        client.post("/accounts/login/code/confirm/", {"code": "WRONG1"})
    client.post("/accounts/login/code/confirm/", {"code": code})
    assert "_auth_user_id" not in client.session


def test_somebody_who_was_given_a_role_confirms_the_address_by_the_code(
    mailoutbox: list[EmailMessage],
) -> None:
    worker = make_member(Role.WORKER, has_second_factor=False)
    EmailAddress.objects.filter(user=worker).update(verified=False)
    client = Client()
    client.post("/accounts/login/", {"login": worker.email})
    code = read_code(mailoutbox[-1])
    response = client.post("/accounts/login/code/confirm/", {"code": code}, follow=True)
    assert response.redirect_chain[-1][0] == "/accounts/2fa/"
    assert EmailAddress.objects.get(user=worker).verified


def test_whoever_may_not_sign_in_any_more_is_not_let_in(mailoutbox: list[EmailMessage]) -> None:
    closed = make_user("closed@example.org", password=PASSWORD, has_second_factor=False)
    User.objects.filter(pk=closed.pk).update(is_active=False)
    client = Client()
    client.post("/accounts/login/", {"login": closed.email, "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_mails_hold_a_code_and_no_link_to_sign_in(mailoutbox: list[EmailMessage]) -> None:
    make_user("known@example.org")
    Client().post("/accounts/login/", {"login": "known@example.org"})
    body = str(mailoutbox[-1].body)
    assert "http" not in body
    assert "Kinder" in body
    assert mailoutbox[-1].subject == "Your code to sign in"


def read_code(mail: EmailMessage) -> str:
    return str(mail.body).split("\n\n")[1].strip()


def test_a_new_address_is_asked_for_the_password_and_a_code(
    client: Client, mailoutbox: list[EmailMessage]
) -> None:
    user = make_user("old@example.org", password=PASSWORD, has_second_factor=False)
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    body = {"email": "new@example.org", "action_add": ""}
    response = client.post("/accounts/email/", body)
    assert response["Location"].startswith("/accounts/reauthenticate/")
    assert mailoutbox == []
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    response = client.post("/accounts/email/", body)
    assert mailoutbox[-1].to == ["new@example.org"]
    client.post(response["Location"], {"code": read_code(mailoutbox[-1])})
    user.refresh_from_db()
    assert user.email == "new@example.org"
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [
        ("new@example.org", True, True)
    ]
    assert mailoutbox[-1].to == ["old@example.org"], "the old address is told"


def test_a_forgotten_password_is_chosen_anew_by_a_code(
    client: Client, mailoutbox: list[EmailMessage]
) -> None:
    user = make_user("known@example.org", password=PASSWORD, has_second_factor=False)
    new = "five umbrellas waltzing home"
    response = client.post("/accounts/password/reset/", {"email": user.email}, follow=True)
    assert response.status_code == 200
    here = response.redirect_chain[-1][0]
    body = str(mailoutbox[-1].body)
    assert "http" not in body
    code = next(line for line in body.splitlines() if line.isupper() and " " not in line)
    response = client.post(here, {"code": code}, follow=True)
    there = response.redirect_chain[-1][0]
    response = client.post(there, {"password1": new, "password2": new})
    user.refresh_from_db()
    assert user.check_password(new), response.content
