"""Volunteers: applying, being vouched for, checked, trained, looked after; leaving."""

import datetime as dt
from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.befriending.actions.duties import finish_tasks_about
from connections.befriending.actions.pairings import lock_volunteers, suspend_unsafe
from connections.befriending.models import (
    Check,
    Expense,
    Match,
    Reference,
    Service,
    Supervision,
    Training,
    Volunteer,
)
from connections.befriending.rules import check_can_run
from connections.befriending.states import OVER
from connections.befriending.vocabulary import (
    CheckDecision,
    ExpenseKind,
    ExpenseState,
    ReferenceState,
)
from kinder.accounts.acting import acting
from kinder.accounts.audit import record
from kinder.accounts.encryption import encrypt
from kinder.accounts.models import User
from kinder.accounts.rules import Refused

ENOUGH_REFERENCES = 2
"""References that have to vouch for a volunteer: the usual rule of befriending services."""

STILL_PAIRED = _("This volunteer still has pairings. End those well first.")
ALREADY_DECIDED = _("That was decided before.")
NEEDS_END = _("Say until when the check is valid.")
TOO_LATE = _("That day is too long ago, or still to come.")
EXPENSE_DAYS = 92
"""How long after the day an expense can be claimed: a quarter, as services usually settle."""


def add_volunteer(*, by: User, service: Service, **facts: Any) -> Volunteer:
    """Write down that somebody applied to befriend."""
    check_can_run(by, service=service)
    facts.setdefault("applied_on", timezone.localdate())
    with acting(user=by):
        volunteer = Volunteer.objects.create(service=service, **facts)
        _record("add_volunteer", volunteer, by, volunteer)
    return volunteer


def change_volunteer(*, by: User, volunteer: Volunteer, **facts: Any) -> Volunteer:
    """Change what is known of a volunteer; the audit names the fields, not what they say."""
    check_can_run(by, service=volunteer.service)
    with acting(user=by):
        changed = sorted(k for k, value in facts.items() if getattr(volunteer, k) != value)
        for name in changed:
            setattr(volunteer, name, facts[name])
        if changed:
            volunteer.save(update_fields=changed)
            _record("change_volunteer", volunteer, by, volunteer, fields=changed)
    return volunteer


def decline_volunteer(*, by: User, volunteer: Volunteer) -> Volunteer:
    """Decline an application."""
    return _leave(by, volunteer, "declined_on")


def let_volunteer_go(*, by: User, volunteer: Volunteer) -> Volunteer:
    """Note that a volunteer left; their pairings were ended before."""
    return _leave(by, volunteer, "left_on")


def take_volunteer_back(*, by: User, volunteer: Volunteer) -> Volunteer:
    """Undo that somebody left or was declined."""
    return change_volunteer(by=by, volunteer=volunteer, left_on=None, declined_on=None)


def _leave(by: User, volunteer: Volunteer, field: str) -> Volunteer:
    check_can_run(by, service=volunteer.service)
    with acting(user=by):
        lock_volunteers(volunteer.pk)
        if Match.objects.filter(volunteer=volunteer).exclude(state__in=OVER).exists():
            raise Refused(STILL_PAIRED)
        finish_tasks_about(Check.objects.filter(volunteer=volunteer), by=by)
        return change_volunteer(by=by, volunteer=volunteer, **{field: timezone.localdate()})


def ask_reference(*, by: User, volunteer: Volunteer, referee: str, asked_on: dt.date) -> Reference:
    check_can_run(by, service=volunteer.service)
    with acting(user=by):
        reference = Reference.objects.create(
            volunteer=volunteer, referee=referee, asked_on=asked_on
        )
        _record("ask_reference", reference, by, volunteer)
    return reference


def answer_reference(
    *, by: User, reference: Reference, is_good: bool, received_on: dt.date, note: str = ""
) -> Reference:
    """Note what a referee answered. With enough good ones the volunteer's references are noted."""
    volunteer = reference.volunteer
    check_can_run(by, service=volunteer.service)
    with acting(user=by):
        # Two answers at once: the second counts the first.
        lock_volunteers(volunteer.pk)
        volunteer.refresh_from_db(fields=["references_on"])
        reference.state = ReferenceState.GOOD if is_good else ReferenceState.NOT_GOOD
        reference.received_on = received_on
        reference.note_ciphertext = encrypt(note) if note else None
        reference.save()
        good = Reference.objects.filter(volunteer=volunteer, state=ReferenceState.GOOD)
        if good.count() >= ENOUGH_REFERENCES and volunteer.references_on is None:
            volunteer.references_on = received_on
            volunteer.save(update_fields=["references_on"])
        _record("answer_reference", reference, by, volunteer, is_good=is_good)
    return reference


