"""What is kept long enough goes by itself: once, alone, and not half."""

import datetime as dt
import io
import signal
import subprocess
import sys

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from connections.interactions.models import DeletedMoment, Interaction, Note
from kinder.accounts import privacy, retention, tasks
from kinder.accounts.models import (
    AuditEvent,
    ConsentRecord,
    Device,
    NetworkSighting,
    Organisation,
    RetentionRun,
    Role,
    Subject,
    Task,
    User,
)
from kinder.accounts.privacy import OWN_ROOM, RetentionRule, Room
from kinder.accounts.retention import AlreadyRunningError, apply_retention, list_rules
from tests.factories import ContributorFactory, DeviceFactory, InteractionFactory
from tests.factories.accounts import make_member, make_user
from tests.processes import environment

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def ago(days: float) -> dt.datetime:
    return NOW - dt.timedelta(days=days)


def add_note(days: float) -> Note:
    moment = InteractionFactory.create()
    return Note.objects.create(interaction=moment, ciphertext=b"x", created_at=ago(days))


def test_the_rules_are_told_in_full() -> None:
    rules = list_rules()
    names = [rule.name for rule in rules]
    assert len(names) == len(set(names))
    assert {"accounts.sessions", "interactions.notes", "indicators.frozen_sums"} <= set(names)
    rooms = {room.name for room in privacy.rooms()}
    for rule in rules:
        assert rule.name.split(".")[0] in rooms
        assert all((rule.what, rule.why, rule.how_long, rule.source))


def test_each_rule_takes_what_is_due_and_leaves_the_rest() -> None:
    kept_note, _old = add_note(364), add_note(366)
    for days in (59, 61):
        DeletedMoment.objects.create(id_hmac=bytes([days]) * 32, deleted_at=ago(days))
    person = ContributorFactory.create()
    device = DeviceFactory.create(contributor=person)
    lost = DeviceFactory.create(contributor=person)
    Device.objects.filter(pk=lost.pk).update(last_seen_on=ago(432).date())
    for days in (1_825, 1_828):
        ConsentRecord.objects.create(
            subject=Subject.objects.create(contributor=ContributorFactory.create()),
            purpose="story",
            wording_version="1",
            language="en-gb",
            given_at=ago(3_000),
            withdrawn_at=ago(days),
        )
    for days in (399, 401):
        Task.objects.create(kind=Task.Kind.MODERATE, done_at=ago(days))
    Task.objects.create(kind=Task.Kind.MODERATE, created_at=ago(900))
    NetworkSighting.objects.create(
        contributor=person, quarter_on=dt.date(2020, 1, 1), cluster_hmac=b"x" * 32
    )
    due = apply_retention(now=NOW, is_dry_run=True)
    assert (Note.objects.count(), RetentionRun.objects.count()) == (2, 0), "a dry run only counts"
    report = apply_retention(now=NOW)
    assert report.counts == due.counts
    assert report.failed == []
    assert {name: rows for name, rows in report.counts.items() if rows} == {
        "accounts.consents": 1,
        "accounts.devices": 1,
        "accounts.tasks": 1,
        "indicators.network_sightings": 1,
        "interactions.deleted_moments": 1,
        "interactions.notes": 1,
    }
    assert list(Note.objects.all()) == [kept_note]
    assert Interaction.objects.count() == 2, "the moment stays without its words"
    assert list(Device.objects.filter(contributor=person)) == [device]
    assert Task.objects.count() == 2
    assert apply_retention(now=NOW).rows == 0, "the second time finds nothing"


def test_sessions_that_ran_out_go_with_what_was_told_of_them(client: Client) -> None:
    user = make_user()
    client.force_login(user)
    key = client.session.session_key or ""
    UserSession.objects.create(user=user, session_key=key, ip="192.0.2.1", user_agent="x")
    gone = UserSession.objects.create(
        user=user, session_key="gone", ip="192.0.2.1", user_agent="x", created_at=ago(20)
    )
    UserSession.objects.filter(pk=gone.pk).update(created_at=ago(20))
    Session.objects.create(session_key="old", session_data="", expire_date=ago(1))
    report = apply_retention(now=NOW)
    assert (report.counts["accounts.sessions"], report.counts["accounts.sign_ins"]) == (1, 1)
    assert Session.objects.get().pk == key
    assert UserSession.objects.get().session_key == key


def test_a_sign_up_that_nobody_confirmed_goes_and_nobody_else_does() -> None:
    def sign_up(email: str, days: float, *, verified: bool = False) -> User:
        user = User.objects.create_user(email, created_at=ago(days))
        EmailAddress.objects.create(user=user, email=email, primary=True, verified=verified)
        return user

    sign_up("begun@example.org", 8)
    stays = [sign_up("new@example.org", 6), sign_up("confirmed@example.org", 80, verified=True)]
    pointed_at = sign_up("contributor@example.org", 80)
    ContributorFactory.create(user=pointed_at)
    member = make_member(Role.WORKER)
    User.objects.filter(pk=member.pk).update(created_at=ago(80))
    EmailAddress.objects.filter(user=member).update(verified=False)
    report = apply_retention(now=NOW)
    assert report.counts["accounts.sign_ups"] == 1
    assert set(User.objects.all()) == {*stays, pointed_at, member}


