"""When a question is open, and who may propose, comment on, open and close a measure."""

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.interactions.models import Measure, OrdinaryDay, Prompt
from kinder.accounts.models import Organisation, Role, User
from kinder.accounts.rules import Actor, Refused, check_administrator, check_role, check_signed_in
from places.models import Area, AreaAncestor, OrganisationArea
from places.vocabulary import AreaLevel

ANSWER_DAYS = 3
"""For so many days after the day asked about an answer counts (decisions: else non-response)."""
LATE_DAYS = 30
"""For so long a late answer may still be written into one's own diary, like any moment."""
MOST_ACTS = 10
"""The most acts of a kind that are asked for, "10 or more": the method counts ten at most."""
MEASURE_LEVELS = (AreaLevel.INTERMEDIATE, AreaLevel.COMMUNITY, AreaLevel.COUNCIL)
COMMENT_DAYS = 14
MOST_OPEN = 3
SCALES = {
    Measure.Scale.AGREE_5.value: (1, 5),
    Measure.Scale.ZERO_TO_TEN.value: (0, 10),
}
WORKING = (Role.WORKER, Role.COORDINATOR, Role.LEAD)
QUARTER_MONTHS = (1, 2, 4, 5, 7, 8, 10, 11)
"""The first two months of each quarter: whoever is new in its last fortnight is left out of it."""
MOST_CARDS = 600

NOT_ENROLLED = _("You are not asked about an ordinary day at the moment.")
NOT_YET = _("That day is not over yet.")
TOO_LATE = _("That day was too long ago.")
ANSWER_STANDS = _(
    "You answered in time, and the time is over: your answer stands. You can delete it."
)
NOT_THERE = _("For that you need a role in an organisation that works there.")
WRONG_LEVEL = _("A measure belongs to a neighbourhood, a community or a council.")
ONLY_WHILE_PROPOSED = _("That is possible only while the measure is shown for comment.")
STILL_SHOWN = _("A measure is shown for comment for 14 days before it is asked.")
ENOUGH_OPEN = _("Three measures are asked here already. Close one first.")
NOT_OPEN = _("This measure is not asked at the moment.")
NOT_A_COMMUNITY = _("Our Ordinary Day is for a community.")
WRONG_MONTH = _("Choose a coming month, the first or second of a quarter.")
ONCE_A_YEAR = _("There is one Our Ordinary Day a year here, and this year's is planned already.")
TOO_MANY_CARDS = _("That is more cards than were printed, or fewer than were handed out already.")
DAY_NOT_OVER = _("Cards are handed out the day after the day they ask about.")
CARDS_CLOSED = _("The time for this day's cards is over.")
UNKNOWN_CARD = _("There is no such card. Look at the number again: every sign counts.")
NOT_HANDED_OUT = _("That card was not handed out. Say first how many were.")
CARD_USED = _("This card was answered already.")


def first_day_to_answer(prompt: Prompt) -> dt.date:
    return prompt.asked_on + dt.timedelta(days=1)


def last_day_to_answer(prompt: Prompt) -> dt.date:
    return prompt.asked_on + dt.timedelta(days=ANSWER_DAYS)


def is_window_open(prompt: Prompt, *, today: dt.date | None = None) -> bool:
    """Tell whether an answer given `today` counts; all dates are local ones."""
    today = today or timezone.localdate()
    return first_day_to_answer(prompt) <= today <= last_day_to_answer(prompt)


def check_can_answer(prompt: Prompt, *, today: dt.date | None = None) -> None:
    """Refuse days that are not over, and days too long ago even for one's own diary."""
    today = today or timezone.localdate()
    if today < first_day_to_answer(prompt):
        raise Refused(NOT_YET)
    if today > prompt.asked_on + dt.timedelta(days=LATE_DAYS):
        raise Refused(TOO_LATE)


def quarter_of(day: dt.date) -> dt.date:
    return dt.date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


# ------------------------------------------------------------------ measures


def organisations_there(user: User, area: Area, *roles: Role) -> list[Organisation]:
    """Return the organisations in which `user` has one of `roles` (any, without one) and that work
    in `area`, in something within it or in something that holds it."""
    related = AreaAncestor.objects.filter(area=area).values("ancestor")
    within = AreaAncestor.objects.filter(ancestor=area).values("area")
    there = (
        OrganisationArea.objects.filter(area__in=related)
        .values("organisation")
        .union(OrganisationArea.objects.filter(area__in=within).values("organisation"))
    )
    theirs = Organisation.objects.filter(memberships__user=user, pk__in=there)
    if roles:
        theirs = theirs.filter(memberships__user=user, memberships__role__in=roles)
    return list(theirs.distinct().order_by("name"))


