"""Outcome scales: their questions, and how answers become a score.

Pure. Golden vectors of every combination of answers hold each scale to its source: a scale scored
the wrong way round turns every finding upside down.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scipy import special

LONGEST = 40


class ScaleError(ValueError):
    """The answers, or an uploaded scale, are not what the scale needs; the message says why."""


@dataclass(frozen=True)
class Score:
    """What answers add up to; `total` is None where too many are missing. `band` is the code of a
    band, "" where the scale has none."""

    total: float | None
    band: str = ""
    parts: dict[str, int | None] = field(default_factory=dict)


def score_ucla3(answers: Sequence[int | None]) -> Score:
    """Score the three-item loneliness scale: hardly ever 1, some of the time 2, often 3; sum 3 to
    9, higher is lonelier. None may be missing.

    Hughes, Waite, Hawkley & Cacioppo 2004, doi 10.1177/0164027504268574.
    """
    _check(answers, 3, {1, 2, 3})
    if None in answers:
        return Score(None)
    return Score(sum(answer or 0 for answer in answers))


def score_ons(answers: Sequence[int | None]) -> Score:
    """Score the direct measure "How often do you feel lonely?": never 1, hardly ever 2,
    occasionally 3, some of the time 4, often or always 5. It is read by itself; "chronic" is 5.

    Office for National Statistics 2018, Measuring loneliness: guidance for use of the national
    indicators on surveys.
    """
    _check(answers, 1, {1, 2, 3, 4, 5})
    if answers[0] is None:
        return Score(None)
    return Score(answers[0], "chronic" if answers[0] == 5 else "")


YES, MORE_OR_LESS, NO = 1, 2, 3
EMOTIONAL, SOCIAL = (0, 3, 5), (1, 2, 4)


def score_djg6(answers: Sequence[int | None]) -> Score:
    """Score the six-item scale; answers are 1 yes, 2 more or less, 3 no, in the published order:
    emptiness, people to lean on, people to trust, missing people, people felt close to, rejected.

    Emotional items (1, 4, 6) count for yes and more or less, social items (2, 3, 5) for no and more
    or less. The total, 0 to 6, may miss one answer, a part none. Bands: 0–1, 2–4, 5–6.

    De Jong Gierveld & Van Tilburg 2006, doi 10.1177/0164027506289723.
    """
    _check(answers, 6, {YES, MORE_OR_LESS, NO})
    points = [
        None if answer is None else int(answer in ((YES if n in EMOTIONAL else NO), MORE_OR_LESS))
        for n, answer in enumerate(answers)
    ]
    parts = {
        name: None if None in (some := [points[n] for n in items]) else sum(p or 0 for p in some)
        for name, items in (("emotional", EMOTIONAL), ("social", SOCIAL))
    }
    if points.count(None) > 1:
        return Score(None, parts=parts)
    total = sum(point or 0 for point in points)
    band = "not_lonely" if total <= 1 else "moderate" if total <= 4 else "severe"
    return Score(total, band, parts)


@dataclass(frozen=True)
class UploadedQuestion:
    """A question of an uploaded scale: its words and, for each answer, words and points."""

    text: str
    answers: tuple[tuple[str, int], ...]


def read_uploaded(rows: Any) -> list[UploadedQuestion]:
    """Read the questions of an uploaded scale:
    [{"text": …, "answers": [[words, points], …]}, …]. Raises ScaleError, saying which is wrong."""
    if not isinstance(rows, list) or not 1 <= len(rows) <= LONGEST:
        raise ScaleError(f"A scale has 1 to {LONGEST} questions.")
    return [read_question(number, row) for number, row in enumerate(rows, start=1)]


def read_question(number: int, row: Any) -> UploadedQuestion:
    """Read one question; ScaleError, with its `number`, where it is none."""
    answers = row.get("answers") if isinstance(row, dict) else None
    text = str(row.get("text", "")).strip() if isinstance(row, dict) else ""
    if not text or not isinstance(answers, list) or not 2 <= len(answers) <= 11:
        raise ScaleError(f"Question {number} needs its words and 2 to 11 answers.")
    read = []
    for answer in answers:
        if (
            not isinstance(answer, list)
            or len(answer) != 2
            or not isinstance(answer[0], str)
            or not answer[0].strip()
            or isinstance(answer[1], bool)
            or not isinstance(answer[1], int)
        ):
            raise ScaleError(f"An answer of question {number} needs words and whole points.")
        read.append((answer[0].strip(), answer[1]))
    return UploadedQuestion(text, tuple(read))


def list_totals(questions: Sequence[UploadedQuestion]) -> set[int]:
    """Return every sum of points that answers can make."""
    totals = {0}
    for question in questions:
        totals = {total + points for total in totals for _words, points in question.answers}
    return totals


def score_uploaded(
    questions: Sequence[UploadedQuestion],
    answers: Sequence[int | None],
    table: Mapping[str, float] | None = None,
) -> Score:
    """Add up the points of the answers, given as their places from 0; None may be missing. With a
    `table` the sum (its key, as text) stands for the score that the scale's owner gives it."""
    if len(answers) != len(questions):
        raise ScaleError("There is one answer for each question.")
    if None in answers:
        return Score(None)
    total = 0
    for question, answer in zip(questions, answers, strict=True):
        if answer is None or not 0 <= answer < len(question.answers):
            raise ScaleError("That is not one of the answers.")
        total += question.answers[answer][1]
    return Score(table[str(total)] if table else total)


