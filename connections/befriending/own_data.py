"""What befriending holds about a person: its answers to the privacy registry."""

from typing import Any

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from connections.befriending.forgetting import RETENTION, empty_people
from connections.befriending.models import (
    Agreement,
    Arrangement,
    Assessment,
    CaseImport,
    Check,
    Concern,
    ConcernStep,
    Expense,
    Match,
    MatchingRun,
    Meeting,
    Notice,
    Participant,
    Reference,
    Referral,
    Review,
    ScaleAnswer,
    Supervision,
    Training,
    Visit,
    Volunteer,
)
from kinder.accounts.encryption import decrypt
from kinder.accounts.models import Contributor
from kinder.accounts.privacy import Holding, Person, Room, register

Rows = list[dict[str, Any]]


def describe() -> list[Holding]:
    """Say what befriending holds, why and how long."""
    seeker = _(
        "Until you ask the service to erase it. If you do not: until 5 years after your "
        "befriending ended, or 12 months after you were put aside."
    )
    volunteer = _(
        "Until you ask the service to erase it. If you do not: until 5 years after you left, or "
        "6 months after you were declined. The number of a check goes 90 days after you left."
    )
    return [
        Holding(
            model="befriending.Participant, befriending.Referral, befriending.Assessment",
            what=_(
                "Your name, how to reach you, your languages, interests, free hours, what helps "
                "you, who put you forward and when, and what was said in the first talk, "
                "encrypted where it is about risks."
            ),
            why=_("So that the service can find company that suits you."),
            how_long=seeker,
            kinds=(
                "participants",
                "referrals",
                "assessments",
            ),
        ),
        Holding(
            model="befriending.Volunteer, befriending.Check, befriending.Reference, "
            "befriending.Training, befriending.Supervision, befriending.Expense",
            what=_(
                "A volunteer's name, how to reach them, languages, interests, free hours, who "
                "vouches for them, training, supervision, expenses, and whether a check cleared "
                "them; never what a check found."
            ),
            why=_("So that people who are befriended are safe."),
            how_long=volunteer,
            kinds=(
                "volunteers",
                "checks",
                "references",
                "trainings",
                "supervisions",
                "expenses",
            ),
        ),
        Holding(
            model="befriending.Match, befriending.Agreement, befriending.AgreementSignature, "
            "befriending.Arrangement, befriending.Meeting, befriending.Visit, "
            "befriending.Review, befriending.Pause, befriending.Ending",
            what=_(
                "Who meets whom, what both agreed to, when they meet and met, when a lone visit "
                "began and ended, and encrypted notes."
            ),
            why=_("So that both are looked after from the first meeting to the last."),
            how_long=_("The dates stay without a name; everything else as long as the above."),
            stays=_(
                "The days on which two people met stay without your name: they are theirs too."
            ),
            kinds=(
                "matches",
                "agreements",
                "arrangements",
                "meetings",
                "visits",
                "reviews",
            ),
        ),
        Holding(
            model="befriending.Suggestion, befriending.Unmatched",
            what=_("Who was suggested for whom, and why, or why nobody was found yet."),
            why=_("So that a coordinator can decide who might suit."),
            how_long=_("Until matching runs again."),
        ),
        Holding(
            model="befriending.CaseImport",
            what=_("A service's list of cases on its way in, encrypted."),
            why=_("So that the service can look at it before it takes it over."),
            how_long=_("A day at most."),
        ),
        Holding(
            model="befriending.Notice",
            what=_("That somebody of the service was sent a reminder; not what about."),
            why=_("So that each reminder goes out once."),
            how_long=_("A year."),
            kinds=("notices",),
        ),
        Holding(
            model="befriending.ScaleAnswer",
            what=_("Answers to a questionnaire, if you agreed to give them."),
            why=_("So that it can be seen whether befriending helps."),
            how_long=seeker,
            kinds=("scale_answers",),
        ),
        Holding(
            model="befriending.Concern, befriending.ConcernStep",
            what=_(
                "A worry about somebody's safety and what was done about it, encrypted, read by "
                "safeguarding leads only."
            ),
            why=_("The service has a duty to keep people safe."),
            how_long=_("10 years after it is closed; who raised it is taken off when they ask."),
            stays=_("A worry about somebody's safety stays, encrypted, without who raised it."),
        ),
        Holding(
            model="befriending.MatchingWeights, befriending.MatchingRun, befriending.UploadedScale",
            what=_("What you set up for a service, or started, in a worker's role."),
            why=_("So that suggestions can be explained."),
            how_long=_("As long as the service's records; your name goes with your account."),
        ),
    ]


