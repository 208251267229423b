"""Attack 14: whoever gets hold of the reports' connection reads what is published and no more."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, connections, transaction
from django.utils import timezone

from connections.indicators.models import Figure, Quarter, Release
from connections.reports.roles import PUBLISHED_TABLES, PUBLISHED_VIEWS, REPORTS_ROLE
from tests.factories import AreaFactory, UserFactory
from tests.factories.befriending import make_story

pytestmark = pytest.mark.django_db

OF_POSTGIS = {
    # PostGIS gives these to everybody: definitions of projections and of its own columns.
    "spatial_ref_sys",
    "geography_columns",
    "geometry_columns",
}


@contextmanager
def reporting() -> Iterator[None]:
    """Become the role of reports within this transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {REPORTS_ROLE}")
        yield
        cursor.execute("RESET ROLE")


def list_relations() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 1"
        )
        return [name for (name,) in cursor.fetchall()]


def is_denied(statement: str) -> bool:
    try:
        with reporting(), connection.cursor() as cursor:
            cursor.execute(statement)
    except ProgrammingError as error:
        return "permission denied" in str(error)
    return False


def test_it_reads_the_listed_tables_and_no_other() -> None:
    relations = list_relations()
    assert {*PUBLISHED_TABLES, *PUBLISHED_VIEWS} < set(relations)
    readable = {
        name
        for name in relations
        if not is_denied(f"SELECT * FROM {connection.ops.quote_name(name)} LIMIT 1")
    }
    assert readable - OF_POSTGIS == {*PUBLISHED_TABLES, *PUBLISHED_VIEWS}


def test_it_writes_nothing() -> None:
    # A view has no rows of its own to empty: the table behind it is in the list.
    tables = set(list_relations()) - OF_POSTGIS - set(PUBLISHED_VIEWS)
    assert tables > set(PUBLISHED_TABLES)
    for table in sorted(tables):
        name = connection.ops.quote_name(table)
        assert is_denied(f"DELETE FROM {name}"), table
        assert is_denied(f"INSERT INTO {name} DEFAULT VALUES"), table
        assert is_denied(f"TRUNCATE {name}"), table


def test_it_makes_nothing_and_becomes_nobody_else() -> None:
    assert is_denied("CREATE TABLE stolen AS SELECT 1")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles"
            " WHERE rolname = %s",
            [REPORTS_ROLE],
        )
        assert cursor.fetchone() == (False, False, False, False)
        cursor.execute(
            "SELECT roleid::regrole::text FROM pg_auth_members WHERE member = %s::regrole",
            [REPORTS_ROLE],
        )
        assert cursor.fetchall() == []
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False), "the application's own role passes policies"


def test_saying_who_acts_opens_nothing() -> None:
    story = make_story(AreaFactory.create())
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {REPORTS_ROLE}")
        cursor.execute("SELECT set_config('kinder.user_id', %s, true)", [str(story.coordinator.pk)])
        with pytest.raises(ProgrammingError, match="permission denied"):
            cursor.execute("SELECT name FROM befriending_participant")


@pytest.mark.parametrize(
    ("state", "is_seen"),
    [
        (Release.State.COMPUTING, False),
        (Release.State.READY, False),
        (Release.State.WITHDRAWN, False),
        (Release.State.PUBLISHED, True),
        (Release.State.SUPERSEDED, True),
    ],
)
def test_of_releases_it_sees_those_let_go(state: Release.State, is_seen: bool) -> None:
    area = AreaFactory.create()
    quarter = Quarter.objects.create(
        starts_on=date(2026, 1, 1),
        geography=area.geography,
        frozen_at=timezone.now(),
        watermark="0" * 64,
    )
    release = Release.objects.create(quarter=quarter, geography=area.geography, method_version="1")
    figure = Figure.objects.create(
        release=release, indicator="A3", area=area, status=Figure.Status.SHOWN, people=40, value=0.5
    )
    is_published = state in {Release.State.PUBLISHED, Release.State.SUPERSEDED}
    Release.objects.filter(pk=release.pk).update(
        state=state,
        published_at=timezone.now() if is_published else None,
        published_by=UserFactory.create() if is_published else None,
    )
    with reporting():
        assert Release.objects.filter(pk=release.pk).exists() is is_seen
        assert Figure.objects.filter(pk=figure.pk).exists() is is_seen
    assert Figure.objects.filter(pk=figure.pk).exists(), "the owner sees what is in preparation"


@pytest.mark.django_db(transaction=True, databases=["default", "reports"])
def test_the_alias_of_reports_signs_in_as_that_role() -> None:
    real = connections.create_connection("reports")
    real.settings_dict["NAME"] = connection.settings_dict["NAME"]
    try:
        with real.cursor() as cursor:
            cursor.execute("SELECT current_user, session_user")
            assert cursor.fetchone() == (REPORTS_ROLE, REPORTS_ROLE)
            cursor.execute("SELECT count(*) FROM indicators_figure")
            assert cursor.fetchone() == (0,)
            with pytest.raises(ProgrammingError, match="permission denied"):
                cursor.execute("SELECT count(*) FROM accounts_user")
    finally:
        real.close()
    assert settings.DATABASES["reports"]["USER"] == REPORTS_ROLE
