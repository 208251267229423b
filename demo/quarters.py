"""The calendar of the demo: how far back it goes from the day of loading."""

import datetime as dt

# Closed quarters with moments, before the one that runs: control charts begin at twelve.
CLOSED_QUARTERS = 14


def quarter_of(day: dt.date) -> dt.date:
    """The first day of the quarter that holds `day`."""
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def add_quarters(quarter_on: dt.date, count: int) -> dt.date:
    """The first day of the quarter `count` quarters later (earlier where negative)."""
    quarters = quarter_on.year * 4 + (quarter_on.month - 1) // 3 + count
    return dt.date(quarters // 4, quarters % 4 * 3 + 1, 1)


def first_quarter(day: dt.date) -> dt.date:
    """The quarter in which the island's first moments happened."""
    return add_quarters(quarter_of(day), -CLOSED_QUARTERS)


def closed_quarters(day: dt.date) -> list[dt.date]:
    """The quarters with moments that ended before `day`, oldest first."""
    return [add_quarters(first_quarter(day), number) for number in range(CLOSED_QUARTERS)]
