"""The same cell in every format: shown, suppressed, bounded and withheld."""

import csv
import datetime as dt
import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import translation
from openpyxl import load_workbook
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from connections.indicators.models import Release
from connections.reports.actions import read_in_language
from connections.reports.bulk import find_bulk
from connections.reports.content import Table
from connections.reports.formats.bundle import write_zip
from connections.reports.formats.excel import write_xlsx
from connections.reports.formats.pdf import _split_table, isolate, write_pdf
from connections.reports.formats.table import guard
from connections.reports.models import AreaReport, ReportFile
from connections.reports.question import Question
from connections.reports.reading import Cell, read_report
from connections.reports.rules import check_can_report
from connections.reports.vocabulary import Comparator, Format, Section
from places.models import Area
from tests.factories.releases import publish_figures

pytestmark = pytest.mark.django_db

MANY = ("A1", "A3", "B1", "B2", "C1", "C2", "C3", "D1", "D2", "D3")
"""Figures of every family: more than one page of a report holds."""


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


def numbers_of(cell: Cell) -> dict[str, Any]:
    """What a program should find for a cell: numbers, or no number and the mark."""
    figure = cell.figure
    is_shown = cell.is_shown and figure is not None
    return {
        "value": figure.value if is_shown and figure else None,
        "lower_95": figure.lower if is_shown and figure else None,
        "upper_95": figure.upper if is_shown and figure else None,
        "people_rounded_to_5": figure.people if is_shown and figure else None,
    }


@pytest.mark.parametrize("code", ["X1", "X2", "X3"])
def test_every_cell_reads_the_same_in_every_format(
    client: Client, release: Release, code: str
) -> None:
    """Shown, suppressed, bounded and withheld cells: one number, one mark, seven formats."""
    report = read_report(release, code)
    cells = list(report.cells)
    rows = list(csv.DictReader(io.StringIO(fetch(client, code, "csv").decode("utf-8-sig"))))
    data = json.loads(fetch(client, code, "json"))["figures"]
    sheet = load_workbook(io.BytesIO(fetch(client, code, "xlsx")))["Data"]
    lines = [list(line) for line in sheet.iter_rows(values_only=True)]
    book = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    features = {
        feature["id"]: feature for feature in json.loads(fetch(client, code, "geojson"))["features"]
    }
    page = fetch(client, code, "html").decode()
    printed = pdf_text(fetch(client, code, "pdf"))
    assert len(rows) == len(data) == len(book) == len(cells) > 0
    for row, item, line, cell in zip(rows, data, book, cells, strict=True):
        key = (cell.area.code, cell.indicator.code)
        assert (row["area_code"], row["indicator"]) == key
        assert (item["area_code"], item["indicator"]) == key
        assert (line["area_code"], line["indicator"]) == key
        assert row["value"] == cell.number
        assert row["people_rounded_to_5"] == cell.people
        wanted = numbers_of(cell)
        assert {name: item[name] for name in wanted} == wanted
        assert item["mark"] == ("" if cell.is_shown else cell.number)
        assert line["value"] == (wanted["value"] if cell.is_shown else cell.number or None)
        assert line["lower_95"] == wanted["lower_95"]
        properties = features[cell.area.code]["properties"]
        assert properties[cell.indicator.code] == (
            wanted["value"] if cell.is_shown else cell.number
        )
    for told in report.lines:
        found = re.search(
            rf'data-indicator="{re.escape(told.indicator.code)}".*?data-cell="value">(.*?)</td>',
            page,
            re.S,
        )
        assert found is not None
        assert re.sub(r"<[^>]+>", "", found[1]).strip() == told.cell.value
        name = re.escape(f"{told.indicator.name} ({told.indicator.unit.label}) ")
        assert re.search(name + re.escape(told.cell.value), printed), (name, printed)


def test_the_archive_holds_every_format_as_it_is(client: Client, release: Release) -> None:
    archive = zipfile.ZipFile(io.BytesIO(fetch(client, "X1", "zip")))
    held = {
        "report.html": "html",
        "report.pdf": "pdf",
        "report.xlsx": "xlsx",
        "figures.csv": "csv",
        "figures.json": "json",
        "areas.geojson": "geojson",
    }
    assert set(archive.namelist()) == {*held, "datapackage.json"}
    for name, file_format in held.items():
        assert archive.read(name) == fetch(client, "X1", file_format), name


