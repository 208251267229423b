"""Matching: starting it, watching it, deciding on what it suggests."""

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connections.befriending import actions
from connections.befriending.actions.matching import newest_weights
from connections.befriending.forms import ReasonForm, VolunteerChoiceForm, WeightsForm
from connections.befriending.matching import LOW_SCORE, Weights
from connections.befriending.models import (
    Match,
    MatchingRun,
    MatchingWeights,
    Referral,
    Suggestion,
    Unmatched,
)
from connections.befriending.states import TAKING_ROOM
from connections.befriending.suggesting import read_weights
from connections.befriending.views.frames import Page, do, find, find_service, run_form
from connections.befriending.vocabulary import SPOKEN, Constraint, RunState
from kinder.accounts.acting import acting_as_visitor

PEOPLE = 25
"""People with their suggestions on a page."""

_LINES = ("interests", "hours", "nearness", "language", "experience")


@dataclass(frozen=True)
class Line:
    label: str
    points: int
    most: int


@dataclass(frozen=True)
class Shown:
    """A suggestion as it is read: reasons first, points for whoever wants them."""

    suggestion: Suggestion
    lines: list[Line]
    hours: int
    is_low: bool
    is_taken: bool


@dataclass(frozen=True)
class Waiting:
    referral: Referral
    days: int
    shown: list[Shown]
    standing: Match | None


@never_cache
@require_safe
@acting_as_visitor
def show_matching(request: HttpRequest, service: int) -> HttpResponse:
    """The newest run: its progress, then who might suit whom, and whom to recruit."""
    _user, found = find_service(request, service)
    run = MatchingRun.objects.filter(service=found).select_related("weights", "started_by").first()
    is_busy = run is not None and run.state in (RunState.QUEUED, RunState.RUNNING)
    context: dict[str, Any] = {"service": found, "run": run, "is_busy": is_busy}
    if request.headers.get("HX-Request") and is_busy:
        return render(request, "befriending/_run.html", context)
    if run is not None and run.state == RunState.DONE:
        start = max(int(request.GET.get("from", "0")), 0) if _is_number(request) else 0
        people, count = _read_people(run, start)
        context |= {
            "people": people,
            "recruit": _recruit(run),
            "previous_url": f"?from={max(start - PEOPLE, 0)}" if start else "",
            "next_url": f"?from={start + PEOPLE}" if start + PEOPLE < count else "",
        }
    response = render(request, "befriending/matching.html", context)
    if request.headers.get("HX-Request"):
        # The run is over: show the whole page with what it found.
        response["HX-Refresh"] = "true"
    return response


def _is_number(request: HttpRequest) -> bool:
    return request.GET.get("from", "0").isdecimal() and len(request.GET.get("from", "0")) < 7


def _read_people(run: MatchingRun, start: int) -> tuple[list[Waiting], int]:
    today = timezone.localdate()
    with_any = Suggestion.objects.filter(run=run).values("referral")
    referrals = (
        Referral.objects.filter(pk__in=with_any)
        .select_related("participant")
        .order_by("-priority", "received_on", "id")
    )
    page = list(referrals[start : start + PEOPLE])
    standing = {
        match.referral_id: match
        for match in Match.objects.filter(referral__in=page, state__in=TAKING_ROOM)
    }
    rows = list(
        Suggestion.objects.filter(run=run, referral__in=page)
        .select_related("volunteer")
        .order_by("rank")
    )
    taken = Counter(
        Match.objects.filter(
            volunteer__in={row.volunteer_id for row in rows}, state__in=TAKING_ROOM
        ).values_list("volunteer", flat=True)
    )
    most = read_weights(run.weights)
    by_referral: dict[UUID, list[Shown]] = {}
    for row in rows:
        by_referral.setdefault(row.referral_id, []).append(
            Shown(
                suggestion=row,
                lines=_lines(row.points, most),
                hours=len(row.shared.get("hours", ())),
                is_low=row.score < LOW_SCORE,
                is_taken=taken[row.volunteer_id] >= row.volunteer.capacity,
            )
        )
    people = [
        Waiting(
            referral=referral,
            days=(today - referral.received_on).days,
            shown=by_referral.get(referral.pk, []),
            standing=standing.get(referral.pk),
        )
        for referral in page
    ]
    return people, referrals.count()


def _lines(points: list[int], weights: Weights) -> list[Line]:
    labels = (
        _("Shared interests"),
        _("Shared free hours"),
        _("Nearness"),
        _("Preferred language"),
        _("Experience"),
    )
    return [
        Line(label, got, most)
        for label, got, most in zip(labels, points, weights.as_list(), strict=True)
    ]


