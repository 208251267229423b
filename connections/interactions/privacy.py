"""What this room holds about a person, and how it lets go of it or hands it on."""

import datetime as dt
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from connections.interactions.actions import TRACES_FOR, remember_deleted
from connections.interactions.models import (
    DeletedMoment,
    Difficulty,
    HomeArea,
    Interaction,
    MeasureAnswer,
    Note,
    OrdinaryDayCard,
    PromptAnswer,
    PromptAsked,
    PromptEnrolment,
    PromptMail,
    Story,
    Thank,
)
from kinder.accounts.encryption import decrypt
from kinder.accounts.models import Contributor
from kinder.accounts.privacy import Holding, Person, RetentionRule, Room, register
from kinder.accounts.retention import let_go_of

Rows = list[dict[str, Any]]

# One row of these for each person: what the remaining one has, stands.
ONE_EACH: tuple[type[Model], ...] = (HomeArea, PromptEnrolment, PromptMail)

NOTES_FOR = dt.timedelta(days=365)
"""What the note box promises: private words go after 12 months."""
DECLINED_FOR = dt.timedelta(days=90)
THANKS_FOR = dt.timedelta(days=396)
UNCONFIRMED_FOR = dt.timedelta(days=7)


def describe() -> list[Holding]:
    return [
        Holding(
            model=Interaction._meta.label_lower,
            what=_("The moments you added: what kind, which day, and a public place or an area."),
            why=_("Area figures are made from them; you can see, change and delete them."),
            how_long=_("Until you delete them."),
            kinds=("moments",),
        ),
        Holding(
            model=Difficulty._meta.label_lower,
            what=_("That you wanted to and it was hard: the reasons, the day and the area."),
            why=_("So that a community can hear what makes kindness hard there."),
            how_long=_("Until you delete them."),
            kinds=("difficulties",),
        ),
        Holding(
            model=Note._meta.label_lower,
            what=_("Your private words beside a moment, encrypted."),
            why=_("For you alone."),
            how_long=_("12 months, or until you delete them."),
        ),
        Holding(
            model=HomeArea._meta.label_lower,
            what=_("The area that you said is home."),
            why=_("So that what you add counts where you live."),
            how_long=_("Until you change or delete it."),
            kinds=("home",),
        ),
        Holding(
            model=PromptAnswer._meta.label_lower,
            what=_("Your answers about an ordinary day, and to a community's own questions."),
            why=_("Area figures are made from them."),
            how_long=_("Until you delete your data."),
            kinds=("prompt_answers",),
        ),
        Holding(
            model=Story._meta.label_lower,
            what=_("A story that you chose to share, with your consent."),
            why=_("So that your community can read it."),
            how_long=_("Until you take your consent back."),
            kinds=("stories",),
        ),
        Holding(
            model=Thank._meta.label_lower,
            what=_(
                "Thanks that you sent to a place. At some kinds of place we keep no link to you."
            ),
            why=_("So that you can take them back before or after they are shown."),
            how_long=_("Until you take them back."),
            kinds=("thanks",),
        ),
        Holding(
            model=PromptAsked._meta.label_lower,
            what=_("In which months we asked you about an ordinary day."),
            why=_("So that we know how many of the people we asked have answered."),
            how_long=_("Until you delete your data."),
            kinds=("asked",),
        ),
        Holding(
            model=PromptMail._meta.label_lower,
            what=_("Your e-mail address for the monthly question, encrypted, if you gave one."),
            why=_("So that we can send you the question, and nothing else."),
            how_long=_("Until you take it away."),
            kinds=("question_sent_to",),
        ),
        Holding(
            model=OrdinaryDayCard._meta.label_lower,
            what=_("The number of the paper card that you typed in, if you did."),
            why=_("So that one card counts once."),
            how_long=_("Until you delete your data."),
            kinds=("cards",),
        ),
        Holding(
            model=DeletedMoment._meta.label_lower,
            what=_("A scrambled mark of each moment you deleted, and nothing of what it said."),
            why=_("So that a copy still waiting on a phone does not bring it back."),
            how_long=_("60 days."),
        ),
        Holding(
            model="interactions.PromptEnrolment, interactions.MeasureAnswer",
            what=_("That you wish to be asked each month, and your answers to your community."),
            why=_("So that we ask only who wants it, and figures rest on answers."),
            how_long=_("Until you delete your data."),
            kinds=(
                "prompt",
                "measure_answers",
            ),
        ),
        Holding(
            model="interactions.DirtyMark",
            what=_("That your month must be counted again, under a random number."),
            why=_("So that figures follow what you change."),
            how_long=_("A few seconds, until it is counted."),
        ),
        Holding(
            model="interactions.Heard, interactions.OrdinaryDay, interactions.MeasureComment",
            what=_("What you signed, planned or commented on for a community in a worker's role."),
            why=_("So that a community knows that somebody answers for it."),
            how_long=_("As long as the page of the community; your name goes with your account."),
        ),
    ]


