"""What the pages of befriending share: finding what is asked for, forms, and the way back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from connections.befriending.forms import slot_days
from connections.befriending.models import Service
from connections.befriending.rules import check_can_run
from kinder.accounts.models import User
from kinder.accounts.rules import Refused, check_signed_in

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

M = TypeVar("M", bound=Model)


class SeeOther(HttpResponseRedirect):
    """The answer to a form that was taken: what comes next is read, never sent again."""

    status_code = 303


def find(rows: QuerySet[M], **which: Any) -> M:
    """Return the one row, or 404: the same for what is not there and what is not theirs."""
    found = rows.filter(**which).first()
    if found is None:
        raise Http404(_("There is nothing here for you."))
    return found


def find_service(request: HttpRequest, pk: int) -> tuple[User, Service]:
    """Return the visitor and a service that they run; 404 else, as if it were not there."""
    user = check_signed_in(request.user)
    service = find(Service.objects.select_related("organisation"), pk=pk)
    try:
        check_can_run(user, service=service)
    except Refused as refused:
        raise Http404(_("There is nothing here for you.")) from refused
    return user, service


@dataclass(frozen=True)
class Page:
    """How a page with one form looks: its heading, what stands over the form, the button, and
    where the way back leads."""

    title: "_StrOrPromise"
    back_url: str
    back_label: "_StrOrPromise"
    submit: "_StrOrPromise"
    lead: "_StrOrPromise" = ""
    is_danger: bool = False
    is_resident: bool = False
    template: str = "befriending/form.html"


def run_form(
    request: HttpRequest,
    form: forms.Form,
    page: Page,
    deed: Callable[[], str],
    *,
    done: "_StrOrPromise" = "",
    **context: Any,
) -> HttpResponse:
    """Show a form, or do `deed` with what was sent and go to the address that it returns. A refusal
    stands in the form, and nothing that was typed is lost."""
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                url = deed()
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                if done:
                    messages.success(request, str(done))
                return SeeOther(url)
        status = 422
    named = {"form": form, "page": page, **context}
    if "free_hours" in form.fields:
        named["slot_days"] = slot_days(form)
    return render(request, page.template, named, status=status)


def do(
    request: HttpRequest, deed: Callable[[], object], url: str, *, done: "_StrOrPromise" = ""
) -> HttpResponse:
    """Do one deed of a button and go back; a refusal is told there."""
    try:
        deed()
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        if done:
            messages.success(request, str(done))
    return SeeOther(url)
