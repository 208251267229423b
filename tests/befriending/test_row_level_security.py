"""Who sees which befriending row, asked of the database itself, as the owner of the tables."""

import os
import shutil
import subprocess
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, ProgrammingError, connection, migrations, models, transaction
from django.db.migrations.state import ProjectState
from django.db.utils import DatabaseError

from connections.befriending.models import (
    Check,
    Concern,
    Ending,
    Match,
    Meeting,
    Participant,
    Pause,
    Referral,
    Review,
    ScaleAnswer,
    Service,
    Volunteer,
)
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.encryption import encrypt
from kinder.accounts.models import Role, User
from tests.factories import NeighbourhoodFactory
from tests.factories.accounts import make_member, make_user
from tests.factories.befriending import Story, make_story

# Not under row-level security: what a service is called and where it works is public.
OPEN = {"Service", "Service_areas"}
PRIVATE: list[type[models.Model]] = [
    model
    for model in apps.get_app_config("befriending").get_models(include_auto_created=True)
    if model.__name__ not in OPEN
]

SEEN_BY_STAFF = dict.fromkeys((model.__name__ for model in PRIVATE), 1) | {
    "Review": 2,
    "Concern": 0,
    "ConcernStep": 0,
}
SEEN_BY_NOBODY = dict.fromkeys(SEEN_BY_STAFF, 0)
PAIRING = {
    "Match": 1,
    "Agreement": 1,
    "AgreementSignature": 1,
    "Meeting": 1,
    "Pause": 1,
    "Review": 1,
    "Arrangement": 1,
}
# Role in the story: how many rows of each table they see. Another service's story stands beside it.
SEEN: dict[str, dict[str, int]] = {
    "coordinator": SEEN_BY_STAFF,
    "lead": SEEN_BY_STAFF | {"Concern": 1, "ConcernStep": 1},
    "worker": SEEN_BY_NOBODY,
    "volunteer_user": SEEN_BY_NOBODY
    | PAIRING
    | {"Volunteer": 1, "Check": 1, "Training": 1, "Supervision": 1, "Expense": 1, "Visit": 1},
    "participant_user": SEEN_BY_NOBODY
    | PAIRING
    | {"Participant": 1, "Referral": 1, "ScaleAnswer": 1, "UploadedScale": 1},
    "stranger": SEEN_BY_NOBODY,
    "administrator": SEEN_BY_NOBODY,
}


@pytest.fixture
def stories(db: None) -> tuple[Story, Story]:
    area = NeighbourhoodFactory.create()
    return make_story(area), make_story(area, "Kite Hill")


def count_rows() -> dict[str, int]:
    """Count by raw SQL without any condition: nothing but the policies stands in the way."""
    counts = {}
    with connection.cursor() as cursor:
        for model in PRIVATE:
            cursor.execute(
                f"SELECT count(*) FROM {connection.ops.quote_name(model._meta.db_table)}"
            )
            counts[model.__name__] = cursor.fetchone()[0]
    return counts


def test_every_table_but_the_open_ones_is_under_forced_policies(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class"
            " WHERE relkind = 'r' AND relname LIKE 'befriending\\_%'"
        )
        found = dict(cursor.fetchall())
    expected = {model._meta.db_table for model in PRIVATE}
    assert {name for name, is_forced in found.items() if is_forced} == expected
    assert set(found) - expected == {Service._meta.db_table, "befriending_service_areas"}


def test_who_is_nobody_sees_nothing(stories: tuple[Story, Story]) -> None:
    assert count_rows() == SEEN_BY_NOBODY
    assert list(Concern.objects.all()) == []
    assert not Participant.objects.filter(pk=stories[0].participant.pk).exists()


@pytest.mark.parametrize("who", SEEN)
def test_each_sees_their_own(stories: tuple[Story, Story], who: str) -> None:
    story, _other = stories
    outsiders = {
        "stranger": make_user,
        "administrator": lambda: make_user(is_administrator=True),
    }
    user: User = outsiders[who]() if who in outsiders else getattr(story, who)
    with acting(user=user):
        assert count_rows() == SEEN[who]
        seen = {
            model.__name__: set(model._default_manager.values_list("pk", flat=True))
            for model in PRIVATE
        }
    own = {
        model.__name__: {row.pk for row in story.rows if type(row) is model} for model in PRIVATE
    }
    assert all(seen[name] <= own[name] for name in seen), "a row of the other service"


