"""Open data: whole releases, the API and its keys, the feed, drawn areas, areas side by side."""

import csv
import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import feedparser
import pytest
from django.test import Client
from extruct.jsonld import JsonLdExtractor

from connections.indicators.models import Figure, Release
from connections.reports import wording
from connections.reports.bulk import write_release
from connections.reports.content import read_content
from connections.reports.formats.table import write_csv
from connections.reports.models import ApiKey, DrawnShape
from connections.reports.question import Question
from connections.reports.vocabulary import Scope
from connections.reports.workspace import KEY_START, add_key, revoke_key
from places.models import Area, Geography
from tests.factories.accounts import make_user
from tests.factories.places import make_square
from tests.factories.releases import publish_figures

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def fetch_bulk(client: Client, **headers: str) -> bytes:
    answer = client.get("/api/v1/releases/2026-Q1/figures.zip", headers=headers)
    assert answer.status_code == 200, answer.content
    return answer.getvalue()


def test_a_whole_release_holds_the_same_rows_as_a_report(client: Client, release: Release) -> None:
    """The database writes the one, Python the other: the same bytes for each row they share."""
    archive = zipfile.ZipFile(io.BytesIO(fetch_bulk(client)))
    whole = archive.read("figures.csv").decode("utf-8-sig").split("\r\n")
    question = Question(period="2026-Q1", areas=("X1",), language="en-gb")
    told = write_csv(read_content(question)).decode("utf-8-sig").split("\r\n")
    present = [line for line in told if ",absent," not in line]
    assert whole[0] == told[0]
    assert set(present) <= set(whole)
    assert len(present) > 8
    assert "'=Ashburn" in archive.read("figures.csv").decode()


def test_numbers_of_a_whole_release_are_worded_as_everywhere(geography: Geography) -> None:
    """Long, tiny and large numbers, a bound and a half per cent: the database words the numbers of
    the one, Python those of the other."""
    numbers = (0.1 + 0.2, 1.0000000000000002, 1e-5, 1e-9, -0.0, -3.5, 123456789.125, 1e12 + 0.5)
    figures: list[tuple[Area, str, dict[str, Any]]] = [
        (make_square(f"N{place:02}", geography=geography, name='Ash, the "old"'), "C1", fields)
        for place, fields in enumerate(
            [{"value": one, "shrunk": one, "coverage": 82.5} for one in numbers]
            + [{"status": "bound", "bound": "low"}, {"status": "few"}, {}]
        )
    ]
    out = io.BytesIO()
    write_release(publish_figures(figures), out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue().decode("utf-8-sig"))))
    assert len(rows) == len(figures)
    for row, (area, _code, _fields) in zip(rows, figures, strict=True):
        figure = Figure.objects.get(area=area)
        assert (row["area_code"], row["area_name"]) == (area.code, area.name)
        assert row["value"] == wording.number(figure)
        assert row["steadied_value"] == wording.steadied(figure)
        assert row["coverage_percent"] == wording.coverage(figure)
        assert row["status"] == figure.status


def test_a_whole_release_is_the_same_bytes_each_time_and_a_valid_package(
    client: Client, release: Release, tmp_path: Path, settings: Any
) -> None:
    first = fetch_bulk(client)
    settings.MEDIA_ROOT = tmp_path / "elsewhere"
    assert fetch_bulk(client) == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        archive.extractall(tmp_path / "package")
    done = subprocess.run(
        [sys.executable, "-m", "frictionless", "validate", "datapackage.json", "--json"],
        cwd=tmp_path / "package",
        capture_output=True,
        text=True,
        check=False,
    )
    answer = json.loads(done.stdout[done.stdout.index("{") :])
    assert answer["valid"], answer


