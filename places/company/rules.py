"""Where and when company may be asked for or offered, and by whom such a note may be taken down.

Everything here is for the safety of two people who do not know each other: a public place with
somebody about, in the daytime, while it is open, for a short time, soon.
"""

from datetime import datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.models import User
from kinder.accounts.rules import Actor, Refused
from places.gatherings import Occasion
from places.hours import is_readable, status_at
from places.models import Place
from places.models.company import LONGEST_COMPANY
from places.models.place import SHOWN_STATES
from places.rules import check_can_keep_places
from places.vocabulary import SENSITIVE_KINDS, CostToStay, PlaceKind

EARLIEST, LATEST = time(8), time(20)
"""Company begins and ends within the day, by the local clock."""
DAYS_AHEAD = 6
"""Today and so many days more: what is farther away is a gathering."""
MOST_STANDING = 2
"""Notes that one person may have at a time."""
LENGTHS = (30, 60, 90, 120)

# Places of children, and those that would say too much of whoever is there.
NEVER_AT = SENSITIVE_KINDS | {PlaceKind.SCHOOL_GATE, PlaceKind.PLAYGROUND}
# Where nobody works who could be asked for help; at a gathering its host is there.
WITHOUT_STAFF = frozenset({PlaceKind.PARK, PlaceKind.ALLOTMENT, PlaceKind.BENCH})

NOT_HERE = _("We don't do this at a place of this kind.")
HOURS_UNKNOWN = _("We don't know when this place is open, so we can't do this here yet.")
NOT_OPEN_THEN = _("The place is not open for all of that time. Choose another time.")
NOT_AT_NIGHT = _("Choose a time between 8 in the morning and 8 in the evening.")
IS_OVER = _("That time is over. Choose a later one.")
TOO_FAR = _("Choose a day in the next week.")
TOO_LONG = _("Two hours at most.")
NOT_THEN = _("It does not happen on that day.")
ENOUGH = _("You have two notes already. Take one back first.")


def check_place(place: Place, *, at_gathering: bool = False) -> None:
    """Refuse places where two people who do not know each other should not be sent."""
    if (
        place.state not in SHOWN_STATES
        or place.kind in NEVER_AT
        or place.cost_to_stay == CostToStay.MEMBERS
    ):
        raise Refused(NOT_HERE)
    if at_gathering:
        return
    if place.kind in WITHOUT_STAFF:
        raise Refused(NOT_HERE)
    if not is_readable(place.opening_hours):
        raise Refused(HOURS_UNKNOWN)


def can_have_company(place: Place, *, at_gathering: bool = False) -> bool:
    """Ask `check_place`."""
    try:
        check_place(place, at_gathering=at_gathering)
    except Refused:
        return False
    return True


def check_time(starts_at: datetime, ends_at: datetime, *, now: datetime) -> None:
    """Refuse what is over, far away, long, early or late, by the local clock."""
    first, last = timezone.localtime(starts_at), timezone.localtime(ends_at)
    if starts_at <= now:
        raise Refused(IS_OVER)
    if first.date() > timezone.localdate(now) + timedelta(days=DAYS_AHEAD):
        raise Refused(TOO_FAR)
    if not (EARLIEST <= first.time() < last.time() <= LATEST) or last.date() != first.date():
        raise Refused(NOT_AT_NIGHT)
    if ends_at - starts_at > LONGEST_COMPANY:
        raise Refused(TOO_LONG)


def is_open_throughout(place: Place, starts_at: datetime, ends_at: datetime) -> bool:
    """Tell whether the hours of `place` say open from beginning to end."""
    status = status_at(place.opening_hours, starts_at, point=place.point)
    return status.is_open and (status.until_at is None or status.until_at >= ends_at)


def check_open(place: Place, starts_at: datetime, ends_at: datetime) -> None:
    """Raise Refused unless the place is open from beginning to end."""
    if not is_open_throughout(place, starts_at, ends_at):
        raise Refused(NOT_OPEN_THEN)


def cut_to_length(occasion: Occasion) -> datetime:
    """Return until when company at an occasion is: its end, two hours after its beginning, or the
    end of the day, whichever comes first."""
    late = datetime.combine(occasion.on, LATEST, tzinfo=occasion.starts_at.tzinfo)
    return min(occasion.ends_at, occasion.starts_at + LONGEST_COMPANY, late)


def check_can_take_down(user: Actor) -> User:
    """Keepers of the register take down a note that should not be there."""
    return check_can_keep_places(user)
