"""The same cell in every format: shown, suppressed, bounded and withheld."""

import csv
import hashlib
import io
import re
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from pypdf import PdfReader

from connections.indicators.models import Release
from connections.reports.actions import make_report
from connections.reports.models import AreaReport
from connections.reports.reading import read_report
from connections.reports.table import guard, list_cells

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_store(settings: object, tmp_path: object) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]


def fetch(client: Client, code: str, file_format: str) -> bytes:
    response = client.get(f"/reports/{code}/2026-Q1/{file_format}/")
    assert response.status_code == 200
    content = response.getvalue()
    assert response["Content-Digest-SHA-256"] == hashlib.sha256(content).hexdigest()
    return content


def pdf_text(content: bytes) -> str:
    pages = PdfReader(io.BytesIO(content)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def test_every_cell_reads_the_same_in_html_csv_and_pdf(client: Client, release: Release) -> None:
    for code in ("X1", "X2", "X3"):
        report = read_report(release, code)
        rows = list(csv.DictReader(io.StringIO(fetch(client, code, "csv").decode("utf-8-sig"))))
        page = fetch(client, code, "html").decode()
        printed = pdf_text(fetch(client, code, "pdf"))
        cells = list(list_cells(report))
        assert len(rows) == len(cells) > 0
        for row, cell in zip(rows, cells, strict=True):
            assert (row["area_code"], row["indicator"]) == (cell.area.code, cell.indicator.code)
            assert row["value"] == cell.number
            assert row["people_rounded_to_5"] == cell.people
        for line in report.lines:
            found = re.search(
                rf'data-indicator="{re.escape(line.indicator.code)}".*?data-cell="value">(.*?)</td>',
                page,
                re.S,
            )
            assert found is not None
            assert re.sub(r"<[^>]+>", "", found[1]).strip() == line.cell.value
            name = re.escape(f"{line.indicator.name} ({line.indicator.unit.label}) ")
            assert re.search(name + re.escape(line.cell.value), printed), (name, printed)


def test_what_must_stand_beside_a_figure_stands_there_in_every_format(
    client: Client, release: Release
) -> None:
    rows = csv.DictReader(io.StringIO(fetch(client, "X2", "csv").decode("utf-8-sig")))
    steadied = {(row["area_code"], row["indicator"]): row["steadied_value"] for row in rows}
    assert steadied["X2", "A1"] == "25.5"
    sentence = "Steadied towards the larger area, it would be 25.5."
    assert sentence in fetch(client, "X2", "html").decode()
    assert sentence in pdf_text(fetch(client, "X2", "pdf"))
    covered = "checked in the last 12 months: 82 %"
    assert covered in fetch(client, "X1", "html").decode()
    assert covered in pdf_text(fetch(client, "X1", "pdf"))


def test_a_suppressed_row_of_the_csv_holds_no_number(client: Client, release: Release) -> None:
    rows = csv.DictReader(io.StringIO(fetch(client, "X3", "csv").decode("utf-8-sig")))
    suppressed = [row for row in rows if row["status"] == "c"]
    assert suppressed
    for row in suppressed:
        assert row["value"] == "[c]"
        assert not row["lower_95"]
        assert not row["upper_95"]
        assert not row["people_rounded_to_5"]
        assert not row["coverage_percent"]


def test_a_name_cannot_become_a_formula(client: Client, release: Release) -> None:
    assert "'=Ashburn" in fetch(client, "X3", "csv").decode("utf-8-sig")
    assert guard("-3.5") == "-3.5"
    assert guard("-cmd") == "'-cmd"
    assert guard("@SUM(A1)") == "'@SUM(A1)"


def test_asking_twice_gives_the_same_bytes_from_one_row(client: Client, release: Release) -> None:
    for file_format in AreaReport.Format.values:
        assert fetch(client, "X1", file_format) == fetch(client, "X1", file_format)
    assert AreaReport.objects.count() == len(AreaReport.Format.values)


def test_a_report_made_anew_is_byte_identical(client: Client, release: Release) -> None:
    first = {
        file_format: fetch(client, "X1", file_format) for file_format in AreaReport.Format.values
    }
    AreaReport.objects.all().delete()
    assert {file_format: fetch(client, "X1", file_format) for file_format in first} == first


def test_a_file_lost_from_the_store_is_made_again(client: Client, release: Release) -> None:
    first = fetch(client, "X1", "csv")
    kept = AreaReport.objects.get()
    kept.file.storage.delete(str(kept.file.name))
    assert fetch(client, "X1", "csv") == first


def test_the_pdf_is_tagged_titled_and_in_its_language(client: Client, release: Release) -> None:
    content = fetch(client, "X1", "pdf")
    reader = PdfReader(io.BytesIO(content))
    root: Any = reader.root_object
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].lower().startswith("en")
    assert reader.metadata is not None
    assert "Testshire" in str(reader.metadata.title)
    assert reader.outline
    assert b"pdfuaid" in content


def test_only_a_published_release_can_be_reported(release: Release) -> None:
    release.state = Release.State.READY
    with pytest.raises(PermissionDenied):
        make_report(by=None, release=release, area_code="X1", file_format="csv")


def test_the_checksum_answers_a_conditional_request(client: Client, release: Release) -> None:
    first = client.get("/reports/X1/2026-Q1/csv/")
    assert first.getvalue()
    second = client.get("/reports/X1/2026-Q1/csv/", headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 304
