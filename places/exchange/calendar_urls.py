"""Addresses of calendar files."""

from django.urls import path

from places.exchange import calendars

app_name = "calendars"
urlpatterns = [
    path("whats-on.ics", calendars.show_feed, name="feed"),
    path("whats-on/<slug:code>.ics", calendars.show_gathering_file, name="gathering"),
]
