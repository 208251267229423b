"""Who may log through the API: the device cookie alone, from our own pages alone."""

import uuid
from typing import Any

import pytest

from connections.interactions.models import Interaction
from kinder.accounts.devices import make_key
from kinder.accounts.models import Contributor, Device, NetworkSighting
from places.models import Area
from tests.factories import UserFactory
from tests.interactions.conftest import Phone, moment_at


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "",
        "https://testserver",
        "http://evil.example",
        "http://testserver.evil.example",
    ],
)
def test_another_sites_page_cannot_send_for_a_visitor(
    phone: Phone, area: Area, origin: str | None
) -> None:
    for response in (
        phone.put(uuid.uuid4(), moment_at(area), origin=origin),
        phone.send("POST", "/api/v1/interactions/batch/", {}, origin=origin),
    ):
        assert (response.status_code, response.json()["code"]) == (403, "origin")
    assert not Interaction.objects.exists()


def test_a_trusted_origin_may_send(phone: Phone, area: Area, settings: Any) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://kinder.example"]
    response = phone.put(uuid.uuid4(), moment_at(area), origin="https://kinder.example")
    assert response.status_code == 201


@pytest.mark.parametrize("key", [None, "", "short", "x" * 44, "é" * 43, "../" * 14 + "x"])
def test_without_a_device_cookie_nothing_is_written(db: None, area: Area, key: str | None) -> None:
    response = Phone(key).put(uuid.uuid4(), moment_at(area))
    assert (response.status_code, response.json()["code"]) == (401, "no_device")
    assert not Contributor.objects.exists()


def test_a_signed_in_user_without_the_cookie_is_nobody(area: Area) -> None:
    phone = Phone(None)
    phone.client.force_login(UserFactory.create())
    assert phone.put(uuid.uuid4(), moment_at(area)).status_code == 401


def test_reading_is_not_offered(phone: Phone, area: Area) -> None:
    id_ = uuid.uuid4()
    phone.put(id_, moment_at(area))
    assert phone.send("GET", f"/api/v1/interactions/{id_}/").status_code == 405


def test_the_first_moment_makes_the_person_and_a_refused_one_makes_nobody(
    db: None, area: Area
) -> None:
    newcomer = Phone(make_key())
    assert newcomer.put(uuid.uuid4(), moment_at(area, area="S99999999")).status_code == 400
    assert newcomer.batch([moment_at(area, area="S99999999") | {"id": str(uuid.uuid4())}])
    assert newcomer.patch(uuid.uuid4(), {"kind": "chat"}, if_match="1").status_code == 404
    assert (Contributor.objects.count(), Device.objects.count()) == (0, 0)
    assert newcomer.put(uuid.uuid4(), moment_at(area)).status_code == 201
    assert newcomer.put(uuid.uuid4(), moment_at(area)).status_code == 201
    device = newcomer.device
    assert Contributor.objects.get() == device.contributor
    assert newcomer.key
    assert newcomer.key.encode() not in bytes(device.key_hmac)
    assert NetworkSighting.objects.count() == 1


def test_csrf_checks_of_forms_do_not_stand_in_the_way(db: None, area: Area) -> None:
    phone = Phone(make_key(), enforce_csrf_checks=True)
    assert phone.put(uuid.uuid4(), moment_at(area)).status_code == 201
