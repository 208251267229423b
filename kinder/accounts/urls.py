"""Sign-in, second factors and sessions: allauth's pages under Kinder's look."""

from django.urls import include, path

urlpatterns = [
    path("", include("allauth.urls")),
]
