"""Somebody is asked by letter to take a role: once, for a week, and nobody learns who has an account."""

import datetime as dt
import re
import threading

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.utils import timezone

from kinder.accounts import invitations
from kinder.accounts.invitations import (
    ALREADY_INVITED,
    FOR_SOMEBODY_ELSE,
    NO_LONGER_GOOD,
    SIGN_IN_WITH_IT,
    TOO_MANY,
    accept,
    find_invitation,
    invite,
    resend,
    revoke,
)
from kinder.accounts.limits import Limit
from kinder.accounts.models import AuditEvent, Invitation, Membership, Role, User
from kinder.accounts.rules import ADMINISTRATOR_ONLY, NOT_YOURSELF, Refused
from tests.accounts.proofs import sign_in
from tests.factories.accounts import PASSWORD, make_member, make_organisation, make_user

pytestmark = pytest.mark.django_db


def token_in(letter: EmailMessage) -> str:
    found = re.search(r"/invitations/([\w-]{43})/", str(letter.body))
    assert found, letter.body
    return found[1]


@pytest.fixture
def coordinator() -> User:
    return make_member(Role.COORDINATOR)


def ask(by: User, email: str = "new@example.org", role: Role = Role.WORKER) -> Invitation:
    return invite(by=by, email=email, organisation=by.organisations.get(), role=role)


