"""Addresses of releases (for the administrator) and of the method (for everybody)."""

import datetime as dt

from django.urls import path, register_converter

from connections.indicators import gap_views, plan_views, quarters, views


class QuarterConverter:
    """“2026-Q1” and no other period: there is no address for any other dates."""

    regex = r"\d{4}-Q[1-4]"

    def to_python(self, value: str) -> dt.date:
        return quarters.parse_quarter(value)

    def to_url(self, value: dt.date | str) -> str:
        return value if isinstance(value, str) else quarters.name_quarter(value)


register_converter(QuarterConverter, "quarter")

app_name = "indicators"
urlpatterns = [
    path("gaps/", gap_views.show_gaps, name="gaps"),
    path("gaps/values/", gap_views.show_gap_values, name="gap-values"),
    path("method/", views.method, name="method"),
    path("releases/", views.releases, name="releases"),
    path("releases/cadence/", plan_views.show_cadences, name="cadences"),
    path("releases/pictures/", plan_views.show_pictures, name="pictures"),
    path("releases/alerts/<uuid:alert>/close/", views.close, name="close_alert"),
    path("releases/alerts/<uuid:alert>/leave-out/", views.leave_out, name="leave_out"),
    path("releases/<quarter:quarter_on>/", views.release, name="release"),
    path("releases/<quarter:quarter_on>/progress/", views.progress, name="progress"),
    path("releases/<quarter:quarter_on>/freeze/", views.freeze, name="freeze"),
    path("releases/<quarter:quarter_on>/start/", views.start, name="start"),
    path("releases/<quarter:quarter_on>/set-aside/", views.withdraw, name="withdraw"),
    path("releases/<quarter:quarter_on>/publish/", views.publish, name="publish"),
    path("releases/<quarter:quarter_on>/revise/", plan_views.revise, name="revise"),
]
