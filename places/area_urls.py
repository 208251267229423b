"""Pages of the workers' map, of areas that they keep, and of posters; the names are the room's."""

from django.urls import path

from places import area_views, desk_views, poster_views

urlpatterns = [
    path("places/table/", desk_views.show_desk, name="desk"),
    path("places/table/<int:z>/<int:x>/<int:y>.mvt", desk_views.show_desk_tile, name="desk-tile"),
    path("places/table/edit/", desk_views.edit_in_bulk, name="edit-in-bulk"),
    path("places/table/undo/", desk_views.undo_edit, name="undo-edit"),
    path("places/table/keep/", desk_views.keep_view, name="keep-view"),
    path("places/table/forget/<int:number>/", desk_views.forget_view, name="forget-view"),
    path("places/posters/", poster_views.choose_posters, name="posters"),
    path("places/posters/posters.pdf", poster_views.print_posters, name="print-posters"),
    path("places/areas/", area_views.list_areas, name="saved-areas"),
    path("places/areas/new/", area_views.add_area, name="add-area"),
    path("places/areas/<slug:code>/", area_views.show_area, name="saved-area"),
    path("places/areas/<slug:code>/delete/", area_views.remove_area, name="delete-area"),
    path("places/areas/<slug:code>/area.geojson", area_views.download_area, name="area-file"),
]
