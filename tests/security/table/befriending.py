"""Befriending: what belongs to a service is seen by that service alone."""

import hashlib
import uuid
from datetime import date, timedelta

from django.utils import timezone

from connections.befriending.actions.concerns import Worry, seal
from connections.befriending.models import (
    Agreement,
    CaseImport,
    Check,
    Concern,
    Expense,
    Match,
    MatchingRun,
    Participant,
    Reference,
    Referral,
    Review,
    ScaleAnswer,
    Service,
    Suggestion,
    UploadedScale,
    Visit,
    Volunteer,
)
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.models import Role, Task
from tests.factories import NeighbourhoodFactory
from tests.factories.accounts import make_member
from tests.security.rows import SIGNED_IN, Given, Row, Side, own, thing

STAFF = own("coordinator lead")
LEAD = own("lead")
IN_SERVICE = own("worker coordinator lead resident")
"""Who may raise a worry: who works there, and in this world its resident, who is befriended."""
OWN = own("resident")
"""In this world the resident of a side is the one who is befriended, or who befriends."""


def _service(side: Side) -> Service:
    known = Service.objects.filter(organisation=side.organisation).first()
    return known or Service.objects.create(organisation=side.organisation, name="A service")


def _referral(side: Side) -> Referral:
    service = _service(side)
    known = Referral.objects.filter(service=service, state="waiting").first()
    if known:
        return known
    area = NeighbourhoodFactory.create()
    participant = Participant.objects.create(
        service=service, name=f"{side.mark} waiting", travel_area=area, languages=["en"]
    )
    return Referral.objects.create(
        service=service,
        participant=participant,
        area=area,
        source="self",
        state="waiting",
        received_on=date(2026, 1, 5),
    )


def _volunteer(side: Side) -> Volunteer:
    return Volunteer.objects.create(
        service=_service(side),
        name=f"{side.mark} volunteer",
        applied_on=date(2026, 1, 5),
        languages=["en"],
    )


def _pairing(side: Side, *, resident_is: str = "participant") -> Match:
    service = _service(side)
    referral = _referral(side)
    volunteer = _volunteer(side)
    participant = Participant.objects.create(
        service=service, name=f"{side.mark} befriended", travel_area=referral.area
    )
    person = participant if resident_is == "participant" else volunteer
    person.user = side.resident
    person.save()
    now = timezone.now()
    return Match.objects.create(
        service=service,
        referral=Referral.objects.create(
            service=service,
            participant=participant,
            area=referral.area,
            source="self",
            state="matched",
            received_on=date(2026, 1, 5),
        ),
        participant=participant,
        volunteer=volunteer,
        state="active",
        participant_consented_at=now,
        volunteer_consented_at=now,
        participant_called=side.mark,
        volunteer_called=side.mark,
    )


def _agreement(match: Match) -> Agreement:
    clauses = ["We meet."]
    digest = hashlib.sha256(b"We meet.").hexdigest()
    return Agreement.objects.create(match=match, clauses=clauses, text_sha256=digest)


