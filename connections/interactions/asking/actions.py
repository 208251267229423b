"""Writes about the ordinary-day question: draw, ask, enrol, answer, take back."""

import calendar
import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from connections.interactions.asking.questions import enrolled_on, find_measures
from connections.interactions.asking.rules import (
    ANSWER_STANDS,
    LATE_DAYS,
    NOT_ENROLLED,
    SCALES,
    check_can_answer,
    is_window_open,
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
from kinder.accounts import consents
from kinder.accounts.models import ConsentRecord, Contributor
from kinder.accounts.rules import Refused
from places.models import Area

CONSENT = "ordinary_day"


@dataclass(frozen=True)
class Told:
    """What a person recalls of the day; None was skipped. `measures` maps ids to values."""

    gave: int
    received: int
    noticed: int
    rely: int | None = None
    kind: int | None = None
    was_hard: bool | None = None
    hard_reasons: Sequence[str] = ()
    measures: Mapping[int, int] = field(default_factory=dict)


# ------------------------------------------------------------------ the month


def draw_prompt(*, now: dt.datetime | None = None) -> Prompt:
    """Draw the day that this month asks about, once; later calls return what was drawn.

    Every day of the month is as likely. Where the job runs late, only days that are not over can be
    drawn, for nobody could be asked about the others in time.
    """
    today = timezone.localdate(now or timezone.now())
    month_on = today.replace(day=1)
    last = calendar.monthrange(today.year, today.month)[1]
    drawn = today.replace(day=today.day + secrets.randbelow(last - today.day + 1))
    Prompt.objects.bulk_create([Prompt(month_on=month_on, asked_on=drawn)], ignore_conflicts=True)
    return Prompt.objects.get(pk=month_on)


def ask_enrolled(*, now: dt.datetime | None = None) -> int:
    """Write down, once for each day that is over, who was enrolled on it; return how many.

    One statement in the transaction that marks the day as done: a worker that dies leaves it
    undone, and the next one does it.
    """
    today = timezone.localdate(now or timezone.now())
    asked = 0
    due = Prompt.objects.filter(
        asked_at__isnull=True,
        asked_on__lt=today,
        asked_on__gte=today - dt.timedelta(days=LATE_DAYS),
    ).values_list("pk", flat=True)
    for pk in due:
        asked += _ask(pk)
    return asked


@transaction.atomic
def _ask(pk: dt.date) -> int:
    prompt = Prompt.objects.select_for_update().get(pk=pk)
    if prompt.asked_at is not None:
        return 0
    there = enrolled_on(prompt.asked_on).values_list("contributor_id", flat=True)
    sql, parameters = there.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO interactions_promptasked (prompt_id, contributor_id)"  # noqa: S608
            f" SELECT %s, one.contributor_id FROM ({sql}) AS one (contributor_id)"
            " ON CONFLICT DO NOTHING",
            [pk, *parameters],
        )
        count = cursor.rowcount
    prompt.asked_at = timezone.now()
    prompt.save(update_fields=["asked_at"])
    return int(count)


# ------------------------------------------------------------------ being asked


@transaction.atomic
def enrol(*, by: Contributor, home: Area, version: str) -> PromptEnrolment:
    """Let `by` be asked from today on, as somebody who lives in `home`; again after a stop too.

    `version` is that of the wording they said yes to; Refused where it has changed.
    """
    consents.give(by=by, purpose=CONSENT, version=version)
    choose_home(by=by, area=home)
    enrolment, is_new = PromptEnrolment.objects.select_for_update().get_or_create(contributor=by)
    if not is_new and (enrolment.stopped_on or enrolment.paused_on):
        if enrolment.stopped_on:
            enrolment.enrolled_on = timezone.localdate()
        enrolment.paused_on = enrolment.stopped_on = None
        enrolment.save()
    return enrolment


def choose_home(*, by: Contributor, area: Area) -> None:
    """Say where one lives: an intermediate zone or larger."""
    HomeArea.objects.update_or_create(
        contributor=by, defaults={"area": area, "chosen_at": timezone.now()}
    )


def pause(*, by: Contributor) -> None:
    """Ask `by` no more until they say so; nothing happens where they are not asked."""
    PromptEnrolment.objects.filter(
        contributor=by, paused_on__isnull=True, stopped_on__isnull=True
    ).update(paused_on=timezone.localdate())


