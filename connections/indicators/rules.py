"""Who may freeze, compute and publish a quarter, and when. A Purpose is a job of the deployment
itself (a command, the demo): it is held by the dates and never by a role."""

import datetime as dt

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from connections.indicators import quarters
from connections.indicators.models import AbuseAlert, Quarter, Release
from kinder.accounts.acting import Purpose
from kinder.accounts.models import User
from kinder.accounts.rules import Actor, Refused, check_administrator
from places.models import Area
from places.vocabulary import AreaLevel

NO_QUARTER = _("A quarter begins on the 1st of January, April, July or October.")
NO_AREAS = _("No areas are in use yet: import them first.")
NO_POPULATION = _("Nobody knows how many people live in these areas yet: import populations.")
TOO_EARLY_TO_FREEZE = _(
    "The quarter can be frozen from {day} on: until then moments from it may still arrive."
)
MOMENTS_STILL_COUNTED = _(
    "Some moments of this quarter are still being counted. Please try again in a minute."
)
NOT_FROZEN = _("The quarter has to be frozen first.")
IN_WORK = _("A release of this quarter is being computed or waits to be looked at.")
FREEZING = _("Somebody else is freezing this quarter right now.")
TOO_EARLY_TO_PUBLISH = _("Figures are published 45 days after a quarter's end: from {day} on.")
STILL_COMPUTING = _("The figures are still being computed.")
ALREADY_PUBLISHED = _("This release is published. Published figures never change.")
WAS_WITHDRAWN = _("This release was set aside. Compute a new one.")
ALERT_OPEN = _("A warning about this quarter is open. Look at it and close it first.")
ALREADY_REVISED = _("This quarter was revised already.")
NOT_PUBLISHED = _("Only a published quarter is revised.")
TOO_EARLY_TO_REVISE = _("A year's quarters are revised together, from {day} on.")
TOO_LATE_TO_REVISE = _("The people of this quarter are deleted: it can no longer be revised.")
NO_COUNCIL = _("Only a council area has a cadence of its own.")
NO_COMMUNITY = _("Only a community has a picture of its own.")
NO_MAJORITY = _("A picture is switched on by more votes for it than against.")
VOTE_AHEAD = _("This vote has not been held yet: write it down on its day or after.")
YEAR_HAS_BEGUN = _("A cadence is fixed before the year begins.")
NOT_IN_WORK = _("Only a release that is not published yet can be set aside.")
ALERT_CLOSED = _("This warning is closed already.")


def check_can_release(by: Actor | Purpose) -> User | None:
    """Refuse everybody but an administrator; the release job itself may."""
    if by is Purpose.RELEASE:
        return None
    if isinstance(by, Purpose):
        raise Refused(_("This job may not release figures."))
    return check_administrator(by)


def check_can_freeze(
    by: Actor | Purpose, *, quarter_on: dt.date, now: dt.datetime | None = None
) -> None:
    """A quarter is frozen from day 31 after its end on; freezing it again changes nothing."""
    check_can_release(by)
    if quarter_on != quarters.quarter_of(quarter_on):
        raise Refused(NO_QUARTER)
    if quarters.today(now) < quarters.freezes_on(quarter_on):
        raise Refused(_on(TOO_EARLY_TO_FREEZE, quarters.freezes_on(quarter_on)))


def check_can_start(by: Actor | Purpose, *, quarter: Quarter) -> None:
    """A release is computed from a frozen quarter, one at a time."""
    check_can_release(by)
    if quarter.frozen_at is None:
        raise Refused(NOT_FROZEN)
    if quarter.releases.filter(state__in=Release.IN_WORK).exists():
        raise Refused(IN_WORK)


def check_can_publish(
    by: Actor | Purpose, *, release: Release, now: dt.datetime | None = None
) -> None:
    """A ready release is published from day 45 on, with no open warning about its quarter."""
    check_can_release(by)
    if release.state in Release.OUT:
        raise Refused(ALREADY_PUBLISHED)
    if release.state == Release.State.WITHDRAWN:
        raise Refused(WAS_WITHDRAWN)
    if release.state == Release.State.COMPUTING:
        raise Refused(STILL_COMPUTING)
    due_on = quarters.publishes_on(release.quarter_id)
    if quarters.today(now) < due_on:
        raise Refused(_on(TOO_EARLY_TO_PUBLISH, due_on))
    if AbuseAlert.objects.filter(quarter=release.quarter_id, closed_at__isnull=True).exists():
        raise Refused(ALERT_OPEN)


