"""What befriending knows of people goes by itself: who is due, who is not, and what stays.

ASVS 14.2.7.
"""

import datetime as dt
from typing import Any

import pytest
from django.db.models import Model
from django.utils import timezone

from connections.befriending import actions
from connections.befriending import forgetting as rules
from connections.befriending.models import (
    Agreement,
    Assessment,
    Check,
    Concern,
    ConcernStep,
    Match,
    Meeting,
    Participant,
    Reference,
    Referral,
    Review,
    ScaleAnswer,
    Volunteer,
)
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.privacy import RetentionRule
from kinder.accounts.retention import apply_retention
from tests.factories import NeighbourhoodFactory
from tests.factories.accounts import make_user
from tests.factories.befriending import Story, make_story
from tests.factories.cases import Case, make_case, make_ready, make_waiting

pytestmark = pytest.mark.django_db

NOW = timezone.now()
TODAY = timezone.localdate(NOW)


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


def find_rule(name: str) -> RetentionRule:
    return next(rule for rule in rules.RETENTION if rule.name == f"befriending.{name}")


def count_due(name: str) -> int:
    return find_rule(name).apply(NOW, is_dry_run=True)


def let_go(name: str) -> int:
    """Apply a rule until it is done; return how many went."""
    rule, gone = find_rule(name), 0
    while count := rule.apply(NOW, is_dry_run=False):
        gone += count
    return gone


def set_(model: type[Model], pk: Any, **values: Any) -> None:
    with acting(purpose=Purpose.MIGRATE):
        model._default_manager.filter(pk=pk).update(**values)


def names(model: type[Model]) -> set[str]:
    with acting(purpose=Purpose.MIGRATE):
        return set(model._default_manager.values_list("name", flat=True))


def rows(model: type[Model]) -> int:
    with acting(purpose=Purpose.MIGRATE):
        return model._default_manager.count()


@pytest.fixture
def case() -> Case:
    return make_case(NeighbourhoodFactory.create())


@pytest.fixture
def story() -> Story:
    """A whole pairing, over for five years and two days."""
    story = make_story(NeighbourhoodFactory.create())
    with acting(purpose=Purpose.MIGRATE):
        Match.objects.update(state="ended", ended_on=ago(1_828))
        Referral.objects.update(state="closed", closed_on=ago(1_828))
        Volunteer.objects.update(left_on=ago(1_828))
        Meeting.objects.update(on=ago(1_900))
    return story


def test_each_rule_says_why_and_whence() -> None:
    for rule in rules.RETENTION:
        assert all((rule.what, rule.why, rule.how_long, rule.source)), rule.name
    periods = {
        "put_aside": "12 months",
        "participants": "5 years",
        "declined_volunteers": "6 months",
        "volunteers": "5 years",
        "check_numbers": "90 days",
        "concerns": "10 years",
    }
    for name, words in periods.items():
        assert words in str(find_rule(name).how_long)


@pytest.mark.parametrize("state", ["unsuitable", "withdrawn"])
def test_whoever_was_put_aside_goes_after_a_year(case: Case, state: str) -> None:
    gone = make_waiting(case.service, case.area, name="Ina Groat", state=state)
    set_(Referral, gone.pk, closed_on=ago(366), reason="moved to her sister", referrer="Dr Muir")
    kept = make_waiting(case.service, case.area, name="Bella Tait", state=state)
    set_(Referral, kept.pk, closed_on=ago(365))
    again = make_waiting(case.service, case.area, name="Wull Tait", state=state)
    set_(Referral, again.pk, closed_on=ago(900))
    make_waiting(case.service, case.area, name="unused")
    with acting(purpose=Purpose.MIGRATE):
        Referral.objects.filter(participant__name="unused").update(participant=again.participant)
        Participant.objects.filter(name="unused").delete()
    assert count_due("put_aside") == 1
    assert "Ina Groat" in names(Participant), "a dry run changes nothing"
    assert let_go("put_aside") == 1
    assert names(Participant) == {"", "Agnes Birnie", "Bella Tait", "Wull Tait"}
    with acting(purpose=Purpose.MIGRATE):
        left = Referral.objects.get(pk=gone.pk)
        assert (left.state, left.reason, left.referrer) == (state, "", ""), "its days are counted"
        assert left.participant.user_id is None
    assert count_due("put_aside") == 0, "an empty row is not due again"


def test_whoever_waits_is_never_due(case: Case) -> None:
    with acting(purpose=Purpose.MIGRATE):
        Referral.objects.update(received_on=ago(4_000))
    for rule in rules.RETENTION:
        assert rule.apply(NOW, is_dry_run=True) == 0, rule.name


