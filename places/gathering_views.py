"""What is on: the list by day, one gathering, and the pages of whoever looks after them."""

from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kinder.accounts.devices import find_device, greet, make_key, read_key, recognise, set_cookie
from kinder.accounts.limits import TooManyError, charge_log, find_network
from kinder.accounts.models import Contributor, User
from kinder.accounts.rules import NOT_IN_ORGANISATION, Refused, check_signed_in
from places.company.reading import Company, list_company
from places.company.rules import can_have_company
from places.gathering_forms import (
    GatheringForm,
    HoldForm,
    SuggestGatheringForm,
    WhatsOnForm,
    describe_now,
)
from places.gatherings import Occasion, next_occasions, occasions_between, occasions_in
from places.hosting import (
    ConflictError,
    add_gathering,
    cancel_occasion,
    change_gathering,
    confirm_gathering,
    give_back_place,
    hold_place,
    restore_occasion,
    set_gathering_state,
    suggest_gathering,
)
from places.linked_data import describe_gathering_for_machines
from places.models import Gathering, HeldPlace, Welcome
from places.repeats import describe_rule
from places.rules import can_host, can_keep_places, can_offer_gatherings
from places.vocabulary import Answer, WelcomeAttribute

DAYS_SHOWN = 14
TIMES_SHOWN = 8
AHEAD = timedelta(days=366)
FARTHEST = timedelta(days=366 * 2)


@login_not_required
@require_safe
def list_whats_on(request: HttpRequest) -> HttpResponse:
    """Two weeks of what is on, day by day."""
    form = WhatsOnForm(request.GET)
    form.is_valid()
    now = timezone.localtime()
    since = _clamp(form.asked.get("since") or now.date(), now.date())
    start = max(now - timedelta(minutes=30), _midnight(since))
    end = _midnight(since) + timedelta(days=DAYS_SHOWN)
    occasions = occasions_in(start, end, among=_filtered(form.asked))
    days = [
        (day, [(one, describe_rule(one.gathering.recurrence)) for one in some])
        for day, some in groupby(occasions, key=lambda one: one.on)
    ]
    until = since + timedelta(days=DAYS_SHOWN)
    return render(
        request,
        "places/whats_on.html",
        {
            "form": form,
            "asked": form.asked,
            "is_narrowed": any(form.asked.get(name) for name in ("area", "q", "food", "step_free")),
            "areas": form.offered_areas(),
            "days": days,
            "since": since,
            "last": until - timedelta(days=1),
            "next_url": _move(request, until) if until < now.date() + FARTHEST else "",
            "previous_url": ""
            if since <= now.date()
            else _move(request, since - timedelta(days=DAYS_SHOWN)),
            "feed_query": _feed_query(form.asked),
            "company": _list_company(form.asked, now, since),
            "can_offer": can_offer_gatherings(request.user),
        },
    )


@login_not_required
@never_cache
@require_safe
def show_gathering(request: HttpRequest, code: str) -> HttpResponse:
    """One thing to come along to: when, its boundaries, and places to hold where they are few."""
    gathering = _find(request, code)
    now = timezone.now()
    times = list(occasions_between(gathering, now, now + AHEAD, with_cancelled=True))
    times = times[:TIMES_SHOWN]
    is_shown = Gathering.objects.shown().filter(pk=gathering.pk).exists()
    device = find_device(read_key(request)) if gathering.capacity else None
    context = {
        "gathering": gathering,
        "times": _with_places(gathering, times, device.contributor if device else None),
        "next": next((one for one in times if not one.is_cancelled), None),
        "repeats": describe_rule(gathering.recurrence),
        "is_unseen": not is_shown,
        "can_change": can_host(request.user, organisation=gathering.organisation),
        "can_keep": can_keep_places(request.user),
        "json_ld": describe_gathering_for_machines(
            gathering, times, request.build_absolute_uri(request.path)
        )
        if is_shown
        else "",
        "hold_form": HoldForm(),
        "company": list_company(now, gathering=gathering) if is_shown else [],
        "can_have_company": can_have_company(gathering.place, at_gathering=True),
    }
    return render(request, "places/gathering.html", context)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def suggest(request: HttpRequest) -> HttpResponse:
    """A resident tells of something; somebody looks before others see it."""
    form = SuggestGatheringForm(request.POST or None, initial=_begin(request))
    if request.method == "POST" and form.is_valid():
        try:
            charge_log(request, read_key(request) or "")
            gathering = suggest_gathering(by=None, **form.facts())
        except TooManyError as error:
            form.add_error(None, _("That is a lot at once. Please try again later."))
            response = _show_form(request, form, "places/gathering_suggest.html", status=429)
            response.headers["Retry-After"] = str(error.retry_after)
            return response
        except ValidationError as error:
            _add_errors(form, error)
        else:
            messages.success(
                request, _("Thank you. Somebody will look at “%s” soon.") % gathering.title
            )
            return redirect("places:whats-on")
    return _show_form(request, form, "places/gathering_suggest.html")


