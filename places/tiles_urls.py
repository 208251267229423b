"""Addresses of vector tiles and the values that colour them."""

from django.urls import path

from places import basemap_views, tile_views

app_name = "tiles"
urlpatterns = [
    path("basemap.pmtiles", basemap_views.show_basemap, name="basemap"),
    path(
        "places/<int:version>/<int:z>/<int:x>/<int:y>.mvt",
        tile_views.show_place_tile,
        name="places",
    ),
    path(
        "areas/<slug:slug>/<slug:level>/<int:z>/<int:x>/<int:y>.mvt",
        tile_views.show_area_tile,
        name="areas",
    ),
]
