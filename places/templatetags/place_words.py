"""Words for distances: `{% load place_words %}`."""

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def distance(metres: float) -> str:
    """Say a distance as people do: to ten metres, from a kilometre on in tenths of it."""
    if metres < 995:
        return _("%(n)s m") % {"n": number_format(round(metres, -1), decimal_pos=0)}
    return _("%(n)s km") % {"n": number_format(metres / 1000, decimal_pos=1)}
