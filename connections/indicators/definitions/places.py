"""What the register of places tells about where people live."""

from django.utils.translation import gettext_lazy as _

from connections.indicators.definitions import leading
from connections.indicators.definitions.indicator import (
    PLACE_LEVELS,
    Compare,
    Direction,
    Indicator,
    Interval,
    Unit,
)
from connections.indicators.disclosure import Kind

CHECKED_MONTHS = 12
"""A place counts as checked for so many months after somebody confirmed it."""

_REGISTER = _(
    "The register of places has gaps and opening hours go out of date. How crowded a place is "
    "does not count."
)
_CHECKED = _("Places within reach that somebody checked in the last 12 months")

PLACES = (
    Indicator(
        code="C1",
        slug="walkable-third-spaces",
        name=leading.THIRD_SPACES,
        question=_("How much room is there to sit and be, free, within a walk?"),
        formula=_(
            "Each place's weekly hours open and free to stay are shared among the people within "
            "15 minutes' walk (5 minutes count 1, 10 minutes 0.68, 15 minutes 0.22). Each "
            "person's shares are added up; then the mean over residents, times 1,000."
        ),
        unit=Unit.HOURS_PER_1000,
        kind=Kind.PLACES,
        interval=Interval.NONE,
        direction=Direction.UP,
        compare=Compare.AREAS,
        caveat=_REGISTER,
        cannot_tell=_("Whether people feel welcome there, or go there."),
        coverage=_CHECKED,
        reading=leading.THIRD_SPACES_SAID,
        levels=PLACE_LEVELS,
    ),
    Indicator(
        code="C1.cuppa",
        slug="walkable-third-spaces-cuppa",
        name=_("Walkable third spaces, for the price of a cuppa"),
        question=_("And if you can buy something small?"),
        formula=_("As walkable third spaces, with places that ask for a small purchase as well."),
        unit=Unit.HOURS_PER_1000,
        kind=Kind.PLACES,
        interval=Interval.NONE,
        direction=Direction.UP,
        compare=Compare.AREAS,
        caveat=_REGISTER,
        cannot_tell=_("Whether people can spare the price of a cuppa."),
        coverage=_CHECKED,
        reading=_(
            "For every 1,000 people, {area} has {value} hours a week in places within a walk "
            "where staying is free or costs a cuppa."
        ),
        levels=PLACE_LEVELS,
    ),
    Indicator(
        code="C1.gaussian",
        slug="walkable-third-spaces-smooth",
        name=_("Walkable third spaces, smooth distance"),
        question=_("Does the answer hang on where the steps at 5, 10 and 15 minutes are drawn?"),
        formula=_(
            "As walkable third spaces, with a weight that falls smoothly (Gaussian) from 1 at the "
            "door to 0 at 15 minutes."
        ),
        unit=Unit.HOURS_PER_1000,
        kind=Kind.PLACES,
        interval=Interval.NONE,
        direction=Direction.UP,
        compare=Compare.AREAS,
        caveat=_REGISTER,
        cannot_tell=_("Whether people feel welcome there, or go there."),
        coverage=_CHECKED,
        reading=_(
            "With smooth distances, {area} has {value} hours a week for every 1,000 people in "
            "places within a walk where staying is free."
        ),
        levels=PLACE_LEVELS,
    ),
    Indicator(
        code="C2",
        slug="open-when-people-are-free",
        name=_("Open when people are free"),
        question=_("Is anywhere open to sit, free, in the evening and at the weekend?"),
        formula=_(
            "Of the quarter hours from 6 to 9 pm on weekdays and from 10 am to 6 pm at weekends, "
            "the share in which at least one place that is free to stay in is open within 10 "
            "minutes' walk; then the mean over residents."
        ),
        unit=Unit.PERCENT,
        kind=Kind.PLACES,
        interval=Interval.NONE,
        highest=100,
        direction=Direction.UP,
        compare=Compare.AREAS,
        caveat=_("Opening hours go out of date. Where they are not known we count as closed."),
        cannot_tell=_("Whether people feel welcome there, or go there."),
        coverage=_CHECKED,
        reading=_(
            "In the evenings and at weekends, people in {area} have somewhere free to sit within "
            "10 minutes' walk for {value} % of the time."
        ),
        levels=PLACE_LEVELS,
    ),
    Indicator(
        code="C2.stepfree",
        slug="open-when-people-are-free-step-free",
        name=_("Open when people are free, without steps"),
        question=_("And if you cannot climb steps?"),
        formula=_("As open when people are free, with places known to be step-free only."),
        unit=Unit.PERCENT,
        kind=Kind.PLACES,
        interval=Interval.NONE,
        highest=100,
        direction=Direction.UP,
        compare=Compare.AREAS,
        caveat=_(
            "Opening hours go out of date. Where hours or steps are not known we count as closed."
        ),
        cannot_tell=_("Whether the way there has steps or is safe."),
        coverage=_CHECKED,
        reading=_(
            "In the evenings and at weekends, people in {area} have somewhere free and step-free "
            "to sit within 10 minutes' walk for {value} % of the time."
        ),
        levels=PLACE_LEVELS,
    ),
    Indicator(
        code="C3",
        slug="variety-of-places",
        name=_("Variety of places"),
        question=_("How many different kinds of place are within a short walk?"),
        formula=_(
            "For each resident, exp(−Σ p ln p) over the kinds of place within 10 minutes' walk, "
            "p being each kind's share; then the mean over residents."
        ),
        unit=Unit.EFFECTIVE_NUMBER,
        kind=Kind.PLACES,
        interval=Interval.NONE,
        min_places=3,
        direction=Direction.UP,
        compare=Compare.AREAS,
        caveat=_("It depends on how places were sorted into kinds, and the register has gaps."),
        cannot_tell=_("Whether those places suit people, or are open."),
        coverage=_CHECKED,
        reading=_(
            "Within a short walk, people in {area} have as much variety as {value} equally "
            "common kinds of place."
        ),
        levels=PLACE_LEVELS,
    ),
    Indicator(
        code="C3.simpson",
        slug="variety-of-places-common",
        name=_("Variety of places, common kinds"),
        question=_("And if rare kinds count less?"),
        formula=_("As variety of places, with 1 ÷ Σ p² in place of exp(−Σ p ln p)."),
        unit=Unit.EFFECTIVE_NUMBER,
        kind=Kind.PLACES,
        interval=Interval.NONE,
        min_places=3,
        direction=Direction.UP,
        compare=Compare.AREAS,
        caveat=_("It depends on how places were sorted into kinds, and the register has gaps."),
        cannot_tell=_("Whether those places suit people, or are open."),
        coverage=_CHECKED,
        reading=_(
            "Counting common kinds more, people in {area} have as much variety within a short "
            "walk as {value} equally common kinds of place."
        ),
        levels=PLACE_LEVELS,
    ),
)