@pytest.mark.parametrize(
    ("role", "sees"),
    [(Role.FUNDER, 0), (Role.MEMBER, 0), (Role.WORKER, 0), (Role.COORDINATOR, 1), (Role.LEAD, 1)],
)
def test_only_two_roles_are_the_services_staff(
    stories: tuple[Story, Story], role: Role, sees: int
) -> None:
    with acting(user=make_member(role, stories[0].organisation)):
        assert Participant.objects.count() == sees


def test_a_role_that_was_taken_away_shows_nothing_more(stories: tuple[Story, Story]) -> None:
    story, _other = stories
    story.coordinator.memberships.all().delete()
    with acting(user=story.coordinator):
        assert count_rows() == SEEN_BY_NOBODY


@pytest.mark.parametrize(
    ("purpose", "concerns", "can_write"),
    [
        (Purpose.RELEASE, 0, False),
        (Purpose.SWEEP, 0, True),
        (Purpose.ERASE, 2, True),
        (Purpose.MIGRATE, 2, True),
    ],
)
def test_each_job_sees_what_it_needs(
    stories: tuple[Story, Story], purpose: Purpose, concerns: int, can_write: bool
) -> None:
    with acting(purpose=purpose):
        counts = count_rows()
        assert counts["Concern"] == concerns
        assert counts["Match"] == 2
        assert Match.objects.update(score=50) == (2 if can_write else 0)


def test_nobody_is_told_before_both_consent(stories: tuple[Story, Story]) -> None:
    story, _other = stories
    with acting(user=story.coordinator):
        Match.objects.filter(pk=story.match.pk).update(
            state="introduced", volunteer_consented_at=None
        )
    for user in (story.volunteer_user, story.participant_user):
        with acting(user=user):
            assert Match.objects.count() == Meeting.objects.count() == 0


def test_a_review_is_seen_by_its_own_side_alone(stories: tuple[Story, Story]) -> None:
    story, _other = stories
    for user, side in (
        (story.volunteer_user, "volunteer"),
        (story.participant_user, "participant"),
    ):
        with acting(user=user):
            assert [review.side for review in Review.objects.all()] == [side]


# What a volunteer, a participant or another service's coordinator tries to write, by table.
CHANGES: list[tuple[type[models.Model], dict[str, Any]]] = [
    (Volunteer, {"is_experienced": True}),
    (Participant, {"needs": ""}),
    (Match, {"score": 100}),
    (Referral, {"priority": 9, "priority_reason": "mine"}),
    (Check, {"role_type": "other"}),
    (Meeting, {"minutes": 500}),
    (Pause, {"until_on": date(2030, 1, 1)}),
    (ScaleAnswer, {"answers": [1]}),
    (Ending, {"plan": ""}),
    (Concern, {"state": "closed"}),
]


@pytest.mark.parametrize("who", ["volunteer_user", "participant_user", "worker", "other"])
@pytest.mark.parametrize(
    ("model", "values"), CHANGES, ids=lambda value: getattr(value, "__name__", "")
)
def test_only_the_services_staff_write(
    stories: tuple[Story, Story], who: str, model: type[models.Model], values: dict[str, Any]
) -> None:
    story, other = stories
    own = [row.pk for row in story.rows if type(row) is model]
    with acting(user=other.coordinator if who == "other" else getattr(story, who)):
        mine = model._default_manager.filter(pk__in=own)
        assert mine.update(**values) == 0
        # Past Django's own collector, which would stop at what hangs on the row.
        assert mine._raw_delete(mine.db) == 0


def test_a_coordinator_cannot_write_into_another_service(stories: tuple[Story, Story]) -> None:
    story, other = stories
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        acting(user=story.coordinator),
    ):
        Participant.objects.create(service=other.service, name="Smuggled")
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        acting(user=story.coordinator),
    ):
        Participant.objects.filter(pk=story.participant.pk).update(service=other.service)
    area = story.participant.travel_area
    assert area is not None
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        acting(user=story.coordinator),
    ):
        # Known by its id alone, somebody of the other service would be tied to this one.
        Referral.objects.create(
            service=story.service,
            participant=other.participant,
            area=area,
            source="self",
            received_on=date(2025, 6, 1),
        )
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        acting(user=story.coordinator),
    ):
        Match.objects.filter(pk=story.match.pk).update(volunteer=other.volunteer)


