"""Turns released figures into text, once, for every format. The gate has rounded already: here
nothing is rounded further and nothing is computed."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Protocol

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from connections.indicators.definitions import Indicator, Unit, show_number
from connections.indicators.models import Figure

SUPPRESSED = "[c]"
# Marks of the UK's statistical service for tables: c confidential, x not available, z no case, u
# unreliable.
MARKS = {
    Figure.Status.SUPPRESSED.value: SUPPRESSED,
    Figure.Status.PROVISIONAL.value: "[x]",
    Figure.Status.FEW_PLACES.value: "[z]",
    Figure.Status.FEW_ANSWERS.value: "[u]",
}


def period_in_words(quarter_on: date) -> str:
    """Return "January to March 2026"."""
    return str(_SEASONS[(quarter_on.month - 1) // 3]) % {"year": quarter_on.year}


def day_in_words(day: date) -> str:
    """Return "20 May 2026"."""
    return date_format(day, "j E Y")


def month_in_words(month_on: date) -> str:
    """Return "May 2026"."""
    return date_format(month_on, "F Y")


_SEASONS = (
    gettext_lazy("January to March %(year)s"),
    gettext_lazy("April to June %(year)s"),
    gettext_lazy("July to September %(year)s"),
    gettext_lazy("October to December %(year)s"),
)


class Told(Protocol):
    """What is told of a released figure, whether it was read as a Figure or as a row of its own."""

    @property
    def status(self) -> str: ...
    @property
    def bound(self) -> str: ...
    @property
    def people(self) -> int | None: ...
    @property
    def value(self) -> float | None: ...
    @property
    def lower(self) -> float | None: ...
    @property
    def upper(self) -> float | None: ...
    @property
    def shrunk(self) -> float | None: ...
    @property
    def coverage(self) -> float | None: ...


@lru_cache(maxsize=20_000)
def _plain(value: float) -> str:
    """Return a released number as spreadsheets read it: no thousands comma, no exponent, and a
    point whatever the reader's language.

    Kept, for rounded figures repeat: a council's three years hold a few thousand numbers.
    """
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def number(figure: Told | None) -> str:
    """Return the bare figure for a spreadsheet cell, or its mark."""
    if figure is None:
        return ""
    if figure.status == Figure.Status.BOUND:
        return str(Figure.Bound(figure.bound).label)
    if figure.status != Figure.Status.SHOWN:
        return MARKS[figure.status]
    return "" if figure.value is None else _plain(figure.value)


def value(indicator: Indicator, figure: Told | None) -> str:
    """Return the figure with its unit, as people read it."""
    if figure is None or figure.status != Figure.Status.SHOWN or figure.value is None:
        return number(figure) or "–"
    text = show_number(figure.value)
    return f"{text} %" if indicator.unit == Unit.PERCENT else text


def ends(figure: Told | None) -> tuple[str, str]:
    """Return the ends of the 95 % interval, empty where there is none."""
    if figure is None or figure.lower is None or figure.upper is None:
        return "", ""
    return _plain(figure.lower), _plain(figure.upper)


def interval(figure: Told | None) -> str:
    """Return "31 to 52", the 95 % interval, or nothing where there is none."""
    low, high = ends(figure)
    return _("%(low)s to %(high)s") % {"low": low, "high": high} if low else ""


def coverage(figure: Told | None) -> str:
    """Return the whole percentage that answered, or of places checked, where it is told."""
    return "" if figure is None or figure.coverage is None else f"{figure.coverage:.0f}"


def steadied(figure: Told | None) -> str:
    """Return the value shrunk towards the larger area, where the release holds one."""
    return "" if figure is None or figure.shrunk is None else _plain(figure.shrunk)


def people(figure: Told | None) -> str:
    """Return the people a figure stands on, as rounded by the gate."""
    return "" if figure is None or figure.people is None else str(figure.people)


def drawn_value(indicator: Indicator, value: float) -> str:
    """Return a figure put together from released ones: percentages whole, others to 2 digits, as
    the gate itself rounds."""
    if indicator.unit == Unit.PERCENT:
        return f"{value:.0f} %"
    return show_number(float(f"{value:.2g}"))


def sentence(indicator: Indicator, area: str, figure: Told | None) -> str:
    """Return the figure in plain words, or nothing where none is shown."""
    if figure is None or figure.status != Figure.Status.SHOWN or figure.value is None:
        return ""
    return indicator.read(area=area, value=figure.value, low=figure.lower, high=figure.upper)


@dataclass(frozen=True)
class Licence:
    """Under what the figures may be used again."""

    code: str
    name: str
    url: str


LICENCE = Licence(
    "CC-BY-4.0",
    "Creative Commons Attribution 4.0 International",
    "https://creativecommons.org/licenses/by/4.0/",
)
"""Released figures are for everybody, with the name of the deployment beside them."""
