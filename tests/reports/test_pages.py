"""What a funder sees of released figures, and what no address can be made to tell."""

import gzip
import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from connections.indicators.models import Release
from connections.indicators.quarters import name_quarter
from places.models import Area, Geography
from tests.factories.releases import publish_figures
from tests.reports.conftest import make_area

pytestmark = pytest.mark.django_db


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_picker_lists_areas_and_needs_no_account(client: Client, release: Release) -> None:
    page = client.get("/reports/").content.decode()
    assert "Testshire" in page
    assert "Birkhill" in page
    assert "2026-Q1" in page


def test_the_picker_says_so_when_nothing_is_released(client: Client, db: None) -> None:
    assert "Nothing is released yet" in client.get("/reports/").content.decode()


def test_the_picker_finds_by_a_part_of_the_name(client: Client, release: Release) -> None:
    page = client.get("/reports/?q=birk").content.decode()
    assert "Birkhill" in page
    assert "Testshire" not in page
    assert "No area fits" in client.get("/reports/?q=nowhere").content.decode()


def test_an_area_shows_figures_with_range_people_and_caveat(
    client: Client, release: Release
) -> None:
    page = text_of(client.get("/reports/X1/").content.decode())
    assert "28" in page
    assert "25 to 31" in page
    assert "62 %" in page
    assert "use of Kinder, not kindness" in page
    assert "covers chance only" in page


def test_a_suppressed_cell_carries_the_mark_and_its_reason_and_no_number(
    client: Client, release: Release
) -> None:
    page = client.get("/reports/X3/").content.decode()
    row = re.search(r'<tr data-indicator="A1">.*?</tr>', page, re.S)
    assert row is not None
    assert "[c]" in row[0]
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row[0], re.S)
    assert text_of(cells[0]).strip() == "[c]"
    assert [text_of(cell).strip() for cell in cells[1:3]] == ["–", "–"]
    assert "too few answers" in page


def test_suppressed_cells_of_different_areas_are_the_same_bytes(
    client: Client, release: Release
) -> None:
    """Back-solving: nothing about a suppressed cell may differ from another."""
    page = client.get("/figures/?indicator=A1").content.decode()
    other = client.get("/reports/X3/").content.decode()
    mark = re.compile(r'<span class="not-shown"[^>]*>\[c\]</span>')
    assert len(set(mark.findall(page) + mark.findall(other))) == 1


def test_a_figure_that_may_not_be_compared_stands_beside_no_other_area(
    client: Client, release: Release
) -> None:
    page = client.get("/reports/X2/").content.decode()
    rows = dict(re.findall(r'<tr data-indicator="([^"]+)">(.*?)</tr>', page, re.S))
    assert "28" in text_of(rows["A1"])
    assert "62" not in text_of(rows["A3"])


@pytest.mark.parametrize("quarter", ["2026-02", "2026", "2026-Q5", "2026-Q1..2026-Q2", "'"])
def test_only_calendar_quarters_can_be_asked_for(
    client: Client, release: Release, quarter: str
) -> None:
    """Time slicing: no other span of time exists in any address."""
    for address in ("/reports/", "/reports/X1/", "/figures/", "/figures/values/"):
        assert client.get(address, {"release": quarter}).status_code == 400


def test_a_release_that_does_not_stand_is_nowhere(client: Client, release: Release) -> None:
    Release.objects.update(state=Release.State.SUPERSEDED)
    assert "Nothing is released yet" in client.get("/reports/").content.decode()
    assert client.get("/reports/X1/").status_code == 404
    assert client.get("/reports/X1/2026-Q1/csv/").status_code == 404
    assert client.get("/figures/values/").status_code == 404


def test_an_unknown_area_quarter_or_format_is_not_found(client: Client, release: Release) -> None:
    assert client.get("/reports/NOPE/").status_code == 404
    assert client.get("/reports/X1/?release=2019-Q1").status_code == 404
    assert client.get("/reports/X1/2026-Q1/exe/").status_code == 404


def test_the_map_and_its_table_show_the_same_cells(client: Client, release: Release) -> None:
    page = client.get("/figures/?indicator=A1").content.decode()
    table = {
        int(pk): text_of(value).strip()
        for pk, value in re.findall(
            r'data-area-id="(\d+)".*?data-cell="value">(.*?)</td>', page, re.S
        )
    }
    values = client.get("/figures/values/?indicator=A1").json()
    assert {pk: text for pk, _class, text in values} == table
    assert {pk for pk, group, _text in values if group == 0} == {
        pk for pk, text in table.items() if text == "[c]"
    }


def test_figures_that_must_not_be_compared_have_no_map(client: Client, release: Release) -> None:
    assert client.get("/figures/values/?indicator=A3").status_code == 400


def test_an_area_takes_the_same_few_queries_whatever_its_size(
    client: Client, release: Release, django_assert_max_num_queries: object
) -> None:
    """Releases, the area, its tree, parts and cells, the quarters before, surveys of others, three
    of what the community tells, and one for each figure that is looked at by deprivation."""
    with django_assert_max_num_queries(22):  # type: ignore[operator]
        client.get("/reports/X1/")


