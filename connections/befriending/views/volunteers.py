"""Volunteers: applying, references, checks, training, supervision, expenses."""

from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connections.befriending import actions
from connections.befriending.facts import is_away, read_check_until
from connections.befriending.forms import (
    CheckDecisionForm,
    CheckForm,
    ExpenseForm,
    ReasonForm,
    ReferenceAnswerForm,
    ReferenceForm,
    SupervisionForm,
    TrainingForm,
    VolunteerForm,
    initial_of,
)
from connections.befriending.models import Check, Expense, Reference, Supervision, Volunteer
from connections.befriending.states import OVER, TAKING_ROOM
from connections.befriending.views.frames import Page, do, find, find_service, run_form
from kinder.accounts.acting import acting_as_visitor
from kinder.accounts.encryption import decrypt
from kinder.accounts.models import User


def _url(volunteer: Volunteer) -> str:
    return reverse("befriending:volunteer", args=[volunteer.pk])


def _find(request: HttpRequest, pk: UUID) -> tuple[User, Volunteer]:
    volunteer = find(
        Volunteer.objects.select_related("service__organisation", "travel_area"), pk=pk
    )
    user, _service = find_service(request, volunteer.service_id)
    return user, volunteer


@never_cache
@require_safe
@acting_as_visitor
def list_volunteers(request: HttpRequest, service: int) -> HttpResponse:
    """Everybody who befriends or applied, with what is still missing."""
    _user, found = find_service(request, service)
    volunteers = (
        Volunteer.objects.filter(service=found)
        .annotate(
            pairings=Count("matches", filter=Q(matches__state__in=TAKING_ROOM), distinct=True)
        )
        .prefetch_related("checks")
        .order_by("left_on", "declined_on", "name")
    )
    today = timezone.localdate()
    rows = []
    for one in volunteers:
        ends = [c.expires_on for c in one.checks.all() if c.decision == "cleared" and c.expires_on]
        until = max(ends) if ends else None
        rows.append(
            {
                "volunteer": one,
                "until": until,
                "is_expired": until is not None and until < today,
                "is_away": is_away(one, today),
                "missing": [
                    label
                    for is_missing, label in (
                        (one.references_on is None, _("references")),
                        (one.trained_on is None, _("training")),
                        (until is None, _("check")),
                    )
                    if is_missing
                ],
            }
        )
    return render(request, "befriending/volunteers.html", {"service": found, "rows": rows})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def add_volunteer(request: HttpRequest, service: int) -> HttpResponse:
    """Write down an application."""
    user, found = find_service(request, service)
    form = VolunteerForm(request.POST or None, service=found)
    return run_form(
        request,
        form,
        Page(
            title=_("A new volunteer"),
            back_url=reverse("befriending:volunteers", args=[found.pk]),
            back_label=_("Volunteers"),
            submit=_("Save the application"),
        ),
        lambda: _url(actions.add_volunteer(by=user, service=found, **form.cleaned_data)),
        done=_("The application is written down."),
    )


