"""Company asked for and offered: safe for both, nameless, gone by itself."""

import re
from datetime import UTC, datetime, time, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connections
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from kinder.accounts.models import AuditEvent, Contributor, Role, User
from kinder.accounts.privacy import rooms
from kinder.accounts.rules import Refused
from kinder.accounts.screening import stamp
from places.actions import hide_place
from places.company.actions import ask_at_gathering, ask_at_place, take_back, take_down
from places.company.reading import list_company, list_times
from places.company.rules import (
    EARLIEST,
    LATEST,
    MOST_STANDING,
    NEVER_AT,
    WITHOUT_STAFF,
    can_have_company,
    check_time,
)
from places.gatherings import occasions_between
from places.hosting import cancel_occasion
from places.models import CompanyNotice, Gathering, Place
from places.models.company import LONGEST_COMPANY
from places.privacy import erase, export, merge
from places.vocabulary import CompanyThing, CompanyWay, PlaceKind
from tests.factories import NeighbourhoodFactory
from tests.factories.accounts import make_member, make_user
from tests.factories.places import make_place
from tests.places.test_gatherings import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)  # a Monday, 10 o'clock here
HOURS = "Mo-Sa 09:00-17:00"


@pytest.fixture(autouse=True)
def monday() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def library() -> Place:
    return make_place("Rowan Library", opening_hours=HOURS)


def at(hour: int, minute: int = 0, *, days: int = 1) -> datetime:
    on = (NOW + timedelta(days=days)).date()
    return timezone.make_aware(datetime.combine(on, time(hour, minute)))


def put_up(place: Place, by: Contributor | None = None, **facts: Any) -> CompanyNotice:
    told: dict[str, Any] = {
        "way": CompanyWay.ASK,
        "thing": CompanyThing.CHAT,
        "starts_at": at(14),
        "ends_at": at(15),
    }
    return ask_at_place(by=by or Contributor.objects.create(), place=place, **told | facts)


def form(**more: Any) -> dict[str, Any]:
    told = {"way": "ask", "thing": "chat", "on": "2026-05-05", "at": "14:00", "minutes": "60"}
    asked_at = stamp(timezone.now() - timedelta(minutes=1))
    return told | {"language": "", "is_adult": "on", "asked_at": asked_at} | more


# ------------------------------------------------------------------ where and when


@pytest.mark.parametrize("kind", PlaceKind)
def test_only_where_somebody_is_about_and_it_tells_nothing(kind: PlaceKind) -> None:
    place = make_place(kind=kind, opening_hours=HOURS)
    assert can_have_company(place) == (kind not in NEVER_AT | WITHOUT_STAFF)
    assert can_have_company(place, at_gathering=True) == (kind not in NEVER_AT)
    if kind in NEVER_AT | WITHOUT_STAFF:
        with pytest.raises(Refused):
            put_up(place)


