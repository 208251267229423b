"""The page on which people who work in a community put some of its places first."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from connections.interactions.asking.views import SeeOther
from connections.interactions.pins import (
    MOST_PINNED,
    NOT_IN_IT,
    PIN_LEVELS,
    check_can_pin,
    find_to_pin,
    list_pinned,
    pin_place,
    unpin_place,
)
from kinder.accounts.rules import Refused
from places.models import Area, Place


@require_http_methods(["GET", "HEAD", "POST"])
def show_pins(request: HttpRequest, code: str) -> HttpResponse:
    """Look for a place, put it first, take it away again."""
    current = Area.objects.filter(geography__is_current=True, level__in=PIN_LEVELS)
    area = get_object_or_404(current, code=code)
    user = check_can_pin(request.user, area=area)
    if request.method == "POST":
        place = Place.objects.filter(code=request.POST.get("place", "").replace("\0", "")).first()
        try:
            if place is None:
                raise Refused(NOT_IN_IT)
            if request.POST.get("do") == "unpin":
                unpin_place(by=user, area=area, place=place)
                messages.success(request, _("It comes first no longer."))
            else:
                pin_place(by=user, area=area, place=place)
                messages.success(request, _("It comes first now."))
        except Refused as refusal:
            messages.warning(request, str(refusal.reason))
        return SeeOther("interactions:pins", area.code)
    words = request.GET.get("q", "").strip()[:80]
    context = {
        "area": area,
        "pinned": list_pinned(area),
        "most": MOST_PINNED,
        "words": words,
        "found": find_to_pin(area, words),
    }
    return render(request, "interactions/pins.html", context)
