"""The calendar of releases."""

import datetime as dt

import pytest

from connections.indicators import quarters


@pytest.mark.parametrize(
    ("quarter_on", "freezes_on", "publishes_on", "name"),
    [
        (dt.date(2026, 1, 1), dt.date(2026, 5, 1), dt.date(2026, 5, 15), "2026-Q1"),
        (dt.date(2026, 4, 1), dt.date(2026, 7, 31), dt.date(2026, 8, 14), "2026-Q2"),
        (dt.date(2025, 7, 1), dt.date(2025, 10, 31), dt.date(2025, 11, 14), "2025-Q3"),
        (dt.date(2025, 10, 1), dt.date(2026, 1, 31), dt.date(2026, 2, 14), "2025-Q4"),
    ],
)
def test_dates_of_a_quarter(
    quarter_on: dt.date, freezes_on: dt.date, publishes_on: dt.date, name: str
) -> None:
    assert quarters.freezes_on(quarter_on) == freezes_on
    assert quarters.publishes_on(quarter_on) == publishes_on
    assert quarters.name_quarter(quarter_on) == name
    assert quarters.parse_quarter(name) == quarter_on
    assert quarters.previous_quarter(quarters.next_quarter(quarter_on)) == quarter_on
    assert quarters.quarter_of(quarters.last_day(quarter_on)) == quarter_on


@pytest.mark.parametrize("text", ["2026-Q5", "2026Q1", "", "26-Q1", "2026-Q1 "])
def test_no_other_period_has_a_name(text: str) -> None:
    with pytest.raises(ValueError, match="is no quarter"):
        quarters.parse_quarter(text)


def test_the_day_is_that_of_the_deployment() -> None:
    late = dt.datetime(2026, 4, 30, 23, 30, tzinfo=dt.UTC)
    assert quarters.today(late) == dt.date(2026, 5, 1)
