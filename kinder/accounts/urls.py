"""People's own pages; allauth's, under /accounts/, are beside them in kinder.urls."""

from django.urls import path

from kinder.accounts import oversight_views, own_data_views, views

app_name = "accounts"
urlpatterns = [
    path("first-run/", views.show_first_run, name="first_run"),
    path("accounts/", views.show_account, name="account"),
    path("accounts/prove/", own_data_views.prove, name="prove"),
    path("my/data/", own_data_views.show_my_data, name="my_data"),
    path("my/data/download/", own_data_views.download, name="download"),
    path("my/data/erase/", own_data_views.erase, name="erase"),
    path("my/data/erased/", own_data_views.show_erased, name="erased"),
    path(
        "my/data/consents/<int:pk>/withdraw/",
        own_data_views.withdraw_consent,
        name="withdraw_consent",
    ),
    path("organisations/", views.show_organisations, name="organisations"),
    path("organisations/<int:pk>/", views.show_organisation, name="organisation"),
    path("people/", views.show_people, name="people"),
    path("people/roles/<int:pk>/end/", views.end_role, name="end_role"),
    path("people/<uuid:pk>/administrator/", views.change_administrator, name="administrator"),
    path("audit/", views.show_audit, name="audit"),
    path("retention/", oversight_views.show_retention, name="retention"),
]
