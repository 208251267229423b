"""A small release: a council of two neighbourhoods, with figures shown and figures suppressed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connections

from connections.indicators.definitions import METHOD_VERSION
from connections.indicators.models import Figure, Quarter, Release
from connections.reports import reading
from places.models import Area, AreaAncestor, Geography
from tests.factories.places import make_square


def make_area(geography: Geography, code: str, name: str, level: str, **fields: Any) -> Area:
    area = make_square(code, geography=geography, level=level, name=name, **fields)
    AreaAncestor.objects.create(area=area, ancestor=area, depth=0)
    if area.parent:
        AreaAncestor.objects.create(area=area, ancestor=area.parent, depth=1)
    return area


@pytest.fixture(autouse=True)
def read_in_the_open_transaction(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """A second connection sees nothing of a test's open transaction, so most tests read through
    the first; test_reader.py, transactional, reads through the reports' own role."""
    if "test_reader" not in request.node.nodeid:
        monkeypatch.setattr(reading, "READER", "default")
    yield
    connections["reports"].close()


@pytest.fixture
def geography(db: None) -> Geography:
    return Geography.objects.create(
        slug="test-2011", name="Test zones 2011", is_current=True, attribution="Test © nobody"
    )


@pytest.fixture
def release(geography: Geography) -> Release:
    """Released figures: the council and Birkhill shown, Ashburn suppressed."""
    council = make_area(geography, "X1", "Testshire", "council")
    birk = make_area(geography, "X2", "Birkhill", "intermediate", parent=council)
    ash = make_area(geography, "X3", "=Ashburn", "intermediate", parent=council)
    quarter = Quarter.objects.create(starts_on=date(2026, 1, 1), geography=geography)
    release = Release.objects.create(
        quarter=quarter,
        geography=geography,
        state=Release.State.READY,
        method_version=METHOD_VERSION,
        watermark="ab" * 32,
    )
    shown = Figure.Status.SHOWN
    Figure.objects.bulk_create(
        [
            Figure(
                release=release,
                area=council,
                indicator="A1",
                status=shown,
                people=340,
                value=28.0,
                lower=25.0,
                upper=31.0,
            ),
            Figure(
                release=release,
                area=birk,
                indicator="A1",
                status=shown,
                people=120,
                value=24.0,
                lower=20.0,
                upper=28.0,
            ),
            Figure(release=release, area=ash, indicator="A1", status=Figure.Status.SUPPRESSED),
            Figure(
                release=release,
                area=council,
                indicator="A3",
                status=shown,
                people=340,
                value=62.0,
                lower=57.0,
                upper=67.0,
            ),
            Figure(release=release, area=birk, indicator="A3", status="bound", bound="high"),
            Figure(release=release, area=ash, indicator="A3", status=Figure.Status.SUPPRESSED),
            Figure(release=release, area=ash, indicator="B1", status=Figure.Status.SUPPRESSED),
            Figure(
                release=release,
                area=council,
                indicator="C1",
                status=shown,
                value=38.5,
                coverage=82.0,
            ),
            Figure(release=release, area=birk, indicator="C1", status=Figure.Status.PROVISIONAL),
            Figure(
                release=release, area=ash, indicator="C1", status=shown, value=12.0, coverage=90.0
            ),
        ]
    )
    release.state = Release.State.PUBLISHED
    release.published_at = datetime(2026, 5, 20, 9, tzinfo=UTC)
    release.save()
    return release
