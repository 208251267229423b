"""Every kind of record that points at a person is told of, with what, why and how long."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db.models import Field, Model
from django.test import Client

from kinder.accounts import privacy
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.models import Contributor, Device, Subject, User
from tests.factories import ContributorFactory
from tests.factories.accounts import make_user

PEOPLE = (User, Contributor, Subject, Device)
# A number without a foreign key that is somebody's all the same.
NUMBERS = ("contributor", "actor", "subject", "user_id")


def described() -> set[str]:
    return {label for room in privacy.rooms() for one in room.describe() for label in one.models}


def pointing_at_people() -> Iterator[type[Model]]:
    for model in apps.get_models(include_auto_created=False):
        for field in model._meta.get_fields():
            if not isinstance(field, Field) or field.many_to_many:
                continue
            is_number = not field.is_relation and any(word in field.name for word in NUMBERS)
            if field.related_model in PEOPLE or is_number:
                yield model
                break


def test_every_model_that_points_at_a_person_is_described() -> None:
    missing = sorted(
        model._meta.label
        for model in pointing_at_people()
        if model._meta.label_lower not in described()
    )
    assert missing == [], (
        "These hold something about a person, and no room says what, why and how long: describe"
        " them in the room's privacy.py, and think of export, erase, merge and retention."
    )


def test_what_is_described_is_there() -> None:
    known = {model._meta.label_lower for model in apps.get_models()}
    assert described() - known == set()


def test_encrypted_texts_are_described_and_rotated() -> None:
    """Whatever is encrypted belongs to somebody."""
    encrypted = {
        model._meta.label_lower
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.name.endswith("ciphertext")
    }
    assert len(encrypted) >= 3
    assert sorted(encrypted - described()) == []


@pytest.mark.django_db
def test_the_page_is_made_from_the_models(client: Client) -> None:
    page = client.get("/privacy/data/").content.decode()
    for room in privacy.rooms():
        for holding in room.describe():
            assert str(holding.what).split("'")[0].split("“")[0] in page
    assert "e-mail address" in page
    assert "How long" in page
    assert "12 months." in page
    assert "/privacy/data/" in client.get("/privacy/").content.decode()


@pytest.mark.django_db
def test_every_kind_that_is_exported_belongs_to_something_that_is_told() -> None:
    """Else people would take away what their own page does not name."""
    user = make_user()
    person = ContributorFactory.create(user=user)
    unclaimed = []
    with acting(purpose=Purpose.ERASE):
        for room in privacy.rooms():
            claimed = {kind for one in room.describe() for kind in one.exported_as}
            for one in (user, person):
                unclaimed += [
                    f"{room.name}: {kind}" for kind in room.export(one) if kind not in claimed
                ]
    assert sorted(set(unclaimed)) == []
