"""Changes that residents propose and claims of organisations, on the moderators' page.

ASVS 8.2, 15.4, 16.2.
"""

import pytest
from django.test import Client
from django.urls import reverse

from kinder.accounts.models import Contributor, Decision, Role, User
from kinder.accounts.moderation import Reason, Verdict, decide, find_queue, undo
from kinder.accounts.rules import Refused
from places.actions import change_place
from places.actions.proposals import claim_place, suggest_change
from places.models import Place, PlaceClaim, PlaceSuggestion
from tests.factories import ContributorFactory
from tests.factories.accounts import make_member, make_organisation
from tests.factories.places import make_place

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker() -> User:
    return make_member(Role.WORKER)


@pytest.fixture
def place() -> Place:
    return make_place("Kettle Hall", address="1 Quay Street")


def suggest(place: Place, by: Contributor | None = None, **changes: object) -> PlaceSuggestion:
    return suggest_change(by=by, place=place, changes=changes, base_revision=place.revision)


def take(by: User, queue: str, *things: object, **deed: str) -> Decision:
    ids = [str(thing.pk) for thing in things]  # type: ignore[attr-defined]
    return decide(by=by, chosen={queue: ids}, **{"verdict": Verdict.ACCEPT, **deed}).decisions[0]


def read(place: Place) -> Place:
    return Place.objects.get(pk=place.pk)


def test_a_change_is_shown_beside_what_stands_there(worker: User, place: Place) -> None:
    person = ContributorFactory.create()
    suggest(place, person, address="2 Quay Street", name="Kettle Hall www.cheap.example")
    [item] = find_queue("place-changes").waiting(worker)
    told = {str(label): str(value) for label, value in item.facts}
    assert told["Address"] == "1 Quay Street → 2 Quay Street"
    assert item.title == "Kettle Hall"
    assert [str(sign) for sign in item.signals] == ["Has a link"]
    assert item.author == person.pk


def test_a_change_is_taken_and_taken_back(worker: User, place: Place) -> None:
    suggestion = suggest(place, address="2 Quay Street", telephone="01234 567")
    decision = take(worker, "place-changes", suggestion)
    assert (read(place).address, read(place).telephone) == ("2 Quay Street", "01234 567")
    suggestion.refresh_from_db()
    assert suggestion.state == "accepted"
    undo(by=worker, decision_id=decision.pk)
    assert (read(place).address, read(place).telephone) == ("1 Quay Street", "")
    suggestion.refresh_from_db()
    assert suggestion.state == "open"
    [again] = find_queue("place-changes").waiting(worker)
    assert "The place was changed since" in [str(sign) for sign in again.signals]


def test_that_a_place_is_gone_closes_it_and_opens_it_again(worker: User, place: Place) -> None:
    before = place.state
    decision = take(worker, "place-changes", suggest(place, gone=True))
    assert read(place).state == "closed"
    undo(by=worker, decision_id=decision.pk)
    assert read(place).state == before


def test_a_change_is_not_taken_back_over_somebody_elses(worker: User, place: Place) -> None:
    decision = take(worker, "place-changes", suggest(place, address="2 Quay Street"))
    change_place(by=worker, place=read(place), changes={"address": "3 Quay Street"})
    with pytest.raises(Refused, match="changed since"):
        undo(by=worker, decision_id=decision.pk)
    assert read(place).address == "3 Quay Street"


def test_a_change_is_refused_with_a_reason(worker: User, place: Place) -> None:
    suggestion = suggest(place, address="2 Quay Street")
    deed = {"verdict": Verdict.REFUSE, "reason": Reason.SPAM}
    decision = take(worker, "place-changes", suggestion, **deed)
    assert read(place).address == "1 Quay Street"
    undo(by=worker, decision_id=decision.pk)
    suggestion.refresh_from_db()
    assert suggestion.state == "open"


def test_a_claim_is_accepted_and_taken_back(worker: User, place: Place) -> None:
    organisation = make_organisation("Kettle Trust")
    claim = claim_place(
        by=make_member(Role.MEMBER, organisation), place=place, organisation=organisation
    )
    [item] = find_queue("place-claims").waiting(worker)
    assert [str(value) for _label, value in item.facts] == [
        "Kettle Trust",
        "nobody that we know of",
    ]
    decision = take(worker, "place-claims", claim)
    assert read(place).organisation == organisation
    undo(by=worker, decision_id=decision.pk)
    assert read(place).organisation is None
    claim.refresh_from_db()
    assert (claim.state, claim.decided_at) == ("open", None)


def test_a_refused_claim_is_not_opened_beside_a_new_one(worker: User, place: Place) -> None:
    organisation = make_organisation()
    member = make_member(Role.MEMBER, organisation)
    claim = claim_place(by=member, place=place, organisation=organisation)
    deed = {"verdict": Verdict.REFUSE, "reason": Reason.UNCLEAR}
    decision = take(worker, "place-claims", claim, **deed)
    claim_place(by=member, place=place, organisation=organisation)
    with pytest.raises(Refused):
        undo(by=worker, decision_id=decision.pk)
    assert PlaceClaim.objects.filter(state="open").count() == 1


@pytest.mark.parametrize(
    "queue", ["place-changes", "place-claims", "places", "place-photos", "gatherings", "stories",
              "thanks"],
)  # fmt: skip
@pytest.mark.parametrize("text", ["x", "-1", "²", "9" * 30, "9" * 5000, "\x00", "'"])
def test_bent_ids_are_nothing_that_waits(client: Client, queue: str, text: str) -> None:
    """2.2.1: whatever a form names, the page answers."""
    client.force_login(make_member(Role.WORKER))
    body = {"verdict": "accept", "chosen": f"{queue}|{text}"}
    assert client.post(reverse("pages:moderation"), body).status_code == 422


def test_who_sent_it_can_be_left_out(client: Client, worker: User, place: Place) -> None:
    person = ContributorFactory.create()
    suggestion = suggest(place, person, address="2 Quay Street")
    client.force_login(worker)
    client.post(reverse("pages:moderation"), {"one": f"block::place-changes|{suggestion.pk}"})
    person.refresh_from_db()
    assert person.is_blocked
    suggestion.refresh_from_db()
    assert suggestion.state == "open", "the change itself still waits"
