"""The ordinary day: drawn once, asked of those enrolled on it, answered for three days."""

import calendar
import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail as outbox
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from connections.interactions.asking import actions, mail
from connections.interactions.asking.actions import Told
from connections.interactions.asking.questions import find_question, read_standing
from connections.interactions.asking.rules import (
    ANSWER_DAYS,
    first_day_to_answer,
    is_window_open,
    last_day_to_answer,
)
from connections.interactions.models import (
    HomeArea,
    Measure,
    MeasureAnswer,
    Prompt,
    PromptAnswer,
    PromptAsked,
    PromptEnrolment,
    PromptMail,
)
from connections.interactions.tasks import ask_this_month
from kinder.accounts.consents import current_wording, find_standing, withdraw
from kinder.accounts.models import Contributor
from kinder.accounts.rules import Refused
from places.models import Area
from tests.factories import ContributorFactory, NeighbourhoodFactory, OrganisationFactory
from tests.interactions.conftest import Phone, follow

pytestmark = pytest.mark.django_db

LONDON = ZoneInfo("Europe/London")
NONE = Told(gave=0, received=0, noticed=0)
DAY = dt.date(2026, 3, 10)


def at(day: dt.date, hour: int = 12) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), tzinfo=LONDON)


@pytest.fixture
def prompt(db: None) -> Prompt:
    return Prompt.objects.create(month_on=DAY.replace(day=1), asked_on=DAY)


@pytest.fixture
def home(db: None) -> Area:
    return NeighbourhoodFactory.create(name="Parkhead")


def enrol(home: Area, on: dt.date = DAY - dt.timedelta(days=40)) -> Contributor:
    person = ContributorFactory.create()
    with time_machine.travel(at(on), tick=False):
        actions.enrol(by=person, home=home, version=current_wording(actions.CONSENT).version)
    return person


class TestDrawing:
    def test_a_month_is_drawn_once_however_often_the_job_runs(self) -> None:
        now = at(dt.date(2026, 3, 1), 0)
        drawn = {actions.draw_prompt(now=now).asked_on for _ in range(20)}
        assert len(drawn) == 1
        assert Prompt.objects.count() == 1

    def test_every_day_of_the_month_can_be_drawn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for back in range(28):
            Prompt.objects.all().delete()
            monkeypatch.setattr("secrets.randbelow", lambda n, back=back: (n - 1) - back)
            prompt = actions.draw_prompt(now=at(dt.date(2026, 2, 1)))
            assert prompt.asked_on == dt.date(2026, 2, 28 - back)

    @given(day=st.dates(dt.date(2024, 1, 1), dt.date(2032, 12, 31)))
    def test_a_job_that_runs_late_draws_a_day_that_can_still_be_asked(self, day: dt.date) -> None:
        Prompt.objects.all().delete()
        prompt = actions.draw_prompt(now=at(day, 1))
        assert prompt.month_on == day.replace(day=1)
        assert day <= prompt.asked_on
        assert prompt.asked_on.day <= calendar.monthrange(day.year, day.month)[1]
        assert prompt.asked_on.month == day.month

    @pytest.mark.parametrize(
        ("moment", "month"),
        [
            # Half past midnight in summer time is still the day before in UTC.
            (dt.datetime(2026, 6, 30, 23, 30, tzinfo=dt.UTC), dt.date(2026, 7, 1)),
            (dt.datetime(2026, 12, 31, 23, 30, tzinfo=dt.UTC), dt.date(2026, 12, 1)),
        ],
    )
    def test_the_month_is_the_local_one(self, moment: dt.datetime, month: dt.date) -> None:
        assert actions.draw_prompt(now=moment).month_on == month


