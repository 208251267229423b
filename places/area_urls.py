"""Pages of the areas that workers keep, and of posters; their names belong to the room's."""

from django.urls import path

from places import area_views, poster_views

urlpatterns = [
    path("places/posters/", poster_views.choose_posters, name="posters"),
    path("places/posters/posters.pdf", poster_views.print_posters, name="print-posters"),
    path("places/areas/", area_views.list_areas, name="saved-areas"),
    path("places/areas/new/", area_views.add_area, name="add-area"),
    path("places/areas/<slug:code>/", area_views.show_area, name="saved-area"),
    path("places/areas/<slug:code>/delete/", area_views.remove_area, name="delete-area"),
    path("places/areas/<slug:code>/area.geojson", area_views.download_area, name="area-file"),
]