def test_a_whole_release_tells_what_it_holds_in_each_language_of_reports(
    client: Client, release: Release
) -> None:
    """Codes and columns are the same in all of them, and are those of the table; words differ."""
    archive = zipfile.ZipFile(io.BytesIO(fetch_bulk(client)))

    def read_rows(name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))

    told = {name: read_rows(f"dictionary-{name}.csv") for name in ("en-gb", "gd", "ur")}
    assert {name for name in archive.namelist() if name.startswith("dictionary-")} == {
        f"dictionary-{name}.csv" for name in told
    }
    coded = {name: [(row["kind"], row["code"]) for row in rows] for name, rows in told.items()}
    assert coded["en-gb"] == coded["gd"] == coded["ur"]
    figures = read_rows("figures.csv")
    assert {("column", name) for name in figures[0]} <= set(coded["ur"])
    assert {("indicator", row["indicator"]) for row in figures} <= set(coded["ur"])
    assert {("status", row["status"]) for row in figures} <= set(coded["ur"])
    for english, gaelic, urdu in zip(told["en-gb"], told["gd"], told["ur"], strict=True):
        if english["meaning"]:
            assert len({english["meaning"], gaelic["meaning"], urdu["meaning"]}) == 3, english
        assert bool(english["caveat"]) == bool(urdu["caveat"])
    hidden = next(row for row in told["ur"] if (row["kind"], row["code"]) == ("status", "c"))
    assert hidden["name"] == "[c]"


def test_the_api_gives_numbers_marks_and_pages(client: Client, release: Release) -> None:
    first = client.get("/api/v1/figures/", {"limit": 4}).json()
    assert len(first["figures"]) == 4
    found, after = list(first["figures"]), first["next"]
    while after is not None:
        page = client.get("/api/v1/figures/", {"limit": 4, "after": after}).json()
        found += page["figures"]
        after = page["next"]
    keys = [(one["area_code"], one["indicator"]) for one in found]
    assert len(keys) == len(set(keys)) == release.figures.count()
    by_key = dict(zip(keys, found, strict=True))
    shown, hidden = by_key["X1", "A1"], by_key["X3", "A1"]
    assert (shown["value"], shown["lower_95"], shown["people_rounded_to_5"]) == (28.0, 25.0, 340)
    assert (hidden["value"], hidden["mark"], hidden["lower_95"]) == (None, "[c]", None)
    within = client.get("/api/v1/figures/", {"within": "X1", "level": "intermediate"}).json()
    assert {one["area_code"] for one in within["figures"]} == {"X2", "X3"}


@pytest.mark.parametrize(
    "query",
    [{"release": "2026-05"}, {"limit": 0}, {"limit": "x"}, {"after": "'"}, {"level": "street"}],
)
def test_the_api_refuses_what_it_cannot_answer(
    client: Client, release: Release, query: dict[str, Any]
) -> None:
    assert client.get("/api/v1/figures/", query).status_code == 400


def test_a_key_is_shown_once_works_for_its_scope_and_ends(release: Release, client: Client) -> None:
    somebody = make_user()
    key, text = add_key(by=somebody, name="Map of the council", scopes=[Scope.FIGURES])
    assert text.startswith(KEY_START)
    assert text not in json.dumps(list(ApiKey.objects.values("name", "start", "scopes")))
    bearer = {"authorization": f"Bearer {text}"}
    assert client.get("/api/v1/figures/", headers=bearer).status_code == 200
    key.refresh_from_db()
    assert key.last_used_on is not None
    assert client.get("/api/v1/releases/2026-Q1/figures.zip", headers=bearer).status_code == 403
    revoke_key(by=somebody, key=key)
    assert client.get("/api/v1/figures/", headers=bearer).status_code == 401
    for wrong in ("Bearer kinder_x", "Bearer", "Basic abc", f"Bearer {text}x"):
        answer = client.get("/api/v1/figures/", headers={"authorization": wrong})
        assert answer.status_code == 401, wrong


def test_a_key_of_somebody_who_may_not_sign_in_any_more_is_none(
    release: Release, client: Client
) -> None:
    somebody = make_user()
    _key, text = add_key(by=somebody, name="Old", scopes=[Scope.FIGURES])
    somebody.is_active = False
    somebody.save()
    bearer = {"authorization": f"Bearer {text}"}
    assert client.get("/api/v1/figures/", headers=bearer).status_code == 401


