"""Each room answers for what it holds; a person's data can be taken away and erased whole."""

import json
from datetime import date

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.test import Client

from connections.befriending.models import Concern, Match, Meeting, Participant
from connections.indicators.models import Quarter, Release
from kinder.accounts import privacy
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.actions import erase_person, export_person
from kinder.accounts.audit import record, subject_of
from kinder.accounts.models import (
    AuditEvent,
    ConsentRecord,
    Contributor,
    Device,
    Subject,
    Tombstone,
    User,
)
from kinder.accounts.tombstones import hash_key
from tests.factories import (
    AdministratorFactory,
    AreaFactory,
    ContributorFactory,
    DeviceFactory,
    UserFactory,
)
from tests.factories.accounts import make_user
from tests.factories.befriending import make_story

pytestmark = pytest.mark.django_db


def dump() -> str:
    """Every row of every table of the application, as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace AND relowner = 'kinder'::regrole"
        )
        tables = [name for (name,) in cursor.fetchall()]
        rows = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows += [f"{table} {row}" for (row,) in cursor.fetchall()]
    return "\n".join(rows)


def test_the_rooms_describe_what_they_hold() -> None:
    names = [room.name for room in privacy.rooms()]
    assert {"accounts", "befriending"} <= set(names)
    assert names == sorted(names)
    for room in privacy.rooms():
        for holding in room.describe():
            assert all((holding.model, holding.what, holding.why, holding.how_long))


def test_an_export_holds_ones_own_and_nobody_elses() -> None:
    area = AreaFactory.create()
    story, other = make_story(area), make_story(area, "Kite Hill")
    contributor = ContributorFactory.create(user=story.volunteer_user)
    DeviceFactory.create(contributor=contributor)
    exported = export_person(by=story.volunteer_user, person=story.volunteer_user)
    text = json.dumps(exported, cls=DjangoJSONEncoder)
    assert exported["accounts"]["account"][0]["email"] == story.volunteer_user.email
    assert len(exported["accounts"]["devices"]) == 1
    assert exported["befriending"]["volunteers"][0]["name"] == story.volunteer.name
    assert exported["befriending"]["meetings"][0]["note"] == "a good talk"
    assert exported["befriending"]["participants"] == []
    for secret in (story.participant.name, other.volunteer.name, "a fall on the stairs", "secret"):
        assert secret not in text
    assert AuditEvent.objects.latest("id").verb == "export_person"


def test_after_an_erasure_nothing_in_the_database_points_at_the_person(client: Client) -> None:
    story = make_story(AreaFactory.create())
    user = story.participant_user
    User.objects.filter(pk=user.pk).update(name="Morag Findlay")
    client.force_login(user)
    contributor = ContributorFactory.create(user=user)
    device = DeviceFactory.create(contributor=contributor)
    consent = ConsentRecord.objects.create(
        subject=subject_of(contributor), purpose="diary", wording_version="1", language="en-gb"
    )
    record("say_something", story.service, by=user)
    keys = [str(user.pk), user.email, "Morag Findlay", str(contributor.pk), device.key_hmac.hex()]
    keys += [story.participant.name, story.participant.needs, "a good talk", str(device.pk)]
    with acting(purpose=Purpose.MIGRATE):
        text = dump()
        # The note is encrypted, so a search never finds it.
        assert {key for key in keys if key not in text} == {"a good talk"}

    counts = erase_person(by=user, person=user)
    assert counts["befriending"] > 5
    assert counts["accounts"] > 3
    with acting(purpose=Purpose.MIGRATE):
        text = dump()
        assert [key for key in keys if key in text] == []
        # What belongs to the other of the two stays, without a name on this side.
        assert Match.objects.get().volunteer == story.volunteer
        assert Participant.objects.get().name == ""
        assert Meeting.objects.get().note_ciphertext is None
        assert Concern.objects.count() == 1
    assert {stone.kind for stone in Tombstone.objects.all()} == {
        "accounts.user",
        "accounts.contributor",
    }
    assert bytes(Tombstone.objects.get(kind="accounts.user").key_hmac) == hash_key(user)
    assert not Subject.objects.filter(user=user.pk).exists()
    assert not ConsentRecord.objects.filter(pk=consent.pk).exists()
    assert AuditEvent.objects.filter(verb="say_something").exists(), "the audit stays"
    assert not Session.objects.exists()
    assert not UserSession.objects.exists()


def test_whoever_signed_something_off_stays_as_a_nameless_account() -> None:
    administrator, leaver = AdministratorFactory.create(), make_user(name="Morag Findlay")
    area = AreaFactory.create()
    quarter = Quarter.objects.create(starts_on=date(2026, 1, 1), geography=area.geography)
    release = Release.objects.create(
        quarter=quarter, geography=area.geography, method_version="1", published_by=leaver
    )
    erase_person(by=administrator, person=leaver)
    release.refresh_from_db()
    nameless = User.objects.get(pk=leaver.pk)
    assert release.published_by == nameless
    assert (nameless.name, nameless.is_active, nameless.has_usable_password()) == ("", False, False)
    assert nameless.email.endswith("@erased.invalid")
    with acting(purpose=Purpose.MIGRATE):
        text = dump()
    assert leaver.email not in text
    assert "Morag" not in text


def test_a_contributor_without_an_account_erases_itself() -> None:
    contributor, other = ContributorFactory.create(), DeviceFactory.create()
    DeviceFactory.create(contributor=contributor)
    erase_person(by=contributor, person=contributor)
    assert list(Contributor.objects.all()) == [other.contributor]
    assert list(Device.objects.all()) == [other]


def test_a_coordinator_who_leaves_takes_no_record_along() -> None:
    story = make_story(AreaFactory.create())
    with acting(purpose=Purpose.MIGRATE):
        before = (Participant.objects.count(), Meeting.objects.count(), Match.objects.count())
    erase_person(by=AdministratorFactory.create(), person=story.coordinator)
    with acting(purpose=Purpose.MIGRATE):
        assert before == (
            Participant.objects.count(),
            Meeting.objects.count(),
            Match.objects.count(),
        )
        assert Participant.objects.get().name == story.participant.name


def test_an_erased_person_can_come_back_as_somebody_new() -> None:
    user = UserFactory.create(email="again@example.org")
    erase_person(by=user, person=user)
    assert User.objects.create_user("again@example.org").pk != user.pk
