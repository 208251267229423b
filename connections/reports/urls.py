from django.urls import path

from connections.reports.views import areas, compare, drawn, files, open_data, workspace

app_name = "reports"
urlpatterns = [
    path("reports/", areas.index, name="index"),
    path("reports/compare/", compare.compare, name="compare"),
    path("reports/drawn/", drawn.draw, name="draw"),
    path("reports/drawn/<uuid:key>/", drawn.drawn, name="drawn"),
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
    path("reports/<str:code>/<str:period>/share.png", files.share_image, name="share_image"),
    path("reports/<str:code>/newest/<str:file_format>/", files.newest, name="newest"),
    path("reports/<str:code>/<str:period>/<str:file_format>/", files.download, name="download"),
    path("data/", open_data.data, name="data"),
    path("data/releases.atom", open_data.feed, name="feed"),
    path("figures/", areas.figures, name="map"),
    path("figures/values/", areas.values, name="values"),
]
