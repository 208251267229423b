"""Writes the audit: one row beside each deed, in the deed's own transaction."""

from typing import Any

from django.db import models

from kinder.accounts.acting import Purpose
from kinder.accounts.models import AuditEvent, Contributor, Organisation, Subject, User


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
    """Record that `by` did `verb` to `thing`. `facts` hold codes and counts, never free text."""
    return AuditEvent.objects.create(
        actor_id=subject_of(by).id if isinstance(by, User | Contributor) else None,
        purpose=by.value if isinstance(by, Purpose) else "",
        verb=verb,
        object_type=thing._meta.label_lower,
        object_id=str(thing.pk),
        organisation_id=organisation.pk if organisation else None,
        facts=facts,
    )
