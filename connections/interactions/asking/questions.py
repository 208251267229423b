"""What a person is asked now, and what they told before: reads only."""

import datetime as dt
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet
from django.utils import timezone

from connections.interactions.asking.rules import (
    ANSWER_DAYS,
    is_window_open,
    last_day_to_answer,
    quarter_of,
)
from connections.interactions.models import (
    HomeArea,
    Measure,
    MeasureAnswer,
    Prompt,
    PromptAnswer,
    PromptAsked,
    PromptEnrolment,
)
from kinder.accounts.models import Contributor
from places.models import Area


@dataclass(frozen=True)
class Question:
    """The question about one day, to one person: what they said so far, until when it counts."""

    prompt: Prompt
    answer: PromptAnswer | None = None
    measures: list[Measure] = field(default_factory=list)
    told: dict[int, int] = field(default_factory=dict)

    @property
    def until_on(self) -> dt.date:
        return last_day_to_answer(self.prompt)


@dataclass(frozen=True)
class Standing:
    """How a person stands to the question: `question` where one is open to them now."""

    enrolment: PromptEnrolment | None
    home: Area | None
    question: Question | None

    @property
    def is_asked(self) -> bool:
        """Whether they are enrolled and did not pause."""
        one = self.enrolment
        return one is not None and one.stopped_on is None and one.paused_on is None

    @property
    def is_paused(self) -> bool:
        one = self.enrolment
        return one is not None and one.stopped_on is None and one.paused_on is not None


def enrolled_on(day: dt.date) -> QuerySet[PromptEnrolment]:
    """Return who wished to be asked on `day`: came by then, and had not paused or stopped."""
    return PromptEnrolment.objects.filter(
        Q(paused_on__isnull=True) | Q(paused_on__gt=day),
        Q(stopped_on__isnull=True) | Q(stopped_on__gt=day),
        enrolled_on__lte=day,
    )


def read_standing(contributor: Contributor | None, *, today: dt.date | None = None) -> Standing:
    """Return how `contributor` stands to the monthly question today."""
    if contributor is None:
        return Standing(None, None, None)
    today = today or timezone.localdate()
    enrolment = PromptEnrolment.objects.filter(pk=contributor.pk).first()
    home = find_home(contributor)
    return Standing(enrolment, home, find_question(contributor, today=today))


def find_question(contributor: Contributor, *, today: dt.date | None = None) -> Question | None:
    """Return the question that is open to `contributor`, the unanswered one first where two are.

    The days of two months can follow each other so closely that both are open at once.
    """
    today = today or timezone.localdate()
    asked = Prompt.objects.filter(
        asked_on__gte=today - dt.timedelta(days=ANSWER_DAYS), asked_on__lt=today
    ).order_by("asked_on")
    found: Question | None = None
    for prompt in asked:
        if not is_window_open(prompt, today=today) or not _is_asked(contributor, prompt):
            continue
        question = read_question(contributor, prompt)
        if question.answer is None:
            return question
        found = found or question
    return found


def _is_asked(contributor: Contributor, prompt: Prompt) -> bool:
    """Whether they were enrolled on the day: as written down, or as it will be by the job."""
    if PromptAsked.objects.filter(prompt=prompt, contributor=contributor).exists():
        return True
    return (
        prompt.asked_at is None
        and enrolled_on(prompt.asked_on).filter(contributor=contributor).exists()
    )


def read_question(contributor: Contributor, prompt: Prompt) -> Question:
    """Return the question about `prompt`'s day with what `contributor` answered so far."""
    answer = PromptAnswer.objects.filter(prompt=prompt, contributor=contributor).first()
    measures = find_measures(contributor, prompt)
    told = MeasureAnswer.objects.filter(
        contributor=contributor, measure__in=measures, quarter_on=quarter_of(prompt.asked_on)
    )
    return Question(prompt, answer, measures, dict(told.values_list("measure_id", "value")))


def find_measures(contributor: Contributor, prompt: Prompt) -> list[Measure]:
    """Return the community's own questions that go with `prompt`: open ones of where they live,
    once a quarter, which is with the first day of the quarter that they answer."""
    home = HomeArea.objects.filter(contributor=contributor).values("area")
    quarter_on = quarter_of(prompt.asked_on)
    before = PromptAnswer.objects.filter(
        contributor=contributor,
        is_in_window=True,
        prompt__asked_on__gte=quarter_on,
        prompt__asked_on__lt=prompt.asked_on,
    )
    if before.exists():
        return []
    return list_open_measures(Area.objects.filter(pk__in=home))


def list_open_measures(homes: QuerySet[Area]) -> list[Measure]:
    """Return the measures asked of people who live in one of `homes`."""
    return list(
        Measure.objects.filter(state=Measure.State.OPEN, area__descendants__area__in=homes)
        .select_related("area")
        .distinct()
        .order_by("area_id", "number")
    )


def find_home(contributor: Contributor) -> Area | None:
    home = HomeArea.objects.filter(contributor=contributor).select_related("area").first()
    return home.area if home else None


def list_answers(contributor: Contributor) -> list[PromptAnswer]:
    """Return the days that somebody told about, the newest first."""
    return list(
        PromptAnswer.objects.filter(contributor=contributor)
        .select_related("prompt")
        .order_by("-prompt__asked_on")
    )


def list_missed(contributor: Contributor, *, today: dt.date | None = None) -> list[Prompt]:
    """Return the days of the last month whose time is over and that can still go into the diary."""
    today = today or timezone.localdate()
    mine = PromptAnswer.objects.filter(contributor=contributor).values("prompt")
    return list(
        Prompt.objects.filter(
            asked_on__lt=today - dt.timedelta(days=ANSWER_DAYS),
            asked_on__gte=today - dt.timedelta(days=30),
        )
        .exclude(pk__in=mine)
        .order_by("-asked_on")
    )


def list_measures_of(area: Area) -> list[Measure]:
    """Return the measures of `area` and of what lies within it, those being asked first."""
    order = {state: n for n, state in enumerate(("open", "proposed", "closed", "declined"))}
    found = (
        Measure.objects.filter(area__ancestors__ancestor=area)
        .select_related("area", "proposed_by")
        .prefetch_related("comments__organisation")
    )
    return sorted(found, key=lambda one: (order[one.state], one.area.name, one.number))
