"""Reports for the administrator to look at; keys and lists belong to those who keep them."""

from django.contrib import admin

from connections.reports.models import AreaReport, Benchmark, ReportFile
from kinder.admin import LookOnlyAdmin


@admin.register(AreaReport)
class AreaReportAdmin(LookOnlyAdmin):
    list_display = ("question_sha256", "release", "created_at", "expires_at")
    list_select_related = ("release__quarter",)


@admin.register(ReportFile)
class ReportFileAdmin(LookOnlyAdmin):
    list_display = ("report", "format", "state", "attempts", "bytes", "finished_at")
    list_filter = ("state", "format")


@admin.register(Benchmark)
class BenchmarkAdmin(LookOnlyAdmin):
    list_display = ("area", "indicator", "value", "year", "source")
    list_select_related = ("area",)
