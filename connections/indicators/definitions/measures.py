"""The communities' own questions, as a release keeps them: definitions made from its parameters,
so that reports need to read nothing else."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from connections.indicators.definitions.indicator import (
    Compare,
    Direction,
    Indicator,
    Interval,
    Unit,
)
from connections.indicators.disclosure import Kind

AGREEMENT = "agree_5"
"""The scale of which 1 and 2 agree; the other goes from 0 to 10."""
_ASKED = _("Of the people asked, how many answered")


def _name_day(day: str) -> str:
    return date_format(dt.date.fromisoformat(day), "j E Y")


# In the language of whoever reads, not of whoever defines.
_day_in_words = lazy(_name_day, str)


def measure_indicator(measure: Mapping[str, Any]) -> Indicator:
    """Return the indicator of one community's question (see release.measures_of for its facts)."""
    is_share = measure["scale"] == AGREEMENT
    question = str(measure["question"])
    return Indicator(
        code=measure["code"],
        slug=measure["code"].replace(":", "-").lower(),
        name=question,
        question=question
        if question.endswith("?")
        else format_lazy(_("How many agree: “{words}”?"), words=question)
        if is_share
        else format_lazy(_("How do people answer: “{words}”?"), words=question),
        formula=_("People who agree or strongly agree, divided by people who answered.")
        if is_share
        else _("The mean over people of their answers from 0 to 10."),
        unit=Unit.PERCENT if is_share else Unit.SCORE,
        kind=Kind.PROPORTION if is_share else Kind.MEAN,
        interval=Interval.WILSON if is_share else Interval.T,
        base=30,
        lowest=0,
        highest=100 if is_share else 10,
        direction=Direction.NONE,
        compare=Compare.TIME,
        caveat=format_lazy(
            _(
                "A question of {community}'s own, by {author}, asked since {since}. Volunteers "
                "answered."
            ),
            community=measure["area_name"],
            author=measure["author"],
            since=_day_in_words(measure["opened_on"]),
        ),
        cannot_tell=_("How people elsewhere would answer."),
        coverage=_ASKED,
        reading=_("Of the people who answered in {area}, {tenths} agree.")
        if is_share
        else _("People who answered in {area} said {value} out of 10."),
        levels=frozenset({measure["level"]}),
        within="A1",
        only_area=measure["area"],
    )
