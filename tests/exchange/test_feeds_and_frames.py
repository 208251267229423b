"""Atom read by feedparser; embedded pages in a frame of another site; JSON-LD read by extruct."""

import json
from datetime import timedelta
from typing import Any

import extruct
import feedparser
import pytest
from django.test import Client
from django.utils import timezone

from kinder.accounts.models import Role
from places.actions import hide_place
from places.models import Gathering
from tests.factories import NeighbourhoodFactory
from tests.factories.accounts import make_member
from tests.factories.places import make_place
from tests.places.test_gatherings import make

pytestmark = pytest.mark.django_db


def soup() -> Gathering:
    return make(
        make_place("Long Table", area=NeighbourhoodFactory.create(code="N1"), cost_to_stay="free"),
        starts_at=timezone.now() + timedelta(days=1),
        recurrence="",
    )


def test_atom_holds_what_somebody_looked_at() -> None:
    gathering = soup()
    make(gathering.place, title="Never looked at", state=Gathering.State.PROPOSED)
    make_place("Only suggested", state="suggested")
    for path, title in (("whats-on", "Soup and a seat"), ("places", "Long Table")):
        response = Client().get(f"/feeds/{path}.atom")
        assert response["Access-Control-Allow-Origin"] == "*"
        feed = feedparser.parse(response.content)
        assert not feed.bozo
        assert feed.version == "atom10"
        assert [entry.title for entry in feed.entries] == [title]
        assert feed.entries[0].link.startswith("http")
        assert feed.entries[0].updated
    hide_place(by=make_member(Role.WORKER), place=gathering.place, reason="unsafe")
    for path in ("whats-on", "places"):
        assert feedparser.parse(Client().get(f"/feeds/{path}.atom").content).entries == []


def read_json_ld(path: str) -> list[dict[str, Any]]:
    page = Client().get(path).content.decode()
    found: list[dict[str, Any]] = extruct.extract(page, syntaxes=["json-ld"])["json-ld"]
    return found


def test_pages_say_to_machines_what_they_are() -> None:
    gathering = soup()
    (place,) = read_json_ld(f"/places/{gathering.place.code}/")
    assert place["@context"] == "https://schema.org"
    assert place["name"] == "Long Table"
    (graph,) = read_json_ld(f"/whats-on/{gathering.code}/")
    (event,) = graph["@graph"]
    assert event["@type"] == "Event"
    assert event["location"]["name"] == "Long Table"
    assert event["startDate"] < event["endDate"]
    assert event["eventStatus"].endswith("EventScheduled")


def test_a_title_ends_no_script() -> None:
    gathering = soup()
    gathering.title = "</script><script>alert(1)</script>"
    gathering.save()
    assert b"<script>alert" not in Client().get(f"/whats-on/{gathering.code}/").content


@pytest.mark.parametrize("path", ["/embed/places/", "/embed/whats-on/"])
def test_a_page_for_frames_knows_nobody(path: str) -> None:
    gathering = soup()
    client = Client()
    client.force_login(make_member(Role.WORKER))
    response = client.get(f"{path}?area=N1")
    assert response.status_code == 200
    assert b"Long Table" in response.content
    assert not response.cookies
    assert "X-Frame-Options" not in response
    policy = response["Content-Security-Policy"]
    assert "frame-ancestors *" in policy
    assert "unsafe" not in policy
    assert b"<script" not in response.content
    assert b"<form" not in response.content
    for odd in ("area=nowhere", "area=%00x"):
        assert client.get(f"{path}?{odd}").status_code in {404}
    assert client.get(f"{path}?lang=ur").content.count(b'dir="rtl"') == 1
    hide_place(by=make_member(Role.WORKER), place=gathering.place, reason="unsafe")
    assert b"Long Table" not in client.get(path).content


def test_the_answers_are_data_to_any_site() -> None:
    soup()
    answer = json.loads(Client().get("/open-referral/services").content)
    assert answer["total_items"] == 2
