"""The first account: with the code, once, and by one of two who try at the same time."""

import threading
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from kinder.accounts.first_run import (
    ALREADY_SET_UP,
    LIFETIME,
    create_first_administrator,
    is_setup_code,
    make_setup_code,
)
from kinder.accounts.models import AuditEvent, SetupCode, User
from kinder.accounts.rules import Refused
from tests.factories import AdministratorFactory, UserFactory

PASSWORD = "four kettles humming softly"


def fill(**other: str) -> dict[str, str]:
    return {
        "name": "Ailsa",
        "email": "Ailsa@Example.org",
        "password": PASSWORD,
        "password_again": PASSWORD,
    } | other


@pytest.mark.django_db
def test_the_right_code_makes_the_administrator_and_signs_them_in(client: Client) -> None:
    code = make_setup_code()
    response = client.post("/first-run/", fill(code=code.lower().replace("-", " ")))
    assert response.status_code == 302
    assert response["Location"] == "/accounts/2fa/totp/activate/"
    user = User.objects.get()
    assert (user.email, user.is_administrator, user.check_password(PASSWORD)) == (
        "ailsa@example.org",
        True,
        True,
    )
    assert EmailAddress.objects.get(user=user).verified
    assert AuditEvent.objects.get().verb == "create_first_administrator"
    assert not SetupCode.objects.exists()
    assert client.get(response["Location"]).status_code == 200
    for method in (Client().get, Client().post):
        assert method("/first-run/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "AAAA-AAAA-AAAA-AAAA"},
        {"code": ""},
        {"password": "short", "password_again": "short"},
        {"password": "password1234", "password_again": "password1234"},
        {"password": "ailsa@example.org", "password_again": "ailsa@example.org"},
        {"password_again": "another password"},
        {"email": "nowhere"},
        {"email": "taken@example.org"},
    ],
    ids=str,
)
def test_anything_wrong_makes_nobody(client: Client, wrong: dict[str, str]) -> None:
    UserFactory.create(email="taken@example.org")
    response = client.post("/first-run/", fill(**{"code": make_setup_code()} | wrong))
    assert response.status_code == 422
    assert "Please look at this again" in response.content.decode()
    assert User.objects.count() == 1
    assert PASSWORD not in response.content.decode()


@pytest.mark.django_db
def test_only_the_hash_is_kept_and_only_the_last_code_opens() -> None:
    first, second = make_setup_code(), make_setup_code()
    assert not is_setup_code(first)
    assert is_setup_code(second)
    assert second.encode() not in bytes(SetupCode.objects.get().digest)
    with time_machine.travel(timezone.now() + LIFETIME + timedelta(minutes=1)):
        assert not is_setup_code(second)


@pytest.mark.django_db
def test_without_a_code_nothing_opens() -> None:
    assert not is_setup_code("")
    with pytest.raises(Refused, match="not the set-up code"):
        create_first_administrator(code="", name="", email="x@example.org", password=PASSWORD)


@pytest.mark.django_db
def test_the_command_prints_a_code_while_it_is_needed() -> None:
    printed = StringIO()
    call_command("show_setup_code", stdout=printed)
    assert is_setup_code(printed.getvalue().split()[-1])
    AdministratorFactory.create()
    with pytest.raises(CommandError, match="nothing to set up"):
        call_command("show_setup_code")
    with pytest.raises(Refused):
        make_setup_code()


@pytest.mark.django_db(transaction=True)
def test_of_two_tabs_one_makes_the_account() -> None:
    code = make_setup_code()
    start = threading.Barrier(2)
    answers: list[str] = []

    def send(email: str) -> None:
        start.wait()
        try:
            create_first_administrator(code=code, name="", email=email, password=PASSWORD)
            answers.append("made")
        except Refused as error:
            answers.append(str(error))
        finally:
            connection.close()

    tabs = [threading.Thread(target=send, args=(f"{tab}@example.org",)) for tab in "ab"]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert sorted(answers) == sorted(["made", str(ALREADY_SET_UP)])
    assert User.objects.filter(is_administrator=True).count() == 1