@never_cache
@require_safe
@acting_as_visitor
def show_volunteer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One volunteer: who vouches, checks, training, supervision, pairings, expenses."""
    _user, volunteer = _find(request, pk)
    today = timezone.localdate()
    until = read_check_until(volunteer)
    return render(
        request,
        "befriending/volunteer.html",
        {
            "service": volunteer.service,
            "volunteer": volunteer,
            "is_away": is_away(volunteer, today),
            "is_cleared": until is not None and until >= today,
            "checks": volunteer.checks.select_related("decided_by").order_by("-id"),
            "references": [
                (one, decrypt(one.note_ciphertext) if one.note_ciphertext else "")
                for one in volunteer.references.all()
            ],
            "trainings": volunteer.trainings.all(),
            "supervisions": read_supervisions(volunteer),
            "expenses": volunteer.expenses.all(),
            "matches": volunteer.matches.exclude(state__in=OVER)
            .select_related("participant")
            .order_by("created_at"),
            "today": today,
        },
    )


def read_supervisions(volunteer: Volunteer) -> list[tuple[Supervision, str]]:
    """Return the supervisions with what was said, for whoever acts."""
    return [
        (one, decrypt(one.note_ciphertext) if one.note_ciphertext else "")
        for one in volunteer.supervisions.all()
    ]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def change_volunteer(request: HttpRequest, pk: UUID) -> HttpResponse:
    user, volunteer = _find(request, pk)
    form = VolunteerForm(
        request.POST or None,
        service=volunteer.service,
        initial=initial_of(volunteer, VolunteerForm),
    )

    def deed() -> str:
        actions.change_volunteer(by=user, volunteer=volunteer, **form.cleaned_data)
        return _url(volunteer)

    page = _page(volunteer, _("Change what we know"))
    return run_form(request, form, page, deed, done=_("Saved."))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def add_to_volunteer(request: HttpRequest, pk: UUID, what: str) -> HttpResponse:
    """Note a reference asked for, a training, a supervision, a check asked for, an expense."""
    user, volunteer = _find(request, pk)
    sort: dict[str, Any] = {
        "reference": (ReferenceForm, _("Ask for a reference"), actions.ask_reference),
        "training": (TrainingForm, _("A training"), actions.note_training),
        "supervision": (SupervisionForm, _("A supervision"), actions.note_supervision),
        "check": (CheckForm, _("A check was asked for"), actions.ask_check),
        "expense": (ExpenseForm, _("An expense"), actions.claim_expense),
    }
    shape, title, deed = sort[what]
    form = shape(request.POST or None)

    def do_it() -> str:
        facts = form.facts() if isinstance(form, ExpenseForm) else form.cleaned_data
        deed(by=user, volunteer=volunteer, **facts)
        return _url(volunteer)

    return run_form(request, form, _page(volunteer, title), do_it, done=_("Saved."))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def decide_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide on a check, once."""
    check = find(Check.objects.select_related("volunteer__service__organisation"), pk=pk)
    user, _service = find_service(request, check.volunteer.service_id)
    form = CheckDecisionForm(request.POST or None)

    def deed() -> str:
        actions.decide_check(
            by=user,
            check=check,
            is_cleared=form.cleaned_data["answer"] == "yes",
            decided_on=form.cleaned_data["decided_on"],
            expires_on=form.cleaned_data["expires_on"],
        )
        return _url(check.volunteer)

    return run_form(
        request, form, _page(check.volunteer, _("Decide on the check")), deed, done=_("Saved.")
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def answer_reference(request: HttpRequest, pk: int) -> HttpResponse:
    """Note what a referee answered."""
    reference = find(Reference.objects.select_related("volunteer__service__organisation"), pk=pk)
    user, _service = find_service(request, reference.volunteer.service_id)
    form = ReferenceAnswerForm(request.POST or None)

    def deed() -> str:
        actions.answer_reference(
            by=user,
            reference=reference,
            is_good=form.cleaned_data["answer"] == "yes",
            received_on=form.cleaned_data["received_on"],
            note=form.cleaned_data["note"],
        )
        return _url(reference.volunteer)

    return run_form(
        request,
        form,
        _page(reference.volunteer, _("What the referee said")),
        deed,
        done=_("Saved."),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def refuse_expense(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Refuse an expense, with the reason."""
    expense = find(Expense.objects.select_related("volunteer__service__organisation"), pk=pk)
    user, _service = find_service(request, expense.volunteer.service_id)
    form = ReasonForm(request.POST or None)

    def deed() -> str:
        actions.decide_expense(by=user, expense=expense, state="refused", **form.cleaned_data)
        return _url(expense.volunteer)

    return run_form(
        request, form, _page(expense.volunteer, _("Refuse the expense")), deed, done=_("Saved.")
    )


@require_POST
@acting_as_visitor
def decide_expense(request: HttpRequest, pk: UUID, state: str) -> HttpResponse:
    """Approve an expense, or note that it was paid."""
    expense = find(Expense.objects.select_related("volunteer__service__organisation"), pk=pk)
    user, _service = find_service(request, expense.volunteer.service_id)
    return do(
        request,
        lambda: actions.decide_expense(by=user, expense=expense, state=state),
        _url(expense.volunteer),
        done=_("Saved."),
    )


@require_POST
@acting_as_visitor
def move_volunteer(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """One button: declined, left, or back again."""
    user, volunteer = _find(request, pk)
    deeds = {
        "decline": actions.decline_volunteer,
        "leave": actions.let_volunteer_go,
        "back": actions.take_volunteer_back,
    }
    if verb not in deeds:
        raise Http404
    return do(
        request,
        lambda: deeds[verb](by=user, volunteer=volunteer),
        _url(volunteer),
        done=_("Saved."),
    )


def _page(volunteer: Volunteer, title: str) -> Page:
    return Page(title=title, back_url=_url(volunteer), back_label=volunteer.name, submit=_("Save"))