def test_befriending_that_ended_goes_after_five_years_but_for_its_days(story: Story) -> None:
    assert count_due("participants") == 1
    assert let_go("participants") == 1
    for model in (Agreement, Assessment, Review, ScaleAnswer):
        assert rows(model) == 0, model
    assert names(Participant) == {""}
    with acting(purpose=Purpose.MIGRATE):
        match = Match.objects.get()
        assert (match.state, match.ended_on) == ("ended", ago(1_828))
        assert Meeting.objects.get().note_ciphertext is None
    assert names(Volunteer) == {story.volunteer.name}, "the other one's record is their own"
    assert count_due("participants") == 0


@pytest.mark.parametrize("state", ["active", "paused", "suspended", "ending"])
def test_a_pairing_that_goes_on_keeps_both(story: Story, state: str) -> None:
    set_(Match, story.match.pk, state=state, ended_on=None)
    assert (count_due("participants"), count_due("volunteers")) == (0, 0)


def test_a_later_pairing_counts(story: Story) -> None:
    set_(Match, story.match.pk, ended_on=ago(1_800))
    assert (count_due("participants"), count_due("volunteers")) == (0, 0)


def test_volunteers_who_left_go_after_five_years(story: Story) -> None:
    assert count_due("volunteers") == 1
    assert let_go("volunteers") == 1
    assert names(Volunteer) == {""}
    for model in (Check, Reference):
        assert rows(model) == 0, model
    assert names(Participant) == {story.participant.name}


def test_whoever_was_declined_goes_after_half_a_year(case: Case) -> None:
    declined = make_ready(case.service, case.area, case.coordinator, name="Wullie", valid_for=None)
    set_(Volunteer, declined.pk, declined_on=ago(183))
    assert count_due("declined_volunteers") == 0
    set_(Volunteer, declined.pk, declined_on=ago(184))
    assert let_go("declined_volunteers") == 1
    assert names(Volunteer) == {"", case.volunteer.name}


def test_the_number_of_a_check_goes_and_the_decision_stays(case: Case) -> None:
    set_(Volunteer, case.volunteer.pk, left_on=ago(90))
    with acting(purpose=Purpose.MIGRATE):
        Check.objects.update(membership_number="PVG 123456")
    assert count_due("check_numbers") == 0
    set_(Volunteer, case.volunteer.pk, left_on=ago(91))
    assert let_go("check_numbers") == 1
    with acting(purpose=Purpose.MIGRATE):
        assert [(one.membership_number, one.decision) for one in Check.objects.all()] == [
            ("", "cleared")
        ]


def test_closed_worries_go_after_ten_years_and_open_ones_never(story: Story) -> None:
    long_ago = NOW - dt.timedelta(days=3_653)
    with acting(purpose=Purpose.MIGRATE):
        Concern.objects.update(raised_at=long_ago)
    assert count_due("concerns") == 0, "an open worry is nobody's to forget"
    with acting(purpose=Purpose.MIGRATE):
        Concern.objects.update(state="closed", closed_at=long_ago)
    assert count_due("concerns") == 1
    assert let_go("concerns") == 1
    assert (rows(Concern), rows(ConcernStep)) == (0, 0)


def test_the_night_s_run_reports_each_rule(story: Story) -> None:
    due = apply_retention(now=NOW, is_dry_run=True)
    report = apply_retention(now=NOW)
    assert report.failed == due.failed == []
    for name in ("participants", "volunteers"):
        assert due.counts[f"befriending.{name}"] == report.counts[f"befriending.{name}"] == 1
    assert names(Participant) == names(Volunteer) == {""}


def test_many_go_in_batches(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "PEOPLE_AT_ONCE", 2)
    for number in range(5):
        one = make_waiting(case.service, case.area, name=f"Aside {number}", state="withdrawn")
        set_(Referral, one.pk, closed_on=ago(400))
    assert apply_retention(now=NOW).counts["befriending.put_aside"] == 5


def test_somebody_who_comes_back_meanwhile_is_left(case: Case) -> None:
    """Asked again once the row is held: a referral of this minute counts."""
    one = make_waiting(case.service, case.area, name="Ina", state="withdrawn", user=make_user())
    set_(Referral, one.pk, closed_on=ago(400))
    assert count_due("put_aside") == 1
    actions.reopen_referral(by=case.coordinator, referral=one)
    assert let_go("put_aside") == 0
