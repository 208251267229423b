"""Places grow old, and what residents say freshens them."""

import datetime as dt

import pytest
from django.utils import timezone

from kinder.accounts.models import Contributor, Role, Task
from kinder.accounts.rules import Refused
from places.actions import answer_question, confirm_place, mark_stale
from places.freshness import FRESH_FOR, STAY, STILL_THERE, period_of, pick_question
from places.models import LayerVersion, Place, PlaceConfirmation, PlaceVersion, Welcome
from places.search import Search, find_places
from places.vocabulary import CostToStay, PlaceKind, PlaceState
from tests.factories.accounts import make_member
from tests.factories.places import make_place

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def make_people(count: int) -> list[Contributor]:
    return [Contributor.objects.create() for _ in range(count)]


def make_old(**facts: object) -> Place:
    place = make_place(**facts)  # type: ignore[arg-type]
    Place.objects.filter(pk=place.pk).update(confirmed_at=NOW - FRESH_FOR - dt.timedelta(days=1))
    place.refresh_from_db()
    return place


def test_what_nobody_confirmed_for_six_months_is_stale_once() -> None:
    old, young = make_old(), make_place()
    hidden = make_old(state=PlaceState.HIDDEN)
    assert mark_stale(now=NOW) == 1
    version = LayerVersion.objects.get(layer="places").version
    assert mark_stale(now=NOW) == 0
    states = dict(Place.objects.values_list("pk", "state"))
    assert states == {old.pk: "stale", young.pk: "verified", hidden.pk: "hidden"}
    assert LayerVersion.objects.get(layer="places").version == version
    Place.objects.filter(pk=old.pk).update(state=PlaceState.VERIFIED, confirmed_at=None)
    Place.objects.filter(pk=old.pk).update(created_at=NOW - FRESH_FOR - dt.timedelta(days=1))
    assert mark_stale(now=NOW) == 1


def test_the_last_day_of_six_months_is_still_fresh() -> None:
    place = make_place()
    Place.objects.filter(pk=place.pk).update(confirmed_at=NOW - FRESH_FOR)
    assert mark_stale(now=NOW) == 0
    assert mark_stale(now=NOW + dt.timedelta(seconds=1)) == 1


def test_one_residents_yes_makes_a_place_fresh_again() -> None:
    place = make_old(state=PlaceState.STALE)
    (person,) = make_people(1)
    heard = answer_question(by=person, place=place, question=STILL_THERE, answer="yes", now=NOW)
    assert heard.is_changed
    place.refresh_from_db()
    assert (place.state, place.confirmed_at) == (PlaceState.VERIFIED, NOW)
    assert PlaceVersion.objects.filter(place=place, deed="residents", actor_id=None).count() == 1


def test_a_person_counts_once_in_a_half_year() -> None:
    place = make_place(kind=PlaceKind.CAFE)
    (person,) = make_people(1)
    for answer in ("yes", "no", "yes", "yes"):
        answer_question(by=person, place=place, question="toilet", answer=answer, now=NOW)
    assert PlaceConfirmation.objects.count() == 1
    assert not Welcome.objects.exists()


def test_two_who_agree_change_the_register() -> None:
    place = make_place(kind=PlaceKind.CAFE)
    first, second, third = make_people(3)
    answer_question(by=first, place=place, question="toilet", answer="yes", now=NOW)
    answer_question(by=second, place=place, question="toilet", answer="no", now=NOW)
    assert not Welcome.objects.exists()
    answer_question(by=third, place=place, question="toilet", answer="yes", now=NOW)
    assert not Welcome.objects.exists()
    answer_question(by=second, place=place, question="toilet", answer="unknown", now=NOW)
    told = Welcome.objects.get()
    assert (told.attribute, told.value, told.checked_on) == (
        "toilet",
        "yes",
        timezone.localdate(NOW),
    )


