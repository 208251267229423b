"""What waits for workers: tasks of every kind, residents' answers about places, audit of hiding."""

import datetime as dt

import numpy as np
from django.utils import timezone

from connections.befriending.models import Check, Concern, Match, Meeting, Review
from connections.befriending.vocabulary import (
    CheckDecision,
    ConcernState,
    MatchState,
    MeetingOutcome,
)
from connections.indicators import quarters
from connections.indicators.models import Release
from connections.interactions.models import Story
from demo.crowd import Crowd
from demo.moments import list_keys
from demo.town import SEED
from demo.whereabouts import SOURCE, organisations_by_key
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.audit import record
from kinder.accounts.models import Organisation, Task, User
from places.freshness import ASKED, STAY, STILL_THERE
from places.models import Place, PlaceConfirmation, PlaceSuggestion
from places.vocabulary import Answer, HideReason, PlaceState

CONFIRMATIONS = 420
# Which organisation looks after the register in a community, by the community's code.
KEEPERS = {
    "X03000001": "hub",
    "X03000002": "hub",
    "X03000003": "whinfield",
    "X03000004": "hub",
    "X03000005": "north",
    "X03000006": "north",
}
SUGGESTED = (
    ({"opening_hours": "Mo-Sa 08:30-17:30"}, PlaceSuggestion.State.OPEN),
    ({"cost_to_stay": "nobody_minds"}, PlaceSuggestion.State.OPEN),
    ({"name": "The Warm Teapot and Books"}, PlaceSuggestion.State.OPEN),
    ({"opening_hours": "24/7"}, PlaceSuggestion.State.DECLINED),
    ({"cost_to_stay": "free"}, PlaceSuggestion.State.ACCEPTED),
)


def load_answers(crowd: Crowd, *, day: dt.date, seed: int = SEED) -> int:
    """Insert what residents said about places, and which places were hidden by whom."""
    rng = np.random.default_rng([seed, 11])
    keys = list_keys(crowd, seed=seed)
    worker = User.objects.get(email="worker@example.org")
    shown = list(Place.objects.filter(source=SOURCE).shown().order_by("id"))
    here = np.flatnonzero(crowd.left == crowd.left.max())
    questions = [STILL_THERE, STAY, *(attribute.value for attribute in ASKED)]
    answers = [
        PlaceConfirmation(
            place=shown[int(rng.integers(len(shown)))],
            question=str(rng.choice(questions)),
            answer=str(rng.choice(Answer.values, p=[0.74, 0.12, 0.14])),
            contributor_id=keys.ids[int(rng.choice(here))],
            created_at=_noon(day - dt.timedelta(days=int(rng.integers(2, 300)))),
        )
        for _ in range(CONFIRMATIONS)
    ]
    PlaceConfirmation.objects.bulk_create(answers)
    suggestions = []
    for number, (changes, state) in enumerate(SUGGESTED):
        is_open = state == PlaceSuggestion.State.OPEN
        suggested_at = _noon(day - dt.timedelta(days=2 + 9 * number))
        suggestions.append(
            PlaceSuggestion(
                place=next(place for place in shown if place.name == "The Warm Teapot")
                if "name" in changes
                else shown[7 * number + 3],
                base_revision=1,
                changes=changes,
                contributor_id=keys.ids[int(rng.choice(here))],
                state=state,
                created_at=suggested_at,
                decided_at=None if is_open else suggested_at + dt.timedelta(days=3),
                decided_by=None if is_open else worker,
            )
        )
    PlaceSuggestion.objects.bulk_create(suggestions)
    hidden = Place.objects.filter(source=SOURCE, state=PlaceState.HIDDEN).order_by("id")
    reasons = (HideReason.DUPLICATE, HideReason.ASKED, HideReason.NOT_A_PLACE)
    for number, place in enumerate(hidden):
        record("hide_place", place, by=worker, reason=reasons[number % 3].value)
    return len(answers) + len(suggestions) + len(hidden)


