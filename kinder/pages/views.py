"""The hall: pages that gather from several rooms."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from connections.indicators.definitions import RANGE_NOTE
from kinder.accounts.rules import check_signed_in
from kinder.pages.community import gather_community
from kinder.pages.context import TEXT_COOKIE, THEME_COOKIE, Site
from kinder.pages.forms import AppearanceForm, SearchForm
from kinder.pages.neighbourhood import (
    find_area,
    find_holders,
    find_home_areas,
    find_parts,
    find_standing_release,
    next_release_on,
    read_register,
    tell_figures,
)
from kinder.pages.search import find
from kinder.pages.today import gather_today
from places.company.reading import list_company
from places.gatherings import soon_in

ONE_YEAR = 365 * 24 * 60 * 60
COMPANY_SHOWN = 3


@login_not_required
@require_safe
def show_home(request: HttpRequest) -> HttpResponse:
    """Choose a neighbourhood, add a moment, learn what this is."""
    areas = find_home_areas()
    councils = {area.parent_id for area in areas}
    return render(
        request,
        "pages/home.html",
        {
            "areas": areas,
            "has_groups": len(councils) > 1,
            "form": SearchForm(),
        },
    )


@login_not_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Find a neighbourhood or a place; the address holds the question."""
    form = SearchForm(request.GET)
    query = form.cleaned_data["q"] if form.is_valid() else ""
    found = find(query, user=request.user)
    return render(request, "pages/search.html", {"form": form, "found": found})


@login_not_required
@require_safe
def show_area(request: HttpRequest, code: str) -> HttpResponse:
    """A neighbourhood's public page: what is there, what is on, what was released."""
    area = find_area(code)
    if area is None:
        raise Http404(_("We know no area with this code."))
    if area.code != code:
        return redirect("pages:area", area.code, permanent=True)
    now = timezone.localtime()
    release = find_standing_release()
    holders = find_holders(area)
    return render(
        request,
        "pages/area.html",
        {
            "area": area,
            "holders": holders,
            "community": gather_community(area, request.user),
            "parts": find_parts(area),
            "register": read_register(area, now),
            "gatherings": soon_in(area, now),
            "company": list_company(now, area=area, most=COMPANY_SHOWN),
            "release": release,
            "told": tell_figures(area, holders, release) if release else [],
            "next_release_on": next_release_on(now.date()),
            "range_note": RANGE_NOTE,
        },
    )


@require_safe
def show_today(request: HttpRequest) -> HttpResponse:
    """What waits for somebody who works for an organisation."""
    user = check_signed_in(request.user)
    return render(request, "pages/today.html", {"today": gather_today(user)})


@login_not_required
@require_safe
def show_about(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/about.html")


@login_not_required
@require_safe
def show_privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/privacy.html")


@login_not_required
@require_safe
def show_accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/accessibility.html")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def choose_appearance(request: HttpRequest) -> HttpResponse:
    """Keep the reader's choice of colours and text size in cookies; no script, no account."""
    if request.method != "POST":
        now = Site(request)
        form = AppearanceForm(initial={"theme": now.theme, "text_size": now.text_size})
        return render(request, "pages/appearance.html", {"form": form})
    form = AppearanceForm(request.POST)
    if not form.is_valid():
        return render(request, "pages/appearance.html", {"form": form}, status=422)
    response = redirect("pages:appearance")
    for cookie, value in (
        (THEME_COOKIE, form.cleaned_data["theme"]),
        (TEXT_COOKIE, form.cleaned_data["text_size"]),
    ):
        if value:
            response.set_cookie(
                cookie, value, max_age=ONE_YEAR, samesite="Lax", secure=request.is_secure()
            )
        else:
            response.delete_cookie(cookie, samesite="Lax")
    messages.success(request, _("Saved."))
    return response


@login_not_required
@require_safe
def show_manifest(request: HttpRequest) -> JsonResponse:
    """Describe the site to a phone that puts it on its home screen."""
    icons = [
        {"src": static(f"img/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
        for size in (192, 512)
    ]
    return JsonResponse(
        {
            "name": str(Site(request).name),
            "short_name": str(Site(request).name),
            "lang": get_language(),
            "dir": "rtl" if get_language_bidi() else "ltr",
            "start_url": reverse("pages:home"),
            "scope": "/",
            "display": "standalone",
            "background_color": "#FBF7F0",
            "theme_color": "#FBF7F0",
            "icons": [
                {"src": static("img/icon.svg"), "sizes": "any", "type": "image/svg+xml"},
                *icons,
                {**icons[1], "src": static("img/icon-maskable.png"), "purpose": "maskable"},
            ],
        },
        content_type="application/manifest+json",
    )
