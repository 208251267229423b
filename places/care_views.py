"""What residents do for places: answer a question, say what is wrong, tell of one, show it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kinder.accounts.devices import find_device, greet, make_key, read_key, recognise, set_cookie
from kinder.accounts.limits import TooManyError, charge_offer, find_network
from kinder.accounts.models import Contributor, User
from kinder.accounts.rules import Refused
from places.actions import add_photo, answer_question, suggest_change, suggest_place
from places.care_forms import AnswerForm, NewPlaceForm, PhotoForm, SuggestionForm
from places.models import Place, PlacePhoto
from places.models.place import SHOWN_STATES
from places.rules import can_keep_places

TOO_MUCH = gettext_lazy("That was a lot at once. Please wait a little and try again.")


def find_person(request: HttpRequest) -> Contributor | None:
    """Return whose device asks, None for one that has never written anything."""
    device = find_device(read_key(request))
    return device.contributor if device else None


@contextmanager
def writing(request: HttpRequest) -> Iterator[tuple[Contributor, Callable[[HttpResponse], None]]]:
    """Give the person of the device that writes, and how to let it keep its cookie."""
    key = read_key(request) or make_key()
    charge_offer(request, key)
    with recognise(key, network=find_network(request)) as (device, _is_first):
        yield device.contributor, lambda response: set_cookie(response, request, key)


def _find_shown(code: str) -> Place:
    return get_object_or_404(Place, code=code, state__in=SHOWN_STATES)


@login_not_required
@never_cache
@require_POST
def answer(request: HttpRequest, code: str) -> HttpResponse:
    """Keep the answer to one question about a place."""
    place = _find_shown(code)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        raise Http404
    response = redirect(f"{_address(place)}#question")
    try:
        with writing(request) as (person, keep_cookie):
            heard = answer_question(
                by=person,
                place=place,
                question=form.cleaned_data["question"],
                answer=form.cleaned_data["answer"],
            )
            keep_cookie(response)
    except TooManyError:
        messages.warning(request, TOO_MUCH)
        return response
    messages.success(
        request,
        _("Thank you. That is on the page now.")
        if heard.is_changed
        else _("Thank you. Once others say the same, it will stand on the page."),
    )
    return response


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def suggest_changes(request: HttpRequest, code: str) -> HttpResponse:
    """Let somebody say what is wrong with a place; a keeper looks at it."""
    place = _find_shown(code)
    form = SuggestionForm(request.POST or None, place=place, initial={"revision": place.revision})
    if request.method == "POST" and form.is_valid():
        try:
            with writing(request) as (person, keep_cookie):
                suggest_change(
                    by=person,
                    place=place,
                    changes=form.as_changes(),
                    base_revision=form.cleaned_data["revision"],
                )
                response = redirect(_address(place))
                keep_cookie(response)
        except Refused as refused:
            form.add_error(None, str(refused.reason))
        except TooManyError:
            form.add_error(None, TOO_MUCH)
        else:
            messages.success(
                request, _("Thank you. Somebody who looks after places will read this.")
            )
            return response
    return _show_form(request, "places/suggest_change.html", form, place=place)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def suggest_new(request: HttpRequest) -> HttpResponse:
    """Let somebody tell of a place that is not here yet."""
    form = NewPlaceForm(request.POST or None, initial=request.GET.dict())
    if request.method == "POST" and form.is_valid():
        try:
            with writing(request) as (person, keep_cookie):
                suggest_place(by=person, **form.as_facts())
                response = redirect("places:list")
                keep_cookie(response)
        except ValidationError as error:
            _add_errors(form, error)
        except TooManyError:
            form.add_error(None, TOO_MUCH)
        else:
            messages.success(
                request,
                _("Thank you. Somebody will look at it, and then everybody sees it."),
            )
            return response
    return _show_form(request, "places/suggest_new.html", form)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def send_photo(request: HttpRequest, code: str) -> HttpResponse:
    """Take a photo of a place, with what it shows in words."""
    place = get_object_or_404(Place.objects.visible_to(request.user), code=code)
    form = PhotoForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        photo, alt = form.cleaned_data["photo"], form.cleaned_data["alt"]
        try:
            response = redirect(_address(place))
            if isinstance(request.user, User) and can_keep_places(request.user):
                add_photo(by=request.user, place=place, photo=photo, alt=alt)
                messages.success(request, _("The photo is on the page."))
            else:
                with writing(request) as (person, keep_cookie):
                    add_photo(by=person, place=place, photo=photo, alt=alt)
                    keep_cookie(response)
                messages.success(
                    request, _("Thank you. Somebody will look at it, and then everybody sees it.")
                )
        except ValidationError as error:
            _add_errors(form, error)
        except TooManyError:
            form.add_error(None, TOO_MUCH)
        else:
            return response
    return _show_form(request, "places/send_photo.html", form, place=place)


@login_not_required
@require_safe
def show_photo(request: HttpRequest, number: int) -> HttpResponse:
    """A photo of a place, while both are shown; keepers see it before that too."""
    photo = get_object_or_404(PlacePhoto.objects.select_related("place"), pk=number)
    is_shown = photo.state == PlacePhoto.State.SHOWN and photo.place.state in SHOWN_STATES
    if not (is_shown or can_keep_places(request.user)):
        raise Http404
    try:
        with photo.image.open("rb") as file:
            # Some hundred kilobytes at most: every photo was written anew when it came.
            response = HttpResponse(file.read(), content_type="image/jpeg")
    except FileNotFoundError as error:
        raise Http404 from error
    # Asked for again each time: what is hidden is gone at once.
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _show_form(
    request: HttpRequest, template: str, form: forms.Form, **context: Any
) -> HttpResponse:
    status = 422 if form.is_bound and form.errors else 200
    response = render(request, template, {"form": form, **context}, status=status)
    if request.method != "POST":
        greet(request, response)
    return response


def _add_errors(form: forms.Form, error: ValidationError) -> None:
    """Put what an action found wrong beside the fields that have it."""
    for name, problems in error.update_error_dict({}).items():
        form.add_error(name if name in form.fields else None, problems)


def _address(place: Place) -> str:
    return reverse("places:place", args=[place.code])
