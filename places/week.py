"""Opening hours as people fill them in: a row for each weekday, one for public holidays, the rest
as it is.

`read_week` takes OSM opening_hours apart into such rows and gives them only where writing them
again means the same at every minute of two years; hours that do not fit into rows are edited as
they are written, and so nothing is ever lost by opening a form.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time
from functools import lru_cache

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from places.hours import InvalidHoursError, means_the_same, tidy_hours

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
DAY_NAMES = (
    gettext_lazy("Monday"),
    gettext_lazy("Tuesday"),
    gettext_lazy("Wednesday"),
    gettext_lazy("Thursday"),
    gettext_lazy("Friday"),
    gettext_lazy("Saturday"),
    gettext_lazy("Sunday"),
)
ALWAYS = "24/7"
# OSM counts on past midnight where an evening belongs to the day on which it began.
LATEST_HOUR = 48
CLOSED = "off"

_DAY = r"(?:Mo|Tu|We|Th|Fr|Sa|Su)"
_ITEM = rf"(?:PH|{_DAY}(?:\s*-\s*{_DAY})?)"
_SPAN = r"\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}\+?|\d{1,2}:\d{2}\+"
_RULE = re.compile(
    rf"^(?:(?P<days>{_ITEM}(?:\s*,\s*{_ITEM})*)\s*:?\s*)?"
    rf"(?P<hours>off|closed|(?:{_SPAN})(?:\s*,\s*(?:{_SPAN}))*)$"
)
_QUOTED = re.compile(r'"[^"]*"')
# A comma after hours and before a day begins another rule.
_NEXT_RULE = re.compile(rf"(?<=\d|\+|f)\s*,\s*(?={_ITEM}(?!\w))")


@dataclass(frozen=True)
class Week:
    """Hours by weekday as spans in OSM's writing ("09:00-12:30"), () for closed.

    `holidays` is None where public holidays are days like others. `other` are rules that no row
    can say (seasons, weeks, comments), in their order, after the rows.
    """

    days: tuple[tuple[str, ...], ...] = ((),) * 7
    holidays: tuple[str, ...] | None = None
    other: tuple[str, ...] = ()
    is_always: bool = False


@dataclass(frozen=True)
class Row:
    """One line of readable hours: which days, and when."""

    days: str
    hours: str


@dataclass
class _Reading:
    days: list[tuple[str, ...]] = field(default_factory=lambda: [()] * 7)
    holidays: tuple[str, ...] | None = None
    other: list[str] = field(default_factory=list)


@lru_cache(maxsize=4_096)
def read_week(value: str) -> Week | None:
    """Return hours `value` as rows, None where rows cannot say the same."""
    value = tidy_hours(value)
    if not value:
        return Week()
    if value == ALWAYS:
        return Week(is_always=True)
    week = _read(value)
    if week is None:
        return None
    try:
        is_typed_alike = all(read_spans(", ".join(spans)) == spans for spans in week.days)
        is_same = is_typed_alike and means_the_same(value, write_week(week))
        return week if is_same else None
    except UnclearHoursError:
        return None
    except InvalidHoursError:
        return None


def _read(value: str) -> Week | None:
    if "||" in _QUOTED.sub("", value):
        return None
    reading = _Reading()
    for rule in _split(value):
        found = _RULE.match(rule)
        if found and not reading.other:
            _take(reading, found["days"] or "Mo-Su", _spans(found["hours"]))
        else:
            reading.other.append(rule)
    if not any(reading.days):
        return None
    return Week(tuple(reading.days), reading.holidays, tuple(reading.other))


def _split(value: str) -> list[str]:
    quotes: list[str] = []

    def keep(found: re.Match[str]) -> str:
        quotes.append(found[0])
        return f"\x00{len(quotes) - 1}\x00"

    plain = _QUOTED.sub(keep, value)
    rules = [rule.strip() for part in plain.split(";") for rule in _NEXT_RULE.split(part)]
    return [
        re.sub(r"\x00(\d+)\x00", lambda found: quotes[int(found[1])], rule)
        for rule in rules
        if rule
    ]


def _take(reading: _Reading, days: str, spans: tuple[str, ...]) -> None:
    for item in (part.strip() for part in days.split(",")):
        if item == "PH":
            reading.holidays = spans
            continue
        first, _dash, last = (part.strip() for part in item.partition("-"))
        begin, end = DAYS.index(first), DAYS.index(last or first)
        for ahead in range((end - begin) % 7 + 1):
            reading.days[(begin + ahead) % 7] = spans


def _spans(hours: str) -> tuple[str, ...]:
    if hours in ("off", "closed"):
        return ()
    return tuple(_tidy_span(re.sub(r"\s", "", span)) for span in hours.split(","))


def _tidy_span(span: str) -> str:
    begin, dash, end = (part.zfill(5) if ":" in part else part for part in span.partition("-"))
    if end.rstrip("+") == "00:00" and begin != "00:00":
        end = end.replace("00:00", "24:00")
    return f"{begin}{dash}{end}"


def write_week(week: Week) -> str:
    """Return the rows of `week` as OSM opening_hours, days with the same hours together."""
    if week.is_always:
        return ALWAYS
    rules = [f"{_write_days(days)} {','.join(spans)}" for days, spans in group_days(week.days)]
    if week.holidays is not None:
        rules.append(f"PH {','.join(week.holidays) or CLOSED}")
    return "; ".join([*rules, *week.other])


def group_days(
    days: Sequence[tuple[str, ...]],
) -> list[tuple[list[int], tuple[str, ...]]]:
    """Return the open days that share their hours, in the order of the first of each."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for number, spans in enumerate(days):
        if spans:
            groups.setdefault(spans, []).append(number)
    return [(numbers, spans) for spans, numbers in groups.items()]


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def _write_days(numbers: Sequence[int]) -> str:
    return ",".join(
        DAYS[first] if first == last else f"{DAYS[first]}-{DAYS[last]}"
        for first, last in _runs(numbers)
    )


