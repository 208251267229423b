"""Referrals and participants."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connections.befriending import actions
from connections.befriending.facts import read_referral_facts, read_staff
from connections.befriending.forms import (
    AssessmentForm,
    MaybeReasonForm,
    ParticipantForm,
    PriorityForm,
    ReasonForm,
    ReferralForm,
    initial_of,
)
from connections.befriending.models import Match, Participant, Referral, Suggestion
from connections.befriending.outcomes import read_answers, read_known
from connections.befriending.states import list_referral_options
from connections.befriending.views.frames import Page, do, find, find_service, run_form
from kinder.accounts.acting import acting_as_visitor
from kinder.accounts.encryption import decrypt
from kinder.accounts.rules import check_signed_in

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise


def _referrals() -> QuerySet[Referral]:
    return Referral.objects.select_related(
        "service__organisation", "participant__travel_area", "participant__service"
    )


def _url(referral: Referral) -> str:
    return reverse("befriending:referral", args=[referral.pk])


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def add_referral(request: HttpRequest, service: int) -> HttpResponse:
    """Write down that somebody was put forward."""
    user, found = find_service(request, service)
    form = ReferralForm(request.POST or None, service=found)
    return run_form(
        request,
        form,
        Page(
            title=_("A new referral"),
            lead=_("Write only what the person would be happy to read."),
            back_url=reverse("befriending:board", args=[found.pk]),
            back_label=found.name,
            submit=_("Save the referral"),
        ),
        lambda: _url(
            actions.add_referral(by=user, service=found, person=form.person(), **form.facts())
        ),
        done=_("The referral is on the board."),
    )


@never_cache
@require_safe
@acting_as_visitor
def show_referral(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One referral: the person, what was learned, and what can be done next."""
    user = check_signed_in(request.user)
    referral = find(_referrals(), pk=pk)
    user, service = find_service(request, referral.service_id)
    assessment = getattr(referral, "assessment", None)
    participant = referral.participant
    return render(
        request,
        "befriending/referral.html",
        {
            "service": service,
            "referral": referral,
            "participant": participant,
            "days": (timezone.localdate() - referral.received_on).days,
            "assessment": assessment,
            "risk": decrypt(assessment.risk_ciphertext)
            if assessment and assessment.risk_ciphertext
            else "",
            "options": list_referral_options(
                referral.state,
                who=read_staff(user, service),
                facts=read_referral_facts(referral),
            ),
            "matches": Match.objects.filter(participant=participant)
            .select_related("volunteer")
            .order_by("-created_at"),
            "suggestions": Suggestion.objects.filter(referral=referral)
            .select_related("volunteer")
            .order_by("rank"),
            "answers": read_answers(participant, read_known(service)),
            "is_over": referral.state in ("closed", "unsuitable", "withdrawn"),
        },
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def change_participant(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change what is known of a participant."""
    participant = find(Participant.objects.select_related("service__organisation"), pk=pk)
    user, service = find_service(request, participant.service_id)
    referral = Referral.objects.filter(participant=participant).order_by("-received_on").first()
    back = _url(referral) if referral else reverse("befriending:board", args=[service.pk])
    form = ParticipantForm(
        request.POST or None, service=service, initial=initial_of(participant, ParticipantForm)
    )

    def deed() -> str:
        actions.change_participant(by=user, participant=participant, **form.cleaned_data)
        return back

    return run_form(
        request,
        form,
        Page(
            title=_("Change what we know"),
            back_url=back,
            back_label=participant.name,
            submit=_("Save"),
        ),
        deed,
        done=_("Saved."),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def assess_referral(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Note the first talk."""
    referral = find(_referrals(), pk=pk)
    user, _service = find_service(request, referral.service_id)
    form = AssessmentForm(
        request.POST or None, initial={"needs_experience": referral.participant.needs_experience}
    )

    def deed() -> str:
        actions.assess_referral(by=user, referral=referral, **form.facts())
        return _url(referral)

    return run_form(
        request, form, _page(referral, _("The first talk"), _("Save")), deed, done=_("Saved.")
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def close_referral(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """Put a referral aside: not suitable, or withdrawn."""
    referral = find(_referrals(), pk=pk)
    user, _service = find_service(request, referral.service_id)
    is_withdrawal = verb == "withdraw"
    form = (MaybeReasonForm if is_withdrawal else ReasonForm)(request.POST or None)

    def deed() -> str:
        close = actions.withdraw_referral if is_withdrawal else actions.find_unsuitable
        close(by=user, referral=referral, reason=form.cleaned_data["reason"])
        return _url(referral)

    title = _("They don't want it any more") if is_withdrawal else _("Not suitable")
    return run_form(
        request,
        form,
        _page(referral, title, _("Put aside"), lead=_("It stays in the numbers either way.")),
        deed,
        done=_("Put aside. You can open it again."),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def change_priority(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Override the fair order for one person, with the reason."""
    referral = find(_referrals(), pk=pk)
    user, _service = find_service(request, referral.service_id)
    form = PriorityForm(
        request.POST or None,
        initial={"priority": referral.priority, "reason": referral.priority_reason},
    )

    def deed() -> str:
        actions.set_priority(by=user, referral=referral, **form.cleaned_data)
        return _url(referral)

    lead = _("The list goes by the longest wait. A change needs a reason that others can read.")
    return run_form(
        request,
        form,
        _page(referral, _("Change the order"), _("Save"), lead=lead),
        deed,
        done=_("Saved."),
    )


@require_POST
@acting_as_visitor
def move_referral(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """One button: note the consent, put on the waiting list, open again, or put forward anew."""
    referral = find(_referrals(), pk=pk)
    user, _service = find_service(request, referral.service_id)
    if verb == "again":
        again = actions.add_self_referral
        return do(
            request,
            lambda: again(by=user, participant=referral.participant),
            reverse("befriending:board", args=[referral.service_id]),
            done=_("Put forward once more."),
        )
    deeds = {
        "consent": actions.note_consent_to_referral,
        "queue": actions.queue_referral,
        "reopen": actions.reopen_referral,
    }
    return do(
        request, lambda: deeds[verb](by=user, referral=referral), _url(referral), done=_("Saved.")
    )


def _page(
    referral: Referral,
    title: "_StrOrPromise",
    submit: "_StrOrPromise",
    *,
    lead: "_StrOrPromise" = "",
) -> Page:
    return Page(
        title=title,
        lead=lead,
        back_url=_url(referral),
        back_label=referral.participant.name,
        submit=submit,
    )
