"""When boundaries are drawn anew, what is told of an area that kept its code breaks visibly."""

import datetime as dt

import pytest
from django.test import Client

from connections.indicators.lenses.reading import read_change
from connections.indicators.models import Release
from places.models import Geography
from tests.factories.releases import publish_figures
from tests.reports.conftest import make_area

pytestmark = pytest.mark.django_db


@pytest.fixture
def next_release(release: Release) -> Release:
    """The quarter after, in a new vintage: the council is what it was, its neighbourhood is new."""
    newer = Geography.objects.create(slug="test-2022", name="Test zones 2022")
    council = make_area(newer, "X1", "Testshire", "council")
    north = make_area(newer, "X9", "North Birkhill", "intermediate", parent=council)
    told = {"people": 350, "value": 45.0, "lower": 42.0, "upper": 48.0}
    return publish_figures(
        [(council, "A3", told), (north, "A3", told)], quarter_on=dt.date(2026, 4, 1)
    )


def test_an_area_that_kept_its_code_goes_on_with_a_break(
    client: Client, next_release: Release
) -> None:
    page = client.get("/reports/X1/?release=2026-Q2").content.decode()
    assert "made another way from 2026-Q2 on: before and after do not compare" in page
    assert "chart-break" in page
    # Nothing is said of higher or lower across the break.
    assert "Lower than in 2026-Q1" not in page
    change = read_change("A3", next_release.geography.areas.get(code="X1").pk)
    assert [point.value for point in change.points] == [62.0, 45.0]
    assert (change.breaks, change.before) == (("2026-Q2",), None)


def test_an_area_with_a_new_code_begins_anew(client: Client, next_release: Release) -> None:
    page = client.get("/reports/X9/?release=2026-Q2").content.decode()
    assert "North Birkhill" in page
    assert "chart-break" not in page
    assert "made another way" not in page


def test_a_release_of_before_tells_of_its_own_areas(client: Client, next_release: Release) -> None:
    assert client.get("/reports/X2/?release=2026-Q1").status_code == 200
    assert client.get("/reports/X2/?release=2026-Q2").status_code == 404
