"""Sharing a story, thanking a place; for workers, wording a story and telling what was heard."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from connections.interactions.asking.rules import WORKING, organisations_there
from connections.interactions.asking.views import SeeOther
from connections.interactions.models import Heard, Interaction, Response, Story, Thank
from connections.interactions.notes import read_note
from connections.interactions.visitors import find_contributor, recognise_visitor
from connections.interactions.voices import heard as voices
from connections.interactions.voices import stories, thanks
from connections.interactions.voices.forms import (
    HeardForm,
    ResponseForm,
    RewordForm,
    StoryForm,
    ThanksForm,
)
from connections.interactions.voices.rules import (
    VOICE_LEVELS,
    check_can_moderate,
    check_can_tell_heard,
)
from connections.interactions.voices.words import list_known
from kinder.accounts.consents import current_wording
from kinder.accounts.limits import TooManyError
from kinder.accounts.models import Contributor, Organisation
from kinder.accounts.rules import Refused
from places.models import Area, Place

both = require_http_methods(["GET", "HEAD", "POST"])


# ------------------------------------------------------------------ residents: stories


@login_not_required
@never_cache
@both
def share(request: HttpRequest, id: uuid.UUID) -> HttpResponse:  # noqa: A002
    """Share a moment's note as a story: a second step of its own, with its own yes."""
    contributor = _own(request)
    moment = get_object_or_404(
        Interaction.objects.select_related("area"), pk=id, contributor=contributor
    )
    wording = current_wording(stories.CONSENT)
    initial = {"text": read_note(moment), "version": wording.version}
    form = StoryForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            stories.offer_story(
                by=contributor,
                moment=moment,
                text=form.cleaned_data["text"],
                version=form.cleaned_data["version"],
            )
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("Thank you. Two people will read it first."))
            return SeeOther("interactions:stories")
    context = {
        "form": form,
        "wording": wording,
        "area": stories.find_story_area(moment.area),
        "moment": moment,
    }
    status = 422 if form.is_bound else 200
    return render(request, "interactions/share.html", context, status=status)


@login_not_required
@never_cache
@both
def show_stories(request: HttpRequest) -> HttpResponse:
    """One's own stories and thanks: say yes to a wording, or take something back."""
    contributor = find_contributor(request)
    if request.method == "POST":
        return _decide_own(request, contributor)
    mine = Story.objects.none()
    if contributor:
        mine = Story.objects.filter(contributor=contributor).exclude(state=Story.State.WITHDRAWN)
    context = {
        "stories": mine.select_related("area").order_by("-created_at"),
        "thanks": thanks.list_own_thanks(contributor) if contributor else [],
    }
    return render(request, "interactions/stories.html", context)


def _decide_own(request: HttpRequest, contributor: Contributor | None) -> HttpResponse:
    if contributor is None:
        return SeeOther("interactions:stories")
    try:
        if "thank" in request.POST:
            thank = get_object_or_404(Thank, pk=_read_uuid(request.POST["thank"]))
            thanks.take_back_thanks(by=contributor, thank=thank)
            messages.success(request, _("Taken back. It is gone."))
            return SeeOther("interactions:stories")
        number = request.POST.get("story", "")
        if not number.isdecimal() or len(number) > 18:
            return SeeOther("interactions:stories")
        story = get_object_or_404(Story, pk=int(number), contributor=contributor)
        if request.POST.get("do") == "approve":
            seen = request.POST.get("seen", "").replace("\r\n", "\n")
            stories.approve_story(by=contributor, story=story, seen=seen)
            messages.success(request, _("Thank you. It comes out with the stories of a month."))
        else:
            stories.withdraw_story(by=contributor, story=story)
            messages.success(request, _("Taken back. It is gone."))
    except Refused as refusal:
        messages.warning(request, str(refusal.reason))
    return SeeOther("interactions:stories")


def _read_uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Http404 from None


def _own(request: HttpRequest) -> Contributor:
    contributor = find_contributor(request)
    if contributor is None:
        raise Http404
    return contributor


# ------------------------------------------------------------------ residents: thanks


@login_not_required
@never_cache
@both
def thank(request: HttpRequest, code: str) -> HttpResponse:
    """Thank a place: nameless, read by a moderator, shown on the card of the month."""
    place = Place.objects.shown().filter(code=code).first()
    if place is None:
        raise Http404
    form = ThanksForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with recognise_visitor(request) as visitor:
                thanks.send_thanks(
                    by=visitor.contributor, place=place, text=form.cleaned_data["text"]
                )
        except TooManyError as error:
            form.add_error(None, _("That was a lot at once. Please wait a little and try again."))
            response = render(
                request, "interactions/thank.html", {"form": form, "place": place}, status=429
            )
            response.headers["Retry-After"] = str(error.retry_after)
            return response
        messages.success(
            request, _("Thank you. Somebody reads it first, then it goes on the month's card.")
        )
        return visitor.remember(request, SeeOther("places:place", place.code))
    status = 422 if form.is_bound else 200
    return render(request, "interactions/thank.html", {"form": form, "place": place}, status=status)