@pytest.mark.parametrize(
    "facts",
    [
        {"opening_hours": ""},
        {"opening_hours": "most days"},
        {"opening_hours": HOURS, "cost_to_stay": "members"},
        {"opening_hours": HOURS, "state": "suggested"},
        {"opening_hours": HOURS, "state": "hidden"},
        {"opening_hours": HOURS, "state": "closed"},
    ],
)
def test_not_at_a_place_that_may_be_shut(facts: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        put_up(make_place(**facts))


@pytest.mark.parametrize(
    ("starts_at", "ends_at"),
    [
        (at(16, 30), at(17, 30)),  # shut before the end
        (at(8), at(9, 30)),  # shut at the beginning
        (at(14, days=6), at(15, days=6)),  # a Sunday
        (at(14), at(16, 1)),  # too long
        (at(14), at(14)),
        (at(15), at(14)),
        (at(9, days=0), at(11, days=0)),  # it has begun
        (at(14, days=-1), at(15, days=-1)),
        (at(14, days=7), at(15, days=7)),  # too far ahead
    ],
)
def test_not_at_any_other_time(library: Place, starts_at: datetime, ends_at: datetime) -> None:
    with pytest.raises(Refused):
        put_up(library, starts_at=starts_at, ends_at=ends_at)


def test_not_at_night_where_it_never_shuts() -> None:
    always = make_place(opening_hours="24/7")
    for starts_at, ends_at in ((at(7, 30), at(8, 30)), (at(19, 30), at(20, 30)), (at(23), at(23))):
        with pytest.raises(Refused):
            put_up(always, starts_at=starts_at, ends_at=ends_at)
    put_up(always, starts_at=at(18, 30), ends_at=at(20))
    assert list_company(NOW, place=always)


@given(
    begin=st.integers(-3 * 24 * 60, 10 * 24 * 60),
    length=st.integers(-60, 600),
    month=st.integers(1, 12),
)
def test_whatever_is_taken_is_soon_short_and_by_day(begin: int, length: int, month: int) -> None:
    now = datetime(2026, month, 27, 9, tzinfo=UTC)  # clocks change in two of these weeks
    starts_at = now + timedelta(minutes=begin)
    ends_at = starts_at + timedelta(minutes=length)
    try:
        check_time(starts_at, ends_at, now=now)
    except Refused:
        return
    first, last = timezone.localtime(starts_at), timezone.localtime(ends_at)
    assert now < starts_at < ends_at <= starts_at + LONGEST_COMPANY
    assert EARLIEST <= first.time() < last.time() <= LATEST
    assert first.date() == last.date() <= timezone.localdate(now) + timedelta(days=6)


# ------------------------------------------------------------------ who, and how it goes


def test_a_person_has_two_at_a_time_and_the_same_is_one(library: Place) -> None:
    me = Contributor.objects.create()
    first = put_up(library, me)
    assert put_up(library, me) == first
    put_up(library, me, way=CompanyWay.OFFER)
    with pytest.raises(Refused):
        put_up(library, me, thing=CompanyThing.GAME)
    assert CompanyNotice.objects.count() == MOST_STANDING
    assert take_back(by=me, user=None, notice=first)
    assert not take_back(by=me, user=None, notice=first)
    put_up(library, me, thing=CompanyThing.GAME)


def test_nobody_takes_back_what_is_anothers(library: Place) -> None:
    user = make_user(has_second_factor=False)
    notice = put_up(library, Contributor.objects.create(user=user))
    assert not take_back(by=Contributor.objects.create(), user=make_user(), notice=notice)
    assert not take_back(by=None, user=None, notice=notice)
    assert take_back(by=None, user=user, notice=notice)
    assert not AuditEvent.objects.filter(object_type__icontains="company").exists()


def test_what_several_say_is_told_once_without_a_number(library: Place) -> None:
    for _one in range(3):
        put_up(library)
    put_up(library, language="pl")
    told = list_company(NOW, place=library)
    assert sorted(one.language for one in told) == ["", "Polski"]
    page = Client().get(f"/places/{library.code}/").content.decode()
    assert page.count("Somebody would like company") == 2
    worker = make_member(Role.WORKER)
    alike = next(one for one in told if not one.language)
    assert take_down(by=worker, notice=CompanyNotice.objects.get(pk=alike.id)) == 3
    event = AuditEvent.objects.get(verb="take_down_company")
    assert event.object_id == str(library.pk)
    with pytest.raises(Refused):
        take_down(by=make_user(), notice=CompanyNotice.objects.get())


def test_it_goes_when_its_time_is_over_or_its_place_does(library: Place) -> None:
    put_up(library)
    assert list_company(at(14, 59))
    assert not list_company(at(15))
    Place.objects.filter(pk=library.pk).update(opening_hours="Mo-Sa 09:00-12:00")
    assert not list_company(NOW), "the hours changed"
    Place.objects.filter(pk=library.pk).update(opening_hours=HOURS, kind=PlaceKind.HEALTH)
    assert not list_company(NOW), "it became another kind of place"
    Place.objects.filter(pk=library.pk).update(kind=PlaceKind.LIBRARY)
    assert list_company(NOW)
    hide_place(by=make_member(Role.WORKER), place=library, reason="unsafe")
    assert not list_company(NOW)


def test_somebody_who_floods_is_not_heard_and_not_told(library: Place) -> None:
    me = Contributor.objects.create(is_blocked=True)
    put_up(library, me)
    assert not list_company(NOW)


def test_company_at_a_gathering_goes_with_it(library: Place) -> None:
    gathering = make(library)  # Tuesdays at noon
    [occasion] = list_times(gathering, NOW)
    notice = ask_at_gathering(
        by=Contributor.objects.create(), occasion=occasion, way=CompanyWay.OFFER
    )
    assert notice.thing == CompanyThing.GO_IN
    assert notice.ends_at - notice.starts_at <= LONGEST_COMPANY
    [told] = list_company(NOW, gathering=gathering)
    assert told.is_offer
    assert told.is_at_the_door
    worker = make_member(Role.WORKER)
    cancel_occasion(by=worker, gathering=gathering, on=occasion.on)
    assert not list_company(NOW)
    gathering = Gathering.objects.get()
    again = next(occasions_between(gathering, NOW, NOW + timedelta(days=9), with_cancelled=True))
    with pytest.raises(Refused):
        ask_at_gathering(by=Contributor.objects.create(), occasion=again, way=CompanyWay.ASK)
    gathering.cancelled_occasions.all().delete()
    assert list_company(NOW)
    Gathering.objects.update(state=Gathering.State.HIDDEN)
    assert not list_company(NOW)


def test_an_evening_gathering_has_none() -> None:
    gathering = make(starts_at=at(20, 30), recurrence="")
    [occasion] = list_times(gathering, NOW)
    with pytest.raises(Refused):
        ask_at_gathering(by=Contributor.objects.create(), occasion=occasion, way=CompanyWay.ASK)


def test_what_is_kept_of_it(library: Place) -> None:
    me, other = Contributor.objects.create(), Contributor.objects.create()
    put_up(library, me)
    put_up(library, other)
    [row] = export(me)["places.companynotice"]
    assert (row["place__code"], row["way"]) == (library.code, "ask")
    merge(me, other)
    assert CompanyNotice.objects.filter(contributor=me).count() == 2
    assert erase(me) == 2
    put_up(library, other)
    rules = {rule.name: rule for room in rooms() for rule in room.retention}
    rule = rules["places.company"]
    assert rule.apply(at(15) + timedelta(days=1, hours=23), is_dry_run=False) == 0
    assert rule.apply(at(15) + timedelta(days=2, minutes=1), is_dry_run=True) == 1
    assert rule.apply(at(15) + timedelta(days=2, minutes=1), is_dry_run=False) == 1
    assert not CompanyNotice.objects.exists()


def test_no_figure_file_or_feed_reads_it() -> None:
    root = Path(__file__).parents[2]
    rooms = ["connections/indicators", "connections/reports", "connections/befriending"]
    for room in [*rooms, "places/exchange"]:
        for path in (root / room).rglob("*.py"):
            assert not re.search(r"CompanyNotice|places\.company", path.read_text()), path
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege('kinder_reports', 'places_companynotice', 'SELECT')"
        )
        assert cursor.fetchone() == (False,)


