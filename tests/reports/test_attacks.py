"""The attacks of the method, run on what stands in the files: every format of the same release is
taken apart, and what all of them tell together is solved for people (attack tests 1, 11 and 16)."""

import csv
import io
import json
import re
import zipfile
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from openpyxl import load_workbook
from pypdf import PdfReader

from connections.indicators.disclosure import Protected, Status, protect
from connections.indicators.models import Release
from connections.reports.models import AreaReport
from connections.reports.vocabulary import Format
from places.models import Area, AreaAncestor, Geography
from tests.attack.test_gate import (
    COUNT,
    Person,
    Town,
    crowd,
    derivable,
    given_of,
    random_town,
    rows_of,
    tells,
)
from tests.factories.places import make_square
from tests.factories.releases import publish_figures

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def flatten(town: Town) -> Town:
    """The same people in one council of neighbourhoods."""
    return Town((None, *(0,) * (len(town.parents) - 1)), town.people, town.residents)


@pytest.fixture
def areas(geography: Geography) -> list[Area]:
    """A council and seven neighbourhoods: nodes 0 to 7 of a town."""
    council = make_square("T0", geography=geography, level="council", name="Council")
    AreaAncestor.objects.create(area=council, ancestor=council, depth=0)
    found = [council]
    for node in range(1, 8):
        area = make_square(
            f"T{node}",
            geography=geography,
            level="intermediate",
            parent=council,
            name=f"Node{node}",
        )
        AreaAncestor.objects.create(area=area, ancestor=area, depth=0)
        AreaAncestor.objects.create(area=area, ancestor=council, depth=1)
        found.append(area)
    return found


def publish(areas: list[Area], figures: list[Protected]) -> Release:
    """Publish what the gate let through, as the release does."""
    return publish_figures(
        [
            (
                areas[one.area],
                "A1",
                {"people": one.n, "value": one.value, "lower": one.low, "upper": one.high}
                if one.status is Status.PUBLISHED
                else {},
            )
            for one in figures
        ]
    )


def fetch(client: Client, address: str) -> bytes:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.getvalue() if answer.streaming else answer.content


def find_shown(client: Client, areas: list[Area]) -> dict[str, set[str]]:
    """Return, by format, the codes of areas with a number for A1; every other one has its mark."""
    told: dict[str, dict[str, str]] = {}

    def tell(source: str, code: str, value: object) -> None:
        told.setdefault(source, {})[code] = str(value)

    files = {kind: fetch(client, f"/reports/T0/2026-Q1/{kind}/") for kind in Format.values}
    bulk = fetch(client, "/api/v1/releases/2026-Q1/figures.zip")
    tables = {
        "csv": files["csv"],
        "zip": zipfile.ZipFile(io.BytesIO(files["zip"])).read("figures.csv"),
        "whole release": zipfile.ZipFile(io.BytesIO(bulk)).read("figures.csv"),
    }
    for source, table in tables.items():
        for row in csv.DictReader(io.StringIO(table.decode("utf-8-sig"))):
            if row["indicator"] == "A1":
                tell(source, row["area_code"], row["value"])
                texts = (row["lower_95"], row["upper_95"], row["people_rounded_to_5"])
                assert (row["value"] == "[c]") == (not any(texts)), row
    for source, figures in (
        ("json", json.loads(files["json"])["figures"]),
        ("api", json.loads(fetch(client, "/api/v1/figures/"))["figures"]),
    ):
        for one in figures:
            if one["indicator"] == "A1":
                tell(source, one["area_code"], one["mark"] or one["value"])
                numbers = [one[name] for name in ("value", "lower_95", "people_rounded_to_5")]
                assert (one["mark"] == "[c]") == (numbers == [None] * 3), one
    for source, features in (
        ("geojson", json.loads(files["geojson"])["features"]),
        ("ogc", json.loads(fetch(client, "/ogc/collections/figures/items?f=json"))["features"]),
    ):
        for feature in features:
            tell(source, feature["id"], feature["properties"]["A1"])
    sheet = load_workbook(io.BytesIO(files["xlsx"]))["Data"]
    lines = [list(line) for line in sheet.iter_rows(values_only=True)]
    for line in lines[1:]:
        row = dict(zip(lines[0], line, strict=True))
        if row["indicator"] == "A1":
            tell("xlsx", str(row["area_code"]), row["value"])
    by_name = {area.name: area.code for area in areas}
    page = files["html"].decode()
    for name, value in re.findall(
        r'<th scope="row">(Node\d)</th>\s*<td class="numeric">(.*?)</td>', page, re.S
    ):
        tell("html", by_name[name], re.sub(r"<[^>]+>", "", value).strip())
    top = re.search(r'data-indicator="A1".*?data-cell="value">(.*?)</td>', page, re.S)
    assert top is not None
    tell("html", "T0", re.sub(r"<[^>]+>", "", top[1]).strip())
    pages = PdfReader(io.BytesIO(files["pdf"])).pages
    printed = re.sub(r"\s+", " ", " ".join(one.extract_text() for one in pages))
    for name, value in re.findall(r"(Node\d) (\[c\]|[\d.,]+)", printed):
        tell("pdf", by_name[name], value)
    found = re.search(r"Taking part \(people per 1,000 adults\) (\[c\]|[\d.,]+)", printed)
    assert found is not None
    tell("pdf", "T0", found[1])
    for source, values in told.items():
        assert set(values) == {area.code for area in areas}, source
    return {
        source: {code for code, value in values.items() if value != "[c]"}
        for source, values in told.items()
    }


