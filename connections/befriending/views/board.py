"""The way in, the board, and what is due."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from connections.befriending import actions
from connections.befriending.board import (
    Wanted,
    gather_due,
    has_own,
    make_board,
    services_of,
)
from connections.befriending.forms import BoardFilter, SetUpForm
from connections.befriending.views.frames import Page, do, find, find_service, run_form
from connections.befriending.views.pairings import clauses_for
from kinder.accounts.acting import acting_as_visitor
from kinder.accounts.models import Role, Task
from kinder.accounts.rules import check_signed_in, has_role


@never_cache
@require_safe
@acting_as_visitor
def show_entry(request: HttpRequest) -> HttpResponse:
    """Lead to one's own part of befriending: the board, or one's own pairings."""
    user = check_signed_in(request.user)
    services = services_of(user, Role.COORDINATOR, Role.LEAD)
    is_own = has_own(user)
    if len(services) == 1 and not is_own:
        return redirect("befriending:board", services[0].pk)
    if is_own and not services:
        return redirect("befriending:mine")
    others = services_of(user, Role.WORKER)
    return render(
        request,
        "befriending/entry.html",
        {
            "services": services,
            "is_own": is_own,
            "raise_in": [one for one in others if one not in services],
        },
    )


@never_cache
@require_safe
@acting_as_visitor
def show_board(request: HttpRequest, service: int) -> HttpResponse:
    """Everybody in the service, from the referral to the ending."""
    user, found = find_service(request, service)
    form = BoardFilter(request.GET or None, service=found)
    wanted = Wanted.read(form.cleaned_data) if form.is_valid() else Wanted()
    return render(
        request,
        "befriending/board.html",
        {
            "service": found,
            "form": form,
            "wanted": wanted,
            "columns": make_board(found, wanted, today=timezone.localdate()),
            "is_lead": has_role(user, Role.LEAD, organisation=found.organisation_id),
        },
    )


@never_cache
@require_safe
@acting_as_visitor
def show_due(request: HttpRequest, service: int) -> HttpResponse:
    """What is overdue or comes near: visits, checks, reviews, wishes, suspensions."""
    user, found = find_service(request, service)
    today = timezone.localdate()
    return render(
        request,
        "befriending/due.html",
        {
            "service": found,
            "due": gather_due(found, user=user, today=today),
            "today": today,
            "now": timezone.now(),
        },
    )


@require_POST
@acting_as_visitor
def finish_task(request: HttpRequest, service: int, task: int) -> HttpResponse:
    """Tick off what somebody has seen to."""
    user, found = find_service(request, service)
    one = find(Task.objects.filter(organisation=found.organisation_id), pk=task)
    return do(
        request,
        lambda: actions.finish_task(by=user, service=found, task=one),
        reverse("befriending:due", args=[found.pk]),
        done=_("Seen to."),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def set_up(request: HttpRequest, service: int) -> HttpResponse:
    """How the service is reached, when a lone visit raises an alarm, and the agreement that new
    pairings begin with."""
    user, found = find_service(request, service)
    form = SetUpForm(
        request.POST or None,
        initial={
            "telephone": found.telephone,
            "hours": found.hours,
            "visit_grace_minutes": found.visit_grace_minutes,
            "clauses": "\n".join(clauses_for(found)),
        },
    )

    def deed() -> str:
        # The template first: it may be refused, and then nothing is changed.
        lines = form.lines()
        is_suggested = lines == clauses_for(found) and not found.clauses
        if not is_suggested:
            actions.change_template(by=user, service=found, clauses=lines)
        facts = {name: form.cleaned_data[name] for name in ("telephone", "hours")}
        actions.change_practice(
            by=user,
            service=found,
            visit_grace_minutes=form.cleaned_data["visit_grace_minutes"],
            **facts,
        )
        return reverse("befriending:set_up", args=[found.pk])

    page = Page(
        title=_("Set up"),
        lead=_("Agreements that were written already keep their words and their signatures."),
        back_url=reverse("befriending:board", args=[found.pk]),
        back_label=found.name,
        submit=_("Save"),
    )
    return run_form(request, form, page, deed, done=_("Saved."))
