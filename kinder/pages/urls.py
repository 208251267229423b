"""The hall's addresses."""

from django.urls import path

from kinder.pages import moderation, offline, printed, setup, views, worry

app_name = "pages"
urlpatterns = [
    path("", views.show_home, name="home"),
    path("today/", views.show_today, name="today"),
    path("search/", views.search, name="search"),
    path("areas/<str:code>/", views.show_area, name="area"),
    path("areas/<str:code>/where-to-sit.pdf", printed.sit_sheet, name="sit_sheet"),
    path("areas/<str:code>/where-to-sit.png", printed.sit_card, name="sit_card"),
    path("areas/<str:code>/thanks/", printed.show_window_cards, name="thanks"),
    path("areas/<str:code>/thanks/<str:month>.pdf", printed.window_cards, name="window_cards"),
    path("places/<slug:code>/thanks/<str:month>.pdf", printed.window_card, name="window_card"),
    path(
        "areas/<str:code>/ordinary-day/cards.pdf",
        printed.ordinary_day_cards,
        name="ordinary_day_cards",
    ),
    path("areas/<str:code>/ordinary-day/read-back.pdf", printed.read_back, name="read_back"),
    path("worry/", worry.show_worry, name="worry"),
    path("moderation/", moderation.moderate, name="moderation"),
    path("moderation/undo/<uuid:batch>/", moderation.take_back, name="take_back"),
    path("moderation/left-out/<uuid:batch>/", moderation.let_back_in, name="let_back_in"),
    path("set-up/", setup.show_setup, name="setup"),
    path("about/", views.show_about, name="about"),
    path("privacy/", views.show_privacy, name="privacy"),
    path("accessibility/", views.show_accessibility, name="accessibility"),
    path("settings/look/", views.choose_appearance, name="appearance"),
    path("offline/", offline.show_offline, name="offline"),
    path("waiting/", offline.show_waiting, name="waiting"),
    path("manifest.webmanifest", views.show_manifest, name="manifest"),
]
