"""Writes the audit: one row beside each deed, in the deed's own transaction; and searches it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from kinder.accounts.acting import Purpose
from kinder.accounts.models import AuditEvent, Contributor, Organisation, Subject, User
from kinder.accounts.rules import check_can_read_audit
from kinder.accounts.takeaway import write_rows

PAGE = 50
MOST_EXPORTED = 50_000


def subject_of(person: User | Contributor) -> Subject:
    """Return the random id under which audit and history know `person`, making it if needed."""
    if isinstance(person, User):
        return Subject.objects.get_or_create(user=person)[0]
    return Subject.objects.get_or_create(contributor=person)[0]


def record(
    verb: str,
    thing: models.Model,
    *,
    by: User | Contributor | Purpose | None,
    organisation: Organisation | None = None,
    **facts: Any,
) -> AuditEvent:
    """Record that `by` did `verb` to `thing`. `facts` hold codes and counts, never free text.

    A person is recorded under the random id of their subject: the audit outlives them.
    """
    if isinstance(thing, User | Contributor):
        thing = subject_of(thing)
    return AuditEvent.objects.create(
        actor_id=subject_of(by).id if isinstance(by, User | Contributor) else None,
        purpose=by.value if isinstance(by, Purpose) else "",
        verb=verb,
        object_type=thing._meta.label_lower,
        object_id=str(thing.pk),
        organisation_id=organisation.pk if organisation else None,
        facts=facts,
    )


@dataclass(frozen=True)
class Entry:
    """An audit event as it is read: ids told by name where they still point at somebody."""

    event: AuditEvent
    actor: User | Contributor | None
    organisation: Organisation | None


def search_events(wanted: Mapping[str, Any], *, most: int = PAGE + 1) -> list[Entry]:
    """Return up to `most` events, newest first, of those that fit the cleaned fields of
    AuditFilterForm; `before` is the id where the page before ended."""
    events = AuditEvent.objects.order_by("-id")
    if verb := wanted.get("verb"):
        events = events.filter(verb__icontains=verb)
    if person := wanted.get("person"):
        events = events.filter(
            actor_id__in=Subject.objects.filter(user__email=person.lower()).values("id")
        )
    if organisation := wanted.get("organisation"):
        events = events.filter(organisation_id=organisation.pk)
    if thing := wanted.get("thing"):
        events = events.filter(
            models.Q(object_id=thing) | models.Q(object_type__icontains=thing.lower())
        )
    if since_on := wanted.get("since_on"):
        events = events.filter(at__gte=_midnight(since_on))
    if until_on := wanted.get("until_on"):
        events = events.filter(at__lt=_midnight(until_on + dt.timedelta(days=1)))
    if before := wanted.get("before"):
        events = events.filter(id__lt=before)
    return _name(list(events[:most]))


COLUMNS = ["id", "at", "who", "job", "deed", "kind_of_thing", "thing", "organisation", "facts"]


@transaction.atomic
def export_events(*, by: User, wanted: Mapping[str, Any]) -> str:
    """Return the events that fit as CSV, the newest MOST_EXPORTED of them."""
    check_can_read_audit(by)
    entries = search_events({**wanted, "before": None}, most=MOST_EXPORTED)
    fields = sorted(name for name in wanted if wanted[name])
    record("export_audit", by, by=by, rows=len(entries), fields=fields)
    rows = [
        {
            "id": entry.event.pk,
            "at": entry.event.at,
            "who": str(entry.actor) if entry.actor else str(entry.event.actor_id or ""),
            "job": entry.event.purpose,
            "deed": entry.event.verb,
            "kind_of_thing": entry.event.object_type,
            "thing": entry.event.object_id,
            "organisation": str(entry.organisation or entry.event.organisation_id or ""),
            "facts": entry.event.facts,
        }
        for entry in entries
    ]
    return write_rows(rows, COLUMNS)


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def _name(events: list[AuditEvent]) -> list[Entry]:
    subjects: dict[UUID, Subject] = {
        subject.id: subject
        for subject in Subject.objects.filter(
            id__in={event.actor_id for event in events if event.actor_id}
        ).select_related("user", "contributor")
    }
    organisations = Organisation.objects.in_bulk(
        {event.organisation_id for event in events if event.organisation_id}
    )
    entries = []
    for event in events:
        subject = subjects.get(event.actor_id) if event.actor_id else None
        entries.append(
            Entry(
                event=event,
                actor=(subject.user or subject.contributor) if subject else None,
                organisation=organisations.get(event.organisation_id or 0),
            )
        )
    return entries