# ------------------------------------------------------------------ places held


@login_not_required
@require_POST
def hold(request: HttpRequest, code: str) -> HttpResponse:
    """Hold places for this browser; no name is asked."""
    gathering = get_object_or_404(Gathering.objects.shown(), code=code)
    form = HoldForm(request.POST)
    response = redirect("places:gathering", code)
    if not form.is_valid():
        messages.error(request, _("Please say for how many people: 1 to 6."))
        return response
    key = read_key(request) or make_key()
    try:
        charge_log(request, key)
        with recognise(key, network=find_network(request)) as arrival:
            held = hold_place(
                by=arrival.device.contributor,
                gathering=gathering,
                on=form.cleaned_data["on"],
                people=form.cleaned_data["people"],
            )
    except TooManyError:
        messages.error(request, _("That is a lot at once. Please try again later."))
    except Refused as error:
        messages.error(request, str(error.reason))
    else:
        set_cookie(response, request, key)
        messages.success(
            request, _("We hold your place. This browser can give it back here: %s.") % held.people
        )
    return response


@login_not_required
@require_POST
def give_back(request: HttpRequest, code: str) -> HttpResponse:
    gathering = get_object_or_404(Gathering, code=code)
    device, on = find_device(read_key(request)), _day(request)
    if device and on and give_back_place(by=device.contributor, gathering=gathering, on=on):
        messages.success(request, _("Thank you for saying. Somebody else can come now."))
    return redirect("places:gathering", code)


# ------------------------------------------------------------------ looking after them


