"""Addresses of befriending. They hold ids alone, never a name."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from connections.befriending.views import (
    board,
    case_lists,
    concerns,
    matching,
    meetings,
    outcomes,
    own,
    pairings,
    referrals,
    volunteers,
)


class _Choice(StringConverter):
    """One of a few words in an address; others are no address at all."""


class Closing(_Choice):
    regex = "withdraw|find_unsuitable"


class ReferralButton(_Choice):
    regex = "consent|queue|reopen|again"


class VolunteerPart(_Choice):
    regex = "reference|training|supervision|check|expense"


class ExpenseButton(_Choice):
    regex = "approved|paid"


class Taking(_Choice):
    regex = "over|back"


class ConsentDeed(_Choice):
    regex = "give|withdraw"


class Weighing(_Choice):
    regex = "hold|against"


for name, converter in {
    "closing": Closing,
    "referral_button": ReferralButton,
    "volunteer_part": VolunteerPart,
    "expense_button": ExpenseButton,
    "taking": Taking,
    "weighing": Weighing,
    "consent_deed": ConsentDeed,
}.items():
    register_converter(converter, name)

app_name = "befriending"
urlpatterns = [
    path("befriending/", board.show_entry, name="entry"),
    path("befriending/<int:service>/", board.show_board, name="board"),
    path("befriending/<int:service>/due/", board.show_due, name="due"),
    path("befriending/<int:service>/tasks/<int:task>/done/", board.finish_task, name="task_done"),
    path("befriending/<int:service>/set-up/", board.set_up, name="set_up"),
    # Outcomes
    path("befriending/<int:service>/outcomes/", outcomes.show_outcomes, name="outcomes"),
    path("befriending/<int:service>/outcomes/scale/", outcomes.upload_scale, name="scale_upload"),
    path("befriending/scales/<int:pk>/remove/", outcomes.remove_scale, name="scale_remove"),
    path("befriending/participants/<uuid:pk>/scales/", outcomes.choose_scale, name="scales"),
    path(
        "befriending/participants/<uuid:pk>/scales/<slug:scale>/",
        outcomes.note_answers,
        name="scale_answers",
    ),
    path("befriending/answers/<int:pk>/back/", outcomes.take_answers_back, name="answers_back"),
    # In and out
    path("befriending/<int:service>/cases/", case_lists.bring_cases, name="cases"),
    path("befriending/<int:service>/cases/away/", case_lists.take_away, name="take_away"),
    path("befriending/cases/<uuid:pk>/<taking:verb>/", case_lists.take_cases, name="cases_take"),
    # Referrals and participants
    path("befriending/<int:service>/referrals/new/", referrals.add_referral, name="referral_new"),
    path("befriending/referrals/<uuid:pk>/", referrals.show_referral, name="referral"),
    path("befriending/referrals/<uuid:pk>/talk/", referrals.assess_referral, name="assess"),
    path("befriending/referrals/<uuid:pk>/order/", referrals.change_priority, name="priority"),
    path("befriending/referrals/<uuid:pk>/suggest/", matching.propose_by_hand, name="propose"),
    path(
        "befriending/referrals/<uuid:pk>/close/<closing:verb>/",
        referrals.close_referral,
        name="referral_close",
    ),
    path(
        "befriending/referrals/<uuid:pk>/<referral_button:verb>/",
        referrals.move_referral,
        name="referral_move",
    ),
    path(
        "befriending/participants/<uuid:pk>/edit/",
        referrals.change_participant,
        name="participant_edit",
    ),
    # Volunteers
    path("befriending/<int:service>/volunteers/", volunteers.list_volunteers, name="volunteers"),
    path(
        "befriending/<int:service>/volunteers/new/", volunteers.add_volunteer, name="volunteer_new"
    ),
    path("befriending/volunteers/<uuid:pk>/", volunteers.show_volunteer, name="volunteer"),
    path(
        "befriending/volunteers/<uuid:pk>/edit/", volunteers.change_volunteer, name="volunteer_edit"
    ),
    path(
        "befriending/volunteers/<uuid:pk>/add/<volunteer_part:what>/",
        volunteers.add_to_volunteer,
        name="volunteer_add",
    ),
    path(
        "befriending/volunteers/<uuid:pk>/move/<slug:verb>/",
        volunteers.move_volunteer,
        name="volunteer_move",
    ),
    path("befriending/checks/<int:pk>/decide/", volunteers.decide_check, name="check_decide"),
    path(
        "befriending/references/<int:pk>/answer/",
        volunteers.answer_reference,
        name="reference_answer",
    ),
    path(
        "befriending/expenses/<uuid:pk>/refuse/", volunteers.refuse_expense, name="expense_refuse"
    ),
    path(
        "befriending/expenses/<uuid:pk>/<expense_button:state>/",
        volunteers.decide_expense,
        name="expense_decide",
    ),
    # Matching
    path("befriending/<int:service>/matching/", matching.show_matching, name="matching"),
    path("befriending/<int:service>/matching/run/", matching.start_matching, name="matching_run"),
    path("befriending/<int:service>/matching/weights/", matching.change_weights, name="weights"),
    path("befriending/runs/<uuid:pk>/stop/", matching.stop_matching, name="matching_stop"),
    path(
        "befriending/suggestions/<int:pk>/accept/",
        matching.accept_suggestion,
        name="suggestion_accept",
    ),
    path(
        "befriending/suggestions/<int:pk>/<weighing:verb>/",
        matching.weigh_suggestion,
        name="suggestion_weigh",
    ),
    # Pairings
    path("befriending/pairings/<uuid:pk>/", pairings.show_pairing, name="pairing"),
    path(
        "befriending/pairings/<uuid:pk>/do/<slug:verb>/", pairings.move_pairing, name="pairing_move"
    ),
    path(
        "befriending/pairings/<uuid:pk>/form/<slug:verb>/",
        pairings.run_pairing_form,
        name="pairing_form",
    ),
    path(
        "befriending/pairings/<uuid:pk>/agreement/",
        pairings.write_agreement,
        name="agreement_write",
    ),
    path("befriending/agreements/<int:pk>/", pairings.show_agreement, name="agreement"),
    path(
        "befriending/agreements/<int:pk>/aloud/<slug:side>/",
        pairings.note_agreed,
        name="agreement_aloud",
    ),
    path("befriending/agreements/<int:pk>/sign/", own.sign_agreement, name="agreement_sign"),
    path("befriending/pairings/<uuid:pk>/arrange/", pairings.arrange_meeting, name="arrange"),
    path("befriending/pairings/<uuid:pk>/meeting/", meetings.note_meeting, name="meeting_new"),
    path(
        "befriending/pairings/<uuid:pk>/meetings/<uuid:meeting>/",
        meetings.put_meeting,
        name="meeting_put",
    ),
    path("befriending/meetings/<uuid:pk>/undo/", meetings.take_meeting_back, name="meeting_undo"),
    path("befriending/pairings/<uuid:pk>/review/", pairings.add_review, name="review_new"),
    path("befriending/reviews/<int:pk>/", pairings.hold_review, name="review"),
    path("befriending/visits/<uuid:pk>/answer/", pairings.answer_alarm, name="visit_answer"),
    # Worries
    path("befriending/<int:service>/worry/", concerns.raise_concern, name="concern_new"),
    path(
        "befriending/<int:service>/worry/<slug:reference>/",
        concerns.show_raised,
        name="concern_raised",
    ),
    path("befriending/<int:service>/worries/", concerns.list_concerns, name="concerns"),
    path("befriending/worries/<uuid:pk>/", concerns.show_concern, name="concern"),
    path("befriending/worries/<uuid:pk>/reopen/", concerns.reopen_concern, name="concern_reopen"),
    # One's own
    path("befriending/mine/", own.show_mine, name="mine"),
    path(
        "befriending/mine/consents/<str:purpose>/<consent_deed:deed>/",
        own.decide_consent,
        name="my_consent",
    ),
    path("befriending/mine/expense/", own.claim_expense, name="my_expense"),
    path("befriending/mine/<uuid:pk>/", own.show_my_pairing, name="my_pairing"),
    path("befriending/mine/<uuid:pk>/stop/", own.ask_to_stop, name="my_stop"),
    path("befriending/mine/<uuid:pk>/visit/", own.start_visit, name="my_visit"),
    path("befriending/mine/<uuid:pk>/wish/<slug:verb>/", own.wish, name="my_wish"),
    path("befriending/mine/visits/<uuid:pk>/end/", own.end_visit, name="my_visit_end"),
]
