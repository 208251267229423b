"""What befriending reminds of: checks and reviews that come near, visits that have not ended,
worries, wishes, and once a week all of it.

Due work is found by query, so the job may run twice, late or on many machines. A threshold is
crossed off in the transaction that makes the task and the notices; a notice is claimed before its
mail goes out, so a mail is never sent twice. A letter holds a link and no word about anybody.
"""

import datetime as dt
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from connections.befriending.actions.pairings import suspend_unsafe
from connections.befriending.models import (
    Check,
    Match,
    Notice,
    Review,
    Service,
    Visit,
    Volunteer,
)
from connections.befriending.states import RUNNING
from connections.befriending.vocabulary import CheckDecision, MatchState, NoticeKind
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.letters import make_link, send_letter_to
from kinder.accounts.models import Membership, Role, Task, User

logger = logging.getLogger("kinder.befriending")

THRESHOLDS = (60, 30, 7)
"""Days before a check ends or a review is due at which somebody is reminded, once each."""

MOST_TRIES = 5
DIGEST_WEEKDAY = 0
RUNNING_OR_ENDING = RUNNING | {MatchState.ENDING}
TELLING = {
    "concern": (NoticeKind.WORRY, (Role.LEAD,)),
    "wish": (NoticeKind.WISH, (Role.COORDINATOR,)),
    "missed_twice": (NoticeKind.MISSED, (Role.COORDINATOR,)),
}


def remind(now: dt.datetime | None = None) -> int:
    """Do all that is due by `now`, and return how many notices were made."""
    now = now or timezone.now()
    today = timezone.localdate(now)
    suspend_expired(today)
    made = raise_alarms(now)
    made += warn_of_checks(today) + warn_of_reviews(today) + tell_of_tasks(now)
    if today.weekday() == DIGEST_WEEKDAY:
        made += make_digests(today)
    return made


def suspend_expired(today: dt.date) -> int:
    """Suspend the running pairings of everybody whose check has ended; return how many."""
    with acting(purpose=Purpose.SWEEP):
        ended = list(
            Volunteer.objects.filter(
                matches__state__in=RUNNING_OR_ENDING - {MatchState.SUSPENDED},
                checks__decision=CheckDecision.CLEARED,
                checks__expires_on__lt=today,
            )
            .distinct()
            .select_related("service__organisation")
        )
    suspended = 0
    for volunteer in ended:
        # Each in its own transaction: a coordinator waits for one volunteer, never for all.
        with acting(purpose=Purpose.SWEEP):
            suspended += suspend_unsafe(by=None, volunteer=volunteer)
    return suspended


def find_threshold(days_left: int, warned: Iterable[int]) -> int | None:
    """Return the nearest threshold that was reached and not warned of yet."""
    reached = [days for days in THRESHOLDS if days_left <= days]
    return min(reached) if reached and min(reached) not in warned else None


@transaction.atomic
def warn_of_checks(today: dt.date) -> int:
    """Warn of each cleared check that nears its end and that no later one replaces."""
    made = 0
    with acting(purpose=Purpose.SWEEP):
        near = (
            find_ending_checks(today, max(THRESHOLDS))
            .select_related("volunteer__service")
            .select_for_update(skip_locked=True, of=("self",))
        )
        for check in near:
            if check.expires_on is None:
                continue
            days = find_threshold((check.expires_on - today).days, check.warned_days)
            if days is None:
                continue
            _cross_off(check, days)
            made += _warn(
                NoticeKind.EXPIRY,
                f"check:{check.pk}:{days}",
                check.volunteer.service,
                (Role.COORDINATOR,),
                Task(
                    kind=Task.Kind.CHECK_EXPIRES,
                    object_type=Check._meta.label_lower,
                    object_id=str(check.pk),
                    due_on=check.expires_on,
                ),
            )
    return made


