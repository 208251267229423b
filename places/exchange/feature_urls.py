"""Addresses of OGC API – Features."""

from django.urls import path

from places.exchange import feature_schema, feature_views

app_name = "features"
urlpatterns = [
    path("", feature_views.show_landing, name="landing"),
    path("api", feature_schema.show_schema, name="api"),
    path("conformance", feature_views.show_conformance, name="conformance"),
    path("collections", feature_views.show_collections, name="collections"),
    path("collections/<slug:collection>", feature_views.show_collection, name="collection"),
    path("collections/<slug:collection>/items", feature_views.show_items, name="items"),
    path("collections/<slug:collection>/items/<str:feature>", feature_views.show_item, name="item"),
]
