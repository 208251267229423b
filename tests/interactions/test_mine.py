"""My moments: filters, every device of an account, taking away, forgetting."""

import csv
import datetime as dt
import io
import json

import pytest
from django.test import Client

from connections.interactions.mine.noticing import THINGS, pick_thing
from connections.interactions.models import Interaction, Note
from kinder.accounts.devices import COOKIE, make_key
from kinder.accounts.encryption import encrypt
from kinder.accounts.models import Contributor, Device
from places.models import Area, Place
from tests.factories import ContributorFactory, DifficultyFactory, InteractionFactory, UserFactory
from tests.interactions.conftest import Phone, follow, know

pytestmark = pytest.mark.django_db


def show(phone: Phone, query: str = "") -> str:
    response = phone.client.get(f"/my/{query}")
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def diary(phone: Phone, place: Place, area: Area) -> Phone:
    person = phone.device.contributor
    InteractionFactory.create(
        contributor=person, place=place, area=area, kind="food", occurred_on=dt.date(2026, 3, 5)
    )
    InteractionFactory.create(
        contributor=person, area=area, direction="received", occurred_on=dt.date(2026, 2, 5)
    )
    DifficultyFactory.create(contributor=person, area=area, occurred_on=dt.date(2026, 2, 9))
    InteractionFactory.create(kind="lent")
    return phone


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("", ["5 March 2026", "9 February 2026", "5 February 2026"]),
        ("?direction=received", ["5 February 2026"]),
        ("?direction=hard", ["9 February 2026"]),
        ("?kind=food", ["5 March 2026"]),
        ("?month=2026-02", ["9 February 2026", "5 February 2026"]),
        ("?direction=gave&month=2026-02", []),
        ("?direction=nonsense", ["5 March 2026", "9 February 2026", "5 February 2026"]),
    ],
)
def test_the_diary_lists_what_is_asked_for(diary: Phone, query: str, days: list[str]) -> None:
    page = show(diary, query)
    found = [day for day in ("5 March 2026", "9 February 2026", "5 February 2026") if day in page]
    assert found == days


def test_the_diary_filters_by_place(diary: Phone, place: Place, area: Area) -> None:
    assert "5 February" not in show(diary, f"?place=place:{place.code}")
    page = show(diary, f"?place=area:{area.code}")
    assert "5 March 2026" not in page
    assert "9 February 2026" in page


def test_an_empty_diary_says_so_and_makes_nobody(db: None) -> None:
    client = Client()
    assert b"Nothing here yet" in client.get("/my/").content
    assert not Contributor.objects.exists()


def test_the_number_of_moments_changes_no_number_of_queries(
    diary: Phone, django_assert_max_num_queries: object
) -> None:
    for _ in range(20):
        InteractionFactory.create(contributor=diary.device.contributor)
    with django_assert_max_num_queries(16):  # type: ignore[operator]
        show(diary)


def test_whoever_signs_in_sees_what_they_added_on_any_device(diary: Phone) -> None:
    user = UserFactory.create()
    Contributor.objects.filter(pk=diary.device.contributor.pk).update(user=user)
    elsewhere = Client()
    elsewhere.force_login(user)
    assert b"5 March 2026" in elsewhere.get("/my/").content
    # A second browser of theirs, where they added something before they signed in.
    key = make_key()
    device = know(key)
    InteractionFactory.create(contributor=device.contributor, occurred_on=dt.date(2026, 1, 7))
    second = Client()
    second.cookies[COOKIE] = key
    second.force_login(user)
    page = second.get("/my/").content.decode()
    assert "5 March 2026" in page
    assert "7 January 2026" in page


def test_moments_can_be_taken_away(diary: Phone) -> None:
    first = Interaction.objects.filter(contributor=diary.device.contributor).earliest("occurred_on")
    Note.objects.create(interaction=first, ciphertext=encrypt("=1+1, said the joker"))
    rows = json.loads(diary.client.get("/my/moments.json").content)
    assert [row["day"] for row in rows] == ["2026-02-05", "2026-02-09", "2026-03-05"]
    assert rows[0]["note"] == "=1+1, said the joker"
    text = diary.client.get("/my/moments.csv").content.decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text)))
    assert table[0]["note"] == "'=1+1, said the joker", "a spreadsheet runs no formula"
    assert table[1]["reasons"] == "No time or energy"
    assert diary.client.get("/my/moments.exe").status_code == 404
    assert json.loads(Client().get("/my/moments.json").content) == []


def test_a_phone_that_is_forgotten_opens_nothing(diary: Phone) -> None:
    person = diary.device.contributor
    assert diary.client.get("/my/forget/").status_code == 200
    assert Device.objects.count() == 1, "looking forgets nothing"
    answer = diary.client.post("/my/forget/")
    assert follow(answer) == "/my/"
    assert answer.cookies[COOKIE].value == ""
    assert not Device.objects.exists()
    assert b"Nothing here yet" in diary.client.get("/my/").content
    assert Interaction.objects.filter(contributor=person).count() == 2


def test_whoever_keeps_no_diary_sees_none_until_they_ask(diary: Phone) -> None:
    follow(diary.client.post("/my/", {"do": "keep_none"}))
    assert "5 March 2026" not in show(diary)
    follow(diary.client.post("/my/", {"do": "keep"}))
    assert "5 March 2026" in show(diary)


def test_something_to_notice_changes_with_the_day_and_can_be_switched_off(diary: Phone) -> None:
    day = dt.date(2026, 3, 1)
    picked = [pick_thing(day + dt.timedelta(days=n)) for n in range(len(THINGS))]
    assert len(set(picked)) == len(THINGS)
    assert "Something to notice" in show(diary)
    follow(diary.client.post("/my/", {"do": "notice_none"}))
    assert "Something to notice</h2>" not in show(diary)
    follow(diary.client.post("/my/", {"do": "notice"}))
    assert "Something to notice</h2>" in show(diary)


def test_another_persons_diary_stays_shut(diary: Phone) -> None:
    stranger = Phone(make_key())
    assert "5 March 2026" not in show(stranger)
    assert ContributorFactory.create() is not None
