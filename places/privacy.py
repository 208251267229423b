"""What this room holds about a person, and how it lets go of it."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kinder.accounts.models import Contributor
from kinder.accounts.privacy import Holding, Person, RetentionRule, Room, register
from kinder.accounts.retention import let_go_of
from places.models import (
    CompanyNotice,
    HeldPlace,
    PlaceClaim,
    PlaceConfirmation,
    PlacePhoto,
    PlaceSuggestion,
    SavedArea,
    SavedView,
)

COMPANY_KEPT_FOR = dt.timedelta(days=2)
"""How long a note about company is kept after its time (a judgement: so that somebody who was
frightened there can tell, and whoever put it up can be left out)."""
HELD_FOR = dt.timedelta(days=7)
"""How long a held place is kept after its day (a judgement: so that a host may still count)."""


def describe() -> list[Holding]:
    return [
        Holding(
            model=PlaceConfirmation._meta.label_lower,
            what=_("Your answers to questions about places."),
            why=_("So that others know what a place is like, and when somebody last looked."),
            how_long=_("The answer stays with the place; that it was yours, until you leave."),
            stays=_("What you told about a place stays with the place, without you."),
        ),
        Holding(
            model=PlaceSuggestion._meta.label_lower,
            what=_("Changes to places that you proposed."),
            why=_("So that somebody can look at them."),
            how_long=_("Until somebody has decided, and you leave."),
        ),
        Holding(
            model=HeldPlace._meta.label_lower,
            what=_("Places that you hold at something on, for how many people."),
            why=_("So that there is a seat for you, and you can give it back."),
            how_long=_("A week after the day."),
        ),
        Holding(
            model=CompanyNotice._meta.label_lower,
            what=_("That you asked for company somewhere, or offered it, and when."),
            why=_("So that others can come, and you can take it back."),
            how_long=_("Two days after its time. Others never see that it was you."),
        ),
        Holding(
            model=SavedArea._meta.label_lower,
            what=_("Areas that you drew and kept."),
            why=_("So that you need not draw them again."),
            how_long=_("Until you delete them or leave."),
        ),
        Holding(
            model=SavedView._meta.label_lower,
            what=_("Views of the map that you kept."),
            why=_("So that you find them again."),
            how_long=_("Until you delete them or leave."),
        ),
        Holding(
            model=PlacePhoto._meta.label_lower,
            what=_("Photos of places that you sent, without what your camera added to them."),
            why=_("So that others see what a place is like."),
            how_long=_("The photo stays with the place; that it was yours, until you leave."),
        ),
        Holding(
            model=PlaceClaim._meta.label_lower,
            what=_("That you said a place belongs to your organisation, and what you decided."),
            why=_("So that whoever runs a place can answer for it."),
            how_long=_("That it was you, until you leave."),
        ),
        Holding(
            model="places.PlaceVersion, exchange.ImportBatch, exchange.PlaceImport",
            what=_("What you changed about places, or brought in from a file, as a worker."),
            why=_("So that a change can be looked up and taken back."),
            how_long=_("As long as the place; under a number that is nobody's once you leave."),
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
        HeldPlace._meta.label_lower: [
            dict(row)
            for row in HeldPlace.objects.filter(_proposed_by(person))
            .order_by("id")
            .values("gathering__code", "held_on", "people", "created_at")
        ],
        CompanyNotice._meta.label_lower: [
            dict(row)
            for row in CompanyNotice.objects.filter(_proposed_by(person))
            .order_by("id")
            .values("place__code", "gathering__code", "way", "thing", "starts_at", "ends_at")
        ],
        SavedArea._meta.label_lower: [
            {"name": area.name, "geometry": area.geometry.geojson, "created_at": area.created_at}
            for area in _saved_by(SavedArea, person)
        ],
        SavedView._meta.label_lower: [
            {"name": view.name, "query": view.query, "created_at": view.created_at}
            for view in _saved_by(SavedView, person)
        ],
        PlacePhoto._meta.label_lower: [
            dict(row)
            for row in PlacePhoto.objects.filter(_is_by(person))
            .order_by("id")
            .values("place__code", "alt", "state", "created_at")
        ],
        PlaceClaim._meta.label_lower: [
            dict(row)
            for row in PlaceClaim.objects.filter(_claimed_by(person))
            .order_by("id")
            .values("place__code", "organisation__name", "state", "created_at")
        ],
    }


@transaction.atomic
def erase(person: Person) -> int:
    """Delete the person's open proposals, and who gave the answers that stay; return the rows."""
    touched = PlaceSuggestion.objects.filter(
        _proposed_by(person), state=PlaceSuggestion.State.OPEN
    ).delete()[0]
    touched += PlaceSuggestion.objects.filter(_proposed_by(person)).update(contributor=None)
    touched += HeldPlace.objects.filter(_proposed_by(person)).delete()[0]
    touched += CompanyNotice.objects.filter(_proposed_by(person)).delete()[0]
    for kept in (SavedArea, SavedView):
        touched += _saved_by(kept, person).delete()[0]
    touched += PlacePhoto.objects.filter(_is_by(person)).update(contributor=None, user=None)
    touched += PlaceClaim.objects.filter(_claimed_by(person)).update(user=None)
    return touched + PlaceConfirmation.objects.filter(_is_by(person)).update(
        contributor=None, user=None
    )


