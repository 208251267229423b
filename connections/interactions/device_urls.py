"""Addresses outside the language prefixes: short, as they stand on posters."""

from django.urls import path

from connections.interactions import views

app_name = "device"
urlpatterns = [path("p/<slug:code>/", views.open_poster, name="poster")]
