"""Addresses outside the language prefixes: what a device asks for."""

from django.urls import URLPattern

app_name = "device"
urlpatterns: list[URLPattern] = []
