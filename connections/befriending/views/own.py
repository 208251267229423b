"""What participants and volunteers see of themselves: the next meeting, the agreement, pausing,
stopping, telling someone; for volunteers also meetings, home visits and expenses."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from allauth.account.authentication import get_authentication_records
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connections.befriending import actions
from connections.befriending.facts import read_who
from connections.befriending.forms import ExpenseForm, VisitForm
from connections.befriending.models import (
    Agreement,
    Arrangement,
    Check,
    Expense,
    Match,
    Participant,
    Referral,
    Training,
    Visit,
    Volunteer,
)
from connections.befriending.states import OVER, PAIRING_MOVES, Who
from connections.befriending.views.frames import Page, do, find, run_form
from connections.befriending.views.pairings import read_meetings
from connections.befriending.vocabulary import ConsentFor, MatchState
from kinder.accounts import consents
from kinder.accounts.acting import acting_as_visitor
from kinder.accounts.consents import Wording
from kinder.accounts.decorators import reauthenticated
from kinder.accounts.models import ConsentRecord, User
from kinder.accounts.rules import check_signed_in

MINE = (Who.VOLUNTEER, Who.PARTICIPANT)


@dataclass(frozen=True)
class Own:
    """One of the visitor's pairings, as they see it."""

    match: Match
    who: Who
    next: Arrangement | None
    agreement: Agreement | None
    has_signed: bool

    @property
    def other(self) -> str:
        """What the other one is called."""
        if self.who is Who.VOLUNTEER:
            return self.match.participant_called
        return self.match.volunteer_called

    @property
    def can(self) -> set[str]:
        """The moves that are theirs in this state."""
        state = MatchState(self.match.state)
        return {
            verb
            for verb, move in PAIRING_MOVES.items()
            if self.who in move.who and state in move.before
        }


def _read_own(user: User, match: Match) -> Own:
    who = read_who(user, match)
    if who not in MINE:
        raise Http404(_("There is nothing here for you."))
    agreement = match.agreements.order_by("-version").first()
    return Own(
        match=match,
        who=who,
        next=match.arrangements.filter(is_cancelled=False, starts_at__gt=timezone.now())
        .select_related("place")
        .first(),
        agreement=agreement,
        has_signed=bool(agreement and agreement.signatures.filter(side=who.value).exists()),
    )


def _find(request: HttpRequest, pk: UUID) -> tuple[User, Own]:
    user = check_signed_in(request.user)
    match = find(Match.objects.select_related("service__organisation"), pk=pk)
    return user, _read_own(user, match)


@never_cache
@require_safe
@acting_as_visitor
def show_mine(request: HttpRequest) -> HttpResponse:
    """Everything of one's own in befriending."""
    user = check_signed_in(request.user)
    volunteer = Volunteer.objects.filter(user=user).select_related("service").first()
    participant = Participant.objects.filter(user=user).select_related("service").first()
    if volunteer is None and participant is None:
        return render(request, "befriending/mine_none.html", status=404)
    own = [
        _read_own(user, match)
        for match in Match.objects.exclude(state__in=OVER)
        .select_related("service__organisation")
        .order_by("created_at")
        if read_who(user, match) in MINE
    ]
    referral = None
    if participant is not None:
        referral = Referral.objects.filter(participant=participant).order_by("-received_on").first()
    context: dict[str, Any] = {
        "referral": referral,
        "volunteer": volunteer,
        "participant": participant,
        "own": own,
        "agreed": _read_agreed(user, referral),
        "service": (volunteer or participant).service,  # type: ignore[union-attr]
    }
    if volunteer is not None:
        context |= {
            "expenses": Expense.objects.filter(volunteer=volunteer)[:10],
            "checks": Check.objects.filter(volunteer=volunteer).order_by("-id"),
            "trainings": Training.objects.filter(volunteer=volunteer),
        }
    return render(request, "befriending/mine.html", context)


@dataclass(frozen=True)
class Agreed:
    """One thing that the visitor is asked to agree to, and how it stands. `is_aloud`: they said so
    to the coordinator, before there was anything to click."""

    purpose: ConsentFor
    wording: Wording
    given: ConsentRecord | None
    withdrawn: ConsentRecord | None
    is_aloud: bool

    @property
    def stands(self) -> bool:
        return self.given is not None or self.is_aloud

    @property
    def is_former(self) -> bool:
        """They agreed to words that have changed since."""
        return self.given is not None and self.given.wording_version != self.wording.version


def _read_agreed(user: User, referral: Referral | None) -> list[Agreed]:
    records = list(consents.consents_of(user).select_related("wording"))
    told = []
    for purpose in actions.list_asked(user):
        own = [one for one in records if one.purpose == purpose]
        is_noted = (
            purpose == ConsentFor.TAKING_PART and referral is not None and referral.has_consented
        )
        told.append(
            Agreed(
                purpose=purpose,
                wording=consents.current_wording(purpose),
                given=next((one for one in own if one.withdrawn_at is None), None),
                withdrawn=next((one for one in own if one.withdrawn_at is not None), None),
                is_aloud=is_noted and not own,
            )
        )
    return told


