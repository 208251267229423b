"""Quarters, releases and figures for the administrator to look at. Frozen people and ungated sums
are not here: nobody looks at those."""

from django.contrib import admin

from connections.indicators.models import (
    AbuseAlert,
    CadencePlan,
    Figure,
    Picture,
    PictureVote,
    Quarter,
    Release,
)
from kinder.admin import LookOnlyAdmin


@admin.register(Quarter)
class QuarterAdmin(LookOnlyAdmin):
    list_display = ("__str__", "geography", "frozen_at", "watermark")


@admin.register(Release)
class ReleaseAdmin(LookOnlyAdmin):
    list_display = ("__str__", "state", "created_at", "ready_at", "published_at", "published_by")
    list_filter = ("state",)
    list_select_related = ("quarter", "published_by")


@admin.register(Figure)
class FigureAdmin(LookOnlyAdmin):
    list_display = ("release", "indicator", "area", "status", "value", "people")
    list_filter = ("indicator", "status", "release")
    list_select_related = ("release__quarter", "area")
    search_fields = ("area__code", "area__name")
    show_full_result_count = False


@admin.register(AbuseAlert)
class AbuseAlertAdmin(LookOnlyAdmin):
    list_display = ("quarter", "area", "reason", "raised_at", "closed_at", "closed_by")
    list_select_related = ("quarter", "area", "closed_by")


@admin.register(CadencePlan)
class CadencePlanAdmin(LookOnlyAdmin):
    list_display = ("council", "from_year", "cadence", "planned_by", "planned_at")
    list_select_related = ("council", "planned_by")


@admin.register(PictureVote)
class PictureVoteAdmin(LookOnlyAdmin):
    list_display = ("area", "voted_on", "in_favour", "against", "is_on", "recorded_by")
    list_select_related = ("area", "recorded_by")


@admin.register(Picture)
class PictureAdmin(LookOnlyAdmin):
    list_display = ("area", "month_on", "shown_on", "people")
    list_select_related = ("area",)