def _check(answers: Sequence[int | None], count: int, allowed: set[int]) -> None:
    if len(answers) != count:
        raise ScaleError(f"This scale has {count} questions.")
    if any(answer is not None and answer not in allowed for answer in answers):
        raise ScaleError("That is not one of the answers.")


SCORERS = {"ucla3": score_ucla3, "ons": score_ons, "djg6": score_djg6}


@dataclass(frozen=True)
class Question:
    """A question as it is asked: its words, and each answer's value with its words."""

    text: str
    answers: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Sheet:
    """A scale as it is asked. `source` says who made it; `least` and `most` are the ends of its
    total, None where a table decides."""

    code: str
    name: str
    source: str
    questions: tuple[Question, ...]
    least: float | None = None
    most: float | None = None


# Word for word as published, and not translated: other words are another scale.
_OFTEN = ((1, "Hardly ever"), (2, "Some of the time"), (3, "Often"))
_AGREES = ((YES, "Yes"), (MORE_OR_LESS, "More or less"), (NO, "No"))
SHEETS = {
    "ucla3": Sheet(
        code="ucla3",
        name="UCLA three-item loneliness scale",
        source="Hughes, Waite, Hawkley & Cacioppo 2004, doi 10.1177/0164027504268574",
        questions=tuple(
            Question(text, _OFTEN)
            for text in (
                "How often do you feel that you lack companionship?",
                "How often do you feel left out?",
                "How often do you feel isolated from others?",
            )
        ),
        least=3,
        most=9,
    ),
    "ons": Sheet(
        code="ons",
        name="ONS direct measure of loneliness",
        source="Office for National Statistics 2018, Measuring loneliness: guidance for use of the "
        "national indicators on surveys",
        questions=(
            Question(
                "How often do you feel lonely?",
                (
                    (5, "Often or always"),
                    (4, "Some of the time"),
                    (3, "Occasionally"),
                    (2, "Hardly ever"),
                    (1, "Never"),
                ),
            ),
        ),
        least=1,
        most=5,
    ),
    "djg6": Sheet(
        code="djg6",
        name="De Jong Gierveld six-item scale",
        source="De Jong Gierveld & Van Tilburg 2006, doi 10.1177/0164027506289723",
        questions=tuple(
            Question(text, _AGREES)
            for text in (
                "I experience a general sense of emptiness.",
                "There are plenty of people I can rely on when I have problems.",
                "There are many people I can trust completely.",
                "I miss having people around me.",
                "There are enough people I feel close to.",
                "I often feel rejected.",
            )
        ),
        least=0,
        most=6,
    ),
}


@dataclass(frozen=True)
class Paired:
    """What changed between the first and the latest answers of the same people.

    `n` people have both, `missing` have a first answer and no later one, or one that can't be
    scored. Means are None where nobody has both; the change's 95 % t interval where fewer than two
    have.
    """

    n: int
    missing: int
    first_mean: float | None
    latest_mean: float | None
    lower: int
    same: int
    higher: int
    change: float | None = None
    change_low: float | None = None
    change_high: float | None = None


def pair_scores(people: Sequence[Sequence[float | None]]) -> Paired:
    """Pair each person's first and latest total; `people` hold each one's totals by day."""
    pairs = []
    missing = 0
    for totals in people:
        if len(totals) < 2 or totals[0] is None or totals[-1] is None:
            missing += 1
        else:
            pairs.append((totals[0], totals[-1]))
    n = len(pairs)
    changes = [last - first for first, last in pairs]
    change, reach = (sum(changes) / n if n else None), None
    if change is not None and n > 1:
        variance = sum((one - change) ** 2 for one in changes) / (n - 1)
        reach = float(special.stdtrit(n - 1, 0.975)) * math.sqrt(variance / n)
    return Paired(
        n=n,
        missing=missing,
        first_mean=sum(first for first, _last in pairs) / n if n else None,
        latest_mean=sum(last for _first, last in pairs) / n if n else None,
        lower=sum(one < 0 for one in changes),
        same=sum(one == 0 for one in changes),
        higher=sum(one > 0 for one in changes),
        change=change,
        change_low=None if reach is None or change is None else change - reach,
        change_high=None if reach is None or change is None else change + reach,
    )
