"""The residents' pages about an ordinary day: be asked, answer, pause, stop, by mail or by card."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from connections.interactions.asking import actions, mail, together
from connections.interactions.asking.forms import (
    AddressForm,
    CardForm,
    CodeForm,
    DayForm,
    initial_of,
    read_none,
    told_before,
)
from connections.interactions.asking.questions import (
    list_answers,
    list_missed,
    read_question,
    read_standing,
)
from connections.interactions.asking.rules import is_window_open
from connections.interactions.models import Prompt, PromptAnswer
from connections.interactions.rules import InvalidMomentError
from connections.interactions.spots import find_choices, find_spot, list_large_areas
from connections.interactions.visitors import find_contributor, recognise_visitor
from kinder.accounts.consents import current_wording
from kinder.accounts.limits import TooManyError, find_network
from kinder.accounts.models import Contributor
from kinder.accounts.rules import Refused
from places.models import Area

both = require_http_methods(["GET", "HEAD", "POST"])


class SeeOther(HttpResponse):
    """The answer to a form that was taken: what comes next is read, never sent again."""

    def __init__(self, name: str, *args: Any) -> None:
        super().__init__(status=303, headers={"Location": reverse(name, args=args)})


@login_not_required
@never_cache
@both
def show_day(request: HttpRequest) -> HttpResponse:
    """The question that is open now, or what comes next; and how to pause or stop."""
    contributor = find_contributor(request)
    standing = read_standing(contributor)
    question = standing.question
    form: DayForm | None = None
    if request.method == "POST":
        if contributor is None or question is None:
            messages.warning(request, _("There is no question open for you now."))
            return SeeOther("interactions:day")
        form = DayForm(read_none(request.POST), measures=question.measures)
        if form.is_valid():
            try:
                actions.answer_prompt(by=contributor, prompt=question.prompt, told=form.told())
            except Refused as refusal:
                form.add_error(None, str(refusal.reason))
            else:
                messages.success(request, _("Thank you. That is all for this month."))
                return SeeOther("interactions:day")
    else:
        form = (
            DayForm(initial=initial_of(question), measures=question.measures) if question else None
        )
    context = {
        "standing": standing,
        "question": question,
        "form": form,
        "address": mail.read_address(contributor) if contributor else None,
        "answers": list_answers(contributor) if contributor else [],
        "missed": list_missed(contributor) if contributor and standing.enrolment else [],
    }
    status = 422 if form is not None and form.is_bound else 200
    return render(request, "interactions/day.html", context, status=status)


@login_not_required
@never_cache
@both
def join(request: HttpRequest) -> HttpResponse:
    """Ask whether somebody wishes to be asked, and where they live; nothing is chosen for them."""
    wording = current_wording(actions.CONSENT)
    context: dict[str, Any] = {"wording": wording, "words": "", "large_areas": list_large_areas()}
    if request.method == "POST":
        context["words"] = words = request.POST.get("q", "").strip()[:80]
        home = _find_home(request.POST.get("home", ""))
        if "find" in request.POST or home is None:
            context["choices"] = find_choices(words) if words else None
            if "find" not in request.POST:
                context["error"] = _("Choose where you live.")
            return render(request, "interactions/join.html", context, status=200 if words else 422)
        return _write(
            request,
            lambda by: actions.enrol(by=by, home=home, version=request.POST.get("version", "")),
            then="interactions:day",
            said=_("Thank you. We will ask you about one day a month."),
        )
    contributor = find_contributor(request)
    context["home"] = read_standing(contributor).home
    return render(request, "interactions/join.html", context)


def _find_home(code: str) -> Area | None:
    try:
        return find_spot(area=code).area if code else None
    except InvalidMomentError:
        return None


CHANGES: dict[str, Callable[..., Any]] = {
    "pause": actions.pause,
    "resume": actions.resume,
    "stop": actions.stop,
    "forget_address": mail.remove_address,
}


@login_not_required
@never_cache
@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Pause, go on, stop, or forget the address: one button each, no reason asked."""
    do = request.POST.get("do", "")
    contributor = find_contributor(request)
    if do not in CHANGES or contributor is None:
        return SeeOther("interactions:day")
    CHANGES[do](by=contributor)
    messages.success(
        request,
        {
            "pause": _("Paused. We won't ask until you say so."),
            "resume": _("Welcome back. We will ask about one day a month."),
            "stop": _("Stopped. We won't ask any more."),
            "forget_address": _("Your address is forgotten. We will ask here only."),
        }[do],
    )
    return SeeOther("interactions:day")


# ------------------------------------------------------------------ the address


