"""Whoever was erased stays erased, whichever backup is restored."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as the_settings
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from pytest_django import Settings

from connections.indicators import tasks
from connections.indicators.freeze import freeze_quarter
from connections.indicators.models import QuarterContributor
from kinder.accounts.acting import Purpose
from kinder.accounts.actions import erase_person
from kinder.accounts.audit import subject_of
from kinder.accounts.devices import make_key, recognise
from kinder.accounts.models import AuditEvent, Contributor, Tombstone, User
from kinder.accounts.tombstones import hash_key, raise_stone, reapply
from places.models import PlaceSuggestion
from tests.factories import (
    ContributorFactory,
    InteractionFactory,
    NeighbourhoodFactory,
    PlaceFactory,
    UserFactory,
)
from tests.factories.befriending import make_story
from tests.indicators.months import FREEZE_DAY, QUARTER, make_month
from tests.processes import environment

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def ledger(settings: Settings, tmp_path: Path) -> Path:
    settings.TOMBSTONES = tmp_path / "kept" / "tombstones.jsonl"
    return tmp_path / "kept" / "tombstones.jsonl"


def lines_of(ledger: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in ledger.read_text().splitlines()]


def test_an_erasure_is_written_outside_of_the_database_and_says_nothing(ledger: Path) -> None:
    user = UserFactory.create(email="gone@example.org", name="Morag Findlay")
    phone = ContributorFactory.create(user=user)
    erase_person(by=user, person=user)
    lines = lines_of(ledger)
    assert {line["kind"] for line in lines} == {"accounts.user", "accounts.contributor"}
    assert {bytes.fromhex(line["key"]) for line in lines} == {hash_key(user), hash_key(phone)}
    assert oct(ledger.stat().st_mode)[-3:] == "600"
    text = ledger.read_text()
    assert [
        word for word in (user.email, "Morag", str(user.pk), str(phone.pk)) if word in text
    ] == []


def test_ledger_and_table_learn_from_each_other(ledger: Path) -> None:
    known, unknown = ContributorFactory.create_batch(2)
    raise_stone(known)
    raise_stone(unknown)
    Tombstone.objects.filter(key_hmac=hash_key(unknown)).delete()
    # A machine that lost its power left half a line; nobody has erased anything yet.
    ledger.write_text(ledger.read_text() + '{"kind": "accounts.us')
    raise_stone(UserFactory.create())
    assert ledger.read_text().count("\n") == 4
    done = reapply()
    assert (done.learned, done.erased) == (1, 3)
    assert Contributor.objects.count() == User.objects.count() == 0
    assert AuditEvent.objects.filter(verb="reapply_tombstone").count() == 3
    ledger.unlink()
    assert reapply().learned == 0
    assert len(lines_of(ledger)) == 3, "a lost ledger is written anew"
    again = reapply()
    assert (again.learned, again.erased) == (0, 0)


def test_an_erasure_stands_when_the_ledger_cannot_be_written(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    settings.TOMBSTONES = tmp_path / "file" / "tombstones.jsonl"
    person = ContributorFactory.create()
    erase_person(by=person, person=person)
    assert not Contributor.objects.exists()
    assert "cannot be written" in caplog.text
    settings.TOMBSTONES = tmp_path / "later.jsonl"
    reapply()
    assert len(lines_of(tmp_path / "later.jsonl")) == 1


def test_a_changed_secret_key_still_knows_them(settings: Settings, ledger: Path) -> None:
    person = ContributorFactory.create()
    raise_stone(person)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key " * 6
    assert reapply().erased == 1
    assert not Contributor.objects.exists()


def test_a_nameless_account_is_left_as_it_is(ledger: Path) -> None:
    from datetime import date

    from connections.indicators.models import Quarter, Release
    from tests.factories import AdministratorFactory, AreaFactory

    leaver, area = UserFactory.create(), AreaFactory.create()
    quarter = Quarter.objects.create(starts_on=date(2026, 1, 1), geography=area.geography)
    Release.objects.create(
        quarter=quarter, geography=area.geography, method_version="1", published_by=leaver
    )
    erase_person(by=AdministratorFactory.create(), person=leaver)
    address = User.objects.get(pk=leaver.pk).email
    assert reapply().erased == 0
    assert User.objects.get(pk=leaver.pk).email == address


def as_superuser(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    database = the_settings.DATABASES["default"]
    assert isinstance(database, dict)
    place = [f"--host={database['HOST']}"] if database["HOST"] else []
    return subprocess.run(
        [program, *place, "--username=postgres", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )


@pytest.fixture
def restored() -> Iterator[str]:
    """The name of an empty database, for a backup to be restored into."""
    name = f"{connection.settings_dict['NAME']}_restored"
    if as_superuser("psql", "--dbname=postgres", "--command=SELECT 1").returncode:
        pytest.skip("this cluster's superuser cannot be reached")
    drop = f'--command=DROP DATABASE IF EXISTS "{name}"'
    as_superuser("psql", "--dbname=postgres", drop)
    made = as_superuser("createdb", "--owner=kinder", "--template=template0", name)
    assert made.returncode == 0, made.stderr
    yield name
    as_superuser("psql", "--dbname=postgres", drop)


def dump_text(name: str) -> str:
    dumped = as_superuser("pg_dump", "--username=kinder_backup", "--data-only", name)
    assert dumped.returncode == 0, dumped.stderr
    return dumped.stdout


@pytest.mark.skipif(shutil.which("pg_dump") is None, reason="pg_dump is not on this machine's PATH")
def test_a_restored_backup_holds_nobody_who_was_erased_since(
    restored: str, ledger: Path, tmp_path: Path
) -> None:
    """The whole road: a real backup, an erasure, a real restore, and the tombstones."""
    story = make_story(NeighbourhoodFactory.create())
    user = story.participant_user
    User.objects.filter(pk=user.pk).update(name="Morag Findlay")
    key = make_key()
    with recognise(key, network="192.0.2.0/24") as (device, _is_first):
        person = device.contributor
    Contributor.objects.filter(pk=person.pk).update(user=user)
    moment = InteractionFactory.create(contributor=person, device=device)
    PlaceSuggestion.objects.create(
        place=PlaceFactory.create(),
        base_revision=1,
        contributor=person,
        changes={"name": "Morag's own words"},
    )
    # What the person's months and a frozen quarter add up to, for figures.
    make_month(person, NeighbourhoodFactory.create(), gave=2)
    freeze_quarter(by=Purpose.RELEASE, quarter_on=QUARTER, now=FREEZE_DAY)
    assert QuarterContributor.objects.filter(contributor_id=person.pk).exists()
    browser = Client()
    browser.force_login(user)
    subject = subject_of(user)
    hmac = bytes(type(device).objects.get(pk=device.pk).key_hmac).hex()
    keys = [user.email, "Morag", str(user.pk), str(person.pk), str(device.pk), hmac]
    keys += [str(moment.pk), str(subject.pk), story.participant.name, story.participant.needs]
    bystander = story.volunteer_user
    name = str(connection.settings_dict["NAME"])

    backup = tmp_path / "kinder.dump"
    dumped = as_superuser(
        "pg_dump", "--username=kinder_backup", "--format=custom", f"--file={backup}", name
    )
    assert dumped.returncode == 0, dumped.stderr
    assert [one for one in keys if one not in dump_text(name)] == []

    erase_person(by=user, person=user)
    # Within seconds the sweep counts the months again, and drops its marks.
    tasks.sweep()
    after = dump_text(name)
    # The number in the audit points at nobody, and is all that is left.
    assert {one for one in keys if one in after} <= {str(subject.pk)}
    assert key not in after
    assert hash_key(user).hex() in after
    assert bystander.email in after

    made = as_superuser("pg_restore", f"--dbname={restored}", "--exit-on-error", str(backup))
    assert made.returncode == 0, made.stderr
    assert [one for one in keys if one not in dump_text(restored)] == [], (
        "the backup brings it back"
    )
    env = environment(redis_url=the_settings.REDIS_URL) | {"KINDER_TOMBSTONES": str(ledger)}
    for url in ("DATABASE_URL", "REPORTS_DATABASE_URL"):
        env[url] = env[url].replace(f"/{name}", f"/{restored}")
    applied = subprocess.run(
        [sys.executable, "manage.py", "apply_tombstones"],
        cwd=the_settings.BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert applied.returncode == 0, applied.stderr
    assert "2 tombstones taken from the ledger, 2 people erased again." in applied.stdout
    forget_marks = "--command=DELETE FROM interactions_dirtymark"
    assert as_superuser("psql", f"--dbname={restored}", forget_marks).returncode == 0
    again = dump_text(restored)
    assert {one for one in keys if one in again} <= {str(subject.pk)}
    assert bystander.email in again
    connections.close_all()


def test_the_command_without_a_ledger_does_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    UserFactory.create()
    call_command("apply_tombstones")
    assert capsys.readouterr().out.startswith("0 tombstones taken from the ledger, 0 people")
    assert User.objects.count() == 1
