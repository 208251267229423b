"""Bringing a list of cases in, after looking at it; taking it back; taking everything away."""

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.befriending.case_lists import (
    CaseListError,
    CaseRow,
    count_good,
    export_service,
    read_cases,
)
from connections.befriending.models import CaseImport, Match, Participant, Referral, Service
from connections.befriending.rules import check_can_run
from connections.befriending.vocabulary import CaseImportState
from kinder.accounts.acting import acting
from kinder.accounts.audit import record
from kinder.accounts.encryption import decrypt, encrypt
from kinder.accounts.models import User
from kinder.accounts.rules import Refused

KEPT_FOR = dt.timedelta(days=1)
"""How long a list that was looked at is kept, encrypted, until somebody decides."""

TOO_OLD = _("That list was looked at more than a day ago. Please bring it once more.")
NOT_NOW = _("That was decided before.")
IN_USE = _("Some of these people have a pairing already, so the list can't be taken back.")


def look_at_cases(*, by: User, service: Service, text: str) -> tuple[CaseImport, list[CaseRow]]:
    """Read a list and say what would be taken over; nothing is, yet."""
    check_can_run(by, service=service)
    with acting(user=by):
        try:
            rows = read_cases(service, text)
        except CaseListError as error:
            raise Refused(str(error)) from error
        good = count_good(rows)
        batch = CaseImport.objects.create(
            service=service,
            made_by=by,
            ciphertext=encrypt(text),
            good_rows=good,
            bad_rows=len(rows) - good,
            refused_lines=[row.line for row in rows if row.wrong],
        )
        record("look_at_cases", batch, by=by, organisation=service.organisation, rows=len(rows))
    return batch, rows


def take_cases_over(*, by: User, batch: CaseImport) -> int:
    """Take the good rows of a list over; return how many."""
    service = batch.service
    check_can_run(by, service=service)
    with acting(user=by):
        batch = CaseImport.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        if batch.state != CaseImportState.LOOKED_AT:
            raise Refused(NOT_NOW)
        if batch.ciphertext is None or timezone.now() - batch.made_at > KEPT_FOR:
            raise Refused(TOO_OLD)
        rows = [row for row in read_cases(service, decrypt(batch.ciphertext)) if not row.wrong]
        people = [Participant(service=service, case_import=batch, **row.person) for row in rows]
        Participant.objects.bulk_create(people)
        Referral.objects.bulk_create(
            Referral(
                service=service,
                participant=person,
                area=row.person["travel_area"],
                consent_noted_by=by if row.facts["has_consented"] else None,
                is_eligible=True if row.facts["state"] == "waiting" else None,
                assessed_on=row.facts["received_on"] if row.facts["state"] == "waiting" else None,
                **row.facts,
            )
            for person, row in zip(people, rows, strict=True)
        )
        batch.state, batch.ciphertext = CaseImportState.DONE, None
        batch.save(update_fields=["state", "ciphertext"])
        record("take_cases_over", batch, by=by, organisation=service.organisation, rows=len(rows))
    return len(rows)


def take_cases_back(*, by: User, batch: CaseImport) -> int:
    """Undo a list that was taken over, while nobody of it has a pairing; return how many."""
    check_can_run(by, service=batch.service)
    with acting(user=by):
        batch = CaseImport.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        if batch.state != CaseImportState.DONE:
            raise Refused(NOT_NOW)
        people = Participant.objects.filter(case_import=batch)
        waiting = Referral.objects.select_for_update(of=("self",)).filter(participant__in=people)
        list(waiting.order_by("pk").values_list("pk"))
        if Match.objects.filter(participant__in=people).exists():
            raise Refused(IN_USE)
        gone = people.count()
        Referral.objects.filter(participant__in=people).delete()
        people.delete()
        batch.state = CaseImportState.UNDONE
        batch.save(update_fields=["state"])
        record("take_cases_back", batch, by=by, organisation=batch.service.organisation, rows=gone)
    return gone


def take_service_away(*, by: User, service: Service) -> bytes:
    """Return everything that the service holds but concerns; who took it is in the audit."""
    check_can_run(by, service=service)
    with acting(user=by):
        record("take_service_away", service, by=by, organisation=service.organisation)
        return export_service(service)