@login_not_required
@never_cache
@both
def leave_address(request: HttpRequest) -> HttpResponse:
    """Take an e-mail address for the monthly question, and send a code there."""
    contributor = find_contributor(request)
    if contributor is None or read_standing(contributor).enrolment is None:
        return redirect("interactions:join")
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            mail.offer_address(
                by=contributor,
                address=form.cleaned_data["address"],
                network=find_network(request),
            )
        except TooManyError as error:
            form.add_error(None, _("We sent you several codes. Please wait, then try again."))
            response = render(request, "interactions/address.html", {"form": form}, status=429)
            response.headers["Retry-After"] = str(error.retry_after)
            return response
        except OSError:
            form.add_error(None, _("We can't send e-mail at the moment. Please try again later."))
            return render(request, "interactions/address.html", {"form": form}, status=503)
        return SeeOther("interactions:confirm_address")
    status = 422 if form.is_bound else 200
    return render(request, "interactions/address.html", {"form": form}, status=status)


@login_not_required
@never_cache
@both
def confirm_address(request: HttpRequest) -> HttpResponse:
    """Take the code that was sent."""
    contributor = find_contributor(request)
    known = mail.read_address(contributor) if contributor else None
    if contributor is None or known is None:
        return redirect("interactions:leave_address")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            mail.confirm_address(by=contributor, code=form.cleaned_data["code"])
        except Refused as refusal:
            form.add_error("code", str(refusal.reason))
        else:
            messages.success(request, _("Thank you. We will send you the question there."))
            return SeeOther("interactions:day")
    status = 422 if form.is_bound else 200
    return render(
        request,
        "interactions/address_code.html",
        {"form": form, "address": known[0]},
        status=status,
    )


@login_not_required
@never_cache
@both
def leave_mail(request: HttpRequest, token: str) -> HttpResponse:
    """End the mails: a page with a button, because mail scanners open links."""
    if request.method == "POST":
        mail.leave_by_token(token=token)
        return render(request, "interactions/leave_mail.html", {"is_done": True})
    return render(request, "interactions/leave_mail.html")


# ------------------------------------------------------------------ the diary of days


@login_not_required
@never_cache
@both
def tell_late(request: HttpRequest, month: str) -> HttpResponse:
    """Write a day that was missed into one's own diary; it goes into no figure."""
    contributor, prompt = _find_own_prompt(request, month)
    if is_window_open(prompt):
        return redirect("interactions:day")
    answer = read_question(contributor, prompt).answer
    if answer is not None and answer.is_in_window:
        return redirect("interactions:day")
    initial = told_before(answer) if answer else {}
    form = DayForm(read_none(request.POST) if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.answer_prompt(by=contributor, prompt=prompt, told=form.told())
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("It is in your diary."))
            return SeeOther("interactions:day")
    status = 422 if form.is_bound else 200
    context = {"form": form, "prompt": prompt, "is_late": True}
    return render(request, "interactions/late.html", context, status=status)


@login_not_required
@never_cache
@both
def delete_answer(request: HttpRequest, month: str) -> HttpResponse:
    """Delete what one told about a day, after asking once."""
    contributor, prompt = _find_own_prompt(request, month)
    answer = get_object_or_404(PromptAnswer, prompt=prompt, contributor=contributor)
    if request.method != "POST":
        return render(request, "interactions/delete_answer.html", {"answer": answer})
    actions.delete_answer(by=contributor, prompt=prompt)
    messages.success(request, _("Deleted."))
    return SeeOther("interactions:day")


def _find_own_prompt(request: HttpRequest, month: str) -> tuple[Contributor, Prompt]:
    contributor = find_contributor(request)
    try:
        month_on = dt.date.fromisoformat(f"{month}-01")
    except ValueError:
        raise Http404 from None
    prompt = Prompt.objects.filter(pk=month_on, asked_on__lt=timezone.localdate()).first()
    if contributor is None or prompt is None:
        raise Http404
    return contributor, prompt


# ------------------------------------------------------------------ a card on a phone


@login_not_required
@never_cache
@both
def take_card(request: HttpRequest) -> HttpResponse:
    """Answer the question of a paper card on a phone instead."""
    form = CardForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with recognise_visitor(request) as visitor:
                together.take_card(by=visitor.contributor, typed=form.cleaned_data["card"])
        except Refused as refusal:
            form.add_error("card", str(refusal.reason))
        except TooManyError:
            form.add_error(None, _("That was a lot at once. Please wait a little and try again."))
        else:
            return visitor.remember(request, SeeOther("interactions:day"))
    status = 422 if form.is_bound else 200
    return render(request, "interactions/card.html", {"form": form}, status=status)


def _write(
    request: HttpRequest, write: Callable[[Contributor], Any], *, then: str, said: str
) -> HttpResponse:
    """Write as the visitor, new or known, and lead on."""
    try:
        with recognise_visitor(request) as visitor:
            write(visitor.contributor)
    except TooManyError as error:
        messages.warning(request, _("That was a lot at once. Please wait a little and try again."))
        response: HttpResponse = SeeOther(then)
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    messages.success(request, said)
    return visitor.remember(request, SeeOther(then))
