"""Our Ordinary Day: numbered cards, each one person, counted like any other answer."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from connections.interactions.asking import together
from connections.interactions.asking.actions import Told, ask_enrolled
from connections.interactions.asking.rules import ENTRY_DAYS
from connections.interactions.models import (
    OrdinaryDay,
    OrdinaryDayCard,
    Prompt,
    PromptAnswer,
    PromptAsked,
)
from kinder.accounts.devices import COOKIE, make_key
from kinder.accounts.models import AuditEvent, Contributor, Role, User
from kinder.accounts.rules import Refused
from places.models import Area, OrganisationArea
from tests.factories import CommunityFactory, ContributorFactory, NeighbourhoodFactory
from tests.factories.accounts import make_member, make_organisation
from tests.interactions.conftest import Phone, follow

pytestmark = pytest.mark.django_db(databases=["default", "reports"])

LONDON = ZoneInfo("Europe/London")
MONTH = dt.date(2026, 5, 1)
DAY = dt.date(2026, 5, 12)
TOLD = Told(gave=1, received=2, noticed=0)


def at(day: dt.date, hour: int = 12) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), tzinfo=LONDON)


OPEN = at(DAY + dt.timedelta(days=1))


@pytest.fixture
def community(db: None) -> Area:
    return CommunityFactory.create(name="Harbourside")


@pytest.fixture
def worker(community: Area) -> User:
    organisation = make_organisation("Harbour Neighbours")
    OrganisationArea.objects.create(organisation=organisation, area=community)
    return make_member(Role.WORKER, organisation)


@pytest.fixture
def day(community: Area, worker: User) -> OrdinaryDay:
    with time_machine.travel(at(dt.date(2026, 3, 3)), tick=False):
        day = together.plan_day(by=worker, area=community, month_on=MONTH, cards=40)
    Prompt.objects.create(month_on=MONTH, asked_on=DAY)
    return day


@pytest.fixture
def handed_out(day: OrdinaryDay, worker: User) -> OrdinaryDay:
    return together.hand_out(by=worker, day=day, count=12, now=OPEN)


class TestPlanning:
    def test_one_a_year_in_a_coming_month_by_who_works_there(
        self, community: Area, worker: User, day: OrdinaryDay
    ) -> None:
        with time_machine.travel(at(dt.date(2026, 3, 3)), tick=False):
            for area, month_on in (
                (community, dt.date(2026, 7, 1)),
                (community, dt.date(2027, 3, 1)),
                (community, dt.date(2026, 3, 1)),
                (NeighbourhoodFactory.create(parent=community), dt.date(2027, 1, 1)),
            ):
                with pytest.raises(Refused):
                    together.plan_day(by=worker, area=area, month_on=month_on, cards=40)
            with pytest.raises(Refused):
                together.plan_day(
                    by=make_member(Role.WORKER),
                    area=community,
                    month_on=dt.date(2027, 1, 1),
                    cards=40,
                )
            together.plan_day(by=worker, area=community, month_on=dt.date(2027, 1, 1), cards=40)

    def test_a_plan_can_be_taken_back_until_a_card_is_out(
        self, day: OrdinaryDay, worker: User
    ) -> None:
        together.hand_out(by=worker, day=day, count=1, now=OPEN)
        with pytest.raises(Refused):
            together.cancel_day(by=worker, day=day)

    def test_cards_go_out_only_while_the_question_is_open(
        self, day: OrdinaryDay, worker: User
    ) -> None:
        for days in (0, 4):
            with pytest.raises(Refused):
                together.hand_out(
                    by=worker, day=day, count=5, now=at(DAY + dt.timedelta(days=days))
                )
        for count in (0, 41):
            with pytest.raises(Refused):
                together.hand_out(by=worker, day=day, count=count or -1, now=OPEN)
        together.hand_out(by=worker, day=day, count=5, now=OPEN)
        with pytest.raises(Refused):
            together.hand_out(by=worker, day=day, count=4, now=OPEN)


class TestCounting:
    def test_a_card_handed_out_is_one_person_asked(
        self, handed_out: OrdinaryDay, worker: User, community: Area
    ) -> None:
        assert PromptAsked.objects.count() == 12
        together.hand_out(by=worker, day=handed_out, count=20, now=OPEN)
        together.hand_out(by=worker, day=handed_out, count=20, now=OPEN)
        ask_enrolled(now=OPEN)
        assert PromptAsked.objects.count() == Contributor.objects.count() == 20
        together.enter_card(by=worker, typed=together.name_card(handed_out, 3), told=TOLD, now=OPEN)
        answer = PromptAnswer.objects.get()
        assert (answer.is_in_window, answer.area, answer.received) == (True, community, 2)

    def test_a_card_counts_once_and_is_corrected_on_purpose_only(
        self, handed_out: OrdinaryDay, worker: User
    ) -> None:
        name = together.name_card(handed_out, 3)
        together.enter_card(by=worker, typed=name, told=TOLD, now=OPEN)
        with pytest.raises(Refused):
            together.enter_card(by=worker, typed=name, told=TOLD, now=OPEN)
        other = Told(gave=5, received=0, noticed=0)
        entered = together.enter_card(by=worker, typed=name, told=other, replaces=True, now=OPEN)
        assert entered.is_correction
        assert PromptAnswer.objects.get().gave == 5
        assert AuditEvent.objects.filter(verb__in=["enter_card", "correct_card"]).count() == 2

    def test_it_is_typed_in_within_a_fortnight_by_who_works_there(
        self, handed_out: OrdinaryDay, worker: User
    ) -> None:
        name = together.name_card(handed_out, 1)
        late = OPEN + dt.timedelta(days=3 + ENTRY_DAYS)
        with pytest.raises(Refused):
            together.enter_card(by=worker, typed=name, told=TOLD, now=late)
        with pytest.raises(Refused):
            together.enter_card(by=make_member(Role.WORKER), typed=name, told=TOLD, now=OPEN)
        with pytest.raises(Refused):
            together.enter_card(
                by=worker, typed=together.name_card(handed_out, 13), told=TOLD, now=OPEN
            )

    def test_on_a_phone_the_card_becomes_its_person(self, handed_out: OrdinaryDay) -> None:
        person = ContributorFactory.create()
        name = together.name_card(handed_out, 3)
        together.take_card(by=person, typed=name.lower().replace("-", " "), now=OPEN)
        together.take_card(by=person, typed=name, now=OPEN)
        assert PromptAsked.objects.count() == 12
        assert PromptAsked.objects.filter(contributor=person).exists()
        with pytest.raises(Refused):
            together.take_card(by=ContributorFactory.create(), typed=name, now=OPEN)

    def test_whoever_was_asked_already_counts_once_and_the_card_is_void(
        self, handed_out: OrdinaryDay, worker: User
    ) -> None:
        person = ContributorFactory.create()
        together.take_card(by=person, typed=together.name_card(handed_out, 1), now=OPEN)
        second = together.name_card(handed_out, 2)
        together.take_card(by=person, typed=second, now=OPEN)
        assert PromptAsked.objects.count() == 11
        with pytest.raises(Refused):
            together.enter_card(by=worker, typed=second, told=TOLD, now=OPEN)

    def test_what_was_answered_on_a_phone_is_not_typed_over(
        self, handed_out: OrdinaryDay, worker: User
    ) -> None:
        name = together.name_card(handed_out, 3)
        together.take_card(by=ContributorFactory.create(), typed=name, now=OPEN)
        with pytest.raises(Refused):
            together.enter_card(by=worker, typed=name, told=TOLD, replaces=True, now=OPEN)


class TestNames:
    @given(number=st.integers(1, 600), slip=st.data())
    def test_a_slip_of_the_finger_is_caught(self, number: int, slip: st.DataObject) -> None:
        name = together.name_card(OrdinaryDay(pk=7), number)
        assert together.read_card_name(name) == (7, number)
        where = slip.draw(st.sampled_from([n for n, sign in enumerate(name) if sign != "-"]))
        sign = slip.draw(st.sampled_from(sorted(set("23456789ABCDEFGHJKMNPQRSTVWXYZ"))))
        if sign == name[where]:
            return
        with pytest.raises(Refused):
            together.read_card_name(name[:where] + sign + name[where + 1 :])

    @pytest.mark.parametrize("typed", ["", "1", "7-001", "x" * 30, "٧-٠٠١-ABCD", "7-001-\x00"])
    def test_nonsense_is_no_card(self, typed: str) -> None:
        with pytest.raises(Refused):
            together.read_card_name(typed)

    def test_letters_that_look_alike_are_read_kindly(self) -> None:
        for number in range(1, 40):
            name = together.name_card(OrdinaryDay(pk=10), number)
            typed = name.replace("0", "O").replace("1", "l")
            assert together.read_card_name(typed) == (10, number)


class TestPages:
    def test_from_the_plan_to_the_last_card(self, community: Area, worker: User) -> None:
        client = Client()
        path = f"/areas/{community.code}/ordinary-day/"
        with time_machine.travel(at(dt.date(2026, 3, 3)), tick=False):
            client.force_login(worker)
            assert client.post(path, {"plan": "1", "cards": "0"}).status_code == 422
            follow(client.post(path, {"plan": "1", "month_on": "2026-05-01", "cards": "30"}))
            assert client.get(f"{path}cards.pdf").content.startswith(b"%PDF")
            public = Client().get(f"/areas/{community.code}/").content.decode()
            assert "Our Ordinary Day" in public
        Prompt.objects.create(month_on=MONTH, asked_on=DAY)
        with time_machine.travel(at(DAY), tick=False):
            client.force_login(worker)
            page = client.get(path).content.decode()
            assert "12 May" not in page, "the day is told to nobody before it is over"
            assert "hand_out" not in page
        with time_machine.travel(OPEN, tick=False):
            client.force_login(worker)
            assert "Tuesday 12 May" in client.get(path).content.decode()
            assert client.post(path, {"hand_out": "1", "count": "31"}).status_code == 422
            follow(client.post(path, {"hand_out": "1", "count": "10"}))
            day = OrdinaryDay.objects.get()
            entry = f"{path}cards/"
            name = together.name_card(day, 4)
            assert client.post(entry, {"card": "9-999-ZZZZ", "none": "1"}).status_code == 422
            assert follow(client.post(entry, {"card": name, "none": "1"})) == entry
            assert client.post(entry, {"card": name, "none": "1"}).status_code == 422
            again = {"card": name, "none": "1", "replaces": "on"}
            assert follow(client.post(entry, again)) == entry
            assert client.get(f"{path}read-back.pdf").content.startswith(b"%PDF")
        assert OrdinaryDayCard.objects.filter(used_at__isnull=False).count() == 1

    def test_a_neighbour_answers_a_card_on_a_phone(self, handed_out: OrdinaryDay) -> None:
        phone = Phone(None, headers={"sec-fetch-site": "none"})
        with time_machine.travel(OPEN, tick=False):
            assert phone.client.post("/card/", {"card": "7-001-ABCD"}).status_code == 422
            assert not Contributor.objects.filter(devices__isnull=False).exists()
            name = together.name_card(handed_out, 2)
            answer = phone.client.post("/card/", {"card": name})
            assert follow(answer) == "/my/day/"
            assert COOKIE in answer.cookies
            assert b"Think of Tuesday 12 May" in phone.client.get("/my/day/").content
            follow(phone.client.post("/my/day/", {"none": "1"}))
        assert PromptAnswer.objects.get().is_in_window

    def test_nobody_else_opens_them(self, handed_out: OrdinaryDay, community: Area) -> None:
        stranger = Client()
        stranger.force_login(make_member(Role.WORKER))
        for path in ("", "cards/", "cards.pdf", "read-back.pdf"):
            address = f"/areas/{community.code}/ordinary-day/{path}"
            assert stranger.get(address).status_code == 403
            assert Client().get(address).status_code == 302
        assert len(make_key()) == 43
