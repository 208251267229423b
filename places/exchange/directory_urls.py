"""Addresses of Open Referral UK."""

from django.urls import path

from places.exchange import directory_views as views

app_name = "directory"
urlpatterns = [
    path("", views.show_base, name="base"),
    path("services", views.list_services, name="services"),
    path("services/<str:id>", views.show_service, name="service"),
    path("service_at_locations", views.list_services_at_locations, name="services-at"),
    path("service_at_locations/<str:id>", views.show_service_at_location, name="service-at"),
    path("organizations", views.list_organisations, name="organisations"),
    path("organizations/<str:id>", views.show_organisation, name="organisation"),
    path("taxonomies", views.list_taxonomies, name="taxonomies"),
    path("taxonomies/<str:id>", views.show_taxonomy, name="taxonomy"),
    path("taxonomy_terms", views.list_terms, name="terms"),
    path("taxonomy_terms/<str:id>", views.show_term, name="term"),
]
