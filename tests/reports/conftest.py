"""A small release: a council of two neighbourhoods, with figures shown and figures suppressed."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

from connections.indicators.models import Release
from connections.reports import reading
from places.models import Area, AreaAncestor, Geography
from tests.factories.places import make_square
from tests.factories.releases import publish_figures


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
    return publish_figures(
        [
            (council, "A1", {"people": 340, "value": 28.0, "lower": 25.0, "upper": 31.0}),
            (
                birk,
                "A1",
                {"people": 75, "value": 24.0, "lower": 20.0, "upper": 28.0, "shrunk": 25.5},
            ),
            (ash, "A1", {}),
            (council, "A3", {"people": 340, "value": 62.0, "lower": 57.0, "upper": 67.0}),
            (birk, "A3", {"status": "bound", "bound": "high"}),
            (ash, "A3", {}),
            (ash, "B1", {}),
            (council, "C1", {"value": 1038.5, "coverage": 82.0}),
            (birk, "C1", {"status": "provisional"}),
            (ash, "C1", {"value": 12.0, "coverage": 90.0}),
        ]
    )
