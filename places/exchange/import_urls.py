"""Pages on which places are brought in from elsewhere."""

from django.urls import path

from places.exchange import import_views

app_name = "imports"
urlpatterns = [
    path("", import_views.list_imports, name="list"),
    path("<int:number>/", import_views.show, name="import"),
    path("<int:number>/progress/", import_views.show_progress, name="progress"),
    path("<int:number>/columns/", import_views.choose, name="columns"),
    path("<int:number>/decide/", import_views.decide, name="decide"),
    path("<int:number>/rows/<int:row>/", import_views.mend, name="row"),
    path("<int:number>/do/", import_views.act, name="act"),
    path("<int:number>/rows.geojson", import_views.show_points, name="points"),
]