def note_training(
    *, by: User, volunteer: Volunteer, title: str, held_on: dt.date, is_preparation: bool
) -> Training:
    """Note a training; `is_preparation` when it is the one that a pairing asks for."""
    check_can_run(by, service=volunteer.service)
    with acting(user=by):
        training = Training.objects.create(volunteer=volunteer, title=title, held_on=held_on)
        if is_preparation and (volunteer.trained_on is None or volunteer.trained_on > held_on):
            volunteer.trained_on = held_on
            volunteer.save(update_fields=["trained_on"])
        _record("note_training", training, by, volunteer, is_preparation=is_preparation)
    return training


def note_supervision(
    *,
    by: User,
    volunteer: Volunteer,
    held_on: dt.date,
    note: str = "",
    next_on: dt.date | None = None,
) -> Supervision:
    """Note a supervision; what was said is encrypted, and the volunteer may read it."""
    check_can_run(by, service=volunteer.service)
    with acting(user=by):
        supervision = Supervision.objects.create(
            volunteer=volunteer,
            held_on=held_on,
            held_by=by,
            next_on=next_on,
            note_ciphertext=encrypt(note) if note else None,
        )
        if volunteer.supervised_on is None or volunteer.supervised_on < held_on:
            volunteer.supervised_on = held_on
            volunteer.save(update_fields=["supervised_on"])
        _record("note_supervision", supervision, by, volunteer)
    return supervision


def ask_check(*, by: User, volunteer: Volunteer, **facts: Any) -> Check:
    """Note that a check was asked for. It holds no word of what a check finds."""
    check_can_run(by, service=volunteer.service)
    with acting(user=by):
        check = Check.objects.create(volunteer=volunteer, **facts)
        _record("ask_check", check, by, volunteer, scheme=check.scheme)
    return check


def decide_check(
    *,
    by: User,
    check: Check,
    is_cleared: bool,
    decided_on: dt.date,
    expires_on: dt.date | None = None,
) -> Check:
    """Decide on a check, once. Whoever is not cleared has their pairings suspended with it."""
    volunteer = check.volunteer
    check_can_run(by, service=volunteer.service)
    if is_cleared and expires_on is None:
        raise Refused(NEEDS_END)
    with acting(user=by):
        lock_volunteers(volunteer.pk)
        check.refresh_from_db(fields=["decision"])
        if check.decision != CheckDecision.PENDING:
            raise Refused(ALREADY_DECIDED)
        check.decision = CheckDecision.CLEARED if is_cleared else CheckDecision.REFUSED
        check.decided_on, check.decided_by = decided_on, by
        check.expires_on = expires_on if is_cleared else None
        check.save()
        _record("decide_check", check, by, volunteer, is_cleared=is_cleared)
        if is_cleared:
            others = Check.objects.filter(volunteer=volunteer).exclude(pk=check.pk)
            finish_tasks_about(others, by=by)
        suspend_unsafe(by=by, volunteer=volunteer)
    return check


def claim_expense(
    *, by: User, volunteer: Volunteer, on: dt.date, kind: ExpenseKind | str, pence: int
) -> Expense:
    """Claim what befriending cost, as the volunteer or for them."""
    if volunteer.user_id != by.pk:
        check_can_run(by, service=volunteer.service)
    today = timezone.localdate()
    if not today - dt.timedelta(days=EXPENSE_DAYS) <= on <= today:
        raise Refused(TOO_LATE)
    with acting(user=by):
        expense = Expense(volunteer=volunteer, on=on, kind=kind, pence=pence)
        expense.save(force_insert=True)
        _record("claim_expense", expense, by, volunteer)
    return expense


def decide_expense(
    *, by: User, expense: Expense, state: ExpenseState | str, reason: str = ""
) -> Expense:
    """Approve an expense, note that it was paid, or refuse it with the reason."""
    check_can_run(by, service=expense.volunteer.service)
    if state == ExpenseState.REFUSED and not reason.strip():
        raise Refused(_("Please say why."))
    if expense.volunteer.user_id == by.pk:
        raise Refused(_("Somebody else has to decide on your own expenses."))
    allowed = {
        ExpenseState.CLAIMED: (ExpenseState.APPROVED, ExpenseState.REFUSED),
        ExpenseState.APPROVED: (ExpenseState.PAID, ExpenseState.REFUSED),
    }
    with acting(user=by):
        now = Expense.objects.select_for_update(of=("self",)).get(pk=expense.pk)
        if state not in allowed.get(ExpenseState(now.state), ()):
            raise Refused(ALREADY_DECIDED)
        expense.state, expense.reason = ExpenseState(state), reason.strip()[:200]
        expense.decided_by, expense.decided_on = by, timezone.localdate()
        expense.save()
        _record("decide_expense", expense, by, expense.volunteer, state=str(state))
    return expense


def _record(verb: str, thing: Model, by: User, volunteer: Volunteer, **facts: Any) -> None:
    record(verb, thing, by=by, organisation=volunteer.service.organisation, **facts)
