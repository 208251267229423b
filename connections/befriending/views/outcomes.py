"""Outcome scales: asking, and what they add up to for the service itself."""

from collections.abc import Iterable
from dataclasses import dataclass

from connections.befriending.models import ScaleAnswer
from connections.befriending.scales import SCORERS, Score
from connections.befriending.vocabulary import Scale


@dataclass(frozen=True)
class Answered:
    """Somebody's answers with the score of a scale that comes along."""

    answer: ScaleAnswer
    name: str
    score: Score | None


def read_answers(rows: Iterable[ScaleAnswer]) -> list[Answered]:
    """Return the answers with their scores; uploaded scales show their name alone."""
    return [
        Answered(
            answer=row,
            name=str(Scale(row.scale).label) if row.scale in Scale.values else row.scale,
            score=SCORERS[row.scale](row.answers) if row.scale in SCORERS else None,
        )
        for row in rows
    ]