def test_what_a_worker_checked_stands_until_two_say_otherwise_later() -> None:
    place = make_place(kind=PlaceKind.CAFE, welcome={"toilet": "yes"})
    people = make_people(2)
    for person in people:
        answer_question(by=person, place=place, question="toilet", answer="no", now=NOW)
    assert Welcome.objects.get().value == "yes"
    later = NOW + dt.timedelta(days=2)
    for person in people:
        answer_question(by=person, place=place, question="toilet", answer="no", now=later)
    assert Welcome.objects.get().value == "no"


@pytest.mark.parametrize(
    ("kind", "answer", "cost"),
    [
        (PlaceKind.CAFE, "yes", CostToStay.NOBODY_MINDS),
        (PlaceKind.CAFE, "no", CostToStay.SMALL_PURCHASE),
        (PlaceKind.LIBRARY, "yes", CostToStay.FREE),
        (PlaceKind.ARTS, "no", CostToStay.ENTRY_FEE),
    ],
)
def test_what_it_costs_to_stay_is_agreed_too(kind: str, answer: str, cost: str) -> None:
    place = make_place(kind=kind)
    for person in make_people(2):
        answer_question(by=person, place=place, question=STAY, answer=answer, now=NOW)
    place.refresh_from_db()
    assert (place.cost_to_stay, place.cost_checked_on) == (cost, timezone.localdate(NOW))


def test_a_no_never_closes_a_place_but_asks_a_worker_to_look() -> None:
    place = make_old()
    for person in make_people(3):
        answer_question(by=person, place=place, question=STILL_THERE, answer="no", now=NOW)
    place.refresh_from_db()
    assert place.state == PlaceState.VERIFIED
    assert Task.objects.get().object_id == str(place.pk)
    worker = make_member(role=Role.WORKER)
    confirm_place(by=worker, place=place)
    assert Task.objects.get().done_by == worker


@pytest.mark.parametrize("state", [PlaceState.HIDDEN, PlaceState.SUGGESTED, PlaceState.CLOSED])
def test_nobody_is_asked_about_what_nobody_sees(state: str) -> None:
    (person,) = make_people(1)
    with pytest.raises(Refused):
        answer_question(by=person, place=make_place(state=state), question=STAY, answer="yes")
    with pytest.raises(ValueError, match="nonsense"):
        answer_question(by=person, place=make_place(), question="nonsense", answer="yes")


def test_questions_come_one_by_one_the_missing_before_the_old() -> None:
    place = make_old(kind=PlaceKind.CAFE, welcome={"step_free": "yes"})
    (person,) = make_people(1)
    asked = []
    while question := pick_question(place, person, now=NOW):
        asked.append(question.code)
        answer_question(by=person, place=place, question=question.code, answer="unknown", now=NOW)
    assert asked[:3] == [STILL_THERE, STAY, "toilet"]
    assert "step_free" not in asked
    assert len(asked) == len(set(asked))
    assert pick_question(place, None, now=NOW) is not None


def test_nobody_is_asked_for_wifi_on_a_bench() -> None:
    place = make_place(kind=PlaceKind.BENCH, cost_to_stay=CostToStay.FREE)
    (person,) = make_people(1)
    asked = []
    while question := pick_question(place, person, now=NOW):
        asked.append(question.code)
        answer_question(by=person, place=place, question=question.code, answer="unknown", now=NOW)
    assert "seats_with_backs" in asked
    assert not {"wifi", "toilet", "warm"} & set(asked)


def test_half_years() -> None:
    assert period_of(dt.date(2026, 6, 30)) == dt.date(2026, 1, 1)
    assert period_of(dt.date(2026, 7, 1)) == dt.date(2026, 7, 1)


def test_residents_see_what_is_stale_after_the_rest() -> None:
    make_place("A old one", state=PlaceState.STALE)
    make_place("B young one")
    found = find_places(Search(), NOW).places
    assert [(place.name, place.is_stale) for place in found] == [
        ("B young one", False),
        ("A old one", True),
    ]
