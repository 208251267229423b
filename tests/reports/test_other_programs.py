"""Files as other people's programs read them: checkers of PDF/UA, LibreOffice, a screen reader's
tree; in English, Gaelic and Urdu."""

import csv
import io
import itertools
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import page as checker
import pytest
from django.test import Client
from django.utils import translation
from openpyxl import load_workbook
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from connections.indicators.models import Release
from connections.indicators.quarters import name_quarter
from connections.reports import reading
from connections.reports.content import read_content
from connections.reports.formats.pdf import isolate, write_pdf
from connections.reports.question import Question
from connections.reports.vocabulary import Comparator, Section
from places.models import Area
from tests.reports.test_building import tell_story
from tests.reports.test_formats import fetch, pdf_text

pytestmark = pytest.mark.django_db
LANGUAGES = {"en-gb": "", "gd": "/gd", "ur": "/ur"}
every_language = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def fetch_pdf(client: Client, language: str, folder: Path) -> Path:
    answer = client.get(f"{LANGUAGES[language]}/reports/X1/2026-Q1/pdf/")
    path = folder / "report.pdf"
    path.write_bytes(answer.getvalue())
    return path


def walk(node: Any) -> Iterator[Any]:
    """Yield the elements of a structure tree in reading order."""
    node = node.get_object() if isinstance(node, IndirectObject) else node
    if isinstance(node, ArrayObject):
        for one in node:
            yield from walk(one)
    elif isinstance(node, DictionaryObject):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from walk(node["/K"])


