"""Runs of matching from the page's wish to stored suggestions, and what a coordinator decides."""

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from connections.befriending import actions, matching, suggesting
from connections.befriending.models import (
    Match,
    MatchingRun,
    MatchingWeights,
    Suggestion,
    Unmatched,
)
from connections.befriending.suggesting import continue_runs, gather
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.models import AuditEvent
from kinder.accounts.rules import Refused
from tests.factories import NeighbourhoodFactory
from tests.factories.cases import Case, make_case, make_ready, make_waiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> Case:
    return make_case(NeighbourhoodFactory.create())


def run(case: Case) -> MatchingRun:
    started = actions.start_matching(by=case.coordinator, service=case.service)
    assert continue_runs() == 1
    with acting(user=case.coordinator):
        return MatchingRun.objects.get(pk=started.pk)


def test_a_run_suggests_and_explains(case: Case) -> None:
    alone = make_waiting(case.service, case.area, languages=["pl"], name="Zofia Yuill")
    done = run(case)
    assert (done.state, done.progress, done.participants, done.volunteers) == ("done", 100, 2, 1)
    assert done.assigned == 1
    with acting(user=case.coordinator):
        [suggestion] = Suggestion.objects.all()
        assert (suggestion.referral, suggestion.volunteer) == (case.referral, case.volunteer)
        assert suggestion.score == sum(suggestion.points)
        assert suggestion.shared["interests"] == ["chess"]
        [missing] = Unmatched.objects.all()
        assert (missing.referral, missing.constraint, missing.detail) == (alone, "language", "pl")
        match = actions.accept_suggestion(by=case.coordinator, suggestion=suggestion)
    assert (match.state, match.score) == ("proposed", suggestion.score)
    for user in (case.volunteer_user, case.participant_user, case.worker):
        with acting(user=user):
            assert not Suggestion.objects.exists()
            assert not MatchingRun.objects.exists()


def test_what_goes_in_holds_no_name(case: Case) -> None:
    with acting(purpose=Purpose.SWEEP):
        seekers, helpers = gather(case.service)
    said = str((seekers, helpers))
    for word in ("Agnes", "Birnie", "Rab", "Tulloch", "@"):
        assert word not in said
    assert helpers[0].is_cleared
    assert seekers[0].point == helpers[0].point


def test_who_is_not_ready_is_not_suggested(case: Case) -> None:
    by = case.coordinator
    make_ready(case.service, case.area, by, valid_for=None, name="No check")
    make_ready(case.service, case.area, by, valid_for=-1, name="Ended")
    make_ready(case.service, case.area, by, trained_on=None, name="Not trained")
    make_ready(case.service, case.area, by, references_on=None, name="No references")
    make_ready(
        case.service, case.area, by, away_until_on=timezone.localdate() + dt.timedelta(days=9)
    )
    make_ready(case.service, case.area, by, left_on=timezone.localdate())
    with acting(purpose=Purpose.SWEEP):
        _seekers, helpers = gather(case.service)
    assert len(helpers) == 6
    assert [one.id for one in helpers if one.is_cleared] == [str(case.volunteer.pk)]


def test_somebody_suggested_leaves_the_list_and_takes_the_room(case: Case) -> None:
    second = make_waiting(case.service, case.area, days=200)
    actions.propose_match(by=case.coordinator, referral=case.referral, volunteer=case.volunteer)
    run(case)
    with acting(user=case.coordinator):
        assert not Suggestion.objects.exists()
        assert [(one.referral, one.constraint) for one in Unmatched.objects.all()] == [
            (second, "taken")
        ]


def test_decided_against_is_never_suggested_again(case: Case) -> None:
    actions.decide_against(
        by=case.coordinator,
        referral=case.referral,
        volunteer=case.volunteer,
        reason="Knows the family",
    )
    run(case)
    with acting(user=case.coordinator):
        assert Unmatched.objects.get().constraint == "excluded"


def test_one_run_at_a_time_and_it_can_be_stopped(case: Case) -> None:
    started = actions.start_matching(by=case.coordinator, service=case.service)
    with pytest.raises(Refused, match="runs already"):
        actions.start_matching(by=case.lead, service=case.service)
    actions.stop_matching(by=case.lead, run=started)
    assert continue_runs() == 0
    with acting(user=case.coordinator):
        assert MatchingRun.objects.get().state == "cancelled"
        assert not Suggestion.objects.exists()
    actions.start_matching(by=case.coordinator, service=case.service)
    assert continue_runs() == 1


def test_stopped_in_the_middle_nothing_is_kept(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    started = actions.start_matching(by=case.coordinator, service=case.service)
    say = suggesting._say

    def stop_then_say(pk: object, percent: int) -> None:
        if percent == 70:
            actions.stop_matching(by=case.coordinator, run=started)
        say(started.pk, percent)

    monkeypatch.setattr(suggesting, "_say", stop_then_say)
    assert continue_runs() == 0
    with acting(user=case.coordinator):
        assert MatchingRun.objects.get().state == "cancelled"
        assert not Suggestion.objects.exists()


def test_a_run_whose_worker_died_is_taken_up_again(case: Case) -> None:
    started = actions.start_matching(by=case.coordinator, service=case.service)
    with acting(purpose=Purpose.SWEEP):
        MatchingRun.objects.filter(pk=started.pk).update(state="running", progress=40)
    assert continue_runs() == 1


def test_too_many_are_refused_with_the_reason(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MOST_SEEKERS", 0)
    refused = run(case)
    assert refused.state == "refused"
    assert "Split the service" in refused.refused_because


def test_weights_are_versioned(case: Case) -> None:
    points = {"interests": 40, "hours": 20, "nearness": 20, "language": 10, "experience": 10}
    with pytest.raises(Refused, match="make 100"):
        actions.set_weights(
            by=case.coordinator, service=case.service, because="", **(points | {"hours": 21})
        )
    for _time in range(2):
        actions.set_weights(by=case.coordinator, service=case.service, because="Less far", **points)
    with acting(user=case.coordinator):
        assert list(MatchingWeights.objects.values_list("version", flat=True)) == [1, 2]
        assert run(case).weights == MatchingWeights.objects.get(version=2)
    assert AuditEvent.objects.filter(verb="set_weights").count() == 2


def test_others_decide_nothing(case: Case) -> None:
    for user in (case.worker, case.volunteer_user, case.participant_user):
        with pytest.raises(Refused):
            actions.start_matching(by=user, service=case.service)
        with pytest.raises(Refused):
            actions.propose_match(by=user, referral=case.referral, volunteer=case.volunteer)
        with acting(user=user):
            assert not Match.objects.exists()
    assert connection.needs_rollback is False
