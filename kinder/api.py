"""The addresses of version 1 of the API, room by room, and its description."""

from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.permissions import AllowAny

urlpatterns = [
    path("", include("connections.interactions.api")),
    path("", include("places.api")),
    path("", include("connections.reports.api")),
    path(
        "schema/",
        SpectacularJSONAPIView.as_view(permission_classes=[AllowAny]),
        name="schema",
    ),
]