def check_can_revise(
    by: Actor | Purpose, *, quarter: Quarter, now: dt.datetime | None = None
) -> None:
    """A published quarter is revised once, when the last quarter of its year can be frozen, while
    its first frozen rows are still there."""
    check_can_release(by)
    if quarter.revision > 1:
        raise Refused(ALREADY_REVISED)
    if not quarter.releases.filter(state=Release.State.PUBLISHED).exists():
        raise Refused(NOT_PUBLISHED)
    due_on = quarters.freezes_on(dt.date(quarter.starts_on.year, 10, 1))
    if quarters.today(now) < due_on:
        raise Refused(_on(TOO_EARLY_TO_REVISE, due_on))
    if not quarter.contributors.exists():
        raise Refused(TOO_LATE_TO_REVISE)
    if quarter.releases.filter(state__in=Release.IN_WORK).exists():
        raise Refused(IN_WORK)


def check_can_plan_cadence(
    by: Actor, *, council: Area, from_year: int, now: dt.datetime | None = None
) -> User:
    """A council's cadence is fixed before the year begins, so that nobody chooses it by the
    figures."""
    user = check_administrator(by)
    if council.level != AreaLevel.COUNCIL:
        raise Refused(NO_COUNCIL)
    if from_year <= quarters.today(now).year:
        raise Refused(YEAR_HAS_BEGUN)
    return user


def check_can_record_vote(
    by: Actor,
    *,
    area: Area,
    voted_on: dt.date,
    in_favour: int,
    against: int,
    is_on: bool,
    now: dt.datetime | None = None,
) -> User:
    """A community's picture is switched on by its own majority; anybody's wish switches it off."""
    user = check_administrator(by)
    if area.level != AreaLevel.COMMUNITY:
        raise Refused(NO_COMMUNITY)
    if voted_on > quarters.today(now):
        raise Refused(VOTE_AHEAD)
    if is_on and in_favour <= against:
        raise Refused(NO_MAJORITY)
    return user


def check_can_withdraw(by: Actor | Purpose, *, release: Release) -> None:
    """What was never published may be set aside."""
    check_can_release(by)
    if release.state not in Release.IN_WORK:
        raise Refused(ALREADY_PUBLISHED if release.state in Release.OUT else NOT_IN_WORK)


def check_can_close_alert(by: Actor, *, alert: AbuseAlert) -> User:
    """Only a person closes a warning."""
    user = check_administrator(by)
    if alert.closed_at is not None:
        raise Refused(ALERT_CLOSED)
    return user


def why_not_freeze(
    by: Actor | Purpose, *, quarter_on: dt.date, now: dt.datetime | None = None
) -> str:
    """Return why `by` may not freeze the quarter, or nothing when it may be done."""
    try:
        check_can_freeze(by, quarter_on=quarter_on, now=now)
    except Refused as refused:
        return str(refused.reason)
    return ""


def why_not_start(by: Actor | Purpose, *, quarter: Quarter) -> str:
    """Return why a release of the quarter cannot be begun, in words for a page; "" where it can."""
    try:
        check_can_start(by, quarter=quarter)
    except Refused as refused:
        return str(refused.reason)
    return ""


def why_not_revise(by: Actor | Purpose, *, quarter: Quarter, now: dt.datetime | None = None) -> str:
    """Return why the quarter cannot be revised, in words for a page; "" where it can."""
    try:
        check_can_revise(by, quarter=quarter, now=now)
    except Refused as refused:
        return str(refused.reason)
    return ""


def why_not_publish(
    by: Actor | Purpose, *, release: Release, now: dt.datetime | None = None
) -> str:
    """Return why the release cannot be published, in words for a page; "" where it can."""
    try:
        check_can_publish(by, release=release, now=now)
    except Refused as refused:
        return str(refused.reason)
    return ""


def _on(sentence: object, day: dt.date) -> str:
    return str(sentence).format(day=date_format(day, "j F Y"))
