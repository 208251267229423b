"""Pages of places."""

from django.urls import path

from places import views

app_name = "places"
urlpatterns = [
    path("places/", views.list_places, name="list"),
    path("places/<slug:code>/", views.show_place, name="place"),
]
