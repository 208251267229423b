"""Addresses of what other sites may frame."""

from django.urls import path

from places.exchange import embed_views

app_name = "embed"
urlpatterns = [
    path("places/", embed_views.show_places, name="places"),
    path("whats-on/", embed_views.show_whats_on, name="whats-on"),
]