# ------------------------------------------------------------------ pages


def test_a_browser_asks_sees_its_note_and_takes_it_back(library: Place) -> None:
    visitor = Client(headers={"Sec-Fetch-Site": "same-origin"})
    path = f"/places/{library.code}/company/"
    page = visitor.get(path).content.decode()
    for words in (
        "Two hours at most.",
        "No name, no phone number",
        "Nobody asks why.",
        "In danger, call 999.",
    ):
        assert words in page
    assert "Tuesday 5 (9 a.m. to 5 p.m.)" in page
    assert "Sunday 10 (" not in page, "it is shut on Sundays"
    answer = visitor.post(path, form(), follow=True)
    own = answer.redirect_chain[-1][0]
    assert "This seat is free" in answer.content.decode()
    there = Client().get(f"/places/{library.code}/").content.decode()
    assert "Somebody would like company" in there
    assert "2 p.m." in there
    assert "A cuppa and a chat" in there
    assert own not in there
    assert Client().get(own).status_code == 404
    assert Client().post(f"{own}take-back/").status_code == 404
    assert "You asked for company" in visitor.get("/my/").content.decode()
    visitor.post(f"{own}take-back/")
    assert not CompanyNotice.objects.exists()
    assert visitor.post(f"{own}take-back/").status_code == 404


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"way": ""}, "Choose whether you ask for company or offer it."),
        ({"thing": "<script>"}, "Select a valid choice."),
        ({"thing": "cha\u202et"}, "Select a valid choice."),
        ({"on": "2026-05-10"}, "Select a valid choice."),
        ({"at": "16:30"}, "The place is not open for all of that time."),
        ({"at": "03:00"}, "Select a valid choice."),
        ({"minutes": "600"}, "Select a valid choice."),
        ({"is_adult": ""}, "18 and older"),
        ({"company_website": "x"}, "Website of your company"),
        ({"asked_at": ""}, "open for a long time"),
        ({"on": "2026-05-04", "at": "09:30"}, "That time is over."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    library: Place, more: dict[str, str], words: str
) -> None:
    response = Client().post(f"/places/{library.code}/company/", form(**more))
    assert response.status_code == 422
    page = response.content.decode()
    assert words in page
    if "way" not in more:
        assert re.search(r'value="ask"[^>]*checked', page)
    assert not CompanyNotice.objects.exists()
    assert not Contributor.objects.exists()


