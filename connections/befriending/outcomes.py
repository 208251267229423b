"""The scales that a service may ask, who may be asked what, and what the answers add up to for the
service itself. What is told to others goes through indicators and its gate."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from connections.befriending.models import (
    Meeting,
    Participant,
    ScaleAnswer,
    Service,
    UploadedScale,
)
from connections.befriending.scales import (
    SCORERS,
    SHEETS,
    Paired,
    Question,
    Score,
    Sheet,
    pair_scores,
    read_uploaded,
    score_uploaded,
)
from connections.befriending.vocabulary import MeetingOutcome

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

MEETINGS_BEFORE = 2
"""Never at the first visit: they have met so often before anything is asked."""

NOT_AT_FIRST = _("Not at the first visit: ask when they have met more than once.")
ONE_SCALE = _("This person answers another loneliness scale. One is enough.")
BANDS = {
    "not_lonely": _("not lonely"),
    "moderate": _("moderately lonely"),
    "severe": _("severely lonely"),
    "chronic": _("often or always lonely"),
}


@dataclass(frozen=True)
class Known:
    """A scale that a service may ask, with how to score it. `uploaded` is None for those that come
    along."""

    sheet: Sheet
    is_about_loneliness: bool
    uploaded: UploadedScale | None = None

    def score(self, answers: Sequence[int | None]) -> Score:
        """Return what answers add up to; ScaleError where they are none of this scale."""
        if self.uploaded is None:
            return SCORERS[self.sheet.code](answers)
        questions = read_uploaded(self.uploaded.questions)
        return score_uploaded(questions, answers, self.uploaded.table)

    def find_obstacle(
        self, participant: Participant, known: Mapping[str, "Known"], *, on: dt.date
    ) -> "_StrOrPromise":
        """Return why this scale is not asked of somebody on a day, "" where it may be."""
        met = Meeting.objects.filter(
            match__participant=participant, outcome=MeetingOutcome.MET, on__lte=on
        )
        if met.count() < MEETINGS_BEFORE:
            return NOT_AT_FIRST
        if self.is_about_loneliness:
            given = ScaleAnswer.objects.filter(participant=participant).values_list("scale")
            others = {code for (code,) in given} - {self.sheet.code}
            if any(known[code].is_about_loneliness for code in others if code in known):
                return ONE_SCALE
        return ""


def read_known(service: Service) -> dict[str, Known]:
    """Return the scales of a service by their codes: those that come along, then its own."""
    known = {code: Known(sheet, is_about_loneliness=True) for code, sheet in SHEETS.items()}
    for uploaded in UploadedScale.objects.filter(service=service).order_by("name", "id"):
        questions = read_uploaded(uploaded.questions)
        known[uploaded.code] = Known(
            Sheet(
                code=uploaded.code,
                name=uploaded.name,
                source=uploaded.source,
                questions=tuple(
                    Question(
                        one.text, tuple((n, words) for n, (words, _p) in enumerate(one.answers))
                    )
                    for one in questions
                ),
            ),
            is_about_loneliness=uploaded.is_about_loneliness,
            uploaded=uploaded,
        )
    return known


@dataclass(frozen=True)
class Answered:
    """Somebody's answers with their score, and what is different from their first ones."""

    answer: ScaleAnswer
    name: str
    score: Score | None
    change: float | None = None
    band: "_StrOrPromise" = ""

    @property
    def fall(self) -> float:
        """By how much the score is lower than at first."""
        return -(self.change or 0)


def read_answers(participant: Participant, known: Mapping[str, Known]) -> list[Answered]:
    """Return somebody's answers by day, each with its score and the change since the first."""
    first: dict[str, float] = {}
    told = []
    for row in ScaleAnswer.objects.filter(participant=participant).order_by("answered_on", "id"):
        scale = known.get(row.scale)
        score = scale.score(row.answers) if scale else None
        total = score.total if score else None
        change = total - first[row.scale] if total is not None and row.scale in first else None
        if total is not None:
            first.setdefault(row.scale, total)
        told.append(
            Answered(
                answer=row,
                name=scale.sheet.name if scale else row.scale,
                score=score,
                change=change,
                band=BANDS.get(score.band, "") if score else "",
            )
        )
    return told


@dataclass(frozen=True)
class Summary:
    """One scale in one service: exact numbers, for the service alone."""

    known: Known
    paired: Paired
    people: int = field(default=0)


def summarise(service: Service, known: Mapping[str, Known]) -> list[Summary]:
    """Return, for each scale that anybody answered, the first and latest scores of the same people,
    and how many are missing. Called while somebody who runs the service acts."""
    totals: dict[str, dict[object, list[float | None]]] = {}
    rows = ScaleAnswer.objects.filter(participant__service=service).order_by("answered_on", "id")
    for row in rows:
        if row.scale in known:
            own = totals.setdefault(row.scale, {}).setdefault(row.participant_id, [])
            own.append(known[row.scale].score(row.answers).total)
    return [
        Summary(known[code], pair_scores(list(people.values())), len(people))
        for code, people in sorted(totals.items(), key=lambda one: known[one[0]].sheet.name)
    ]
