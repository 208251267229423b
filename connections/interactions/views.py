"""The pages on which a resident adds, completes, takes back and deletes moments.

The steps of adding (the log, where it was, what was hard) carry their answers along in the body of
a POST, so that what somebody is about to tell stands in no address and in no server's log.
"""

import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language_from_request, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from connections.interactions.actions import (
    answer_more,
    delete_moment,
    log_difficulty,
    log_interaction,
    make_undo_token,
    undo_moment,
)
from connections.interactions.diary import can_undo, find_moment
from connections.interactions.forms import (
    DIRECTION_ICONS,
    KIND_ICONS,
    AnswersForm,
    DifficultyForm,
    MomentForm,
    SpotForm,
    make_id,
)
from connections.interactions.models import Difficulty, Interaction
from connections.interactions.notes import find_known_words, read_note
from connections.interactions.pins import list_pinned_around
from connections.interactions.rules import (
    InvalidMomentError,
    MomentError,
    StaleRevisionError,
    UnknownMomentError,
)
from connections.interactions.spots import (
    Spot,
    find_choices,
    find_last_spot,
    find_spot,
    list_around,
    list_large_areas,
    list_last_spots,
    read_spot,
)
from kinder.accounts.actions import link_device
from kinder.accounts.devices import find_device, greet, make_key, read_key, recognise, set_cookie
from kinder.accounts.limits import TooManyError, charge_log, find_network
from kinder.accounts.models import Contributor, Device, User
from kinder.words import has_words

CARRIED = ("id", "where", "occurred_on", "direction", "kind", "reasons", "revision")
LISTS = ("reasons",)
NO_ID = uuid.UUID(int=0)
"""Stands in addresses where a script puts the moment's own id."""

Moment = Interaction | Difficulty
Show = Callable[..., HttpResponse]


class SeeOther(HttpResponseRedirect):
    """The answer to a form that was taken: what comes next is read, never sent again."""

    status_code = 303


# ------------------------------------------------------------------ adding


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def log_moment(request: HttpRequest) -> HttpResponse:
    """Ask for direction and kind, with place and day filled in; save."""
    if request.method != "POST":
        return _welcome(request, _show_log(request, MomentForm(initial=_begin(request))))
    if "pick" in request.POST:
        # Back from choosing where: nothing was sent to be saved yet.
        return _show_log(request, MomentForm(initial=carry(request)))
    form = MomentForm(request.POST)
    if not form.is_valid():
        return _show_log(request, form, status=422)
    id_, facts = form.cleaned_data["id"], form.facts()
    return _save(
        request,
        form,
        lambda device: log_interaction(by=device.contributor, id=id_, device=device, facts=facts),
        _show_log,
    )


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def log_hard(request: HttpRequest) -> HttpResponse:
    """Ask what made it hard for somebody who wanted to; save."""
    if request.method != "POST":
        return _welcome(request, _show_hard(request, DifficultyForm(initial=_begin(request))))
    if "save" not in request.POST:
        return _show_hard(request, DifficultyForm(initial=carry(request)))
    form = DifficultyForm(request.POST)
    if not form.is_valid():
        return _show_hard(request, form, status=422)
    told = form.cleaned_data
    return _save(
        request,
        form,
        lambda device: log_difficulty(
            by=device.contributor,
            id=told["id"],
            device=device,
            spot=told["where"],
            occurred_on=told["occurred_on"],
            reasons=told["reasons"],
        ),
        _show_hard,
    )


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose_where(request: HttpRequest) -> HttpResponse:
    """Offer other places and areas for the moment that is being added, without losing it."""
    if request.method != "POST":
        return redirect("interactions:log")
    words = request.POST.get("q", "").strip()[:80]
    spot = _read_or_none(request.POST.get("where", ""))
    contributor = _find_contributor(request)
    if words:
        choices = find_choices(words)
    elif spot:
        choices = list_around(spot.area)
    else:
        choices = None
    goes_to, back_url = _read_way_back(request.POST.get("goes_to", ""))
    last_spots = [] if words or not contributor else list_last_spots(contributor)
    been_at = {one.place for one in last_spots}
    pinned = [] if words or not spot else list_pinned_around(spot.area)
    return render(
        request,
        "interactions/where.html",
        {
            "carried": [(name, value) for name in CARRIED for value in request.POST.getlist(name)],
            "goes_to": goes_to,
            "back_url": back_url,
            "words": words,
            "choices": choices,
            "last_spots": last_spots,
            "pinned": [one for one in pinned if one not in been_at],
            "large_areas": [
                area for area in list_large_areas() if choices is None or area not in choices.areas
            ],
        },
    )


