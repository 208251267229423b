"""What other sites may show in a frame: a short list of places, or of what is on.

The only pages that may be framed (HeadersMiddleware opens the frame and takes the cookies away).
They hold no form and no script, and every link leaves the frame.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from places.gatherings import occasions_in
from places.models import Area, Gathering
from places.search import Search, find_places

PLACES_SHOWN, TIMES_SHOWN, DAYS_SHOWN = 20, 20, 14

View = Callable[..., HttpResponse]


def frameable(view: View) -> View:
    """Public, without cookies, for the frames of any site, in the language of ?lang=."""

    @login_not_required
    @require_safe
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        asked = request.GET.get("lang", "")
        language = asked if asked in dict(settings.LANGUAGES) else translation.get_language()
        with translation.override(language):
            response = view(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response

    return answer


@frameable
def show_places(request: HttpRequest) -> HttpResponse:
    """Places to stay free, in ?area= or anywhere, with whether they are open now."""
    area = _area(request)
    search = Search(area_id=area.pk if area else None, is_free=request.GET.get("free") != "no")
    page = find_places(search, timezone.now(), limit=PLACES_SHOWN)
    context = {"area": area, "page": page, "lang": translation.get_language()}
    return render(request, "exchange/embed_places.html", context)


@frameable
def show_whats_on(request: HttpRequest) -> HttpResponse:
    """What is on in the next two weeks, in ?area= or anywhere."""
    area, now = _area(request), timezone.now()
    among = Gathering.objects.all()
    if area:
        among = among.filter(place__area__ancestors__ancestor=area)
    occasions = occasions_in(now, now + timedelta(days=DAYS_SHOWN), among=among)
    context = {"area": area, "occasions": occasions[:TIMES_SHOWN]}
    return render(request, "exchange/embed_whats_on.html", context)


def _area(request: HttpRequest) -> Area | None:
    code = request.GET.get("area", "").replace("\0", "")
    if not code:
        return None
    area = Area.objects.filter(geography__is_current=True, code=code).first()
    if area is None:
        raise Http404
    return area
