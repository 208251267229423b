"""Calendar quarters and their two dates: when one is frozen, and when it may be published."""

import datetime as dt
import re

from django.utils import timezone

FREEZE_DAY = 31
"""Days after the quarter's last day. A moment is accepted until 30 days after it happened."""
PUBLISH_DAY = 45
"""Days after the quarter's last day, always: no reader can ask for another period."""

_SLUG = re.compile(r"(\d{4})-Q([1-4])")


def quarter_of(day: dt.date) -> dt.date:
    """Return the first day of the quarter of `day`."""
    return dt.date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def next_quarter(quarter_on: dt.date) -> dt.date:
    """Return the first day after the quarter, which is the first of the next one."""
    return quarter_of(quarter_on + dt.timedelta(days=95))


def next_month(month_on: dt.date) -> dt.date:
    """Return the first day of the month after."""
    return (month_on.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def previous_quarter(quarter_on: dt.date) -> dt.date:
    """Return the first day of the quarter before."""
    return quarter_of(quarter_on - dt.timedelta(days=1))


def last_day(quarter_on: dt.date) -> dt.date:
    """Return the last day of the quarter that begins on `quarter_on`."""
    return next_quarter(quarter_on) - dt.timedelta(days=1)


def ends_year(quarter_on: dt.date) -> bool:
    """Whether the quarter is a year's last: its release tells what is told once a year."""
    return quarter_on.month == 10


def freezes_on(quarter_on: dt.date) -> dt.date:
    """Return the first day on which the quarter may be frozen."""
    return last_day(quarter_on) + dt.timedelta(days=FREEZE_DAY)


def publishes_on(quarter_on: dt.date) -> dt.date:
    """Return the first day on which the quarter's release may be published."""
    return last_day(quarter_on) + dt.timedelta(days=PUBLISH_DAY)


def name_quarter(quarter_on: dt.date) -> str:
    """Return the quarter as addresses and files write it: “2026-Q1”."""
    return f"{quarter_on.year}-Q{(quarter_on.month + 2) // 3}"


def parse_quarter(text: str) -> dt.date:
    """Return the first day of “2026-Q1”. ValueError where it is no calendar quarter."""
    found = _SLUG.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no quarter such as 2026-Q1.")
    return dt.date(int(found[1]), 3 * int(found[2]) - 2, 1)


def today(now: dt.datetime | None = None) -> dt.date:
    """Return the local date of `now`, which alone decides what is due."""
    return timezone.localdate(now or timezone.now())
