"""A service's cases in and out."""

from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from connections.befriending.actions import case_lists as actions
from connections.befriending.case_lists import COLUMNS, CaseRow
from connections.befriending.models import CaseImport, Service
from connections.befriending.views.frames import do, find, find_service
from kinder.accounts.acting import acting_as_visitor
from kinder.accounts.decorators import reauthenticated
from kinder.accounts.models import User
from kinder.accounts.rules import Refused

MOST_BYTES = 1_000_000


class CaseFileForm(forms.Form):
    file = forms.FileField(label=_("The list, as CSV in UTF-8"))

    def clean_file(self) -> str:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("That file is too large: bring it in parts."))
        try:
            text: str = file.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise forms.ValidationError(_("That is not UTF-8 text.")) from error
        if "\x00" in text:
            # No text has one, and the database takes none.
            raise forms.ValidationError(_("That is not UTF-8 text."))
        return text


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def bring_cases(request: HttpRequest, service: int) -> HttpResponse:
    """Look at a list before anything is taken over: each row that can't be, with the reason."""
    user, found = find_service(request, service)
    form = CaseFileForm(request.POST or None, request.FILES or None)
    batch: CaseImport | None = None
    rows: list[CaseRow] = []
    if request.method == "POST" and form.is_valid():
        try:
            batch, rows = actions.look_at_cases(
                by=user, service=found, text=form.cleaned_data["file"]
            )
        except Refused as refused:
            form.add_error("file", str(refused))
    return render(
        request,
        "befriending/cases.html",
        {
            "service": found,
            "form": form,
            "batch": batch,
            "refused": [row for row in rows if row.wrong],
            "columns": COLUMNS,
            "batches": CaseImport.objects.filter(service=found, state="done").order_by("-made_at"),
        },
        status=422 if form.errors else 200,
    )


@require_POST
@acting_as_visitor
def take_cases(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """Take a list over, or back."""
    batch = find(CaseImport.objects.select_related("service__organisation"), pk=pk)
    user, service = find_service(request, batch.service_id)
    deed = actions.take_cases_back if verb == "back" else actions.take_cases_over
    return do(
        request,
        lambda: deed(by=user, batch=batch),
        reverse("befriending:cases", args=[service.pk]),
        done=_("Done."),
    )


@never_cache
@require_http_methods(["GET", "HEAD"])
@acting_as_visitor
def take_away(request: HttpRequest, service: int) -> HttpResponse:
    """Everything that the service holds but worries, as a ZIP of CSV files."""
    user, found = find_service(request, service)
    return _take_away(request, user, found)


@reauthenticated()
def _take_away(_request: HttpRequest, user: User, found: Service) -> HttpResponse:
    response = HttpResponse(
        actions.take_service_away(by=user, service=found), content_type="application/zip"
    )
    name = f"befriending-{timezone.localdate()}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
