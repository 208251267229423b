from django.urls import path

from connections.reports.views import areas, compare, files, workspace

app_name = "reports"
urlpatterns = [
    path("reports/", areas.index, name="index"),
    path("reports/compare/", compare.compare, name="compare"),
    path("reports/build/", files.build, name="build"),
    path("reports/built/<uuid:key>/", files.built, name="built"),
    path("reports/built/<uuid:key>/stop/", files.cancel, name="cancel"),
    path("reports/built/<uuid:key>/again/", files.again, name="again"),
    path("reports/built/<uuid:key>/<str:file_format>/", files.built_file, name="built_file"),
    path("reports/mine/", workspace.mine, name="mine"),
    path("reports/mine/views/", workspace.keep_view, name="keep_view"),
    path("reports/mine/views/<uuid:key>/remove/", workspace.forget_view, name="forget_view"),
    path("reports/mine/orders/<uuid:key>/stop/", workspace.stop_schedule, name="stop_schedule"),
    path("reports/mine/keys/", workspace.keys, name="keys"),
    path("reports/mine/keys/<uuid:key>/end/", workspace.end_key, name="end_key"),
    path("reports/<str:code>/", areas.area, name="area"),
    path("reports/<str:code>/newest/<str:file_format>/", files.newest, name="newest"),
    path("reports/<str:code>/<str:period>/<str:file_format>/", files.download, name="download"),
    path("figures/", areas.figures, name="map"),
    path("figures/values/", areas.values, name="values"),
]
