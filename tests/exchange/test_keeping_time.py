"""What people brought in is let go of after its time, and taking an import back still works."""

import datetime as dt
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone
from pytest_django.fixtures import Settings

from kinder.accounts.models import Role, User
from kinder.accounts.retention import apply_retention
from places.exchange import intake
from places.exchange.models import ImportBatch, ImportIssue, PlaceImport
from places.exchange.starts import begin_import
from places.models import Place
from tests.factories.accounts import make_member
from tests.factories.places import make_place, make_point

pytestmark = pytest.mark.django_db(transaction=True)
State = PlaceImport.State
TABLE = "name,kind,lat,lon,ref\nHall,community_centre,55.8,-4.2,1\nShed,,55.9,-4.3,2\n"


@pytest.fixture
def worker(settings: Settings, tmp_path: Path) -> User:
    settings.MEDIA_ROOT = tmp_path
    return make_member(Role.WORKER)


def begin(by: User, text: str = TABLE) -> PlaceImport:
    columns = {name: name for name in ("name", "kind", "lat", "lon")} | {"reference": "ref"}
    job = begin_import(
        by=by,
        file_format="csv",
        name="Halls",
        file=ContentFile(text.encode(), name="halls.csv"),
        options={"columns": columns},
    )
    return work(job)


def work(job: PlaceImport) -> PlaceImport:
    intake.advance(job.pk)
    job.refresh_from_db()
    return job


def age(job: PlaceImport, days: int) -> None:
    past = timezone.now() - dt.timedelta(days=days)
    PlaceImport.objects.filter(pk=job.pk).update(created_at=past)
    PlaceImport.objects.filter(pk=job.pk, finished_at__isnull=False).update(finished_at=past)


def due(name: str) -> tuple[int, int]:
    """What a dry run counts, and what a run lets go of."""
    counted = apply_retention(is_dry_run=True).counts[name]
    return counted, apply_retention().counts[name]


def test_words_of_an_import_go_and_it_can_still_be_taken_back(worker: User) -> None:
    job = begin(worker)
    intake.apply_import(by=worker, job=job)
    work(job)
    assert Place.objects.count() == 1
    age(job, 89)
    assert due("exchange.import_rows") == (0, 0)
    age(job, 91)
    assert due("exchange.import_rows") == (2, 2)
    assert due("exchange.import_rows") == (0, 0)
    assert [row.facts for row in job.rows.all()] == [{}, {}]
    counts = intake.count_rows(job)
    assert (counts["total"], counts["added"], counts["wrong"]) == (2, 1, 1)
    intake.undo_import(by=worker, job=job)
    assert work(job).state == State.UNDONE
    assert not Place.objects.exists()


def test_a_list_that_nobody_looked_at_is_given_up(worker: User) -> None:
    job = begin(worker)
    unread = begin_import(
        by=worker, file_format="csv", name="X", file=ContentFile(b"name\nHall\n", name="x.csv")
    )
    assert unread.state == State.MAPPING
    path = Path(unread.file.path)
    for one in (job, unread):
        age(one, 91)
    fresh = begin(worker)
    assert due("exchange.waiting_imports") == (2, 2)
    states = dict(PlaceImport.objects.values_list("pk", "state"))
    assert states == {job.pk: "cancelled", unread.pk: "cancelled", fresh.pk: "looking"}
    assert not path.exists()
    assert not job.rows.exists()


def test_what_was_written_of_a_list_that_was_stopped_stays(worker: User) -> None:
    job = begin(worker)
    place = make_place("Hall", point=make_point())
    job.rows.filter(number=1).update(outcome="added", place=place, facts={})
    age(job, 91)
    assert due("exchange.waiting_imports") == (1, 1)
    job.refresh_from_db()
    assert (job.state, job.rows.count()) == (State.DONE, 1)


def test_reports_of_commands_go_and_their_counts_stay(worker: User) -> None:
    past = timezone.now() - dt.timedelta(days=91)
    old = ImportBatch.objects.create(what="places", source="x", rejected=1, started_at=past)
    new = ImportBatch.objects.create(what="places", source="y", rejected=1)
    for batch in (old, new):
        ImportIssue.objects.create(batch=batch, row=1, is_rejected=True, reason="no name")
    assert due("exchange.import_reports") == (1, 1)
    assert [issue.batch_id for issue in ImportIssue.objects.all()] == [new.pk]
    assert ImportBatch.objects.get(pk=old.pk).rejected == 1


def test_a_file_that_could_not_be_read_is_not_kept(worker: User) -> None:
    job = begin(worker, "name,kind\n")
    assert job.state == State.FAILED
    assert not job.file
