"""An import that is begun twice within a moment, by two presses or by a retry, is one."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import Settings

from kinder.accounts.models import AuditEvent, Role, User
from places.exchange import intake
from places.exchange.models import PlaceImport
from places.exchange.starts import SAME_WITHIN, begin_import
from tests.factories.accounts import make_member
from tests.factories.places import MIDDLE
from tests.together import run_into, run_together

pytestmark = pytest.mark.django_db
LIST = f"name,kind,lat,lon\nRowan Library,library,{MIDDLE[1]},{MIDDLE[0]}\n"
OTHER = LIST.replace("Rowan", "Alder")


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def worker() -> User:
    return make_member(Role.WORKER)


def begin(by: User | None, text: str = LIST, **more: Any) -> PlaceImport:
    said = {"file_format": "csv", "name": "A list", "options": {"kind": ""}} | more
    return begin_import(by=by, file=ContentFile(text.encode(), name="list.csv"), **said)


@pytest.mark.django_db(transaction=True)
def test_two_starts_at_the_same_moment_are_one(worker: User, media: Path) -> None:
    one, other = run_together(lambda: begin(worker), lambda: begin(worker))
    assert one.pk == other.pk == PlaceImport.objects.get().pk
    assert len(list(media.rglob("*.csv"))) == 1
    assert AuditEvent.objects.filter(verb="begin_import").count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_second_waits_for_a_first_that_is_not_committed(worker: User) -> None:
    one, other = run_into(lambda: begin(worker), lambda: begin(worker))
    assert one.pk == other.pk == PlaceImport.objects.get().pk


@pytest.mark.django_db(transaction=True)
def test_two_that_differ_do_not_become_one(worker: User) -> None:
    colleague = make_member(Role.WORKER)
    deeds = run_together(
        lambda: begin(worker), lambda: begin(worker, OTHER), lambda: begin(colleague)
    )
    assert len({job.pk for job in deeds}) == 3


@pytest.mark.parametrize(
    "more",
    [{"name": "Another list"}, {"options": {"kind": "cafe"}}, {"file_format": "layer"}],
    ids=str,
)
def test_another_question_is_another_import(worker: User, more: dict[str, Any]) -> None:
    assert begin(worker).pk != begin(worker, **more).pk


def test_the_same_again_is_begun_later_or_once_the_first_is_over(worker: User) -> None:
    first = begin(worker)
    assert begin(worker).pk == first.pk
    # Given up: whoever sends it again means it.
    intake.cancel_import(by=worker, job=first)
    second = begin(worker)
    assert second.pk != first.pk
    PlaceImport.objects.filter(pk=second.pk).update(
        created_at=second.created_at - SAME_WITHIN - dt.timedelta(seconds=1)
    )
    assert begin(worker).pk not in (first.pk, second.pk)


def test_a_command_without_a_person_is_taken_at_its_word() -> None:
    assert begin(None).pk != begin(None).pk


def test_a_chosen_column_does_not_make_it_another(worker: User) -> None:
    first = begin(worker)
    intake.choose_columns(by=worker, job=first, columns={"name": "name"}, kind="library")
    assert begin(worker).pk == first.pk


def test_the_second_answer_leads_to_the_first(worker: User) -> None:
    client = Client()
    client.force_login(worker)

    def send() -> str:
        file = SimpleUploadedFile("list.csv", LIST.encode(), content_type="text/csv")
        sent = {"format": "csv", "name": "A list", "kind": "", "address": "", "file": file}
        response = client.post("/places/imports/", sent)
        assert response.status_code == 302
        return str(response.headers["Location"])

    assert send() == send()
    job = PlaceImport.objects.get()
    # What was read for the comparison is still read from its beginning.
    with job.file.open() as kept:
        assert kept.read() == LIST.encode()
