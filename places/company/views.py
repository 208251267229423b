"""Pages of company: ask for it or offer it, see one's own note, take it back."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kinder.accounts.devices import greet
from kinder.accounts.limits import TooManyError
from kinder.accounts.models import User
from kinder.accounts.rules import Refused
from places.care_views import TOO_MUCH, find_person, writing
from places.company.actions import ask_at_gathering, ask_at_place, take_back, take_down
from places.company.forms import GatheringCompanyForm, PlaceCompanyForm
from places.company.reading import list_own, list_times, tell_own
from places.company.rules import check_can_take_down, check_place
from places.models import CompanyNotice, Gathering, Place


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask_here(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for company at a place, or offer it."""
    place = get_object_or_404(Place.objects.shown(), code=code)
    form = PlaceCompanyForm(request.POST or None, place=place, now=timezone.now())
    try:
        check_place(place)
    except Refused as refusal:
        return _show(request, None, place=place, why_not=str(refusal.reason))
    if request.method == "POST" and form.is_valid():
        facts = form.facts()
        return _put_up(request, form, lambda by: ask_at_place(by=by, place=place, **facts), place)
    return _show(request, form, place=place)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask_at(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for company at one time of a gathering, or offer it."""
    gathering = get_object_or_404(
        Gathering.objects.shown().select_related("place").prefetch_related("cancelled_occasions"),
        code=code,
    )
    place, times = gathering.place, list(list_times(gathering, timezone.now()))
    try:
        check_place(place, at_gathering=True)
    except Refused as refusal:
        return _show(request, None, place=place, gathering=gathering, why_not=str(refusal.reason))
    if not times:
        why_not = _("It does not happen in the next week. Come back nearer the time.")
        return _show(request, None, place=place, gathering=gathering, why_not=why_not)
    form = GatheringCompanyForm(
        request.POST or None, times=times, initial={"on": times[0].on.isoformat()}
    )
    if request.method == "POST" and form.is_valid():
        facts = form.facts()
        return _put_up(
            request, form, lambda by: ask_at_gathering(by=by, **facts), place, gathering=gathering
        )
    return _show(request, form, place=place, gathering=gathering)


@login_not_required
@never_cache
@require_safe
def show_own(request: HttpRequest, id: UUID) -> HttpResponse:  # noqa: A002
    """One's own note, the sign to show there, and the way to take it back; nobody else's."""
    notice = _own(request).filter(pk=id).first()
    if notice is None:
        raise Http404
    return render(request, "places/company_own.html", {"one": tell_own(notice)})


@login_not_required
@require_POST
def take_own_back(request: HttpRequest, id: UUID) -> HttpResponse:  # noqa: A002
    """Take one's own note back; twice is once, and somebody else's stays."""
    notice = _own(request).filter(pk=id).first()
    if notice is None:
        raise Http404
    take_back(by=find_person(request), user=_user(request), notice=notice)
    messages.success(request, _("Taken back. It is gone, and nobody asks why."))
    return redirect("places:place", notice.place.code)


@require_POST
def take_one_down(request: HttpRequest, id: UUID) -> HttpResponse:  # noqa: A002
    """Let a keeper of the register take a note down."""
    user = check_can_take_down(request.user)
    notice = get_object_or_404(CompanyNotice.objects.select_related("place"), pk=id)
    take_down(by=user, notice=notice)
    messages.success(request, _("Taken down."))
    return redirect("places:place", notice.place.code)


def _put_up(
    request: HttpRequest, form: forms.Form, put_up: Any, place: Place, **more: Any
) -> HttpResponse:
    try:
        with writing(request) as (person, keep_cookie):
            notice = put_up(person)
            response = redirect("places:own-company", notice.pk)
            keep_cookie(response)
    except Refused as refusal:
        form.add_error(None, str(refusal.reason))
    except TooManyError as error:
        form.add_error(None, TOO_MUCH)
        refused = _show(request, form, place=place, status=429, **more)
        refused.headers["Retry-After"] = str(error.retry_after)
        return refused
    else:
        messages.success(request, _("It is up. It goes by itself when its time is over."))
        return response
    return _show(request, form, place=place, **more)


def _show(
    request: HttpRequest,
    form: forms.Form | None,
    *,
    place: Place,
    gathering: Gathering | None = None,
    why_not: str = "",
    status: int = 200,
) -> HttpResponse:
    if form is not None and form.errors and status == 200:
        status = 422
    context = {"form": form, "place": place, "gathering": gathering, "why_not": why_not}
    response = render(request, "places/company.html", context, status=status)
    if request.method != "POST":
        greet(request, response)
    return response


def _user(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _own(request: HttpRequest) -> Any:
    return list_own(timezone.now(), by=find_person(request), user=_user(request))
