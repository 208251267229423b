"""What may be logged, and the ways in which a moment is refused."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrOrPromise

DAYS_BACK = 30
"""How old a moment may be when it arrives (a judgement: a queue that waited for a month)."""
MOST_IN_A_BATCH = 50


@dataclass(frozen=True)
class Problem:
    """Why a field was refused: a code for programs, a sentence for people."""

    code: str
    message: "_StrOrPromise"


class MomentError(Exception):
    """A moment that was not written; nothing changed."""


class InvalidMomentError(MomentError):
    """The moment's own facts are wrong; `problems` maps fields to reasons."""

    def __init__(self, problems: "Mapping[str, Problem]") -> None:
        super().__init__({name: problem.code for name, problem in problems.items()})
        self.problems = dict(problems)


class UnknownMomentError(MomentError):
    """There is no such moment of this person: not there, or somebody else's (which is not told)."""


class OtherMomentError(MomentError):
    """The id already belongs to a moment of this person with other facts."""


class DeletedMomentError(MomentError):
    """The moment was deleted; a late retry does not bring it back."""


class StaleRevisionError(MomentError):
    """The moment was changed since the revision that the correction starts from."""

    def __init__(self, revision: int) -> None:
        super().__init__(revision)
        self.revision = revision


TOO_OLD = Problem("too_old", _("That is more than 30 days ago."))
IN_FUTURE = Problem("in_future", _("That day has not come yet."))
UNKNOWN_PLACE = Problem("unknown_place", _("We don't know that place."))
UNKNOWN_AREA = Problem("unknown_area", _("We don't know that area."))


def find_first_day(today: dt.date | None = None) -> dt.date:
    """Return the oldest day that may be logged today, in Scotland."""
    return (today or timezone.localdate()) - dt.timedelta(days=DAYS_BACK)


def check_day(occurred_on: dt.date, *, today: dt.date | None = None) -> None:
    """Refuse days to come and days too long ago: `occurred_on` alone decides month and quarter."""
    today = today or timezone.localdate()
    if occurred_on > today:
        raise InvalidMomentError({"occurred_on": IN_FUTURE})
    if occurred_on < find_first_day(today):
        raise InvalidMomentError({"occurred_on": TOO_OLD})
