from django.urls import path

from connections.reports import views

app_name = "reports"
urlpatterns = [
    path("reports/", views.index, name="index"),
    path("reports/<str:code>/", views.area, name="area"),
    path("reports/<str:code>/newest/<str:file_format>/", views.newest, name="newest"),
    path("reports/<str:code>/<str:period>/<str:file_format>/", views.download, name="download"),
    path("figures/", views.figures, name="map"),
    path("figures/values/", views.values, name="values"),
]
