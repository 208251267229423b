"""What befriending holds about a person: its answers to the privacy registry."""

from typing import Any

from django.utils.translation import gettext as _

from connections.befriending.models import (
    Agreement,
    AgreementSignature,
    Check,
    Concern,
    Ending,
    Match,
    Meeting,
    Participant,
    Pause,
    Referral,
    Review,
    ScaleAnswer,
    Volunteer,
)
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.encryption import decrypt, register_rotation, rotate
from kinder.accounts.models import Contributor
from kinder.accounts.privacy import Holding, Person, Room, register

Rows = list[dict[str, Any]]


def describe() -> list[Holding]:
    """Say what befriending holds, why and how long."""
    service = _("Until you ask the service to erase it, or the time its own rules name is over.")
    return [
        Holding(
            model="befriending.Participant, befriending.Referral",
            what=_(
                "Your name, how to reach you, your languages, interests, free hours, what helps "
                "you, and who put you forward and when."
            ),
            why=_("So that the service can find company that suits you."),
            how_long=service,
        ),
        Holding(
            model="befriending.Volunteer, befriending.Check",
            what=_(
                "A volunteer's name, how to reach them, languages, interests, free hours, "
                "training, and whether a check cleared them; never what a check found."
            ),
            why=_("So that people who are befriended are safe."),
            how_long=service,
        ),
        Holding(
            model="befriending.Match, befriending.Agreement, befriending.Meeting, "
            "befriending.Review, befriending.Pause, befriending.Ending",
            what=_("Who meets whom, what both agreed to, when they met, and an encrypted note."),
            why=_("So that both are looked after from the first meeting to the last."),
            how_long=_("The dates stay without a name; everything else as long as the above."),
        ),
        Holding(
            model="befriending.ScaleAnswer",
            what=_("Answers to a questionnaire, if you agreed to give them."),
            why=_("So that it can be seen whether befriending helps."),
            how_long=service,
        ),
        Holding(
            model="befriending.Concern",
            what=_("A worry about somebody's safety, encrypted, read by safeguarding leads only."),
            why=_("The service has a duty to keep people safe."),
            how_long=_("As long as that duty lasts; who raised it is taken off when they ask."),
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
    meetings = Meeting.objects.filter(match__in=matches).order_by("on")
    shared = [
        *("name", "contact", "gender", "prefers_gender", "languages", "interests", "free_hours"),
        *("travel_area__name", "needs", "created_at", "service__name"),
    ]
    return {
        "participants": list(participants.values(*shared)),
        "volunteers": list(
            volunteers.values(*shared, "applied_on", "references_on", "trained_on", "left_on")
        ),
        "referrals": list(
            Referral.objects.filter(participant__in=participants).values(
                "source", "state", "has_consented", "received_on", "assessed_on", "closed_on"
            )
        ),
        "checks": list(
            Check.objects.filter(volunteer__in=volunteers).values(
                "scheme", "membership_number", "role_type", "decision", "decided_on", "expires_on"
            )
        ),
        "matches": list(
            matches.values("state", "introduced_on", "first_met_on", "ended_on", "created_at")
        ),
        "agreements": list(
            Agreement.objects.filter(match__in=matches).values("version", "clauses", "created_at")
        ),
        "meetings": [
            {
                "on": meeting.on,
                "outcome": meeting.outcome,
                "mode": meeting.mode,
                "minutes": meeting.minutes,
                "note": decrypt(meeting.note_ciphertext) if meeting.note_ciphertext else "",
            }
            for meeting in meetings
        ],
        "scale_answers": list(
            ScaleAnswer.objects.filter(participant__in=participants).values(
                "scale", "answers", "answered_on"
            )
        ),
    }


def erase(person: Person) -> int:
    """Take `person` out of befriending and return how many rows were deleted or emptied.

    A pairing belongs to two people: its dates stay, under rows without a name, and whatever says
    something about the person goes. A concern stays encrypted, without who raised it.
    """
    if isinstance(person, Contributor):
        return 0
    participants = list(Participant.objects.filter(user=person))
    volunteers = list(Volunteer.objects.filter(user=person))
    matches = Match.objects.filter(participant__in=participants) | Match.objects.filter(
        volunteer__in=volunteers
    )
    keys = list(matches.values_list("pk", flat=True))
    nameless: dict[str, Any] = {
        "user": None,
        "name": "",
        "contact": "",
        "gender": "",
        "prefers_gender": "",
        "languages": [],
        "interests": [],
        "free_hours": [],
        "travel_area": None,
        "needs": "",
    }
    touched = AgreementSignature.objects.filter(agreement__match__in=keys).delete()[0]
    touched += Agreement.objects.filter(match__in=keys).delete()[0]
    touched += Review.objects.filter(match__in=keys).delete()[0]
    touched += Pause.objects.filter(match__in=keys).delete()[0]
    touched += Check.objects.filter(volunteer__in=volunteers).delete()[0]
    touched += ScaleAnswer.objects.filter(participant__in=participants).delete()[0]
    touched += Meeting.objects.filter(match__in=keys).update(note_ciphertext=None, place=None)
    touched += Ending.objects.filter(match__in=keys).update(reason="", plan="")
    touched += Match.objects.filter(pk__in=keys).update(decided_because="")
    touched += Referral.objects.filter(participant__in=participants).update(
        reason="", priority=0, priority_reason=""
    )
    touched += Participant.objects.filter(user=person).update(**nameless)
    touched += Volunteer.objects.filter(user=person).update(**nameless)
    touched += Concern.objects.filter(raised_by=person).update(raised_by=None)
    return touched + Meeting.objects.filter(noted_by=person).update(noted_by=None)


def rotate_texts() -> int:
    """Put notes and concerns under the newest encryption key; return how many."""
    with acting(purpose=Purpose.MIGRATE):
        written = 0
        for meeting in Meeting.objects.exclude(note_ciphertext=None).iterator():
            meeting.note_ciphertext = rotate(meeting.note_ciphertext or b"")
            meeting.save(update_fields=["note_ciphertext"])
            written += 1
        for concern in Concern.objects.iterator():
            concern.ciphertext = rotate(concern.ciphertext)
            concern.save(update_fields=["ciphertext"])
            written += 1
    return written


def answer_for_befriending() -> None:
    """Register the room's answers; called once, when the app is ready."""
    register(Room(name="befriending", describe=describe, export=export, erase=erase))
    register_rotation("befriending", rotate_texts)
