"""A list of cases is looked at, taken over, taken back; everything can be taken away, worries not."""

import csv
import io
import zipfile
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from connections.befriending import actions
from connections.befriending.actions.case_lists import take_cases_over
from connections.befriending.forgetting import RETENTION
from connections.befriending.models import CaseImport, Match, Participant
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.models import AuditEvent
from kinder.accounts.rules import Refused
from tests.befriending.test_pages import as_, at
from tests.factories import NeighbourhoodFactory
from tests.factories.cases import Case, make_active, make_case

pytestmark = pytest.mark.django_db
HEAD = "name,contact,neighbourhood,languages,interests,received_on,source,consented,state\n"


@pytest.fixture
def case() -> Case:
    return make_case(NeighbourhoodFactory.create(name="Harbourside North"))


def bring(client: Client, case: Case, text: str) -> str:
    file = SimpleUploadedFile("cases.csv", text.encode())
    return client.post(at("cases", case.service.pk), {"file": file}).content.decode()


def count(case: Case) -> int:
    with acting(user=case.coordinator):
        return Participant.objects.count()


def test_a_list_is_looked_at_taken_over_and_taken_back(case: Case) -> None:
    client = as_(case.coordinator)
    text = HEAD + (
        "Ida Quigg,,Harbourside North,en;pl,chess;dogs,2026-01-05,health,yes,waiting\n"
        "Olive Rennie,,harbourside north,en,,2026-01-06,self,no,new\n"
        "Nobody,,Atlantis,en,,2026-01-06,self,yes,new\n"
        "Nobody,,Harbourside North,xx,,2026-01-06,self,yes,new\n"
        "Nobody,,Harbourside North,en,,6/1/26,self,yes,new\n"
        "Nobody,,Harbourside North,en,,2026-01-06,self,no,waiting\n"
    )
    before = count(case)
    page = bring(client, case, text)
    assert "2 rows can be taken over, 4 can" in page
    for words in ("Line 4: the neighbourhood", "Line 5: a language", "Line 6: the day", "Line 7"):
        assert words in page
    assert count(case) == before, "nothing was taken over yet"
    with acting(user=case.coordinator):
        batch = CaseImport.objects.get()
    assert b"Quigg" not in bytes(batch.ciphertext or b"")
    client.post(at("cases_take", batch.pk, "over"))
    client.post(at("cases_take", batch.pk, "over"))
    assert count(case) == before + 2
    board = client.get(at("board", case.service.pk)).content.decode()
    assert "Ida Quigg" in board
    with acting(user=case.coordinator):
        assert CaseImport.objects.get().ciphertext is None
    client.post(at("cases_take", batch.pk, "back"))
    assert count(case) == before


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", HEAD])
def test_what_is_no_list_is_refused(case: Case, text: str) -> None:
    client = as_(case.coordinator)
    page = bring(client, case, text or " ")
    assert "error" in page
    with acting(user=case.coordinator):
        assert not CaseImport.objects.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{HEAD}Ida\0Quigg,,Harbourside North,en,,2026-01-05,self,yes,new\n", "not UTF-8"),
        (f"{HEAD}{'x' * 200_000},,Harbourside North,en,,2026-01-05,self,yes,new\n", "no table"),
    ],
)
def test_a_bent_list_is_refused_in_words(case: Case, text: str, words: str) -> None:
    """2.2.1: a sign that the database takes not, and a cell as long as a book."""
    assert words in bring(as_(case.coordinator), case, text)
    with acting(user=case.coordinator):
        assert not CaseImport.objects.exists()


def test_everything_is_taken_away_but_worries(case: Case) -> None:
    match = make_active(case)
    actions.raise_concern(by=case.lead, service=case.service, text="He sits in the cold.")
    with acting(purpose=Purpose.SWEEP):
        Match.objects.filter(pk=match.pk).update(decided_because="=cmd()")
    other = make_case(case.area, "Kite Hill")
    response = as_(case.coordinator).get(at("take_away", case.service.pk))
    archive = zipfile.ZipFile(io.BytesIO(response.content))
    told = {name: archive.read(name).decode() for name in archive.namelist()}
    archive.close()
    assert {"assessment.csv", "agreementsignature.csv", "visit.csv", "uploadedscale.csv"} <= set(
        told
    )
    assert "Agnes Birnie" in told["participant.csv"]
    assert len(list(csv.reader(io.StringIO(told["participant.csv"])))) == 2
    assert "'=cmd()" in told["match.csv"]
    whole = "".join(told.values())
    assert "cold" not in whole
    assert str(other.participant.pk) not in whole
    assert not any("concern" in name for name in told)
    assert AuditEvent.objects.filter(verb="take_service_away").count() == 1


def test_a_list_that_nobody_decided_on_is_emptied_after_a_day(case: Case) -> None:
    bring(
        as_(case.coordinator),
        case,
        HEAD + "Ida Quigg,,Harbourside North,en,,2026-01-05,self,yes,new\n",
    )
    [rule] = [rule for rule in RETENTION if rule.name == "befriending.case_lists"]
    now = timezone.now()
    assert rule.apply(now, is_dry_run=False) == 0
    later = now + timedelta(days=1, minutes=1)
    assert rule.apply(later, is_dry_run=True) == 1
    assert rule.apply(later, is_dry_run=False) == 1
    assert rule.apply(later, is_dry_run=False) == 0
    with acting(user=case.coordinator):
        batch = CaseImport.objects.get()
    assert (batch.ciphertext, batch.state) == (None, "dropped")
    with pytest.raises(Refused):
        take_cases_over(by=case.coordinator, batch=batch)
