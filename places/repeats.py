"""How something repeats: from the choices of a form to an RRULE, and from an RRULE to words."""

from datetime import date
from enum import StrEnum

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Repeat(StrEnum):
    """The choices that people are offered; OTHER keeps a rule written elsewhere as it is."""

    ONCE = "once"
    DAILY = "daily"
    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"
    OTHER = "other"


REPEATS = (
    (Repeat.ONCE, gettext_lazy("Just once")),
    (Repeat.DAILY, gettext_lazy("Every day")),
    (Repeat.WEEKLY, gettext_lazy("Every week on this day")),
    (Repeat.FORTNIGHTLY, gettext_lazy("Every two weeks on this day")),
    (Repeat.MONTHLY, gettext_lazy("Every month, on the same day of the week")),
)
_PLACES = {
    1: gettext_lazy("first"),
    2: gettext_lazy("second"),
    3: gettext_lazy("third"),
    4: gettext_lazy("fourth"),
    -1: gettext_lazy("last"),
}


def write_rule(repeat: str, first_on: date) -> str:
    """Return the RRULE of a choice for something that first happens on `first_on`.

    Monthly keeps the weekday: the second Tuesday; a fifth one is the last.
    """
    day = DAYS[first_on.weekday()]
    if repeat == Repeat.DAILY:
        return "FREQ=DAILY"
    if repeat == Repeat.WEEKLY:
        return f"FREQ=WEEKLY;BYDAY={day}"
    if repeat == Repeat.FORTNIGHTLY:
        return f"FREQ=WEEKLY;INTERVAL=2;BYDAY={day}"
    if repeat == Repeat.MONTHLY:
        place = (first_on.day - 1) // 7 + 1
        return f"FREQ=MONTHLY;BYDAY={-1 if place == 5 else place}{day}"
    return ""


def read_rule(rule: str, first_on: date) -> Repeat:
    """Return which choice wrote `rule`."""
    if not rule:
        return Repeat.ONCE
    for repeat in (Repeat.DAILY, Repeat.WEEKLY, Repeat.FORTNIGHTLY, Repeat.MONTHLY):
        if rule == write_rule(repeat, first_on):
            return repeat
    return Repeat.OTHER


def describe_rule(rule: str) -> str:
    """Say in words how something repeats; "" for what happens once or is said in no short way."""
    parts = dict(part.partition("=")[::2] for part in rule.split(";") if part)
    every = int(parts.get("INTERVAL", "1"))
    frequency, day = parts.get("FREQ", ""), parts.get("BYDAY", "")
    if set(parts) - {"FREQ", "INTERVAL", "BYDAY"} or "," in day:
        return _("Several times") if rule else ""
    if frequency == "DAILY":
        return _("Every day") if every == 1 else _("Every %(n)s days") % {"n": every}
    named = str(WEEKDAYS[DAYS.index(day[-2:])]) if day[-2:] in DAYS else ""
    if frequency == "WEEKLY" and named and len(day) == 2:
        if every == 1:
            return _("Every %(day)s") % {"day": named}
        return _("Every %(n)s weeks on %(day)s") % {"n": every, "day": named}
    if frequency == "MONTHLY" and named and every == 1 and day[:-2].lstrip("-").isdigit():
        place = _PLACES.get(int(day[:-2]))
        if place is not None:
            return _("Every month on the %(place)s %(day)s") % {"place": place, "day": named}
    return _("Several times") if rule else ""
