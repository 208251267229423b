"""Outcome scales against golden vectors of every combination of answers."""

import csv
from pathlib import Path

import pytest

from connections.befriending.scales import (
    ScaleError,
    Score,
    pair_scores,
    read_uploaded,
    score_djg6,
    score_ons,
    score_ucla3,
    score_uploaded,
)


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
