"""Reports under kill -9, on a full disk and in a crowd: whole files or none."""

import hashlib
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connections
from django.test import Client

from connections.reports.actions import ask_report, make_next
from connections.reports.models import AreaReport, ReportFile
from connections.reports.question import Question
from connections.reports.vocabulary import Format, State
from places.models import Area, AreaAncestor, Geography
from tests.factories.places import make_square
from tests.factories.releases import publish_figures
from tests.processes import (
    Program,
    RedisServer,
    environment,
    running_beat,
    running_worker,
    wait_until,
)

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]

# Makes one file, says so when its bytes lie in the store, and waits before it commits.
STOPS_BEFORE_COMMIT = """
import time
import django
django.setup()
from connections.reports import actions
write = actions._write_file
def write_and_wait(wanted, content):
    write(wanted, content)
    print("written", flush=True)
    time.sleep(60)
actions._write_file = write_and_wait
actions.make_next()
"""
# Makes what waits on a disk that takes no file of more than a few bytes.
HAS_A_FULL_DISK = """
import datetime as dt, resource, signal
import django
django.setup()
from django.utils import timezone
from connections.reports import actions
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))
for attempt in range(actions.MAX_ATTEMPTS):
    actions.make_next(timezone.now() + dt.timedelta(hours=attempt))
"""


@pytest.fixture(autouse=True)
def let_go() -> Iterator[None]:
    yield
    connections["reports"].close()


@pytest.fixture
def area() -> Area:
    geography = Geography.objects.create(slug="test-2011", name="Test zones", is_current=True)
    found = make_square("X1", geography=geography, level="council", name="Testshire")
    AreaAncestor.objects.create(area=found, ancestor=found, depth=0)
    publish_figures([(found, "A1", {"people": 340, "value": 28.0, "lower": 25.0, "upper": 31.0})])
    return found


@pytest.fixture
def folder(area: Area, settings: Any, tmp_path: Path) -> Path:
    """A store of this test's own, for this process and the others."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path


def ask(*formats: Format) -> AreaReport:
    question = Question(period="2026-Q1", areas=("X1",), language="en-gb")
    return ask_report(by=None, question=question, formats=formats)


def in_store(folder: Path) -> dict[str, str]:
    return environment(redis_url=settings.REDIS_URL) | {"KINDER_MEDIA_ROOT": str(folder / "media")}


def is_whole(made: ReportFile) -> bool:
    with default_storage.open(str(made.file.name)) as opened:
        return hashlib.sha256(opened.read()).hexdigest() == made.content_sha256


def test_a_report_whose_worker_was_killed_is_made_by_the_next(folder: Path, client: Client) -> None:
    report = ask(Format.PDF)
    worker = Program(
        sys.executable, "-c", STOPS_BEFORE_COMMIT, env=in_store(folder), log=folder / "worker.log"
    )
    try:
        wait_until(lambda: worker.said("written"), seconds=60, what="the file is written")
        # Held by the first: nobody else takes it, and nobody is given what is not finished.
        assert not make_next()
        assert client.get(f"/reports/built/{report.pk}/pdf/").status_code == 404
    finally:
        worker.kill()
    assert report.files.get().state == State.WAITING
    assert client.get(f"/reports/built/{report.pk}/pdf/").status_code == 404
    wait_until(make_next, what="the file is free again")
    made = report.files.get()
    assert (made.state, made.attempts) == (State.READY, 0)
    assert is_whole(made)
    answer = client.get(f"/reports/built/{report.pk}/pdf/")
    assert hashlib.sha256(answer.getvalue()).hexdigest() == made.content_sha256


def test_celery_workers_killed_while_they_make_reports_leave_none_undone(
    folder: Path, own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "KINDER_MEDIA_ROOT", str(folder / "media"))
    with running_beat(folder, redis_url=own_redis.url):
        with running_worker(folder, redis_url=own_redis.url, name="first") as first:
            report = ask(*Format)
            ready = report.files.filter(state=State.READY)
            wait_until(ready.exists, seconds=60, what="the first worker makes a file")
            first.kill()
        with running_worker(folder, redis_url=own_redis.url, name="second"):
            wait_until(
                lambda: ready.count() == len(Format), seconds=90, what="the second makes the rest"
            )
    assert all(is_whole(made) for made in ready)


def test_a_full_disk_fails_the_file_and_never_cuts_it_off(folder: Path, client: Client) -> None:
    report = ask(Format.XLSX)
    worker = Program(
        sys.executable, "-c", HAS_A_FULL_DISK, env=in_store(folder), log=Path(os.devnull)
    )
    wait_until(
        lambda: report.files.get().state == State.FAILED, seconds=60, what="the file is given up"
    )
    worker.end()
    made = report.files.get()
    assert not made.file
    address = f"/reports/built/{report.pk}/"
    assert client.get(f"{address}xlsx/").status_code == 404
    assert "Nothing is lost" in client.get(address).content.decode()
    # Room again: whoever asks again gets a whole file.
    assert client.post(f"{address}again/")["Location"] == address
    assert make_next()
    assert is_whole(report.files.get())


def test_five_hundred_who_ask_the_same_get_one_report_made_once(folder: Path) -> None:
    asked: list[object] = []
    made: list[bool] = []

    def ask_often() -> None:
        try:
            for _ in range(25):
                asked.append(ask(Format.CSV, Format.JSON).pk)
                made.append(make_next())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask_often) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 500
    assert len(set(asked)) == 1
    assert sum(made) == 2
    assert all(is_whole(one) for one in ReportFile.objects.all())
    assert ReportFile.objects.filter(state=State.READY).count() == 2
