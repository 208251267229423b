"""The page on which somebody changes a moment of theirs, for as long as they keep it."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from connections.interactions.actions import correct_difficulty, correct_interaction
from connections.interactions.forms import (
    DIRECTION_ICONS,
    KIND_ICONS,
    ChangedDifficultyForm,
    ChangedMomentForm,
)
from connections.interactions.models import Difficulty
from connections.interactions.rules import InvalidMomentError, StaleRevisionError
from connections.interactions.spots import Spot, list_large_areas, read_spot
from connections.interactions.views import Moment, SeeOther, carry, find_own


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, id: uuid.UUID) -> HttpResponse:  # noqa: A002
    """Change what happened, where and when; the answers to other questions stay."""
    moment = find_own(request, id)
    kind = ChangedDifficultyForm if isinstance(moment, Difficulty) else ChangedMomentForm
    initial = _read_facts(moment)
    if request.method != "POST":
        return _show(request, moment, kind(initial=initial, day=moment.occurred_on))
    if "save" not in request.POST:
        told = carry(request) | {"id": str(moment.pk)}
        return _show(request, moment, kind(initial=initial | told, day=moment.occurred_on))
    form = kind(request.POST, initial=initial, day=moment.occurred_on)
    if not form.is_valid():
        return _show(request, moment, form, status=422)
    try:
        _write(moment, form)
    except StaleRevisionError:
        form.add_error(
            None, _("You changed this in another window. Please look at it there first.")
        )
        return _show(request, moment, form, status=409)
    except InvalidMomentError as error:
        for name, problem in error.problems.items():
            form.add_error("where" if name in ("place", "area") else name, str(problem.message))
        return _show(request, moment, form, status=422)
    messages.success(request, _("Changed."))
    return SeeOther(reverse("interactions:saved", args=[moment.pk]))


def _read_facts(moment: Moment) -> dict[str, object]:
    spot = Spot(area=moment.area, place=getattr(moment, "place", None))
    told = {
        "id": moment.pk,
        "where": spot.code,
        "occurred_on": moment.occurred_on.isoformat(),
        "revision": moment.revision,
    }
    if isinstance(moment, Difficulty):
        return told | {"reasons": moment.reasons}
    return told | {"direction": moment.direction, "kind": moment.kind}


def _write(moment: Moment, form: ChangedMomentForm | ChangedDifficultyForm) -> None:
    told = form.cleaned_data
    spot: Spot = told["where"]
    if isinstance(moment, Difficulty):
        correct_difficulty(
            by=moment.contributor,
            id=moment.pk,
            revision=told["revision"],
            spot=spot,
            occurred_on=told["occurred_on"],
            reasons=told["reasons"],
        )
        return
    changes: dict[str, object] = {"direction": told["direction"], "kind": told["kind"]}
    if told["occurred_on"] != moment.occurred_on:
        changes["occurred_on"] = told["occurred_on"]
    if spot.code != Spot(area=moment.area, place=moment.place).code:
        changes |= {"place": spot.place.code} if spot.place else {"area": spot.area.code}
    correct_interaction(
        by=moment.contributor, id=moment.pk, revision=told["revision"], changes=changes
    )


def _show(
    request: HttpRequest,
    moment: Moment,
    form: ChangedMomentForm | ChangedDifficultyForm,
    *,
    status: int = 200,
) -> HttpResponse:
    code = form["where"].value()
    try:
        spot = read_spot(code) if isinstance(code, str) and code else None
    except InvalidMomentError:
        spot = None
    context = {
        "moment": moment,
        "form": form,
        "spot": spot,
        "large_areas": [] if spot else list_large_areas(),
        "direction_icons": DIRECTION_ICONS,
        "kind_icons": KIND_ICONS,
        "goes_to": f"change:{moment.pk}",
        "is_hard": isinstance(moment, Difficulty),
    }
    return render(request, "interactions/correct.html", context, status=status)