def export(person: Person) -> dict[str, Rows]:
    """Return the person's moments and answers as plain data."""
    if not isinstance(person, Contributor):
        return {}
    own = {"contributor": person}
    moments = Interaction.objects.filter(**own).order_by("occurred_on", "created_at")
    hard = Difficulty.objects.filter(**own).order_by("occurred_on", "created_at")
    return {
        "moments": [
            dict(row)
            for row in moments.values(
                *("id", "direction", "kind", "occurred_on", "part_of_day", "setting"),
                *("place__name", "area__name", "tie", "is_different", "at_work"),
                *("through_organisation", "hardness", "hard_reasons", "created_at"),
            )
        ],
        "difficulties": [
            dict(row) for row in hard.values("id", "occurred_on", "area__name", "reasons")
        ],
        "home": [dict(row) for row in HomeArea.objects.filter(**own).values("area__name")],
        "prompt": [
            dict(row)
            for row in PromptEnrolment.objects.filter(**own).values(
                "enrolled_on", "paused_on", "stopped_on"
            )
        ],
        "prompt_answers": [
            dict(row)
            for row in PromptAnswer.objects.filter(**own).values(
                *("prompt__asked_on", "area__name", "gave", "received", "noticed"),
                *("rely", "kind", "was_hard", "hard_reasons", "is_in_window", "created_at"),
            )
        ],
        "measure_answers": [
            dict(row)
            for row in MeasureAnswer.objects.filter(**own).values(
                "measure__question", "quarter_on", "value"
            )
        ],
        "stories": [
            dict(row) for row in Story.objects.filter(**own).values("text", "state", "month_on")
        ],
        "thanks": [
            dict(row)
            for row in Thank.objects.filter(**own).values(
                "place__name", "text", "state", "month_on"
            )
        ],
        "asked": [
            dict(row) for row in PromptAsked.objects.filter(**own).values("prompt__asked_on")
        ],
        "question_sent_to": [
            {"address": decrypt(mail.ciphertext), "confirmed_at": mail.confirmed_at}
            for mail in PromptMail.objects.filter(**own)
        ],
        "cards": [
            dict(row) for row in OrdinaryDayCard.objects.filter(**own).values("day_id", "number")
        ],
    }


def erase(person: Person) -> int:
    """Delete all that the person told; a late copy from a phone does not bring a moment back."""
    if not isinstance(person, Contributor):
        return 0
    own = {"contributor": person}
    gone = 0
    for model in (Interaction, Difficulty):
        moments = model.objects.filter(**own)
        remember_deleted(moments.values_list("pk", flat=True))
        gone += moments.delete()[0]
    told_too: tuple[type[Model], ...] = (
        PromptAsked,
        PromptAnswer,
        MeasureAnswer,
        Story,
        Thank,
        OrdinaryDayCard,
    )
    for told in (*ONE_EACH, *told_too):
        gone += told._default_manager.filter(**own).delete()[0]
    return gone


