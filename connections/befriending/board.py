"""What a coordinator sees: the board's columns, the waiting list in its fair order, what is due."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from connections.befriending.models import (
    Check,
    Concern,
    Match,
    Participant,
    Referral,
    Review,
    Service,
    Visit,
    Volunteer,
)
from connections.befriending.reminders import (
    THRESHOLDS,
    find_due_reviews,
    find_ending_checks,
)
from connections.befriending.vocabulary import MatchState, ReferralState
from kinder.accounts.acting import acting
from kinder.accounts.models import Task, User

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

SHOWN = 60
"""Cards shown in a column; the head says how many there are."""

ENDED_DAYS = 91
REVIEW_DAYS = 14


@dataclass(frozen=True)
class Card:
    """One card: who, where it leads, and one line of what matters now."""

    title: str
    url_name: str
    pk: UUID
    line: "_StrOrPromise" = ""
    day: dt.date | None = None
    is_urgent: bool = False
    days: int | None = None
    state: "_StrOrPromise" = ""
    tag: "_StrOrPromise" = ""


@dataclass(frozen=True)
class Column:
    key: str
    title: "_StrOrPromise"
    cards: list[Card]
    total: int
    empty: "_StrOrPromise"


@dataclass
class Wanted:
    """The board's filter: a part of a name, a language, a neighbourhood."""

    q: str = ""
    language: str = ""
    area: int | None = None

    @classmethod
    def read(cls, cleaned: Mapping[str, Any]) -> "Wanted":
        area = cleaned.get("area")
        return cls(cleaned.get("q", ""), cleaned.get("language", ""), area.pk if area else None)

    @property
    def is_set(self) -> bool:
        return bool(self.q or self.language or self.area)

    def referrals(self) -> Q:
        found = Q()
        if self.q:
            found &= Q(participant__name__icontains=self.q)
        if self.language:
            found &= Q(participant__languages__contains=[self.language])
        if self.area:
            found &= Q(participant__travel_area=self.area)
        return found

    def matches(self) -> Q:
        found = Q()
        if self.q:
            found &= Q(participant__name__icontains=self.q) | Q(volunteer__name__icontains=self.q)
        if self.language:
            found &= Q(participant__languages__contains=[self.language])
        if self.area:
            found &= Q(participant__travel_area=self.area)
        return found


def waiting_list(service: Service, wanted: Wanted | None = None) -> QuerySet[Referral]:
    """Return who waits in the fair order: overrides, then the longest wait, then the id. The same
    people give the same order on every page and in matching."""
    found = wanted.referrals() if wanted else Q()
    return (
        Referral.objects.filter(found, service=service, state=ReferralState.WAITING)
        .select_related("participant")
        .order_by("-priority", "received_on", "id")
    )


def make_board(service: Service, wanted: Wanted, *, today: dt.date) -> list[Column]:
    """Return the columns from the referral to the ending."""
    referrals = list(
        Referral.objects.filter(
            wanted.referrals(),
            service=service,
            state__in=(ReferralState.NEW, ReferralState.ASSESSED),
        )
        .select_related("participant")
        .order_by("received_on", "id")
    )
    matches = list(
        Match.objects.filter(wanted.matches(), service=service)
        .exclude(state=MatchState.DECLINED)
        .exclude(state=MatchState.ENDED, ended_on__lt=today - dt.timedelta(days=ENDED_DAYS))
        .select_related("participant", "volunteer", "referral")
        .order_by("introduced_on", "created_at", "id")
    )
    suggested = {m.referral_id for m in matches if m.state in _SUGGESTED}
    waiting = [one for one in waiting_list(service, wanted) if one.pk not in suggested]
    reviews = list(
        find_due_reviews(today, REVIEW_DAYS)
        .filter(match__in=[match.pk for match in matches])
        .select_related("match__participant", "match__volunteer")
    )
    return [
        _column("new", _("Referrals"), [_new(one, today) for one in referrals],
                _("Nobody new.")),
        _column("waiting", _("Waiting"), [_waiting(one, today) for one in waiting],
                _("Nobody waits.")),
        _column("suggested", _("Suggested"), _of(matches, _SUGGESTED, today),
                _("Nobody is suggested. Run matching.")),
        _column("introduced", _("Introduced"), _of(matches, {MatchState.INTRODUCED}, today),
                _("Nobody is just introduced.")),
        _column("active", _("Active"), _of(matches, {MatchState.ACTIVE}, today),
                _("No pairing is active.")),
        _column("paused", _("Paused"), _of(matches, _STOPPED, today),
                _("Nothing is paused.")),
        _column("reviews", _("Reviews due"), [_review(one, today) for one in reviews],
                _("No review is due.")),
        _column("ending", _("Ending, ended"), _of(matches, _ENDING, today),
                _("Nothing ended lately.")),
    ]  # fmt: skip


_SUGGESTED = {MatchState.PROPOSED, MatchState.HELD}
_STOPPED = {MatchState.PAUSED, MatchState.SUSPENDED}
_ENDING = {MatchState.ENDING, MatchState.ENDED}


def _column(key: str, title: "_StrOrPromise", cards: list[Card], empty: "_StrOrPromise") -> Column:
    return Column(key, title, cards[:SHOWN], len(cards), empty)


def _new(referral: Referral, today: dt.date) -> Card:
    return Card(
        title=referral.participant.name,
        url_name="befriending:referral",
        pk=referral.pk,
        line=referral.get_source_display(),
        days=(today - referral.received_on).days,
        state=referral.get_state_display(),
        tag="" if referral.has_consented else _("No consent yet"),
        is_urgent=(today - referral.received_on).days > REVIEW_DAYS,
    )