def check_can_propose(user: Actor, *, area: Area, organisation: Organisation | None = None) -> User:
    """A measure is proposed by a member of an organisation that works there."""
    found = check_signed_in(user)
    if area.level not in MEASURE_LEVELS:
        raise Refused(WRONG_LEVEL)
    there = organisations_there(found, area)
    if not there or (organisation is not None and organisation not in there):
        raise Refused(NOT_THERE)
    return found


def can_propose(user: Actor, *, area: Area) -> bool:
    try:
        check_can_propose(user, area=area)
    except Refused:
        return False
    return True


def check_can_comment(user: Actor, *, measure: Measure) -> User:
    """Members of organisations there comment while the measure is proposed."""
    found = check_can_propose(user, area=measure.area)
    if measure.state != Measure.State.PROPOSED:
        raise Refused(ONLY_WHILE_PROPOSED)
    return found


def opens_from(measure: Measure) -> dt.date:
    """Return the first day on which the measure may be asked."""
    return measure.proposed_on + dt.timedelta(days=COMMENT_DAYS)


def check_can_open(user: Actor, *, measure: Measure, today: dt.date | None = None) -> User:
    """The administrator opens a measure after 14 days of comment, three at most in an area."""
    found = check_administrator(user)
    if measure.state != Measure.State.PROPOSED:
        raise Refused(ONLY_WHILE_PROPOSED)
    if (today or timezone.localdate()) < opens_from(measure):
        raise Refused(STILL_SHOWN)
    asked = Measure.objects.filter(area=measure.area_id, state=Measure.State.OPEN)
    if asked.count() >= MOST_OPEN:
        raise Refused(ENOUGH_OPEN)
    return found


def check_can_decline(user: Actor, *, measure: Measure) -> User:
    found = check_administrator(user)
    if measure.state != Measure.State.PROPOSED:
        raise Refused(ONLY_WHILE_PROPOSED)
    return found


def check_can_close(user: Actor, *, measure: Measure) -> User:
    found = check_administrator(user)
    if measure.state != Measure.State.OPEN:
        raise Refused(NOT_OPEN)
    return found


# ------------------------------------------------------------------ Our Ordinary Day


def check_works_there(user: Actor, *, area: Area) -> User:
    """Workers of organisations there look after a community's pages; the administrator may too."""
    found = check_role(user, *WORKING, or_administrator=True)
    if not found.is_administrator and not organisations_there(found, area, *WORKING):
        raise Refused(NOT_THERE)
    return found


def can_work_there(user: Actor, *, area: Area) -> bool:
    try:
        check_works_there(user, area=area)
    except Refused:
        return False
    return True


def check_can_plan(
    user: Actor, *, area: Area, month_on: dt.date, today: dt.date | None = None
) -> User:
    """A day is planned for a coming month, so that nobody can choose it by the day it drew."""
    found = check_works_there(user, area=area)
    today = today or timezone.localdate()
    if area.level != AreaLevel.COMMUNITY:
        raise Refused(NOT_A_COMMUNITY)
    if month_on <= today or month_on.day != 1 or month_on.month not in QUARTER_MONTHS:
        raise Refused(WRONG_MONTH)
    if OrdinaryDay.objects.filter(area=area, month_on__year=month_on.year).exists():
        raise Refused(ONCE_A_YEAR)
    return found


def check_can_hand_out(
    day: OrdinaryDay, *, prompt: Prompt | None, count: int, today: dt.date | None = None
) -> Prompt:
    """Cards go out while the month's question is open, for only then its day is known."""
    if prompt is None or (today or timezone.localdate()) < first_day_to_answer(prompt):
        raise Refused(DAY_NOT_OVER)
    if not is_window_open(prompt, today=today):
        raise Refused(CARDS_CLOSED)
    if not day.handed_out <= count <= day.cards:
        raise Refused(TOO_MANY_CARDS)
    return prompt


ENTRY_DAYS = 14
"""For so long after the days to answer the cards that were filled in can be typed in."""


def check_can_enter(prompt: Prompt, *, today: dt.date | None = None) -> None:
    """A card is filled in within the window, and typed in by a worker up to a fortnight later."""
    today = today or timezone.localdate()
    if today < first_day_to_answer(prompt):
        raise Refused(DAY_NOT_OVER)
    if today > last_day_to_answer(prompt) + dt.timedelta(days=ENTRY_DAYS):
        raise Refused(CARDS_CLOSED)
