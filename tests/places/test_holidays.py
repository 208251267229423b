"""Public holidays are those of the nation, and hours are written as people type them."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from opening_hours import OpeningHours, State
from pytest_django.fixtures import Settings

from places.holidays import name_holiday, public_holidays, write_out_holidays
from places.hours import describe_week, means_the_same, status_at
from places.week import (
    DAYS,
    UnclearHoursError,
    Week,
    describe_rules,
    read_spans,
    read_week,
    write_week,
)


@pytest.mark.parametrize(
    ("nation", "on", "is_open"),
    [
        ("GB-SCT", datetime(2026, 1, 2, 12, tzinfo=UTC), False),
        ("GB-ENG", datetime(2026, 1, 2, 12, tzinfo=UTC), True),
        ("GB-SCT", datetime(2026, 11, 30, 12, tzinfo=UTC), False),
        ("GB-ENG", datetime(2026, 11, 30, 12, tzinfo=UTC), True),
        ("GB-SCT", datetime(2026, 4, 6, 12, tzinfo=UTC), True),
        ("GB-ENG", datetime(2026, 4, 6, 12, tzinfo=UTC), False),
        ("GB-NIR", datetime(2026, 3, 17, 12, tzinfo=UTC), False),
    ],
)
def test_each_nation_keeps_its_own_days(
    settings: Settings, nation: str, on: datetime, is_open: bool
) -> None:
    settings.HOLIDAYS = nation
    _forget()
    try:
        assert status_at("Mo-Fr 09:00-17:00; PH off", on).is_open is is_open
    finally:
        settings.HOLIDAYS = "GB-SCT"
        _forget()


def _forget() -> None:
    from places.holidays import holidays_around
    from places.hours import _parse_for_year

    for kept in (public_holidays, holidays_around, _parse_for_year):
        kept.cache_clear()


def test_the_week_names_a_holiday() -> None:
    week = describe_week("Mo-Fr 09:00-17:00; PH off", datetime(2026, 11, 29, 12, tzinfo=UTC))
    assert (week[1].text, week[1].holiday) == ("closed", "Saint Andrew's Day")
    assert name_holiday(date(2026, 11, 29)) == ""


def test_writing_holidays_out_means_the_same_on_all_real_hours(sample_data: Path) -> None:
    """With the library's own days in place of a nation's, nothing may differ at any minute."""
    path = sample_data / "opening_hours" / "osm_real_values_ODbL.csv"
    with path.open(encoding="utf-8", newline="") as file:
        values = [row["opening_hours"] for row in csv.DictReader(file)]
    start, end = datetime(2025, 1, 1), datetime(2028, 1, 1)
    known = OpeningHours("PH 10:00-11:00", country="GB").intervals(start, end)
    days = tuple(begin.date() for begin, _end, state, _comment in known if state == State.OPEN)
    compared = 0
    for value in values:
        written = write_out_holidays(value, days)
        if written == value:
            continue
        try:
            one = OpeningHours(value, country="GB")
        except SyntaxError:
            continue
        other = OpeningHours(written, country="GB")
        middle = datetime(2026, 1, 1), datetime(2027, 1, 1)
        assert _told(one, *middle) == _told(other, *middle), value
        compared += 1
    assert compared > 90


def _told(hours: OpeningHours, start: datetime, end: datetime) -> list[object]:
    return [span for span in hours.intervals(start, end) if span[2] != State.CLOSED]


@pytest.mark.parametrize(
    ("typed", "spans"),
    [
        ("", ()),
        ("Closed", ()),
        ("9-17", ("09:00-17:00",)),
        ("9am-5pm", ("09:00-17:00",)),
        ("9-5pm", ("09:00-17:00",)),
        ("1-5pm", ("13:00-17:00",)),
        ("09:00–12:30, 13.30 to 17:00", ("09:00-12:30", "13:30-17:00")),
        ("6pm - midnight", ("18:00-24:00",)),
        ("noon to 2pm", ("12:00-14:00",)),
        ("10-2am", ("22:00-02:00",)),
        ("18:00-02:00", ("18:00-02:00",)),
        ("12:00-0:00", ("12:00-24:00",)),
        ("18:00+", ("18:00+",)),
        ("all day", ("00:00-24:00",)),
    ],
)
def test_times_are_read_as_people_type_them(typed: str, spans: tuple[str, ...]) -> None:
    assert read_spans(typed) == spans


@pytest.mark.parametrize("typed", ["soon", "9", "9-9", "9:75-10", "60-70", "13pm-2pm", "9-5-7"])
def test_what_is_no_time_is_said(typed: str) -> None:
    with pytest.raises(UnclearHoursError):
        read_spans(typed)


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ("24/7", ["Every day: all day"]),
        (
            "Mo-Fr 09:00-17:00; Sa 10:00-14:00; PH off",
            [
                "Monday to Friday: 9 a.m. to 5 p.m.",
                "Saturday: 10 a.m. to 2 p.m.",
                "Sunday: closed",
                "Public holidays: closed",
            ],
        ),
        (
            "Mo,We 10:00-12:00,13:00-15:00; Dec 24-26 off",
            [
                "Monday, Wednesday: 10 a.m. to noon, 1 p.m. to 3 p.m.",
                "Also, as it was written: Dec 24-26 off",
            ],
        ),
        ("sunrise-sunset", []),
        ("nonsense", []),
        ("", []),
    ],
)
def test_rules_are_told_in_words(value: str, lines: list[str]) -> None:
    assert [f"{row.days}: {row.hours}" for row in describe_rules(value)] == lines


def test_times_are_those_of_the_readers_language() -> None:
    with translation.override("pl"):
        assert describe_rules("Mo-Su 09:00-17:00")[0].hours.count(":") >= 1


SPANS = st.lists(
    st.sampled_from(["07:30-12:00", "13:00-17:45", "18:00-23:00", "19:00+"]),
    unique=True,
    max_size=2,
).map(lambda spans: tuple(sorted(spans)))


@given(st.tuples(*[SPANS] * len(DAYS)), st.none() | SPANS)
def test_rows_come_back_as_they_were_written(
    days: tuple[tuple[str, ...], ...], holidays: tuple[str, ...] | None
) -> None:
    week = Week(days, holidays)
    if not any(days):
        return
    assert read_week(write_week(week)) == week
    assert means_the_same(write_week(week), write_week(week))
