"""Waits and pairings of befriending, from referrals frozen as dates, by council.

Whoever is referred within the year counts in D1, once, with their first referral of it; whoever
first met in the year before in D2, so that each pairing was followed for a year; whoever waits at
the year's end in D3; whoever first answered a loneliness scale in the year before in D4.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from connections.indicators import quarters
from connections.indicators.branches import homes_by_branch
from connections.indicators.components.areas import areas_of, chain
from connections.indicators.components.rows import Row, replace_rows
from connections.indicators.definitions.befriending import (
    AT_RISK,
    LASTS_DAYS,
    LONG_WAIT_DAYS,
    PLANNED_DAYS,
    WAIT_DAYS,
)
from connections.indicators.models import QuarterOutcome, QuarterReferral, ReleaseShard
from connections.indicators.survival import Curve, aalen_johansen

CODES = (
    *("D1", *(code for code in WAIT_DAYS if code != "D1"), "D1.median"),
    *LASTS_DAYS,
    *PLANNED_DAYS,
    "D3",
    "D4",
)
_UNPLANNED, _PLANNED, _APART = 1, 2, 3


def compute_befriending(shard: ReleaseShard) -> None:
    """Write what is told once a year of befriending, with the year's last quarter alone: sums for
    each council, estimates for it and for what holds it. Computing again replaces them."""
    release = shard.release
    areas = {one.id: one for one in areas_of(release.geography)}
    if not quarters.ends_year(release.quarter_id):
        replace_rows(release, CODES, list(areas), [])
        return
    councils = list(homes_by_branch(release.geography))
    frozen = defaultdict(list)
    for row in QuarterReferral.objects.filter(quarter=release.quarter_id).order_by(
        "participant_id", "number"
    ):
        frozen[row.council_id].append(row)
    outcomes = defaultdict(list)
    for one in QuarterOutcome.objects.filter(quarter=release.quarter_id).order_by("participant_id"):
        outcomes[one.council_id].append(one)
    ends_on = quarters.last_day(release.quarter_id)
    rows: list[Row] = []
    for area in sorted({up for one in councils for up in chain(areas, one)}):
        own = frozen.get(area, [])
        inside = [row for one in councils if area in chain(areas, one) for row in frozen[one]]
        rows += _rows(release.pk, area, own, inside, ends_on)
        rows.append(_less_lonely(release.pk, area, outcomes.get(area, [])))
    replace_rows(release, CODES, list(areas), rows)


def _rows(
    release: int,
    area: int,
    own: list[QuarterReferral],
    inside: list[QuarterReferral],
    ends_on: dt.date,
) -> Iterable[Row]:
    def row(code: str, n: int, x: int, found: tuple[float, float, float] | None) -> Row:
        value, low, high = found or (None, None, None)
        return Row(
            release_id=release,
            indicator=code,
            area_id=area,
            n=n,
            x=x,
            total=x,
            squares=x,
            largest=1 if n else 0,
            amount=n,
            value=value,
            lower=low,
            upper=high,
        )

    times, causes = _waits(own, ends_on)
    curve = aalen_johansen(*_waits(inside, ends_on))
    for code, day in WAIT_DAYS.items():
        x = int(((causes == 1) & (times <= day)).sum())
        yield row(code, times.size, x, _percent(curve, 1, day))
    yield row("D1.median", times.size, 0, _median(curve))
    times, causes = _lasting(own, ends_on)
    curve = aalen_johansen(*_lasting(inside, ends_on))
    for code, day in LASTS_DAYS.items():
        # Lasting is not having ended unplanned: the complement of that cause's incidence, which is
        # Kaplan and Meier's curve where no other cause occurs.
        ended = int(((causes == _UNPLANNED) & (times <= day)).sum())
        yield row(code, times.size, times.size - ended, _lasts(curve, day))
    for code, day in PLANNED_DAYS.items():
        x = int(((causes == _PLANNED) & (times <= day)).sum())
        yield row(code, times.size, x, _percent(curve, _PLANNED, day))
    waiting = _waiting(own, ends_on)
    yield row("D3", len(waiting), sum(days > LONG_WAIT_DAYS for days in waiting), None)


def _less_lonely(release: int, area: int, asked: list[QuarterOutcome]) -> Row:
    """Who scored lower at last than at first, of those with both; who is missing stays in `asked`,
    so that it is told beside the share."""
    pairs = [
        (one.first, one.latest) for one in asked if one.first is not None and one.latest is not None
    ]
    x = sum(latest < first for first, latest in pairs)
    return Row(
        release_id=release,
        indicator="D4",
        area_id=area,
        n=len(pairs),
        x=x,
        total=x,
        squares=x,
        largest=1 if pairs else 0,
        amount=len(pairs),
        asked=len(asked),
        answered=len(pairs),
    )


def _waits(rows: Iterable[QuarterReferral], ends_on: dt.date) -> tuple[np.ndarray, np.ndarray]:
    """Days and causes (1 met, 2 left the list, 0 still waiting) of the year's referrals, the first
    of each person. Followed to the quarter's end, so that the day of freezing changes nothing."""
    first_on = dt.date(ends_on.year, 1, 1)
    seen: set[object] = set()
    found = []
    for one in rows:
        if one.participant_id in seen or not first_on <= one.received_on <= ends_on:
            continue
        seen.add(one.participant_id)
        found.append(_until(one.received_on, [(1, one.met_on), (2, one.left_on)], ends_on))
    return _arrays(found)


