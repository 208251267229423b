"""The hall's addresses."""

from django.urls import path

from kinder.pages import moderation, offline, setup, views

app_name = "pages"
urlpatterns = [
    path("", views.show_home, name="home"),
    path("today/", views.show_today, name="today"),
    path("search/", views.search, name="search"),
    path("areas/<str:code>/", views.show_area, name="area"),
    path("moderation/", moderation.moderate, name="moderation"),
    path("moderation/undo/<uuid:batch>/", moderation.take_back, name="take_back"),
    path("set-up/", setup.show_setup, name="setup"),
    path("about/", views.show_about, name="about"),
    path("privacy/", views.show_privacy, name="privacy"),
    path("accessibility/", views.show_accessibility, name="accessibility"),
    path("settings/look/", views.choose_appearance, name="appearance"),
    path("offline/", offline.show_offline, name="offline"),
    path("waiting/", offline.show_waiting, name="waiting"),
    path("manifest.webmanifest", views.show_manifest, name="manifest"),
]
