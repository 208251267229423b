"""Noting a meeting in two taps, for a volunteer or a coordinator; with or without a network."""

import json
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from connections.befriending import actions
from connections.befriending.facts import read_staff
from connections.befriending.forms import MeetingForm
from connections.befriending.models import Match, Meeting
from connections.befriending.states import Who
from connections.befriending.views.frames import SeeOther, do, find
from connections.befriending.views.pairings import make_id, pairing_url
from kinder.accounts.acting import acting_as_visitor
from kinder.accounts.models import User
from kinder.accounts.rules import Refused, check_signed_in


def way_back(user: User, match: Match) -> str:
    """Return the page of this pairing that is this visitor's."""
    if read_staff(user, match.service) is not Who.STRANGER:
        return pairing_url(match)
    return reverse("befriending:my_pairing", args=[match.pk])


def _title(user: User, match: Match) -> str:
    if read_staff(user, match.service) is Who.STRANGER:
        return match.participant_called
    return f"{match.participant.name} · {match.volunteer.name}"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def note_meeting(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What happened, save: two taps. The rest is under "more"."""
    user = check_signed_in(request.user)
    match = find(Match.objects.select_related("service__organisation"), pk=pk)
    form = MeetingForm(request.POST or None, initial={"id": make_id()})
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                actions.note_meeting(by=user, match=match, **form.cleaned_data)
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                return SeeOther(way_back(user, match) + "?noted=1")
        status = 422
    return render(
        request,
        "befriending/meeting.html",
        {
            "form": form,
            "match": match,
            "title": _title(user, match),
            "back_url": way_back(user, match),
            "is_staff": read_staff(user, match.service) is not Who.STRANGER,
        },
        status=status,
    )


@require_http_methods(["PUT"])
@acting_as_visitor
def put_meeting(request: HttpRequest, pk: UUID, meeting: UUID) -> HttpResponse:
    """Take a meeting that waited on a phone: the same id again changes nothing."""
    user = check_signed_in(request.user)
    match = find(Match.objects.select_related("service__organisation"), pk=pk)
    try:
        told: Any = json.loads(request.body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        return JsonResponse({"detail": _("That could not be read.")}, status=400)
    form = MeetingForm({**told, "id": str(meeting)})
    if not form.is_valid():
        words = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return JsonResponse({"detail": words}, status=422)
    try:
        noted = actions.note_meeting(by=user, match=match, **form.cleaned_data)
    except Refused as refused:
        return JsonResponse({"detail": str(refused)}, status=409)
    return JsonResponse({"id": str(noted.pk)}, status=200)


@require_POST
@acting_as_visitor
def take_meeting_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Undo a meeting that was just noted."""
    user = check_signed_in(request.user)
    meeting = find(Meeting.objects.select_related("match__service__organisation"), pk=pk)
    return do(
        request,
        lambda: actions.take_meeting_back(by=user, meeting=meeting),
        way_back(user, meeting.match),
        done=_("Taken back."),
    )
