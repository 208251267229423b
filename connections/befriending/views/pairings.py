"""A pairing's page and everything that a coordinator does with it."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connections.befriending import actions
from connections.befriending.facts import read_facts, read_staff
from connections.befriending.forms import (
    AgreementForm,
    ArrangeForm,
    DeclineForm,
    EndForm,
    IntroduceForm,
    NewReviewForm,
    PauseForm,
    PlanEndingForm,
    ReasonForm,
    ReviewForm,
    VolunteerChoiceForm,
)
from connections.befriending.models import Agreement, Match, Meeting, Review, Service, Visit
from connections.befriending.states import Option, list_options
from connections.befriending.views.frames import Page, do, find, find_service, run_form
from connections.befriending.vocabulary import CLAUSES, Side
from kinder.accounts.acting import acting_as_visitor
from kinder.accounts.encryption import decrypt
from kinder.accounts.models import User

MEETINGS_SHOWN = 12
# Moves with a page of their own; the others are one button.
WITH_PAGE = frozenset(
    {"hold", "decline", "introduce", "pause", "suspend", "plan_ending", "end", "swap"}
)
# Moves that stand elsewhere on the page.
NOT_A_BUTTON = frozenset(
    {"note_consent", "sign", "write_agreement", "arrange", "note_meeting", "note_first_meeting"}
)


def find_pairing(request: HttpRequest, pk: UUID) -> tuple[User, Match]:
    """Return a pairing of a service that the visitor runs; 404 else."""
    match = find(
        Match.objects.select_related(
            "service__organisation", "participant", "volunteer", "referral"
        ),
        pk=pk,
    )
    user, _service = find_service(request, match.service_id)
    return user, match


def pairing_url(match: Match) -> str:
    return reverse("befriending:pairing", args=[match.pk])


def read_meetings(match: Match, *, most: int = MEETINGS_SHOWN) -> list[tuple[Meeting, str]]:
    """Return the newest meetings with their notes, for whoever acts."""
    return [
        (one, decrypt(one.note_ciphertext) if one.note_ciphertext else "")
        for one in match.meetings.select_related("place").order_by("-on", "-created_at")[:most]
    ]


@never_cache
@require_safe
@acting_as_visitor
def show_pairing(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One pairing: what may be done next and what is missing for it, the agreement, meetings,
    reviews, pauses, the ending."""
    user, match = find_pairing(request, pk)
    options = list_options(
        match.state, who=read_staff(user, match.service), facts=read_facts(match)
    )
    verbs = {option.verb for option in options}
    agreement = match.agreements.order_by("-version").first()
    return render(
        request,
        "befriending/pairing.html",
        {
            "service": match.service,
            "match": match,
            "buttons": [_button(match, one) for one in options if one.verb not in NOT_A_BUTTON],
            "verbs": verbs,
            "can_note_meeting": bool(verbs & {"note_meeting", "note_first_meeting"}),
            "agreement": agreement,
            "signatures": {one.side: one for one in agreement.signatures.select_related("noted_by")}
            if agreement
            else {},
            "sides": Side.choices,
            "meetings": read_meetings(match),
            "arranged": match.arrangements.filter(is_cancelled=False, starts_at__gt=timezone.now())
            .select_related("place")
            .first(),
            "reviews": [
                (one, decrypt(one.note_ciphertext) if one.note_ciphertext else "")
                for one in match.reviews.order_by("due_on", "side")
            ],
            "pauses": match.pauses.order_by("-from_on"),
            "ending": getattr(match, "ending", None),
            "open_visit": match.visits.filter(ended_at=None).first(),
            "today": timezone.localdate(),
            "can_swap": match.state in ("proposed", "held"),
        },
    )


def _button(match: Match, option: Option) -> dict[str, Any]:
    has_page = option.verb in WITH_PAGE
    name = "befriending:pairing_form" if has_page else "befriending:pairing_move"
    return {
        "option": option,
        "has_page": has_page,
        "url": reverse(name, args=[match.pk, option.verb]),
        "is_danger": option.verb in ("decline", "end", "suspend"),
    }