@pytest.mark.parametrize("prefix", ["", "/gd", "/ur"])
def test_the_data_package_is_valid_to_frictionless(
    client: Client, release: Release, tmp_path: Path, prefix: str
) -> None:
    answered = client.get(f"{prefix}/reports/X1/2026-Q1/zip/").getvalue()
    with zipfile.ZipFile(io.BytesIO(answered)) as archive:
        archive.extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "frictionless", "validate", "datapackage.json", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    answer = json.loads(done.stdout[done.stdout.index("{") :])
    assert answer["valid"], answer


def test_outlines_are_what_rfc_7946_asks(client: Client, release: Release) -> None:
    """Degrees, west before south; the outer ring turns left and the hole in it right, as drawn or
    not; nothing crosses itself."""
    ring = [(-4.0, 56.0), (-4.0, 56.2), (-3.8, 56.2), (-3.8, 56.0), (-4.0, 56.0)]
    hole = [(-3.95, 56.05), (-3.85, 56.05), (-3.85, 56.15), (-3.95, 56.15), (-3.95, 56.05)]
    Area.objects.filter(code="X1").update(geometry=MultiPolygon(Polygon(ring, hole), srid=4326))
    features = json.loads(fetch(client, "X1", "geojson"))["features"]
    assert {feature["id"] for feature in features} == {"X1", "X2", "X3"}
    for feature in features:
        drawn = shapely.from_geojson(json.dumps(feature["geometry"]))
        assert drawn.is_valid
        west, south, east, north = drawn.bounds
        assert -9 < west < east < 2
        assert 49 < south < north < 61
        for polygon in getattr(drawn, "geoms", [drawn]):
            assert polygon.exterior.is_ccw
            assert not any(inner.is_ccw for inner in polygon.interiors)
            assert len(polygon.interiors) == (feature["id"] == "X1")


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
    for sheet in load_workbook(io.BytesIO(fetch(client, "X3", "xlsx"))):
        kinds = {cell.data_type for line in sheet.iter_rows() for cell in line}
        assert "f" not in kinds, sheet.title
    assert guard("-3.5") == "-3.5"
    assert guard("-cmd") == "'-cmd"
    assert guard("@SUM(A1)") == "'@SUM(A1)"


def test_asking_twice_gives_the_same_bytes_from_one_row(client: Client, release: Release) -> None:
    for file_format in Format.values:
        assert fetch(client, "X1", file_format) == fetch(client, "X1", file_format)
    assert AreaReport.objects.count() == 1
    assert ReportFile.objects.count() == len(Format.values)


def test_a_report_made_anew_is_byte_identical(client: Client, release: Release) -> None:
    first = {file_format: fetch(client, "X1", file_format) for file_format in Format.values}
    AreaReport.objects.all().delete()
    assert {file_format: fetch(client, "X1", file_format) for file_format in first} == first


def test_a_file_lost_from_the_store_is_made_again(client: Client, release: Release) -> None:
    first = fetch(client, "X1", "csv")
    kept = ReportFile.objects.get()
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
        check_can_report(release)


def test_the_checksum_answers_a_conditional_request(client: Client, release: Release) -> None:
    first = client.get("/reports/X1/2026-Q1/csv/")
    assert first.getvalue()
    second = client.get("/reports/X1/2026-Q1/csv/", headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 304


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en-gb", "Official code of the area (GSS)."),
        ("gd", "Còd oifigeil na sgìre (GSS)."),
        ("ur", "علاقے کا سرکاری کوڈ (GSS)۔"),
    ],
)
def test_the_dictionary_speaks_the_language_of_the_report(
    release: Release, language: str, words: str
) -> None:
    question = Question(period="2026-Q1", areas=("X1",), language=language)
    content = read_in_language(question)
    with translation.override(language):
        book = load_workbook(io.BytesIO(write_xlsx(content)))
        archive = zipfile.ZipFile(io.BytesIO(write_zip(content)))
    (sheet,) = [one for one in book.worksheets if one["A2"].value == "release"][-1:]
    told = {row[0]: row[2] for row in sheet.iter_rows(values_only=True) if row[0]}
    assert told["area_code"] == words
    fields = json.loads(archive.read("datapackage.json"))["resources"][0]["schema"]["fields"]
    assert {field["name"]: field["description"] for field in fields} == {
        name: told[name] for name in (field["name"] for field in fields)
    }


def test_open_data_has_one_dictionary_whoever_asks_first(release: Release) -> None:
    with translation.override("ur"), default_storage.open(find_bulk(release)) as kept:
        package = json.loads(zipfile.ZipFile(kept).read("datapackage.json"))
    fields = package["resources"][0]["schema"]["fields"]
    assert fields[3]["description"] == "Official code of the area (GSS)."


