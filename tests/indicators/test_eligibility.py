"""Who counts, and the caps."""

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.indicators.eligibility import cap_quarter, counts_today, is_eligible

END = datetime.date(2026, 6, 30)


@pytest.mark.parametrize(
    ("first_seen_on", "dates", "expected"),
    [
        (datetime.date(2026, 6, 16), 2, True),
        (datetime.date(2026, 6, 17), 2, False),
        (datetime.date(2025, 1, 1), 1, False),
        (datetime.date(2025, 1, 1), 2, True),
    ],
)
def test_is_eligible(first_seen_on: datetime.date, dates: int, expected: bool) -> None:
    answer = is_eligible(first_seen_on=first_seen_on, active_dates=dates, quarter_ends_on=END)
    assert answer is expected


def test_the_first_five_of_each_day_count() -> None:
    person = [1] * 7 + [2] * 3 + [1] * 6
    day = [10] * 10 + [11] * 6
    saved = [6, 5, 4, 3, 2, 1, 0, 0, 1, 2, 1, 2, 3, 4, 5, 6]
    counted = counts_today(person, day, saved)
    assert counted.tolist() == [False] * 2 + [True] * 5 + [True] * 3 + [True] * 5 + [False]
    assert counts_today([], [], []).tolist() == []


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 99))))
def test_the_daily_cap_keeps_no_more_and_no_less(moments: list[tuple[int, int, int]]) -> None:
    counted = counts_today(*np.array(moments, dtype=int).reshape(-1, 3).T)
    for key in {moment[:2] for moment in moments}:
        of_day = [i for i, moment in enumerate(moments) if moment[:2] == key]
        kept = [moments[i][2] for i in of_day if counted[i]]
        assert sorted(kept) == sorted(moments[i][2] for i in of_day)[:5]


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1))
def test_the_quarterly_cap_keeps_shares_and_order(counts: list[tuple[int, int]]) -> None:
    raw = np.array(counts)
    logs = raw.sum(axis=1)
    capped = cap_quarter(raw, logs)
    np.testing.assert_allclose(capped.sum(axis=1), np.minimum(logs, 40))
    np.testing.assert_allclose(capped * logs[:, None], raw * np.minimum(logs, 40)[:, None])
    np.testing.assert_allclose(cap_quarter(raw[:, 0], logs), capped[:, 0])
