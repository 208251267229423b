"""Addresses of vector tiles and the values that colour them."""

from django.urls import URLPattern

app_name = "tiles"
urlpatterns: list[URLPattern] = []
