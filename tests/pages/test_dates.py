"""Days and months as each language writes them."""

import datetime as dt
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.formats import date_format, time_format
from django.utils.translation import override

from kinder.words import list_sources

MAY = dt.date(2026, 5, 4)  # a Monday


@pytest.mark.parametrize(
    ("language", "day", "month", "time"),
    [
        ("en-gb", "Monday 4 May 2026", "May 2026", "2:30 p.m."),
        ("gd", "Diluain 4 dhen Chèitean 2026", "An Cèitean 2026", "14:30"),
        ("pl", "poniedziałek 4 maja 2026", "maj 2026", "14:30"),
        ("uk", "понеділок 4 травня 2026", "травень 2026", "14:30"),
        ("ur", "پیر 4 مئی 2026", "مئی 2026", "14:30"),
        ("ar", "الاثنين 4 مايو 2026", "مايو 2026", "2:30 م"),
    ],
)
def test_names_as_people_write_them(language: str, day: str, month: str, time: str) -> None:
    with override(language):
        assert date_format(MAY, "l j E Y") == day
        assert date_format(MAY, "F Y") == month
        assert time_format(dt.time(14, 30), "TIME_FORMAT") == time


SAYS_A_DAY = re.compile(r"""["'](?:l )?j F\b""")


@pytest.mark.parametrize(
    "path", list_sources(), ids=lambda path: path.relative_to(settings.BASE_DIR).as_posix()
)
def test_residents_pages_bend_the_month_after_a_day(path: Path) -> None:
    assert not SAYS_A_DAY.search(path.read_text("utf-8"))
