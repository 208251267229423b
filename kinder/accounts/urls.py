"""People's own pages; allauth's, under /accounts/, are beside them in kinder.urls."""

from django.urls import path

from kinder.accounts import oversight_views, own_data_views, people_views, views

app_name = "accounts"
urlpatterns = [
    path("first-run/", views.show_first_run, name="first_run"),
    path("accounts/", views.show_account, name="account"),
    path("accounts/profile/", views.change_profile, name="profile"),
    path("accounts/sessions/<int:pk>/end/", views.end_session, name="end_session"),
    path("accounts/prove/", own_data_views.prove, name="prove"),
    path("privacy/data/", own_data_views.show_data_protection, name="data_protection"),
    path("my/data/", own_data_views.show_my_data, name="my_data"),
    path("my/data/download/", own_data_views.download, name="download"),
    path("my/data/erase/", own_data_views.erase, name="erase"),
    path("my/data/erased/", own_data_views.show_erased, name="erased"),
    path(
        "my/data/consents/<int:pk>/withdraw/",
        own_data_views.withdraw_consent,
        name="withdraw_consent",
    ),
    path("organisations/", people_views.show_organisations, name="organisations"),
    path("organisations/<int:pk>/", people_views.show_organisation, name="organisation"),
    path("people/", people_views.show_people, name="people"),
    path("people/roles/<int:pk>/end/", people_views.end_role, name="end_role"),
    path(
        "people/<uuid:pk>/administrator/", people_views.change_administrator, name="administrator"
    ),
    path("people/<uuid:pk>/", people_views.show_person, name="person"),
    path("people/<uuid:pk>/help/", people_views.help_person, name="help_person"),
    path("people/<uuid:pk>/erase/", people_views.erase_person, name="erase_person"),
    path("people/invitations/", people_views.show_invitations, name="invitations"),
    path("people/invitations/<uuid:pk>/", people_views.change_invitation, name="change_invitation"),
    path("invitations/<str:token>/", people_views.accept_invitation, name="accept"),
    path("audit/", oversight_views.show_audit, name="audit"),
    path("audit/export/", oversight_views.export_audit, name="export_audit"),
    path("retention/", oversight_views.show_retention, name="retention"),
]
