"""Outcome scales asked with consent, what they add up to for the service, licensed ones brought along,
what people agree to on their own pages, and what a service sets up for itself."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from connections.befriending import actions
from connections.befriending.models import (
    Agreement,
    Match,
    Referral,
    ScaleAnswer,
    Service,
    UploadedScale,
    Volunteer,
)
from connections.befriending.scale_files import EXAMPLE, read_scale_file
from connections.befriending.suggesting import gather
from connections.befriending.vocabulary import CLAUSES, ConsentFor
from kinder.accounts import consents
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.models import AuditEvent, ConsentRecord, Task
from kinder.accounts.rules import Refused
from tests.befriending.test_pages import as_, at
from tests.factories import NeighbourhoodFactory
from tests.factories.cases import Case, make_active, make_case

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> Case:
    return make_case(NeighbourhoodFactory.create())


def meet(case: Case, match: Match, *ago: int) -> None:
    for days in ago:
        actions.note_meeting(
            by=case.coordinator,
            match=match,
            id=uuid.uuid4(),
            on=timezone.localdate() - timedelta(days=days),
            outcome="met",
        )


def page_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, response.content
    return response.content.decode()


def test_a_scale_is_asked_from_the_second_meeting_on_and_one_is_enough(case: Case) -> None:
    match = make_active(case)
    client = as_(case.coordinator)
    scales = at("scales", case.participant.pk)
    ucla = at("scale_answers", case.participant.pk, "ucla3")
    today = str(timezone.localdate())
    body = {"question_1": "3", "question_2": "2", "answered_on": today, "consented_on": today}
    meet(case, match, 30)
    assert "Not at the first visit" in page_of(client, scales)
    refused = client.post(ucla, body)
    assert refused.status_code == 422
    assert "Not at the first visit" in refused.content.decode()
    assert refused.context["form"]["question_1"].value() == "3", "what was chosen stays"
    meet(case, match, 20)
    assert "lack companionship" in page_of(client, ucla)
    nothing = client.post(ucla, {"answered_on": today, "consented_on": today})
    assert "Nothing is answered" in nothing.content.decode()
    later = client.post(ucla, body | {"consented_on": "2999-01-01"})
    assert "Ask first" in later.content.decode()
    assert client.post(ucla, body | {"question_1": "9"}).status_code == 422
    assert client.post(ucla, body).status_code == 303
    with acting(user=case.coordinator):
        answer = ScaleAnswer.objects.get()
    assert answer.answers == [3, 2, None], "a question may be skipped"
    told = page_of(client, scales)
    assert "too many skipped for a score" in told
    assert told.count("One is enough") == 2
    other = client.post(
        at("scale_answers", case.participant.pk, "ons"),
        {"question_1": "3", "answered_on": today, "consented_on": today},
    )
    assert "One is enough" in other.content.decode()
    assert client.post(at("answers_back", answer.pk)).status_code == 303
    assert "Nothing was asked yet" in page_of(client, at("referral", match.referral_id))
    assert client.get(at("scale_answers", case.participant.pk, "none")).status_code == 404


def test_a_service_sees_before_and_after_with_who_is_missing(case: Case) -> None:
    match = make_active(case)
    meet(case, match, 80, 70)
    client = as_(case.coordinator)
    assert "Nobody has answered a scale yet" in page_of(client, at("outcomes", case.service.pk))
    for ago, answers in ((60, [3, 3, 3]), (5, [2, 2, 2])):
        day = timezone.localdate() - timedelta(days=ago)
        actions.note_scale_answers(
            by=case.coordinator,
            participant=case.participant,
            scale="ucla3",
            answers=answers,
            answered_on=day,
            consented_on=day,
        )
    told = " ".join(page_of(client, at("outcomes", case.service.pk)).split())
    assert "<dt>With a first and a later score</dt> <dd>1</dd>" in told
    assert "too much skipped</dt> <dd>0</dd>" in told
    assert "9.0" in told
    assert "6.0" in told
    assert "not for publication" in told
    assert "3 lower than at first" in " ".join(
        page_of(client, at("scales", case.participant.pk)).split()
    )


def test_a_licensed_scale_is_brought_along_asked_and_kept(case: Case) -> None:
    client = as_(case.coordinator)
    address = at("scale_upload", case.service.pk)

    def send(text: str, **more: str) -> object:
        file = SimpleUploadedFile("scale.json", text.encode(), "application/json")
        return client.post(address, {"file": file, "holds_licence": "on"} | more)

    bent = send(json.dumps(json.loads(EXAMPLE) | {"licence": "", "table": [[2, 1]]}))
    said = bent.content.decode()  # type: ignore[attr-defined]
    assert bent.status_code == 422  # type: ignore[attr-defined]
    assert "which licence" in said
    assert "no score for these sums: 3, 4, 5, 6" in said
    assert send("\x00").status_code == 422  # type: ignore[attr-defined]
    file = SimpleUploadedFile("scale.json", EXAMPLE.encode())
    assert client.post(address, {"file": file}).status_code == 422, "no licence, no scale"
    assert send(EXAMPLE).status_code == 303  # type: ignore[attr-defined]
    assert "taken" in send(EXAMPLE).content.decode()  # type: ignore[attr-defined]
    with acting(user=case.coordinator):
        scale = UploadedScale.objects.get()
    match = make_active(case)
    meet(case, match, 9, 3)
    today = str(timezone.localdate())
    body = {"question_1": "2", "question_2": "0", "answered_on": today, "consented_on": today}
    asked = at("scale_answers", case.participant.pk, "ease")
    assert client.post(asked, body).status_code == 303
    # Another one about loneliness may still be asked: this is about something else.
    assert "score 11.2" in page_of(client, at("scales", case.participant.pk))
    assert "One is enough" not in page_of(client, at("scales", case.participant.pk))
    client.post(at("scale_remove", scale.pk))
    with acting(user=case.coordinator):
        assert UploadedScale.objects.exists(), "its answers have to stay readable"
        ScaleAnswer.objects.all().delete()
    client.post(at("scale_remove", scale.pk))
    with acting(user=case.coordinator):
        assert not UploadedScale.objects.exists()


def test_an_uploaded_loneliness_scale_counts_as_one(case: Case) -> None:
    lonely = json.dumps(json.loads(EXAMPLE) | {"is_about_loneliness": True})
    actions.upload_scale(by=case.coordinator, service=case.service, file=read_scale_file(lonely))
    meet(case, make_active(case), 9, 3)
    today = timezone.localdate()
    facts: dict[str, Any] = {
        "by": case.coordinator,
        "participant": case.participant,
        "answered_on": today,
    }
    actions.note_scale_answers(**facts, scale="ease", answers=[0, 0], consented_on=today)
    with pytest.raises(Refused, match="One is enough"):
        actions.note_scale_answers(**facts, scale="ons", answers=[3], consented_on=today)


# ---------------------------------------------------------------- consents


def test_a_participant_agrees_and_takes_it_back_on_their_own_page(case: Case) -> None:
    match = make_active(case)
    meet(case, match, 9, 3)
    client = as_(case.participant_user)
    told = page_of(client, at("mine"))
    assert "You told the coordinator that you agree." in told
    assert "Questions about how you feel" in told
    give = at("my_consent", "befriending.outcomes", "give")
    client.post(give, {"version": "1900-1"})
    assert not ConsentRecord.objects.exists(), "only the words that were shown"
    client.post(give, {"version": consents.current_wording(ConsentFor.OUTCOMES).version})
    assert "(wording 2026-1)" in page_of(client, at("mine"))
    today = timezone.localdate()
    asking: dict[str, Any] = {
        "by": case.coordinator,
        "participant": case.participant,
        "scale": "ons",
        "answers": [3],
        "answered_on": today,
        "consented_on": today,
    }
    actions.note_scale_answers(**asking)
    client.post(at("my_consent", "befriending.outcomes", "withdraw"))
    with acting(user=case.coordinator):
        assert not ScaleAnswer.objects.exists(), "the answers went with the consent"
    with pytest.raises(Refused, match="took back"):
        actions.note_scale_answers(**asking)
    assert "You took it back on" in page_of(client, at("mine"))


def test_what_was_agreed_aloud_stands_on_the_persons_own_page(case: Case) -> None:
    meet(case, make_active(case), 9, 3)
    today = timezone.localdate()
    actions.note_scale_answers(
        by=case.coordinator,
        participant=case.participant,
        scale="ons",
        answers=[3],
        answered_on=today,
        consented_on=today,
    )
    assert consents.find_standing(case.participant_user, ConsentFor.OUTCOMES)
    assert "(wording 2026-1)" in page_of(as_(case.participant_user), at("mine"))


def test_taking_part_taken_back_brings_all_to_an_end(case: Case) -> None:
    match = make_active(case)
    client = as_(case.participant_user)
    client.post(at("my_consent", "befriending.taking_part", "withdraw"))
    with acting(user=case.coordinator):
        assert Match.objects.get(pk=match.pk).state == "ending"
    assert Task.objects.filter(key__startswith=f"wish:{match.pk}:stop").exists()


def test_somebody_who_waits_leaves_the_list_by_themselves(case: Case) -> None:
    client = as_(case.participant_user)
    client.post(at("my_consent", "befriending.taking_part", "withdraw"))
    with acting(user=case.coordinator):
        referral = Referral.objects.get(pk=case.referral.pk)
        assert (referral.state, referral.has_consented) == ("withdrawn", False)
        assert gather(case.service)[0] == []
    event = AuditEvent.objects.get(verb="referral_withdraw")
    assert event.actor_id == case.participant_user.subject.pk
    assert "You took it back on" in page_of(client, at("mine"))


def test_a_suggestion_goes_no_further_without_consent(case: Case) -> None:
    match = actions.propose_match(
        by=case.coordinator, referral=case.referral, volunteer=case.volunteer
    )
    for side in ("participant", "volunteer"):
        actions.note_consent(by=case.coordinator, match=match, side=side)
    as_(case.participant_user).post(at("my_consent", "befriending.taking_part", "withdraw"))
    with pytest.raises(Refused, match="not agreed"):
        actions.introduce_match(by=case.coordinator, match=match)
    assert Task.objects.filter(key__startswith=f"wish:{match.pk}").exists()


def test_a_volunteer_takes_it_back(case: Case) -> None:
    match = make_active(case)
    client = as_(case.volunteer_user)
    version = consents.current_wording(ConsentFor.VOLUNTEERING).version
    client.post(at("my_consent", "befriending.volunteering", "give"), {"version": version})
    client.post(at("my_consent", "befriending.volunteering", "withdraw"))
    with acting(user=case.coordinator):
        assert Match.objects.get(pk=match.pk).state == "ending"
        assert Volunteer.objects.get().left_on == timezone.localdate()
    # What is not asked of them is no address for them.
    assert client.post(at("my_consent", "befriending.outcomes", "give")).status_code == 404
    assert client.post(at("my_consent", "something", "give")).status_code == 404


# ---------------------------------------------------------------- set up


def test_a_service_words_its_own_agreement_and_signed_ones_stay(case: Case) -> None:
    match = make_active(case)
    with acting(user=case.coordinator):
        signed = Agreement.objects.get(match=match)
    client = as_(case.coordinator)
    address = at("set_up", case.service.pk)
    told = page_of(client, address)
    assert str(CLAUSES[4]) in told
    body = {"telephone": "0141 496 0000", "hours": "", "visit_grace_minutes": "20"}
    long = client.post(address, body | {"clauses": "x" * 601})
    assert long.status_code == 422
    assert client.post(address, body | {"visit_grace_minutes": "1"}).status_code == 422
    assert client.post(address, body | {"clauses": "We meet.\n\nWe are kind."}).status_code == 303
    service = Service.objects.get(pk=case.service.pk)
    assert service.clauses == ["We meet.", "We are kind."]
    assert (service.visit_grace_minutes, service.telephone) == (20, "0141 496 0000")
    with acting(user=case.coordinator):
        again = Agreement.objects.get(match=match)
    assert (again.clauses, again.text_sha256) == (signed.clauses, signed.text_sha256)
    verbs = set(AuditEvent.objects.values_list("verb", flat=True))
    assert {"change_template", "change_practice"} <= verbs
    assert client.post(address, body | {"clauses": ""}).status_code == 303
    service.refresh_from_db()
    assert service.clauses == []
    # Saving what was suggested keeps it the suggestion, which may change.
    shown = client.get(address).context["form"]["clauses"].value()
    client.post(address, body | {"clauses": shown})
    service.refresh_from_db()
    assert service.clauses == []


def test_set_up_is_for_those_who_run_the_service(case: Case) -> None:
    for user in (case.worker, case.volunteer_user, case.participant_user):
        for name in ("set_up", "outcomes", "scale_upload"):
            assert as_(user).get(at(name, case.service.pk)).status_code == 404
        with acting(purpose=Purpose.MIGRATE):
            with pytest.raises(Refused):
                actions.change_practice(
                    by=user, service=case.service, telephone="", hours="", visit_grace_minutes=5
                )