def test_asking_too_often_is_told_when_to_come_back(
    client: Client, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    from connections.reports import keys
    from kinder.accounts.limits import Limit

    monkeypatch.setattr(keys, "ASKED_OF_NETWORK", Limit("api-test", most=2, seconds=600))
    answers = [client.get("/api/v1/releases/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1]["Retry-After"]) > 0


def test_the_page_lists_releases_and_describes_them_for_search_engines(
    client: Client, release: Release
) -> None:
    page = client.get("/data/").content.decode()
    assert "January to March 2026" in page
    assert "Creative Commons Attribution" in page
    (dataset,) = JsonLdExtractor().extract(page)
    assert dataset["@type"] == "Dataset"
    assert dataset["distribution"][0]["contentUrl"].endswith("/2026-Q1/figures.zip")
    assert "15 August 2026" in page or "14 August 2026" in page


def test_the_feed_has_an_entry_for_each_release_and_none_for_a_preview(
    client: Client, release: Release
) -> None:
    Release.objects.create(
        quarter=release.quarter,
        geography=release.geography,
        version=2,
        state=Release.State.READY,
        method_version="1",
    )
    feed = feedparser.parse(client.get("/data/releases.atom").content)
    assert not feed.bozo
    assert [entry.title for entry in feed.entries] == [
        "Figures for January to March 2026, version 1"
    ]


def test_released_figures_are_features_for_maps(client: Client, release: Release) -> None:
    answer = client.get("/ogc/collections/figures/items", {"f": "json"})
    features = {one["id"]: one["properties"] for one in answer.json()["features"]}
    assert features["X1"]["A1"] == 28.0
    assert features["X3"]["A1"] == "[c]"
    assert features["X2"]["A3"] == "90 % or more"


def test_a_shared_link_has_a_picture(client: Client, release: Release) -> None:
    page = client.get("/reports/X1/").content.decode()
    found = re.search(r'property="og:image" content="http://testserver([^"]+)"', page)
    assert found is not None
    image = client.get(found[1])
    assert image["Content-Type"] == "image/png"
    assert image.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert image.content[16:24] == (1200).to_bytes(4, "big") + (630).to_bytes(4, "big")
    assert client.get(found[1]).content == image.content


def test_areas_stand_side_by_side_by_the_alphabet_with_what_may_be_compared(
    client: Client, release: Release
) -> None:
    page = client.get("/reports/compare/?area=X2&area=X3&area=X2").content.decode()
    assert page.index("=Ashburn") < page.index("Birkhill")
    assert 'data-indicator="A1"' in page
    assert 'data-indicator="A3"' not in page
    assert client.get("/reports/compare/?area=NOWHERE").status_code == 400
    assert "Choose the first area" in client.get("/reports/compare/").content.decode()


def test_a_drawn_area_is_snapped_and_says_so(client: Client, release: Release) -> None:
    for area in Area.objects.all():
        Area.objects.filter(pk=area.pk).update(population=4_000)
    shape = Area.objects.get(code="X1").geometry
    drawn = {
        "how": "drawn",
        "drawn": json.dumps(
            {"type": "Polygon", "coordinates": json.loads(shape[0].json)["coordinates"]}
        ),
    }
    answer = client.post("/reports/drawn/", drawn)
    assert answer.status_code == 302, answer.content.decode()
    again = client.post("/reports/drawn/", drawn)
    assert again["Location"] == answer["Location"]
    assert DrawnShape.objects.count() == 1
    page = client.get(answer["Location"]).content.decode()
    assert "What it was snapped to" in page
    table = client.get(f"{answer['Location']}&format=csv").content.decode("utf-8-sig")
    assert table.startswith("release,version,indicator")


@pytest.mark.parametrize(
    "drawn",
    [
        {"how": "drawn", "drawn": ""},
        {"how": "drawn", "drawn": "{"},
        {"how": "circle", "near": ""},
        {"how": "elsewhere"},
    ],
)
def test_a_shape_that_is_none_is_explained(
    client: Client, release: Release, drawn: dict[str, str]
) -> None:
    answer = client.post("/reports/drawn/", drawn)
    assert answer.status_code == 422
    assert "error-summary" in answer.content.decode()