def _recruit(run: MatchingRun) -> list[tuple[str, str, list[Unmatched]]]:
    """Return what stands in the way of whoever has nobody, most people first."""
    spoken = dict(SPOKEN)
    groups: dict[tuple[str, str], list[Unmatched]] = {}
    for row in (
        Unmatched.objects.filter(run=run)
        .select_related("referral__participant")
        .order_by("referral__received_on", "referral")
    ):
        groups.setdefault((row.constraint, row.detail), []).append(row)
    return [
        (str(Constraint(code).label), str(spoken.get(detail, detail)), rows)
        for (code, detail), rows in sorted(
            groups.items(), key=lambda item: (-len(item[1]), item[0])
        )
    ]


@require_POST
@acting_as_visitor
def start_matching(request: HttpRequest, service: int) -> HttpResponse:
    user, found = find_service(request, service)
    url = reverse("befriending:matching", args=[found.pk])
    return do(request, lambda: actions.start_matching(by=user, service=found), url)


@require_POST
@acting_as_visitor
def stop_matching(request: HttpRequest, pk: UUID) -> HttpResponse:
    run = find(MatchingRun.objects.select_related("service__organisation"), pk=pk)
    user, found = find_service(request, run.service_id)
    url = reverse("befriending:matching", args=[found.pk])
    return do(request, lambda: actions.stop_matching(by=user, run=run), url, done=_("Stopped."))


@require_POST
@acting_as_visitor
def accept_suggestion(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a suggestion up; the pairing's page says what comes next."""
    suggestion = find(
        Suggestion.objects.select_related("referral__service__organisation", "volunteer"), pk=pk
    )
    user, service = find_service(request, suggestion.referral.service_id)
    url = reverse("befriending:matching", args=[service.pk])
    return do(
        request,
        lambda: actions.accept_suggestion(by=user, suggestion=suggestion),
        url,
        done=_("Suggested. Now ask each of them, without names."),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def weigh_suggestion(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Hold a volunteer for somebody, or decide against the two; with the reason."""
    suggestion = find(
        Suggestion.objects.select_related(
            "referral__service__organisation", "referral__participant", "volunteer"
        ),
        pk=pk,
    )
    user, service = find_service(request, suggestion.referral.service_id)
    url = reverse("befriending:matching", args=[service.pk])
    form = ReasonForm(request.POST or None)

    def deed() -> str:
        reason = form.cleaned_data["reason"]
        if verb == "hold":
            actions.hold_suggestion(by=user, suggestion=suggestion, reason=reason)
        else:
            actions.decide_against(
                by=user,
                referral=suggestion.referral,
                volunteer=suggestion.volunteer,
                reason=reason,
            )
        return url

    title = _("Hold for them") if verb == "hold" else _("Decide against")
    page = Page(
        title=title,
        lead=f"{suggestion.referral.participant.name} · {suggestion.volunteer.name}",
        back_url=url,
        back_label=_("Matching"),
        submit=title,
    )
    return run_form(request, form, page, deed, done=_("Saved."))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def change_weights(request: HttpRequest, service: int) -> HttpResponse:
    """How much each reason counts; each change is a version with its reason."""
    user, found = find_service(request, service)
    weights = read_weights(newest_weights(found))
    form = WeightsForm(
        request.POST or None, initial={name: getattr(weights, name) for name in _LINES}
    )
    url = reverse("befriending:matching", args=[found.pk])

    def deed() -> str:
        actions.set_weights(by=user, service=found, **form.cleaned_data)
        return url

    return run_form(
        request,
        form,
        Page(
            title=_("What counts in matching"),
            lead=_("Points for the five reasons; together they make 100. They are a judgement."),
            back_url=url,
            back_label=_("Matching"),
            submit=_("Save as a new version"),
        ),
        deed,
        done=_("Saved. It counts from the next run."),
        versions=MatchingWeights.objects.filter(service=found)
        .select_related("made_by")
        .order_by("-version"),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def propose_by_hand(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Suggest a volunteer whom the coordinator chose; the same exclusions hold."""
    referral = find(Referral.objects.select_related("service__organisation", "participant"), pk=pk)
    user, service = find_service(request, referral.service_id)
    form = VolunteerChoiceForm(request.POST or None, service=service)
    back = reverse("befriending:referral", args=[referral.pk])

    def deed() -> str:
        match = actions.propose_match(
            by=user,
            referral=referral,
            volunteer=form.cleaned_data["volunteer"],
            reason=form.cleaned_data["reason"],
        )
        return reverse("befriending:pairing", args=[match.pk])

    page = Page(
        title=_("Suggest somebody you have in mind"),
        back_url=back,
        back_label=referral.participant.name,
        submit=_("Suggest"),
    )
    return run_form(request, form, page, deed, done=_("Suggested."))
