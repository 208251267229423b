"""Who may not do it anyway is refused, and never asked first to show who they are.

ASVS 7.5.3, 8.2.1.
"""

import pytest
from django.test import Client
from django.urls import reverse

from connections.reports import reading
from tests.security.rows import METHODS, NOBODY, WHO, World
from tests.security.test_every_address import ROWS

pytestmark = pytest.mark.django_db(databases=["default", "reports"])

ASKING = (
    "accounts:people",
    "accounts:help_person",
    "accounts:erase_person",
    "accounts:end_role",
    "accounts:administrator",
    "accounts:invitations",
    "accounts:change_invitation",
    "accounts:export_audit",
    "befriending:take_away",
    "befriending:agreement_sign",
    "befriending:concern",
    "indicators:publish",
)


@pytest.fixture(autouse=True)
def read_in_the_open_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "READER", "default")


def sign_in_long_ago(world: World) -> Client:
    """A browser of the visitor whose last proof is over."""
    client = world.client()
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    return client


def asks(target: str) -> bool:
    return "reauthenticate" in target or "/prove/" in target


@pytest.mark.parametrize("who", [who for who in WHO if who not in {NOBODY, "device"}])
def test_a_refusal_comes_before_the_question_who_it_is(who: str) -> None:
    world = World(who)
    asked = set()
    for name in ASKING:
        row = ROWS[name]
        for is_own in (True, False):
            path = reverse(name, kwargs=dict(world.make(row.given, is_own=is_own)))
            for method in METHODS:
                if not row.allowed(method):
                    continue
                response = getattr(sign_in_long_ago(world), method)(path, dict(row.body))
                target = response.headers.get("Location", "")
                if row.lets_in(who, method, is_own=is_own):
                    if asks(target):
                        asked.add(name)
                    continue
                at = (method, path, who, is_own, response.status_code, target)
                assert not asks(target), at
                assert response.status_code in {403, 404}, at
    if who == "administrator":
        assert {"accounts:people", "accounts:help_person", "indicators:publish"} <= asked
    if who == "lead":
        assert {"befriending:concern", "befriending:take_away"} <= asked