@pytest.mark.parametrize(
    "who", ["coordinator", "lead", "worker", "volunteer_user", "participant_user"]
)
def test_anyone_in_the_service_raises_a_concern_that_only_its_leads_read(
    stories: tuple[Story, Story], who: str
) -> None:
    story, other = stories
    user: User = getattr(story, who)
    with acting(user=user):
        raised = Concern.objects.create(
            service=story.service, ciphertext=encrypt("bruises"), raised_by=user
        )
        assert Concern.objects.filter(pk=raised.pk).exists() is (who == "lead")
    with acting(user=story.lead):
        assert Concern.objects.filter(pk=raised.pk).update(state="passed_on") == 1
    with acting(user=other.lead):
        assert not Concern.objects.filter(pk=raised.pk).exists()


def test_a_concern_is_raised_in_ones_own_name_and_service(stories: tuple[Story, Story]) -> None:
    story, other = stories
    for service, raised_by, user in (
        (story.service, story.lead, story.volunteer_user),
        (story.service, None, story.volunteer_user),
        (other.service, story.volunteer_user, story.volunteer_user),
        (story.service, None, make_user(is_administrator=True)),
    ):
        with pytest.raises(ProgrammingError, match="row-level security"), acting(user=user):
            Concern.objects.create(service=service, ciphertext=b"x", raised_by=raised_by)


@pytest.mark.django_db(transaction=True)
def test_a_pooled_connection_hands_nothing_on_after_a_commit(
    transactional_db: None,
) -> None:
    story = make_story(NeighbourhoodFactory.create())
    with acting(user=story.lead):
        assert Concern.objects.count() == 1
    assert count_rows() == SEEN_BY_NOBODY


def test_a_data_migration_needs_to_say_that_it_is_one(stories: tuple[Story, Story]) -> None:
    def forget_in_silence(*_arguments: object) -> None:
        changed.append(Participant.objects.update(needs=""))

    def forget(*_arguments: object) -> None:
        with acting(purpose=Purpose.MIGRATE):
            changed.append(Participant.objects.update(needs=""))

    changed: list[int] = []
    state = ProjectState.from_apps(apps)
    with connection.schema_editor() as editor:
        for code in (forget_in_silence, forget):
            migrations.RunPython(code).database_forwards("befriending", editor, state, state)
    assert changed == [0, 2]


def test_a_constraint_still_holds_across_what_one_cannot_see(stories: tuple[Story, Story]) -> None:
    story, _other = stories
    with acting(user=story.coordinator), connection.cursor() as cursor:
        # The concern that hangs on this pairing is not the coordinator's to see.
        cursor.execute("DELETE FROM befriending_match WHERE id = %s", [story.match.pk])
        with pytest.raises(IntegrityError):
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)


def dump_as(role: str, table: str) -> subprocess.CompletedProcess[str]:
    """Run the backup's own program against this test's database."""
    database = settings.DATABASES["default"] | connection.settings_dict
    host, port = connection.get_connection_params().get("host"), database["PORT"]
    return subprocess.run(
        ["pg_dump", "--data-only", "--table", table, "--username", role, "--no-password"]
        + ["--host", str(host)]
        + (["--port", str(port)] if port else [])
        + [str(database["NAME"])],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PGPASSWORD": str(database["PASSWORD"] or "")},
    )


@pytest.mark.skipif(shutil.which("pg_dump") is None, reason="pg_dump is not on this machine's PATH")
@pytest.mark.django_db(transaction=True)
def test_the_backup_holds_every_row_and_the_owners_dump_stops(transactional_db: None) -> None:
    story = make_story(NeighbourhoodFactory.create())
    whole = dump_as("kinder_backup", "befriending_participant")
    assert whole.returncode == 0, whole.stderr
    assert str(story.participant.pk) in whole.stdout
    stopped = dump_as("kinder", "befriending_participant")
    assert stopped.returncode != 0
    assert "row-level security" in stopped.stderr
    assert str(story.participant.pk) not in stopped.stdout


def test_the_backups_role_cannot_write(stories: tuple[Story, Story]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND relowner = 'kinder'::regrole AND has_table_privilege('kinder_backup', c.oid,"
            " 'INSERT, UPDATE, DELETE, TRUNCATE')"
        )
        assert cursor.fetchone() == (0,)


def test_a_broken_setting_shows_an_error_and_no_row(stories: tuple[Story, Story]) -> None:
    with acting(user=stories[0].lead), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('kinder.user_id', 'everybody', true)")
        with pytest.raises(DatabaseError, match="uuid"):
            cursor.execute("SELECT * FROM befriending_concern")
        transaction.set_rollback(True)
