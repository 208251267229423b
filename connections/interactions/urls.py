"""A resident's own moments: adding, completing, taking back, deleting."""

from django.urls import path

from connections.interactions import change_views, code_views, pin_views, views
from connections.interactions.asking import views as asking
from connections.interactions.asking import worker_views as asking_work
from connections.interactions.mine import views as mine
from connections.interactions.voices import views as voices

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
    path("log/<uuid:id>/share/", voices.share, name="share"),
    path("my/", mine.show_mine, name="mine"),
    path("my/moments.<str:kind>", mine.download, name="download"),
    path("my/forget/", mine.forget_phone, name="forget"),
    path("my/shared/", voices.show_stories, name="stories"),
    path("my/day/", asking.show_day, name="day"),
    path("my/day/join/", asking.join, name="join"),
    path("my/day/change/", asking.change, name="change"),
    path("my/day/address/", asking.leave_address, name="leave_address"),
    path("my/day/address/code/", asking.confirm_address, name="confirm_address"),
    path("my/day/leave/<str:token>/", asking.leave_mail, name="leave_mail"),
    path("my/day/<str:month>/", asking.tell_late, name="tell_late"),
    path("my/day/<str:month>/delete/", asking.delete_answer, name="delete_answer"),
    path("card/", asking.take_card, name="take_card"),
    path("places/<slug:code>/thank/", voices.thank, name="thank"),
    path("areas/<str:code>/questions/", asking_work.show_measures, name="measures"),
    path("questions/<int:pk>/comment/", asking_work.comment, name="measure_comment"),
    path("questions/<int:pk>/decide/", asking_work.decide_measure, name="decide_measure"),
    path("areas/<str:code>/ordinary-day/", asking_work.show_ordinary_day, name="ordinary_day"),
    path("areas/<str:code>/ordinary-day/cards/", asking_work.enter_card, name="enter_card"),
    path("areas/<str:code>/pinned/", pin_views.show_pins, name="pins"),
    path("areas/<str:code>/heard/", voices.show_heard, name="heard"),
    path("heard/<int:pk>/answer/", voices.answer_heard, name="answer_heard"),
    path("heard/<int:pk>/change/", voices.change_heard, name="change_heard"),
    path("heard/responses/<int:pk>/change/", voices.change_response, name="change_response"),
    path("stories/<int:pk>/", voices.reword, name="reword"),
    path("my/code/", code_views.show_code, name="code"),
    path("my/code/enter/", code_views.type_code, name="enter_code"),
]
