"""Befriending cases that are not told to the end yet: somebody who waits, somebody who is ready."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from connections.befriending import actions
from connections.befriending.models import Check, Match, Participant, Referral, Service, Volunteer
from connections.befriending.vocabulary import Side
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.models import Organisation, Role, User
from places.models import Area
from tests.factories.accounts import make_member, make_organisation, make_user

EVENINGS = [17, 18, 19, 41, 42, 43]


@dataclass
class Case:
    """A service with its staff, one who waits and one who is ready; both have accounts."""

    organisation: Organisation
    service: Service
    coordinator: User
    lead: User
    worker: User
    referral: Referral
    participant: Participant
    participant_user: User
    volunteer: Volunteer
    volunteer_user: User
    area: Area


def make_case(area: Area, name: str = "Kettle Street") -> Case:
    organisation = make_organisation(name)
    service = Service.objects.create(organisation=organisation, name=f"{name} befriending")
    people = {
        role: make_member(role, organisation) for role in (Role.COORDINATOR, Role.LEAD, Role.WORKER)
    }
    volunteer_user, participant_user = make_user(), make_user()
    referral = make_waiting(service, area, user=participant_user, name="Agnes Birnie")
    volunteer = make_ready(
        service, area, people[Role.COORDINATOR], user=volunteer_user, name="Rab Tulloch"
    )
    return Case(
        organisation=organisation,
        service=service,
        coordinator=people[Role.COORDINATOR],
        lead=people[Role.LEAD],
        worker=people[Role.WORKER],
        referral=referral,
        participant=referral.participant,
        participant_user=participant_user,
        volunteer=volunteer,
        volunteer_user=volunteer_user,
        area=area,
    )


def make_waiting(
    service: Service, area: Area, *, days: int = 40, state: str = "waiting", **person: Any
) -> Referral:
    """Make somebody who has waited for `days`."""
    facts: dict[str, Any] = {
        "name": "Somebody Waiting",
        "languages": ["en"],
        "interests": ["chess", "walking"],
        "free_hours": EVENINGS,
        "travel_area": area,
    } | person
    with acting(purpose=Purpose.MIGRATE):
        participant = Participant.objects.create(service=service, **facts)
        return Referral.objects.create(
            service=service,
            participant=participant,
            area=area,
            source="self",
            state=state,
            has_consented=True,
            is_eligible=True,
            received_on=timezone.localdate() - timedelta(days=days),
            assessed_on=timezone.localdate() - timedelta(days=days),
        )


def make_ready(
    service: Service,
    area: Area,
    decided_by: User,
    *,
    valid_for: int | None = 400,
    **person: Any,
) -> Volunteer:
    """Make a volunteer who may be introduced; `valid_for` days, None without a check."""
    facts: dict[str, Any] = {
        "name": "Somebody Ready",
        "languages": ["en"],
        "interests": ["chess"],
        "free_hours": EVENINGS,
        "travel_area": area,
        "applied_on": date(2025, 1, 7),
        "references_on": date(2025, 1, 28),
        "trained_on": date(2025, 2, 10),
    } | person
    with acting(purpose=Purpose.MIGRATE):
        volunteer = Volunteer.objects.create(service=service, **facts)
        if valid_for is not None:
            Check.objects.create(
                volunteer=volunteer,
                scheme="pvg",
                role_type="Befriending adults",
                decision="cleared",
                decided_on=date(2025, 2, 1),
                decided_by=decided_by,
                expires_on=timezone.localdate() + timedelta(days=valid_for),
            )
    return volunteer


def make_introduced(case: Case) -> Match:
    """Bring the two of a case as far as an introduction."""
    by = case.coordinator
    match = actions.propose_match(by=by, referral=case.referral, volunteer=case.volunteer)
    for side in Side:
        actions.note_consent(by=by, match=match, side=side)
    return actions.introduce_match(by=by, match=match)


def make_active(case: Case) -> Match:
    """Bring the two of a case as far as meeting by themselves."""
    match = make_introduced(case)
    agreement = actions.write_agreement(
        by=case.coordinator, match=match, clauses=["We meet every week for an hour."]
    )
    for side in Side:
        actions.note_agreed_aloud(
            by=case.coordinator,
            agreement=agreement,
            side=side,
            text_sha256=agreement.text_sha256,
        )
    return actions.activate_match(by=case.coordinator, match=match)