@every_language
def test_a_checker_of_pdf_ua_finds_nothing(
    client: Client, release: Release, tmp_path: Path, language: str
) -> None:
    path = fetch_pdf(client, language, tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pdfua", "check", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no findings" in done.stdout


def find_faults(content: bytes) -> tuple[int, list[str]]:
    """Return how many rules of PDF/UA-1 were tried, and what each broken one says."""
    told = checker.validate_pdf_bytes(content, profile="ua1")
    assert told.is_compliant is (not told.failures)
    return told.rules.total, [f"{one.rule_id} {one.message}" for one in told.failures]


@every_language
@pytest.mark.parametrize("areas", [("X1",), ("X1", "X2", "X3")])
def test_no_rule_of_pdf_ua_is_broken(
    release: Release, language: str, areas: tuple[str, ...]
) -> None:
    """Every rule that a machine can try (Matterhorn protocol), on one area and on several, with
    every section there is: stories, what was done, and the tables for analysts."""
    tell_story(Area.objects.get(code="X1"))
    question = Question(
        period="2026-Q1",
        areas=areas,
        language=language,
        sections=tuple(Section),
        comparators=tuple(Comparator),
        title="Tìr & درست",
    )
    with translation.override(language):
        rules, faults = find_faults(write_pdf(read_content(question)))
    assert rules >= 104
    assert faults == []


def test_the_checker_finds_what_is_broken(client: Client, release: Release) -> None:
    content = fetch(client, "X1", "pdf")
    for kind, rule in (
        ("/Alt", "FIGURE-ALTERNATIVE"),
        ("/Lang", "LANGUAGE"),
        ("/MarkInfo", "TAGGED"),
    ):
        writer = PdfWriter(clone_from=io.BytesIO(content))
        root: Any = writer.root_object
        if kind == "/Alt":
            for one in walk(root["/StructTreeRoot"]["/K"]):
                one.pop("/Alt", None)
        else:
            del root[kind]
        out = io.BytesIO()
        writer.write(out)
        _rules, faults = find_faults(out.getvalue())
        assert any(rule in fault for fault in faults), (kind, faults)


@every_language
def test_a_reader_aloud_finds_nothing(
    client: Client, release: Release, tmp_path: Path, language: str
) -> None:
    """Its rule TXT-004 is left out: in Arabic script one letter has several shapes."""
    program = shutil.which("outloud")
    if program is None:
        pytest.skip("outloud is not installed: see docs/adr/0115")
    path = fetch_pdf(client, language, tmp_path)
    done = subprocess.run(
        [program, str(path), "--fail-on", "warning", "--skip", "TXT-004"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@every_language
def test_the_tree_of_the_pdf_is_what_a_screen_reader_needs(
    client: Client, release: Release, tmp_path: Path, language: str
) -> None:
    reader = PdfReader(fetch_pdf(client, language, tmp_path))
    root: Any = reader.root_object
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert str(root["/Lang"]).lower().startswith(language[:2])
    assert "pdfuaid" in root["/Metadata"].get_data().decode()
    tree = list(walk(root["/StructTreeRoot"]["/K"]))
    kinds = Counter(str(one["/S"]) for one in tree)
    levels = [int(kind[2]) for one in tree if re.fullmatch(r"/H\d", kind := str(one["/S"]))]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert kinds["/Table"] >= 1
    heads = [one for one in tree if one["/S"] == "/TH"]
    assert heads
    for head in heads:
        found = head["/A"]
        about = [one.get_object() for one in found] if isinstance(found, ArrayObject) else [found]
        assert any(one.get_object().get("/Scope") == "/Column" for one in about)
    drawings = [one for one in tree if one["/S"] == "/Figure"]
    assert drawings
    assert all(str(one.get("/Alt", "")).strip() for one in drawings)
    assert len(reader.outline) >= 1
    for page in reader.pages:
        assert str(page["/Tabs"]) == "/S"


def test_text_is_taken_out_of_the_pdf_in_its_order(client: Client, release: Release) -> None:
    text = pdf_text(fetch(client, "X1", "pdf"))
    told = [
        "Testshire",
        "These figures describe what people who took part told us.",
        "To copy into a paper",
        "The figures",
        "Taking part (people per 1,000 adults) 28",
        "What each figure means",
        "About 28 in every 1,000 adults in Testshire took part.",
        "Within the area",
        "=Ashburn",
        "Birkhill",
        "How this was made",
    ]
    at = 0
    for words in told:
        assert words in text[at:], words
        at += text[at:].index(words)


@every_language
def test_a_report_says_in_its_language_what_it_tells(
    client: Client, release: Release, tmp_path: Path, language: str
) -> None:
    prefix = LANGUAGES[language]
    words = {
        "en-gb": ("The figures", "20 May 2026"),
        "gd": ("Na figearan", "20 An Cèitean 2026"),
        "ur": ("اعداد", "مئی"),
    }[language]
    page = client.get(f"{prefix}/reports/X1/2026-Q1/html/").getvalue().decode()
    machine = {"en-gb": "A machine", "gd": "inneal", "ur": "مشین"}[language]
    assert words[0] in page
    assert ('dir="rtl"' in page) is (language == "ur")
    assert (machine in page) is (language != "en-gb")
    book = load_workbook(io.BytesIO(client.get(f"{prefix}/reports/X1/2026-Q1/xlsx/").getvalue()))
    assert all(bool(sheet.sheet_view.rightToLeft) is (language == "ur") for sheet in book)
    printed = pdf_text(fetch_pdf(client, language, tmp_path).read_bytes())
    # Letters of Arabic script come out as their shapes' own letters.
    assert words[1].split()[-1] in printed


def test_names_in_latin_letters_stay_whole_in_text_from_the_right() -> None:
    assert isolate("پہلا Town (invented) میں 2026-Q3") == (
        "پہلا \u2066Town (invented)\u2069 میں \u20662026-Q3\u2069"
    )
    assert isolate({"svg": "<svg/>", "rows": [["Old Town"]]}) == {
        "svg": "<svg/>",
        "rows": [["\u2066Old Town\u2069"]],
    }


def test_libreoffice_opens_the_workbook_and_reads_the_same_cells(
    client: Client, release: Release, tmp_path: Path
) -> None:
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice is not installed: see docs/adr/0115")
    (tmp_path / "report.xlsx").write_bytes(fetch(client, "X3", "xlsx"))
    # Every sheet, as it shows cells, formulas as formulas: 44 comma, 34 quote, 76 UTF-8.
    kind = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true,false,false,-1"
    done = subprocess.run(
        [
            *(program, "--headless", f"-env:UserInstallation=file://{tmp_path}/profile"),
            *("--convert-to", kind, "--outdir", str(tmp_path), str(tmp_path / "report.xlsx")),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "Error" not in done.stdout + done.stderr
    sheets = {path.stem.removeprefix("report-") for path in tmp_path.glob("report-*.csv")}
    assert sheets == {"Summary", "Data", "Releases and areas", "Dictionary", "Method"}
    read = list(csv.DictReader(io.StringIO((tmp_path / "report-Data.csv").read_text())))
    ours = list(csv.DictReader(io.StringIO(fetch(client, "X3", "csv").decode("utf-8-sig"))))
    assert len(read) == len(ours) > 0
    for theirs, row in zip(read, ours, strict=True):
        assert (theirs["area_code"], theirs["indicator"]) == (row["area_code"], row["indicator"])
        for name in ("value", "lower_95", "upper_95", "people_rounded_to_5"):
            if re.fullmatch(r"[\d.]+", row[name]):
                assert float(theirs[name]) == float(row[name])
            else:
                assert theirs[name] == row[name]
    # A name that begins like a formula is the text that it is.
    assert "=Ashburn" in (tmp_path / "report-Releases and areas.csv").read_text()


def test_a_revised_cell_reads_the_same_in_every_format(client: Client, release: Release) -> None:
    """A later version of the quarter changes a figure: each file tells the new one, none the old."""
    first = {kind: fetch(client, "X1", kind) for kind in ("csv", "json", "html", "pdf", "geojson")}
    assert "28" in pdf_text(first["pdf"])
    Release.objects.filter(pk=release.pk).update(state=Release.State.SUPERSEDED)
    figures = list(release.figures.all())
    second = Release.objects.create(
        quarter=release.quarter,
        geography=release.geography,
        version=2,
        revision=2,
        state=Release.State.READY,
        method_version=release.method_version,
        watermark="cd" * 32,
    )
    for figure in figures:
        figure.pk, figure.release, figure._state.adding = None, second, True
        if (figure.area.code, figure.indicator) == ("X1", "A1"):
            figure.value, figure.lower, figure.upper, figure.people = 33.0, 30.0, 36.0, 400
        figure.save()
    second.state, second.published_at = Release.State.PUBLISHED, release.published_at
    second.save()
    assert name_quarter(reading.find_release(None).quarter_id) == "2026-Q1"
    rows = list(csv.DictReader(io.StringIO(fetch(client, "X1", "csv").decode("utf-8-sig"))))
    cell = next(r for r in rows if (r["area_code"], r["indicator"]) == ("X1", "A1"))
    assert (cell["version"], cell["value"], cell["people_rounded_to_5"]) == ("2", "33", "400")
    api = client.get("/api/v1/figures/", {"area": "X1", "indicator": "A1"}).json()
    assert (api["release"]["version"], api["figures"][0]["value"]) == (2, 33.0)
    assert b'"value":33.0' in fetch(client, "X1", "json") or b'"value":33,' in fetch(
        client, "X1", "json"
    )
    assert b'"A1":33' in fetch(client, "X1", "geojson")
    sheet = load_workbook(io.BytesIO(fetch(client, "X1", "xlsx")))["Data"]
    lines = [list(line) for line in sheet.iter_rows(values_only=True)]
    book = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    assert next(b["value"] for b in book if (b["area_code"], b["indicator"]) == ("X1", "A1")) == 33
    for kind in ("html", "pdf"):
        content = fetch(client, "X1", kind)
        text = pdf_text(content) if kind == "pdf" else content.decode()
        assert "About 33 in every 1,000 adults in Testshire took part." in text
        assert "About 28 in every 1,000" not in text
        assert "version 2" in text
    whole = client.get("/api/v1/releases/2026-Q1/figures.zip").getvalue()
    for archive in (whole, fetch(client, "X1", "zip")):
        table = zipfile.ZipFile(io.BytesIO(archive)).read("figures.csv").decode("utf-8-sig")
        again = csv.DictReader(io.StringIO(table))
        assert next(r for r in again if (r["area_code"], r["indicator"]) == ("X1", "A1")) == cell
    features = client.get("/ogc/collections/figures/items", {"f": "json"}).json()["features"]
    found = {one["id"]: one["properties"] for one in features}
    assert (found["X1"]["A1"], found["X1"]["version"]) == (33.0, 2)
