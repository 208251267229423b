"""Pages of company asked for and offered."""

from django.urls import path

from places.company import views

urlpatterns = [
    path("places/<slug:code>/company/", views.ask_here, name="company"),
    path("whats-on/<slug:code>/company/", views.ask_at, name="gathering-company"),
    path("company/<uuid:id>/", views.show_own, name="own-company"),
    path("company/<uuid:id>/take-back/", views.take_own_back, name="take-back-company"),
    path("company/<uuid:id>/take-down/", views.take_one_down, name="take-down-company"),
]