@require_POST
@acting_as_visitor
def decide_consent(request: HttpRequest, purpose: str, deed: str) -> HttpResponse:
    """Agree to something, or take it back: at once, without a reason."""
    user = check_signed_in(request.user)
    if purpose not in ConsentFor.values:
        raise Http404(_("There is nothing here for you."))
    asked = ConsentFor(purpose)
    if asked not in actions.list_asked(user):
        raise Http404(_("There is nothing here for you."))
    if deed == "give":
        version = request.POST.get("version", "")
        return do(
            request,
            lambda: actions.give_own_consent(by=user, purpose=asked, version=version),
            reverse("befriending:mine"),
            done=_("Thank you. You can take it back at any time."),
        )
    return do(
        request,
        lambda: actions.take_own_consent_back(by=user, purpose=asked),
        reverse("befriending:mine"),
        done=_("You took it back. Thank you for telling us."),
    )


@never_cache
@require_safe
@acting_as_visitor
def show_my_pairing(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One's own pairing."""
    _user, own = _find(request, pk)
    visit = None
    if own.who is Who.VOLUNTEER:
        visit = Visit.objects.filter(match=own.match, ended_at=None).first()
    return render(
        request,
        "befriending/my_pairing.html",
        {
            "own": own,
            "match": own.match,
            "service": own.match.service,
            "is_volunteer": own.who is Who.VOLUNTEER,
            "meetings": read_meetings(own.match),
            "visit": visit,
            "can_undo": {
                meeting.pk
                for meeting, _note in read_meetings(own.match)
                if meeting.noted_by_id == request.user.pk
                and timezone.now() - meeting.created_at < actions.UNDO_FOR
            },
            "was_noted": "noted" in request.GET,
        },
    )


@require_POST
@acting_as_visitor
def wish(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """Pause, go on, or stop: no reason is asked."""
    user, own = _find(request, pk)
    deeds = {
        "pause": (actions.pause_match, _("You are pausing. Your place is kept.")),
        "go-on": (actions.go_on_with_match, _("You go on. The coordinator knows.")),
        "stop": (
            actions.ask_to_stop,
            _("That is fine. The coordinator will be in touch to say goodbye well."),
        ),
    }
    if verb not in deeds:
        raise Http404
    deed, done = deeds[verb]
    return do(
        request,
        lambda: deed(by=user, match=own.match),
        reverse("befriending:my_pairing", args=[own.match.pk]),
        done=done,
    )


@never_cache
@require_safe
@acting_as_visitor
def ask_to_stop(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask once before stopping: with a pause beside it."""
    _user, own = _find(request, pk)
    return render(request, "befriending/stop.html", {"own": own, "match": own.match})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def sign_agreement(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the agreement and sign it, after showing once more who one is."""
    agreement = find(Agreement.objects.select_related("match__service__organisation"), pk=pk)
    user, own = _find(request, agreement.match_id)
    return _sign_agreement(request, user, own, agreement)


@reauthenticated()
def _sign_agreement(
    request: HttpRequest, user: User, own: Own, agreement: Agreement
) -> HttpResponse:
    url = reverse("befriending:my_pairing", args=[own.match.pk])
    if request.method == "POST":
        return do(
            request,
            lambda: actions.sign_agreement(
                by=user,
                agreement=agreement,
                text_sha256=request.POST.get("text_sha256", ""),
                reauthenticated_at=_last_shown(request),
            ),
            url,
            done=_("You signed. Thank you."),
        )
    return render(
        request,
        "befriending/sign.html",
        {"own": own, "agreement": agreement, "match": own.match, "back_url": url},
    )


def _last_shown(request: HttpRequest) -> dt.datetime:
    """Return when the visitor last showed who they are."""
    records = get_authentication_records(request)
    times = [record["at"] for record in records if "at" in record]
    if not times:
        return timezone.now()
    return dt.datetime.fromtimestamp(max(times), tz=dt.UTC)


# ---------------------------------------------------------------- volunteers


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def start_visit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that a home visit begins; the service is alarmed where no end comes."""
    user, own = _find(request, pk)
    form = VisitForm(request.POST or None)
    url = reverse("befriending:my_pairing", args=[own.match.pk])

    def deed() -> str:
        actions.start_visit(by=user, match=own.match, minutes=form.cleaned_data["minutes"])
        return url

    page = Page(
        title=_("A home visit begins"),
        lead=_(
            "Tell us when it is over. If we don't hear from you %(minutes)s minutes after that, "
            "we ring you."
        )
        % {"minutes": own.match.service.visit_grace_minutes},
        back_url=url,
        back_label=own.other,
        submit=_("I am going in"),
        is_resident=True,
    )
    return run_form(request, form, page, deed, done=_("Begun. Have a good time."))


@require_POST
@acting_as_visitor
def end_visit(request: HttpRequest, pk: UUID) -> HttpResponse:
    visit = find(Visit.objects.select_related("match__service__organisation"), pk=pk)
    user, own = _find(request, visit.match_id)
    return do(
        request,
        lambda: actions.end_visit(by=user, visit=visit),
        reverse("befriending:my_pairing", args=[own.match.pk]),
        done=_("Good that you are well. The visit is over."),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def claim_expense(request: HttpRequest) -> HttpResponse:
    """Claim what befriending cost."""
    user = check_signed_in(request.user)
    volunteer = find(
        Volunteer.objects.select_related("service__organisation"), user=user, left_on=None
    )
    form = ExpenseForm(request.POST or None)

    def deed() -> str:
        actions.claim_expense(by=user, volunteer=volunteer, **form.facts())
        return reverse("befriending:mine")

    page = Page(
        title=_("Claim an expense"),
        lead=_("Keep the ticket or receipt for the coordinator."),
        back_url=reverse("befriending:mine"),
        back_label=_("My befriending"),
        submit=_("Send it"),
        is_resident=True,
    )
    return run_form(request, form, page, deed, done=_("Sent to the coordinator."))
