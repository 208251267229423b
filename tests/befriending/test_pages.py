"""The pages of a service as its people use them, and as strangers try them."""

import json
import time
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from connections.befriending import actions
from connections.befriending.models import (
    Agreement,
    AgreementSignature,
    Concern,
    Match,
    MatchingRun,
    Meeting,
    Participant,
    Referral,
    Review,
    Suggestion,
    Volunteer,
)
from connections.befriending.suggesting import continue_runs
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.models import AuditEvent, User
from tests.factories import NeighbourhoodFactory
from tests.factories.accounts import make_user
from tests.factories.cases import (
    Case,
    make_active,
    make_case,
    make_introduced,
    make_ready,
    make_waiting,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> Case:
    return make_case(NeighbourhoodFactory.create())


def as_(user: User) -> Client:
    """Return the browser of somebody who has just shown who they are."""
    client = Client()
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "code", "at": time.time(), "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client


def at(name: str, *arguments: object) -> str:
    return reverse(f"befriending:{name}", args=arguments)


def test_a_coordinator_takes_somebody_from_referral_to_waiting(case: Case) -> None:
    client = as_(case.coordinator)
    address = at("referral_new", case.service.pk)
    page = client.get(address).content.decode()
    assert case.area.name in page
    body = {
        "name": "Edith Gowrie",
        "called": "Edie",
        "languages": ["en", "pl"],
        "interests": "Chess,  walking, chess",
        "free_hours": ["10", "12"],
        "travel_area": case.area.pk,
        "source": "health",
        "received_on": str(timezone.localdate() - timedelta(days=3)),
    }
    assert client.post(address, body | {"travel_area": ""}).status_code == 422
    kept = client.post(address, body | {"received_on": "2999-01-01"})
    assert "Edith Gowrie" in kept.content.decode(), "what was typed stays"
    response = client.post(address, body)
    assert response.status_code == 303
    with acting(user=case.coordinator):
        referral = Referral.objects.exclude(pk=case.referral.pk).get()
        person = referral.participant
    assert (person.interests, person.free_hours) == (["chess", "walking"], [10, 11, 12, 13])
    url = at("referral", referral.pk)
    assert "not agreed" in client.get(url).content.decode()
    client.post(
        at("assess", referral.pk), {"held_on": str(timezone.localdate()), "is_eligible": "yes"}
    )
    with acting(user=case.coordinator):
        assert Referral.objects.get(pk=referral.pk).state == "new", "no consent, no move"
    client.post(at("referral_move", referral.pk, "consent"))
    client.post(
        at("assess", referral.pk),
        {
            "held_on": str(timezone.localdate()),
            "is_eligible": "yes",
            "hopes": "a walk",
            "risk": "steep stairs",
        },
    )
    client.post(at("referral_move", referral.pk, "queue"))
    page = client.get(url).content.decode()
    assert "steep stairs" in page
    assert "Waiting" in page
    client.post(at("priority", referral.pk), {"priority": "1", "reason": "left hospital"})
    assert "left hospital" in client.get(url).content.decode()
    board = client.get(at("board", case.service.pk)).content.decode()
    assert board.index("Edith Gowrie") < board.index("Agnes Birnie"), "an override comes first"
    filtered = client.get(at("board", case.service.pk), {"language": "pl"}).content.decode()
    assert "Edith Gowrie" in filtered
    assert "Agnes Birnie" not in filtered
    client.post(at("referral_close", referral.pk, "withdraw"), {"reason": ""})
    client.post(at("referral_move", referral.pk, "reopen"))
    with acting(user=case.coordinator):
        assert Referral.objects.get(pk=referral.pk).state == "new"


def test_the_board_asks_the_same_few_questions_whoever_waits(
    case: Case, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        make_waiting(case.service, case.area, days=number)
    make_active(case)
    client = as_(case.coordinator)
    client.get(at("board", case.service.pk))
    with django_assert_max_num_queries(20):
        response = client.get(at("board", case.service.pk))
    assert response.status_code == 200
    with django_assert_max_num_queries(22):
        assert client.get(at("due", case.service.pk)).status_code == 200
    with django_assert_max_num_queries(18):
        assert client.get(at("volunteers", case.service.pk)).status_code == 200


def test_a_volunteer_is_made_ready(case: Case) -> None:
    client = as_(case.coordinator)
    body = {
        "name": "Una Veitch",
        "languages": ["en"],
        "applied_on": "2026-01-05",
        "capacity": "1",
        "travel_km": "5",
    }
    assert client.post(at("volunteer_new", case.service.pk), body).status_code == 303
    with acting(user=case.coordinator):
        volunteer = Volunteer.objects.get(name="Una Veitch")
    for referee in ("a neighbour", "the minister"):
        client.post(
            at("volunteer_add", volunteer.pk, "reference"),
            {"referee": referee, "asked_on": "2026-01-06"},
        )
    with acting(user=case.coordinator):
        references = list(volunteer.references.all())
    for reference in references:
        client.post(
            at("reference_answer", reference.pk),
            {"answer": "yes", "received_on": "2026-01-12", "note": "Kind."},
        )
    client.post(
        at("volunteer_add", volunteer.pk, "training"),
        {"title": "Listening", "held_on": "2026-01-20", "is_preparation": "on"},
    )
    client.post(
        at("volunteer_add", volunteer.pk, "supervision"),
        {"held_on": "2026-01-22", "note": "Goes well."},
    )
    client.post(
        at("volunteer_add", volunteer.pk, "check"),
        {"scheme": "pvg", "membership_number": "1", "role_type": "Befriending adults"},
    )
    with acting(user=case.coordinator):
        check = volunteer.checks.get()
    refused = client.post(
        at("check_decide", check.pk), {"answer": "yes", "decided_on": "2026-02-01"}
    )
    assert "until when" in refused.content.decode()
    until = timezone.localdate() + timedelta(days=900)
    client.post(
        at("check_decide", check.pk),
        {"answer": "yes", "decided_on": "2026-02-01", "expires_on": str(until)},
    )
    page = client.get(at("volunteer", volunteer.pk)).content.decode()
    for words in ("Check is valid", "Kind.", "Goes well.", "Listening"):
        assert words in page
    client.post(
        at("volunteer_add", volunteer.pk, "expense"),
        {"on": str(timezone.localdate()), "kind": "cuppa", "pounds": "3.20"},
    )
    with acting(user=case.coordinator):
        expense = volunteer.expenses.get()
    assert expense.pence == 320
    client.post(at("expense_decide", expense.pk, "approved"))
    client.post(at("expense_decide", expense.pk, "paid"))
    assert "Paid" in client.get(at("volunteer", volunteer.pk)).content.decode()
    client.post(at("volunteer_move", volunteer.pk, "leave"))
    assert "Left" in client.get(at("volunteers", case.service.pk)).content.decode()


def test_matching_from_the_button_to_a_pairing(case: Case) -> None:
    make_waiting(case.service, case.area, languages=["pl"], name="Zofia Yuill")
    client = as_(case.coordinator)
    address = at("matching", case.service.pk)
    assert "has not run yet" in client.get(address).content.decode()
    client.post(at("matching_run", case.service.pk))
    assert "Looking for" in client.get(address).content.decode()
    part = client.get(address, headers={"HX-Request": "true"})
    assert b"<html" not in part.content
    continue_runs()
    over = client.get(address, headers={"HX-Request": "true"})
    assert over["HX-Refresh"] == "true"
    page = client.get(address).content.decode()
    for words in ("Rab Tulloch", "Both like chess", "no shared language", "Polish"):
        assert words in page
    assert client.get(address, {"from": "x"}).status_code == 200
    with acting(user=case.coordinator):
        suggestion = Suggestion.objects.get()
    client.post(at("suggestion_accept", suggestion.pk))
    with acting(user=case.coordinator):
        match = Match.objects.get()
    assert "already" in client.get(address).content.decode()
    client.post(at("pairing_form", match.pk, "decline"), {"reason": "x", "is_never_again": "on"})
    client.post(at("matching_run", case.service.pk))
    with acting(user=case.coordinator):
        run = MatchingRun.objects.first()
    assert run is not None
    client.post(at("matching_stop", run.pk))
    assert "was stopped" in client.get(address).content.decode()
    weights = {"interests": "40", "hours": "20", "nearness": "20", "language": "10"}
    wrong = client.post(
        at("weights", case.service.pk), weights | {"experience": "20", "because": "x"}
    )
    assert "make 100" in wrong.content.decode()
    client.post(
        at("weights", case.service.pk), weights | {"experience": "10", "because": "Why not"}
    )
    assert "Why not" in client.get(at("weights", case.service.pk)).content.decode()


def test_a_pairing_from_the_first_yes_to_the_end(case: Case) -> None:
    client = as_(case.coordinator)
    client.post(
        at("propose", case.referral.pk), {"volunteer": case.volunteer.pk, "reason": "neighbours"}
    )
    with acting(user=case.coordinator):
        match = Match.objects.get()
    url = at("pairing", match.pk)
    assert "Both have to agree" in client.get(url).content.decode()
    for verb in ("yes-participant", "yes-volunteer"):
        client.post(at("pairing_move", match.pk, verb))
    client.post(
        at("pairing_form", match.pk, "introduce"),
        {"on": str(timezone.localdate()), "good_to_know": "Ring twice."},
    )
    page = client.get(at("agreement_write", match.pk)).content.decode()
    assert case.service.name in page, "the template is filled in"
    client.post(at("agreement_write", match.pk), {"clauses": "We meet every week.\nNo money."})
    with acting(user=case.coordinator):
        agreement = Agreement.objects.get()
    assert agreement.clauses == ["We meet every week.", "No money."]
    own = as_(case.volunteer_user)
    assert "We meet every week." in own.get(at("agreement_sign", agreement.pk)).content.decode()
    own.post(at("agreement_sign", agreement.pk), {"text_sha256": agreement.text_sha256})
    client.post(
        at("agreement_aloud", agreement.pk, "participant"), {"text_sha256": agreement.text_sha256}
    )
    with acting(user=case.coordinator):
        signed = {one.side: one.is_aloud for one in AgreementSignature.objects.all()}
    assert signed == {"participant": True, "volunteer": False}
    client.post(at("pairing_move", match.pk, "activate"))
    tomorrow = timezone.localdate() + timedelta(days=1)
    client.post(at("arrange", match.pk), {"on": str(tomorrow), "at": "14:30", "mode": "out"})
    assert "14:30" in own.get(at("my_pairing", match.pk)).content.decode()
    page = client.get(url).content.decode()
    assert "Active" in page
    assert "14:30" in page
    client.post(
        at("meeting_new", match.pk),
        {"id": str(uuid.uuid4()), "outcome": "met", "on": str(timezone.localdate())},
    )
    with acting(user=case.coordinator):
        review = Review.objects.first()
    assert review is not None
    client.post(
        at("review", review.pk),
        {"held_on": str(timezone.localdate()), "answer": "yes", "note": "likes it"},
    )
    assert "likes it" in client.get(url).content.decode()
    client.post(at("review_new", match.pk), {"side": "volunteer", "due_on": str(tomorrow)})
    client.post(at("pairing_form", match.pk, "pause"), {"until_on": ""})
    client.post(at("pairing_move", match.pk, "go_on"))
    client.post(at("pairing_form", match.pk, "suspend"), {"reason": "a question"})
    client.post(at("pairing_move", match.pk, "lift"))
    client.post(at("pairing_form", match.pk, "plan_ending"), {"plan": "The lunch"})
    refused = client.post(
        at("pairing_form", match.pk, "end"),
        {"answer": "yes", "ended_on": str(timezone.localdate()), "plan": "The lunch"},
    )
    assert "last review" in refused.content.decode()
    client.post(
        at("pairing_form", match.pk, "end"),
        {
            "answer": "yes",
            "ended_on": str(timezone.localdate()),
            "plan": "The lunch",
            "reviewed_on": str(timezone.localdate()),
        },
    )
    with acting(user=case.coordinator):
        assert Match.objects.get().state == "ended"
    client.post(at("referral_move", case.referral.pk, "again"))
    with acting(user=case.coordinator):
        assert Referral.objects.filter(state="new").count() == 1


def test_a_volunteer_notes_a_meeting_in_two_taps_and_takes_it_back(case: Case) -> None:
    match = make_active(case)
    client = as_(case.volunteer_user)
    page = client.get(at("meeting_new", match.pk)).content.decode()
    assert "Agnes" in page
    assert "Birnie" not in page, "the other side reads what they are called, no more"
    response = client.post(
        at("meeting_new", match.pk),
        {"id": str(uuid.uuid4()), "outcome": "missed", "on": str(timezone.localdate())},
    )
    assert response.status_code == 303
    page = client.get(response["Location"]).content.decode()
    assert "Noted" in page
    with acting(user=case.volunteer_user):
        meeting = Meeting.objects.get()
    client.post(at("meeting_undo", meeting.pk))
    with acting(user=case.volunteer_user):
        assert not Meeting.objects.exists()
    assert client.post(at("meeting_new", match.pk), {"on": "x"}).status_code == 422


def test_a_meeting_that_waited_on_the_phone_is_written_once(case: Case) -> None:
    match = make_active(case)
    client = as_(case.volunteer_user)
    address = at("meeting_put", match.pk, uuid.uuid4())
    body = {"outcome": "met", "on": str(timezone.localdate()), "mode": "", "note": ""}

    def put(told: object) -> int:
        return client.put(address, json.dumps(told), content_type="application/json").status_code

    assert [put(body), put(body)] == [200, 200]
    assert put(body | {"outcome": "missed"}) == 409
    assert put(body | {"outcome": "danced"}) == 422
    assert put([1]) == 400
    with acting(user=case.volunteer_user):
        assert Meeting.objects.count() == 1


def test_a_participant_pauses_goes_on_and_stops(case: Case) -> None:
    match = make_active(case)
    client = as_(case.participant_user)
    page = client.get(at("mine")).content.decode()
    assert "Rab" in page
    assert "Tulloch" not in page
    own = at("my_pairing", match.pk)
    page = client.get(own).content.decode()
    for words in ("Tell someone", "Pause", "d like to stop"):
        assert words in page
    assert "Begin a home visit" not in page
    client.post(at("my_wish", match.pk, "pause"))
    assert "place is kept" in client.get(own).content.decode()
    client.post(at("my_wish", match.pk, "go-on"))
    assert "Pause instead" in client.get(at("my_stop", match.pk)).content.decode()
    client.post(at("my_wish", match.pk, "stop"))
    assert "coming to an end" in client.get(own).content.decode()
    due = as_(case.coordinator).get(at("due", case.service.pk)).content.decode()
    assert "One of them wants to stop" in due


def test_a_home_visit(case: Case) -> None:
    match = make_active(case)
    client = as_(case.volunteer_user)
    client.post(at("my_visit", match.pk), {"minutes": "60"})
    page = client.get(at("my_pairing", match.pk)).content.decode()
    assert "It is over and I am well" in page
    assert "under way" in as_(case.lead).get(at("due", case.service.pk)).content.decode()
    with acting(user=case.volunteer_user):
        visit = match.visits.get()
    client.post(at("my_visit_end", visit.pk))
    assert "It is over" not in client.get(at("my_pairing", match.pk)).content.decode()
    client.post(
        at("my_expense"), {"on": str(timezone.localdate()), "kind": "travel", "pounds": "4"}
    )
    assert "£4.00" in client.get(at("mine")).content.decode()


def test_a_worry_is_read_by_leads_alone_and_each_reading_is_audited(case: Case) -> None:
    match = make_active(case)
    teller = as_(case.volunteer_user)
    address = at("concern_new", case.service.pk)
    page = teller.get(address).content.decode()
    assert page.index("999") < page.index("<textarea"), "urgent numbers first"
    response = teller.post(f"{address}?pairing={match.pk}", {"text": "He sits in the cold."})
    assert response.status_code == 303
    assert "cold" not in teller.get(response["Location"]).content.decode()
    with acting(user=case.lead):
        concern = Concern.objects.get()
    assert concern.match_id == match.pk
    for user in (case.coordinator, case.worker, case.volunteer_user, make_user()):
        client = as_(user)
        assert client.get(at("concern", concern.pk)).status_code == 404
        assert client.get(at("concerns", case.service.pk)).status_code == 404
    lead = as_(case.lead)
    listed = lead.get(at("concerns", case.service.pk)).content.decode()
    assert concern.reference in listed
    assert "cold" not in listed
    assert not AuditEvent.objects.filter(verb="read_concern").exists()
    assert "He sits in the cold." in lead.get(at("concern", concern.pk)).content.decode()
    assert AuditEvent.objects.filter(verb="read_concern").count() == 1
    lead.post(at("concern", concern.pk), {"kind": "closed", "text": "Rang; heating is mended."})
    assert "Closed" in lead.get(at("concerns", case.service.pk)).content.decode()
    lead.post(at("concern_reopen", concern.pk))
    with acting(user=case.lead):
        assert Concern.objects.get().state == "open"


def test_leads_show_once_more_who_they_are(case: Case) -> None:
    with acting(user=case.lead):
        actions.raise_concern(by=case.lead, service=case.service, text="x")
        concern = Concern.objects.get()
    client = Client()
    client.force_login(case.lead)
    response = client.get(at("concern", concern.pk))
    assert response.status_code == 302
    assert "reauthenticate" in response["Location"]


def test_who_is_where(case: Case) -> None:
    make_introduced(case)
    entry = at("entry")
    assert as_(case.coordinator).get(entry)["Location"] == at("board", case.service.pk)
    assert as_(case.volunteer_user).get(entry)["Location"] == at("mine")
    assert "Tell the safeguarding leads" in as_(case.worker).get(entry).content.decode()
    stranger = as_(make_user())
    assert "not part of" in stranger.get(entry).content.decode()
    assert stranger.get(at("mine")).status_code == 404
    for user in (case.worker, case.volunteer_user, case.participant_user, make_user()):
        client = as_(user)
        for name in ("board", "due", "volunteers", "matching", "referral_new"):
            assert client.get(at(name, case.service.pk)).status_code == 404, name
        assert client.get(at("referral", case.referral.pk)).status_code == 404
        assert client.get(at("volunteer", case.volunteer.pk)).status_code == 404


def test_what_is_known_of_somebody_is_changed(case: Case) -> None:
    client = as_(case.coordinator)
    body = {"name": "Agnes Birnie", "languages": ["en"], "needs": "A slow pace."}
    client.post(at("participant_edit", case.participant.pk), body)
    with acting(user=case.coordinator):
        assert Participant.objects.get(pk=case.participant.pk).needs == "A slow pace."
    event = AuditEvent.objects.get(verb="change_participant")
    assert "needs" in event.facts["fields"]
    assert "slow" not in json.dumps(event.facts)
    body = {
        "name": "Rab Tulloch",
        "languages": ["en"],
        "applied_on": "2026-01-05",
        "capacity": "2",
        "travel_km": "3",
    }
    client.post(at("volunteer_edit", case.volunteer.pk), body)
    with acting(purpose=Purpose.SWEEP):
        assert Volunteer.objects.get(pk=case.volunteer.pk).capacity == 2
    make_ready(case.service, case.area, case.coordinator, name="Ida Quigg")
    assert "Ida Quigg" in client.get(at("volunteers", case.service.pk)).content.decode()