def test_pages_of_gatherings_say_when_not(library: Place) -> None:
    gathering = make(library)
    path = f"/whats-on/{gathering.code}/company/"
    assert "Tuesday 5 May" in Client().get(path).content.decode()
    visitor = Client()
    page = visitor.post(path, form(on="2026-05-05"), follow=True).content.decode()
    assert "Shall we go in together?" in page
    for where in ("/whats-on/", f"/whats-on/{gathering.code}/", f"/places/{library.code}/"):
        assert "Somebody would like company" in Client().get(where).content.decode(), where
    assert "Somebody would like company" not in Client().get("/whats-on/?q=soup").content.decode()
    far = make(library, title="Far", recurrence="", starts_at=NOW + timedelta(days=20))
    page = Client().get(f"/whats-on/{far.code}/company/").content.decode()
    assert "It does not happen in the next week." in page
    meal = make_place(kind=PlaceKind.COMMUNITY_MEAL, opening_hours=HOURS)
    page = unescape(Client().get(f"/places/{meal.code}/company/").content.decode())
    assert "We don't do this at a place of this kind." in page
    assert "<form method" not in page.split("<main")[1].split("</main")[0]
    assert (
        f"/places/{meal.code}/company/"
        not in Client().get(f"/places/{meal.code}/").content.decode()
    )


def test_too_many_at_once_are_asked_to_wait(library: Place) -> None:
    visitor = Client()
    path = f"/places/{library.code}/company/"
    statuses = []
    for number in range(70):
        answer = visitor.post(path, form(at=f"{9 + number % 5:02}:00", thing="game"))
        statuses.append(answer.status_code)
    assert statuses[-1] == 429
    assert CompanyNotice.objects.count() == MOST_STANDING


def test_a_keeper_takes_it_down_from_the_page(library: Place) -> None:
    notice, worker = put_up(library), make_member(Role.WORKER)
    client = Client()
    client.force_login(worker)
    path = f"/company/{notice.pk}/take-down/"
    assert path in client.get(f"/places/{library.code}/").content.decode()
    assert path not in Client().get(f"/places/{library.code}/").content.decode()
    client.post(path)
    assert not CompanyNotice.objects.exists()


def test_reading_it_asks_once(library: Place, django_assert_max_num_queries: Any) -> None:
    area = NeighbourhoodFactory.create()
    for number in range(12):
        put_up(make_place(f"Place {number}", opening_hours=HOURS, area=area))
    with django_assert_max_num_queries(1):
        assert len(list_company(NOW, area=area)) == 6


def test_the_account_takes_back_what_its_phone_put_up(library: Place) -> None:
    user: User = make_user(has_second_factor=False)
    notice = put_up(library, Contributor.objects.create(user=user))
    client = Client()
    client.force_login(user)
    assert client.get(f"/company/{notice.pk}/").status_code == 200
    client.post(f"/company/{notice.pk}/take-back/")
    assert not CompanyNotice.objects.exists()
