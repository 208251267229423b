"""The registry of moderation: rules, reasons, bulk, undo, audit. ASVS 8.2, 8.3, 15.4, 16.2."""

import datetime as dt
import threading
import uuid

import pytest
from django.db import connection, connections, transaction
from django.db.utils import IntegrityError
from django.utils import timezone

from kinder.accounts import moderation
from kinder.accounts.models import AuditEvent, Decision, Role, User
from kinder.accounts.moderation import Reason, Verdict, decide, undo, undo_batch
from kinder.accounts.rules import Refused
from places.models import Gathering
from tests.factories import PlaceFactory
from tests.factories.accounts import make_member, make_user

pytestmark = pytest.mark.django_db

State = Gathering.State


def make_gathering(title: str = "Soup at noon", **fields: object) -> Gathering:
    return Gathering.objects.create(
        title=title,
        place=PlaceFactory.create(),
        starts_at=timezone.now() + dt.timedelta(days=3),
        minutes=60,
        **fields,
    )


@pytest.fixture
def worker() -> User:
    return make_member(Role.WORKER)


def take(by: User, *gatherings: Gathering, **deed: str) -> moderation.Done:
    ids = [str(gathering.pk) for gathering in gatherings]
    return decide(by=by, chosen={"gatherings": ids}, **{"verdict": Verdict.ACCEPT, **deed})


def state_of(gathering: Gathering) -> str:
    return Gathering.objects.get(pk=gathering.pk).state


def test_accepting_shows_and_leaves_a_trace(worker: User) -> None:
    first, second = make_gathering(), make_gathering()
    done = take(worker, first, second)
    assert [state_of(first), state_of(second)] == [State.SHOWN] * 2
    assert (len(done.decisions), done.left_out) == (2, 0)
    events = AuditEvent.objects.filter(verb="moderate")
    assert {event.facts["verdict"] for event in events} == {"accept"}
    assert {event.object_id for event in events} == {str(one.pk) for one in done.decisions}


def test_refusing_takes_a_reason(worker: User) -> None:
    gathering = make_gathering()
    for reason in ("", "because"):
        with pytest.raises(Refused, match="reason"):
            take(worker, gathering, verdict=Verdict.REFUSE, reason=reason)
    assert state_of(gathering) == State.PROPOSED
    take(worker, gathering, verdict=Verdict.REFUSE, reason=Reason.SPAM)
    assert state_of(gathering) == State.HIDDEN
    assert Decision.objects.get().reason == "spam"
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.create(queue="x", object_id="1", verdict="refuse")


def test_who_may_not_decide_changes_nothing() -> None:
    gathering = make_gathering()
    for user in (make_user(), make_member(Role.MEMBER), make_member(Role.FUNDER)):
        assert moderation.queues_of(user) == []
        with pytest.raises(Refused):
            take(user, gathering)
    assert state_of(gathering) == State.PROPOSED
    assert not Decision.objects.exists()


def test_all_or_nothing(worker: User) -> None:
    """A bulk decision with one unknown queue in it is none."""
    gathering = make_gathering()
    with pytest.raises(Refused):
        decide(
            by=worker,
            chosen={"gatherings": [str(gathering.pk)], "unknown": ["1"]},
            verdict=Verdict.ACCEPT,
        )
    assert state_of(gathering) == State.PROPOSED


@pytest.mark.parametrize("ids", [[], [str(n) for n in range(101)], ["x", "-1", "9" * 30]])
def test_odd_choices_are_refused(worker: User, ids: list[str]) -> None:
    with pytest.raises(Refused):
        decide(by=worker, chosen={"gatherings": ids}, verdict=Verdict.ACCEPT)


def test_what_somebody_else_decided_is_left_out(worker: User) -> None:
    first, second = make_gathering(), make_gathering()
    take(worker, first, verdict=Verdict.REFUSE, reason=Reason.UNKIND)
    done = take(make_member(Role.LEAD), first, second)
    assert (len(done.decisions), done.left_out) == (1, 1)
    assert state_of(first) == State.HIDDEN
    with pytest.raises(Refused, match="Somebody else"):
        take(worker, first)


def test_undo_lets_it_wait_again(worker: User) -> None:
    gathering = make_gathering()
    [decision] = take(worker, gathering).decisions
    undo(by=make_member(Role.COORDINATOR), decision_id=decision.pk)
    assert state_of(gathering) == State.PROPOSED
    with pytest.raises(Refused, match="already"):
        undo(by=worker, decision_id=decision.pk)
    assert AuditEvent.objects.filter(verb="undo_moderation").count() == 1


def test_undo_of_many_is_all_or_none(worker: User) -> None:
    first, second = make_gathering(), make_gathering()
    done = take(worker, first, second)
    Gathering.objects.filter(pk=second.pk).update(state=State.CANCELLED)
    with pytest.raises(Refused, match="changed since"):
        undo_batch(by=worker, batch=done.batch)
    assert state_of(first) == State.SHOWN
    Gathering.objects.filter(pk=second.pk).update(state=State.SHOWN)
    assert undo_batch(by=worker, batch=done.batch) == 2
    assert state_of(first) == State.PROPOSED


def test_undo_ends_after_a_day_and_needs_the_rule(worker: User) -> None:
    [decision] = take(worker, make_gathering()).decisions
    for user in (make_user(), make_member(Role.MEMBER)):
        with pytest.raises(Refused):
            undo(by=user, decision_id=decision.pk)
    Decision.objects.update(
        decided_at=timezone.now() - moderation.UNDO_FOR - dt.timedelta(minutes=1)
    )
    with pytest.raises(Refused, match="more than a day"):
        undo(by=worker, decision_id=decision.pk)
    with pytest.raises(Refused):
        undo(by=worker, decision_id=uuid.uuid4())


@pytest.mark.django_db(transaction=True)
def test_two_moderators_at_once_decide_once() -> None:
    """15.4.2: of two who press at the same moment one decides, the other learns of it."""
    gathering = make_gathering()
    workers = [make_member(Role.WORKER), make_member(Role.WORKER)]
    together = threading.Barrier(2)
    told: list[str] = []

    def press(worker: User, verdict: str) -> None:
        try:
            together.wait()
            take(worker, gathering, verdict=verdict, reason=Reason.SPAM)
            told.append("done")
        except Refused as refused:
            told.append(str(refused.reason))
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=press, args=pair)
        for pair in zip(workers, (Verdict.ACCEPT, Verdict.REFUSE), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == sorted(["done", str(moderation.DECIDED_ALREADY)])
    assert Decision.objects.count() == 1
    assert connection.vendor == "postgresql"
