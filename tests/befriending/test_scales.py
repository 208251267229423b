"""Outcome scales against golden vectors of every combination of answers."""

import contextlib
import csv
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.befriending.scale_files import EXAMPLE, ScaleFileError, read_scale_file
from connections.befriending.scales import (
    SCORERS,
    SHEETS,
    ScaleError,
    Score,
    list_totals,
    pair_scores,
    read_uploaded,
    score_djg6,
    score_ons,
    score_ucla3,
    score_uploaded,
)
from connections.befriending.vocabulary import Scale


def _lines(folder: Path, name: str) -> list[str]:
    return (folder / "stats" / name).read_text().splitlines()


WORDS = {"yes": 1, "more_or_less": 2, "no": 3}


def test_ucla3_equals_every_golden_vector(sample_data: Path) -> None:
    rows = list(csv.DictReader(_lines(sample_data, "ucla3_truth_table_DERIVED.csv")))
    assert len(rows) == 27
    for row in rows:
        answers = [int(row[name]) for name in ("companionship", "left_out", "isolated")]
        assert score_ucla3(answers) == Score(int(row["ucla3_total"]))


def test_de_jong_gierveld_equals_every_golden_vector(sample_data: Path) -> None:
    rows = list(csv.DictReader(_lines(sample_data, "dejong_gierveld_6_truth_table_DERIVED.csv")))
    assert len(rows) == 729
    for row in rows:
        answers = [WORDS[value] for name, value in row.items() if name.startswith("item")]
        score = score_djg6(answers)
        assert score.total == int(row["total_0_6"])
        assert score.parts == {
            "emotional": int(row["emotional_0_3"]),
            "social": int(row["social_0_3"]),
        }
        assert score.band == row["category"].replace(" ", "_")


def test_missing_answers() -> None:
    assert score_ucla3([1, None, 2]) == Score(None)
    assert score_ons([None]) == Score(None)
    # One may be missing in the total, none in a part.
    score = score_djg6([1, None, 1, 1, 1, 1])
    assert (score.total, score.parts) == (3, {"emotional": 3, "social": None})
    assert score_djg6([None, None, 1, 1, 1, 1]).total is None


def test_the_direct_measure() -> None:
    assert [score_ons([n]).band for n in (1, 2, 3, 4, 5)] == ["", "", "", "", "chronic"]


@pytest.mark.parametrize(
    ("scorer", "answers"),
    [(score_ucla3, [0, 1, 1]), (score_ucla3, [1, 1]), (score_ons, [6]), (score_djg6, [4] * 6)],
)
def test_other_answers_are_refused(scorer: object, answers: list[int]) -> None:
    with pytest.raises(ScaleError):
        scorer(answers)  # type: ignore[operator]


def test_an_uploaded_scale() -> None:
    rows = [
        {"text": "I felt at ease", "answers": [["never", 1], ["sometimes", 2], ["often", 3]]},
        {"text": "I felt rushed", "answers": [["never", 3], ["often", 1]]},
    ]
    questions = read_uploaded(rows)
    assert score_uploaded(questions, [2, 0]) == Score(6)
    assert score_uploaded(questions, [2, None]) == Score(None)
    for answers in ([3, 0], [0], [-1, 0]):
        with pytest.raises(ScaleError):
            score_uploaded(questions, answers)


@pytest.mark.parametrize(
    "rows",
    [
        None,
        [],
        [{}],
        ["x"],
        [{"text": "x", "answers": [["a", 1]]}],
        [{"text": "x", "answers": [["a", 1], ["b", "2"]]}],
        [{"text": "", "answers": [["a", 1], ["b", 2]]}],
        [{"text": "x", "answers": [["a", True], ["b", 2]]}],
    ],
)
def test_a_bent_upload_is_refused(rows: object) -> None:
    with pytest.raises(ScaleError):
        read_uploaded(rows)


def test_pairs_say_how_many_are_missing() -> None:
    paired = pair_scores([[8, 6], [7, None, 5], [4], [6, None], [3, 3], [5, 7]])
    assert (paired.n, paired.missing) == (4, 2)
    assert (paired.lower, paired.same, paired.higher) == (2, 1, 1)
    assert (paired.first_mean, paired.latest_mean) == (5.75, 5.25)
    assert pair_scores([]).first_mean is None


GOOD = json.loads(EXAMPLE)


def test_the_example_is_a_scale_and_its_table_scores() -> None:
    read = read_scale_file(EXAMPLE)
    assert (read.code, read.is_about_loneliness) == ("ease", False)
    questions = read_uploaded(read.questions)
    assert list_totals(questions) == {2, 3, 4, 5, 6}
    assert score_uploaded(questions, [2, 2], read.table) == Score(15.0)
    assert score_uploaded(questions, [0, None], read.table) == Score(None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"licence": " "}, "which licence"),
        ({"source": None}, "“source” has to be said"),
        ({"name": "x" * 121}, "longer than 120"),
        ({"code": "Ours!"}, "small letters"),
        ({"code": "ucla3"}, "taken"),
        ({"is_about_loneliness": "no"}, "true or false"),
        ({"questions": []}, "1 to 40"),
        ({"questions": [{"text": "x", "answers": [["a", 1]]}]}, "Question 1"),
        ({"table": [[2, 7]]}, "no score for these sums: 3, 4, 5, 6"),
        ({"table": [*GOOD["table"], [7, 1]]}, "no answers make: 7"),
        ({"table": [*GOOD["table"], [6, 1]]}, "stands there twice"),
        ({"table": {"2": 7}}, "list of pairs"),
        ({"table": [[2, "seven"]]}, "both numbers"),
        ({"colour": "red"}, "“colour” is not part"),
    ],
)
def test_a_bent_scale_file_says_what_is_wrong(change: dict[str, object], said: str) -> None:
    with pytest.raises(ScaleFileError, match=re.escape(said)):
        read_scale_file(json.dumps(GOOD | change))


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, "null", '{"table": NaN}'])
def test_what_is_no_scale_at_all(text: str) -> None:
    with pytest.raises(ScaleFileError):
        read_scale_file(text)


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(ScaleFileError) as caught:
        read_scale_file("{}")
    assert len(caught.value.problems) == 5


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(sorted(GOOD)), inner, max_size=6)
        ),
    )
)
def test_nothing_else_comes_out_of_a_scale_file(told: object) -> None:
    with contextlib.suppress(ScaleFileError):
        read = read_scale_file(json.dumps(told))
        assert read.licence
        assert read.questions


def test_the_shipped_questions_are_those_that_are_scored() -> None:
    assert set(SHEETS) == set(SCORERS) == set(Scale.values)
    for code, sheet in SHEETS.items():
        highest = [max(value for value, _words in one.answers) for one in sheet.questions]
        lowest = [min(value for value, _words in one.answers) for one in sheet.questions]
        totals = [SCORERS[code](highest).total, SCORERS[code](lowest).total]
        assert sheet.source
        if code != "djg6":  # its questions point both ways
            assert totals == [sheet.most, sheet.least]


def test_the_change_has_its_range() -> None:
    paired = pair_scores([[8, 6], [7, 6], [6, 6], [9, 6]])
    assert (paired.change, paired.n) == (-1.5, 4)
    # By hand: standard deviation 1.290994, t(0.975, 3) = 3.182446.
    assert paired.change_low == pytest.approx(-1.5 - 3.182446 * 1.290994 / 2, abs=1e-5)
    assert paired.change_high == pytest.approx(-1.5 + 3.182446 * 1.290994 / 2, abs=1e-5)
    assert pair_scores([[8, 6]]).change_low is None
