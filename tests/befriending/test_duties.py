"""Tasks on a service's desks: they lead to what they are about, and are ticked off by hand or because
it is over; and the way to one's own pages."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from connections.befriending import actions
from connections.befriending.board import gather_due, tell_tasks
from connections.befriending.models import Match, Service
from connections.befriending.reminders import count_open, remind
from kinder.accounts.acting import acting
from kinder.accounts.models import AuditEvent, Task
from tests.befriending.test_pages import as_, at
from tests.factories import NeighbourhoodFactory
from tests.factories.accounts import make_user
from tests.factories.cases import Case, make_active, make_case, make_ready

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> Case:
    return make_case(NeighbourhoodFactory.create())


def miss_twice(case: Case) -> Match:
    match = make_active(case)
    for ago in (9, 2):
        actions.note_meeting(
            by=case.volunteer_user,
            match=match,
            id=uuid.uuid4(),
            on=timezone.localdate() - timedelta(days=ago),
            outcome="missed",
        )
    return match


def test_a_task_leads_to_what_it_is_about_and_names_nobody(case: Case) -> None:
    match = miss_twice(case)
    page = as_(case.coordinator).get("/today/").content.decode()
    assert at("pairing", match.pk) in page
    assert "A meeting didn&#x27;t happen twice in a row" in page
    assert "Agnes" not in page
    # Whoever works there and runs no befriending sees that there is something, and not where.
    page = as_(case.worker).get("/today/").content.decode()
    assert at("pairing", match.pk) not in page
    others = make_case(case.area, name="Otherside")
    assert tell_tasks(Task.objects.all(), others.coordinator) == {}
    told = tell_tasks(Task.objects.all(), case.lead)
    assert [one.url for one in told.values()] == [at("pairing", match.pk)]


def test_what_was_seen_to_is_ticked_off(case: Case) -> None:
    miss_twice(case)
    task = Task.objects.get(key__startswith="missed_twice:")
    client = as_(case.coordinator)
    assert "Seen to" in client.get(at("due", case.service.pk)).content.decode()
    done = at("task_done", case.service.pk, task.pk)
    assert as_(case.worker).post(done).status_code == 404
    assert client.post(done).status_code == 303
    task.refresh_from_db()
    assert task.done_by == case.coordinator
    assert AuditEvent.objects.filter(verb="finish_task").count() == 1
    client.post(done)
    assert AuditEvent.objects.filter(verb="finish_task").count() == 1
    page = client.get(at("due", case.service.pk)).content.decode()
    assert done not in page


def test_nobody_ticks_off_what_is_of_another_kind(case: Case) -> None:
    task = Task.objects.create(
        organisation=case.organisation, kind=Task.Kind.CONCERN, object_type="befriending.concern"
    )
    as_(case.coordinator).post(at("task_done", case.service.pk, task.pk))
    task.refresh_from_db()
    assert task.done_at is None


def test_an_ending_ticks_off_what_it_was_about(case: Case) -> None:
    match = miss_twice(case)
    actions.end_match(by=case.coordinator, match=match, is_planned=False)
    assert not Task.objects.filter(done_at=None).exists()


def test_a_check_that_another_has_replaced_is_due_no_more(case: Case) -> None:
    today = timezone.localdate()
    volunteer = make_ready(
        case.service, case.area, case.coordinator, valid_for=5, name="Morag Lyle"
    )
    remind()
    task = Task.objects.get(kind=Task.Kind.CHECK_EXPIRES)
    assert task.pk in tell_tasks([task], case.coordinator)
    service = Service.objects.get(pk=case.service.pk)
    with acting(user=case.coordinator):
        assert len(gather_due(service, user=case.coordinator, today=today).checks) == 1
        assert count_open(service, today).checks == 1
    check = actions.ask_check(
        by=case.coordinator, volunteer=volunteer, scheme="pvg", role_type="Befriending adults"
    )
    with acting(user=case.coordinator):
        assert len(gather_due(service, user=case.coordinator, today=today).checks) == 1
    actions.decide_check(
        by=case.coordinator,
        check=check,
        is_cleared=True,
        decided_on=today,
        expires_on=today + timedelta(days=700),
    )
    task.refresh_from_db()
    assert task.done_at is not None
    with acting(user=case.coordinator):
        assert gather_due(service, user=case.coordinator, today=today).checks == []
        assert count_open(service, today).checks == 0


def test_the_way_to_ones_own_pages_stands_in_the_header(case: Case) -> None:
    for user in (case.participant_user, case.volunteer_user):
        assert at("mine") in as_(user).get("/about/").content.decode()
    assert at("mine") not in as_(make_user()).get("/about/").content.decode()
    assert at("mine") not in as_(case.coordinator).get("/about/").content.decode()
