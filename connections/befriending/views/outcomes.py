"""Outcome scales: asking somebody, what a service's answers add up to, and scales brought along."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connections.befriending import actions
from connections.befriending.forms import ScaleFileForm, ScaleForm
from connections.befriending.models import (
    Participant,
    Referral,
    ScaleAnswer,
    Service,
    UploadedScale,
)
from connections.befriending.outcomes import read_answers, read_known, summarise
from connections.befriending.scale_files import EXAMPLE
from connections.befriending.views.frames import Page, do, find, find_service, run_form
from kinder.accounts.acting import acting_as_visitor
from kinder.accounts.models import User


def _find_participant(request: HttpRequest, pk: UUID) -> tuple[User, Service, Participant]:
    participant = find(Participant.objects.select_related("service__organisation", "user"), pk=pk)
    user, service = find_service(request, participant.service_id)
    return user, service, participant


def _back(participant: Participant) -> str:
    """Return the page of somebody's newest referral."""
    referral = Referral.objects.filter(participant=participant).order_by("-received_on").first()
    if referral is None:
        return reverse("befriending:board", args=[participant.service_id])
    return reverse("befriending:referral", args=[referral.pk])


@never_cache
@require_safe
@acting_as_visitor
def choose_scale(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Choose what to ask somebody: what may be asked today, and why the rest may not."""
    _user, service, participant = _find_participant(request, pk)
    known = read_known(service)
    today = timezone.localdate()
    offered = [
        (code, one, one.find_obstacle(participant, known, on=today)) for code, one in known.items()
    ]
    return render(
        request,
        "befriending/scales.html",
        {
            "service": service,
            "participant": participant,
            "back_url": _back(participant),
            "offered": offered,
            "answers": read_answers(participant, known),
        },
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def note_answers(request: HttpRequest, pk: UUID, scale: str) -> HttpResponse:
    """Note somebody's answers to a scale."""
    user, service, participant = _find_participant(request, pk)
    known = read_known(service)
    if scale not in known:
        raise Http404(_("There is nothing here for you."))
    sheet = known[scale].sheet
    form = ScaleForm(request.POST or None, sheet=sheet)
    back = reverse("befriending:scales", args=[participant.pk])

    def deed() -> str:
        actions.note_scale_answers(
            by=user,
            participant=participant,
            scale=scale,
            answers=form.answers(),
            answered_on=form.cleaned_data["answered_on"],
            consented_on=form.cleaned_data["consented_on"],
        )
        return back

    page = Page(
        title=sheet.name,
        lead=_("Read the questions as they stand. Any of them may be skipped."),
        back_url=back,
        back_label=participant.name,
        submit=_("Keep the answers"),
    )
    return run_form(request, form, page, deed, done=_("Kept."), source=sheet.source)


@require_POST
@acting_as_visitor
def take_answers_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take answers away that were noted wrongly."""
    answer = find(ScaleAnswer.objects.select_related("participant__service__organisation"), pk=pk)
    user, _service = find_service(request, answer.participant.service_id)
    back = reverse("befriending:scales", args=[answer.participant_id])
    return do(
        request,
        lambda: actions.take_answers_back(by=user, answer=answer),
        back,
        done=_("Taken away."),
    )


@never_cache
@require_safe
@acting_as_visitor
def show_outcomes(request: HttpRequest, service: int) -> HttpResponse:
    """What the answers add up to: exact numbers, for the service alone."""
    _user, found = find_service(request, service)
    known = read_known(found)
    return render(
        request,
        "befriending/outcomes.html",
        {
            "service": found,
            "summaries": summarise(found, known),
            "come_along": [one.sheet for one in known.values() if one.uploaded is None],
            "uploaded": [one for one in known.values() if one.uploaded is not None],
        },
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def upload_scale(request: HttpRequest, service: int) -> HttpResponse:
    """Bring along a scale that the service holds a licence for."""
    user, found = find_service(request, service)
    form = ScaleFileForm(request.POST or None, request.FILES or None)
    back = reverse("befriending:outcomes", args=[found.pk])

    def deed() -> str:
        actions.upload_scale(by=user, service=found, file=form.cleaned_data["file"])
        return back

    page = Page(
        title=_("Bring a scale along"),
        lead=_("Some scales may be used under a licence only. If you hold it, bring the scale."),
        back_url=back,
        back_label=_("Outcomes"),
        submit=_("Bring it along"),
        template="befriending/scale_upload.html",
    )
    return run_form(request, form, page, deed, done=_("It can be asked now."), example=EXAMPLE)


@require_POST
@acting_as_visitor
def remove_scale(request: HttpRequest, pk: int) -> HttpResponse:
    """Take away a scale that nobody answered."""
    scale = find(UploadedScale.objects.select_related("service__organisation"), pk=pk)
    user, service = find_service(request, scale.service_id)
    return do(
        request,
        lambda: actions.remove_scale(by=user, scale=scale),
        reverse("befriending:outcomes", args=[service.pk]),
        done=_("Taken away."),
    )
