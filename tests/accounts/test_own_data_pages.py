"""Everybody sees, takes away and erases what is held about them, with an account or without."""

import csv
import io
import json
import re
import time
import zipfile
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client

from kinder.accounts import consents
from kinder.accounts.actions import export_person
from kinder.accounts.audit import subject_of
from kinder.accounts.consents import Wording, give, register_wording
from kinder.accounts.devices import COOKIE, make_key, recognise
from kinder.accounts.models import (
    AuditEvent,
    ConsentRecord,
    Contributor,
    Role,
    Tombstone,
    User,
)
from kinder.accounts.proving import CODE_IS_OVER, CODE_IS_WRONG
from kinder.accounts.takeaway import write_rows
from tests.factories import InteractionFactory
from tests.factories.accounts import PASSWORD, make_member, make_user

pytestmark = pytest.mark.django_db
PAGES = ("/my/data/", "/my/data/erase/")


@pytest.fixture(autouse=True)
def wording(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consents, "_wordings", {})
    register_wording(
        Wording(
            purpose="tea",
            version="1",
            label="Tea with neighbours",
            text="I agree to tea.",
            afterwards="There is no more tea.",
        )
    )


def open_phone() -> tuple[Client, Contributor]:
    """A browser without an account that has added a moment."""
    key = make_key()
    with recognise(key, network="192.0.2.0/24") as (device, _is_first):
        InteractionFactory.create(contributor=device.contributor, device=device)
    client = Client()
    client.cookies[COOKIE] = key
    return client, Contributor.objects.get(pk=device.contributor_id)


def sign_in_by_code(user: User, letters: list[EmailMessage]) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": user.email})
    code = re.search(r"^[A-Z0-9-]{6,}$", str(letters[-1].body), re.MULTILINE)
    assert code
    client.post("/accounts/login/code/confirm/", {"code": code[0]})
    assert "_auth_user_id" in client.session
    return client


def make_stale(client: Client) -> None:
    """Whatever the visitor showed was long ago."""
    session = client.session
    for proof in session["account_authentication_methods"]:
        proof["at"] -= 3_600
    session.save()


def read_zip(content: bytes) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {
            name: list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))
            for name in archive.namelist()
            if name.endswith(".csv")
        }


def test_a_browser_that_nothing_is_held_of_is_told_so() -> None:
    for client in (Client(), Client()):
        client.cookies[COOKIE] = make_key()
        page = client.get("/my/data/")
        assert page.status_code == 200
        assert "Nothing that this browser could open" in page.content.decode()
        assert client.get("/my/data/erase/").status_code == 403
        assert client.post("/my/data/download/").status_code == 403
    assert Contributor.objects.count() == 0


def test_a_phone_without_an_account_sees_takes_and_erases() -> None:
    client, person = open_phone()
    _other, bystander = open_phone()
    page = client.get("/my/data/").content.decode()
    assert "The moments you added" in page
    packed = client.post("/my/data/download/", {"format": "csv"})
    assert packed["Content-Type"] == "application/zip"
    assert "no-store" in packed["Cache-Control"]
    assert [len(rows) for name, rows in read_zip(packed.content).items() if "moments" in name] == [
        1
    ]
    plain = client.post("/my/data/download/", {"format": "json"})
    assert len(json.loads(plain.content)["interactions"]["moments"]) == 1
    assert AuditEvent.objects.filter(verb="export_person").count() == 2

    first = client.get("/my/data/erase/").content.decode()
    assert "What goes" in first
    assert "What stays, without you" in first
    assert client.post("/my/data/erase/").status_code == 422, "not without the last word"
    assert Contributor.objects.count() == 2
    done = client.post("/my/data/erase/", {"is_sure": "on"})
    assert done["Location"] == "/my/data/erased/"
    assert done.cookies[COOKIE].value == ""
    assert list(Contributor.objects.all()) == [bystander]
    assert "It is erased" in client.get("/my/data/erased/").content.decode()
    assert not AuditEvent.objects.filter(object_id=str(person.pk)).exists()
    assert Tombstone.objects.get().kind == "accounts.contributor"


def test_a_phone_of_an_account_opens_it_to_nobody_who_only_holds_it() -> None:
    client, person = open_phone()
    Contributor.objects.filter(pk=person.pk).update(user=make_user())
    page = client.get("/my/data/").content.decode()
    assert "Sign in to see what is held" in page
    assert "The moments you added" not in page
    for path in ("/my/data/download/", "/my/data/erase/"):
        assert client.post(path, {"is_sure": "on"}).status_code == 403
    assert Contributor.objects.count() == 1


def test_whoever_has_a_password_shows_it_before_a_download_and_an_erasure() -> None:
    user = make_user(password=PASSWORD, has_second_factor=False)
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    response = client.post("/my/data/download/", {"format": "json"})
    assert response["Location"].startswith("/accounts/reauthenticate/?next=%2Fmy%2Fdata%2F")
    response = client.post("/my/data/erase/", {"is_sure": "on"})
    assert response["Location"].startswith("/accounts/reauthenticate/")
    assert User.objects.filter(pk=user.pk).exists()
    assert not AuditEvent.objects.filter(verb="export_person").exists()
    response = client.post(
        "/accounts/reauthenticate/", {"password": PASSWORD, "next": "/my/data/?asked=1"}
    )
    assert response["Location"] == "/my/data/?asked=1"
    assert "Choose how you would like" in client.get("/my/data/?asked=1").content.decode()
    data = json.loads(client.post("/my/data/download/", {"format": "json"}).content)
    assert data["accounts"]["account"][0]["email"] == user.email
    response = client.post("/my/data/erase/", {"is_sure": "on"})
    assert response["Location"] == "/my/data/erased/"
    assert not User.objects.exists()
    assert client.get("/accounts/").status_code == 302


