"""What residents' pages say of the figures that lead there: names, sentences, and shares as people
say them. These words are in the catalogue of every language; those of the other figures, which
stand in reports, are in English."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

TAKING_PART = _("Taking part")
TAKING_PART_SAID = _("About {value} in every 1,000 adults in {area} took part.")
TAKING_PART_OF_ALL_SAID = _("About {value} in every 1,000 residents of {area} took part.")
ORDINARY_DAY = _("Kindness on an ordinary day")
ORDINARY_DAY_SAID = _(
    "People in {area} who were asked recalled {value} kind moments on an ordinary day."
)
TWO_WAY = _("Two-way kindness")
TWO_WAY_SAID = _("Of the people taking part in {area}, {tenths} both gave and received kindness.")
THIRD_SPACES = _("Walkable third spaces")
THIRD_SPACES_SAID = _(
    "For every 1,000 people, {area} has {value} hours a week in places within a walk "
    "where staying is free."
)
KIND_NEIGHBOURHOOD = _("A kind neighbourhood")
KIND_NEIGHBOURHOOD_SAID = _(
    "Of the people asked in {area}, {tenths} agree that people are kind to each other there."
)


def say_tenths(percent: float) -> str:
    """Return a percentage as people say it: “about 4 in 10”."""
    if percent < 5:
        return gettext("fewer than 1 in 10")
    if percent >= 95:
        return gettext("nearly all")
    if 45 <= percent < 55:
        return gettext("about half")
    return gettext("about %(tenths)d in 10") % {"tenths": int(percent / 10 + 0.5)}
