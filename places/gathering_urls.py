"""Pages of what is on."""

from django.urls import path

from places import gathering_views

urlpatterns = [
    path("whats-on/", gathering_views.list_whats_on, name="whats-on"),
    path("whats-on/suggest/", gathering_views.suggest, name="suggest-gathering"),
    path("whats-on/add/", gathering_views.add, name="add-gathering"),
    path("whats-on/looking-after/", gathering_views.look_after, name="gatherings"),
    path("whats-on/<slug:code>/", gathering_views.show_gathering, name="gathering"),
    path("whats-on/<slug:code>/change/", gathering_views.change, name="change-gathering"),
    path("whats-on/<slug:code>/do/", gathering_views.do, name="do-gathering"),
    path("whats-on/<slug:code>/hold/", gathering_views.hold, name="hold-place"),
    path("whats-on/<slug:code>/give-back/", gathering_views.give_back, name="give-back-place"),
]
