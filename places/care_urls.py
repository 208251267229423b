"""Pages on which places are looked after: by residents and by those who keep the register."""

from django.urls import path

from places import care_views, keeper_views

# Before the codes of places, of which none is a word.
words = [
    path("places/new/", keeper_views.add_new, name="new"),
    path("places/suggest/", care_views.suggest_new, name="suggest_new"),
    path("places/check/", keeper_views.show_to_check, name="check"),
    path("places/walk/", keeper_views.show_walk, name="walk"),
    path("places/suggestions/", keeper_views.show_suggestions, name="suggestions"),
    path(
        "places/suggestions/<int:number>/",
        keeper_views.decide_on_suggestion,
        name="decide_suggestion",
    ),
    path("places/claims/", keeper_views.show_claims, name="claims"),
    path("places/photos/<int:number>.jpg", care_views.show_photo, name="photo"),
    path("places/photos/<int:number>/", keeper_views.act_on_photo, name="photo_state"),
]
codes = [
    path("places/<slug:code>/answer/", care_views.answer, name="answer"),
    path("places/<slug:code>/suggest/", care_views.suggest_changes, name="suggest_change"),
    path("places/<slug:code>/photo/", care_views.send_photo, name="send_photo"),
    path("places/<slug:code>/claim/", keeper_views.claim, name="claim"),
    path("places/<slug:code>/edit/", keeper_views.edit, name="edit"),
    path("places/<slug:code>/act/", keeper_views.act, name="act"),
    path("places/<slug:code>/history/", keeper_views.show_history, name="history"),
    path("places/<slug:code>/history/revert/", keeper_views.revert, name="revert"),
]
urlpatterns = [*words, *codes]