class TestWindow:
    @pytest.mark.parametrize("day", [DAY, dt.date(2026, 3, 28), dt.date(2026, 10, 24)])
    def test_it_is_three_days_after_the_day_across_changes_of_the_clock(self, day: dt.date) -> None:
        prompt = Prompt(month_on=day.replace(day=1), asked_on=day)
        open_on = [
            day + dt.timedelta(days=n)
            for n in range(-3, 8)
            if is_window_open(prompt, today=day + dt.timedelta(days=n))
        ]
        assert open_on == [day + dt.timedelta(days=n) for n in range(1, ANSWER_DAYS + 1)]
        assert (open_on[0], open_on[-1]) == (
            first_day_to_answer(prompt),
            last_day_to_answer(prompt),
        )

    def test_its_last_minute_counts_and_the_next_does_not(self, prompt: Prompt, home: Area) -> None:
        early, late = enrol(home), enrol(home)
        last = dt.datetime.combine(last_day_to_answer(prompt), dt.time(23, 59), tzinfo=LONDON)
        assert actions.answer_prompt(by=early, prompt=prompt, told=NONE, now=last).is_in_window
        after = actions.answer_prompt(
            by=late, prompt=prompt, told=NONE, now=last + dt.timedelta(minutes=1)
        )
        assert not after.is_in_window


