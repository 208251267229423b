"""What somebody with an account keeps: reports asked for, standing orders, views, keys."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connections.reports.forms import KeyForm, ViewForm
from connections.reports.rules import check_has_account
from connections.reports.standing import remove_schedule
from connections.reports.vocabulary import Scope
from connections.reports.workspace import (
    add_key,
    list_requests,
    remove_view,
    revoke_key,
    save_view,
)
from kinder.accounts.decorators import reauthenticated
from kinder.accounts.rules import Refused


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """One's own reports, standing orders and views."""
    user = check_has_account(request.user)
    return render(
        request,
        "reports/mine.html",
        {
            "requests": list_requests(user),
            "schedules": user.report_schedules.select_related("last_release"),
            "views": user.figure_views.all(),
        },
    )


@require_POST
def keep_view(request: HttpRequest) -> HttpResponse:
    """Keep the address of a page of figures under a name."""
    user = check_has_account(request.user)
    form = ViewForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give the view a name."))
        return redirect("reports:mine")
    try:
        save_view(by=user, **form.cleaned_data)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Kept. You find it in your list."))
    return redirect("reports:mine")


@require_POST
def forget_view(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Take a view off one's list."""
    user = check_has_account(request.user)
    remove_view(by=user, view=get_object_or_404(user.figure_views, pk=key))
    messages.success(request, _("Removed from your list."))
    return redirect("reports:mine")


@require_POST
def stop_schedule(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """End a standing order; reports already made stay."""
    user = check_has_account(request.user)
    remove_schedule(by=user, order=get_object_or_404(user.report_schedules, pk=key))
    messages.success(request, _("It will not be made again."))
    return redirect("reports:mine")


@require_http_methods(["GET", "HEAD", "POST"])
@reauthenticated()
def keys(request: HttpRequest) -> HttpResponse:
    """One's own keys of the API; a new one is shown once."""
    user = check_has_account(request.user)
    shown = ""
    form = KeyForm(request.POST or None, initial={"scopes": [Scope.FIGURES.value]})
    if request.method == "POST" and form.is_valid():
        try:
            _row, shown = add_key(
                by=user,
                name=form.cleaned_data["name"],
                scopes=[Scope(value) for value in form.cleaned_data["scopes"]],
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            form = KeyForm(initial={"scopes": [Scope.FIGURES.value]})
    response = render(
        request,
        "reports/keys.html",
        {"form": form, "keys": user.api_keys.all(), "shown": shown},
        status=400 if form.errors else 200,
    )
    # The key is in this page and nowhere else: no cache may keep it.
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@reauthenticated()
def end_key(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Revoke a key for good."""
    user = check_has_account(request.user)
    revoke_key(by=user, key=get_object_or_404(user.api_keys, pk=key))
    messages.success(request, _("The key is of no use any more."))
    return redirect("reports:keys")
