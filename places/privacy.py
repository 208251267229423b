"""What this room holds about a person, and how it lets go of it."""

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from kinder.accounts.models import Contributor
from kinder.accounts.privacy import Holding, Person, Room, register
from places.models import PlaceConfirmation, PlaceSuggestion


def describe() -> list[Holding]:
    return [
        Holding(
            model=PlaceConfirmation._meta.label_lower,
            what=_("Your answers to questions about places."),
            why=_("So that others know what a place is like, and when somebody last looked."),
            how_long=_("The answer stays with the place; that it was yours, until you leave."),
        ),
        Holding(
            model=PlaceSuggestion._meta.label_lower,
            what=_("Changes to places that you proposed."),
            why=_("So that somebody can look at them."),
            how_long=_("Until somebody has decided, and you leave."),
        ),
    ]


def export(person: Person) -> dict[str, list[dict[str, Any]]]:
    """Return the person's answers and proposals as plain data."""
    answers = PlaceConfirmation.objects.filter(_is_by(person)).order_by("id")
    proposed = PlaceSuggestion.objects.filter(_proposed_by(person)).order_by("id")
    return {
        PlaceConfirmation._meta.label_lower: [
            dict(row) for row in answers.values("place__code", "question", "answer", "created_at")
        ],
        PlaceSuggestion._meta.label_lower: [
            dict(row) for row in proposed.values("place__code", "changes", "state", "created_at")
        ],
    }


@transaction.atomic
def erase(person: Person) -> int:
    """Delete the person's open proposals, and who gave the answers that stay; return the rows."""
    touched = PlaceSuggestion.objects.filter(
        _proposed_by(person), state=PlaceSuggestion.State.OPEN
    ).delete()[0]
    touched += PlaceSuggestion.objects.filter(_proposed_by(person)).update(contributor=None)
    return touched + PlaceConfirmation.objects.filter(_is_by(person)).update(
        contributor=None, user=None
    )


@transaction.atomic
def merge(stays: Contributor, goes: Contributor) -> None:
    """Hand what `goes` answered and proposed to `stays`."""
    PlaceConfirmation.objects.filter(contributor=goes).update(contributor=stays)
    PlaceSuggestion.objects.filter(contributor=goes).update(contributor=stays)


def _is_by(person: Person) -> Q:
    if isinstance(person, Contributor):
        return Q(contributor=person)
    return Q(user=person) | Q(contributor__user=person)


def _proposed_by(person: Person) -> Q:
    if isinstance(person, Contributor):
        return Q(contributor=person)
    return Q(contributor__user=person)


def register_room() -> None:
    register(Room(name="places", describe=describe, export=export, erase=erase, merge=merge))
