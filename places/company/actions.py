"""Writes of notes about company: put up, taken back by their maker, taken down by a keeper.

Putting up and taking back leave no row in the audit: it would keep for ever when and where somebody
was alone, and nobody answers for it but themselves. A keeper's deed is recorded.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from kinder.accounts.audit import record
from kinder.accounts.models import Contributor, User
from kinder.accounts.rules import Refused
from places.company.rules import (
    ENOUGH,
    MOST_STANDING,
    NOT_THEN,
    check_can_take_down,
    check_open,
    check_place,
    check_time,
    cut_to_length,
)
from places.gatherings import Occasion
from places.models import CompanyNotice, Gathering, Place
from places.vocabulary import CompanyThing, CompanyWay


@transaction.atomic
def ask_at_place(
    *,
    by: Contributor,
    place: Place,
    way: CompanyWay,
    thing: CompanyThing,
    starts_at: datetime,
    ends_at: datetime,
    language: str = "",
) -> CompanyNotice:
    """Put up that somebody asks for company, or offers it, at `place`; the same again is one note.

    Raises Refused with the reason.
    """
    check_place(place)
    check_time(starts_at, ends_at, now=timezone.now())
    check_open(place, starts_at, ends_at)
    facts = {"way": way, "thing": thing, "language": language}
    return _put_up(by, place=place, starts_at=starts_at, ends_at=ends_at, **facts)


@transaction.atomic
def ask_at_gathering(
    *, by: Contributor, occasion: Occasion, way: CompanyWay, language: str = ""
) -> CompanyNotice:
    """Put up that somebody would go in together with another at one time of a gathering."""
    gathering, ends_at = occasion.gathering, cut_to_length(occasion)
    if gathering.state != Gathering.State.SHOWN or occasion.is_cancelled:
        raise Refused(NOT_THEN)
    check_place(gathering.place, at_gathering=True)
    check_time(occasion.starts_at, ends_at, now=timezone.now())
    return _put_up(
        by,
        place=gathering.place,
        gathering=gathering,
        way=way,
        thing=CompanyThing.GO_IN,
        language=language,
        starts_at=occasion.starts_at,
        ends_at=ends_at,
    )


def _put_up(by: Contributor, **facts: object) -> CompanyNotice:
    # Two requests at once of one person wait for each other, so that none slips past the most.
    Contributor.objects.select_for_update().get(pk=by.pk)
    standing = CompanyNotice.objects.filter(contributor=by, ends_at__gt=timezone.now())
    same = standing.filter(**facts).first()
    if same is not None:
        return same
    if standing.count() >= MOST_STANDING:
        raise Refused(ENOUGH)
    return CompanyNotice.objects.create(contributor=by, **facts)


def find_own(*, by: Contributor | None, user: User | None) -> Q:
    """Return the condition under which a note is somebody's: of their device or their account."""
    mine = Q(pk__in=[])
    if by is not None:
        mine |= Q(contributor=by)
    if user is not None:
        mine |= Q(contributor__user=user)
    return mine


@transaction.atomic
def take_back(*, by: Contributor | None, user: User | None, notice: CompanyNotice) -> bool:
    """Take one's own note back; nothing of it stays. False where it is not theirs, or gone."""
    return bool(CompanyNotice.objects.filter(find_own(by=by, user=user), pk=notice.pk).delete()[0])


@transaction.atomic
def take_down(*, by: User, notice: CompanyNotice) -> int:
    """Take a note from everybody's sight, with all that say the very same; return how many."""
    check_can_take_down(by)
    same = CompanyNotice.objects.filter(
        place=notice.place_id,
        gathering=notice.gathering_id,
        way=notice.way,
        thing=notice.thing,
        language=notice.language,
        starts_at=notice.starts_at,
        ends_at=notice.ends_at,
    )
    number = same.delete()[0]
    if number:
        record("take_down_company", notice.place, by=by, way=notice.way, what=notice.thing)
    return number
