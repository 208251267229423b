"""Places that people who work in a community put first where a moment's place is chosen.

A few, from A to Z: nothing here looks at how often a place is chosen.
"""

from django.db import transaction
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from connections.interactions.asking.rules import check_works_there
from connections.interactions.models import PinnedPlace
from kinder.accounts.audit import record
from kinder.accounts.models import User
from kinder.accounts.rules import Actor, Refused
from places.models import Area, AreaAncestor, Place
from places.models.place import SHOWN_STATES
from places.vocabulary import SENSITIVE_KINDS, AreaLevel

PIN_LEVELS = (AreaLevel.COMMUNITY,)
MOST_PINNED = 6
"""As many as are seen at once on a phone (a judgement)."""

NOT_A_COMMUNITY = _("Places are put first in a community.")
NOT_IN_IT = _("This place is not in that community, or nobody sees it.")
TOO_TELLING = _("At a place of this kind we keep only the neighbourhood, so it is not put first.")
_ENOUGH = _("{most} places are put first already. Take one away first.")


def check_can_pin(user: Actor, *, area: Area) -> User:
    """Whoever works in a community says which of its places come first."""
    if area.level not in PIN_LEVELS:
        raise Refused(NOT_A_COMMUNITY)
    return check_works_there(user, area=area)


def list_pinned(area: Area) -> list[Place]:
    """Return the places put first in `area` that everybody sees, from A to Z."""
    places = Place.objects.shown().exclude(kind__in=SENSITIVE_KINDS)
    return list(places.filter(pinned_in__area=area).order_by("name", "id"))


def list_pinned_around(area: Area) -> list[Place]:
    """Return the places put first in the community that is, or holds, `area`. One query."""
    places = Place.objects.shown().exclude(kind__in=SENSITIVE_KINDS)
    around = places.filter(
        pinned_in__area__descendants__area=area, pinned_in__area__level__in=PIN_LEVELS
    )
    return list(around.distinct().order_by("name", "id")[:MOST_PINNED])


def find_to_pin(area: Area, words: str) -> list[Place]:
    """Return places in `area` whose name or street holds `words`, that may be put first."""
    words = " ".join(words.replace("\0", "").split())[:80]
    if len(words) < 2:
        return []
    places = Place.objects.shown().exclude(kind__in=SENSITIVE_KINDS).exclude(pinned_in__area=area)
    named = places.filter(name__icontains=words) | places.filter(address__icontains=words)
    return list(named.filter(area__ancestors__ancestor=area).order_by("name", "id")[:20])


@transaction.atomic
def pin_place(*, by: User, area: Area, place: Place) -> PinnedPlace:
    """Put `place` first in `area`; twice is once. Refused where there are enough already."""
    check_can_pin(by, area=area)
    is_there = AreaAncestor.objects.filter(area=place.area_id, ancestor=area).exists()
    if place.state not in SHOWN_STATES or not is_there:
        raise Refused(NOT_IN_IT)
    if place.is_sensitive:
        raise Refused(TOO_TELLING)
    # Two who put a place first at once wait for each other, so that there is never one too many.
    Area.objects.select_for_update().get(pk=area.pk)
    pinned = PinnedPlace.objects.filter(area=area)
    if same := pinned.filter(place=place).first():
        return same
    if pinned.count() >= MOST_PINNED:
        raise Refused(format_lazy(_ENOUGH, most=MOST_PINNED))
    made = PinnedPlace.objects.create(area=area, place=place)
    record("pin_place", place, by=by, area=area.code)
    return made


@transaction.atomic
def unpin_place(*, by: User, area: Area, place: Place) -> None:
    """Put `place` first no longer."""
    check_can_pin(by, area=area)
    if PinnedPlace.objects.filter(area=area, place=place).delete()[0]:
        record("unpin_place", place, by=by, area=area.code)
