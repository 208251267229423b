"""No name, note or address stands in a log line, a task's arguments, a cache key, a letter, an error
page, an audit row or a task: a whole life of a pairing is lived, and everything is searched."""

import inspect
import logging
import uuid
from datetime import timedelta

import pytest
import redis
from django.core import mail
from django.core.serializers.json import DjangoJSONEncoder
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from connections.befriending import actions
from connections.befriending.models import Check, Match, Notice
from connections.befriending.reminders import remind, send_notices
from connections.befriending.suggesting import continue_runs
from connections.befriending.tasks import continue_matching, remind_and_send
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.models import AuditEvent, Decision, Task
from kinder.celery import app
from tests.factories import NeighbourhoodFactory
from tests.factories.cases import make_active, make_case, make_waiting

pytestmark = pytest.mark.django_db

SECRET = {
    "Agnes",
    "Birnie",
    "Rab",
    "Tulloch",
    "Edith",
    "Gowrie",
    "quayside",
    "heating",
    "cold",
    "14 Invented Close",
    "01632 960555",
    "steep stairs",
}


def test_nothing_is_told_anywhere_else(caplog: pytest.LogCaptureFixture, bell: redis.Redis) -> None:
    caplog.set_level(logging.DEBUG)
    case = make_case(NeighbourhoodFactory.create())
    by = case.coordinator
    waiting = make_waiting(
        case.service,
        case.area,
        state="new",
        name="Edith Gowrie",
        contact="14 Invented Close, 01632 960555",
    )
    actions.assess_referral(
        by=by, referral=waiting, held_on=timezone.localdate(), is_eligible=True, risk="steep stairs"
    )
    actions.find_unsuitable(by=by, referral=waiting, reason="heating")
    match = make_active(case)
    for ago in (9, 2):
        actions.note_meeting(
            by=case.volunteer_user,
            match=match,
            id=uuid.uuid4(),
            on=timezone.localdate() - timedelta(days=ago),
            outcome="missed",
            note="Waited at the quayside.",
        )
    actions.raise_concern(by=case.volunteer_user, service=case.service, text="He sits in the cold.")
    actions.pause_match(by=case.participant_user, match=match)
    actions.start_matching(by=by, service=case.service)
    continue_runs()
    with acting(purpose=Purpose.SWEEP):
        Check.objects.update(expires_on=timezone.localdate() + timedelta(days=5))
    remind()
    send_notices()
    errors = _provoke(by, match)

    said: dict[str, str] = {
        "log lines": "\n".join(record.getMessage() for record in caplog.records),
        "letters": "\n".join(f"{one.subject} {one.body} {one.to}" for one in mail.outbox),
        "cache keys": " ".join(key.decode() for key in bell.scan_iter("*")),
        "error pages": errors,
    }
    encoder = DjangoJSONEncoder()
    for model in (AuditEvent, Task, Decision):
        said[model.__name__] = encoder.encode(list(model._default_manager.values()))
    with acting(purpose=Purpose.SWEEP):
        said["Notice"] = encoder.encode(list(Notice.objects.values()))
    assert len(mail.outbox) >= 3
    assert AuditEvent.objects.count() > 10
    found = {(where, word) for where, text in said.items() for word in SECRET if word in str(text)}
    assert found == set()


def _provoke(by: object, match: Match) -> str:
    """Ask for what is not there, and send what can't be read; return what the pages say."""
    client = Client(raise_request_exception=False)
    client.force_login(by)  # type: ignore[arg-type]
    pages = [
        client.get(reverse("befriending:pairing", args=[uuid.uuid4()])),
        client.get(reverse("befriending:pairing_form", args=[match.pk, "dance"])),
        client.put(
            reverse("befriending:meeting_put", args=[match.pk, uuid.uuid4()]),
            "{",
            content_type="application/json",
        ),
    ]
    assert [page.status_code for page in pages] == [404, 404, 400]
    return "\n".join(page.content.decode() for page in pages)


def test_tasks_take_no_arguments() -> None:
    """What a worker is to do is found in the database; nothing travels through the broker."""
    for task in (continue_matching, remind_and_send):
        assert inspect.signature(task.run).parameters == {}
    beat = [one for one in app.conf.beat_schedule.values() if "befriending" in one["task"]]
    assert len(beat) == 2
    assert all(not one.get("args") and not one.get("kwargs") for one in beat)
