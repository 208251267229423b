"""My moments: read, filter, take away, forget."""

import csv
import io
import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from connections.interactions.asking.questions import find_question
from connections.interactions.asking.views import SeeOther
from connections.interactions.diary import (
    Wanted,
    list_own,
    read_moments,
    read_shelf,
    tell_moments,
)
from connections.interactions.mine.actions import choose_diary, forget_device
from connections.interactions.mine.forms import DiaryForm
from connections.interactions.mine.noticing import pick_thing
from connections.interactions.models import Story
from connections.interactions.visitors import find_contributor
from kinder.accounts.devices import find_device, forget_cookie, read_key
from places.company.reading import list_own as list_own_company

PER_PAGE = 25
NOTICE_COOKIE = "kinder_notice"
ONE_YEAR = 365 * 24 * 60 * 60


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show_mine(request: HttpRequest) -> HttpResponse:
    """List one's own moments, the newest first, by what one asks for."""
    contributor = find_contributor(request)
    if request.method == "POST":
        response: HttpResponse = SeeOther("interactions:mine")
        do = request.POST.get("do", "")
        if do in ("keep", "keep_none") and contributor:
            choose_diary(by=contributor, keeps=do == "keep")
        if do in ("notice", "notice_none"):
            response.set_cookie(
                NOTICE_COOKIE,
                "on" if do == "notice" else "off",
                max_age=ONE_YEAR,
                samesite="Lax",
                secure=request.is_secure(),
                httponly=True,
            )
        return response
    context: dict[str, Any] = {
        "is_kept": contributor is None or contributor_keeps(contributor),
        "is_known": contributor is not None,
        "is_noticing": request.COOKIES.get(NOTICE_COOKIE) != "off",
        "thing": pick_thing(timezone.localdate()),
        "question": find_question(contributor) if contributor else None,
        "data_url": _find_address("accounts:my_data"),
        "erase_url": _find_address("accounts:erase"),
    }
    if contributor and context["is_kept"]:
        shelf = read_shelf(contributor)
        form = DiaryForm(request.GET or None, shelf=shelf)
        wanted = form.wanted() if form.is_bound else Wanted()
        page = Paginator(list_own(contributor, wanted), PER_PAGE).get_page(request.GET.get("page"))
        context |= {
            "form": form,
            "has_any": shelf.has_any,
            "is_filtered": wanted != Wanted(),
            "moments": read_moments(list(page)),
            "page": page,
            "company": list_own_company(timezone.now(), by=contributor, user=None),
            "waiting_stories": Story.objects.filter(
                contributor=contributor, state=Story.State.EDITED
            ).count(),
        }
    return render(request, "interactions/mine.html", context)


def contributor_keeps(contributor: Any) -> bool:
    """Whether they keep a diary on this phone: only a No hides it."""
    contributor.refresh_from_db(fields=["keeps_diary"])
    return contributor.keeps_diary is not False


def _find_address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@login_not_required
@never_cache
@require_safe
def download(request: HttpRequest, kind: str) -> HttpResponse:
    """Take one's own moments away, as JSON for programs or as CSV for a spreadsheet."""
    if kind not in ("json", "csv"):
        raise Http404
    contributor = find_contributor(request)
    rows = tell_moments(contributor) if contributor else []
    if kind == "json":
        text = json.dumps(rows, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
        response = HttpResponse(text, content_type="application/json; charset=utf-8")
    else:
        response = HttpResponse(_write_csv(rows), content_type="text/csv; charset=utf-8")
    name = f"my-moments-{timezone.localdate():%Y-%m-%d}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _write_csv(rows: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    # A byte order mark, for without it spreadsheets guess the alphabet.
    out.write("\ufeff")
    columns = list(rows[0]) if rows else ["id"]
    writer = csv.DictWriter(out, columns, lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _guard(value) for name, value in row.items()})
    return out.getvalue()


def _guard(value: Any) -> str:
    """Return a value as a spreadsheet may open it: what begins like a formula is text."""
    if isinstance(value, list):
        value = "; ".join(value)
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forget_phone(request: HttpRequest) -> HttpResponse:
    """Cut this browser off from what was added on it."""
    device = find_device(read_key(request))
    if request.method != "POST":
        context = {
            "is_known": device is not None,
            "erase_url": _find_address("accounts:erase"),
        }
        return render(request, "interactions/forget.html", context)
    if device is not None:
        forget_device(device=device)
    messages.success(request, _("This phone is forgotten. Nothing leads from it to you any more."))
    response = SeeOther("interactions:mine")
    forget_cookie(response)
    # What waits there to be sent, where it was last, and the pages for when there is no network.
    response.headers["Clear-Site-Data"] = '"storage"'
    response.delete_cookie(NOTICE_COOKIE, samesite="Lax")
    return response
