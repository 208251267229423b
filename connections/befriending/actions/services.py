"""Setting up befriending services."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from connections.befriending.models import Service
from connections.befriending.rules import (
    check_can_be_on_duty,
    check_can_keep_services,
    check_can_run,
)
from kinder.accounts.audit import record
from kinder.accounts.models import Organisation, User
from places.models import Area


@transaction.atomic
def add_service(
    *,
    by: User,
    organisation: Organisation,
    name: str,
    areas: Iterable[Area] = (),
    **facts: Any,
) -> Service:
    """Add a befriending service to an organisation; `facts` are its other fields."""
    check_can_keep_services(by)
    service = Service(organisation=organisation, name=name, **facts)
    if service.is_on_duty:
        check_can_be_on_duty(service)
    service.save()
    service.areas.set(areas)
    record("add_service", service, by=by, organisation=organisation, on_duty=service.is_on_duty)
    return service


@transaction.atomic
def change_service(
    *, by: User, service: Service, areas: Iterable[Area] | None = None, **facts: Any
) -> Service:
    """Change the fields of `service` that `facts` names, and its areas where they are given."""
    check_can_keep_services(by)
    changed = sorted(name for name, value in facts.items() if getattr(service, name) != value)
    for name in changed:
        setattr(service, name, facts[name])
    if service.is_on_duty:
        check_can_be_on_duty(service)
    service.save()
    if areas is not None:
        service.areas.set(areas)
        changed.append("areas")
    record("change_service", service, by=by, organisation=service.organisation, fields=changed)
    return service


@transaction.atomic
def change_practice(
    *, by: User, service: Service, telephone: str, hours: str, visit_grace_minutes: int
) -> Service:
    """Change how a service is reached and when a lone visit raises an alarm, as one of those who
    run it."""
    check_can_run(by, service=service)
    told = {
        "telephone": telephone.strip(),
        "hours": hours.strip(),
        "visit_grace_minutes": visit_grace_minutes,
    }
    changed = sorted(name for name, value in told.items() if getattr(service, name) != value)
    for name in changed:
        setattr(service, name, told[name])
    if changed:
        service.save(update_fields=changed)
        record("change_practice", service, by=by, organisation=service.organisation, fields=changed)
    return service
