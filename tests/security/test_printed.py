"""What strangers wrote, read back out of everything that is printed.

ASVS 1.2.1, 1.2.10, 1.3.1: it arrives as the very text. No markup of Typst runs, no line becomes a
link, nothing of a PDF acts when it is opened.
"""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typst
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from connections.reports import reading
from kinder import printing
from places.posters import Layout, write_posters
from tests.factories import NeighbourhoodFactory
from tests.factories.places import make_place
from tests.factories.releases import publish_figures
from tests.security.rows import ADMINISTRATOR, World
from tests.security.test_every_address import ROWS

pytestmark = pytest.mark.django_db(databases=["default", "reports"])

# One word of letters around each, so that a reader of PDFs gives it back in one piece.
BENT = (
    "#panic(1)",
    '#read("/etc/passwd")',
    "#link(1)[x]",
    "#{2+40}",
    "#import sys",
    '#eval("6*7")',
    "@label",
    "<label>",
    "$x^2$",
    "*strong*",
    "_stress_",
    "`raw`",
    "= heading",
    "- item",
    "/ term: x",
    "\\u{41}",
    "\\",
    "//comment",
    "/*comment*/",
    "]]]",
    '"quotes"',
    "'single'",
    "~",
    "---",
    "https://evil.example/?q=1",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "mailto:a@evil.example",
    "<script>alert(1)</script>",
    "</text><a href='https://evil.example'>x</a>",
    "&lt;b&gt;",
    "=1+1",
    "@SUM(1)",
    "{{7*7}}",
    "%s%n",
    "\u202eevil\u202c",
)
ROOT = "https://kinder.example"
ACTS = {
    "/Link",
    "/A",
    "/AA",
    "/OpenAction",
    "/JavaScript",
    "/JS",
    "/Launch",
    "/EmbeddedFiles",
    "/URI",
}


def plain(text: str) -> str:
    """As it is compared: how a line is broken, and what draws nothing, is the printer's."""
    text = re.sub(r"[\s\u00ad\u200b\u202a-\u202e\u2066-\u2069]+", "", text)
    # Quotes of text set by hand are curled.
    return (
        text.translate(str.maketrans("“”‘’–—", "\"\"''--")).replace("---", "-").replace("--", "-")
    )


def read_words(content: bytes) -> str:
    return plain("".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


def find_deeds(content: bytes) -> set[str]:
    """Return whatever in a PDF does something: actions, links, scripts, files."""
    return {name for name in _walk(PdfReader(io.BytesIO(content)).trailer) if name in ACTS}


def _walk(start: Any) -> Iterator[str]:
    waiting, seen = [start], set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, IndirectObject):
            if one.idnum in seen:
                continue
            seen.add(one.idnum)
            one = one.get_object()
        if isinstance(one, DictionaryObject):
            # A structure element has attributes under /A too.
            yield from (key for key in one if not (key == "/A" and "/S" in one and "/P" in one))
            # A line of the contents leads to a page of the same document, and does nothing else.
            if str(one.get("/Subtype", "")) == "/Link" and "/Dest" not in one:
                yield "/Link"
            waiting += one.values()
        elif isinstance(one, ArrayObject):
            waiting += one


Printed = tuple[Path, dict[str, Any], dict[str, Any]]
# What is no text of anybody: what a template chooses by, and drawings made here.
CHOSEN = {"language", "region", "layout", "sections", "code", "qr", "svg", "charts", "map", "lang"}
PIECES = 6


