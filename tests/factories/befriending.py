"""A befriending service with one whole story in it, for tests."""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import models
from django.utils import timezone

from connections.befriending.actions.concerns import Worry, seal
from connections.befriending.models import (
    Agreement,
    AgreementSignature,
    Arrangement,
    Assessment,
    CaseImport,
    Check,
    Concern,
    ConcernStep,
    Ending,
    Expense,
    Match,
    MatchingRun,
    MatchingWeights,
    Meeting,
    Notice,
    Participant,
    Pause,
    Reference,
    Referral,
    Review,
    ScaleAnswer,
    Service,
    Suggestion,
    Supervision,
    Training,
    Unmatched,
    UploadedScale,
    Visit,
    Volunteer,
)
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.encryption import encrypt
from kinder.accounts.models import Organisation, Role, User
from places.models import Area
from tests.factories.accounts import make_member, make_organisation, make_user


@dataclass
class Story:
    """One service, its people, and one row of every befriending table."""

    organisation: Organisation
    service: Service
    coordinator: User
    lead: User
    worker: User
    volunteer_user: User
    participant_user: User
    volunteer: Volunteer
    participant: Participant
    match: Match
    rows: list[models.Model]


def make_story(area: Area, name: str = "Kettle Street") -> Story:
    """Make a service and a pairing that both agreed to, met twice, paused and was reviewed."""
    organisation = make_organisation(name)
    service = Service.objects.create(organisation=organisation, name=f"{name} befriending")
    people = {
        role: make_member(role, organisation) for role in (Role.COORDINATOR, Role.LEAD, Role.WORKER)
    }
    coordinator, lead = people[Role.COORDINATOR], people[Role.LEAD]
    volunteer_user, participant_user = make_user(), make_user()
    now = timezone.now()
    with acting(purpose=Purpose.MIGRATE):
        volunteer = Volunteer.objects.create(
            service=service,
            user=volunteer_user,
            name=f"Volunteer of {name}",
            contact="in the service's file",
            travel_area=area,
            applied_on=date(2025, 1, 7),
        )
        participant = Participant.objects.create(
            service=service,
            user=participant_user,
            name=f"Participant of {name}",
            travel_area=area,
            needs="a slow pace",
        )
        referral = Referral.objects.create(
            service=service,
            participant=participant,
            area=area,
            source="self",
            has_consented=True,
            received_on=date(2025, 2, 3),
        )
        match = Match.objects.create(
            service=service,
            referral=referral,
            participant=participant,
            volunteer=volunteer,
            state="active",
            participant_consented_at=now,
            volunteer_consented_at=now,
            introduced_on=date(2025, 3, 4),
        )
        clauses = ["We meet every week for an hour."]
        sha256 = hashlib.sha256(clauses[0].encode()).hexdigest()
        agreement = Agreement.objects.create(match=match, clauses=clauses, text_sha256=sha256)
        concern = Concern.objects.create(
            service=service,
            match=match,
            ciphertext=seal(Worry("a fall on the stairs")),
            raised_by=volunteer_user,
        )
        weights = MatchingWeights.objects.create(service=service, version=1, made_by=coordinator)
        run = MatchingRun.objects.create(service=service, weights=weights, started_by=coordinator)
        rows: list[models.Model] = [
            volunteer,
            participant,
            referral,
            match,
            agreement,
            AgreementSignature.objects.create(
                agreement=agreement, side="volunteer", text_sha256=sha256, noted_by=coordinator
            ),
            Check.objects.create(
                volunteer=volunteer,
                scheme="pvg",
                role_type="befriender",
                decision="cleared",
                decided_on=date(2025, 2, 1),
                decided_by=coordinator,
            ),
            Meeting.objects.create(
                match=match,
                on=date(2025, 3, 11),
                outcome="met",
                noted_by=coordinator,
                note_ciphertext=encrypt("a good talk"),
            ),
            Review.objects.create(match=match, side="volunteer", due_on=date(2025, 4, 1)),
            Review.objects.create(match=match, side="participant", due_on=date(2025, 4, 1)),
            Pause.objects.create(match=match, from_on=date(2025, 5, 1)),
            Ending.objects.create(match=match, is_planned=True, plan="the Thursday lunch"),
            ScaleAnswer.objects.create(
                participant=participant, scale="ons", answers=[2], answered_on=date(2025, 4, 2)
            ),
            concern,
            ConcernStep.objects.create(
                concern=concern, kind="note", ciphertext=encrypt("rang the hall"), made_by=lead
            ),
            weights,
            run,
            Suggestion.objects.create(
                run=run,
                referral=referral,
                volunteer=volunteer,
                rank=1,
                score=70,
                points=[],
                shared={},
            ),
            Unmatched.objects.create(
                run=run, referral=referral, constraint="language", detail="pl"
            ),
            Notice.objects.create(
                service=service, kind="review", key=f"review:{match.pk}", recipient=coordinator
            ),
            CaseImport.objects.create(service=service, made_by=coordinator),
            UploadedScale.objects.create(
                service=service,
                code="ours",
                name="Ours",
                source="by hand",
                licence="our own",
                questions=[],
                uploaded_by=coordinator,
            ),
            Reference.objects.create(
                volunteer=volunteer, referee="a neighbour", asked_on=date(2025, 1, 9)
            ),
            Training.objects.create(
                volunteer=volunteer, title="Listening", held_on=date(2025, 1, 20)
            ),
            Supervision.objects.create(
                volunteer=volunteer,
                held_on=date(2025, 3, 20),
                held_by=coordinator,
                note_ciphertext=encrypt("goes well"),
            ),
            Expense.objects.create(
                volunteer=volunteer, on=date(2025, 3, 11), kind="cuppa", pence=320
            ),
            Assessment.objects.create(
                referral=referral,
                held_on=date(2025, 2, 10),
                held_by=coordinator,
                hopes="a walk",
                risk_ciphertext=encrypt("steep stairs"),
            ),
            Arrangement.objects.create(match=match, starts_at=now, mode="out", made_by=coordinator),
            Visit.objects.create(
                match=match, started_at=now - timedelta(hours=2), due_at=now, ended_at=now
            ),
        ]
    return Story(
        organisation=organisation,
        service=service,
        coordinator=coordinator,
        lead=lead,
        worker=people[Role.WORKER],
        volunteer_user=volunteer_user,
        participant_user=participant_user,
        volunteer=volunteer,
        participant=participant,
        match=match,
        rows=rows,
    )