@require_safe
def look_after(request: HttpRequest) -> HttpResponse:
    """What somebody may change, what nobody confirmed first."""
    user = check_signed_in(request.user)
    if not can_offer_gatherings(user):
        raise Refused(NOT_IN_ORGANISATION)
    mine = Gathering.objects.select_related("place", "organisation")
    if not can_keep_places(user):
        mine = mine.filter(organisation__in=[pk for pk, _role in user.role_pairs])
    state = request.GET.get("state", "")
    if state in Gathering.State.values:
        mine = mine.filter(state=state)
    elif state == "asked":
        mine = mine.filter(state=Gathering.State.SHOWN, asked_at__isnull=False)
    found = list(mine.order_by("title", "id")[:500])
    now = timezone.now()
    nexts = {
        one.gathering.pk: one.starts_at
        for one in next_occasions(now, now + timedelta(days=92), among=mine)
    }
    context = {
        "rows": [(one, describe_rule(one.recurrence), nexts.get(one.pk)) for one in found],
        "states": [*Gathering.State.choices, ("asked", _("To confirm"))],
        "state": state,
    }
    return render(request, "places/gatherings_after.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    user = check_signed_in(request.user)
    if not can_offer_gatherings(user):
        raise Refused(NOT_IN_ORGANISATION)
    form = GatheringForm(request.POST or None, user=user, initial=_begin(request))
    if request.method == "POST" and form.is_valid():
        try:
            gathering = add_gathering(by=user, **form.facts())
        except ValidationError as error:
            _add_errors(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("places:gathering", gathering.code)
    return _show_form(request, form, "places/gathering_edit.html")


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, code: str) -> HttpResponse:
    """Everything about one gathering; two who change it at once are told."""
    user = check_signed_in(request.user)
    gathering = _find_own(user, code)
    form = GatheringForm(
        request.POST or None, user=user, gathering=gathering, initial=describe_now(gathering)
    )
    if request.method == "POST" and form.is_valid():
        try:
            change_gathering(
                by=user,
                gathering=gathering,
                changes=form.facts(),
                if_revision=form.cleaned_data["revision"],
            )
        except ValidationError as error:
            _add_errors(form, error)
        except ConflictError:
            form.add_error(
                None,
                _("Somebody else changed this in the meantime. What you typed is still here."),
            )
        else:
            messages.success(request, _("Saved."))
            return redirect("places:gathering", gathering.code)
    return _show_form(request, form, "places/gathering_edit.html", gathering=gathering)


@require_POST
def do(request: HttpRequest, code: str) -> HttpResponse:
    """One deed: confirm, cancel, show, hide, call off one day, take that back."""
    user = check_signed_in(request.user)
    gathering, deed, on = _find_own(user, code), request.POST.get("deed", ""), _day(request)
    if deed == "confirm":
        confirm_gathering(by=user, gathering=gathering)
    elif deed in {"cancel", "show", "hide"}:
        states = {"cancel": "cancelled", "show": "shown", "hide": "hidden"}
        set_gathering_state(by=user, gathering=gathering, state=states[deed])
    elif deed == "call-off" and on:
        cancel_occasion(by=user, gathering=gathering, on=on, why=request.POST.get("why", ""))
    elif deed == "take-back" and on:
        restore_occasion(by=user, gathering=gathering, on=on)
    else:
        raise Http404
    messages.success(request, _("Saved."))
    return redirect("places:gathering", code)


# ------------------------------------------------------------------ inside


def _find(request: HttpRequest, code: str) -> Gathering:
    """A gathering that this reader may see."""
    gathering = get_object_or_404(
        Gathering.objects.select_related("place__area", "organisation").prefetch_related(
            "cancelled_occasions"
        ),
        code=code,
    )
    is_shown = Gathering.objects.shown().filter(pk=gathering.pk).exists()
    if not is_shown and not can_host(request.user, organisation=gathering.organisation):
        raise Http404
    return gathering


def _find_own(user: User, code: str) -> Gathering:
    found = Gathering.objects.select_related("place", "organisation")
    gathering = get_object_or_404(found, code=code)
    if not can_host(user, organisation=gathering.organisation):
        raise Refused(NOT_IN_ORGANISATION)
    return gathering


def _filtered(asked: dict[str, Any]) -> QuerySet[Gathering]:
    found = Gathering.objects.all()
    if asked.get("area"):
        found = found.filter(place__area__ancestors__ancestor=asked["area"])
    if asked.get("q"):
        word = asked["q"]
        found = found.filter(
            Q(title__icontains=word)
            | Q(description__icontains=word)
            | Q(place__name__icontains=word)
            | Q(food__icontains=word)
        )
    if asked.get("food"):
        found = found.exclude(food="")
    if asked.get("step_free"):
        yes = Welcome.objects.filter(
            place=OuterRef("place"), attribute=WelcomeAttribute.STEP_FREE, value=Answer.YES
        )
        found = found.filter(Exists(yes))
    return found


def _list_company(asked: dict[str, Any], now: datetime, since: date) -> list[Company]:
    """Company stands beside what is on now; a reader who looks for something else sees that."""
    if since > now.date() or any(asked.get(name) for name in ("q", "food", "step_free")):
        return []
    return list_company(now, area=asked.get("area"))


def _with_places(
    gathering: Gathering, times: list[Occasion], contributor: Contributor | None
) -> list[dict[str, Any]]:
    """Each time with how many places are left and how many this device holds."""
    if gathering.capacity is None:
        return [{"occasion": one} for one in times]
    days = [one.on for one in times]
    held = HeldPlace.objects.filter(gathering=gathering, held_on__in=days)
    rows = list(held.values_list("held_on", "people", "contributor_id"))
    mine = contributor.pk if contributor else None
    return [
        {
            "occasion": one,
            "left": max(0, gathering.capacity - sum(n for on, n, _who in rows if on == one.on)),
            "held": sum(n for on, n, who in rows if on == one.on and who == mine),
        }
        for one in times
    ]


def _show_form(
    request: HttpRequest, form: GatheringForm, template: str, *, status: int = 200, **more: Any
) -> HttpResponse:
    if form.errors and status == 200:
        status = 422
    response = render(request, template, {"form": form, **more}, status=status)
    if template.endswith("suggest.html"):
        greet(request, response)
    return response


def _add_errors(form: GatheringForm, error: ValidationError) -> None:
    names = {"starts_at": "first_on", "recurrence": "repeats"}
    for field, found in error.update_error_dict({}).items():
        name = names.get(field, field)
        form.add_error(name if name in form.fields else None, found)


def _begin(request: HttpRequest) -> dict[str, Any]:
    return {"place": request.GET.get("place", "")[:160], "repeats": "weekly"}


def _day(request: HttpRequest) -> date | None:
    try:
        return parse_date(request.POST.get("on", ""))
    except ValueError:
        return None


def _midnight(on: date) -> datetime:
    return timezone.make_aware(datetime.combine(on, time.min))


def _clamp(on: date, today: date) -> date:
    return min(max(on, today), today + FARTHEST)


def _move(request: HttpRequest, to: date) -> str:
    query = request.GET.copy()
    query["since"] = to.isoformat()
    return f"?{query.urlencode()}"


def _feed_query(asked: dict[str, Any]) -> str:
    return f"?area={asked['area'].code}" if asked.get("area") else ""