# ------------------------------------------------------------------ workers


@both
def reword(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a story's wording, which its author then approves, or not."""
    user = check_can_moderate(request.user)
    story = get_object_or_404(Story.objects.select_related("area"), pk=pk)
    if story.state in (Story.State.WITHDRAWN, Story.State.PUBLISHED, Story.State.DECLINED):
        raise Http404
    form = RewordForm(
        request.POST or None, initial={"text": story.text}, known=list_known(story.area)
    )
    if request.method == "POST" and form.is_valid():
        try:
            stories.reword_story(by=user, story=story, text=form.cleaned_data["text"])
        except Refused as refusal:
            form.add_error("text", str(refusal.reason))
        else:
            messages.success(request, _("Saved. Its author sees it and says yes or no."))
            return redirect("pages:moderation")
    status = 422 if form.is_bound else 200
    return render(
        request, "interactions/reword.html", {"form": form, "story": story}, status=status
    )


def find_voice_area(code: str) -> Area:
    area = Area.objects.filter(code=code, geography__is_current=True, level__in=VOICE_LEVELS)
    return get_object_or_404(area)


@both
def show_heard(request: HttpRequest, code: str) -> HttpResponse:
    """Tell what was heard, and see what was told before."""
    area = find_voice_area(code)
    user = check_can_tell_heard(request.user, area=area)
    form = HeardForm(request.POST or None, known=list_known(area))
    if request.method == "POST" and form.is_valid():
        voices.tell_heard(
            by=user,
            area=area,
            text=form.cleaned_data["text"],
            heard_from_3=form.cleaned_data["heard_from_3"],
        )
        messages.success(request, _("It is on the page, signed by you."))
        return SeeOther("interactions:heard", area.code)
    told = (
        Heard.objects.filter(area=area)
        .select_related("signed_by")
        .prefetch_related("responses__organisation")
        .order_by("-month_on", "-pk")[:100]
    )
    status = 422 if form.is_bound else 200
    context = {"area": area, "form": form, "told": told}
    return render(request, "interactions/heard.html", context, status=status)


@both
def answer_heard(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what was done together about something heard."""
    heard = get_object_or_404(Heard.objects.select_related("area"), pk=pk)
    user = check_can_tell_heard(request.user, area=heard.area)
    organisations = organisations_there(user, heard.area, *WORKING)
    if user.is_administrator:
        organisations = list(Organisation.objects.filter(works_in__area=heard.area).distinct())
    form = ResponseForm(
        request.POST or None, organisations=organisations, known=list_known(heard.area)
    )
    if request.method == "POST" and form.is_valid():
        told = {name: form.cleaned_data[name] for name in ("text", "organisation", "done_on")}
        try:
            voices.answer_heard(by=user, heard=heard, **told)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("It is on the page."))
            return SeeOther("interactions:heard", heard.area.code)
    context = {"form": form, "heard": heard}
    status = 422 if form.is_bound else 200
    return render(request, "interactions/response.html", context, status=status)


HEARD_DEEDS: dict[str, Any] = {"hide": voices.hide_heard, "show": voices.show_heard}
RESPONSE_DEEDS: dict[str, Any] = {"hide": voices.hide_response, "show": voices.show_response}


@require_POST
def change_heard(request: HttpRequest, pk: int) -> HttpResponse:
    """Hide something heard from every page at once, or show it again."""
    heard = get_object_or_404(Heard.objects.select_related("area"), pk=pk)
    user = check_can_tell_heard(request.user, area=heard.area)
    if deed := HEARD_DEEDS.get(request.POST.get("do", "")):
        deed(by=user, heard=heard)
        messages.success(request, _("Done."))
    return SeeOther("interactions:heard", heard.area.code)


@require_POST
def change_response(request: HttpRequest, pk: int) -> HttpResponse:
    response = get_object_or_404(Response.objects.select_related("heard__area"), pk=pk)
    user = check_can_tell_heard(request.user, area=response.heard.area)
    if deed := RESPONSE_DEEDS.get(request.POST.get("do", "")):
        deed(by=user, response=response)
        messages.success(request, _("Done."))
    return SeeOther("interactions:heard", response.heard.area.code)
