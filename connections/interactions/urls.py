"""A resident's own moments: adding, completing, taking back, deleting."""

from django.urls import path

from connections.interactions import change_views, views

app_name = "interactions"
urlpatterns = [
    path("log/", views.log_moment, name="log"),
    path("log/offline/", views.show_log_shell, name="log_offline"),
    path("log/hard/offline/", views.show_hard_shell, name="hard_offline"),
    path("log/where/", views.choose_where, name="where"),
    path("log/hard/", views.log_hard, name="hard"),
    path("log/undo/<str:token>/", views.undo, name="undo"),
    path("log/<uuid:id>/saved/", views.show_saved, name="saved"),
    path("log/<uuid:id>/change/", change_views.correct, name="correct"),
    path("log/<uuid:id>/delete/", views.delete, name="delete"),
    path("my/", views.show_mine, name="mine"),
]
