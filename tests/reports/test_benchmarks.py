"""Figures of surveys by others: loaded from CSV, told with year and wording."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from connections.indicators.models import Release
from connections.reports.models import Benchmark

pytestmark = pytest.mark.django_db

HEAD = "area_code,indicator,value,lower,upper,year,source,wording\n"
GOOD = 'X1,A3,61.5,58,65,2024,Invented Survey,"Do you both give and get?"\n'


@pytest.fixture
def sheet(tmp_path: Path, release: Release) -> Path:
    path = tmp_path / "survey.csv"
    path.write_text(HEAD + GOOD)
    return path


def test_it_stands_beside_the_figure_with_its_year_and_wording(client: Client, sheet: Path) -> None:
    call_command("import_benchmarks", sheet)
    page = client.get("/reports/X1/").content.decode()
    assert "Invented Survey, 2024, Testshire: 61.5 %" in page
    assert "Do you both give and get?" in page


@pytest.mark.parametrize(
    ("survey", "words"),
    [
        ("61.5,58,65", "The figure here lies 0.5 points from it, which may be chance alone."),
        ("50,48,52", "The figure here is 12 points higher: volunteers answered it"),
        ("80,78,82", "The figure here is 18 points lower: volunteers answered it"),
        ("50,,", "The figure here is 12 points higher"),
    ],
)
def test_it_says_how_far_the_figure_lies_from_it(
    client: Client, sheet: Path, survey: str, words: str
) -> None:
    sheet.write_text(HEAD + GOOD.replace("61.5,58,65", survey))
    call_command("import_benchmarks", sheet)
    assert words in client.get("/reports/X1/").content.decode()


def test_a_figure_that_is_not_shown_has_no_distance(client: Client, sheet: Path) -> None:
    sheet.write_text(HEAD + GOOD.replace("X1,A3", "X3,A3"))
    call_command("import_benchmarks", sheet)
    page = client.get("/reports/X3/").content.decode()
    assert "Invented Survey, 2024" in page
    assert "points" not in page


def test_a_repeat_changes_nothing_and_a_correction_is_taken(
    sheet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("import_benchmarks", sheet)
    call_command("import_benchmarks", sheet)
    assert "0 new, 0 changed, 1 as they were, 0 rejected" in capsys.readouterr().out
    sheet.write_text(HEAD + GOOD.replace("61.5", "62"))
    call_command("import_benchmarks", sheet)
    assert "0 new, 1 changed" in capsys.readouterr().out
    assert Benchmark.objects.get().value == 62


def test_bad_rows_are_told_and_the_rest_goes_in(
    sheet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet.write_text(
        HEAD
        + GOOD
        + "NOWHERE,A3,1,,,2024,S,W\nX1,Q9,1,,,2024,S,W\nX1,A3,much,,,2024,S,W\n"
        + "X1,A3,NaN,,,2024,S,W\nX1,A3,1,,,soon,S,W\nX1,A3,1,,,2024,,W\n"
    )
    call_command("import_benchmarks", sheet)
    said = capsys.readouterr()
    assert "1 new, 0 changed, 0 as they were, 6 rejected" in said.out
    for words in (
        "row 3: no area has the code NOWHERE",
        "row 4: no figure has the code Q9",
        "row 5: value is no number",
        "row 6: value is no number",
        "row 7: year is no year",
        "row 8: source and wording must be given",
    ):
        assert words in said.err


def test_a_file_without_the_columns_is_refused(sheet: Path) -> None:
    sheet.write_text("area,value\nX1,3\n")
    with pytest.raises(CommandError, match="lacks the columns: area_code"):
        call_command("import_benchmarks", sheet)
