"""What answers to the ordinary-day question tell: levels, of those who answered."""

from typing import TYPE_CHECKING

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from connections.indicators.definitions import leading
from connections.indicators.definitions.indicator import (
    UPPER_LEVELS,
    Compare,
    Direction,
    Indicator,
    Interval,
    Unit,
)
from connections.indicators.disclosure import Kind
from connections.indicators.eligibility import DAY_CAP
from connections.interactions.vocabulary import HardReason

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

AGREES = 2
"""Of 1 strongly agree to 5 strongly disagree, up to here is agreeing (as the Scottish Household
Survey counts)."""
HARD_REASONS = {
    f"E3.{reason.value}": reason.value
    for reason in HardReason
    if reason != HardReason.RATHER_NOT_SAY
}
"""One code a reason. Whoever would rather not say still counts as having found it hard."""

_VOLUNTEERS = _(
    "Volunteers answered, not a random sample, and people recall a day imperfectly. Look at how "
    "many of those asked answered."
)
_CANNOT = _("How people live who do not wish to be asked.")
_RESPONSE = _("Of the questions asked, how many were answered")
_TOLD = _("Of those who answered about their day, how many answered this")
_GAP = _(
    "Volunteers answered, not a random sample: hold it against the council's figure in the "
    "Scottish "
    "Household Survey, which draws people by chance."
)


def _day(
    code: str,
    slug: str,
    name: "_StrOrPromise",
    question: "_StrOrPromise",
    what: "_StrOrPromise",
    reading: "_StrOrPromise",
) -> Indicator:
    return Indicator(
        code=code,
        slug=slug,
        name=name,
        question=question,
        formula=format_lazy(
            _(
                "Once a month one day is drawn by lot, and people are asked about it. {what} of "
                "each answered day, {cap} at most; a person's mean over their days; then the mean "
                "over people."
            ),
            what=what,
            cap=DAY_CAP,
        ),
        unit=Unit.ACTS,
        kind=Kind.MEAN,
        interval=Interval.T,
        base=30,
        lowest=0,
        highest=DAY_CAP,
        direction=Direction.UP,
        compare=Compare.AREAS,
        caveat=_VOLUNTEERS,
        cannot_tell=_CANNOT,
        coverage=_RESPONSE,
        min_response=0.2,
        reading=reading,
        within="A1" if code == "A2" else "A2",
        # What is given, received and noticed adds up to A2, but for the cap.
        part_of=None if code == "A2" else "A2",
    )


def _agreement(
    code: str,
    slug: str,
    name: "_StrOrPromise",
    words: "_StrOrPromise",
    reading: "_StrOrPromise",
) -> Indicator:
    return Indicator(
        code=code,
        slug=slug,
        name=name,
        question=format_lazy(_("How many agree: “{words}”?"), words=words),
        formula=_(
            "People who agree or strongly agree, with their latest answer of the quarter, divided "
            "by people who answered the question."
        ),
        unit=Unit.PERCENT,
        kind=Kind.PROPORTION,
        interval=Interval.WILSON,
        base=30,
        lowest=0,
        highest=100,
        direction=Direction.UP,
        compare=Compare.AREAS,
        caveat=_GAP,
        cannot_tell=_CANNOT,
        coverage=_TOLD,
        reading=reading,
        within="A2",
    )


def _reason(code: str, label: "_StrOrPromise") -> Indicator:
    return Indicator(
        code=code,
        slug=f"barriers-felt-{code.partition('.')[2].replace('_', '-')}",
        name=format_lazy(_("Barriers felt: {reason}"), reason=label),
        question=format_lazy(
            _("How many found kindness hard for this reason: {reason}?"), reason=label
        ),
        formula=_(
            "People who told this reason with their answers or as a difficulty in the quarter, "
            "divided by people who answered whether it was hard."
        ),
        unit=Unit.PERCENT,
        kind=Kind.PROPORTION,
        interval=Interval.WILSON,
        base=50,
        lowest=0,
        highest=100,
        is_sensitive=True,
        direction=Direction.DOWN,
        compare=Compare.TIME,
        caveat=_("Where people are more aware of a barrier, more of them name it."),
        cannot_tell=_("What would make it easier."),
        reading=format_lazy(
            _(
                "Of the people asked in {{area}}, {{tenths}} found kindness hard for this reason:"
                " {reason}."
            ),
            reason=label,
        ),
        levels=UPPER_LEVELS,
        within="E3",
        # Whoever found it hard and did not name this reason is tested like any group.
        steps_on="E3",
    )


ANSWERS = (
    _day(
        "A2",
        "kindness-on-an-ordinary-day",
        leading.ORDINARY_DAY,
        _("How much kindness do people give, receive and see on an ordinary day?"),
        _("Acts given, received or noticed"),
        leading.ORDINARY_DAY_SAID,
    ),
    _day(
        "A2.gave",
        "given-on-an-ordinary-day",
        _("Given on an ordinary day"),
        _("How much kindness do people give on an ordinary day?"),
        _("Acts given"),
        _(
            "People in {area} who were asked recalled {value} kind acts that they did on an "
            "ordinary day."
        ),
    ),
    _day(
        "A2.received",
        "received-on-an-ordinary-day",
        _("Received on an ordinary day"),
        _("How much kindness do people receive on an ordinary day?"),
        _("Acts received"),
        _(
            "People in {area} who were asked recalled {value} kind acts done to them on an "
            "ordinary day."
        ),
    ),
    _day(
        "A2.noticed",
        "noticed-on-an-ordinary-day",
        _("Noticed on an ordinary day"),
        _("How much kindness do people see between others on an ordinary day?"),
        _("Acts noticed"),
        _(
            "People in {area} who were asked recalled {value} kind acts between others on an "
            "ordinary day."
        ),
    ),
    _agreement(
        "E1",
        "someone-to-rely-on",
        _("Someone to rely on"),
        _(
            "If I was alone and needed help, I could rely on someone in this neighbourhood to "
            "help me"
        ),
        _(
            "Of the people asked in {area}, {tenths} agree that they could rely on someone in the "
            "neighbourhood for help."
        ),
    ),
    _agreement(
        "E2",
        "a-kind-neighbourhood",
        leading.KIND_NEIGHBOURHOOD,
        _("This is a neighbourhood where people are kind to each other"),
        leading.KIND_NEIGHBOURHOOD_SAID,
    ),
    Indicator(
        code="E3",
        slug="barriers-felt",
        name=_("Barriers felt"),
        question=_("For how many was it hard to be kind, or to be shown kindness?"),
        formula=_(
            "People who answered that it was hard, named a reason, or told of a difficulty in the "
            "quarter, divided by people who answered whether it was hard."
        ),
        unit=Unit.PERCENT,
        kind=Kind.PROPORTION,
        interval=Interval.WILSON,
        base=50,
        lowest=0,
        highest=100,
        is_sensitive=True,
        direction=Direction.DOWN,
        compare=Compare.AREAS,
        caveat=_(
            "Where people are more aware of barriers, more of them name some. Volunteers answered, "
            "not a random sample."
        ),
        cannot_tell=_("What would make it easier."),
        coverage=_TOLD,
        reading=_("Of the people asked in {area}, {tenths} found it hard at least once."),
        within="A2",
    ),
    *(_reason(code, HardReason(reason).label) for code, reason in HARD_REASONS.items()),
)