def test_a_run_is_audited_with_its_counts() -> None:
    add_note(400)
    apply_retention(now=NOW)
    run_ = RetentionRun.objects.get()
    assert run_.finished_at
    assert (run_.counts, run_.failed, run_.rows) == ({"interactions.notes": 1}, [], 1)
    event = AuditEvent.objects.get(verb="apply_retention")
    assert event.purpose == "erase"
    assert event.facts == {"rows": {"interactions.notes": 1}, "failed": []}


def test_many_rows_go_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _number in range(5):
        add_note(400)
    assert apply_retention(now=NOW).counts["interactions.notes"] == 5
    assert RetentionRun.objects.get().counts == {"interactions.notes": 5}


def break_rule(name: str = "accounts.a_broken_one") -> Room:
    def fail(_now: dt.datetime, /, *, is_dry_run: bool) -> int:
        Organisation.objects.create(name="half a deed")
        raise RuntimeError(str(is_dry_run))

    rule = RetentionRule(name=name, what="w", why="y", how_long="h", source="s", apply=fail)
    room = next(room for room in privacy.rooms() if room.name == OWN_ROOM)
    return Room(
        name=OWN_ROOM,
        describe=room.describe,
        export=room.export,
        erase=room.erase,
        merge=room.merge,
        retention=(rule, *room.retention),
    )


def test_a_rule_that_fails_keeps_no_other_from_its_work() -> None:
    before = next(room for room in privacy.rooms() if room.name == OWN_ROOM)
    add_note(400)
    try:
        privacy.register(break_rule())
        report = apply_retention(now=NOW)
        assert (report.failed, report.rows) == (["accounts.a_broken_one"], 1)
        assert not Organisation.objects.exists(), "what it had begun is taken back"
        assert RetentionRun.objects.get().failed == ["accounts.a_broken_one"]
        with pytest.raises(CommandError, match="a_broken_one"):
            call_command("apply_retention", stdout=io.StringIO())
    finally:
        privacy.register(before)


def test_two_runs_at_once_are_one() -> None:
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('kinder.retention'))")
            assert cursor.fetchone() == (True,)
        add_note(400)
        with pytest.raises(AlreadyRunningError):
            apply_retention(now=NOW)
        with pytest.raises(CommandError, match="Another process"):
            call_command("apply_retention", stdout=io.StringIO())
        tasks.apply_retention()
        assert Note.objects.count() == 1
    finally:
        other.close()
    tasks.apply_retention()
    assert Note.objects.count() == 0


def test_the_command_says_what_would_go_and_what_went() -> None:
    add_note(400)
    out = io.StringIO()
    call_command("apply_retention", "--dry-run", stdout=out)
    assert "1 rows would go." in out.getvalue()
    assert Note.objects.count() == 1
    call_command("apply_retention", stdout=out)
    assert "1 rows went." in out.getvalue()
    assert "interactions.notes" in out.getvalue()
    assert Note.objects.count() == 0


def test_the_administrator_sees_the_schedule_and_its_runs(client: Client) -> None:
    client.force_login(make_user(is_administrator=True))
    add_note(400)
    assert "the first one comes tonight" in client.get("/retention/").content.decode()
    assert "1 row is due now" in client.get("/retention/?count=1").content.decode()
    assert Note.objects.count() == 1
    apply_retention(now=NOW)
    page = client.get("/retention/").content.decode()
    assert "interactions.notes: 1" in page
    assert "12 months." in page
    client.force_login(make_member(Role.WORKER))
    assert client.get("/retention/").status_code == 403


DIE_IN_THE_THIRD_BATCH = """
import os, signal
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kinder.settings")
import django; django.setup()
from kinder.accounts import retention
from kinder.accounts.acting import Purpose, acting
retention.BATCH = 2
counted = []
apply_once = retention._apply_once
def apply_or_die(rule, report, now, run):
    counted.append(rule.name)
    if counted.count("interactions.notes") == 3:
        with acting(purpose=Purpose.ERASE):
            rule.apply(now, is_dry_run=False)
            os.kill(os.getpid(), signal.SIGKILL)
    return apply_once(rule, report, now, run)
retention._apply_once = apply_or_die
retention.apply_retention()
"""


@pytest.mark.chaos
@pytest.mark.django_db(transaction=True)
def test_a_killed_run_loses_no_count_and_the_next_goes_on() -> None:
    for _number in range(6):
        add_note(400)
    # Two batches of two, then the process dies in the middle of the third.
    died = subprocess.run(
        [sys.executable, "-c", DIE_IN_THE_THIRD_BATCH],
        cwd=settings.BASE_DIR,
        env=environment(redis_url=settings.REDIS_URL),
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    assert Note.objects.count() == 2, "the third batch is taken back whole"
    cut = RetentionRun.objects.get()
    assert (cut.finished_at, cut.counts) == (None, {"interactions.notes": 4})
    assert apply_retention().counts["interactions.notes"] == 2
    cut.refresh_from_db()
    assert cut.is_cut_short
    events = AuditEvent.objects.filter(verb="apply_retention").order_by("id")
    assert [event.facts["rows"] for event in events] == [
        {"interactions.notes": 4},
        {"interactions.notes": 2},
    ]