def _read_way_back(goes_to: str) -> tuple[str, str]:
    """Return the name and the address of the step that asked where it was."""
    step, _colon, rest = goes_to.partition(":")
    if step == "change":
        try:
            return goes_to, reverse("interactions:correct", args=[uuid.UUID(rest)])
        except ValueError:
            pass
    if step == "hard":
        return "hard", reverse("interactions:hard")
    return "log", reverse("interactions:log")


@login_not_required
@require_safe
def show_log_shell(request: HttpRequest) -> HttpResponse:
    """The page that a phone keeps to add moments without a network: made for nobody, so it gives no
    cookie and holds nothing about whoever asks."""
    return _show_log(request, MomentForm(), template="interactions/log_offline.html")


@login_not_required
@require_safe
def show_hard_shell(request: HttpRequest) -> HttpResponse:
    """The same for what was hard."""
    return _show_hard(request, DifficultyForm(), template="interactions/hard_offline.html")


def _welcome(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Give the visitor the device cookie. Saving looks at nothing else; so whoever is signed in is
    linked to this browser here, before they save."""
    key = greet(request, response)
    if isinstance(request.user, User):
        link_device(by=request.user, key=key)
    return response


def _begin(request: HttpRequest) -> dict[str, Any]:
    """Return what a new form starts with: a fresh id, today, and the likeliest spot."""
    code = ""
    for kind in ("place", "area"):
        if kind in request.GET:
            code = f"{kind}:{request.GET[kind]}"
            break
    spot = _read_or_none(code)
    if code and not spot:
        messages.warning(request, _("We don't know that place any more. Choose where it was."))
    if not code and (contributor := _find_contributor(request)):
        spot = find_last_spot(contributor)
    return {
        "id": make_id(),
        "occurred_on": timezone.localdate().isoformat(),
        "where": spot.code if spot else "",
    }


def carry(request: HttpRequest) -> dict[str, Any]:
    """Return what an earlier step was told, so that the next one begins with it."""
    told: dict[str, Any] = {
        name: request.POST.getlist(name) if name in LISTS else request.POST[name]
        for name in CARRIED
        if name in request.POST
    }
    if "pick" in request.POST:
        told["where"] = request.POST["pick"]
    fresh = {"id": make_id(), "occurred_on": timezone.localdate().isoformat()}
    return fresh | told


def _save(
    request: HttpRequest, form: SpotForm, write: Callable[[Device], Moment], show: Show
) -> HttpResponse:
    """Write the moment for the device that asks, and lead on to the page that says so."""
    key = read_key(request) or make_key()
    try:
        charge_log(request, key)
        with recognise(key, network=find_network(request)) as (device, _is_first):
            moment = write(device)
    except TooManyError as error:
        form.add_error(None, _("That was a lot at once. Please wait a little and try again."))
        response = show(request, form, status=429)
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    except InvalidMomentError as error:
        for name, problem in error.problems.items():
            form.add_error("where" if name in ("place", "area") else name, str(problem.message))
        return show(request, form, status=422)
    except MomentError:
        # They went back to a page that had been sent, and changed it.
        again = type(form)(request.POST.dict() | {"id": make_id(), **_lists(request)})
        again.is_valid()
        again.add_error(
            None, _("You have saved this page before. Press Save to add this as one more.")
        )
        return show(request, again, status=409)
    response = SeeOther(reverse("interactions:saved", args=[moment.pk]))
    set_cookie(response, request, key)
    return response


def _lists(request: HttpRequest) -> dict[str, list[str]]:
    return {"reasons": request.POST.getlist("reasons")}


def _show_log(
    request: HttpRequest,
    form: MomentForm,
    *,
    status: int = 200,
    template: str = "interactions/log.html",
) -> HttpResponse:
    more = {
        "direction_icons": DIRECTION_ICONS,
        "kind_icons": KIND_ICONS,
        "send_url": reverse("interaction", args=[NO_ID]),
    }
    return _show(request, template, form, status, more)


def _show_hard(
    request: HttpRequest,
    form: DifficultyForm,
    *,
    status: int = 200,
    template: str = "interactions/hard.html",
) -> HttpResponse:
    more = {"send_url": reverse("difficulty", args=[NO_ID])}
    return _show(request, template, form, status, more)


def _show(
    request: HttpRequest, template: str, form: SpotForm, status: int, more: dict[str, Any]
) -> HttpResponse:
    code = form["where"].value()
    spot = _read_or_none(code if isinstance(code, str) else "")
    shown = {
        "form": form,
        "spot": spot,
        "large_areas": [] if spot else list_large_areas(),
        "saved_url": reverse("interactions:saved", args=[NO_ID]),
    }
    return render(request, template, shown | more, status=status)


def _read_or_none(code: str) -> Spot | None:
    try:
        return read_spot(code) if code else None
    except InvalidMomentError:
        return None


# ------------------------------------------------------------------ afterwards


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show_saved(request: HttpRequest, id: uuid.UUID) -> HttpResponse:  # noqa: A002
    """Say that it is saved, offer to take it back, and ask two more things, or none."""
    moment = find_own(request, id)
    # Asked until it is answered, and never again.
    context: dict[str, Any] = {
        "moment": moment,
        "asks_diary": moment.contributor.keeps_diary is None,
    }
    if can_undo(moment):
        context["undo_token"] = make_undo_token(moment)
    if isinstance(moment, Difficulty):
        return render(request, "interactions/saved.html", context)
    answers = {name: getattr(moment, name, None) for name in AnswersForm.base_fields}
    form = AnswersForm(
        request.POST or None,
        initial=answers | {"note": read_note(moment)},
        direction=moment.direction,
        known=find_known_words(moment),
    )
    if request.method == "POST" and form.is_valid():
        try:
            answer_more(
                by=moment.contributor,
                moment=moment,
                revision=form.cleaned_data["revision"],
                changes=form.changes(),
                note=form.cleaned_data["note"] if "note" in form.changed_data else None,
            )
            messages.success(request, _("Thank you. Your answers are saved."))
            return SeeOther(reverse("interactions:saved", args=[moment.pk]))
        except StaleRevisionError:
            form.add_error(
                None, _("You changed this in another window. Please look at it there first.")
            )
    status = 422 if form.is_bound else 200
    return render(request, "interactions/saved.html", context | {"form": form}, status=status)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: HttpRequest, token: str) -> HttpResponse:
    """Take a moment back within ten minutes: whoever holds the link may."""
    if request.method != "POST":
        return render(request, "interactions/undo.html")
    try:
        undo_moment(token=token)
    except UnknownMomentError:
        return render(request, "interactions/undo.html", {"is_too_late": True}, status=410)
    except MomentError:
        pass  # taken back already: that is what was asked for
    messages.success(request, _("We took it back. It is gone."))
    return SeeOther(reverse("interactions:log"))


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, id: uuid.UUID) -> HttpResponse:  # noqa: A002
    """Delete one of one's own moments for ever, after asking once."""
    moment = find_own(request, id)
    if request.method != "POST":
        return render(request, "interactions/delete.html", {"moment": moment})
    delete_moment(by=moment.contributor, id=moment.pk)
    messages.success(request, _("Deleted. It will not be in the next figures."))
    return SeeOther(reverse("interactions:mine"))


@login_not_required
@require_safe
def open_poster(request: HttpRequest, code: str) -> HttpResponse:
    """Lead from a poster's QR code to the log with its place filled in."""
    # The poster has no language; the phone that reads it does.
    wanted = get_language_from_request(request)
    with override(wanted if has_words(wanted) else settings.LANGUAGE_CODE):
        address = reverse("interactions:log")
    try:
        find_spot(place=code)
    except InvalidMomentError:
        return redirect(address)
    return redirect(f"{address}?place={code}")


def _find_contributor(request: HttpRequest) -> Contributor | None:
    device = find_device(read_key(request))
    return device.contributor if device else None


def find_own(request: HttpRequest, id_: uuid.UUID) -> Moment:
    contributor = _find_contributor(request)
    moment = find_moment(id_, of=contributor) if contributor else None
    if moment is None:
        raise Http404
    return moment