class TestAsking:
    def test_who_was_enrolled_on_the_day_is_written_down_once(
        self, prompt: Prompt, home: Area
    ) -> None:
        asked = enrol(home)
        on_the_day = enrol(home, DAY)
        enrol(home, DAY + dt.timedelta(days=1))
        paused, stopped, paused_later = enrol(home), enrol(home), enrol(home)
        with time_machine.travel(at(DAY), tick=False):
            actions.pause(by=paused)
            actions.stop(by=stopped)
        with time_machine.travel(at(DAY + dt.timedelta(days=1)), tick=False):
            actions.pause(by=paused_later)
        assert actions.ask_enrolled(now=at(DAY, 23)) == 0
        now = at(DAY + dt.timedelta(days=1), 1)
        assert actions.ask_enrolled(now=now) == 3
        people = set(PromptAsked.objects.values_list("contributor", flat=True))
        assert people == {asked.pk, on_the_day.pk, paused_later.pk}
        # Whoever goes on afterwards was not asked, and running again adds nobody.
        actions.resume(by=paused)
        assert actions.ask_enrolled(now=now) == 0
        assert PromptAsked.objects.count() == 3

    def test_a_job_that_dies_leaves_the_day_undone(
        self, prompt: Prompt, home: Area, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        enrol(home)
        now = at(DAY + dt.timedelta(days=1))
        with monkeypatch.context() as patched:
            patched.setattr(
                Prompt, "save", lambda *_a, **_k: (_ for _ in ()).throw(KeyboardInterrupt())
            )
            with pytest.raises(KeyboardInterrupt):
                actions.ask_enrolled(now=now)
        assert not PromptAsked.objects.exists()
        assert actions.ask_enrolled(now=now) == 1

    def test_nobody_hears_of_the_day_before_it_is_over(self, prompt: Prompt, home: Area) -> None:
        person = enrol(home)
        assert find_question(person, today=DAY) is None
        question = find_question(person, today=DAY + dt.timedelta(days=1))
        assert question is not None
        assert question.prompt == prompt
        with pytest.raises(Refused):
            actions.answer_prompt(by=person, prompt=prompt, told=NONE, now=at(DAY))

    def test_two_days_that_follow_each_other_are_asked_one_by_one(self, home: Area) -> None:
        first = Prompt.objects.create(month_on=dt.date(2026, 3, 1), asked_on=dt.date(2026, 3, 31))
        second = Prompt.objects.create(month_on=dt.date(2026, 4, 1), asked_on=dt.date(2026, 4, 1))
        person = enrol(home)
        today = dt.date(2026, 4, 2)
        question = find_question(person, today=today)
        assert question is not None
        assert question.prompt == first
        actions.answer_prompt(by=person, prompt=first, told=NONE, now=at(today))
        question = find_question(person, today=today)
        assert question is not None
        assert question.prompt == second

    def test_whoever_takes_the_consent_back_is_asked_no_more(self, home: Area) -> None:
        person = enrol(home)
        consent = find_standing(person, actions.CONSENT)
        assert consent is not None
        withdraw(by=person, consent=consent)
        assert not read_standing(person).is_asked


class TestAnswering:
    def test_an_answer_may_change_in_time_and_then_stands(self, prompt: Prompt, home: Area) -> None:
        person = enrol(home)
        now = at(DAY + dt.timedelta(days=1))
        actions.answer_prompt(by=person, prompt=prompt, told=NONE, now=now)
        told = Told(gave=2, received=1, noticed=0, rely=2, was_hard=True, hard_reasons=["money"])
        answer = actions.answer_prompt(by=person, prompt=prompt, told=told, now=now)
        assert PromptAnswer.objects.count() == 1
        assert (answer.gave, answer.received, answer.noticed) == (2, 1, 0)
        assert (answer.rely, answer.kind, answer.hard_reasons) == (2, None, ["money"])
        assert answer.area == home
        with pytest.raises(Refused):
            actions.answer_prompt(
                by=person, prompt=prompt, told=NONE, now=at(DAY + dt.timedelta(days=4))
            )
        assert actions.delete_answer(by=person, prompt=prompt)
        assert not PromptAnswer.objects.exists()

    def test_whoever_was_not_asked_writes_a_diary(self, prompt: Prompt, home: Area) -> None:
        now = at(DAY + dt.timedelta(days=2))
        person = enrol(home, now.date())
        assert not actions.answer_prompt(by=person, prompt=prompt, told=NONE, now=now).is_in_window
        with pytest.raises(Refused):
            actions.answer_prompt(by=ContributorFactory.create(), prompt=prompt, told=NONE, now=now)

    def test_a_day_of_long_ago_is_over(self, prompt: Prompt, home: Area) -> None:
        with pytest.raises(Refused):
            actions.answer_prompt(
                by=enrol(home), prompt=prompt, told=NONE, now=at(DAY + dt.timedelta(days=31))
            )


class TestMeasures:
    def make(self, area: Area, number: int = 1, **facts: Any) -> Measure:
        return Measure.objects.create(
            area=area,
            number=number,
            question=f"Question {number}?",
            scale=facts.pop("scale", Measure.Scale.AGREE_5),
            proposed_by=OrganisationFactory.create(),
            author="Neighbours",
            state=facts.pop("state", Measure.State.OPEN),
            opened_on=facts.pop("opened_on", dt.date(2026, 1, 5)),
        )

    def test_those_of_where_one_lives_are_asked_once_a_quarter(self, home: Area) -> None:
        assert home.parent is not None
        measure = self.make(home.parent)
        self.make(NeighbourhoodFactory.create())
        self.make(home.parent, 2, state=Measure.State.PROPOSED, opened_on=None)
        person = enrol(home, dt.date(2025, 12, 1))
        asked: list[list[int]] = []
        for month in (1, 2, 4):
            day = dt.date(2026, month, 10)
            prompt = Prompt.objects.create(month_on=day.replace(day=1), asked_on=day)
            now = at(day + dt.timedelta(days=1))
            question = find_question(person, today=now.date())
            assert question is not None
            asked.append([one.pk for one in question.measures])
            told = Told(gave=0, received=0, noticed=0, measures={measure.pk: 4})
            actions.answer_prompt(by=person, prompt=prompt, told=told, now=now)
        assert asked == [[measure.pk], [], [measure.pk]]
        quarters = MeasureAnswer.objects.values_list("quarter_on", "value").order_by("quarter_on")
        assert list(quarters) == [(dt.date(2026, 1, 1), 4), (dt.date(2026, 4, 1), 4)]

    def test_the_last_answer_counts_and_a_skipped_one_is_none(
        self, prompt: Prompt, home: Area
    ) -> None:
        measure = self.make(home, scale=Measure.Scale.ZERO_TO_TEN)
        person = enrol(home)
        now = at(DAY + dt.timedelta(days=1))
        for value, stands in ((7, [7]), (0, [0]), (None, [])):
            chosen = {} if value is None else {measure.pk: value}
            told = Told(gave=0, received=0, noticed=0, measures=chosen)
            actions.answer_prompt(by=person, prompt=prompt, told=told, now=now)
            assert list(MeasureAnswer.objects.values_list("value", flat=True)) == stands


class TestMail:
    @pytest.fixture
    def reader(self, home: Area) -> Contributor:
        person = enrol(home)
        self.leave(person, "reader@example.org")
        return person

    def leave(self, person: Contributor, address: str) -> None:
        outbox.outbox.clear()
        mail.offer_address(by=person, address=address)
        code = re.search(r"^\d{6}$", str(outbox.outbox[0].body), re.MULTILINE)
        assert code
        mail.confirm_address(by=person, code=code[0])
        outbox.outbox.clear()

    def test_the_address_is_not_in_the_table(self, reader: Contributor) -> None:
        stored = PromptMail.objects.get()
        assert b"reader" not in bytes(stored.ciphertext)
        assert mail.read_address(reader) == ("reader@example.org", True)

    def test_the_question_goes_out_once_whatever_the_job_does(
        self, reader: Contributor, prompt: Prompt
    ) -> None:
        morning = at(DAY + dt.timedelta(days=1), 10)
        with time_machine.travel(morning, tick=False):
            for _ in range(3):
                ask_this_month()
        [message] = outbox.outbox
        assert message.to == ["reader@example.org"]
        assert "Tuesday 10 March" in message.body
        assert message.extra_headers["List-Unsubscribe"].startswith("<http")

    def test_a_worker_killed_while_sending_sends_no_second_mail(
        self, reader: Contributor, prompt: Prompt, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        morning = at(DAY + dt.timedelta(days=1), 10)
        actions.ask_enrolled(now=morning)

        def die(*_arguments: object) -> int:
            raise SystemExit

        with monkeypatch.context() as patched:
            patched.setattr(mail, "_send", die)
            with pytest.raises(SystemExit):
                mail.send_due(now=morning)
        assert mail.send_due(now=morning) == 0

    def test_a_mail_that_the_server_refused_is_tried_again(
        self, reader: Contributor, prompt: Prompt, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        morning = at(DAY + dt.timedelta(days=1), 10)
        actions.ask_enrolled(now=morning)
        with monkeypatch.context() as patched:

            def refuse(*_arguments: object, **_named: object) -> None:
                raise ConnectionRefusedError

            patched.setattr("django.core.mail.EmailMessage.send", refuse)
            assert mail.send_due(now=morning) == 0
        assert mail.send_due(now=morning) == 1

    def test_nobody_is_written_to_at_night_after_answering_or_while_paused(
        self, home: Area, prompt: Prompt, reader: Contributor
    ) -> None:
        answered, paused = enrol(home), enrol(home)
        self.leave(answered, "answered@example.org")
        self.leave(paused, "paused@example.org")
        next_day = DAY + dt.timedelta(days=1)
        actions.ask_enrolled(now=at(next_day, 1))
        assert mail.send_due(now=at(next_day, 8)) == 0
        actions.answer_prompt(by=answered, prompt=prompt, told=NONE, now=at(next_day))
        actions.pause(by=paused)
        assert mail.send_due(now=at(next_day)) == 1
        assert mail.send_due(now=at(DAY + dt.timedelta(days=4))) == 0

    def test_a_code_is_good_for_five_tries_and_an_hour(self, home: Area) -> None:
        person = enrol(home)
        mail.offer_address(by=person, address="slow@example.org")
        code = re.search(r"^\d{6}$", str(outbox.outbox[-1].body), re.MULTILINE)
        assert code
        wrong = f"{(int(code[0]) + 1) % 1_000_000:06d}"
        for _ in range(5):
            with pytest.raises(Refused):
                mail.confirm_address(by=person, code=wrong)
        with pytest.raises(Refused):
            mail.confirm_address(by=person, code=code[0])
        mail.offer_address(by=person, address="slow@example.org")
        code = re.search(r"^\d{6}$", str(outbox.outbox[-1].body), re.MULTILINE)
        assert code
        with time_machine.travel(timezone.now() + dt.timedelta(minutes=61)):
            with pytest.raises(Refused):
                mail.confirm_address(by=person, code=code[0])

    def test_the_link_at_the_foot_leads_to_a_button(
        self, reader: Contributor, phone: Phone
    ) -> None:
        address = f"/my/day/leave/{mail.make_leave_token(reader.pk)}/"
        assert phone.client.get(address).status_code == 200
        assert PromptMail.objects.exists(), "a scanner that opens the link ends nothing"
        assert phone.client.post(address).status_code == 200
        assert not PromptMail.objects.exists()
        assert phone.client.post("/my/day/leave/forged:token/").status_code == 403


class TestPages:
    def test_a_visitor_joins_answers_changes_and_stops(self, home: Area) -> None:
        phone = Phone(None, headers={"sec-fetch-site": "none"})
        client = phone.client
        with time_machine.travel(at(DAY - dt.timedelta(days=3)), tick=False):
            page = client.get("/my/day/join/").content.decode()
            assert not PromptEnrolment.objects.exists()
            version = re.search(r'name="version" value="([^"]+)"', page)
            assert version
            found = client.post("/my/day/join/", {"q": "parkhead", "find": "1"})
            assert b"Parkhead" in found.content
            sent = {"home": home.code, "version": version[1]}
            assert follow(client.post("/my/day/join/", sent)) == "/my/day/"
            assert HomeArea.objects.get().area == home
        Prompt.objects.create(month_on=DAY.replace(day=1), asked_on=DAY)
        with time_machine.travel(at(DAY + dt.timedelta(days=1)), tick=False):
            assert b"Think of Tuesday 10 March" in client.get("/my/day/").content
            missing = client.post("/my/day/", {"received": "1"})
            assert missing.status_code == 422
            assert follow(client.post("/my/day/", {"none": "1", "rely": "1"})) == "/my/day/"
            answer = PromptAnswer.objects.get()
            assert (answer.gave, answer.rely, answer.is_in_window) == (0, 1, True)
            follow(client.post("/my/day/", {"received": "10", "gave": "0", "noticed": "2"}))
            answer.refresh_from_db()
            assert (answer.received, answer.noticed, answer.rely) == (10, 2, None)
        for do, is_asked in (("pause", False), ("resume", True), ("stop", False)):
            follow(client.post("/my/day/change/", {"do": do}))
            assert read_standing(Contributor.objects.get()).is_asked is is_asked
        assert follow(client.post("/my/day/2026-03/delete/")) == "/my/day/"

    def test_a_changed_wording_is_shown_again(self, home: Area) -> None:
        phone = Phone(None)
        answer = phone.client.post("/my/day/join/", {"home": home.code, "version": "older"})
        assert answer.status_code == 403
        assert not Contributor.objects.exists()

    def test_a_missed_day_can_go_into_the_diary(self, phone: Phone, home: Area) -> None:
        person = phone.device.contributor
        today = timezone.localdate()
        missed = today - dt.timedelta(days=6)
        Prompt.objects.create(month_on=missed.replace(day=1), asked_on=missed)
        actions.enrol(by=person, home=home, version=current_wording(actions.CONSENT).version)
        path = f"/my/day/{missed:%Y-%m}/"
        assert phone.client.get(path).status_code == 200
        follow(phone.client.post(path, {"none": "1"}))
        assert not PromptAnswer.objects.get().is_in_window

    @pytest.mark.parametrize("path", ["/my/day/2026-13/", "/my/day/never/", "/my/day/2026-01/"])
    def test_an_odd_month_is_not_there(self, phone: Phone, path: str) -> None:
        assert phone.client.get(path).status_code == 404
