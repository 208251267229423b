"""Pages on which the administrator sees what was done, and what the house does by itself."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kinder.accounts.audit import PAGE, export_events, search_events
from kinder.accounts.decorators import reauthenticated
from kinder.accounts.forms import AuditFilterForm
from kinder.accounts.models import RetentionRun
from kinder.accounts.retention import apply_retention, list_rules
from kinder.accounts.rules import check_administrator, check_can_read_audit

RUNS_SHOWN = 30


@require_safe
def show_retention(request: HttpRequest) -> HttpResponse:
    """Show what goes by itself when, the last runs, and on request what is due now."""
    check_administrator(request.user)
    due = apply_retention(is_dry_run=True) if request.GET.get("count") else None
    rules = list_rules()
    context = {
        "rules": [
            (rule, due.counts[rule.name] if due else None, due and rule.name in due.failed)
            for rule in rules
        ],
        "due": due,
        "runs": [
            (run, [(name, run.counts[name]) for name in sorted(run.counts)])
            for run in RetentionRun.objects.order_by("-id")[:RUNS_SHOWN]
        ],
    }
    return render(request, "accounts/retention.html", context)


@never_cache
@require_safe
def show_audit(request: HttpRequest) -> HttpResponse:
    """Show who did what to which, when; newest first."""
    check_can_read_audit(request.user)
    form = AuditFilterForm(request.GET)
    is_valid = form.is_valid()
    found = search_events(form.cleaned_data) if is_valid else []
    next_url = ""
    if len(found) > PAGE:
        kept = {
            name: value
            for name, value in request.GET.items()
            if value and name in form.fields and name != "before"
        }
        query = urlencode(kept | {"before": found[PAGE - 1].event.pk})
        next_url = f"{reverse('accounts:audit')}?{query}"
    context = {
        "form": form,
        "entries": found[:PAGE],
        "next_url": next_url,
        "wanted": [(name, request.GET[name]) for name in form.fields if request.GET.get(name)],
    }
    return render(request, "accounts/audit.html", context, status=200 if is_valid else 422)


@require_POST
@reauthenticated(check=check_can_read_audit)
def export_audit(request: HttpRequest) -> HttpResponse:
    """Hand over the events that fit, as CSV; that it was done is in the audit itself."""
    by = check_can_read_audit(request.user)
    form = AuditFilterForm(request.POST)
    if not form.is_valid():
        return render(request, "accounts/audit.html", {"form": form}, status=422)
    name = f"kinder-audit-{timezone.localdate():%Y-%m-%d}.csv"
    return HttpResponse(
        export_events(by=by, wanted=form.cleaned_data),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