def _waiting(referral: Referral, today: dt.date) -> Card:
    days = (today - referral.received_on).days
    return Card(
        title=referral.participant.name,
        url_name="befriending:referral",
        pk=referral.pk,
        line=referral.priority_reason,
        days=days,
        tag=_("Order changed") if referral.priority else "",
        is_urgent=days > 90,
    )


def _of(matches: Iterable[Match], states: set[MatchState], today: dt.date) -> list[Card]:
    return [
        Card(
            title=f"{match.participant.name} · {match.volunteer.name}",
            url_name="befriending:pairing",
            pk=match.pk,
            line=match.decided_because if match.state in (*_SUGGESTED, "suspended") else "",
            day=match.ended_on or match.first_met_on or match.introduced_on,
            state=match.get_state_display() if len(states) > 1 else "",
            is_urgent=match.state == MatchState.SUSPENDED,
        )
        for match in matches
        if match.state in states
    ]


def _review(review: Review, today: dt.date) -> Card:
    match = review.match
    who = match.participant if review.side == "participant" else match.volunteer
    return Card(
        title=who.name,
        url_name="befriending:pairing",
        pk=match.pk,
        line=review.get_side_display(),
        day=review.due_on,
        is_urgent=review.due_on < today,
        tag=_("Overdue") if review.due_on < today else "",
    )


# ---------------------------------------------------------------- what is due


@dataclass
class Due:
    """What waits in a service: the page of the same name, and the weekly letter's link."""

    visits: list[Visit] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    tasks: list[tuple[Task, Match | None]] = field(default_factory=list)
    suspended: list[Match] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.visits or self.checks or self.reviews or self.tasks or self.suspended)


def gather_due(service: Service, *, user: User, today: dt.date) -> Due:
    """Gather what is overdue or comes within 60 days, for whoever acts."""
    tasks = list(
        Task.objects.filter(
            organisation=service.organisation_id,
            done_at=None,
            object_type=Match._meta.label_lower,
        ).order_by("due_on", "id")
    )
    found = {
        str(match.pk): match
        for match in Match.objects.filter(
            service=service, pk__in=[task.object_id for task in tasks]
        ).select_related("participant", "volunteer")
    }
    return Due(
        visits=list(
            Visit.objects.filter(match__service=service, ended_at=None)
            .select_related("match__participant", "match__volunteer")
            .order_by("due_at")
        ),
        checks=list(find_ending_checks(today, max(THRESHOLDS)).filter(volunteer__service=service)),
        reviews=list(
            find_due_reviews(today, max(THRESHOLDS))
            .filter(match__service=service)
            .select_related("match__participant", "match__volunteer")
        ),
        tasks=[(task, found[task.object_id]) for task in tasks if task.object_id in found],
        suspended=list(
            Match.objects.filter(service=service, state=MatchState.SUSPENDED)
            .select_related("participant", "volunteer")
            .order_by("id")
        ),
    )


@dataclass(frozen=True)
class Told:
    """A task in words, and the page where it is seen to."""

    words: "_StrOrPromise"
    url: str


_TASKS = {
    "missed_twice": _("A meeting didn't happen twice in a row"),
    "stop": _("One of a pairing wants to stop"),
    "pause": _("One of a pairing paused"),
    "go_on": _("A pairing goes on after a pause"),
    "check": _("A check runs out"),
    "review": _("A review is due"),
    "concern": _("A worry was raised"),
    "visit": _("A home visit has not ended"),
}


def tell_tasks(tasks: Iterable[Task], user: User) -> dict[int, Told]:
    """Return, by their ids, the tasks of befriending that `user` can see to, with where: nobody is
    named, and what the database does not show them is left out."""
    about: dict[str, dict[str, list[Task]]] = {}
    for task in tasks:
        about.setdefault(task.object_type, {}).setdefault(task.object_id, []).append(task)
    told: dict[int, Told] = {}
    with acting(user=user):
        for model, (name, field) in _SEEN_TO.items():
            own = about.get(model._meta.label_lower, {})
            if not own:
                continue
            seen = model._default_manager.filter(pk__in=list(own)).values_list("pk", field)
            for pk, at in seen:
                url = reverse(name, args=[at])
                told |= {task.pk: Told(_say(task), url) for task in own[str(pk)]}
    return told


# The page where a task of each kind is seen to, and the field that holds its id.
_SEEN_TO: dict[type[Model], tuple[str, str]] = {
    Match: ("befriending:pairing", "pk"),
    Review: ("befriending:review", "pk"),
    Check: ("befriending:volunteer", "volunteer_id"),
    Concern: ("befriending:concern", "pk"),
    Visit: ("befriending:due", "match__service_id"),
}


def _say(task: Task) -> "_StrOrPromise":
    """Keys are made of codes: missed_twice:…, wish:…:stop:…, check:…, review:…, visit:…"""
    kind, _colon, rest = task.key.partition(":")
    code = rest.split(":")[1] if kind == "wish" else kind
    return _TASKS.get(code, task.get_kind_display())


def has_own(user: User) -> bool:
    """Tell whether somebody is befriended or befriends, so that they have pages of their own."""
    with acting(user=user):
        return (
            Participant.objects.filter(user=user).exists()
            or Volunteer.objects.filter(user=user).exists()
        )


def services_of(user: User, *roles: str) -> list[Service]:
    """Return the services in whose organisations somebody has one of `roles`."""
    keys = {place for place, role in user.role_pairs if role in roles}
    return list(
        Service.objects.filter(organisation__in=keys)
        .select_related("organisation")
        .order_by("name", "id")
    )