def resume(*, by: Contributor) -> None:
    PromptEnrolment.objects.filter(contributor=by, stopped_on__isnull=True).update(paused_on=None)


@transaction.atomic
def stop(*, by: Contributor) -> None:
    """Ask `by` no more, and take the consent back."""
    stop_asking(by)
    if consent := consents.find_standing(by, CONSENT):
        consents.withdraw(by=by, consent=consent)


def stop_asking(contributor: Contributor) -> None:
    PromptEnrolment.objects.filter(contributor=contributor, stopped_on__isnull=True).update(
        stopped_on=timezone.localdate()
    )


def end_with_consent(consent: ConsentRecord) -> None:
    """Stop asking whoever took the consent back, wherever they did so."""
    if contributor := consent.subject.contributor:
        stop_asking(contributor)


# ------------------------------------------------------------------ answering


@transaction.atomic
def answer_prompt(
    *, by: Contributor, prompt: Prompt, told: Told, now: dt.datetime | None = None
) -> PromptAnswer:
    """Write what `by` recalls of the prompt's day; within the time it may be changed.

    In time and asked, it counts. Else it goes to their own diary and into no figure, and whoever
    never enrolled is Refused. An answer that counts stands once the time is over.
    """
    today = timezone.localdate(now or timezone.now())
    check_can_answer(prompt, today=today)
    # The job that writes down who was asked may not have run yet today.
    ask_enrolled(now=now)
    asked = PromptAsked.objects.filter(prompt=prompt, contributor=by).exists()
    if not asked and not PromptEnrolment.objects.filter(contributor=by).exists():
        raise Refused(NOT_ENROLLED)
    counts = asked and is_window_open(prompt, today=today)
    before = PromptAnswer.objects.select_for_update().filter(prompt=prompt, contributor=by).first()
    if before is not None and before.is_in_window and not counts:
        raise Refused(ANSWER_STANDS)
    return write_answer(by=by, prompt=prompt, told=told, counts=counts)


def write_answer(*, by: Contributor, prompt: Prompt, told: Told, counts: bool) -> PromptAnswer:
    """Write an answer in the place of a former one; `counts` where it was asked and in time."""
    measures = find_measures(by, prompt) if counts else []
    home = HomeArea.objects.filter(contributor=by).values_list("area", flat=True).first()
    facts: dict[str, Any] = {
        "area_id": home,
        "gave": told.gave,
        "received": told.received,
        "noticed": told.noticed,
        "rely": told.rely,
        "kind": told.kind,
        "was_hard": told.was_hard,
        "hard_reasons": list(told.hard_reasons) if told.was_hard else [],
        "is_in_window": counts,
    }
    answer, _is_new = PromptAnswer.objects.update_or_create(
        prompt=prompt, contributor=by, defaults=facts
    )
    quarter_on = quarter_of(prompt.asked_on)
    for measure in measures:
        _answer_measure(by, measure, quarter_on, told.measures.get(measure.pk))
    return answer


def _answer_measure(
    by: Contributor, measure: Measure, quarter_on: dt.date, value: int | None
) -> None:
    same: dict[str, Any] = {"measure": measure, "contributor": by, "quarter_on": quarter_on}
    if value is None:
        MeasureAnswer.objects.filter(**same).delete()
        return
    low, high = SCALES[measure.scale]
    if not low <= value <= high:
        raise ValueError(f"{value} is not on the scale of measure {measure.pk}.")
    MeasureAnswer.objects.update_or_create(
        **same, defaults={"value": value, "answered_at": timezone.now()}
    )


@transaction.atomic
def delete_answer(*, by: Contributor, prompt: Prompt) -> bool:
    """Delete one's answer about a day for ever, with those to the community's questions that went
    with it; it then counts as no answer. False where there was none."""
    gone, _kinds = PromptAnswer.objects.filter(prompt=prompt, contributor=by).delete()
    if gone and find_measures(by, prompt):
        MeasureAnswer.objects.filter(
            contributor=by, quarter_on=quarter_of(prompt.asked_on)
        ).delete()
    return bool(gone)
