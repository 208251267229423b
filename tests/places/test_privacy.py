"""What the register knows of people, and how it forgets them."""

import pytest

from kinder.accounts.models import Contributor, User
from places.models import PlaceConfirmation, PlaceSuggestion
from places.privacy import describe, erase, export, merge
from tests.factories.places import make_place

pytestmark = pytest.mark.django_db


def answer(**who: object) -> PlaceConfirmation:
    return PlaceConfirmation.objects.create(
        place=make_place(), question="step_free", answer="yes", **who
    )


def propose(contributor: Contributor, **facts: object) -> PlaceSuggestion:
    return PlaceSuggestion.objects.create(
        place=make_place(),
        base_revision=1,
        changes={"name": "New"},
        contributor=contributor,
        **facts,
    )


def test_export_and_erasure_of_a_contributor() -> None:
    me, other = Contributor.objects.create(), Contributor.objects.create()
    mine, theirs = answer(contributor=me), answer(contributor=other)
    proposal = propose(me)
    told = export(me)
    assert [row["answer"] for row in told["places.placeconfirmation"]] == ["yes"]
    assert [row["changes"] for row in told["places.placesuggestion"]] == [{"name": "New"}]
    described = {name for holding in describe() for name in holding.model.split(", ")}
    assert set(told) <= described
    assert erase(me) == 2
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert mine.contributor is None
    assert theirs.contributor == other
    assert not PlaceSuggestion.objects.filter(pk=proposal.pk).exists()
    assert not any(export(me).values())


def test_a_user_takes_what_their_phone_said_too() -> None:
    user = User.objects.create_user("me@example.org")
    me = Contributor.objects.create(user=user)
    answer(contributor=me)
    answer(user=user)
    assert len(export(user)["places.placeconfirmation"]) == 2
    assert erase(user) == 2
    assert not PlaceConfirmation.objects.exclude(contributor=None, user=None).exists()


def test_two_phones_become_one_person() -> None:
    stays, goes = Contributor.objects.create(), Contributor.objects.create()
    answer(contributor=goes)
    propose(goes)
    merge(stays, goes)
    assert len(export(stays)["places.placeconfirmation"]) == 1
    assert len(export(stays)["places.placesuggestion"]) == 1