def test_values_of_a_version_are_kept_and_of_none_to_come(
    client: Client, release: Release, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    address = f"/figures/values/?indicator=A1&release={name_quarter(release.quarter_id)}&version="
    present = f"{address}{release.version}"
    first = client.get(present)
    with django_assert_num_queries(0):
        again = client.get(present, headers={"accept-encoding": "gzip"})
    assert again["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(again.content)) == first.json()
    assert first["Cache-Control"] == again["Cache-Control"] == "public, max-age=86400"
    # Kept by a reader's browser, it would stand in for the revision when that is out.
    to_come = f"{address}{release.version + 1}"
    assert client.get(to_come)["Cache-Control"] == "public, max-age=60"
    with CaptureQueriesContext(connection) as asked:
        client.get(to_come)
    assert len(asked) > 0


def test_what_stands_beside_the_figures_stands_in_the_address(
    client: Client, release: Release
) -> None:
    page = client.get("/reports/X2/?beside=country&beside=similar&beside=nonsense").content.decode()
    for value, is_chosen in (("parent", False), ("country", True), ("similar", True)):
        (box,) = re.findall(rf'<input[^>]*id="beside-{value}"[^>]*>', page)
        assert ("checked" in box) is is_chosen
    assert "release=2026-Q1&amp;beside=country&amp;beside=similar" in page
    builder = client.get("/reports/build/?area=X2&beside=similar").content.decode()
    chosen = re.findall(r'<input[^>]*name="comparators"[^>]*checked[^>]*>', builder)
    assert [re.search(r'value="(\w+)"', box)[1] for box in chosen] == ["similar"]  # type: ignore[index]


def test_the_areas_around_are_offered_beside_those_compared(
    client: Client, release: Release
) -> None:
    page = client.get("/reports/compare/?area=X2").content.decode()
    assert "?area=X2&amp;area=X1&amp;release=2026-Q1" in page
    assert "Put Testshire beside them" in page
    page = client.get("/reports/compare/?area=X1&area=X2").content.decode()
    assert "Put Testshire beside them" not in page


def test_areas_of_similar_deprivation_stand_beside_those_compared(
    client: Client, geography: Geography, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Half of the six others in X0's fifth lie from 22.5 to 27.5 (quartiles, ends included). What
    is suppressed, what lies in another fifth, and the area itself count nowhere; five of them are
    the fewest that tell."""
    council = make_area(geography, "S1", "Testshire", "council")
    poor = []
    for n, decile in enumerate([1, 1, 2, 1, 2, 1, 2, 2, 5]):
        poor.append(make_area(geography, f"X{n}", f"Zone {n}", "intermediate", parent=council))
        zone = make_area(geography, f"Z{n}", f"Part {n}", "zone", parent=poor[n])
        Area.objects.filter(pk=zone.pk).update(deprivation_decile=decile, population=900)
    # A tenth of X0 lives better; it stays in the most deprived fifth.
    better = make_area(geography, "Z9", "Part 9", "zone", parent=poor[0])
    Area.objects.filter(pk=better.pk).update(deprivation_decile=8, population=100)
    unknown = make_area(geography, "X9", "Zone 9", "intermediate", parent=council)
    shown = [90.0, 20.0, 22.0, 24.0, 26.0, 28.0, 30.0]
    publish_figures(
        [
            *(
                (area, "A1", {"people": 90, "value": value})
                for area, value in zip(poor, shown, strict=False)
            ),
            (poor[7], "A1", {}),
            (poor[8], "A1", {"people": 90, "value": 1.0}),
            (unknown, "A1", {"people": 90, "value": 2.0}),
            *((area, "C1", {"value": value}) for area, value in zip(poor, shown[:5], strict=False)),
        ]
    )
    plain = client.get("/reports/compare/?area=X0&area=X9").content.decode()
    assert "similar areas" not in plain
    assert "&amp;beside=similar" in plain
    page = client.get("/reports/compare/?area=X0&area=X9&beside=similar").content.decode()
    assert re.findall(r"data-alike=.*?>(.*?)</span>", page) == ["6 similar areas: 22.5 to 27.5"]
    assert "Take areas of similar deprivation away" in page
    assert "Areas side by side, January to March 2026" in page
    few = "Too few similar areas are shown in this release"
    assert few not in page
    assert few not in client.get("/reports/compare/?area=S1").content.decode()
    assert few in client.get("/reports/compare/?area=S1&beside=similar").content.decode()
    # Another area found, added or taken away leaves them where they are.
    assert '<input type="hidden" name="beside" value="similar">' in page
    assert "area=S1&amp;release=2026-Q1&amp;beside=similar" in page
    told = (
        "Among 6 areas of similar deprivation half lie between 22.5 and 27.5, the middle one at 25."
    )
    assert told in client.get("/reports/X0/?beside=similar").content.decode()
    with CaptureQueriesContext(connection) as one:
        client.get("/reports/compare/?area=X0&beside=similar")
    with django_assert_num_queries(len(one)):
        client.get("/reports/compare/?area=X0&area=X1&area=X8&area=S1&beside=similar")
