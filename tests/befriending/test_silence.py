"""No name, note or address stands in a log line, a task's arguments, a cache key, a letter, an error
page, an audit row or a task: a whole life of a pairing is lived, and everything is searched."""

import inspect
import logging
import uuid
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import pytest
import redis
from celery import shared_task
from django.core import mail
from django.core.cache import cache
from django.core.handlers.base import BaseHandler
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from connections.befriending import actions
from connections.befriending.models import Check, Match, Notice, Participant, Service
from connections.befriending.reminders import remind, send_notices
from connections.befriending.suggesting import continue_runs
from connections.befriending.tasks import continue_matching, remind_and_send
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.encryption import encrypt
from kinder.accounts.models import AuditEvent, Decision, Task
from kinder.celery import app
from tests.canaries import canaries
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


@shared_task(name="tests.befriending.noop")
def noop(_text: str) -> None:
    """Does nothing with what it is given."""


def _log_an_error(text: str) -> None:
    try:
        raise ValueError(f"no room for {text}")
    except ValueError:
        logging.getLogger("kinder.test").exception("It failed")


def _error_page(text: str) -> None:
    """A page that says again what it was asked for, as a careless one would."""
    handler = BaseHandler()
    handler._middleware_chain = lambda _request: HttpResponse(text, status=404)  # type: ignore[attr-defined]
    handler.get_response(RequestFactory().get("/"))


@pytest.mark.parametrize(
    ("where", "leak"),
    [
        ("log line", lambda text: logging.getLogger("kinder.test").warning("For %s", text)),
        ("log line", _log_an_error),
        ("task argument", lambda text: noop.apply(args=(text,))),
        ("cache key", lambda text: cache.get(f"wait:{quote(text)}")),
        ("letter", lambda text: mail.send_mail("Hello", f"About {text}", None, ["a@example.org"])),
        ("error page 404", _error_page),
    ],
)
@pytest.mark.parametrize("private", ["Agnes Birnie", "14 Invented Close", "We sat and\nlaughed."])
def test_the_whole_suite_is_listened_to(
    where: str, leak: Callable[[str], object], private: str
) -> None:
    """Every test runs under tests/canaries.py: a leak of each kind fails it."""
    if private.endswith("."):
        encrypt(private)
    else:
        kind = {"contact": private} if private[0].isdigit() else {"name": private}
        make_case(NeighbourhoodFactory.create())
        with acting(purpose=Purpose.MIGRATE):
            Participant.objects.create(service=Service.objects.get(), **kind)
    leak("something else altogether")
    assert canaries.find() == set()
    leak(" ".join(private.split()))
    assert where in {place for place, _what in canaries.find()}
    canaries.forget()
    mail.outbox.clear()


def test_tasks_take_no_arguments() -> None:
    """What a worker is to do is found in the database; nothing travels through the broker."""
    for task in (continue_matching, remind_and_send):
        assert inspect.signature(task.run).parameters == {}
    beat = [one for one in app.conf.beat_schedule.values() if "befriending" in one["task"]]
    assert len(beat) == 2
    assert all(not one.get("args") and not one.get("kwargs") for one in beat)