def test_the_paper_begins_with_one_page_and_its_contents(release: Release) -> None:
    """What matters stands on the first page; the rest begins on the second."""
    question = Question(period="2026-Q1", areas=("X1",), language="en-gb")
    pages = PdfReader(io.BytesIO(write_pdf(read_in_language(question)))).pages
    front, after = (re.sub(r"\s+", " ", pages[at].extract_text()) for at in (0, 1))
    for words in ("To copy into a paper", "In this report", "Not to be used as a target"):
        assert words in front
    assert "Figures for Testshire beside the areas around it" not in front
    assert "Figures for Testshire beside the areas around it" in after


@pytest.mark.parametrize("language", ["en-gb", "gd", "ur"])
def test_each_chart_stands_on_paper_with_its_name(release: Release, language: str) -> None:
    """A figure may go on overleaf, so each drawing says whose it is on its own page."""
    areas = Area.objects.filter(code__in=("X1", "X2"))
    told = {"people": 350, "value": 0.45, "lower": 0.42, "upper": 0.48}
    for month in (4, 7):
        publish_figures(
            [(area, indicator, told) for area in areas for indicator in MANY],
            quarter_on=dt.date(2026, month, 1),
        )
    question = Question(
        period="2026-Q3",
        areas=("X2",),
        language=language,
        sections=tuple(Section),
        comparators=tuple(Comparator),
    )
    content = read_in_language(question)
    figures = [block for domain in content.first.domains for block in domain.figures]
    names = {chart.name for one in figures for chart in (one.ranges, one.trend) if chart}
    assert any(one.ranges and one.trend for one in figures)
    reader = PdfReader(io.BytesIO(write_pdf(content)))
    drawn = dict(list_drawings(reader.root_object["/StructTreeRoot"]))
    assert names <= set(drawn)
    assert len({page.idnum for page in drawn.values()}) > 1
    if language != "ur":  # There letters come out of the file in the order of the eye.
        words = {page.indirect_reference: bare(page.extract_text()) for page in reader.pages}
        assert [name for name in names if bare(name) not in words[drawn[name]]] == []


def bare(text: str) -> str:
    """Return `text` without the spaces that the ends of lines move about."""
    return re.sub(r"\s+", "", text)


def list_drawings(node: Any) -> Iterator[tuple[str, Any]]:
    """Give each drawing under a tag of a PDF: what is said of it, and the page it stands on."""
    node = node.get_object()
    if isinstance(node, list):
        for one in node:
            yield from list_drawings(one)
    elif isinstance(node, DictionaryObject):
        if node.get("/S") == "/Figure":
            yield str(node["/Alt"]), node.raw_get("/Pg")
        elif "/K" in node:
            yield from list_drawings(node.raw_get("/K"))


def test_a_wide_table_is_parted_for_paper_and_loses_no_figure() -> None:
    head = ["Area", *[f"figure {at}" for at in range(12)]]
    rows = [[name, *["–" if at == 3 else f"{name}{at}" for at in range(12)]] for name in "AB"]
    parts = _split_table(Table("Side by side", head, rows))
    assert [len(part["head"]) for part in parts] == [5, 5, 4]
    assert all(part["rows"][1][0] == "B" for part in parts)
    told = [text for part in parts for text in part["rows"][0][1:]]
    assert told == [f"A{at}" for at in range(12) if at != 3]
    assert _split_table(Table("Nothing", ["Area"], [])) == []


def test_the_paragraph_to_copy_names_what_is_not_shown_and_no_mark(
    client: Client, release: Release
) -> None:
    area = read_report(release, "X1").area
    told = {"people": 360, "value": 30.0, "lower": 27.0, "upper": 33.0}
    publish_figures(
        [(area, "A1", told), (area, "E3", {}), (area, "E3.money", {})],
        quarter_on=dt.date(2026, 4, 1),
    )
    page = client.get("/reports/X1/").content.decode()
    found = re.search(r"data-copy>(.*?)</p>", page, re.S)
    assert found is not None
    assert "[c]" not in found[1]
    assert "Barriers felt" in found[1]
    assert "Money was tight" not in found[1]


def test_in_urdu_names_keep_their_brackets_and_words_their_own_comma() -> None:
    assert isolate("Ash (invented), 2026-Q1, لوگ, دن") == (
        "\u2066Ash (invented), 2026-Q1\u2069، لوگ، دن"
    )
    assert isolate("کتنا Is it easy here? (0 hard – 10 easy): 6.3 ہے") == (
        "کتنا \u2066Is it easy here? (0 hard – 10 easy): 6.3\u2069 ہے"
    )
    assert isolate({"svg": "a, b", "name": ["1,000 لوگ"]}) == {"svg": "a, b", "name": ["1,000 لوگ"]}