def merge(keep: Contributor, gone: Contributor) -> None:
    """Hand what `gone` told to `keep`. The triggers mark the months of both to be counted again."""
    for model in (Interaction, Difficulty, Story, Thank):
        model._default_manager.filter(contributor=gone).update(contributor=keep)
    for single in ONE_EACH:
        if not single._default_manager.filter(contributor=keep).exists():
            single._default_manager.filter(contributor=gone).update(contributor=keep)
    # Asked twice as two people, they count once: what the remaining one answered stands.
    asked = PromptAsked.objects.filter(contributor=keep).values("prompt")
    PromptAsked.objects.filter(contributor=gone).exclude(prompt__in=asked).update(contributor=keep)
    days = OrdinaryDayCard.objects.filter(contributor=keep).values("day")
    OrdinaryDayCard.objects.filter(contributor=gone).exclude(day__in=days).update(contributor=keep)
    answered = PromptAnswer.objects.filter(contributor=keep).values("prompt")
    PromptAnswer.objects.filter(contributor=gone).exclude(prompt__in=answered).update(
        contributor=keep
    )
    for answer in MeasureAnswer.objects.filter(contributor=gone):
        same = {"measure": answer.measure_id, "quarter_on": answer.quarter_on}
        if not MeasureAnswer.objects.filter(contributor=keep, **same).exists():
            MeasureAnswer.objects.filter(pk=answer.pk).update(contributor=keep)


def _let_go_of_notes(now: dt.datetime, *, is_dry_run: bool) -> int:
    return let_go_of(Note.objects.filter(created_at__lt=now - NOTES_FOR), is_dry_run=is_dry_run)


def _let_go_of_traces(now: dt.datetime, *, is_dry_run: bool) -> int:
    return let_go_of(
        DeletedMoment.objects.filter(deleted_at__lt=now - TRACES_FOR), is_dry_run=is_dry_run
    )


def _let_go_of_declined(now: dt.datetime, *, is_dry_run: bool) -> int:
    declined = Story.objects.filter(state=Story.State.DECLINED, created_at__lt=now - DECLINED_FOR)
    return let_go_of(declined, is_dry_run=is_dry_run)


def _let_go_of_thanks(now: dt.datetime, *, is_dry_run: bool) -> int:
    old = Thank.objects.filter(month_on__lt=(now - THANKS_FOR).date())
    return let_go_of(old, is_dry_run=is_dry_run)


def _let_go_of_addresses(now: dt.datetime, *, is_dry_run: bool) -> int:
    waiting = PromptMail.objects.filter(
        confirmed_at__isnull=True, code_sent_at__lt=now - UNCONFIRMED_FOR
    )
    return let_go_of(waiting, is_dry_run=is_dry_run)


RETENTION = (
    RetentionRule(
        name="interactions.declined_stories",
        what=gettext_lazy("Stories that were not published."),
        why=gettext_lazy("Their author may want to read why, and the decision can be taken back."),
        how_long=gettext_lazy("90 days."),
        source=gettext_lazy("A decision can be taken back for a day; a season to come by."),
        apply=_let_go_of_declined,
    ),
    RetentionRule(
        name="interactions.thanks",
        what=gettext_lazy("Thanks to places."),
        why=gettext_lazy("A card can be printed again for a year."),
        how_long=gettext_lazy("13 months."),
        source=gettext_lazy("A year of cards, and the month that is not over."),
        apply=_let_go_of_thanks,
    ),
    RetentionRule(
        name="interactions.addresses",
        what=gettext_lazy("E-mail addresses for the monthly question that nobody confirmed."),
        why=gettext_lazy("Perhaps they are somebody else's."),
        how_long=gettext_lazy("7 days."),
        source=gettext_lazy("The code is good for an hour; a week to ask for another."),
        apply=_let_go_of_addresses,
    ),
    RetentionRule(
        name="interactions.notes",
        what=gettext_lazy("Private words beside a moment."),
        why=gettext_lazy("They are for remembering, and memories of a year ago need no keeping."),
        how_long=gettext_lazy("12 months."),
        source=gettext_lazy("What the note box promises."),
        apply=_let_go_of_notes,
    ),
    RetentionRule(
        name="interactions.deleted_moments",
        what=gettext_lazy("Scrambled marks of moments that were deleted."),
        why=gettext_lazy("So that a copy still waiting on a phone does not bring one back."),
        how_long=gettext_lazy("60 days."),
        source=gettext_lazy("A moment that waits on a phone is accepted for 30 days; twice that."),
        apply=_let_go_of_traces,
    ),
)


def register_room() -> None:
    register(
        Room(
            name="interactions",
            describe=describe,
            export=export,
            erase=erase,
            merge=merge,
            retention=RETENTION,
        )
    )