def test_whoever_has_codes_alone_is_sent_one_more(mailoutbox: list[EmailMessage]) -> None:
    user = make_user(has_second_factor=False)
    client = sign_in_by_code(user, mailoutbox)
    # Signing in with a code a moment ago was the same proof.
    assert client.post("/my/data/download/").status_code == 200
    make_stale(client)
    response = client.post("/my/data/download/")
    assert response["Location"].startswith("/accounts/prove/?next=")
    before = len(mailoutbox)
    page = client.get(response["Location"])
    assert page.status_code == 200
    client.get(response["Location"])
    assert len(mailoutbox) == before + 1, "looking again sends no second code"
    letter = mailoutbox[-1]
    assert (letter.to, letter.subject) == ([user.email], "Your code to show that it is you")
    code = re.search(r"^[A-Z]{4}-[A-Z]{4}$", str(letter.body), re.MULTILINE)
    assert code
    wrong = client.post("/accounts/prove/", {"code": "AAAA-AAAA", "next": "/my/data/"})
    assert wrong.status_code == 422
    assert str(CODE_IS_WRONG) in wrong.content.decode()
    assert client.post("/my/data/download/").status_code == 302
    right = client.post(
        "/accounts/prove/", {"code": code[0].lower().replace("-", " "), "next": "/my/data/"}
    )
    assert right["Location"] == "/my/data/"
    assert client.post("/my/data/download/").status_code == 200
    make_stale(client)
    used = client.post("/accounts/prove/", {"code": code[0], "next": "/my/data/"})
    assert str(CODE_IS_OVER) in used.content.decode(), "a code is good once"


def test_guessing_the_code_ends_it_and_asking_for_many_has_to_wait(
    mailoutbox: list[EmailMessage],
) -> None:
    user = make_user(has_second_factor=False)
    client = Client()
    client.force_login(user)
    client.get("/accounts/prove/")
    code = re.search(r"^[A-Z]{4}-[A-Z]{4}$", str(mailoutbox[-1].body), re.MULTILINE)
    assert code
    for _guess in range(3):
        client.post("/accounts/prove/", {"code": "BBBB-BBBB"})
    assert client.post("/accounts/prove/", {"code": code[0]}).status_code == 422
    for _letter in range(8):
        client.post("/accounts/prove/")
    assert len(mailoutbox) == 6
    assert "too often" in client.post("/accounts/prove/").content.decode()


def test_proof_leads_to_no_other_site() -> None:
    client = Client()
    client.force_login(make_user(has_second_factor=False))
    page = client.get("/accounts/prove/?next=https://elsewhere.example/")
    assert page.status_code == 200


def test_the_last_administrator_stays_and_is_told_why() -> None:
    user = make_user(is_administrator=True, password=PASSWORD, has_second_factor=True)
    client = Client()
    client.force_login(user)
    session = client.session
    session["account_authentication_methods_user"] = str(user.pk)
    session["account_authentication_methods"] = [
        {"method": "mfa", "at": time.time(), "reauthenticated": True}
    ]
    session.save()
    response = client.post("/my/data/erase/", {"is_sure": "on"})
    assert response.status_code == 422
    assert "make another one first" in response.content.decode()
    assert User.objects.filter(pk=user.pk).exists()


def test_a_consent_is_shown_in_its_words_and_taken_back_at_once() -> None:
    client, person = open_phone()
    consent = give(by=person, purpose="tea", version="1")
    page = client.get("/my/data/").content.decode()
    for words in ("Tea with neighbours", "I agree to tea.", "There is no more tea."):
        assert words in page
    stranger, _other = open_phone()
    path = f"/my/data/consents/{consent.pk}/withdraw/"
    assert stranger.post(path).status_code == 404
    assert client.get(path).status_code == 405
    assert client.post(path)["Location"] == "/my/data/"
    consent.refresh_from_db()
    assert consent.withdrawn_at
    assert "It ended on" in client.get("/my/data/").content.decode()
    assert ConsentRecord.objects.count() == 1


@pytest.mark.parametrize("role", [Role.WORKER, Role.COORDINATOR, Role.FUNDER])
def test_workers_see_their_own_too(role: Role) -> None:
    client, member = Client(), make_member(role)
    client.force_login(member)
    page = client.get("/my/data/").content.decode()
    assert "Your role in an organisation." in page


def test_the_export_and_its_audit_name_the_person_by_a_number_that_can_be_erased() -> None:
    user = make_user()
    export_person(by=user, person=user)
    event = AuditEvent.objects.get(verb="export_person")
    assert event.object_type == "accounts.subject"
    assert event.object_id == str(subject_of(user).pk)


def test_cells_are_no_formulas() -> None:
    row: dict[str, Any] = {"a": "=1+1", "b": ["x"], "c": None, "d": -3, "e": True, "f": "@SUM(A1)"}
    text = write_rows([row], list(row))
    assert text.splitlines()[1] == '\'=1+1,"[""x""]",,-3,True,\'@SUM(A1)'
