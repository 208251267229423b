"""Reminders: at 60, 30 and 7 days, once each whatever the workers do; letters that say nothing."""

import threading
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.utils import timezone

from connections.befriending import actions, reminders
from connections.befriending.models import Check, Match, Notice, Review, Service, Visit
from connections.befriending.reminders import find_threshold, remind, send_notices
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.models import Task
from tests.factories import NeighbourhoodFactory
from tests.factories.cases import Case, make_active, make_case

MONDAY, TUESDAY = "2026-11-23 09:00:00+00:00", "2026-11-24 09:00:00+00:00"


@pytest.fixture
def case(db: None) -> Case:
    with time_machine.travel(TUESDAY, tick=False):
        return make_case(NeighbourhoodFactory.create())


def set_check(case: Case, days: int) -> None:
    with acting(purpose=Purpose.SWEEP):
        Check.objects.filter(volunteer=case.volunteer).update(
            expires_on=timezone.localdate() + timedelta(days=days), warned_days=[]
        )


def notices(kind: str) -> list[Notice]:
    with acting(purpose=Purpose.SWEEP):
        return list(Notice.objects.filter(kind=kind))


@pytest.mark.parametrize(
    ("left", "warned", "threshold"),
    [
        (61, [], None),
        (60, [], 60),
        (60, [60], None),
        (31, [60], None),
        (30, [60], 30),
        (7, [60, 30], 7),
        (5, [], 7),
        (5, [60, 30, 7], None),
        (-3, [60, 30], 7),
    ],
)
def test_thresholds(left: int, warned: list[int], threshold: int | None) -> None:
    assert find_threshold(left, warned) == threshold


@time_machine.travel(TUESDAY, tick=False)
def test_a_check_that_nears_its_end_is_told_three_times_and_no_more(case: Case) -> None:
    set_check(case, 65)
    told = []
    for day in range(70):
        with time_machine.travel(timezone.now() + timedelta(days=day), tick=False):
            remind()
            remind()
            told.append(len(notices("expiry")))
    # One coordinator; the days on which the count grew.
    assert [day for day in range(70) if told[day] > (told[day - 1] if day else 0)] == [5, 35, 58]
    assert Task.objects.filter(kind="check_expires").count() == 3


@time_machine.travel(TUESDAY, tick=False)
def test_one_that_is_replaced_is_not_told(case: Case) -> None:
    set_check(case, 20)
    check = actions.ask_check(
        by=case.coordinator, volunteer=case.volunteer, scheme="pvg", role_type="x"
    )
    actions.decide_check(
        by=case.coordinator,
        check=check,
        is_cleared=True,
        decided_on=timezone.localdate(),
        expires_on=timezone.localdate() + timedelta(days=900),
    )
    remind()
    assert notices("expiry") == []


@time_machine.travel(TUESDAY, tick=False)
def test_what_ran_out_is_suspended(case: Case) -> None:
    match = make_active(case)
    set_check(case, -1)
    remind()
    with acting(user=case.coordinator):
        assert Match.objects.get(pk=match.pk).state == "suspended"
    remind()
    assert len(notices("expiry")) == 1


@time_machine.travel(TUESDAY, tick=False)
def test_reviews_are_told_while_the_pairing_goes_on(case: Case) -> None:
    match = make_active(case)
    actions.add_review(
        by=case.coordinator,
        match=match,
        side="volunteer",
        due_on=timezone.localdate() + timedelta(days=29),
    )
    for _time in range(2):
        remind()
    assert len(notices("review")) == 1
    with acting(user=case.coordinator):
        review = Review.objects.get()
    assert review.warned_days == [60, 30]
    actions.hold_review(
        by=case.coordinator, review=review, held_on=timezone.localdate(), goes_on=True
    )
    assert not Task.objects.filter(kind="review_due", done_at=None).exists()


def test_a_visit_without_an_end_raises_one_alarm(case: Case) -> None:
    with time_machine.travel(TUESDAY, tick=False) as clock:
        match = make_active(case)
        visit = actions.start_visit(by=case.volunteer_user, match=match, minutes=60)
        clock.shift(timedelta(minutes=89))
        remind()
        assert notices("visit") == []
        clock.shift(timedelta(minutes=2))
        remind()
        remind()
        assert {one.recipient for one in notices("visit")} == {case.coordinator, case.lead}
        assert len(notices("visit")) == 2
        actions.answer_alarm(by=case.lead, visit=visit)
        with acting(user=case.lead):
            assert Visit.objects.get().answered_at is not None
        assert not Task.objects.filter(key=f"visit:{visit.pk}", done_at=None).exists()


@time_machine.travel(TUESDAY, tick=False)
def test_worries_wishes_and_missed_meetings_are_told_to_whom_they_concern(case: Case) -> None:
    match = make_active(case)
    actions.raise_concern(by=case.volunteer_user, service=case.service, text="He sits in the cold.")
    for ago in (8, 1):
        actions.note_meeting(
            by=case.volunteer_user,
            match=match,
            id=uuid.uuid4(),
            on=timezone.localdate() - timedelta(days=ago),
            outcome="missed",
        )
    actions.pause_match(by=case.participant_user, match=match)
    for _time in range(2):
        remind()
    assert [one.recipient for one in notices("worry")] == [case.lead]
    assert [one.recipient for one in notices("missed")] == [case.coordinator]
    assert [one.recipient for one in notices("wish")] == [case.coordinator]


@time_machine.travel(MONDAY, tick=False)
def test_the_week_comes_on_monday_once(case: Case) -> None:
    for _time in range(3):
        remind()
    assert [one.recipient for one in notices("digest")] == [case.coordinator]
    assert send_notices() == 1
    [letter] = mail.outbox
    assert "People waiting: 1" in letter.body


@time_machine.travel(TUESDAY, tick=False)
def test_letters_hold_a_link_and_nothing_about_anybody(case: Case) -> None:
    match = make_active(case)
    actions.raise_concern(by=case.volunteer_user, service=case.service, text="He sits in the cold.")
    actions.pause_match(by=case.participant_user, match=match)
    set_check(case, 5)
    remind()
    sent = send_notices()
    assert sent == len(mail.outbox) == 3
    assert send_notices() == 0
    for letter in mail.outbox:
        whole = f"{letter.subject}\n{letter.body}"
        assert "http" in whole
        for word in ("Agnes", "Birnie", "Rab", "Tulloch", "cold", "paus", case.area.name):
            assert word not in whole


@time_machine.travel(TUESDAY, tick=False)
def test_a_mail_server_that_refuses_is_tried_again(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_check(case, 5)
    remind()

    def refuse(*_arguments: object, **_named: object) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as broken:
        broken.setattr(reminders, "send_letter_to", refuse)
        for _time in range(3):
            assert send_notices() == 0
    assert send_notices() == 1
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_letter_once(transactional_db: None) -> None:
    with time_machine.travel(TUESDAY, tick=False):
        case = make_case(NeighbourhoodFactory.create())
        with acting(purpose=Purpose.SWEEP):
            Notice.objects.bulk_create(
                Notice(
                    service=Service.objects.get(),
                    kind="expiry",
                    key=f"check:{number}",
                    recipient=case.coordinator,
                )
                for number in range(12)
            )
        set_check(case, 5)

        def work() -> None:
            try:
                remind()
                send_notices()
            finally:
                connection.close()

        threads = [threading.Thread(target=work) for _n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(mail.outbox) == 13
        assert len(notices("expiry")) == 13
