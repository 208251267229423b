"""Prompts to notice: one small thing to look out for, the same for everybody on a day.

Nothing is counted, nothing is missed, and it can be switched off.
"""

import datetime as dt

from django.utils.translation import gettext_lazy as _

THINGS = (
    _("Who said hello first today?"),
    _("Was there somewhere you could just sit?"),
    _("Did somebody hold a door, a seat or a place in the queue?"),
    _("Who would notice if you were not there?"),
    _("What did you borrow or lend lately?"),
    _("Which shop do you leave in a better mood?"),
    _("Did somebody make room for you?"),
    _("Whose name did you learn?"),
    _("Where do people stop to talk near you?"),
    _("Was there a small help that nobody asked for?"),
    _("Did you hear somebody laugh with a stranger?"),
    _("Who waited for somebody slower?"),
    _("What made it easy to say yes to help?"),
    _("Who looks after a thing that belongs to everybody?"),
)


def pick_thing(day: dt.date) -> str:
    """Return the thing to notice on `day`."""
    return str(THINGS[day.toordinal() % len(THINGS)])
