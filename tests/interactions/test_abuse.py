"""What somebody does who means no good, or whose phone does: each ends in a clear answer and no
damage."""

import json
import uuid
from typing import Any

import pytest
from django.test import Client

from connections.interactions.models import Difficulty, Interaction
from connections.interactions.notes import read_note
from kinder.accounts.devices import COOKIE, make_key
from kinder.accounts.models import Contributor, Device
from places.models import Area
from tests.interactions.conftest import Phone, moment_at
from tests.interactions.test_pages import FROM_HERE, fill


def test_a_thousand_moments_of_one_device_end_at_its_limit(phone: Phone, area: Area) -> None:
    statuses = [phone.put(uuid.uuid4(), moment_at(area)).status_code for _n in range(1_000)]
    assert statuses.count(201) == Interaction.objects.count() == 200
    assert set(statuses) == {201, 429}
    refused = phone.put(uuid.uuid4(), moment_at(area))
    assert int(refused.headers["Retry-After"]) > 0
    # Others are not kept waiting.
    other = Phone(make_key())
    assert other.put(uuid.uuid4(), moment_at(area)).status_code == 201


def test_an_id_of_another_device_tells_and_changes_nothing(
    phone: Phone, other_phone: Phone, area: Area
) -> None:
    id_ = uuid.uuid4()
    body = moment_at(area)
    assert phone.put(id_, body).status_code == 201
    for response in (
        other_phone.put(id_, body),
        other_phone.put(id_, body | {"kind": "chat"}),
        other_phone.patch(id_, {"kind": "chat"}, if_match='"1"'),
        other_phone.delete(id_),
    ):
        assert response.status_code == 404
        assert "kind" not in response.json()
    form = other_phone.client.post("/log/", fill(f"area:{area.code}", id=str(id_)))
    assert form.status_code == 409  # and another id in the form that comes back
    assert str(id_) not in form.content.decode()
    row = Interaction.objects.get()
    assert (row.kind, row.revision) == (body["kind"], 1)


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "https://evil.example",
        "http://testserver.evil.example",
        "https://testserver",
        "http://testserver:8000",
        "http://testserver@evil.example",
    ],
)
def test_only_this_sites_own_pages_write(phone: Phone, area: Area, origin: str | None) -> None:
    for method, path, body in (
        ("PUT", f"/api/v1/interactions/{uuid.uuid4()}/", moment_at(area)),
        ("PUT", f"/api/v1/difficulties/{uuid.uuid4()}/", {"area": area.code}),
        ("POST", "/api/v1/interactions/batch/", {"interactions": []}),
    ):
        assert phone.send(method, path, body, origin=origin).status_code == 403
    assert not Interaction.objects.exists()


def test_no_form_is_taken_without_its_token(area: Area) -> None:
    client = Client(enforce_csrf_checks=True, headers=FROM_HERE)
    client.cookies[COOKIE] = make_key()
    for path in ("/log/", "/log/hard/", "/log/where/", "/my/code/", "/my/code/enter/"):
        assert client.post(path, fill(f"area:{area.code}")).status_code == 403, path
    assert not Contributor.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"[]",
        b'{"a":',
        b"\xff\xfe",
        b"[" * 3_000,
        json.dumps({"direction": "gave\x00"}).encode(),
        json.dumps({"direction": "\u202eevag"}).encode(),
        json.dumps({"kind": "x" * 3_000}).encode(),
        json.dumps({"area": {"$ne": 1}}).encode(),
        b'{"occurred_on": "2026-02-30"}',
        b'{"occurred_on": 1e400}',
    ],
)
def test_odd_bodies_are_answered_and_leave_nothing(phone: Phone, area: Area, body: bytes) -> None:
    response = phone.put(uuid.uuid4(), body)
    assert response.status_code == 400
    assert response.json()["code"] in {"invalid", "not_json"}
    assert not Interaction.objects.exists()


def test_a_body_that_is_too_large_is_not_read(phone: Phone, area: Area) -> None:
    large = json.dumps(moment_at(area) | {"note": "x" * 10_000}).encode()
    assert phone.put(uuid.uuid4(), large).status_code == 413


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("where", "place:\u202e12"),
        ("where", "area:' OR 1=1 --"),
        ("where", "x" * 5_000),
        ("where", "place:\x00"),
        ("direction", "gave\u200b"),
        ("kind", "<script>"),
        ("occurred_on", "9999-99-99"),
        ("occurred_on", "\u0662\u0660\u0662\u0666-01-01"),
        ("id", "not-an-id"),
    ],
)
def test_bent_forms_are_refused_with_words(area: Area, name: str, value: str) -> None:
    visitor = Client(headers=FROM_HERE)
    told = fill(f"area:{area.code}") | {name: value}
    for path, more in (("/log/", {}), ("/log/hard/", {"save": "1", "reasons": ["money"]})):
        if path == "/log/hard/" and name in {"direction", "kind"}:
            continue
        response = visitor.post(path, told | more)
        assert response.status_code == 422, path
        assert "<script>" not in response.content.decode().replace("<script type", "")
    assert not Interaction.objects.exists()
    assert not Difficulty.objects.exists()
    assert not Device.objects.exists()


@pytest.mark.parametrize("words", ["\u202e\u2066evil", "a\x00b", "%_%", "x" * 10_000, "🙂" * 50])
def test_odd_searches_for_a_place_lose_nothing(area: Area, words: str) -> None:
    visitor = Client(headers=FROM_HERE)
    sent: dict[str, Any] = fill(f"area:{area.code}") | {"q": words, "reasons": ["money", "rules"]}
    response = visitor.post("/log/where/", sent)
    assert response.status_code == 200
    page = response.content.decode()
    assert 'name="kind" value="food"' in page
    assert page.count('name="reasons"') == 2


def test_bent_notes_lose_what_nobody_sees_or_are_refused_whole(phone: Phone, area: Area) -> None:
    id_ = uuid.uuid4()
    phone.put(id_, moment_at(area))
    path = f"/log/{id_}/saved/"
    told = {"revision": "1", "note": "We \u202eknits\u2069 a\u0007 hat\u200f"}
    assert phone.client.post(path, told).status_code == 303
    moment = Interaction.objects.get()
    note = read_note(moment)
    assert "\u202e" not in note
    assert "\u2069" not in note
    assert "\u0007" not in note
    before = note
    for note, words in (
        ("x" * 1_001, "1000 fit in here"),
        ("x" * 100_000, "1000 fit in here"),
        ("a\x00b", "Null characters are not allowed"),
        # A number behind signs that nobody sees, or turned around, is still a number.
        ("0141\u200b 496\u2060 0000", "looks like a phone number"),
        ("\u202e0141 496 0000\u202c", "looks like a phone number"),
        ("\uff10\uff11\uff14\uff11 496 0000", "looks like a phone number"),
    ):
        response = phone.client.post(path, {"revision": str(moment.revision), "note": note})
        assert response.status_code == 422, note[:20]
        assert words in response.content.decode(), note[:20]
    assert read_note(Interaction.objects.get()) == before
