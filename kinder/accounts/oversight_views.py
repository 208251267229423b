"""Pages on which the administrator sees what the house does by itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kinder.accounts.models import RetentionRun
from kinder.accounts.retention import apply_retention, list_rules
from kinder.accounts.rules import check_administrator

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
