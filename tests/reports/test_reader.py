"""The reports' database role: it reads what is published, and nothing else is there for it."""

import pytest
from django.db import connections
from django.db.utils import ProgrammingError
from django.test import Client

from connections.indicators.models import Figure, Release
from places.models import Area

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "reports"])


def test_pages_read_through_the_role_of_the_reports(client: Client, release: Release) -> None:
    with connections["reports"].cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("kinder_reports",)
    assert "25 to 31" in client.get("/reports/X1/").content.decode()
    assert client.get("/figures/values/?indicator=A1").status_code == 200
    csv = client.get("/reports/X1/2026-Q1/csv/")
    assert b"X1" in csv.getvalue()


def test_the_role_sees_no_figure_of_a_release_that_is_not_published(release: Release) -> None:
    draft = Release.objects.create(
        quarter=release.quarter,
        geography=release.geography,
        version=2,
        state=Release.State.READY,
        method_version="1",
    )
    area = Area.objects.get(code="X1")
    Figure.objects.create(release=draft, area=area, indicator="A1", status="shown", value=1.0)
    seen = Figure.objects.using("reports")
    assert seen.filter(release=release).exists()
    assert not seen.filter(release=draft).exists()
    assert not Release.objects.using("reports").filter(pk=draft.pk).exists()


@pytest.mark.parametrize(
    "table",
    [
        "interactions_interaction",
        "interactions_note",
        "interactions_promptanswer",
        "accounts_contributor",
        "accounts_user",
        "accounts_subject",
        "indicators_contributormonth",
        "indicators_quartercontributor",
        "indicators_component",
        "befriending_concern",
    ],
)
def test_the_role_may_not_read_what_is_personal_or_ungated(release: Release, table: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        connections["reports"].cursor() as cursor,
    ):
        cursor.execute(f"SELECT count(*) FROM {table}")
