"""The administrator's pages of what is decided ahead or after: how often a council is told of, a
community's vote on its picture, and a quarter's revision."""

import datetime as dt
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from connections.indicators import release as work
from connections.indicators.forms import CadenceForm, ReviseForm, VoteForm
from connections.indicators.listing import describe_quarter, list_cadences, list_pictures
from connections.indicators.models import Quarter
from connections.indicators.picture import LEAST, MILESTONES, SHOWN_AFTER_DAYS, record_vote
from connections.indicators.release import plan_cadence
from kinder.accounts.models import User
from kinder.accounts.rules import Refused, check_administrator

both = require_http_methods(["GET", "HEAD", "POST"])


@both
def show_cadences(request: HttpRequest) -> HttpResponse:
    """How often each council's people are told of, and a plan for a year that has not begun."""
    by = check_administrator(request.user)
    answer: HttpResponse = _show_cadences(request, by)
    return answer


@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]
def _show_cadences(request: HttpRequest, by: User) -> HttpResponse:
    form = CadenceForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            plan = plan_cadence(by=by, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused.reason))
        else:
            messages.success(
                request,
                _("%(council)s will be told of %(often)s from %(year)s on.")
                % {
                    "council": plan.council.name,
                    "often": plan.get_cadence_display(),
                    "year": plan.from_year,
                },
            )
            return redirect("indicators:cadences")
    context = {"form": form, "lines": list_cadences()}
    return render(
        request, "indicators/cadences.html", context, status=422 if form.is_bound else 200
    )


@both
def show_pictures(request: HttpRequest) -> HttpResponse:
    """Which communities voted for a picture, what is shown of each, and a vote to write down."""
    by = check_administrator(request.user)
    answer: HttpResponse = _show_pictures(request, by)
    return answer


@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]
def _show_pictures(request: HttpRequest, by: User) -> HttpResponse:
    form = VoteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            vote = record_vote(by=by, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused.reason))
        else:
            words = (
                _(
                    "The vote is written down. The picture of %(area)s comes when enough people "
                    "told of something."
                )
                if vote.is_on
                else _("The vote is written down. No picture of %(area)s is shown.")
            )
            messages.success(request, words % {"area": vote.area.name})
            return redirect("indicators:pictures")
    context = {
        "form": form,
        "lines": list_pictures(),
        "least": LEAST,
        "first": MILESTONES[0],
        "days": SHOWN_AFTER_DAYS,
    }
    return render(
        request, "indicators/pictures.html", context, status=422 if form.is_bound else 200
    )


@both
def revise(request: HttpRequest, quarter_on: dt.date) -> HttpResponse:
    """Ask once more, then freeze a published quarter again and compute its revision."""
    by = check_administrator(request.user)
    if not Quarter.objects.filter(pk=quarter_on, frozen_at__isnull=False).exists():
        raise Http404(_("This quarter is not frozen yet."))
    answer: HttpResponse = _revise(request, by, quarter_on)
    return answer


@reauthentication_required  # type: ignore[untyped-decorator]
def _revise(request: HttpRequest, by: User, quarter_on: dt.date) -> HttpResponse:
    form = ReviseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            work.revise_quarter(by=by, quarter_on=quarter_on)
        except Refused as refused:
            messages.error(request, str(refused.reason))
        else:
            messages.success(
                request,
                _("The revision is being computed. Nothing is public until you publish it."),
            )
        return redirect("indicators:release", quarter_on=quarter_on)
    context: dict[str, Any] = {"form": form, "line": describe_quarter(by, quarter_on)}
    return render(request, "indicators/revise.html", context, status=400 if form.errors else 200)
