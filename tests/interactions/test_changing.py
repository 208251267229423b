"""What somebody writes beside a moment and changes of it later: names are kept out, nothing typed is
lost, and only its author reads and changes it."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from connections.interactions.models import Difficulty, Interaction, Note
from connections.interactions.notes import LONGEST_NOTE, read_note, rotate_notes
from kinder.accounts.devices import COOKIE, make_key
from kinder.accounts.models import Contributor
from places.models import Area, Place
from places.vocabulary import PlaceKind
from tests.factories import PlaceFactory
from tests.interactions.conftest import follow, know, neighbourhood_of
from tests.interactions.test_pages import FROM_HERE, fill, hidden, read


@pytest.fixture
def visitor(db: None) -> Client:
    key = make_key()
    know(key)
    client = Client(headers=FROM_HERE)
    client.cookies[COOKIE] = key
    return client


@pytest.fixture
def saved(visitor: Client, place: Place) -> str:
    """The address of the page of a moment just saved."""
    return follow(visitor.post("/log/", fill(f"place:{place.code}")))


def answer(visitor: Client, saved: str, **more: Any) -> Any:
    page = read(visitor.get(saved))
    return visitor.post(saved, {"revision": hidden(page, "revision"), **more})


# ------------------------------------------------------------------ notes


def test_a_note_is_kept_for_its_author_alone(visitor: Client, saved: str) -> None:
    follow(answer(visitor, saved, note="someone held the door"))
    note = Note.objects.get()
    assert b"door" not in bytes(note.ciphertext)
    assert "someone held the door" in read(visitor.get(saved))
    stranger = Client(headers=FROM_HERE)
    stranger.cookies[COOKIE] = make_key()
    assert stranger.get(saved).status_code == 404
    # Other keys later: the note is still read.
    assert rotate_notes() == 1
    assert read_note(Interaction.objects.get()) == "someone held the door"
    follow(answer(visitor, saved, note=""))
    assert not Note.objects.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ring 07700 900123 please", "looks like a phone number"),
        ("write to a.b@example.org please", "looks like an e-mail address"),
        ("she lives at G20 8AB there", "looks like a postcode"),
        ("find me @shona_mck now", "looks like a name or a link on the web"),
    ],
)
def test_what_leads_to_somebody_stops_and_the_text_stays(
    visitor: Client, saved: str, text: str, words: str
) -> None:
    response = answer(visitor, saved, note=text, tie="neighbour")
    page = read(response, 422)
    assert words in page
    assert text in page
    assert re.search(r'value="neighbour"[^>]*checked', page)
    assert not Note.objects.exists()
    # Ticking the box lets a name stand, never a number.
    assert answer(visitor, saved, note=text, keep_names="on").status_code == 422


def test_a_name_is_asked_about_and_may_stay(visitor: Client, saved: str) -> None:
    page = read(answer(visitor, saved, note="Margaret brought soup"), 422)
    assert "“Margaret” may name somebody." in page
    assert "Keep it as it is" in page
    assert "Margaret brought soup" in page
    follow(answer(visitor, saved, note="Margaret brought soup", keep_names="on"))
    assert read_note(Interaction.objects.get()) == "Margaret brought soup"
    # What stands already is not asked about again.
    follow(answer(visitor, saved, note="Margaret brought soup", hardness="easy"))
    assert read_note(Interaction.objects.get()) == "Margaret brought soup"


def test_the_place_of_the_moment_names_nobody(visitor: Client, saved: str) -> None:
    follow(answer(visitor, saved, note="They know me at Parkhead Library"))
    assert read_note(Interaction.objects.get()) == "They know me at Parkhead Library"


def test_a_note_that_is_too_long_is_told_with_both_numbers(visitor: Client, saved: str) -> None:
    text = "tea " * 300
    page = read(answer(visitor, saved, note=text), 422)
    assert f"That is {len(text.strip())} letters; {LONGEST_NOTE} fit in here." in page
    assert text.strip() in page


@pytest.mark.parametrize("sent", ["a\u202eb", "a\u0007b", "\ufeffa\u2066b\u2069"])
def test_signs_that_mislead_are_not_kept(visitor: Client, saved: str, sent: str) -> None:
    follow(answer(visitor, saved, note=sent))
    assert read_note(Interaction.objects.get()) == "ab"


def test_a_null_is_refused_and_breaks_nothing(visitor: Client, saved: str) -> None:
    assert answer(visitor, saved, note="a\x00b").status_code == 422
    assert not Note.objects.exists()


def test_signs_are_shown_and_never_run(visitor: Client, saved: str) -> None:
    follow(answer(visitor, saved, note="<script>alert(1)</script>"))
    page = visitor.get(saved).content
    assert b"<script>alert" not in page
    assert b"&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_diary_is_asked_about_once(visitor: Client, saved: str) -> None:
    assert "Keep a private diary on this phone?" in read(visitor.get(saved))
    visitor.post("/my/", {"do": "keep_none"})
    assert Contributor.objects.get().keeps_diary is False
    assert "Keep a private diary on this phone?" not in read(visitor.get(saved))


# ------------------------------------------------------------------ changing


def change(visitor: Client, saved: str, **more: Any) -> Any:
    address = saved.replace("/saved/", "/change/")
    page = read(visitor.get(address))
    moment = Interaction.objects.get()
    told = {
        "save": "1",
        "id": str(moment.pk),
        "revision": hidden(page, "revision"),
        "where": hidden(page, "where"),
        "direction": moment.direction,
        "kind": moment.kind,
        "occurred_on": moment.occurred_on.isoformat(),
    }
    return visitor.post(address, told | more)


def test_everything_can_be_changed_for_ever(visitor: Client, saved: str, place: Place) -> None:
    follow(answer(visitor, saved, tie="new", note="someone held the door"))
    other = PlaceFactory.create(name="The Corner Café", area=place.area)
    with time_machine.travel(timezone.now() + dt.timedelta(days=200)):
        # The day stays, however long ago it is.
        follow(change(visitor, saved, direction="gave", kind="chat", where=f"place:{other.code}"))
    row = Interaction.objects.get()
    assert (row.direction, row.kind, row.place, row.tie) == ("gave", "chat", other, "new")
    assert row.revision == 3
    assert read_note(row) == "someone held the door"


def test_a_day_too_long_ago_is_refused(visitor: Client, saved: str) -> None:
    long_ago = (timezone.localdate() - dt.timedelta(days=31)).isoformat()
    assert change(visitor, saved, occurred_on=long_ago).status_code == 422


def test_a_change_in_another_window_is_told(visitor: Client, saved: str) -> None:
    address = saved.replace("/saved/", "/change/")
    stale = hidden(read(visitor.get(address)), "revision")
    follow(change(visitor, saved, kind="chat"))
    response = change(visitor, saved, kind="lent", revision=stale)
    assert "You changed this in another window" in read(response, 409)
    assert Interaction.objects.get().kind == "chat"


def test_another_place_is_chosen_without_losing_the_change(
    visitor: Client, saved: str, place: Place
) -> None:
    moment = Interaction.objects.get()
    address = saved.replace("/saved/", "/change/")
    told = {
        "goes_to": f"change:{moment.pk}",
        "where": f"place:{place.code}",
        "kind": "lent",
        "direction": "gave",
        "revision": "1",
        "id": str(moment.pk),
    }
    page = read(visitor.post("/log/where/", told))
    assert f'action="{address}"' in page
    assert "Where you were last" in page
    around = f"area:{neighbourhood_of(place).code}"
    page = read(visitor.post(address, told | {"pick": around}))
    assert hidden(page, "where") == around
    assert re.search(r'value="lent"[^>]*checked', page)
    assert Interaction.objects.get().place == place  # nothing is saved yet


def test_what_was_hard_can_be_changed(visitor: Client, area: Area) -> None:
    told = {"save": "1", "reasons": ["money"], "where": f"area:{area.code}"}
    saved = follow(visitor.post("/log/hard/", fill(f"area:{area.code}") | told))
    hard = Difficulty.objects.get()
    address = f"/log/{hard.pk}/change/"
    page = read(visitor.get(address))
    assert "Money was tight" in page
    told |= {"id": str(hard.pk), "revision": "1", "occurred_on": hard.occurred_on.isoformat()}
    assert follow(visitor.post(address, told | {"reasons": ["trust", "rules"]})) == saved
    hard.refresh_from_db()
    assert (hard.reasons, hard.revision) == (["trust", "rules"], 2)


def test_nobody_else_changes_it(visitor: Client, saved: str) -> None:
    address = saved.replace("/saved/", "/change/")
    stranger = Client(headers=FROM_HERE)
    stranger.cookies[COOKIE] = make_key()
    assert stranger.get(address).status_code == 404
    assert stranger.post(address, {"save": "1"}).status_code == 404


# ------------------------------------------------------------------ what is kept of where


@pytest.mark.parametrize("setting", ["street", "transport", "stairwell", "door", "remote"])
def test_a_setting_like_a_home_keeps_the_area_only(
    visitor: Client, saved: str, place: Place, setting: str
) -> None:
    follow(answer(visitor, saved, setting=setting))
    row = Interaction.objects.get()
    assert (row.place, row.area) == (None, neighbourhood_of(place))
    # Nor does it come back with a later change of something else.
    follow(change(visitor, saved, kind="chat"))
    assert Interaction.objects.get().place is None


def test_moving_to_a_sensitive_place_keeps_the_area_only(
    visitor: Client, saved: str, place: Place
) -> None:
    church = PlaceFactory.create(kind=PlaceKind.WORSHIP, area=place.area)
    follow(change(visitor, saved, where=f"place:{church.code}"))
    row = Interaction.objects.get()
    assert (row.place, row.area) == (None, neighbourhood_of(place))


# ------------------------------------------------------------------ by a queue


def test_a_difficulty_arrives_once(phone: Any, area: Area) -> None:
    id_ = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
    body = {
        "area": area.code,
        "occurred_on": timezone.localdate().isoformat(),
        "reasons": ["trust", "money"],
    }

    def put(sender: Any, sent: dict[str, Any]) -> Any:
        return sender.send("PUT", f"/api/v1/difficulties/{id_}/", sent)

    assert [put(phone, body).status_code for _again in range(3)] == [200, 200, 200]
    assert Difficulty.objects.get().reasons == ["money", "trust"]
    assert put(phone, body | {"reasons": ["rules"]}).status_code == 409
    for wrong, field in (
        ({"reasons": []}, "reasons"),
        ({"reasons": ["because"]}, "reasons"),
        ({"lat": 55.8}, "lat"),
        ({"kind": "food"}, "kind"),
        ({"area": None}, "place"),
        ({"occurred_on": "yesterday"}, "occurred_on"),
    ):
        refused = put(phone, body | wrong)
        assert refused.status_code == 400
        assert set(refused.json()["fields"]) == {field}


def test_another_phone_cannot_send_it_again(phone: Any, other_phone: Any, area: Area) -> None:
    body = {
        "area": area.code,
        "occurred_on": timezone.localdate().isoformat(),
        "reasons": ["trust"],
    }
    address = "/api/v1/difficulties/1b4e28ba-2fa1-41d2-883f-0016d3cca427/"
    assert phone.send("PUT", address, body).status_code == 200
    assert other_phone.send("PUT", address, body).status_code == 404
    assert phone.send("PUT", address, body, origin="https://evil.example").status_code == 403
    assert Contributor.objects.count() == 2


def test_the_poster_speaks_the_language_of_the_phone(
    visitor: Client, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/p/{place.code}/"
    wanted: Callable[[str], bool] = lambda code: code == "pl"  # noqa: E731
    monkeypatch.setattr("connections.interactions.views.has_words", wanted)
    polish = visitor.get(address, headers={"accept-language": "pl,en;q=0.5"})
    assert polish.headers["Location"] == f"/pl/log/?place={place.code}"
    urdu = visitor.get(address, headers={"accept-language": "ur"})
    assert urdu.headers["Location"] == f"/log/?place={place.code}"