@transaction.atomic
def warn_of_reviews(today: dt.date) -> int:
    """Warn of each review of a running pairing that nears its day and was not held."""
    made = 0
    with acting(purpose=Purpose.SWEEP):
        for review in find_due_reviews(today, max(THRESHOLDS)).select_for_update(
            skip_locked=True, of=("self",)
        ):
            days = find_threshold((review.due_on - today).days, review.warned_days)
            if days is None:
                continue
            _cross_off(review, days)
            made += _warn(
                NoticeKind.REVIEW,
                f"review:{review.pk}:{days}",
                review.match.service,
                (Role.COORDINATOR,),
                Task(
                    kind=Task.Kind.REVIEW_DUE,
                    object_type=Review._meta.label_lower,
                    object_id=str(review.pk),
                    due_on=review.due_on,
                ),
            )
    return made


def find_ending_checks(today: dt.date, within: int) -> QuerySet[Check]:
    """Return the cleared checks that end within so many days, or have, of volunteers who are there;
    not those that another one, which holds for longer, has replaced."""
    longer = Check.objects.filter(
        Q(expires_on__gt=OuterRef("expires_on")) | Q(expires_on=None),
        volunteer=OuterRef("volunteer"),
        decision=CheckDecision.CLEARED,
    )
    return (
        Check.objects.filter(
            ~Exists(longer),
            decision=CheckDecision.CLEARED,
            expires_on__lte=today + dt.timedelta(days=within),
            volunteer__left_on=None,
            volunteer__declined_on=None,
        )
        .select_related("volunteer")
        .order_by("expires_on", "id")
    )


def find_due_reviews(today: dt.date, within: int) -> QuerySet[Review]:
    """Return the reviews due within so many days, or overdue, of pairings that go on."""
    return (
        Review.objects.filter(
            held_on=None,
            due_on__lte=today + dt.timedelta(days=within),
            match__state__in=RUNNING_OR_ENDING,
        )
        .select_related("match__service")
        .order_by("due_on", "id")
    )


@transaction.atomic
def raise_alarms(now: dt.datetime) -> int:
    """Raise the alarm for each lone visit that should have ended, once."""
    made = 0
    with acting(purpose=Purpose.SWEEP):
        late = (
            Visit.objects.filter(ended_at=None, alarmed_at=None, due_at__lt=now)
            .select_related("match__service")
            .select_for_update(skip_locked=True, of=("self",))
        )
        for visit in late:
            service = visit.match.service
            if now < visit.due_at + dt.timedelta(minutes=service.visit_grace_minutes):
                continue
            visit.alarmed_at = now
            visit.save(update_fields=["alarmed_at"])
            made += _warn(
                NoticeKind.VISIT,
                f"visit:{visit.pk}",
                service,
                (Role.COORDINATOR, Role.LEAD),
                Task(
                    kind=Task.Kind.BEFRIENDING,
                    object_type=Visit._meta.label_lower,
                    object_id=str(visit.pk),
                    due_on=timezone.localdate(now),
                ),
            )
    return made


@transaction.atomic
def tell_of_tasks(now: dt.datetime) -> int:
    """Make notices of worries, wishes and missed meetings of the last days."""
    made = 0
    since = now - dt.timedelta(days=3)
    asked = Q()
    for prefix in TELLING:
        asked |= Q(key__startswith=f"{prefix}:")
    with acting(purpose=Purpose.SWEEP):
        for task in Task.objects.filter(asked, done_at=None, created_at__gte=since).select_related(
            "organisation"
        ):
            kind, roles = TELLING[task.key.partition(":")[0]]
            service = Service.objects.filter(organisation=task.organisation).first()
            if service is not None:
                made += _notify(kind, f"task:{task.pk}", service, roles)
    return made


@transaction.atomic
def make_digests(today: dt.date) -> int:
    """Make the weekly notice for each coordinator of each service that has something to see."""
    year, week, _day = today.isocalendar()
    made = 0
    with acting(purpose=Purpose.SWEEP):
        for service in Service.objects.all():
            if count_open(service, today).total:
                key = f"digest:{service.pk}:{year}-{week}"
                made += _notify(NoticeKind.DIGEST, key, service, (Role.COORDINATOR,))
    return made


