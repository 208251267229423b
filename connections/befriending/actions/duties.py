"""Tasks on the desks of a service: ticked off by hand, or because what they were about is over."""

from collections.abc import Iterable

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.befriending.models import Match, Service
from connections.befriending.rules import check_can_run
from kinder.accounts.acting import acting
from kinder.accounts.audit import record
from kinder.accounts.models import Task, User
from kinder.accounts.rules import Refused

UNKNOWN = _("There is no such task.")


def finish_task(*, by: User, service: Service, task: Task) -> None:
    """Tick off a task about one of the service's pairings: somebody has seen to it."""
    check_can_run(by, service=service)
    with acting(user=by):
        if task.object_type != Match._meta.label_lower:
            raise Refused(UNKNOWN)
        if not Match.objects.filter(service=service, pk=task.object_id).exists():
            raise Refused(UNKNOWN)
        if Task.objects.filter(pk=task.pk, done_at=None).update(done_at=timezone.now(), done_by=by):
            record("finish_task", task, by=by, organisation=service.organisation)


def finish_tasks_about(things: Iterable[Model], *, by: User) -> None:
    """Tick off whatever is open about things that are over."""
    for thing in things:
        Task.objects.filter(
            object_type=thing._meta.label_lower, object_id=str(thing.pk), done_at=None
        ).update(done_at=timezone.now(), done_by=by)