def export(person: Person) -> dict[str, Rows]:
    """Return the rows about `person` as participant or volunteer, notes decrypted.

    Called while a purpose acts, so every query names the person.
    """
    if isinstance(person, Contributor):
        return {}
    participants = Participant.objects.filter(user=person)
    volunteers = Volunteer.objects.filter(user=person)
    matches = Match.objects.filter(participant__in=participants) | Match.objects.filter(
        volunteer__in=volunteers
    )
    of_matches = {"match__in": matches}
    of_volunteers = {"volunteer__in": volunteers}
    of_participants = {"participant__in": participants}
    shared = [
        *("name", "called", "contact", "gender", "prefers_gender", "prefers_because"),
        *("languages", "interests", "free_hours", "travel_area__name", "communication", "needs"),
        *("created_at", "service__name"),
    ]
    # A review and a lone visit belong to one side of a pairing alone.
    reviews = Review.objects.filter(side="participant", match__participant__in=participants)
    reviews |= Review.objects.filter(side="volunteer", match__volunteer__in=volunteers)
    return {
        "participants": list(participants.values(*shared, "absence_cover", "prefers_language")),
        "volunteers": list(
            volunteers.values(
                *shared, "applied_on", "references_on", "trained_on", "away_until_on", "left_on"
            )
        ),
        "referrals": list(
            Referral.objects.filter(**of_participants).values(
                "source", "state", "has_consented", "received_on", "assessed_on", "closed_on"
            )
        ),
        "assessments": _open(
            Assessment.objects.filter(referral__participant__in=participants),
            ("held_on", "hopes"),
            "risk_ciphertext",
        ),
        "checks": list(
            Check.objects.filter(**of_volunteers).values(
                "scheme", "membership_number", "role_type", "decision", "decided_on", "expires_on"
            )
        ),
        # What a referee said stays between them and the service; that they were asked does not.
        "references": list(
            Reference.objects.filter(**of_volunteers).values("referee", "asked_on", "received_on")
        ),
        "trainings": list(Training.objects.filter(**of_volunteers).values("title", "held_on")),
        "supervisions": _open(
            Supervision.objects.filter(**of_volunteers), ("held_on", "next_on"), "note_ciphertext"
        ),
        "expenses": list(
            Expense.objects.filter(**of_volunteers).values("on", "kind", "pence", "state")
        ),
        "matches": list(
            matches.values("state", "introduced_on", "first_met_on", "ended_on", "created_at")
        ),
        "agreements": list(
            Agreement.objects.filter(**of_matches).values("version", "clauses", "created_at")
        ),
        "arrangements": list(
            Arrangement.objects.filter(**of_matches).values("starts_at", "mode", "place__name")
        ),
        "meetings": _open(
            Meeting.objects.filter(**of_matches).order_by("on"),
            ("on", "outcome", "mode", "minutes"),
            "note_ciphertext",
        ),
        "visits": list(
            Visit.objects.filter(match__volunteer__in=volunteers).values("started_at", "ended_at")
        ),
        "reviews": _open(
            reviews.order_by("due_on"), ("due_on", "held_on", "goes_on"), "note_ciphertext"
        ),
        "scale_answers": list(
            ScaleAnswer.objects.filter(**of_participants).values("scale", "answers", "answered_on")
        ),
        "notices": list(Notice.objects.filter(recipient=person).values("kind", "sent_at")),
    }


def _open(rows: QuerySet[Any], fields: tuple[str, ...], ciphertext: str) -> Rows:
    """Return `fields` of each row, and what is encrypted in it as its note."""
    return [
        {name: row[name] for name in fields}
        | {"note": decrypt(row[ciphertext]) if row[ciphertext] else ""}
        for row in rows.values(*fields, ciphertext)
    ]


def erase(person: Person) -> int:
    """Take `person` out of befriending and return how many rows were deleted or emptied.

    A pairing belongs to two people: its dates stay, under rows without a name, and whatever says
    something about the person goes. A concern stays encrypted, without who raised it.
    """
    if isinstance(person, Contributor):
        return 0
    participants = list(Participant.objects.filter(user=person))
    volunteers = list(Volunteer.objects.filter(user=person))
    touched = empty_people(participants=participants, volunteers=volunteers)
    touched += Concern.objects.filter(raised_by=person).update(raised_by=None)
    touched += Notice.objects.filter(recipient=person).delete()[0]
    for model, field in _DONE_BY:
        touched += model._default_manager.filter(**{field: person}).update(**{field: None})
    return touched


# What somebody of the service noted stays, without who noted it.
_DONE_BY: tuple[tuple[type[Model], str], ...] = (
    (Meeting, "noted_by"),
    (Arrangement, "made_by"),
    (Agreement, "made_by"),
    (Review, "held_by"),
    (Assessment, "held_by"),
    (Supervision, "held_by"),
    (ScaleAnswer, "noted_by"),
    (ConcernStep, "made_by"),
    (CaseImport, "made_by"),
    (MatchingRun, "started_by"),
    (Referral, "consent_noted_by"),
)


def answer_for_befriending() -> None:
    """Register the room's answers; called once, when the app is ready."""
    register(
        Room(
            name="befriending",
            describe=describe,
            export=export,
            erase=erase,
            retention=RETENTION,
        )
    )