# ------------------------------------------------------------------ in words


def describe_rules(value: str) -> list[Row]:
    """Return hours `value` as lines in the reader's language, [] where rows cannot say them.

    Rules that are kept as they are come last, as they are written.
    """
    week = read_week(value)
    if week is None or not (week.is_always or any(week.days)):
        return []
    if week.is_always:
        return [Row(_("Every day"), _("all day"))]
    rows = [Row(_say_days(numbers), say_spans(spans)) for numbers, spans in group_days(week.days)]
    shut = [number for number, spans in enumerate(week.days) if not spans]
    if shut and not week.other:
        rows.append(Row(_say_days(shut), _("closed")))
    if week.holidays is not None:
        rows.append(Row(_("Public holidays"), say_spans(week.holidays)))
    return [*rows, *(Row(_("Also, as it was written"), rule) for rule in week.other)]


def say_hours(value: str) -> str:
    """Return hours `value` in the reader's language in one line, as written where rows cannot say
    them."""
    return "; ".join(f"{row.days}: {row.hours}" for row in describe_rules(value)) or value


def _say_days(numbers: Sequence[int]) -> str:
    if len(numbers) == 7:
        return _("Every day")
    words = []
    for first, last in _runs(numbers):
        if last - first < 2:
            words += [str(DAY_NAMES[number]) for number in range(first, last + 1)]
        else:
            words.append(
                _("%(first)s to %(last)s") % {"first": DAY_NAMES[first], "last": DAY_NAMES[last]}
            )
    return ", ".join(words)


def say_spans(spans: Sequence[str]) -> str:
    """Return spans as a neighbour says them: "9 a.m. to 5 p.m."."""
    return ", ".join(_say_span(span) for span in spans) or _("closed")


def _say_span(span: str) -> str:
    if span == "00:00-24:00":
        return _("all day")
    begin, _dash, end = span.rstrip("+").partition("-")
    if not end:
        return _("from %(time)s") % {"time": _say_time(begin)}
    words = _("%(from)s to %(to)s") % {"from": _say_time(begin), "to": _say_time(end)}
    return _("%(hours)s or later") % {"hours": words} if span.endswith("+") else words


def _say_time(text: str) -> str:
    hour, minute = (int(part) for part in text.split(":"))
    return formats.time_format(time(hour % 24, minute), "TIME_FORMAT")


# ------------------------------------------------------------------ as people type


class UnclearHoursError(ValueError):
    """What was typed for a day is no hours; the message says how to write them."""


_TIME = r"(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm|a\.m\.|p\.m\.)?"
_TYPED = re.compile(rf"^{_TIME}\s*(?:-|to|until|till)\s*{_TIME}(\s*\+)?$", re.IGNORECASE)
_OPEN_END = re.compile(rf"^{_TIME}\s*\+$", re.IGNORECASE)
_SHUT = frozenset({"", "-", "closed", "off", "no", "shut"})
_ALL_DAY = frozenset({"all day", "24 hours", "24h", "24"})


def read_spans(text: str) -> tuple[str, ...]:
    """Return what somebody typed for a day ("9-12:30, 1.30pm to 5pm") as spans, () for closed.

    Raises UnclearHoursError.
    """
    text = re.sub(r"[‐-―−]", "-", text).strip().casefold()
    if text in {*_SHUT, _("closed").casefold()}:
        return ()
    if text in {*_ALL_DAY, _("all day").casefold()}:
        return ("00:00-24:00",)
    text = re.sub(r"(?<![\d ])\s*\bmidnight\b", " 24:00", re.sub(r"\bnoon\b", "12:00", text))
    return tuple(_read_span(part.strip()) for part in re.split(r"[,;&]|\band\b", text))


def _read_span(text: str) -> str:
    if open_end := _OPEN_END.match(text):
        return f"{_clock(*open_end.groups())}+"
    found = _TYPED.match(text)
    if found is None:
        raise UnclearHoursError(
            _("Write times like 09:00-17:00, or closed. Put a comma between two times.")
        )
    hour, minute, half, to_hour, to_minute, to_half, more = found.groups()
    if to_half and not half and int(hour) <= 12:
        # "9-5pm" means the morning, "1-5pm" the afternoon.
        is_same_half = int(hour) % 12 < int(to_hour) % 12
        half = to_half if is_same_half else "am" if to_half.startswith("p") else "pm"
    begin, end = _clock(hour, minute, half), _clock(to_hour, to_minute, to_half)
    if end == "00:00" and begin != "00:00":
        end = "24:00"
    if begin == end:
        raise UnclearHoursError(_("These two times are the same. For all day write: all day"))
    return f"{begin}-{end}{'+' if more else ''}"


def _clock(hour: str, minute: str | None, half: str | None) -> str:
    hours, minutes = int(hour), int(minute or 0)
    if half:
        half = half.replace(".", "")
        if hours > 12:
            raise UnclearHoursError(_("Write times like 09:00-17:00 or 9am-5pm."))
        hours = hours % 12 + (12 if half == "pm" else 0)
    if hours > LATEST_HOUR or minutes > 59:
        raise UnclearHoursError(_("There is no such time of day: write 09:00-17:00."))
    return f"{hours:02}:{minutes:02}"