def bend(value: Any, turn: int, key: str = "") -> Any:
    """Return the data of a sheet with every text in it replaced by bent ones."""
    if key in CHOSEN or value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        if not value:
            return value
        start = turn * PIECES % len(BENT)
        return "  ".join((BENT + BENT)[start : start + PIECES])
    if isinstance(value, dict):
        return {name: bend(inner, turn, name) for name, inner in value.items()}
    return [bend(inner, turn, key) for inner in value]


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[Printed]:
    """Everything that is printed while the test runs: template, data, options."""
    found: list[Printed] = []
    run = printing.run_typesetter

    def keep(asked: dict[str, Any]) -> bytes:
        fonts = typst.Fonts(include_system_fonts=False, font_paths=[asked["fonts"]])
        options = asked["options"] | {"font_paths": fonts, "timestamp": asked["timestamp"]}
        found.append((Path(asked["template"]), json.loads(asked["data"]), options))
        return run(asked)

    monkeypatch.setattr(printing, "run_typesetter", keep)
    return found


@pytest.fixture(autouse=True)
def read_in_the_open_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "READER", "default")


def print_again(sheet: Printed, data: dict[str, Any]) -> bytes:
    template, _data, options = sheet
    made: Any = typst.compile(str(template), sys_inputs={"data": json.dumps(data)}, **options)
    return made if isinstance(made, bytes) else b"".join(made)


def check_bent(sheet: Printed) -> None:
    """Fill a sheet with bent texts in turns: all of them are in it as they were written."""
    template, data, options = sheet
    words = ""
    for turn in range(-(-len(BENT) // PIECES)):
        content = print_again(sheet, bend(data, turn))
        if options["format"] != "pdf":
            continue
        words += read_words(content)
        assert not find_deeds(content), template.name
    assert "root:x:" not in words, template.name
    if options["format"] == "pdf":
        missing = [text for text in BENT if plain(text) not in words]
        assert not missing, (template.name, missing)


def test_texts_on_sheets_are_texts(printed: list[Printed]) -> None:
    """Where to sit, window cards, Our Ordinary Day: filled with bent texts, whatever they hold."""
    world = World(ADMINISTRATOR)
    for name in (
        "pages:sit_sheet",
        "pages:sit_card",
        "pages:window_card",
        "pages:ordinary_day_cards",
        "pages:read_back",
    ):
        row = ROWS[name]
        path = reverse(name, kwargs=dict(world.make(row.given, is_own=True)))
        assert world.client().get(path).status_code == 200, name
    sheets = list(printed)
    assert {template.name for template, _data, _options in sheets} == {
        "sit.typ",
        "sit_card.typ",
        "thanks.typ",
        "cards.typ",
        "read_back.typ",
    }
    for sheet in sheets:
        check_bent(sheet)


@pytest.mark.parametrize("layout", list(Layout))
def test_texts_on_posters_are_texts(layout: Layout, printed: list[Printed]) -> None:
    write_posters([make_place("Kettle Hall")], layout=layout, root=ROOT)
    [sheet] = printed
    check_bent(sheet)


def test_texts_of_a_report_are_texts(printed: list[Printed], settings: Any, tmp_path: Path) -> None:
    """The report and its picture; drawings are held by tests/reports."""
    settings.MEDIA_ROOT = tmp_path
    area = NeighbourhoodFactory.create()
    publish_figures([(area, "A1", {"people": 75, "value": 24.0, "lower": 20.0, "upper": 28.0})])
    for form in ("pdf/", "share.png"):
        response = Client().get(f"/reports/{area.code}/2026-Q1/{form}")
        assert response.status_code == 200, form
        assert response.getvalue()
    assert {template.name for template, _data, _options in printed} == {"report.typ", "share.typ"}
    for sheet in list(printed):
        check_bent(sheet)


def test_what_reads_prints_would_notice_a_deed(tmp_path: Path) -> None:
    """The check of this file itself: a link and a name that Typst runs are found."""
    template = tmp_path / "bad.typ"
    template.write_text(
        '#set document(title: "x")\n#eval(json(bytes(sys.inputs.data)).text, mode: "markup")'
    )
    content = typst.compile(
        str(template),
        format="pdf",
        sys_inputs={"data": json.dumps({"text": '#link("https://evil.example")[here] #{2+40}'})},
    )
    assert isinstance(content, bytes)
    assert find_deeds(content)
    assert "42" in read_words(content)
