"""Opening hours: real values read, evaluated and put into words."""

import csv
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.contrib.gis.geos import Point

from places.hours import (
    InvalidHoursError,
    OpenState,
    check_hours,
    describe_status,
    describe_week,
    is_readable,
    status_at,
    tidy_hours,
    weekly_open_hours,
)

LONDON = ZoneInfo("Europe/London")
WEDNESDAY_NOON = datetime(2026, 3, 11, 12, tzinfo=LONDON)


def test_open_until_tonight_and_closed_until_morning() -> None:
    hours = "Mo-Fr 09:00-17:30; Sa 10:00-14:00"
    status = status_at(hours, WEDNESDAY_NOON)
    assert status.is_open
    assert describe_status(status, WEDNESDAY_NOON) == "Open until 5:30 p.m."
    friday_night = datetime(2026, 3, 13, 20, tzinfo=LONDON)
    assert (
        describe_status(status_at(hours, friday_night), friday_night)
        == "Closed, opens Saturday 10 a.m."
    )


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ("24/7", "Always open"),
        ("", "Hours not known"),
        ("when the lights are on", "Hours not known"),
        ("Mo-Su 10:00-24:00", "Open until midnight"),
        ("Jun-Aug Mo-Su 10:00-16:00", "Closed, opens 1 June"),
        ('We 11:00-13:00 "ring the bell"', "Open until 1 p.m. (ring the bell)"),
    ],
)
def test_status_in_words(hours: str, words: str) -> None:
    assert describe_status(status_at(hours, WEDNESDAY_NOON), WEDNESDAY_NOON) == words


def test_public_holiday_is_observed() -> None:
    christmas = datetime(2026, 12, 25, 12, tzinfo=LONDON)
    assert status_at("Mo-Fr 09:00-17:00; PH off", christmas).state is OpenState.CLOSED
    assert status_at("Mo-Fr 09:00-17:00", christmas).is_open


def test_moments_in_other_zones_mean_the_same() -> None:
    summer_noon_utc = datetime(2026, 7, 1, 16, 30, tzinfo=ZoneInfo("UTC"))
    assert not status_at("Mo-Su 09:00-17:00", summer_noon_utc).is_open  # 17:30 in London


def test_sunset_is_that_of_the_place() -> None:
    evening = datetime(2026, 6, 21, 21, 45, tzinfo=LONDON)
    lerwick, penzance = Point(-1.14, 60.15, srid=4326), Point(-5.54, 50.12, srid=4326)
    assert status_at("sunrise-sunset", evening, point=lerwick).is_open
    assert not status_at("sunrise-sunset", evening, point=penzance).is_open


def test_week_in_words() -> None:
    days = describe_week("Mo-We 09:00-12:00,13:00-17:00; Fr 17:00-01:00; Su off", WEDNESDAY_NOON)
    assert [day.text for day in days] == [
        "9 a.m. to noon, 1 p.m. to 5 p.m.",
        "closed",
        "5 p.m. to 1 a.m.",
        "closed",
        "closed",
        "9 a.m. to noon, 1 p.m. to 5 p.m.",
        "9 a.m. to noon, 1 p.m. to 5 p.m.",
    ]
    assert [day.is_today for day in days] == [True, *[False] * 6]
    assert {day.text for day in describe_week("24/7", WEDNESDAY_NOON)} == {"all day"}
    assert describe_week("", WEDNESDAY_NOON) == []


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ("24/7", 168.0),
        ("Mo-Fr 09:00-17:00", 40.0),
        ("Mo-Fr 09:00-17:00; PH off", 40.0),
        ("Fr 22:00-02:00", 4.0),
        ("Su 22:00-02:00", 4.0),  # what runs over into Monday comes from the Sunday before
        ("Apr-Sep Mo-Fr 10:00-12:00", 5.0),  # two of the four seasons
        ("", None),
    ],
)
def test_weekly_hours(hours: str, expected: float | None) -> None:
    assert weekly_open_hours(hours, year=2026) == expected


def test_invalid_hours_say_where() -> None:
    with pytest.raises(InvalidHoursError) as caught:
        check_hours("Mo-Fr 09:00-17:00; weekends sometimes")
    assert "weekends sometimes" in str(caught.value)
    assert "Mo-Fr 09:00-17:00; Sa 10:00-14:00" in str(caught.value)
    with pytest.raises(InvalidHoursError):
        weekly_open_hours("by appointment, ring us")
    check_hours("")


def test_frequent_slips_are_mended() -> None:
    assert tidy_hours(" Mo–Fr  09:00–17:00; ") == "Mo-Fr 09:00-17:00"
    assert is_readable("Mo–Fr 09:00–17:00;")
    assert not is_readable("ask at the bar")
    assert not is_readable("")
    assert not is_readable(" ; ")


def test_real_values_are_read(sample_data: Path) -> None:
    with (sample_data / "opening_hours" / "osm_real_values_ODbL.csv").open() as file:
        values = [row["opening_hours"] for row in csv.DictReader(file)]
    readable = [value for value in values if is_readable(value)]
    assert len(readable) / len(values) >= 0.97
    for value in readable:
        hours = weekly_open_hours(value, year=2026)
        assert hours is not None
        assert 0 <= hours <= 168
        assert describe_status(status_at(value, WEDNESDAY_NOON), WEDNESDAY_NOON)
        assert len(describe_week(value, WEDNESDAY_NOON)) == 7


def test_odd_values_never_raise_anything_else(sample_data: Path) -> None:
    with (sample_data / "opening_hours" / "opening_hours_js_values_CC0.csv").open() as file:
        values = [row["value"] for row in csv.DictReader(file)]
    assert len(values) > 1_000
    for value in values:
        assert describe_status(status_at(value, WEDNESDAY_NOON), WEDNESDAY_NOON)
        assert len(describe_week(value, WEDNESDAY_NOON)) == (7 if is_readable(value) else 0)
