"""A recovery code: the same person on another phone, without an account."""

import re
from typing import Any

import pytest
from django.test import Client

from connections.interactions.models import Interaction
from kinder.accounts.devices import COOKIE, find_device, make_key
from kinder.accounts.models import AuditEvent, Contributor, Device
from kinder.accounts.recovery import LETTERS, tidy_code
from places.models import Area
from tests.factories.accounts import make_user
from tests.interactions.conftest import Phone, follow
from tests.interactions.test_pages import FROM_HERE, fill, read

CODE = re.compile(r"[0-9A-Z]{5}(?:-[0-9A-Z]{5}){3}")


def make(phone: Client) -> str:
    found = CODE.search(read(phone.post("/my/code/")))
    assert found
    return found[0]


def enter(phone: Client, code: str) -> Any:
    return phone.post("/my/code/enter/", {"code": code})


@pytest.fixture
def new_phone(db: None) -> Client:
    return Client(headers=FROM_HERE)


def test_another_phone_becomes_the_same_person(phone: Phone, new_phone: Client, area: Area) -> None:
    follow(phone.client.post("/log/", fill(f"area:{area.code}", kind="food")))
    code = make(phone.client)
    assert follow(enter(new_phone, f" {code.lower().replace('-', ' ')} ")) == "/my/"
    page = read(new_phone.get("/my/"))
    assert "Food or a cuppa together" in page
    assert Contributor.objects.count() == 1
    assert Device.objects.count() == 2


def test_what_the_new_phone_added_joins_the_rest(
    phone: Phone, other_phone: Phone, area: Area
) -> None:
    for one, kind in ((phone, "food"), (other_phone, "chat")):
        follow(one.client.post("/log/", fill(f"area:{area.code}", kind=kind)))
    code = make(phone.client)
    follow(enter(other_phone.client, code))
    person = Contributor.objects.get()
    assert Interaction.objects.filter(contributor=person).count() == 2
    # The code still works, on a third.
    third = Client(headers=FROM_HERE)
    follow(enter(third, code))
    assert Contributor.objects.get() == person


def test_a_code_is_kept_as_a_fingerprint_and_shown_once(phone: Phone, area: Area) -> None:
    follow(phone.client.post("/log/", fill(f"area:{area.code}")))
    code = make(phone.client)
    kept = Contributor.objects.get(pk=phone.device.contributor_id).recovery_hmac
    assert kept is not None
    assert len(bytes(kept)) == 32
    assert code.replace("-", "").encode() not in bytes(kept)
    page = read(phone.client.get("/my/code/"))
    assert not CODE.search(page)
    assert "A new one ends the old one." in page
    assert code not in str(list(AuditEvent.objects.values()))


def test_a_new_code_ends_the_old_one(phone: Phone, new_phone: Client, area: Area) -> None:
    follow(phone.client.post("/log/", fill(f"area:{area.code}")))
    old, new = make(phone.client), make(phone.client)
    page = read(enter(new_phone, old), 422)
    assert "We don't know this code." in page
    assert old in page  # what was typed stays
    follow(enter(new_phone, new))


def test_a_code_can_be_saved_as_a_file(phone: Phone, new_phone: Client, area: Area) -> None:
    follow(phone.client.post("/log/", fill(f"area:{area.code}")))
    response = phone.client.post("/my/code/", {"download": "1"})
    assert response.headers["Content-Disposition"] == 'attachment; filename="kinder-code.txt"'
    assert "no-store" in response.headers["Cache-Control"]
    found = CODE.search(response.content.decode())
    assert found
    follow(enter(new_phone, found[0]))


def test_codes_are_not_guessed_at_leisure(new_phone: Client) -> None:
    new_phone.cookies[COOKIE] = make_key()
    for _try in range(10):
        assert enter(new_phone, "A" * LETTERS).status_code == 422
    response = enter(new_phone, "A" * LETTERS)
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    assert not Contributor.objects.exists()


@pytest.mark.parametrize("typed", ["", "abc", "!" * 20, "A" * 21, "\u202e" + "A" * 20, "x" * 500])
def test_what_cannot_be_a_code_is_refused_kindly(new_phone: Client, typed: str) -> None:
    assert enter(new_phone, typed).status_code == 422


def test_letters_that_look_alike_are_read_as_meant() -> None:
    assert tidy_code("oOiIlL2345-6789a-bcdef") == "0011112345" + "6789ABCDEF"


def test_an_account_is_opened_by_signing_in_alone(
    phone: Phone, new_phone: Client, area: Area
) -> None:
    follow(phone.client.post("/log/", fill(f"area:{area.code}")))
    code = make(phone.client)
    Contributor.objects.update(user=make_user())
    assert "Sign in on the other phone instead." in read(enter(new_phone, code), 422)
    assert phone.client.post("/my/code/").status_code == 403
    device = find_device(new_phone.cookies[COOKIE].value if COOKIE in new_phone.cookies else None)
    assert device is None


def test_nobody_gets_a_code_for_nothing(new_phone: Client) -> None:
    assert "Add a moment first." in read(new_phone.get("/my/code/"))
    assert not CODE.search(read(new_phone.post("/my/code/")))
    assert not Contributor.objects.exists()
