"""Turns released figures into text, once, for every format. The gate has rounded already: here
nothing is rounded further and nothing is computed."""

from datetime import date, timedelta

from django.utils.translation import gettext as _

from connections.indicators.definitions import Indicator, Unit, show_number
from connections.indicators.models import Figure

SUPPRESSED = "[c]"
# Marks of the UK's statistical service for tables: c confidential, x not available, z no case.
MARKS = {
    Figure.Status.SUPPRESSED.value: SUPPRESSED,
    Figure.Status.PROVISIONAL.value: "[x]",
    Figure.Status.FEW_PLACES.value: "[z]",
}
# A quarter is published 45 days after its end.
PUBLICATION_DELAY = timedelta(days=45)


def period(quarter_on: date) -> str:
    """Return "2026-Q1" for the first day of a quarter."""
    return f"{quarter_on.year}-Q{(quarter_on.month + 2) // 3}"


def period_in_words(quarter_on: date) -> str:
    """Return "January to March 2026"."""
    return _(_SEASONS[(quarter_on.month - 1) // 3]) % {"year": quarter_on.year}


_SEASONS = (
    "January to March %(year)s",
    "April to June %(year)s",
    "July to September %(year)s",
    "October to December %(year)s",
)


def next_quarter(quarter_on: date) -> date:
    """Return the first day of the following quarter."""
    return (quarter_on + timedelta(days=95)).replace(day=1)


def publication_day(quarter_on: date) -> date:
    """Return the first day on which the quarter may be published."""
    return next_quarter(quarter_on) - timedelta(days=1) + PUBLICATION_DELAY


def number(figure: Figure | None) -> str:
    """Return the bare figure for a spreadsheet cell, or its mark."""
    if figure is None:
        return ""
    if figure.status == Figure.Status.BOUND:
        return figure.get_bound_display()
    if figure.status != Figure.Status.SHOWN:
        return MARKS[figure.status]
    return "" if figure.value is None else show_number(figure.value)


def value(indicator: Indicator, figure: Figure | None) -> str:
    """Return the figure with its unit, as people read it."""
    text = number(figure)
    if figure is None or figure.status != Figure.Status.SHOWN or not text:
        return text or "–"
    return f"{text} %" if indicator.unit == Unit.PERCENT else text


def ends(figure: Figure | None) -> tuple[str, str]:
    """Return the ends of the 95 % interval, empty where there is none."""
    if figure is None or figure.lower is None or figure.upper is None:
        return "", ""
    return show_number(figure.lower), show_number(figure.upper)


def interval(figure: Figure | None) -> str:
    """Return "31 to 52", the 95 % interval, or nothing where there is none."""
    low, high = ends(figure)
    return _("%(low)s to %(high)s") % {"low": low, "high": high} if low else ""


def coverage(figure: Figure | None) -> str:
    """Return the whole percentage that answered, or of places checked, where it is told."""
    return "" if figure is None or figure.coverage is None else f"{figure.coverage:.0f}"


def people(figure: Figure | None) -> str:
    """Return the people a figure stands on, as rounded by the gate."""
    return "" if figure is None or figure.people is None else str(figure.people)


def sentence(indicator: Indicator, area: str, figure: Figure | None) -> str:
    """Return the figure in plain words, or nothing where none is shown."""
    if figure is None or figure.status != Figure.Status.SHOWN or figure.value is None:
        return ""
    return indicator.read(area=area, value=figure.value, low=figure.lower, high=figure.upper)
