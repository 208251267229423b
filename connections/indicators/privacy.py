"""What this room holds about a person, and how it lets go of it."""

import datetime as dt
import uuid
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from connections.indicators.models import (
    AnswerMonth,
    ContributorMonth,
    Quarter,
    QuarterContributor,
    QuarterOutcome,
    QuarterReferral,
)
from connections.indicators.release import forget_old_sums, forget_sightings, reopen_without
from kinder.accounts.models import Contributor, User
from kinder.accounts.privacy import Holding, Person, RetentionRule, Room, register


def describe() -> list[Holding]:
    return [
        Holding(
            model=ContributorMonth._meta.label_lower,
            what=_("How many moments you added, by month and area, and of which sort."),
            why=_("Area figures are made from these counts."),
            how_long=_("As long as the moments themselves."),
        ),
        Holding(
            model=AnswerMonth._meta.label_lower,
            what=_("What you answered about an ordinary day, by month, and what was hard."),
            why=_("Area figures are made from these answers."),
            how_long=_("As long as the answers themselves."),
        ),
        Holding(
            model=QuarterReferral._meta.label_lower,
            what=_("The dates of your referral to befriending: waiting, first meeting, ending."),
            why=_("So that waits can be told of a council as a whole."),
            how_long=_("13 months, or until the service deletes your file."),
        ),
        Holding(
            model=QuarterOutcome._meta.label_lower,
            what=_("What you scored on a loneliness scale at first and at last; not your answers."),
            why=_("So that it can be told of a council as a whole whether people are less lonely."),
            how_long=_("13 months, or until you take your answers back or have them erased."),
        ),
        Holding(
            model=QuarterContributor._meta.label_lower,
            what=_("The same for a whole quarter, with your home area as it was then."),
            why=_("So that a quarter's figures are made from counts that no longer change."),
            how_long=_("13 months, or until you ask us to delete it."),
        ),
        Holding(
            model="indicators.Release, indicators.AbuseAlert, indicators.CadencePlan, "
            "indicators.PictureVote",
            what=_(
                "That you published figures, closed a warning, planned when figures come or wrote "
                "down a vote, as an administrator."
            ),
            why=_("So that it is known who answers for figures."),
            how_long=_("As long as the figures; as a nameless account once yours is erased."),
            stays=_("A release that you published keeps an account without a name."),
        ),
    ]


COUNTS = (
    "logs", "gave", "received", "noticed", "different", "different_answered", "beyond",
    "beyond_answered", "in_role", "at_place", "ties",
)  # fmt: skip
ANSWERS = (
    "month_on", "area__code", "answered_on", "gave", "received", "noticed", "rely", "kind",
    "was_hard", "reasons",
)  # fmt: skip
FROZEN_ANSWERS = (
    "asked", "answered", "day_acts", "day_gave", "day_received", "day_noticed", "rely", "kind",
    "was_hard", "reasons", "measures",
)  # fmt: skip


def export(person: Person) -> dict[str, list[dict[str, Any]]]:
    """Return the person's counts as plain data. Nothing else in this room knows a person."""
    referrals = QuarterReferral.objects.none()
    if isinstance(person, User):
        referrals = QuarterReferral.objects.filter(participant__user=person).order_by("quarter_id")
    told = [
        dict(row)
        for row in referrals.values("quarter_id", "received_on", "met_on", "left_on", "ended_on")
    ]
    found = {QuarterReferral._meta.label_lower: told} if told else {}
    if isinstance(person, User):
        scored = QuarterOutcome.objects.filter(participant__user=person).order_by("quarter_id")
        if rows := [dict(row) for row in scored.values("quarter_id", "scale", "first", "latest")]:
            found[QuarterOutcome._meta.label_lower] = rows
    key = _contributor_of(person)
    if key is None:
        return found
    answers = AnswerMonth.objects.filter(contributor_id=key).order_by("month_on")
    months = ContributorMonth.objects.filter(contributor_id=key).order_by("month_on", "area_id")
    frozen = QuarterContributor.objects.filter(contributor_id=key).order_by("quarter_id")
    return found | {
        AnswerMonth._meta.label_lower: [dict(row) for row in answers.values(*ANSWERS)],
        ContributorMonth._meta.label_lower: [
            dict(row) for row in months.values("month_on", "area__code", "seen_on", *COUNTS)
        ],
        QuarterContributor._meta.label_lower: [
            dict(row)
            for row in frozen.values(
                "quarter_id",
                "revision",
                "home__code",
                "council__code",
                "is_eligible",
                "is_answering",
                *COUNTS,
                *FROZEN_ANSWERS,
            )
        ],
    }


def erase(person: Person) -> int:
    """Delete the person's counts; a release that is not published yet is computed again without
    them. Published figures stay, as everybody is told at the start. Returns the rows deleted."""
    key = _contributor_of(person)
    if key is None:
        return 0
    with transaction.atomic():
        # A freeze that is under way ends first: its rows must be seen here to be deleted.
        list(Quarter.objects.select_for_update().order_by("starts_on"))
        frozen = QuarterContributor.objects.filter(contributor_id=key)
        touched = {row.quarter_id: {row.council_id} for row in frozen}
        deleted = frozen.delete()[0]
        deleted += AnswerMonth.objects.filter(contributor_id=key).delete()[0]
        deleted += ContributorMonth.objects.filter(contributor_id=key).delete()[0]
        reopen_without(touched)
    return deleted


def _contributor_of(person: Person) -> uuid.UUID | None:
    if isinstance(person, Contributor):
        return person.pk
    return Contributor.objects.filter(user=person).values_list("pk", flat=True).first()


def _let_go_of_sums(now: dt.datetime, *, is_dry_run: bool) -> int:
    return forget_old_sums(now, is_dry_run=is_dry_run)


def _let_go_of_sightings(now: dt.datetime, *, is_dry_run: bool) -> int:
    return forget_sightings(now, is_dry_run=is_dry_run)


RETENTION = (
    RetentionRule(
        name="indicators.frozen_sums",
        what=gettext_lazy("People's counts of a quarter, and the sums that figures are made of."),
        why=gettext_lazy("A year's figures are made from its own sums."),
        how_long=gettext_lazy("13 months after the quarter's end. Published figures stay."),
        source=gettext_lazy("The method: for a year a release can be made again from its sums."),
        apply=_let_go_of_sums,
    ),
    RetentionRule(
        name="indicators.network_sightings",
        what=gettext_lazy("Scrambled marks of the networks that people wrote from."),
        why=gettext_lazy("Against floods, while a quarter's figures are being made."),
        how_long=gettext_lazy(
            "Until the quarter's figures are out; 13 months where there are none."
        ),
        source=gettext_lazy("The need that it serves; then as long as the sums themselves."),
        apply=_let_go_of_sightings,
    ),
)


def register_room() -> None:
    register(
        Room(
            name="indicators",
            describe=describe,
            export=export,
            erase=erase,
            retention=RETENTION,
        )
    )
