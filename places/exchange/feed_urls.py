"""Addresses of Atom feeds."""

from django.urls import path

from places.exchange import feeds

app_name = "feeds"
urlpatterns = [
    path("whats-on.atom", feeds.show_whats_on, name="whats-on"),
    path("places.atom", feeds.show_places, name="places"),
]