@dataclass(frozen=True)
class OpenWork:
    """How much waits in a service: numbers alone."""

    referrals: int
    waiting: int
    checks: int
    reviews: int
    suspended: int

    @property
    def total(self) -> int:
        return self.referrals + self.waiting + self.checks + self.reviews + self.suspended


def count_open(service: Service, today: dt.date) -> OpenWork:
    """Count what waits in a service, for whoever acts."""
    return OpenWork(
        referrals=service.referrals.filter(state="new").count(),
        waiting=service.referrals.filter(state="waiting").count(),
        checks=find_ending_checks(today, min(THRESHOLDS))
        .filter(volunteer__service=service)
        .count(),
        reviews=find_due_reviews(today, min(THRESHOLDS)).filter(match__service=service).count(),
        suspended=Match.objects.filter(service=service, state=MatchState.SUSPENDED).count(),
    )


def _cross_off(thing: Check | Review, days: int) -> None:
    """Cross off a threshold and those before it: who comes late hears it once, not three times."""
    thing.warned_days = sorted(
        {*thing.warned_days, *(one for one in THRESHOLDS if one >= days)}, reverse=True
    )
    thing.save(update_fields=["warned_days"])


def _warn(kind: NoticeKind, key: str, service: Service, roles: tuple[Role, ...], task: Task) -> int:
    task.organisation_id, task.key = service.organisation_id, key
    Task.objects.bulk_create([task], ignore_conflicts=True)
    return _notify(kind, key, service, roles)


def _notify(kind: NoticeKind, key: str, service: Service, roles: tuple[Role, ...]) -> int:
    people = Membership.objects.filter(
        organisation_id=service.organisation_id, role__in=roles, user__is_active=True
    )
    notices = [
        Notice(service=service, kind=kind, key=f"{key}:{user_id}", recipient_id=user_id)
        for user_id in sorted(set(people.values_list("user_id", flat=True)))
    ]
    known = set(
        Notice.objects.filter(key__in=[one.key for one in notices]).values_list("key", flat=True)
    )
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    return sum(one.key not in known for one in notices)


# ---------------------------------------------------------------- letters


def send_notices() -> int:
    """Send the letters of all notices that nobody has claimed; return how many went out."""
    sent = 0
    while (notice := _claim()) is not None:
        try:
            _send(notice)
        except OSError as error:
            # Refused by the mail server before it took the letter: another try cannot double it.
            logger.warning(
                "A letter of kind %s was not sent: %s", notice.kind, type(error).__name__
            )
            _note(notice, claimed_at=None)
            break
        _note(notice, sent_at=timezone.now())
        sent += 1
    return sent


def _claim() -> Notice | None:
    """Claim one notice and commit, so that no other worker and no later run sends it too."""
    with acting(purpose=Purpose.SWEEP):
        notice = (
            Notice.objects.filter(sent_at=None, claimed_at=None, tries__lt=MOST_TRIES)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("recipient", "service")
            .order_by("made_at", "id")
            .first()
        )
        if notice is not None:
            notice.claimed_at, notice.tries = timezone.now(), notice.tries + 1
            notice.save(update_fields=["claimed_at", "tries"])
    return notice


def _note(notice: Notice, **values: dt.datetime | None) -> None:
    with acting(purpose=Purpose.SWEEP):
        Notice.objects.filter(pk=notice.pk).update(**values)


def _send(notice: Notice) -> None:
    recipient: User = notice.recipient
    link = make_link(reverse("pages:today"))
    counts = None
    if notice.kind == NoticeKind.DIGEST:
        with acting(purpose=Purpose.SWEEP):
            counts = count_open(notice.service, timezone.localdate())
    template = "digest" if counts else "visit" if notice.kind == NoticeKind.VISIT else "notice"
    send_letter_to(recipient, f"befriending/letters/{template}", link=link, counts=counts)