@transaction.atomic
def merge(stays: Contributor, goes: Contributor) -> None:
    """Hand what `goes` answered and proposed to `stays`; where both answered, the first stands."""
    theirs = PlaceConfirmation.objects.filter(contributor=goes)
    both = PlaceConfirmation.objects.filter(
        contributor=stays,
        place=OuterRef("place"),
        question=OuterRef("question"),
        period_on=OuterRef("period_on"),
    )
    theirs.filter(Exists(both)).delete()
    theirs.update(contributor=stays)
    PlacePhoto.objects.filter(contributor=goes).update(contributor=stays)
    PlaceSuggestion.objects.filter(contributor=goes).update(contributor=stays)
    held = HeldPlace.objects.filter(contributor=goes)
    held.filter(
        Exists(
            HeldPlace.objects.filter(
                contributor=stays, gathering=OuterRef("gathering"), held_on=OuterRef("held_on")
            )
        )
    ).delete()
    held.update(contributor=stays)
    CompanyNotice.objects.filter(contributor=goes).update(contributor=stays)


def _is_by(person: Person) -> Q:
    if isinstance(person, Contributor):
        return Q(contributor=person)
    return Q(user=person) | Q(contributor__user=person)


def _claimed_by(person: Person) -> Q:
    """Claims are made with an account."""
    if isinstance(person, Contributor):
        return Q(user__isnull=False, user=person.user_id)
    return Q(user=person)


def _proposed_by(person: Person) -> Q:
    if isinstance(person, Contributor):
        return Q(contributor=person)
    return Q(contributor__user=person)


def _saved_by(kept: type[SavedArea] | type[SavedView], person: Person) -> QuerySet[Any]:
    if isinstance(person, Contributor):
        return kept.objects.none()
    return kept.objects.filter(owner=person).order_by("id")


def _let_go_of_held_places(now: dt.datetime, /, *, is_dry_run: bool) -> int:
    due = HeldPlace.objects.filter(held_on__lt=timezone.localdate(now) - HELD_FOR)
    return let_go_of(due, is_dry_run=is_dry_run)


def _let_go_of_company(now: dt.datetime, /, *, is_dry_run: bool) -> int:
    due = CompanyNotice.objects.filter(ends_at__lt=now - COMPANY_KEPT_FOR)
    return let_go_of(due, is_dry_run=is_dry_run)


RETENTION = (
    RetentionRule(
        name="places.company",
        what=gettext_lazy("Notes that ask for company or offer it."),
        why=gettext_lazy("Nobody needs to know afterwards where somebody was, and with whom."),
        how_long=gettext_lazy("2 days after their time."),
        source=gettext_lazy("Two days to tell of something that went wrong there."),
        apply=_let_go_of_company,
    ),
    RetentionRule(
        name="places.held_places",
        what=gettext_lazy("Places held at gatherings."),
        why=gettext_lazy("So that there is a seat; afterwards nobody needs to know."),
        how_long=gettext_lazy("7 days after the gathering."),
        source=gettext_lazy("The need it serves ends with the day."),
        apply=_let_go_of_held_places,
    ),
)


def register_room() -> None:
    register(
        Room(
            name="places",
            describe=describe,
            export=export,
            erase=erase,
            merge=merge,
            retention=RETENTION,
        )
    )