@thing("befriending_service")
def _given_service(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        return {"service": _service(side).pk}


@thing("raised")
def _given_raised(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        _pairing(side)
        return {"service": _service(side).pk, "reference": "ABCD-EFGH"}


@thing("worried")
def _given_worried(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        _pairing(side)
        return {"service": _service(side).pk}


@thing("referral")
def _given_referral(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        return {"pk": _referral(side).pk}


@thing("referral_close")
def _given_close(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        return {"pk": _referral(side).pk, "verb": "withdraw"}


@thing("referral_move")
def _given_referral_move(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        return {"pk": _referral(side).pk, "verb": "consent"}


@thing("participant")
def _given_participant(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        return {"pk": _referral(side).participant_id}


@thing("volunteer")
def _given_volunteer(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        return {"pk": _volunteer(side).pk}


@thing("volunteer_part")
def _given_part(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        return {"pk": _volunteer(side).pk, "what": "training"}


@thing("volunteer_move")
def _given_volunteer_move(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        return {"pk": _volunteer(side).pk, "verb": "back"}


@thing("check")
def _given_check(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        check = Check.objects.create(volunteer=_volunteer(side), scheme="pvg", role_type="x")
        return {"pk": check.pk}


@thing("reference")
def _given_reference(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        reference = Reference.objects.create(
            volunteer=_volunteer(side), referee=side.mark, asked_on=date(2026, 1, 5)
        )
        return {"pk": reference.pk}


def _expense(side: Side) -> Expense:
    return Expense.objects.create(
        volunteer=_volunteer(side), on=date(2026, 1, 5), kind="cuppa", pence=300
    )


@thing("expense")
def _given_expense(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        return {"pk": _expense(side).pk}


@thing("expense_decided")
def _given_decided(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        return {"pk": _expense(side).pk, "state": "approved"}


@thing("run")
def _given_run(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        run = MatchingRun.objects.create(service=_service(side), state="done")
        return {"pk": run.pk}


def _suggestion(side: Side) -> Suggestion:
    run = MatchingRun.objects.create(service=_service(side), state="done")
    return Suggestion.objects.create(
        run=run,
        referral=_referral(side),
        volunteer=_volunteer(side),
        rank=1,
        score=50,
        points=[10, 10, 10, 10, 10],
        shared={},
    )


@thing("befriending_suggestion")
def _given_suggestion(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        return {"pk": _suggestion(side).pk}


@thing("weighing")
def _given_weighing(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        return {"pk": _suggestion(side).pk, "verb": "hold"}


@thing("pairing")
def _given_pairing(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        return {"pk": _pairing(side).pk}


@thing("pairing_move")
def _given_move(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        return {"pk": _pairing(side).pk, "verb": "activate"}


@thing("pairing_form")
def _given_form(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        return {"pk": _pairing(side).pk, "verb": "pause"}


@thing("agreement")
def _given_agreement(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        return {"pk": _agreement(_pairing(side)).pk}


@thing("aloud")
def _given_aloud(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        return {"pk": _agreement(_pairing(side)).pk, "side": "participant"}


@thing("volunteers_pairing")
def _given_volunteers_pairing(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        return {"pk": _pairing(side, resident_is="volunteer").pk}


@thing("meeting_put")
def _given_put(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        match = _pairing(side, resident_is="volunteer")
        return {"pk": match.pk, "meeting": uuid.uuid4()}


@thing("meeting")
def _given_meeting(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        match = _pairing(side, resident_is="volunteer")
        meeting = match.meetings.create(on=date(2026, 1, 5), outcome="met")
        return {"pk": meeting.pk}


@thing("review")
def _given_review(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        review = Review.objects.create(
            match=_pairing(side), side="volunteer", due_on=date(2026, 1, 5)
        )
        return {"pk": review.pk}


@thing("visit")
def _given_visit(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        now = timezone.now()
        visit = Visit.objects.create(
            match=_pairing(side, resident_is="volunteer"),
            started_at=now,
            due_at=now + timedelta(hours=1),
        )
        return {"pk": visit.pk}


@thing("concern")
def _given_concern(side: Side) -> Given:
    lead = make_member(Role.LEAD, side.organisation)
    with acting(purpose=Purpose.MIGRATE):
        concern = Concern.objects.create(
            service=_service(side), ciphertext=seal(Worry(side.mark)), raised_by=lead
        )
        return {"pk": concern.pk}


@thing("case_list")
def _given_cases(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        return {"pk": CaseImport.objects.create(service=_service(side)).pk, "verb": "over"}


@thing("wish")
def _given_wish(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        return {"pk": _pairing(side).pk, "verb": "pause"}


@thing("scale_answer")
def _given_scale_answer(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        answer = ScaleAnswer.objects.create(
            participant=_referral(side).participant,
            scale="ons",
            answers=[2],
            answered_on=date(2026, 1, 5),
        )
        return {"pk": answer.pk}


@thing("scale_of_somebody")
def _given_scale_of_somebody(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        return {"pk": _referral(side).participant_id, "scale": "ucla3"}


@thing("uploaded_scale")
def _given_uploaded(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        scale = UploadedScale.objects.create(
            service=_service(side),
            code=f"scale-{uuid.uuid4().hex[:12]}",
            name=side.mark,
            source="by hand",
            licence="our own",
            questions=[{"text": "At ease?", "answers": [["no", 0], ["yes", 1]]}],
            uploaded_by=make_member(Role.LEAD, side.organisation),
        )
        return {"pk": scale.pk}


@thing("own_consent")
def _given_own_consent(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        _pairing(side)
        return {"purpose": "befriending.outcomes", "deed": "give"}


@thing("befriending_task")
def _given_task(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        task = Task.objects.create(
            organisation=side.organisation,
            kind=Task.Kind.BEFRIENDING,
            object_type=Match._meta.label_lower,
            object_id=str(_pairing(side).pk),
        )
        return {"service": _service(side).pk, "task": task.pk}


@thing("befriended")
def _given_befriended(side: Side) -> Given:
    """The address names nobody: whoever is befriended sees their own."""
    with acting(purpose=Purpose.MIGRATE):
        _pairing(side)
        return {}


@thing("befriending")
def _given_befriending(side: Side) -> Given:
    with acting(purpose=Purpose.MIGRATE):
        _pairing(side, resident_is="volunteer")
        return {}


# fmt: off
ROWS: list[Row] = [
    Row("befriending:entry", get=SIGNED_IN),
    Row("befriending:board", get=STAFF, given="befriending_service"),
    Row("befriending:due", get=STAFF, given="befriending_service"),
    Row("befriending:cases", get=STAFF, post=STAFF, given="befriending_service"),
    Row("befriending:take_away", get=STAFF, given="befriending_service"),
    Row("befriending:cases_take", post=STAFF, given="case_list"),
    Row("befriending:referral_new", get=STAFF, post=STAFF, given="befriending_service"),
    Row("befriending:referral", get=STAFF, given="referral"),
    Row("befriending:assess", get=STAFF, post=STAFF, given="referral"),
    Row("befriending:priority", get=STAFF, post=STAFF, given="referral"),
    Row("befriending:propose", get=STAFF, post=STAFF, given="referral"),
    Row("befriending:referral_close", get=STAFF, post=STAFF, given="referral_close"),
    Row("befriending:referral_move", post=STAFF, given="referral_move"),
    Row("befriending:participant_edit", get=STAFF, post=STAFF, given="participant"),
    Row("befriending:volunteers", get=STAFF, given="befriending_service"),
    Row("befriending:volunteer_new", get=STAFF, post=STAFF, given="befriending_service"),
    Row("befriending:volunteer", get=STAFF, given="volunteer"),
    Row("befriending:volunteer_edit", get=STAFF, post=STAFF, given="volunteer"),
    Row("befriending:volunteer_add", get=STAFF, post=STAFF, given="volunteer_part"),
    Row("befriending:volunteer_move", post=STAFF, given="volunteer_move"),
    Row("befriending:check_decide", get=STAFF, post=STAFF, given="check"),
    Row("befriending:reference_answer", get=STAFF, post=STAFF, given="reference"),
    Row("befriending:expense_refuse", get=STAFF, post=STAFF, given="expense"),
    Row("befriending:expense_decide", post=STAFF, given="expense_decided"),
    Row("befriending:matching", get=STAFF, given="befriending_service"),
    Row("befriending:matching_run", post=STAFF, given="befriending_service"),
    Row("befriending:weights", get=STAFF, post=STAFF, given="befriending_service"),
    Row("befriending:matching_stop", post=STAFF, given="run"),
    Row("befriending:suggestion_accept", post=STAFF, given="befriending_suggestion"),
    Row("befriending:suggestion_weigh", get=STAFF, post=STAFF, given="weighing"),
    Row("befriending:pairing", get=STAFF, given="pairing"),
    Row("befriending:pairing_move", post=STAFF, given="pairing_move"),
    Row("befriending:pairing_form", get=STAFF, post=STAFF, given="pairing_form"),
    Row("befriending:agreement_write", get=STAFF, post=STAFF, given="pairing"),
    Row("befriending:agreement", get=f"{STAFF} {OWN}", given="agreement"),
    Row("befriending:agreement_aloud", post=STAFF, given="aloud"),
    Row("befriending:agreement_sign", get=OWN, post=OWN, given="agreement"),
    Row("befriending:arrange", get=STAFF, post=STAFF, given="pairing"),
    Row("befriending:meeting_new", get=f"{STAFF} {OWN}", post=f"{STAFF} {OWN}", given="volunteers_pairing"),
    Row("befriending:meeting_put", put=f"{STAFF} {OWN}", given="meeting_put", body={"outcome": "met", "on": str(date(2026, 1, 5))}),
    Row("befriending:meeting_undo", post=f"{STAFF} {OWN}", given="meeting"),
    Row("befriending:review_new", get=STAFF, post=STAFF, given="pairing"),
    Row("befriending:review", get=STAFF, post=STAFF, given="review"),
    Row("befriending:visit_answer", post=STAFF, given="visit"),
    Row("befriending:concern_new", get=IN_SERVICE, post=IN_SERVICE, given="worried"),
    Row("befriending:concern_raised", get=IN_SERVICE, given="raised"),
    Row("befriending:concerns", get=LEAD, given="befriending_service"),
    Row("befriending:concern", get=LEAD, post=LEAD, given="concern"),
    Row("befriending:concern_reopen", post=LEAD, given="concern"),
    Row("befriending:task_done", post=STAFF, given="befriending_task"),
    Row("befriending:set_up", get=STAFF, post=STAFF, given="befriending_service"),
    Row("befriending:outcomes", get=STAFF, given="befriending_service"),
    Row("befriending:scale_upload", get=STAFF, post=STAFF, given="befriending_service"),
    Row("befriending:scale_remove", post=STAFF, given="uploaded_scale"),
    Row("befriending:scales", get=STAFF, given="participant"),
    Row("befriending:scale_answers", get=STAFF, post=STAFF, given="scale_of_somebody"),
    Row("befriending:answers_back", post=STAFF, given="scale_answer"),
    Row("befriending:my_consent", post="resident", given="own_consent"),
    Row("befriending:mine", get="resident", given="befriended"),
    Row("befriending:my_expense", get="resident", post="resident", given="befriending"),
    Row("befriending:my_pairing", get=OWN, given="pairing"),
    Row("befriending:my_stop", get=OWN, given="pairing"),
    Row("befriending:my_visit", get=OWN, post=OWN, given="volunteers_pairing"),
    Row("befriending:my_wish", post=OWN, given="wish"),
    Row("befriending:my_visit_end", post=OWN, given="visit"),
]
# fmt: on