def load_tasks(*, day: dt.date) -> int:
    """Insert the tasks that are open today, and some that were done; return how many."""
    organisations = organisations_by_key()
    tasks = _place_tasks(organisations, day) + _story_tasks(organisations, day)
    with acting(purpose=Purpose.MIGRATE):
        tasks += _befriending_tasks(day)
    for release in Release.objects.filter(state=Release.State.READY):
        tasks.append(
            Task(
                kind=Task.Kind.RELEASE,
                key=f"release:{release.pk}",
                object_type="indicators.release",
                object_id=str(release.pk),
                due_on=quarters.publishes_on(release.quarter_id),
                created_at=_noon(quarters.freezes_on(release.quarter_id)),
            )
        )
    worker = User.objects.get(email="worker@example.org")
    for task in tasks[::5]:
        if task.kind == Task.Kind.CHECK_PLACE:
            task.done_at, task.done_by = _noon(day - dt.timedelta(days=1)), worker
    Task.objects.bulk_create(tasks)
    return len(tasks)


def _place_tasks(organisations: dict[str, Organisation], day: dt.date) -> list[Task]:
    stale = (
        Place.objects.filter(source=SOURCE, state=PlaceState.STALE)
        .order_by("confirmed_at", "id")
        .values_list("pk", "area__parent__parent__code")
    )
    return [
        Task(
            organisation=organisations[KEEPERS[community]],
            kind=Task.Kind.CHECK_PLACE,
            key=f"check_place:{pk}",
            object_type="places.place",
            object_id=str(pk),
            due_on=day + dt.timedelta(days=number - 3),
            created_at=_noon(day - dt.timedelta(days=14)),
        )
        for number, (pk, community) in enumerate(stale)
    ]


def _story_tasks(organisations: dict[str, Organisation], day: dt.date) -> list[Task]:
    offered = Story.objects.filter(state__in=[Story.State.OFFERED, Story.State.APPROVED])
    return [
        Task(
            organisation=organisations[KEEPERS[story.area.code]],
            kind=Task.Kind.MODERATE,
            key=f"story:{story.pk}",
            object_type="interactions.story",
            object_id=str(story.pk),
            due_on=day + dt.timedelta(days=3),
            created_at=_noon(day - dt.timedelta(days=2)),
        )
        for story in offered.select_related("area").order_by("id")
    ]


def _befriending_tasks(day: dt.date) -> list[Task]:
    tasks = []
    ending = Check.objects.filter(
        decision=CheckDecision.CLEARED, expires_on__lte=day + dt.timedelta(days=60)
    ).select_related("volunteer__service")
    for check in ending.order_by("expires_on"):
        tasks.append(
            Task(
                organisation_id=check.volunteer.service.organisation_id,
                kind=Task.Kind.CHECK_EXPIRES,
                key=f"check:{check.pk}:{min(check.warned_days)}",
                object_type="befriending.check",
                object_id=str(check.pk),
                due_on=check.expires_on,
                created_at=_noon(day - dt.timedelta(days=1)),
            )
        )
    running = [MatchState.ACTIVE, MatchState.PAUSED, MatchState.ENDING]
    due = Review.objects.filter(
        held_on__isnull=True,
        due_on__lte=day + dt.timedelta(days=7),
        match__state__in=running,
    ).select_related("match__service")
    for review in due.order_by("due_on", "id"):
        tasks.append(
            Task(
                organisation_id=review.match.service.organisation_id,
                kind=Task.Kind.REVIEW_DUE,
                key=f"review:{review.pk}:7",
                object_type="befriending.review",
                object_id=str(review.pk),
                due_on=review.due_on,
                created_at=_noon(min(review.due_on - dt.timedelta(days=7), day)),
            )
        )
    for concern in Concern.objects.filter(state=ConcernState.OPEN).select_related("service"):
        tasks.append(
            Task(
                organisation_id=concern.service.organisation_id,
                kind=Task.Kind.CONCERN,
                key=f"concern:{concern.pk}",
                object_type="befriending.concern",
                object_id=str(concern.pk),
                due_on=concern.raised_at.date(),
                created_at=concern.raised_at,
            )
        )
    for match in Match.objects.filter(state=MatchState.ACTIVE).select_related("service"):
        last_two = list(Meeting.objects.filter(match=match).order_by("-on")[:2])
        if len(last_two) == 2 and all(m.outcome == MeetingOutcome.MISSED for m in last_two):
            tasks.append(
                Task(
                    organisation_id=match.service.organisation_id,
                    kind=Task.Kind.BEFRIENDING,
                    key=f"missed_twice:{match.pk}:{last_two[0].on}",
                    object_type="befriending.match",
                    object_id=str(match.pk),
                    due_on=day + dt.timedelta(days=1),
                    created_at=_noon(last_two[0].on),
                )
            )
    return tasks


def _noon(on: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(on, dt.time(12)))
