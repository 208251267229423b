"""The way in, the board, and what is due."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from connections.befriending.board import Wanted, gather_due, make_board, services_of
from connections.befriending.forms import BoardFilter
from connections.befriending.models import Participant, Volunteer
from connections.befriending.views.frames import find_service
from kinder.accounts.acting import acting_as_visitor
from kinder.accounts.models import Role
from kinder.accounts.rules import check_signed_in, has_role


@never_cache
@require_safe
@acting_as_visitor
def show_entry(request: HttpRequest) -> HttpResponse:
    """Lead to one's own part of befriending: the board, or one's own pairings."""
    user = check_signed_in(request.user)
    services = services_of(user, Role.COORDINATOR, Role.LEAD)
    is_own = (
        Volunteer.objects.filter(user=user).exists()
        or Participant.objects.filter(user=user).exists()
    )
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
