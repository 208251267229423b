"""A person at their device, as the server meets them."""

import datetime as dt
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from kinder.accounts.devices import COOKIE, make_key
from kinder.accounts.fingerprints import fingerprint
from kinder.accounts.models import Device
from places.models import Area, Place
from places.vocabulary import PlaceKind
from tests.factories import ContributorFactory, DeviceFactory, NeighbourhoodFactory, PlaceFactory

ORIGIN = "http://testserver"


class Phone:
    """A browser with its device cookie; every call is one request from one of our pages."""

    def __init__(self, key: str | None, **client: Any) -> None:
        self.client = Client(**client)
        self.key = key
        if key is not None:
            self.client.cookies[COOKIE] = key

    def send(self, method: str, path: str, body: Any = None, **headers: str | None) -> Any:
        sent = {"origin": ORIGIN} | headers
        return self.client.generic(
            method,
            path,
            data=body if isinstance(body, bytes) else json.dumps(body).encode(),
            content_type="application/json",
            headers={name: value for name, value in sent.items() if value is not None},
        )

    def put(self, id_: uuid.UUID, body: Any, **headers: str | None) -> Any:
        return self.send("PUT", f"/api/v1/interactions/{id_}/", body, **headers)

    def patch(self, id_: uuid.UUID, body: Any, **headers: str | None) -> Any:
        return self.send("PATCH", f"/api/v1/interactions/{id_}/", body, **headers)

    def delete(self, id_: uuid.UUID) -> Any:
        return self.send("DELETE", f"/api/v1/interactions/{id_}/")

    def batch(self, moments: Any) -> Any:
        return self.send("POST", "/api/v1/interactions/batch/", {"interactions": moments})

    @property
    def device(self) -> Device:
        assert self.key is not None
        return Device.objects.get(key_hmac=fingerprint("device", self.key.encode()))


def know(key: str) -> Device:
    """Store a device for `key`, as after a first saved moment."""
    return DeviceFactory.create(
        contributor=ContributorFactory.create(), key_hmac=fingerprint("device", key.encode())
    )


@pytest.fixture(autouse=True)
def close_reports() -> Iterator[None]:
    """A community's page reads through the role of reports, whose connection nobody else closes."""
    yield
    connections["reports"].close()


@pytest.fixture
def phone(db: None) -> Phone:
    """A phone whose person has logged before."""
    key = make_key()
    know(key)
    return Phone(key)


@pytest.fixture
def other_phone(db: None) -> Phone:
    key = make_key()
    know(key)
    return Phone(key)


@pytest.fixture
def area(db: None) -> Area:
    """A neighbourhood."""
    return NeighbourhoodFactory.create(name="Parkhead")


@pytest.fixture
def place(db: None) -> Place:
    return PlaceFactory.create(name="Parkhead Library", kind=PlaceKind.LIBRARY)


def neighbourhood_of(place: Place) -> Area:
    """The listed area around a place: what is kept with a moment there."""
    assert place.area is not None
    assert place.area.parent is not None
    return place.area.parent


def moment_at(spot: Place | Area, **facts: Any) -> dict[str, Any]:
    """The body of a moment, as a device sends it."""
    return {
        "direction": "gave",
        "kind": "hello",
        "place" if isinstance(spot, Place) else "area": spot.code,
        "occurred_on": timezone.localdate().isoformat(),
        **facts,
    }


def days_ago(days: int) -> str:
    return (timezone.localdate() - dt.timedelta(days=days)).isoformat()


def follow(response: Any) -> str:
    """The address that an answer leads to."""
    assert response.status_code == 303, response.content
    address: str = response.headers["Location"]
    return address
