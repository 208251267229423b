"""The workers' and the administrator's pages about measures and about Our Ordinary Day."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from connections.interactions.asking import measures, together
from connections.interactions.asking.forms import (
    CommentForm,
    EntryForm,
    HandOutForm,
    MeasureForm,
    PlanForm,
    read_none,
)
from connections.interactions.asking.questions import list_measures_of, list_open_measures
from connections.interactions.asking.rules import (
    COMMENT_DAYS,
    MEASURE_LEVELS,
    MOST_OPEN,
    can_propose,
    check_can_comment,
    check_can_propose,
    check_works_there,
    first_day_to_answer,
    last_day_to_answer,
    opens_from,
    organisations_there,
)
from connections.interactions.asking.views import SeeOther
from connections.interactions.models import Measure, OrdinaryDay, OrdinaryDayCard
from kinder.accounts.models import User
from kinder.accounts.rules import (
    Refused,
    can_administer,
    check_administrator,
    check_signed_in,
)
from places.models import Area
from places.vocabulary import AreaLevel

both = require_http_methods(["GET", "HEAD", "POST"])


def find_community(code: str, levels: tuple[str, ...] = (AreaLevel.COMMUNITY,)) -> Area:
    area = Area.objects.filter(code=code, geography__is_current=True, level__in=levels).first()
    if area is None:
        raise Http404
    return area


# ------------------------------------------------------------------ measures


@both
def show_measures(request: HttpRequest, code: str) -> HttpResponse:
    """List an area's own questions; propose one, or take part in the comments."""
    user = check_signed_in(request.user)
    area = find_community(code, MEASURE_LEVELS)
    organisations = organisations_there(user, area)
    form = None
    if can_propose(user, area=area):
        form = MeasureForm(request.POST or None, organisations=organisations)
        if request.method == "POST" and form.is_valid():
            measures.propose_measure(by=user, area=area, **form.cleaned_data)
            messages.success(
                request,
                _("It is shown for %(days)s days for comment.") % {"days": COMMENT_DAYS},
            )
            return SeeOther("interactions:measures", area.code)
    elif request.method == "POST":
        check_can_propose(user, area=area)
    context = {
        "area": area,
        "form": form,
        "rows": [(one, opens_from(one)) for one in list_measures_of(area)],
        "most_open": MOST_OPEN,
        "comment_days": COMMENT_DAYS,
        "can_comment": bool(organisations),
        "is_administrator": can_administer(user),
    }
    status = 422 if form is not None and form.is_bound else 200
    return render(request, "interactions/measures.html", context, status=status)


@both
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    """Say something about a proposed measure, for an organisation there."""
    measure = get_object_or_404(Measure.objects.select_related("area"), pk=pk)
    user = check_can_comment(request.user, measure=measure)
    form = CommentForm(request.POST or None, organisations=organisations_there(user, measure.area))
    if request.method == "POST" and form.is_valid():
        measures.comment_on_measure(by=user, measure=measure, **form.cleaned_data)
        messages.success(request, _("Your comment is there."))
        return SeeOther("interactions:measures", measure.area.code)
    status = 422 if form.is_bound else 200
    context = {"form": form, "measure": measure}
    return render(request, "interactions/measure_comment.html", context, status=status)


DECISIONS: dict[str, Callable[..., Measure]] = {
    "open": measures.open_measure,
    "decline": measures.decline_measure,
    "close": measures.close_measure,
}


@require_POST
def decide_measure(request: HttpRequest, pk: int) -> HttpResponse:
    """Open, decline or close a measure: the administrator's."""
    user = check_administrator(request.user)
    measure = get_object_or_404(Measure.objects.select_related("area"), pk=pk)
    decide = DECISIONS.get(request.POST.get("do", ""))
    if decide is not None:
        try:
            decide(by=user, measure=measure)
        except Refused as refusal:
            messages.warning(request, str(refusal.reason))
        else:
            messages.success(request, _("Done."))
    return SeeOther("interactions:measures", measure.area.code)


# ------------------------------------------------------------------ Our Ordinary Day


@both
def show_ordinary_day(request: HttpRequest, code: str) -> HttpResponse:
    """Plan the community's day, hand out its cards, and see what is left to do."""
    area = find_community(code)
    user = check_works_there(request.user, area=area)
    day = OrdinaryDay.objects.filter(area=area).order_by("-month_on").first()
    form = PlanForm(request.POST if "plan" in request.POST else None)
    hand_out = HandOutForm(
        request.POST if "hand_out" in request.POST else None,
        initial={"count": day.handed_out or None} if day else None,
    )
    if request.method == "POST" and (done := _do(request, user, area, day, form, hand_out)):
        return done
    prompt = together.find_prompt(day) if day else None
    is_over = prompt is not None and prompt.asked_on < timezone.localdate()
    context = {
        "area": area,
        "day": day,
        "form": form,
        "hand_out": hand_out,
        # Which day was drawn is told to nobody before it is over.
        "asked_on": prompt.asked_on if prompt and is_over else None,
        "from_on": first_day_to_answer(prompt) if prompt and is_over else None,
        "until_on": last_day_to_answer(prompt) if prompt and is_over else None,
        "entered": OrdinaryDayCard.objects.filter(day=day, used_at__isnull=False).count()
        if day
        else 0,
    }
    status = 422 if form.is_bound or hand_out.is_bound else 200
    return render(request, "interactions/ordinary_day.html", context, status=status)


def _do(
    request: HttpRequest,
    user: User,
    area: Area,
    day: OrdinaryDay | None,
    form: PlanForm,
    hand_out: HandOutForm,
) -> HttpResponse | None:
    """Do what the page's form asks; None where it has to be shown again."""
    asked: Any = form if form.is_bound else hand_out
    try:
        if "cancel" in request.POST and day:
            together.cancel_day(by=user, day=day)
            messages.success(request, _("The plan is taken back."))
        elif form.is_bound and form.is_valid():
            together.plan_day(by=user, area=area, **form.cleaned_data)
            messages.success(request, _("It is planned. You can print the cards now."))
        elif hand_out.is_bound and hand_out.is_valid() and day:
            together.hand_out(by=user, day=day, count=hand_out.cleaned_data["count"])
            messages.success(request, _("Saved. Those cards can be answered now."))
        else:
            return None
    except Refused as refusal:
        if not asked.is_bound:
            messages.warning(request, str(refusal.reason))
            return SeeOther("interactions:ordinary_day", area.code)
        asked.add_error(None, str(refusal.reason))
        return None
    return SeeOther("interactions:ordinary_day", area.code)


@both
def enter_card(request: HttpRequest, code: str) -> HttpResponse:
    """Type in the paper cards, one after the other."""
    area = find_community(code)
    user = check_works_there(request.user, area=area)
    asked = list_open_measures(Area.objects.filter(pk=area.pk))
    data = read_none(request.POST) if request.method == "POST" else None
    form = EntryForm(data, measures=asked)
    if request.method == "POST" and form.is_valid():
        try:
            entered = together.enter_card(
                by=user,
                typed=form.cleaned_data["card"],
                told=form.told(),
                replaces=form.cleaned_data["replaces"],
            )
        except Refused as refusal:
            form.add_error("card", str(refusal.reason))
        else:
            messages.success(
                request, _("Card %(number)s is saved.") % {"number": entered.card.number}
            )
            return SeeOther("interactions:enter_card", area.code)
    context = {"area": area, "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "interactions/enter_card.html", context, status=status)
