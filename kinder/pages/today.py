"""What a worker finds on their desk this morning, from every room that has something to say."""

from dataclasses import dataclass, field

from django.db.models import F, Q, QuerySet

from connections.befriending.models import Concern
from connections.befriending.vocabulary import ConcernState
from connections.indicators.models import Release
from kinder.accounts.acting import acting
from kinder.accounts.models import Membership, Role, Task, User
from places.models import Place
from places.rules import can_keep_places
from places.vocabulary import PlaceState

TASKS_SHOWN = 20
PLACES_SHOWN = 6
WORKING = frozenset(set(Role.values) - {Role.MEMBER.value, Role.FUNDER.value})


@dataclass
class Today:
    """The parts of the page; an empty one is not shown, one that is not theirs is None."""

    open_concerns: int | None = None
    tasks: list[Task] = field(default_factory=list)
    places_to_check: int | None = None
    oldest_places: list[Place] = field(default_factory=list)
    suggested_places: int | None = None
    releases_ready: list[Release] = field(default_factory=list)
    latest_release: Release | None = None
    has_role: bool = False


def gather_today(user: User) -> Today:
    """Gather what waits for `user`; concerns are counted for safeguarding leads alone."""
    today = Today(has_role=bool(user.roles) or user.is_administrator)
    if Role.LEAD.value in user.roles:
        today.open_concerns = count_open_concerns(user)
    today.tasks = list(find_tasks(user)[:TASKS_SHOWN])
    if can_keep_places(user):
        today.places_to_check = Place.objects.filter(state=PlaceState.STALE).count()
        today.suggested_places = Place.objects.filter(state=PlaceState.SUGGESTED).count()
        today.oldest_places = list(
            Place.objects.filter(state__in=(PlaceState.STALE, PlaceState.SUGGESTED)).order_by(
                F("confirmed_at").asc(nulls_first=True), "id"
            )[:PLACES_SHOWN]
        )
    today.latest_release = Release.objects.standing().select_related("quarter").first()
    if user.is_administrator:
        today.releases_ready = list(
            Release.objects.filter(state=Release.State.READY).select_related("quarter")
        )
    return today


def count_open_concerns(user: User) -> int:
    """Return how many open concerns the database lets this safeguarding lead see."""
    led = Membership.objects.filter(user=user, role=Role.LEAD).values("organisation")
    with acting(user=user):
        return Concern.objects.filter(
            state=ConcernState.OPEN, service__organisation__in=led
        ).count()


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
