"""Public holidays as the nation keeps them, where the hours library knows the kingdom only.

Scotland has 2 January and St Andrew's Day and no Easter Monday by law; the library would have
everybody at work on the 2nd. So "PH" in a rule is written out as the dates that the `holidays`
package gives for `settings.HOLIDAYS`, before the rule is worked out. A rule in which "PH" stands
beside months or is moved by days is left to the library and its kingdom-wide days.
"""

import re
from datetime import date
from functools import lru_cache

import holidays
from django.conf import settings

# How far behind and ahead of a moment hours are ever worked out.
YEARS_BEHIND, YEARS_AHEAD = 1, 2
_DAY = r"(?:Mo|Tu|We|Th|Fr|Sa|Su)"
_ITEM = rf"(?:PH|SH|{_DAY}(?:\s*-\s*{_DAY})?(?:\[[^\]]*\])?)"
_WITH_HOLIDAY = re.compile(
    rf"^\s*(?P<days>{_ITEM}(?:\s*,\s*{_ITEM})*)(?P<rest>(?:\s|:\s|$)(?!\s*[+-]\s*\d).*)$", re.DOTALL
)
_PARTS = re.compile(r'"[^"]*"|\|\||;|[^";|]+|\|')
_QUOTED = re.compile(r'"[^"]*"')


@lru_cache(maxsize=64)
def public_holidays(year: int, country: str | None = None) -> dict[date, str]:
    """Return the public holidays of `year` with their names, in the country and nation that the
    deployment is set to ("GB-SCT")."""
    code, _dash, nation = (country or settings.HOLIDAYS).partition("-")
    return dict(holidays.country_holidays(code, subdiv=nation or None, years=year))


def name_holiday(on: date) -> str:
    """Return what the public holiday on a day is called, "" for an ordinary day."""
    return public_holidays(on.year).get(on, "")


def write_out_holidays(value: str, days: tuple[date, ...]) -> str:
    """Return opening hours `value` with "PH" replaced by `days`, where that means the same."""
    if "PH" not in _QUOTED.sub("", value) or not days:
        return value
    written, is_fallback = [], False
    for part in _split_rules(value):
        if part in (";", "||"):
            is_fallback = part == "||"
            written.append(part)
        elif is_fallback:
            written.append(part)
        else:
            written.append(_write_out(part, days))
    return "".join(written)


def _split_rules(value: str) -> list[str]:
    rules, rule = [], ""
    for part in _PARTS.findall(value):
        if part in (";", "||"):
            rules += [rule, part]
            rule = ""
        else:
            rule += part
    return [*rules, rule]


def _write_out(rule: str, days: tuple[date, ...]) -> str:
    found = _WITH_HOLIDAY.match(rule)
    if found is None or "PH" in _QUOTED.sub("", found["rest"]):
        return rule
    items = [item.strip() for item in found["days"].split(",")]
    if "PH" not in items:
        return rule
    dates = ",".join(f"{on.year} {on:%b} {on.day:02}" for on in days)
    others = ",".join(item for item in items if item != "PH")
    rest = found["rest"] if found["rest"].strip() else " open"
    holiday = f"{dates}{rest}"
    return f" {others}{rest}; {holiday}" if others else f" {holiday}"


@lru_cache(maxsize=8)
def holidays_around(year: int, country: str | None = None) -> tuple[date, ...]:
    """Return the public holidays of the years in which hours of `year` are worked out."""
    years = range(year - YEARS_BEHIND, year + YEARS_AHEAD + 1)
    return tuple(sorted(on for each in years for on in public_holidays(each, country)))