def test_from_the_letter_to_the_second_step(
    coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    sender = sign_in(coordinator)
    page = sender.get("/people/invitations/").content.decode()
    assert 'value="worker"' in page
    assert 'value="lead"' not in page
    organisation = coordinator.organisations.get()
    response = sender.post(
        "/people/invitations/",
        {
            "email": "New@example.org",
            "name": "Ailsa",
            "organisation": organisation.pk,
            "role": "worker",
        },
    )
    assert response["Location"] == "/people/invitations/"
    [letter] = mailoutbox
    assert letter.to == ["new@example.org"]
    assert organisation.name in letter.subject
    token = token_in(letter)
    assert token not in str(Invitation.objects.values())
    assert "new@example.org" in sender.get("/people/invitations/").content.decode()

    guest = Client()
    path = f"/invitations/{token}/"
    for _look in range(3):
        assert guest.get(path).status_code == 200, "a scanner that looks changes nothing"
    assert not User.objects.filter(email="new@example.org").exists()
    response = guest.post(path, {"name": "Ailsa Baird"}, follow=True)
    assert response.redirect_chain[-1][0] == "/accounts/2fa/"
    user = User.objects.get(email="new@example.org")
    assert (user.name, user.has_usable_password()) == ("Ailsa Baird", False)
    assert user.roles == {Role.WORKER}
    assert EmailAddress.objects.get(user=user).verified
    assert guest.get("/today/")["Location"] == "/accounts/2fa/", "no further than to set it up"
    verbs = list(AuditEvent.objects.order_by("id").values_list("verb", flat=True))
    assert verbs == ["invite", "accept_invitation"]

    again = Client().post(path, {"name": "Somebody"})
    assert again.status_code == 404
    assert User.objects.filter(email="new@example.org").count() == 1


def test_every_letter_that_is_not_good_gets_the_same_answer(
    coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    def path() -> str:
        return f"/invitations/{token_in(mailoutbox[-1])}/"

    answers = {}
    revoked = ask(coordinator, "revoked@example.org")
    answers["revoked"] = path()
    revoke(by=coordinator, invitation=revoked)
    old = ask(coordinator, "old@example.org")
    answers["old"] = path()
    Invitation.objects.filter(pk=old.pk).update(expires_at=timezone.now())
    used = ask(coordinator, "used@example.org")
    answers["used"] = path()
    accept(token=token_in(mailoutbox[-1]), by=None)
    used.refresh_from_db()
    assert used.accepted_at
    again = ask(coordinator, "again@example.org")
    answers["sent again"] = path()
    resend(by=coordinator, invitation=again)
    assert find_invitation(token_in(mailoutbox[-1])) == again
    answers["forged"] = f"/invitations/{'A' * 43}/"
    other = make_member(Role.COORDINATOR)
    ask(other, "orphan@example.org")
    answers["from somebody who may not any more"] = path()
    Membership.objects.filter(user=other).delete()
    ask(coordinator, "erased@example.org")
    answers["from nobody"] = path()
    Invitation.objects.filter(email="erased@example.org").update(invited_by=None)
    seen = set()
    for name, address in answers.items():
        for response in (Client().get(address), Client().post(address)):
            assert response.status_code == 404, name
            seen.add(
                re.sub(
                    r'name="csrfmiddlewaretoken" value="[^"]*"|/invitations/[\w-]+/',
                    "",
                    response.content.decode(),
                )
            )
    assert len(seen) == 1


def test_inviting_tells_nobody_who_has_an_account(
    coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    make_user("known@example.org")
    client, organisation = sign_in(coordinator), coordinator.organisations.get()
    pages = []
    for email in ("known@example.org", "other@example.org"):
        response = client.post(
            "/people/invitations/",
            {"email": email, "organisation": organisation.pk, "role": "worker"},
            follow=True,
        )
        page = response.content.decode().replace(email, "")
        # The list itself grows by the row that the sender just made.
        pages.append((response.redirect_chain, "A letter is on its way to ." in page))
    assert pages[0] == pages[1]
    bodies = [re.sub(r"/invitations/[\w-]+/", "", str(letter.body)) for letter in mailoutbox]
    assert bodies[0] == bodies[1]


def test_a_letter_opens_no_account_that_is_there(
    coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    user = make_user("known@example.org", password=PASSWORD)
    ask(coordinator, "known@example.org")
    path = f"/invitations/{token_in(mailoutbox[-1])}/"
    guest = Client()
    page = guest.get(path).content.decode()
    assert f"/accounts/login/?next={path}" in page
    response = guest.post(path)
    assert response.status_code == 422
    assert str(SIGN_IN_WITH_IT) in response.content.decode()
    assert "_auth_user_id" not in guest.session, "a letter is no way round the second step"
    assert not Membership.objects.filter(user=user).exists()

    stranger = sign_in(make_user())
    assert "another address" in stranger.get(path).content.decode()
    assert str(FOR_SOMEBODY_ELSE) in stranger.post(path).content.decode()
    assert Invitation.objects.get().accepted_at is None

    response = sign_in(user).post(path)
    assert response["Location"] == "/accounts/"
    assert User.objects.get(pk=user.pk).roles == {Role.WORKER}


def test_who_may_invite_whom(coordinator: User, mailoutbox: list[EmailMessage]) -> None:
    with pytest.raises(Refused, match=str(ADMINISTRATOR_ONLY)):
        ask(coordinator, role=Role.LEAD)
    with pytest.raises(Refused):
        invite(
            by=coordinator,
            email="new@example.org",
            organisation=make_organisation(),
            role=Role.WORKER,
        )
    with pytest.raises(Refused):
        ask(make_member(Role.WORKER))
    assert mailoutbox == []
    client = sign_in(coordinator)
    elsewhere = make_member(Role.COORDINATOR)
    theirs = ask(elsewhere)
    for deed in ("resend", "revoke"):
        response = client.post(f"/people/invitations/{theirs.pk}/", {"deed": deed})
        assert response.status_code == 404
    response = client.post(
        "/people/invitations/",
        {"email": "a@example.org", "organisation": theirs.organisation_id, "role": "worker"},
    )
    assert response.status_code == 422
    response = client.post(
        "/people/invitations/",
        {
            "email": "a@example.org",
            "organisation": coordinator.organisations.get().pk,
            "role": "lead",
        },
    )
    assert response.status_code == 422
    assert len(mailoutbox) == 1


def test_an_administrator_invites_nobody_to_be_themselves(mailoutbox: list[EmailMessage]) -> None:
    administrator = make_user(is_administrator=True)
    make_user(is_administrator=True)
    organisation = make_organisation()
    invite(by=administrator, email=administrator.email, organisation=organisation, role=Role.LEAD)
    with pytest.raises(Refused, match=str(NOT_YOURSELF)):
        accept(token=token_in(mailoutbox[-1]), by=administrator)


def test_asking_twice_is_said_and_a_run_out_one_stands_in_nobodys_way(
    coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    ask(coordinator)
    with pytest.raises(Refused, match=str(ALREADY_INVITED)):
        ask(coordinator)
    with time_machine.travel(timezone.now() + dt.timedelta(days=8)):
        ask(coordinator)
    assert Invitation.objects.filter(revoked_at=None).count() == 1


def test_resending_and_revoking_over_the_page(
    coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    invitation, client = ask(coordinator), sign_in(coordinator)
    path = f"/people/invitations/{invitation.pk}/"
    client.post(path, {"deed": "resend"})
    assert len(mailoutbox) == 2
    assert token_in(mailoutbox[0]) != token_in(mailoutbox[1])
    client.post(path, {"deed": "revoke"})
    assert Invitation.objects.get().revoked_at
    assert client.post(path, {"deed": "resend"}).status_code == 403
    stale = sign_in(coordinator, is_proven=False)
    assert "/reauthenticate/" in stale.post(path, {"deed": "revoke"})["Location"]


def test_many_letters_have_to_wait(
    coordinator: User, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "LETTERS_OF_ACCOUNT", Limit("invitations", most=2, seconds=60))
    for number in range(2):
        ask(coordinator, f"{number}@example.org")
    with pytest.raises(Refused, match=str(TOO_MANY)):
        ask(coordinator, "3@example.org")
    assert Invitation.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_who_use_one_letter_at_once_are_one(mailoutbox: list[EmailMessage]) -> None:
    ask(make_member(Role.COORDINATOR))
    token = token_in(mailoutbox[-1])
    ready, results = threading.Barrier(2), []

    def take() -> None:
        try:
            ready.wait()
            results.append(accept(token=token, by=None).email)
        except Exception as error:
            results.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == sorted(["new@example.org", str(NO_LONGER_GOOD)])
    assert Membership.objects.filter(user__email="new@example.org").count() == 1
