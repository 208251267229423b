"""Pages of places."""

from django.urls import path

from places import area_urls, care_urls, gathering_urls, views
from places.company import urls as company_urls

app_name = "places"
urlpatterns = [
    # Before the codes of places, of which none is a word.
    *area_urls.urlpatterns,
    *gathering_urls.urlpatterns,
    *care_urls.urlpatterns,
    *company_urls.urlpatterns,
    path("places/", views.list_places, name="list"),
    path("places/<slug:code>/", views.show_place, name="place"),
]
