"""What a worker finds on their desk this morning, from every room that has something to say."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import F, Model, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from connections.befriending.board import Told, services_of, tell_tasks
from connections.befriending.models import Concern, Service, Visit
from connections.befriending.reminders import OpenWork, count_open
from connections.befriending.vocabulary import ConcernState
from connections.indicators.gaps import count_open_by_hour, find_without_evening
from connections.indicators.models import Release
from kinder.accounts.acting import acting
from kinder.accounts.models import Membership, Role, Task, User
from kinder.accounts.moderation import count_waiting, queues_of
from places.actions import current_geography
from places.gatherings import Occasion, occasions_in
from places.models import Area, Gathering, Place
from places.rules import can_keep_places
from places.vocabulary import AreaLevel, PlaceState

TASKS_SHOWN = 20
PLACES_SHOWN = 6
EVENINGS_SHOWN = 3
ON_SHOWN = 8
WORKING = frozenset(set(Role.values) - {Role.MEMBER.value, Role.FUNDER.value})


@dataclass(frozen=True)
class Desk:
    """A befriending service on somebody's desk: how much waits, in numbers alone."""

    service: Service
    work: OpenWork
    missed_twice: int
    late_visits: int
    is_lead: bool


@dataclass
class Today:
    """The parts of the page; an empty one is not shown, one that is not theirs is None."""

    open_concerns: int | None = None
    desks: list[Desk] = field(default_factory=list)
    tasks: list[tuple[Task, Told | None]] = field(default_factory=list)
    places_to_check: int | None = None
    oldest_places: list[Place] = field(default_factory=list)
    suggested_places: int | None = None
    releases_ready: list[Release] = field(default_factory=list)
    latest_release: Release | None = None
    has_role: bool = False
    open_by_hour: list[tuple[int, int]] = field(default_factory=list)
    without_evening: list[Area] = field(default_factory=list)
    is_evening_everywhere: bool = False
    on_today: list[Occasion] = field(default_factory=list)
    gatherings_to_confirm: int = 0
    to_look_at: int | None = None


def gather_today(user: User) -> Today:
    """Gather what waits for `user`; concerns are counted for safeguarding leads alone."""
    today = Today(has_role=bool(user.roles) or user.is_administrator)
    if queues_of(user):
        today.to_look_at = count_waiting(user)
    if Role.LEAD.value in user.roles:
        today.open_concerns = count_open_concerns(user)
    today.desks = gather_desks(user)
    tasks = list(find_tasks(user)[:TASKS_SHOWN])
    told = tell_tasks(tasks, user) | _tell_other_tasks(tasks)
    today.tasks = [(task, told.get(task.pk)) for task in tasks]
    if can_keep_places(user):
        today.places_to_check = Place.objects.filter(state=PlaceState.STALE).count()
        today.suggested_places = Place.objects.filter(state=PlaceState.SUGGESTED).count()
        today.oldest_places = list(
            Place.objects.filter(state__in=(PlaceState.STALE, PlaceState.SUGGESTED)).order_by(
                F("confirmed_at").asc(nulls_first=True), "id"
            )[:PLACES_SHOWN]
        )
        _gather_town(today)
    today.latest_release = Release.objects.standing().select_related("quarter").first()
    if user.is_administrator:
        today.releases_ready = list(
            Release.objects.filter(state=Release.State.READY).select_related("quarter")
        )
    return today


def _tell_other_tasks(tasks: list[Task]) -> dict[int, Told]:
    """Say which place or gathering a task is about, with where it is seen to; what people sent is
    looked at among the rest of it."""

    def ids(model: type[Model]) -> list[str]:
        label = model._meta.label_lower
        return [task.object_id for task in tasks if task.object_type == label]

    pages: dict[tuple[str, str], Told] = {}
    if wanted := ids(Place):
        for place in Place.objects.filter(pk__in=wanted).only("name", "code"):
            words = _("Check a place: %(name)s") % {"name": place.name}
            url = reverse("places:place", args=[place.code])
            pages[Place._meta.label_lower, str(place.pk)] = Told(words, url)
    if wanted := ids(Gathering):
        for gathering in Gathering.objects.filter(code__in=wanted).only("title", "code"):
            words = _("Is it still on? %(name)s") % {"name": gathering.title}
            url = reverse("places:gathering", args=[gathering.code])
            pages[Gathering._meta.label_lower, gathering.code] = Told(words, url)
    told = {
        task.pk: Told(str(task.get_kind_display()), reverse("pages:moderation"))
        for task in tasks
        if task.kind == Task.Kind.MODERATE
    }
    keyed = ((task.pk, (task.object_type, task.object_id)) for task in tasks)
    return told | {pk: pages[key] for pk, key in keyed if key in pages}


def _gather_town(today: Today) -> None:
    """What is open and on today, and where nothing will be open this evening."""
    now = timezone.localtime()
    today.open_by_hour = count_open_by_hour(now)
    geography = current_geography()
    if geography is not None:
        today.without_evening = find_without_evening(geography, now)[:EVENINGS_SHOWN]
        today.is_evening_everywhere = (
            not today.without_evening
            and Area.objects.filter(geography=geography, level=AreaLevel.INTERMEDIATE).exists()
        )
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    today.on_today = occasions_in(midnight, midnight + timedelta(days=1))[:ON_SHOWN]
    today.gatherings_to_confirm = Gathering.objects.filter(
        state=Gathering.State.SHOWN, asked_at__isnull=False
    ).count()


def count_open_concerns(user: User) -> int:
    """Return how many open concerns the database lets this safeguarding lead see."""
    led = Membership.objects.filter(user=user, role=Role.LEAD).values("organisation")
    with acting(user=user):
        return Concern.objects.filter(
            state=ConcernState.OPEN, service__organisation__in=led
        ).count()


def gather_desks(user: User) -> list[Desk]:
    """Count what waits in each befriending service that `user` runs, as far as the database lets
    them see it."""
    services = services_of(user, Role.COORDINATOR.value, Role.LEAD.value)
    if not services:
        return []
    now = timezone.now()
    with acting(user=user):
        return [
            Desk(
                service=service,
                work=count_open(service, timezone.localdate(now)),
                missed_twice=Task.objects.filter(
                    organisation=service.organisation_id,
                    key__startswith="missed_twice:",
                    done_at__isnull=True,
                ).count(),
                late_visits=Visit.objects.filter(
                    match__service=service, ended_at=None, alarmed_at__isnull=False
                ).count(),
                is_lead=(service.organisation_id, Role.LEAD.value) in user.role_pairs,
            )
            for service in services
        ]


def find_tasks(user: User) -> QuerySet[Task]:
    """Return the open tasks of the organisations that `user` works for, the soonest due first."""
    works_for = Membership.objects.filter(user=user, role__in=WORKING).values("organisation")
    led = Membership.objects.filter(user=user, role=Role.LEAD).values("organisation")
    # That a worry was raised is for safeguarding leads alone to know.
    theirs = Q(organisation__in=works_for) & ~Q(kind=Task.Kind.CONCERN)
    theirs |= Q(organisation__in=led, kind=Task.Kind.CONCERN)
    if user.is_administrator:
        theirs |= Q(organisation__isnull=True)
    return (
        Task.objects.filter(theirs, done_at__isnull=True)
        .select_related("organisation")
        .order_by(F("due_on").asc(nulls_last=True), "id")
    )
