"""Pages of releases, for the administrator, and the public page of the method."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connections.indicators import method_page
from connections.indicators import release as work
from connections.indicators.definitions import as_released, show_number
from connections.indicators.forms import PreviewForm, PublishForm
from connections.indicators.leaving_out import leave_group_out
from connections.indicators.listing import (
    QuarterLine,
    describe_quarter,
    describe_revision,
    list_quarters,
)
from connections.indicators.models import AbuseAlert, Figure, Quarter, Release
from kinder.accounts.models import User
from kinder.accounts.rules import Refused, check_administrator
from places.vocabulary import AreaLevel

ROWS = 100


@require_safe
def releases(request: HttpRequest) -> HttpResponse:
    """Every quarter, what can be done with it and when."""
    by = check_administrator(request.user)
    lines = list_quarters(by)
    return render(request, "indicators/releases.html", {"lines": lines})


@require_safe
def release(request: HttpRequest, quarter_on: dt.date) -> HttpResponse:
    """One quarter: its steps, its warnings, and the gated figures to look at."""
    by = check_administrator(request.user)
    line = _line_or_404(by, quarter_on)
    shown = line.in_work if line.is_ready else line.standing
    context: dict[str, Any] = {"line": line, "shown": shown}
    if shown is not None:
        context |= _preview(request, shown)
        context["revised"] = describe_revision(shown)
    return render(request, "indicators/release.html", context)


@require_safe
def progress(request: HttpRequest, quarter_on: dt.date) -> HttpResponse:
    """The bar alone, asked for every two seconds; when all is done the page itself is loaded."""
    by = check_administrator(request.user)
    line = _line_or_404(by, quarter_on)
    if not line.is_computing:
        response = HttpResponse(status=200)
        response["HX-Refresh"] = "true"
        return response
    return render(request, "indicators/_progress.html", {"line": line})


def _line_or_404(by: User, quarter_on: dt.date) -> QuarterLine:
    if not Quarter.objects.filter(pk=quarter_on).exists():
        raise Http404(_("This quarter is not frozen yet."))
    return describe_quarter(by, quarter_on)


def _preview(request: HttpRequest, shown: Release) -> dict[str, Any]:
    """The figures of one indicator at one level, as they will be published."""
    levels = set(
        Figure.objects.filter(release=shown, indicator="A1").values_list("area__level", flat=True)
    )
    first = next((level for level in reversed(AreaLevel.values) if level in levels), "")
    form = PreviewForm({"indicator": "A1", "level": first} | request.GET.dict())
    if not form.is_valid():
        return {"form": form, "page": None}
    chosen = form.cleaned_data
    figures = (
        Figure.objects.filter(
            release=shown, indicator=chosen["indicator"], area__level=chosen["level"]
        )
        .select_related("area")
        .order_by("area__name", "area__code")
    )
    page = Paginator(figures, ROWS).get_page(chosen["page"])
    return {
        "form": form,
        "indicator": as_released(chosen["indicator"], shown.parameters),
        "page": page,
        "rows": [_row(figure) for figure in page],
        "shown_count": figures.filter(status=Figure.Status.SHOWN).count(),
        "previous_url": _page_url(request, page.number - 1) if page.has_previous() else "",
        "next_url": _page_url(request, page.number + 1) if page.has_next() else "",
    }


def _page_url(request: HttpRequest, number: int) -> str:
    query = request.GET.copy()
    query["page"] = str(number)
    return f"?{query.urlencode()}"


def _row(figure: Figure) -> dict[str, Any]:
    is_shown = figure.status == Figure.Status.SHOWN
    return {
        "area": figure.area,
        "is_shown": is_shown,
        "value": show_number(figure.value),
        "range": ""
        if figure.lower is None
        else _("%(low)s to %(high)s")
        % {"low": show_number(figure.lower), "high": show_number(figure.upper)},
        "steadied": show_number(figure.shrunk),
        "people": "–" if figure.people is None else figure.people,
        "coverage": "–" if figure.coverage is None else f"{show_number(figure.coverage)} %",
        "label": figure.get_bound_display() if figure.bound else figure.get_status_display(),
    }


# Deeds


@require_POST
def freeze(request: HttpRequest, quarter_on: dt.date) -> HttpResponse:
    by = check_administrator(request.user)
    return _do(
        request,
        lambda: work.freeze_quarter(by=by, quarter_on=quarter_on),
        _("The quarter is frozen. Now compute its figures."),
    )


@require_POST
def start(request: HttpRequest, quarter_on: dt.date) -> HttpResponse:
    by = check_administrator(request.user)
    quarter = get_object_or_404(Quarter, pk=quarter_on)
    return _do(
        request,
        lambda: work.start_release(by=by, quarter=quarter),
        _("The figures are being computed. You can leave this page."),
        then=("indicators:release", quarter_on),
    )


@require_POST
def withdraw(request: HttpRequest, quarter_on: dt.date) -> HttpResponse:
    by = check_administrator(request.user)
    made = get_object_or_404(Release, quarter=quarter_on, state__in=Release.IN_WORK)
    return _do(
        request,
        lambda: work.withdraw_release(by=by, release=made),
        _("The figures are set aside. Nothing of them was published."),
    )


@require_POST
def close(request: HttpRequest, alert: uuid.UUID) -> HttpResponse:
    """Let a quarter out of quarantine. Only for whoever confirmed lately who they are."""
    by = check_administrator(request.user)
    found = get_object_or_404(AbuseAlert, pk=alert)
    answer: HttpResponse = _close(request, by, found)
    return answer


@reauthentication_required  # type: ignore[untyped-decorator]
def _close(request: HttpRequest, by: User, found: AbuseAlert) -> HttpResponse:
    return _do(
        request,
        lambda: work.close_alert(by=by, alert=found),
        _("The warning is closed."),
        then=("indicators:release", found.quarter_id),
    )


@require_POST
def leave_out(request: HttpRequest, alert: uuid.UUID) -> HttpResponse:
    """Leave the people of a warning out of figures, and say of how many. Only for whoever confirmed
    lately who they are."""
    by = check_administrator(request.user)
    found = get_object_or_404(AbuseAlert, pk=alert)
    answer: HttpResponse = _leave_out(request, by, found)
    return answer


@reauthentication_required  # type: ignore[untyped-decorator]
def _leave_out(request: HttpRequest, by: User, found: AbuseAlert) -> HttpResponse:
    return _do(
        request,
        lambda: leave_group_out(by=by, alert=found),
        _("They are left out. What was computed of the quarter is computed again."),
        then=("indicators:release", found.quarter_id),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest, quarter_on: dt.date) -> HttpResponse:
    """Ask once more, then publish. Only for whoever confirmed lately who they are."""
    by = check_administrator(request.user)
    line = _line_or_404(by, quarter_on)
    if line.in_work is None:
        raise Http404(_("No figures of this quarter wait to be published."))
    answer: HttpResponse = _publish(request, by, line, line.in_work)
    return answer


@reauthentication_required  # type: ignore[untyped-decorator]
def _publish(request: HttpRequest, by: User, line: QuarterLine, made: Release) -> HttpResponse:
    form = PublishForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _do(
            request,
            lambda: work.publish_release(by=by, release=made),
            _("The figures are published."),
            then=("indicators:release", line.starts_on),
        )
    return render(
        request,
        "indicators/publish.html",
        {
            "line": line,
            "form": form,
            "counts": [
                (label, made.figures.filter(status=status).count())
                for status, label in Figure.Status.choices
            ],
        },
        status=400 if form.errors else 200,
    )


def _do(
    request: HttpRequest,
    deed: Callable[[], object],
    done: str,
    then: tuple[str, dt.date] | None = None,
) -> HttpResponse:
    """Do it and say so; a refusal comes back as its reason, beside what can be done instead."""
    try:
        deed()
    except Refused as refused:
        messages.error(request, str(refused.reason))
    else:
        messages.success(request, done)
    if then is None:
        return redirect("indicators:releases")
    name, quarter_on = then
    return redirect(name, quarter_on=quarter_on)


@login_not_required
@require_safe
def method(request: HttpRequest) -> HttpResponse:
    """What each figure means, how it is made, and what it cannot tell."""
    return render(request, "indicators/method.html", method_page.content())
