"""What readers are told in words: differences, people, and the paragraph for a paper."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from connections.indicators.definitions import INDICATORS
from connections.indicators.lenses.change import Step
from connections.indicators.models import Figure
from connections.reports.beside import _word_step
from connections.reports.reading import Cell
from connections.reports.sentences import _people

Q1, Q2 = dt.date(2026, 1, 1), dt.date(2026, 4, 1)


@pytest.mark.parametrize(
    ("code", "step", "words"),
    [
        ("E1", (-8.04, -12.1, -3.9), "Lower than in 2026-Q1, by 8 points (3.9 to 12)."),
        ("A2", (0.29, 0.021, 0.57), "Higher than in 2026-Q1, by 0.29 (0.021 to 0.57)."),
    ],
)
def test_between_percentages_lie_points(
    code: str, step: tuple[float, float, float], words: str
) -> None:
    assert _word_step(Step(Q1, Q2, *step, is_changed=True), INDICATORS[code]) == words


def make_cell(**told: Any) -> Cell:
    figure = Figure(status=Figure.Status.SHOWN, indicator="A2", **told)
    return Cell(SimpleNamespace(name="Whinfield"), INDICATORS["A2"], figure)  # type: ignore[arg-type]


def test_people_are_read_with_a_comma_and_filed_without() -> None:
    cell = make_cell(people=1460, value=2.5)
    assert (cell.people_read, cell.people) == ("1,460", "1460")


def test_the_paragraph_says_how_many_answered_in_one_sentence() -> None:
    words = _people(
        SimpleNamespace(season="April to June 2026"),  # type: ignore[arg-type]
        SimpleNamespace(area=SimpleNamespace(name="Whinfield")),  # type: ignore[arg-type]
        make_cell(people=1460, value=2.5, lower=2.2, upper=2.8, coverage=60.0),
        None,
    )
    assert words == (
        "In Whinfield, April to June 2026, about 1,460 people answered (60 % of the questions "
        "asked) and recalled 2.5 kind moments a day (2.2 to 2.8)."
    )