def _lasting(rows: Iterable[QuarterReferral], ends_on: dt.date) -> tuple[np.ndarray, np.ndarray]:
    """Days and causes of the pairings that began in the year before, the first of each person."""
    cause = {
        QuarterReferral.Ending.UNPLANNED.value: _UNPLANNED,
        QuarterReferral.Ending.PLANNED.value: _PLANNED,
        QuarterReferral.Ending.APART.value: _APART,
    }
    seen: set[object] = set()
    found = []
    for one in rows:
        if one.met_on is None or one.met_on.year != ends_on.year - 1 or one.participant_id in seen:
            continue
        seen.add(one.participant_id)
        found.append(_until(one.met_on, [(cause.get(one.ending, 0), one.ended_on)], ends_on))
    return _arrays(found)


def _waiting(rows: Iterable[QuarterReferral], ends_on: dt.date) -> list[int]:
    """Days that each person waiting at the year's end has waited, since their first referral."""
    found: dict[object, int] = {}
    for one in rows:
        gone = [day for day in (one.met_on, one.left_on) if day is not None and day <= ends_on]
        if one.received_on <= ends_on and not gone:
            found.setdefault(one.participant_id, (ends_on - one.received_on).days)
    return list(found.values())


def _until(
    start_on: dt.date, events: list[tuple[int, dt.date | None]], ends_on: dt.date
) -> tuple[int, int]:
    for cause, day in events:
        if day is not None and start_on <= day <= ends_on:
            return (day - start_on).days, cause
    return (ends_on - start_on).days, 0


def _arrays(found: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(found, np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1].astype(np.int64)


def _percent(curve: Curve, cause: int, day: int) -> tuple[float, float, float] | None:
    at = curve.incidence(cause, day)
    # Beyond the last day that anybody was seen nothing is known, unless nobody is left to follow.
    if at is None or (day > curve.last_day and not curve.is_complete):
        return None
    return _rounded(100 * at.value, 100 * at.low, 100 * at.high)


def _lasts(curve: Curve, day: int) -> tuple[float, float, float] | None:
    at = curve.incidence(_UNPLANNED, day)
    if at is None or curve.at_risk(day) < AT_RISK:
        return None
    return _rounded(100 * (1 - at.value), 100 * (1 - at.high), 100 * (1 - at.low))


def _median(curve: Curve) -> tuple[float, float, float] | None:
    found = curve.quantile(1, 0.5)
    return None if found is None else _rounded(*found)


def _rounded(*values: float) -> tuple[float, float, float]:
    # Far below what is shown, so that no processor's last bit is in the watermark.
    value, low, high = (round(float(one), 9) for one in values)
    return value, low, high