@require_POST
@acting_as_visitor
def move_pairing(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """One button that needs no more words."""
    user, match = find_pairing(request, pk)
    deeds: dict[str, Callable[[], object]] = {
        "release": lambda: actions.release_match(by=user, match=match),
        "activate": lambda: actions.activate_match(by=user, match=match),
        "go_on": lambda: actions.go_on_with_match(by=user, match=match),
        "lift": lambda: actions.lift_suspension(by=user, match=match),
        "keep_going": lambda: actions.keep_going(by=user, match=match),
        "yes-participant": lambda: actions.note_consent(by=user, match=match, side="participant"),
        "yes-volunteer": lambda: actions.note_consent(by=user, match=match, side="volunteer"),
    }
    if verb not in deeds:
        raise Http404
    return do(request, deeds[verb], pairing_url(match), done=_("Saved."))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def run_pairing_form(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """A move that needs a reason, a day or a plan."""
    user, match = find_pairing(request, pk)
    form, title, lead, deed = _choose(request, user, match, verb)

    def do_it() -> str:
        moved = deed(form.cleaned_data)
        return pairing_url(moved if isinstance(moved, Match) else match)

    page = Page(
        title=title,
        lead=lead,
        back_url=pairing_url(match),
        back_label=_("The pairing"),
        submit=title,
        is_danger=verb in ("decline", "end", "suspend"),
    )
    return run_form(request, form, page, do_it, done=_("Saved."))


def _choose(
    request: HttpRequest, user: User, match: Match, verb: str
) -> tuple[Any, str, str, Callable[[dict[str, Any]], object]]:
    """Return the form, its title, what stands over it, and the deed."""
    sent = request.POST or None
    ending = getattr(match, "ending", None)
    plan = {"plan": ending.plan, "last_met_on": ending.last_met_on} if ending else {}
    end = plan | {"reviewed_on": ending.reviewed_on if ending else None}
    choices: dict[str, Callable[[], tuple[Any, str, str, Callable[..., object]]]] = {
        "hold": lambda: (ReasonForm(sent), _("Hold for them"), "", actions.hold_match),
        "suspend": lambda: (ReasonForm(sent), _("Suspend"), "", actions.suspend_match),
        "decline": lambda: (
            DeclineForm(sent),
            _("Decide against"),
            _("Whoever waited waits on in their old place."),
            actions.decline_match,
        ),
        "swap": lambda: (
            VolunteerChoiceForm(sent, service=match.service),
            _("Choose somebody else"),
            "",
            actions.swap_match,
        ),
        "introduce": lambda: (
            IntroduceForm(sent, initial={"good_to_know": match.participant.needs}),
            _("Introduce"),
            _("From now on each sees what the other is called, and the agreement."),
            actions.introduce_match,
        ),
        "pause": lambda: (
            PauseForm(sent),
            _("Pause"),
            _("A pause keeps the place. No reason is needed."),
            actions.pause_match,
        ),
        "plan_ending": lambda: (
            PlanEndingForm(sent, initial=plan),
            _("Bring to an end"),
            _("Say what comes after, and whether there is a last meeting."),
            actions.plan_ending,
        ),
        "end": lambda: (
            EndForm(sent, initial=end),
            _("End"),
            _("A planned ending needs a plan and a last review. A reason is never asked."),
            _end,
        ),
    }
    if verb not in choices:
        raise Http404
    form, title, lead, deed = choices[verb]()
    return form, title, lead, lambda facts: deed(by=user, match=match, **facts)


def _end(*, by: User, match: Match, answer: str, **facts: Any) -> Match:
    return actions.end_match(by=by, match=match, is_planned=answer == "yes", **facts)


# ---------------------------------------------------------------- the agreement


def clauses_for(service: Service) -> list[str]:
    """Return the service's own wording, else the template with its name and hours filled in."""
    if service.clauses:
        return list(service.clauses)
    filled = {"[service]": service.name, "[hours]": service.hours or "[hours]"}
    clauses = [str(one) for one in CLAUSES]
    for mark, words in filled.items():
        clauses = [clause.replace(mark, words) for clause in clauses]
    return clauses


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def write_agreement(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Write the agreement, or its next version."""
    user, match = find_pairing(request, pk)
    newest = match.agreements.order_by("-version").first()
    clauses = newest.clauses if newest else clauses_for(match.service)
    form = AgreementForm(request.POST or None, initial={"clauses": "\n".join(clauses)})

    def deed() -> str:
        actions.write_agreement(
            by=user, match=match, clauses=form.lines(), language=get_language() or "en-gb"
        )
        return pairing_url(match)

    page = Page(
        title=_("The agreement"),
        lead=_("A change makes a new version, which both have to agree to again."),
        back_url=pairing_url(match),
        back_label=_("The pairing"),
        submit=_("Save this version"),
    )
    return run_form(request, form, page, deed, done=_("Saved. Now both have to agree."))


@require_POST
@acting_as_visitor
def note_agreed(request: HttpRequest, pk: int, side: str) -> HttpResponse:
    """Note that one side agreed aloud, after the text was read to them."""
    agreement = find(Agreement.objects.select_related("match"), pk=pk)
    user, match = find_pairing(request, agreement.match_id)
    if side not in Side.values:
        raise Http404
    return do(
        request,
        lambda: actions.note_agreed_aloud(
            by=user,
            agreement=agreement,
            side=side,
            text_sha256=request.POST.get("text_sha256", ""),
            reauthenticated_at=timezone.now(),
        ),
        pairing_url(match),
        done=_("Noted."),
    )


@never_cache
@require_safe
@acting_as_visitor
def show_agreement(request: HttpRequest, pk: int) -> HttpResponse:
    """One version of an agreement, to read and to print: for the service and for the two."""
    agreement = find(Agreement.objects.select_related("match__service"), pk=pk)
    return render(
        request,
        "befriending/agreement.html",
        {
            "agreement": agreement,
            "match": agreement.match,
            "signatures": agreement.signatures.order_by("side"),
        },
    )


# ---------------------------------------------------------------- meetings and reviews


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def arrange_meeting(request: HttpRequest, pk: UUID) -> HttpResponse:
    user, match = find_pairing(request, pk)
    form = ArrangeForm(request.POST or None)

    def deed() -> str:
        facts = form.cleaned_data
        actions.arrange_meeting(
            by=user,
            match=match,
            starts_at=timezone.make_aware(dt.datetime.combine(facts["on"], facts["at"])),
            mode=facts["mode"],
            place=facts["place"],
        )
        return pairing_url(match)

    page = _page(match, _("The next meeting"), _("Arrange it"))
    return run_form(request, form, page, deed, done=_("Arranged. Both can see it."))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def hold_review(request: HttpRequest, pk: int) -> HttpResponse:
    review = find(Review.objects.all(), pk=pk)
    user, match = find_pairing(request, review.match_id)
    form = ReviewForm(request.POST or None)

    def deed() -> str:
        facts = form.cleaned_data
        actions.hold_review(
            by=user,
            review=review,
            held_on=facts["held_on"],
            goes_on={"yes": True, "no": False}.get(facts["answer"]),
            note=facts["note"],
        )
        return pairing_url(match)

    who = match.participant if review.side == Side.PARTICIPANT else match.volunteer
    page = _page(match, _("A review with %s") % who.name, _("Save"))
    return run_form(request, form, page, deed, done=_("Saved."))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def add_review(request: HttpRequest, pk: UUID) -> HttpResponse:
    user, match = find_pairing(request, pk)
    form = NewReviewForm(request.POST or None)

    def deed() -> str:
        actions.add_review(by=user, match=match, **form.cleaned_data)
        return pairing_url(match)

    return run_form(
        request, form, _page(match, _("One more review"), _("Save")), deed, done=_("Saved.")
    )


@require_POST
@acting_as_visitor
def answer_alarm(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Somebody of the service reached the volunteer: the visit is over."""
    visit = find(Visit.objects.select_related("match__service__organisation"), pk=pk)
    user, service = find_service(request, visit.match.service_id)
    return do(
        request,
        lambda: actions.answer_alarm(by=user, visit=visit),
        reverse("befriending:due", args=[service.pk]),
        done=_("The visit is over."),
    )


def make_id() -> str:
    """Return a new id for a form that is sent without a script."""
    return str(uuid.uuid4())


def _page(match: Match, title: str, submit: str) -> Page:
    return Page(
        title=title, back_url=pairing_url(match), back_label=_("The pairing"), submit=submit
    )