def solve(town: Town, shown: dict[str, set[str]]) -> list[frozenset[int]]:
    """The groups of people that follow from all formats together and tell on someone."""
    nodes = {int(code[1:]) for codes in shown.values() for code in codes}
    rows = rows_of(town, nodes)
    return [group for group in derivable(rows, len(town.parents)) if tells(town, group, COUNT)]


def fill(seed: int) -> Town:
    """Eight nodes of people by chance."""
    while True:
        town = random_town(seed)
        if len(town.parents) == 7:
            people = (*town.people, crowd(4, 2))
            return flatten(Town((*town.parents, 0), people, (*town.residents, 1_000)))
        seed += 1_000


@pytest.mark.parametrize("seed", range(4))
def test_all_formats_together_tell_on_nobody(client: Client, areas: list[Area], seed: int) -> None:
    town = fill(seed)
    figures = protect(town.nodes(), town.cells(), COUNT, given_of(town))
    publish(areas, figures)
    shown = find_shown(client, areas)
    assert len(shown) == 10
    assert len({frozenset(codes) for codes in shown.values()}) == 1, shown
    assert solve(town, shown) == []


def test_the_attack_succeeds_on_files_that_skipped_the_second_suppression(
    client: Client, areas: list[Area]
) -> None:
    sizes = (0, 4, 30, 30, 30, 30, 30, 30)
    people: tuple[tuple[Person, ...], ...] = tuple(crowd(n, n // 2) for n in sizes)
    town = Town((None, *(0,) * 7), people, (1_000,) * 8)
    publish_figures(
        [
            (areas[node], "A1", {"people": n, "value": float(n), "lower": 1.0, "upper": 99.0})
            if (n := len(people[node]) if node else sum(sizes)) >= 10
            else (areas[node], "A1", {})
            for node in range(8)
        ]
    )
    assert frozenset({1}) in [group & {1} for group in solve(town, find_shown(client, areas))]


def test_no_byte_of_any_file_hangs_on_what_is_hidden(client: Client, areas: list[Area]) -> None:
    """Eight people live in a neighbourhood too small to show, or three there and five whose
    neighbourhood nobody knows: the same figures are told, so every file is the same."""
    made = []
    for hidden, elsewhere in ((8, 0), (3, 5)):
        people = (crowd(elsewhere, 0), crowd(hidden, 0), *(crowd(40, 20) for _ in range(6)))
        town = Town((None, *(0,) * 7), people, (1_000,) * 8)
        addresses = [
            *[
                f"/reports/{code}/2026-Q1/{kind}/"
                for code in ("T0", "T1")
                for kind in Format.values
            ],
            "/reports/T0/2026-Q1/share.png",
            "/figures/values/?indicator=A1&level=intermediate",
        ]
        with transaction.atomic():
            publish(areas, protect(town.nodes(), town.cells(), COUNT, given_of(town)))
            made.append([fetch(client, address) for address in addresses])
            transaction.set_rollback(True)
        assert all(made[-1])
        assert not AreaReport.objects.exists()
    assert made[0] == made[1]
