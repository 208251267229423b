"""Pages of those who keep the register: edit a place, its history, what waits, what to check."""

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kinder.accounts.models import Organisation, Subject
from kinder.accounts.rules import Refused, check_signed_in
from places.actions import (
    ConflictError,
    accept_suggestion,
    add_place,
    change_place,
    claim_place,
    close_place,
    confirm_place,
    decide_claim,
    decline_suggestion,
    forget_words,
    hide_place,
    revert_place,
    set_photo_state,
    show_place_again,
)
from places.area_views import describe_drawing
from places.checking import CheckForm, find_to_check
from places.editing import Clash, PlaceForm, find_position, merge_edits, read_position
from places.history import Change, Facts, facts_at, take_facts, tell_changes, tell_not_put_back
from places.models import Place, PlaceClaim, PlacePhoto, PlaceSuggestion, PlaceText, PlaceVersion
from places.origins import UnknownPostcodeError, find_origins
from places.proposals import Proposed, is_gone, read_proposal
from places.rules import check_can_keep_places
from places.vocabulary import HideReason
from places.walking import plan_walk

VERSIONS_A_PAGE = 20
PLACES_A_PAGE = 50
LONGEST_WALK = 24


# ------------------------------------------------------------------ editing


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def add_new(request: HttpRequest) -> HttpResponse:
    """Add a place that a keeper has seen."""
    by = check_can_keep_places(request.user)
    if "find" in request.POST:
        return _show_editor(request, _find_position(request, None, {}), None)
    form = PlaceForm(request.POST or None, facts=None, texts={})
    if request.method == "POST" and form.is_valid():
        try:
            place = add_place(
                by=by,
                welcome=form.as_welcome(),
                alt_names=form.as_alt_names() or (),
                **form.as_changes(),
            )
        except ValidationError as error:
            _add_errors(form, error)
        else:
            messages.success(request, _("%(name)s is in the register.") % {"name": place.name})
            return redirect("places:place", place.code)
    return _show_editor(request, form, None)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change a place. Where somebody else saved in the meantime nothing that was typed is lost:
    their changes and mine are laid over each other, and I am asked where both say something."""
    by = check_can_keep_places(request.user)
    place = get_object_or_404(Place, code=code)
    texts = _texts_of(place)
    if request.method != "POST":
        form = PlaceForm(facts=take_facts(place)[0], texts=texts, initial=_revision(place))
        return _show_editor(request, form, place)
    revision = _read_number(request.POST.get("revision", ""), otherwise=place.revision)
    base = facts_at(place, revision) or take_facts(place)[0]
    if revision != place.revision:
        return _show_clash(request, place, base, texts)
    if "find" in request.POST:
        return _show_editor(request, _find_position(request, base, texts), place)
    form = PlaceForm(request.POST, facts=base, texts=texts)
    if form.is_valid():
        changes, welcome, names = form.as_changes(), form.as_welcome(), form.as_alt_names()
        try:
            if changes or welcome or names is not None:
                change_place(
                    by=by,
                    place=place,
                    changes=changes,
                    welcome=welcome,
                    alt_names=names,
                    if_revision=revision,
                )
                messages.success(request, _("Saved."))
            else:
                messages.info(request, _("Nothing was changed."))
        except ValidationError as error:
            _add_errors(form, error)
        except ConflictError:
            place.refresh_from_db()
            return _show_clash(request, place, base, texts)
        else:
            return redirect("places:place", place.code)
    return _show_editor(request, form, place)


def _find_position(
    request: HttpRequest, facts: Facts | None, texts: Mapping[str, str]
) -> PlaceForm:
    """Return the form with all that was typed, and the position of what stood in its place: nothing
    is saved or checked yet."""
    typed = _typed(request, PlaceForm(facts=facts, texts=texts))
    typed["position"], label = find_position(typed["position"] or typed["postcode"])
    if label:
        messages.info(request, _("Found: %(name)s. Point at the very place, then save.")
                      % {"name": label})  # fmt: skip
    else:
        messages.warning(request, _("We couldn't find that. Try a postcode, or a name near it."))
    return PlaceForm(facts=facts, texts=texts, initial=typed)


def _typed(request: HttpRequest, form: PlaceForm) -> dict[str, Any]:
    return {
        name: request.POST.getlist(name) if name == "languages" else request.POST.get(name, "")
        for name in form.fields
    }


def _show_clash(
    request: HttpRequest, place: Place, base: Facts, texts: Mapping[str, str]
) -> HttpResponse:
    """Show the form anew with both sets of changes; saving it then is a choice that was made."""
    texts = {**texts, **_texts_of(place)}
    facts = take_facts(place)[0]
    fresh = PlaceForm(facts=facts, texts=texts)
    mine = _typed(request, fresh)
    old = PlaceForm(facts=base, texts=texts)
    merged = merge_edits(
        mine,
        {name: old.get_initial_for_field(field, name) for name, field in old.fields.items()},
        {name: fresh.get_initial_for_field(field, name) for name, field in fresh.fields.items()},
        labels={name: str(field.label) for name, field in fresh.fields.items()},
    )
    data = {name: value for name, value in merged.data.items() if value not in (None, False)}
    form = PlaceForm(data | _revision(place), facts=facts, texts=texts)
    return _show_editor(
        request,
        form,
        place,
        status=409,
        clashes=merged.clashes,
        theirs=tell_changes(place, base, facts),
    )


def _show_editor(
    request: HttpRequest,
    form: PlaceForm,
    place: Place | None,
    *,
    status: int = 200,
    clashes: list[Clash] | None = None,
    theirs: list[Change] | None = None,
) -> HttpResponse:
    if status == 200 and form.is_bound and form.errors:
        status = 422
    return render(
        request,
        "places/edit.html",
        {
            "form": form,
            "place": place,
            "clashes": clashes,
            "theirs": theirs,
            "map": _describe_surroundings(form, place),
            "is_answer": "find" in request.POST,
        },
        status=status,
    )


def _describe_surroundings(form: PlaceForm, place: Place | None) -> dict[str, Any]:
    """The map to point on: around what the form says, else the place, else everywhere."""
    described = describe_drawing()
    point = place.point if place else None
    with suppress(ValidationError):
        point = read_position(str(form["position"].value() or ""))
    if point is not None:
        described["extent"] = [point.x - 0.002, point.y - 0.001, point.x + 0.002, point.y + 0.001]
    return described


def _texts_of(place: Place) -> dict[str, str]:
    words = dict(PlaceText.objects.filter(place=place).values_list("digest", "text"))
    return words | take_facts(place)[1]


def _revision(place: Place) -> dict[str, Any]:
    return {"revision": place.revision}


def _add_errors(form: PlaceForm, error: ValidationError) -> None:
    names = {"opening_hours": "hours_written", "point": "position", "footprint": "outline"}
    for name, problems in error.update_error_dict({}).items():
        shown = names.get(name, name)
        form.add_error(shown if shown in form.fields else None, problems)


@require_POST
def act(request: HttpRequest, code: str) -> HttpResponse:
    """Do one of the deeds that need no form: confirm, hide, show again, close; forget words."""
    by = check_signed_in(request.user)
    place = get_object_or_404(Place.objects.visible_to(by), code=code)
    deed = request.POST.get("deed", "")
    if deed == "confirm":
        confirm_place(by=by, place=place)
        messages.success(request, _("%(name)s is confirmed.") % {"name": place.name})
    elif deed == "hide":
        hide_place(by=by, place=place, reason=request.POST.get("reason", ""))
        messages.success(request, _("%(name)s is hidden from everybody.") % {"name": place.name})
    elif deed == "show":
        show_place_again(by=by, place=place)
        messages.success(request, _("%(name)s is shown again.") % {"name": place.name})
    elif deed == "close":
        close_place(by=by, place=place)
        messages.success(request, _("%(name)s is closed for good.") % {"name": place.name})
    elif deed == "forget":
        count = forget_words(by=by, place=place)
        messages.success(
            request,
            ngettext(
                "%(count)s text was taken out of the history.",
                "%(count)s texts were taken out of the history.",
                count,
            )
            % {"count": count},
        )
    else:
        raise Http404
    return redirect(_next(request) or reverse("places:place", args=[place.code]))


@require_POST
def act_on_photo(request: HttpRequest, number: int) -> HttpResponse:
    """Hide a photo from everybody, or show it."""
    by = check_can_keep_places(request.user)
    photo = get_object_or_404(PlacePhoto.objects.select_related("place"), pk=number)
    state = request.POST.get("state", "")
    if state not in (PlacePhoto.State.SHOWN, PlacePhoto.State.HIDDEN):
        raise Http404
    set_photo_state(by=by, photo=photo, state=state)
    messages.success(request, _("Saved."))
    return redirect("places:place", photo.place.code)


def _next(request: HttpRequest) -> str:
    address = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if is_ours else ""


# ------------------------------------------------------------------ history


@dataclass(frozen=True)
class Told:
    """One version as the history page tells it."""

    version: PlaceVersion
    who: str
    changes: list[Change]
    is_present: bool


@require_safe
def show_history(request: HttpRequest, code: str) -> HttpResponse:
    """Every version of a place: who, when, what was different."""
    check_can_keep_places(request.user)
    place = get_object_or_404(Place, code=code)
    pages = Paginator(PlaceVersion.objects.filter(place=place), VERSIONS_A_PAGE)
    page = pages.get_page(request.GET.get("page"))
    versions = list(page.object_list)
    older = (
        PlaceVersion.objects.filter(place=place, revision__lt=versions[-1].revision).first()
        if versions
        else None
    )
    people = _name_actors(versions)
    told = [
        Told(
            version,
            people.get(str(version.actor_id), "") if version.actor_id else "",
            tell_changes(place, before.facts, version.facts) if before else [],
            version.revision == place.revision,
        )
        for version, before in zip(versions, [*versions[1:], older][: len(versions)], strict=True)
    ]
    return render(
        request,
        "places/history.html",
        {
            "place": place,
            "told": told,
            "page": page,
            "has_old_words": PlaceText.objects.filter(place=place).exists(),
        },
    )


def _name_actors(versions: list[PlaceVersion]) -> dict[str, str]:
    ids = {version.actor_id for version in versions if version.actor_id}
    return {
        str(subject.pk): subject.user.name or subject.user.email if subject.user else ""
        for subject in Subject.objects.filter(pk__in=ids).select_related("user")
    }


@require_POST
def revert(request: HttpRequest, code: str) -> HttpResponse:
    """Put a place back to one of its versions, as a new version."""
    by = check_can_keep_places(request.user)
    place = get_object_or_404(Place, code=code)
    to = _read_number(request.POST.get("to", ""), otherwise=0)
    try:
        back = revert_place(
            by=by,
            place=place,
            to=to,
            if_revision=_read_number(request.POST.get("revision", ""), otherwise=place.revision),
        )
    except ConflictError:
        messages.warning(request, _("Somebody changed it in the meantime. Please look again."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The place is as it was in version %(to)s.") % {"to": to})
        version = PlaceVersion.objects.get(place=place, revision=to)
        if kept := tell_not_put_back(back, version.facts):
            told = {"fields": ", ".join(kept)}
            messages.warning(
                request, _("What the lists no longer have could not come back: %(fields)s.") % told
            )
    return redirect("places:history", place.code)


def _read_number(text: str, *, otherwise: int) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else otherwise


# ------------------------------------------------------------------ what to check


@require_safe
def show_to_check(request: HttpRequest) -> HttpResponse:
    """Places that nobody confirmed for long, with filters in the address."""
    check_can_keep_places(request.user)
    form = CheckForm(request.GET)
    form.is_valid()
    pages = Paginator(find_to_check(form.cleaned_data), PLACES_A_PAGE)
    page = pages.get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    return render(
        request,
        "places/check.html",
        {
            "form": form,
            "page": page,
            "total": pages.count,
            "query": query.urlencode(),
            "previous_url": _page_url(request, page.number - 1) if page.has_previous() else "",
            "next_url": _page_url(request, page.number + 1) if page.has_next() else "",
        },
    )


def _page_url(request: HttpRequest, number: int) -> str:
    query = request.GET.copy()
    query["page"] = str(number)
    return f"?{query.urlencode()}"


@require_safe
def show_walk(request: HttpRequest) -> HttpResponse:
    """A sheet to print: the unchecked places of one walk in the order of a short way round."""
    check_can_keep_places(request.user)
    form = CheckForm(request.GET)
    form.is_valid()
    count = min(_read_number(request.GET.get("count", ""), otherwise=6) or 6, LONGEST_WALK)
    start, problem = None, ""
    near = request.GET.get("near", "").strip()[:100]
    if near:
        try:
            found = find_origins(near)
        except UnknownPostcodeError:
            found = []
        start = found[0] if found else None
        problem = "" if found else _("We couldn't find where you start. Try a postcode.")
    places = find_to_check(form.cleaned_data)
    if start is not None:
        places = places.near(start.point)
    chosen = list(places.select_related("area").prefetch_related("welcomes")[:count])
    walk = plan_walk(
        chosen,
        [(place.point.x, place.point.y) for place in chosen],
        start=(start.point.x, start.point.y) if start else None,
    )
    return render(
        request,
        "places/walk.html",
        {
            "form": form,
            "walk": walk,
            "start": start,
            "near": near,
            "problem": problem,
            "count": count,
            "on": timezone.localdate(),
            "sketch": _sketch([(place.point.x, place.point.y) for place, _metres in walk.stops]),
        },
    )


def _sketch(points: list[tuple[float, float]]) -> dict[str, Any] | None:
    """Return the round as a small drawing without a map: numbered dots, north up."""
    if len(points) < 2:
        return None
    west, east = min(x for x, _y in points), max(x for x, _y in points)
    south, north = min(y for _x, y in points), max(y for _x, y in points)
    narrow = math.cos(math.radians((south + north) / 2))
    size = max((east - west) * narrow, north - south) or 1e-9
    dots = [
        (
            round(20 + (x - west) * narrow / size * 260, 1),
            round(20 + (north - y) / size * 260, 1),
        )
        for x, y in points
    ]
    return {
        "dots": [(number, x, y) for number, (x, y) in enumerate(dots, start=1)],
        "line": " ".join(f"{x},{y}" for x, y in [*dots, dots[0]]),
        "width": round(40 + (east - west) * narrow / size * 260),
        "height": round(40 + (north - south) / size * 260),
    }


# ------------------------------------------------------------------ what others propose


@require_safe
def show_suggestions(request: HttpRequest) -> HttpResponse:
    """Changes that residents propose, each field beside what stands there now."""
    check_can_keep_places(request.user)
    pages = Paginator(
        PlaceSuggestion.objects.filter(state=PlaceSuggestion.State.OPEN)
        .select_related("place")
        .order_by("created_at", "id"),
        VERSIONS_A_PAGE,
    )
    page = pages.get_page(request.GET.get("page"))
    return render(
        request,
        "places/suggestions.html",
        {
            "page": page,
            "total": pages.count,
            "suggestions": [_read(suggestion) for suggestion in page.object_list],
            "previous_url": _page_url(request, page.number - 1) if page.has_previous() else "",
            "next_url": _page_url(request, page.number + 1) if page.has_next() else "",
        },
    )


def _read(suggestion: PlaceSuggestion) -> tuple[PlaceSuggestion, list[Proposed], bool, bool]:
    """A suggestion, its fields, whether it says that the place is gone, and whether anything of it
    is left to change."""
    fields, gone = read_proposal(suggestion), is_gone(suggestion)
    return suggestion, fields, gone, gone or any(not one.is_done for one in fields)


@require_POST
def decide_on_suggestion(request: HttpRequest, number: int) -> HttpResponse:
    """Write the chosen fields of a suggestion, or none of them."""
    by = check_can_keep_places(request.user)
    suggestion = get_object_or_404(PlaceSuggestion.objects.select_related("place"), pk=number)
    try:
        if "decline" in request.POST:
            decline_suggestion(by=by, suggestion=suggestion)
            messages.success(request, _("The place stays as it is."))
        else:
            accept_suggestion(by=by, suggestion=suggestion, fields=request.POST.getlist("field"))
            messages.success(request, _("%(name)s was changed.") % {"name": suggestion.place.name})
    except Refused as refused:
        messages.warning(request, str(refused.reason))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("places:suggestions")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest, code: str) -> HttpResponse:
    """Let somebody of an organisation say that a place is theirs."""
    by = check_signed_in(request.user)
    place = get_object_or_404(Place.objects.visible_to(by), code=code)
    organisations = Organisation.objects.filter(memberships__user=by).distinct().order_by("name")
    problem = ""
    if request.method == "POST":
        organisation = organisations.filter(
            pk=_read_number(request.POST.get("organisation", ""), otherwise=0)
        ).first()
        if organisation is None:
            problem = _("Choose one of your organisations.")
        else:
            try:
                claim_place(by=by, place=place, organisation=organisation)
            except Refused as refused:
                problem = str(refused.reason)
            else:
                messages.success(
                    request, _("Thank you. Somebody who looks after places will decide.")
                )
                return redirect("places:place", place.code)
    return render(
        request,
        "places/claim.html",
        {"place": place, "organisations": organisations, "problem": problem},
        status=422 if problem else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def show_claims(request: HttpRequest) -> HttpResponse:
    """Claims of organisations to places, to be accepted or declined."""
    by = check_can_keep_places(request.user)
    if request.method == "POST":
        key = _read_number(request.POST.get("claim", ""), otherwise=0)
        chosen = PlaceClaim.objects.filter(pk=key).first()
        if chosen is None:
            messages.warning(request, _("This claim is gone."))
            return redirect("places:claims")
        try:
            decide_claim(by=by, claim=chosen, is_accepted="accept" in request.POST)
        except Refused as refused:
            messages.warning(request, str(refused.reason))
        else:
            messages.success(request, _("Saved."))
        return redirect("places:claims")
    claims = (
        PlaceClaim.objects.filter(state=PlaceClaim.State.OPEN)
        .select_related("place", "place__organisation", "organisation", "user")
        .order_by("created_at", "id")[:100]
    )
    return render(request, "places/claims.html", {"claims": claims})


def describe_keeping(place: Place) -> dict[str, Any]:
    """Return what the page of a place shows to a keeper beside it."""
    return {
        "hide_reasons": HideReason.choices,
        "open_suggestions": PlaceSuggestion.objects.filter(
            place=place, state=PlaceSuggestion.State.OPEN
        ).count(),
        "open_claims": PlaceClaim.objects.filter(place=place, state=PlaceClaim.State.OPEN).count(),
        "waiting_photos": list(place.photos.exclude(state=PlacePhoto.State.SHOWN)),
    }
