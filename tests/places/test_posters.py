"""Posters: their code is read as a phone would, in every layout and language."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typst
import zxingcpp
from django.conf import settings
from django.test import Client
from django.utils import translation
from pypdf import PdfReader

from kinder.accounts.models import Role
from places.models import Place
from places.posters import TEMPLATE, Layout, collect, short_link, write_posters
from tests.factories.accounts import make_member, make_user
from tests.factories.places import make_place

pytestmark = pytest.mark.django_db
ROOT = "https://kinder.example"


def read_codes(places: list[Place], layout: Layout) -> list[str]:
    """What a reader of codes finds on the printed sheets."""
    import json

    from PIL import Image

    data = json.dumps(collect(places, layout, ROOT), ensure_ascii=False)
    folder = str(settings.BASE_DIR / "static" / "dist" / "fonts" / "print")
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[folder])
    pages: Any = typst.compile(
        str(TEMPLATE), format="png", ppi=110, sys_inputs={"data": data}, font_paths=fonts
    )
    sheets: Any = pages if isinstance(pages, list) else [pages]
    found: list[str] = []
    for sheet in sheets:
        picture = np.asarray(Image.open(io.BytesIO(sheet)).convert("L"))
        codes = zxingcpp.read_barcodes(picture)
        found += [code.text for code in codes]
        assert all(code.ec_level == "Q" for code in codes)
    return found


@pytest.mark.parametrize("layout", list(Layout))
def test_each_code_leads_to_its_place(layout: Layout) -> None:
    places = [make_place(f"Place {number}", cost_to_stay="free") for number in range(5)]
    found = read_codes(places, layout)
    assert sorted(found) == sorted(short_link(place, ROOT) for place in places)


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
@pytest.mark.parametrize("layout", list(Layout))
def test_a_poster_is_a_tagged_pdf_in_the_language_of_the_page(
    layout: Layout, language: str
) -> None:
    place = make_place("Café at the Église", kind="worship", cost_to_stay="free")
    with translation.override(language):
        pdf = PdfReader(io.BytesIO(write_posters([place], layout=layout, root=ROOT)))
    root: Any = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert str(root["/Lang"]).lower().startswith(language[:2])
    assert "Café" in "".join(page.extract_text() for page in pdf.pages)


def test_sheets_hold_as_many_as_they_say() -> None:
    places = [make_place(f"Place {number}") for number in range(9)]
    for layout, sheets in ((Layout.POSTER, 9), (Layout.LARGE, 9), (Layout.CARDS, 3)):
        pdf = PdfReader(io.BytesIO(write_posters(places, layout=layout, root=ROOT)))
        assert len(pdf.pages) == sheets, layout


def test_a_long_name_stays_on_its_sheet() -> None:
    place = make_place("The very long name of a community centre " * 3, cost_to_stay="free")
    for layout in Layout:
        pdf = PdfReader(io.BytesIO(write_posters([place], layout=layout, root=ROOT)))
        assert len(pdf.pages) == 1, layout


def test_the_pages(tmp_path: Path) -> None:
    one, other = make_place("Long Table"), make_place("Short Table")
    hidden = make_place("Hidden", state="hidden")
    client = Client()
    client.force_login(make_member(Role.WORKER))
    page = client.get("/places/posters/", {"q": "long"}).content.decode()
    assert "Long Table" in page
    assert "Short Table" not in page
    answer = client.get(
        "/places/posters/posters.pdf", {"place": [one.code, other.code], "layout": "cards"}
    )
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    for query in ({}, {"place": hidden.code}, {"place": one.code, "layout": "banner"}):
        response = client.get("/places/posters/posters.pdf", query)
        assert response["Content-Type"].startswith("text/html")
    assert client.get("/places/posters/", {"place": hidden.code}).status_code == 422
    resident = Client()
    resident.force_login(make_user())
    assert resident.get("/places/posters/").status_code == 403
