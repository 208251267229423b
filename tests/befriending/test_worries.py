"""Worries reach the leads of the service on duty, say nothing elsewhere, and leave no trace of who."""

import json

import pytest
from django.db import ProgrammingError, connection

from connections.befriending.actions import (
    MOST_WORDS,
    NobodyOnDutyError,
    raise_concern,
    report_worry,
)
from connections.befriending.actions.concerns import open_worry
from connections.befriending.models import Concern, Participant, Service
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.models import AuditEvent, Role, Task
from kinder.accounts.rules import Refused
from kinder.pages.today import find_tasks
from tests.factories import NeighbourhoodFactory
from tests.factories.accounts import make_member, make_user
from tests.factories.befriending import Story, make_story

pytestmark = pytest.mark.django_db


@pytest.fixture
def story() -> Story:
    story = make_story(NeighbourhoodFactory.create())
    Service.objects.filter(pk=story.service.pk).update(is_on_duty=True)
    return story


def test_a_residents_worry_reaches_the_leads_on_duty_and_nobody_else(story: Story) -> None:
    area = NeighbourhoodFactory.create()
    reference = report_worry(text=" He sits in the cold. ", contact="the blue door", area=area)
    for user in (story.coordinator, story.worker, story.volunteer_user, make_user()):
        with acting(user=user):
            assert not Concern.objects.filter(reference=reference).exists()
    with acting(user=story.lead):
        concern = Concern.objects.get(reference=reference)
        told = open_worry(concern)
    assert (told.text, told.contact) == ("He sits in the cold.", "the blue door")
    assert concern.area == area
    assert concern.raised_by is None
    assert b"cold" not in bytes(concern.ciphertext)


def test_a_worry_says_nothing_outside_its_row(story: Story) -> None:
    reference = report_worry(text="He sits in the cold.", contact="the blue door")
    event = AuditEvent.objects.get(verb="report_worry")
    assert (event.actor_id, event.purpose) == (None, "worry")
    task = Task.objects.get(kind=Task.Kind.CONCERN)
    for row in (event, task):
        said = json.dumps(
            {field.name: str(getattr(row, field.name)) for field in row._meta.concrete_fields}
        )
        assert "cold" not in said
        assert "door" not in said
        assert reference not in said


def test_only_leads_hear_that_there_is_one(story: Story) -> None:
    report_worry(text="He sits in the cold.")
    assert find_tasks(story.lead).count() == 1
    administrator = make_user(is_administrator=True)
    for user in (story.coordinator, story.worker, administrator, make_member(Role.LEAD)):
        assert not find_tasks(user).exists()


def test_a_worry_needs_words_and_somebody_on_duty(story: Story) -> None:
    for text in ("", "  \n", "x" * (MOST_WORDS + 1)):
        with pytest.raises(Refused):
            report_worry(text=text)
    Service.objects.update(is_on_duty=False)
    with pytest.raises(NobodyOnDutyError):
        report_worry(text="He sits in the cold.")
    assert not Task.objects.exists()


def test_the_purpose_of_worries_opens_nothing_else(story: Story) -> None:
    other = make_story(NeighbourhoodFactory.create(), "Kite Hill")
    with acting(purpose=Purpose.WORRY):
        assert not Concern.objects.exists()
        assert not Participant.objects.exists()
    for values in (
        {"service": other.service, "source": "resident"},
        {"service": story.service, "source": "service"},
        {"service": story.service, "source": "resident", "raised_by": story.lead},
    ):
        with (
            pytest.raises(ProgrammingError, match="row-level security"),
            acting(purpose=Purpose.WORRY),
        ):
            Concern(ciphertext=b"x", **values).save(force_insert=True)
    assert connection.needs_rollback is False


@pytest.mark.parametrize(
    "who", ["coordinator", "lead", "worker", "volunteer_user", "participant_user"]
)
def test_anyone_in_the_service_raises_one(story: Story, who: str) -> None:
    user = getattr(story, who)
    reference = raise_concern(by=user, service=story.service, text="bruises")
    with acting(user=story.lead):
        concern = Concern.objects.get(reference=reference)
        assert open_worry(concern).text == "bruises"
    assert concern.raised_by == user


def test_nobody_else_does(story: Story) -> None:
    other = make_story(NeighbourhoodFactory.create(), "Kite Hill")
    for user in (make_user(is_administrator=True), make_member(Role.FUNDER, story.organisation)):
        with pytest.raises(Refused):
            raise_concern(by=user, service=story.service, text="bruises")
    with pytest.raises(Refused):
        raise_concern(by=other.lead, service=story.service, text="bruises")
