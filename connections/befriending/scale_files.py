"""Reads the file by which a service brings along a scale that it holds a licence for.

Pure. The file is JSON, as in EXAMPLE. `table` is only for scales whose owner turns sums into other
scores: one line for each sum.
"""

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from connections.befriending.scales import (
    LONGEST,
    SHEETS,
    ScaleError,
    UploadedQuestion,
    list_totals,
    read_question,
)

EXAMPLE = """{
  "code": "ease",
  "name": "Two questions about ease",
  "source": "Who made it, and where it is published",
  "licence": "The licence that your service holds, with its number",
  "is_about_loneliness": false,
  "questions": [
    {"text": "I felt at ease", "answers": [["never", 1], ["sometimes", 2], ["often", 3]]},
    {"text": "I felt rushed", "answers": [["often", 1], ["sometimes", 2], ["never", 3]]}
  ],
  "table": [[2, 7.0], [3, 9.5], [4, 11.2], [5, 13.0], [6, 15.0]]
}"""
MOST_BYTES = 100_000
WORDS = {"name": 120, "source": 300, "licence": 300}
"""What has to be said in words, and how long it may be."""
_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_KEYS = {"code", "is_about_loneliness", "questions", "table", *WORDS}


class ScaleFileError(ScaleError):
    """The file describes no scale; `problems` says everything that is wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class ScaleFile:
    """A scale as its file describes it; `table` gives each sum (as text) its score."""

    code: str
    name: str
    source: str
    licence: str
    questions: list[dict[str, Any]]
    is_about_loneliness: bool = False
    table: dict[str, float] = field(default_factory=dict)


def read_scale_file(text: str) -> ScaleFile:
    """Read a scale's file. Raises ScaleFileError with every problem, so that the file is mended
    once."""
    try:
        told = json.loads(text)
    except json.JSONDecodeError as error:
        where = {"line": error.lineno, "column": error.colno}
        problem = _("That is not JSON: look at line %(line)s, column %(column)s.") % where
        raise ScaleFileError([problem]) from error
    except (ValueError, RecursionError) as error:
        raise ScaleFileError([_("That is not JSON.")]) from error
    if not isinstance(told, dict):
        raise ScaleFileError([_("The file has to hold one scale, in curly brackets.")])
    problems = [
        _("“%(name)s” is not part of a scale's file.") % {"name": name[:40]}
        for name in sorted(set(told) - _KEYS)
    ]
    code = told.get("code")
    if not isinstance(code, str) or not _CODE.fullmatch(code) or len(code) > 40:
        problems.append(_("“code” has to be a short name of small letters, digits and hyphens."))
    elif code in SHEETS:
        problems.append(_("“code”: that short name is taken."))
    words = {name: told.get(name) for name in WORDS}
    for name, most in WORDS.items():
        problems += _look_at_words(name, words[name], most)
    is_lonely = told.get("is_about_loneliness", False)
    if not isinstance(is_lonely, bool):
        problems.append(_("“is_about_loneliness” has to be true or false."))
    questions, wrong = _read_questions(told.get("questions"))
    problems += wrong
    table: dict[str, float] = {}
    if "table" in told and not wrong:
        table, wrong = _read_table(told["table"], questions)
        problems += wrong
    if problems:
        raise ScaleFileError(problems)
    return ScaleFile(
        code=str(code),
        name=str(words["name"]).strip(),
        source=str(words["source"]).strip(),
        licence=str(words["licence"]).strip(),
        questions=[
            {"text": one.text, "answers": [list(a) for a in one.answers]} for one in questions
        ],
        is_about_loneliness=bool(is_lonely),
        table=table,
    )


def _look_at_words(name: str, words: Any, most: int) -> list[str]:
    if not isinstance(words, str) or not words.strip():
        if name == "licence":
            return [_("“licence” has to say which licence your service holds for this scale.")]
        return [_("“%(name)s” has to be said in words.") % {"name": name}]
    if len(words.strip()) > most:
        return [_("“%(name)s” is longer than %(most)s letters.") % {"name": name, "most": most}]
    return []


def _read_questions(rows: Any) -> tuple[list[UploadedQuestion], list[str]]:
    if not isinstance(rows, list) or not 1 <= len(rows) <= LONGEST:
        return [], [
            _("“questions” has to be a list of 1 to %(most)s questions.") % {"most": LONGEST}
        ]
    questions, problems = [], []
    for number, row in enumerate(rows, start=1):
        try:
            questions.append(read_question(number, row))
        except ScaleError as error:
            problems.append(str(error))
    return questions, problems


def _read_table(rows: Any, questions: list[UploadedQuestion]) -> tuple[dict[str, float], list[str]]:
    table: dict[str, float] = {}
    if not isinstance(rows, list) or not rows:
        return {}, [_("“table” has to be a list of pairs: a sum of points, and its score.")]
    for row in rows:
        if not isinstance(row, list) or len(row) != 2 or not all(map(_is_number, row)):
            return {}, [_("“table”: each line is a sum of points and its score, both numbers.")]
        if str(row[0]) in table:
            return {}, [_("“table”: the sum %(sum)s stands there twice.") % {"sum": row[0]}]
        table[str(row[0])] = float(row[1])
    possible = {str(total) for total in list_totals(questions)}
    problems = []
    if missing := sorted(possible - set(table), key=int):
        problems.append(
            _("“table” has no score for these sums: %(sums)s.") % {"sums": ", ".join(missing[:12])}
        )
    if spare := sorted(set(table) - possible):
        problems.append(
            _("“table” holds sums that no answers make: %(sums)s.")
            % {"sums": ", ".join(spare[:12])}
        )
    return table, problems


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
