"""The addresses of what is printed or shared: where to sit, window cards, Our Ordinary Day."""

import datetime as dt

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from connections.interactions.asking.rules import check_works_there
from connections.interactions.models import OrdinaryDay, Thank
from connections.interactions.voices.rules import check_can_moderate
from connections.interactions.voices.thanks import list_card_months
from kinder.pages import sheets
from kinder.pages.neighbourhood import find_area, next_release_on
from places.models import Area, Place


def _area(code: str) -> Area:
    area = find_area(code)
    if area is None:
        raise Http404
    return area


def _pdf(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


@login_not_required
@require_safe
@cache_control(no_cache=True)
def sit_sheet(request: HttpRequest, code: str) -> HttpResponse:
    """The fold-out of places that are free to stay, from the register alone.

    Caches ask anew each time: a place that is hidden is gone from it at once.
    """
    area = _area(code)
    path = reverse("pages:area", args=[area.code])
    content = sheets.print_sit_sheet(area, path=path, at=timezone.localtime())
    return _pdf(content, f"where-to-sit-{area.code}")


@login_not_required
@require_safe
@cache_control(no_cache=True)
def sit_card(request: HttpRequest, code: str) -> HttpResponse:
    """The card to share, a picture."""
    area = _area(code)
    content = sheets.print_sit_card(area, path=reverse("pages:area", args=[area.code]))
    response = HttpResponse(content, content_type="image/png")
    response.headers["Content-Disposition"] = f'inline; filename="where-to-sit-{area.code}.png"'
    return response


@login_not_required
@require_safe
@cache_control(no_cache=True)
def window_card(request: HttpRequest, code: str, month: str) -> HttpResponse:
    """A place's thanks of a month that is over, to hang in its window."""
    place = get_object_or_404(Place.objects.shown(), code=code)
    month_on = _read_month(month)
    if month_on not in list_card_months(place):
        raise Http404
    content = sheets.print_window_cards([place], month_on)
    if content is None:
        raise Http404
    return _pdf(content, f"thank-you-{place.code}-{month}")


def _read_month(month: str) -> dt.date:
    try:
        return dt.date.fromisoformat(f"{month}-01")
    except ValueError:
        raise Http404 from None


@require_safe
def show_window_cards(request: HttpRequest, code: str) -> HttpResponse:
    """For workers: the cards of an area's places that are ready to be brought round."""
    check_can_moderate(request.user)
    area = _area(code)
    this_month = timezone.localdate().replace(day=1)
    rows = (
        Thank.objects.filter(
            place__in=Place.objects.shown(),
            place__area__ancestors__ancestor=area,
            state=Thank.State.ACCEPTED,
            month_on__lt=this_month,
        )
        .values_list("month_on", "place__code", "place__name")
        .distinct()
        .order_by("-month_on", "place__name")[:200]
    )
    months: dict[dt.date, list[tuple[str, str]]] = {}
    for month_on, place_code, name in rows:
        months.setdefault(month_on, []).append((place_code, name))
    return render(request, "pages/window_cards.html", {"area": area, "months": months})


@require_safe
def window_cards(request: HttpRequest, code: str, month: str) -> HttpResponse:
    """All window cards of an area for a month, one page each."""
    check_can_moderate(request.user)
    area = _area(code)
    month_on = _read_month(month)
    if month_on >= timezone.localdate().replace(day=1):
        raise Http404
    places = Place.objects.shown().filter(
        area__ancestors__ancestor=area,
        thanks__month_on=month_on,
        thanks__state=Thank.State.ACCEPTED,
    )
    content = sheets.print_window_cards(list(places.distinct().order_by("name", "id")), month_on)
    if content is None:
        raise Http404
    return _pdf(content, f"thank-you-{area.code}-{month}")


def _day(code: str, request: HttpRequest) -> OrdinaryDay:
    area = _area(code)
    check_works_there(request.user, area=area)
    day = OrdinaryDay.objects.select_related("area").filter(area=area).order_by("-month_on").first()
    if day is None:
        raise Http404
    return day


@require_safe
def ordinary_day_cards(request: HttpRequest, code: str) -> HttpResponse:
    """The numbered cards of the community's day."""
    day = _day(code, request)
    content = sheets.print_day_cards(day, today=timezone.localdate())
    return _pdf(content, f"cards-{day.area.code}-{day.month_on:%Y-%m}")


@require_safe
def read_back(request: HttpRequest, code: str) -> HttpResponse:
    """The sheet that is read back at the shared meal."""
    day = _day(code, request)
    today = timezone.localdate()
    content = sheets.print_read_back(day, today=today, next_release_on=next_release_on(today))
    return _pdf(content, f"read-back-{day.area.code}-{day.month_on:%Y-%m}")
