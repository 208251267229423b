"""Imports in the administration: to read, never to change."""

from django.contrib import admin

from kinder.admin import LookOnlyAdmin
from places.exchange.models import ImportBatch, ImportIssue


@admin.register(ImportBatch)
class ImportBatchAdmin(LookOnlyAdmin):
    """What came in, when, and how much of it."""

    list_display = (
        "started_at",
        "what",
        "source",
        "is_dry_run",
        "state",
        "created",
        "changed",
        "unchanged",
        "mended",
        "rejected",
    )
    list_filter = ("what", "state", "is_dry_run")
    search_fields = ("source",)
    date_hierarchy = "started_at"


@admin.register(ImportIssue)
class ImportIssueAdmin(LookOnlyAdmin):
    """Rows that were mended or turned away, with the reason."""

    list_display = ("batch", "row", "reference", "is_rejected", "reason")
    list_filter = ("is_rejected", "batch__what")
    list_select_related = ("batch",)
    search_fields = ("reference", "reason", "batch__source")
    # Millions of rows are never counted twice for one page.
    show_full_result_count = False
