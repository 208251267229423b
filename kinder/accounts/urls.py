"""People's own pages; allauth's, under /accounts/, are beside them in kinder.urls."""

from django.urls import path

from kinder.accounts import oversight_views, views

app_name = "accounts"
urlpatterns = [
    path("first-run/", views.show_first_run, name="first_run"),
    path("accounts/", views.show_account, name="account"),
    path("organisations/", views.show_organisations, name="organisations"),
    path("organisations/<int:pk>/", views.show_organisation, name="organisation"),
    path("people/", views.show_people, name="people"),
    path("people/roles/<int:pk>/end/", views.end_role, name="end_role"),
    path("people/<uuid:pk>/administrator/", views.change_administrator, name="administrator"),
    path("audit/", views.show_audit, name="audit"),
    path("retention/", oversight_views.show_retention, name="retention"),
]
