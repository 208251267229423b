"""The import wizard: what is it, what is in it, is it known already, write it, take it back."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kinder.accounts.rules import Refused
from places.exchange import intake
from places.exchange.batches import ImportRefusedError
from places.exchange.drafts import FIELDS
from places.exchange.import_forms import ENCODINGS, BeginForm, ColumnsForm, RowForm
from places.exchange.models import ImportRow, PlaceImport
from places.exchange.preview import describe_points, extent_of_rows
from places.exchange.starts import begin_import
from places.maps import base_map, describe_borders
from places.rules import check_can_keep_places
from places.tiles import describe_place_layer
from places.vocabulary import PlaceKind

State = PlaceImport.State
ROWS_A_PAGE = 50
IMPORTS_A_PAGE = 25
MOST_AT_ONCE = 500
FILTERS: dict[str, Any] = {
    "wrong": {"problem__gt": ""},
    "doubtful": {"problem": "", "decision": ""},
    "same": {"problem": "", "place__isnull": False},
    "new": {"problem": "", "decision": ImportRow.Decision.ADD},
    "out": {"decision": ImportRow.Decision.SKIP},
    "kept": {"outcome": ImportRow.Outcome.KEPT},
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def list_imports(request: HttpRequest) -> HttpResponse:
    """Begin an import; the earlier ones below."""
    by = check_can_keep_places(request.user)
    form = BeginForm(request.POST or None, request.FILES or None, initial=_begin_again(request.GET))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        job = begin_import(
            by=by,
            file_format=data["format"],
            name=data["name"],
            file=data["file"] or None,
            address=data["address"],
            options={"kind": data["kind"]},
        )
        return redirect("imports:import", job.pk)
    pages = Paginator(PlaceImport.objects.select_related("by"), IMPORTS_A_PAGE)
    page = pages.get_page(request.GET.get("page"))
    return render(
        request,
        "exchange/imports.html",
        {
            "form": form,
            "page": page,
            "previous_url": f"?page={page.number - 1}" if page.has_previous() else "",
            "next_url": f"?page={page.number + 1}" if page.has_next() else "",
        },
        status=422 if form.is_bound and form.errors else 200,
    )


def _begin_again(query: QueryDict) -> dict[str, str]:
    """Return what was typed for an earlier import, so that only its file is to be chosen again."""
    number = query.get("again", "")
    earlier = PlaceImport.objects.filter(pk=number).first() if is_number(number) else None
    if earlier is None:
        return {}
    told = {"name": earlier.name, "format": earlier.format, "address": earlier.address}
    return {**told, "kind": earlier.options.get("kind", "")}


def is_number(text: str) -> bool:
    return text.isdecimal() and len(text) < 19


@never_cache
@require_safe
def show(request: HttpRequest, number: int) -> HttpResponse:
    """Where an import stands, and what there is to do."""
    check_can_keep_places(request.user)
    job = get_object_or_404(PlaceImport, pk=number)
    if job.state == State.MAPPING:
        return redirect("imports:columns", job.pk)
    counts = intake.count_rows(job)
    chosen = request.GET.get("rows", "")
    if chosen not in FILTERS:
        chosen = ""
    rows = job.rows.filter(**FILTERS.get(chosen, {})).select_related("place").order_by("number")
    pages = Paginator(rows, ROWS_A_PAGE)
    page = pages.get_page(request.GET.get("page"))
    return render(
        request,
        "exchange/import.html",
        {
            "job": job,
            "counts": counts,
            "chosen": chosen,
            "problems": intake.count_problems(job) if counts["wrong"] else [],
            "filters": [
                ("", _("All rows"), counts["total"]),
                ("wrong", _("To mend"), counts["wrong"]),
                ("doubtful", _("To decide"), counts["undecided"]),
                ("same", _("In the register already"), counts["to_merge"]),
                ("new", _("New"), counts["to_add"]),
                ("out", _("Left out"), counts["to_skip"]),
                ("kept", _("Edited since"), counts["kept"]),
            ],
            "page": page,
            "decisions": [choice for choice in ImportRow.Decision.choices if choice[0]],
            "is_working": job.state in intake.WORKING,
            "has_ended": job.state in (State.FAILED, State.CANCELLED),
            "is_looking": job.state == State.LOOKING,
            "has_written": counts["added"] + counts["changed"] > 0,
            "previous_url": f"?rows={chosen}&page={page.number - 1}" if page.has_previous() else "",
            "next_url": f"?rows={chosen}&page={page.number + 1}" if page.has_next() else "",
            "map": _describe_map(job) if job.state not in intake.WORKING else None,
        },
    )


def _describe_map(job: PlaceImport) -> dict[str, Any] | None:
    extent = extent_of_rows(job)
    if extent is None:
        return None
    address = reverse("imports:import", args=[job.pk])
    return {
        "extent": [extent[0] - 0.005, extent[1] - 0.003, extent[2] + 0.005, extent[3] + 0.003],
        "places": describe_place_layer()
        | {
            "kinds": dict(PlaceKind.choices),
            "url": f"{address}rows/{{code}}/",
            "found": reverse("imports:points", args=[job.pk]),
        },
        "areas": describe_borders(),
        "base": base_map(),
    }


@never_cache
@require_safe
def show_progress(request: HttpRequest, number: int) -> HttpResponse:
    """How far it is, for the page that asks every second; the whole page anew once it waits."""
    check_can_keep_places(request.user)
    job = get_object_or_404(PlaceImport, pk=number)
    response = render(request, "exchange/_progress.html", {"job": job, "is_working": True})
    if job.state not in intake.WORKING:
        response.headers["HX-Redirect"] = reverse("imports:import", args=[job.pk])
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, number: int) -> HttpResponse:
    """Ask which column is which."""
    by = check_can_keep_places(request.user)
    job = get_object_or_404(PlaceImport, pk=number)
    if job.state != State.MAPPING:
        return redirect("imports:import", job.pk)
    sent = request.POST or None
    asked = {name: sent.get(name, "") for name in ("encoding", "layer")} if sent else {}
    complaint = ""
    if asked.get("encoding") and asked["encoding"] not in ENCODINGS:
        del asked["encoding"]
    try:
        look = intake.look_into(job, **asked)
    except ImportRefusedError as error:
        complaint = str(error)
        try:
            look = intake.look_into(job)
        except ImportRefusedError:
            intake.refuse_import(by=by, job=job, problem=complaint)
            return redirect("imports:import", job.pk)
    # "Show its rows" asks for another look; what was chosen stays where it still can be.
    is_look = sent is not None and "look" in sent
    form = ColumnsForm(
        None if is_look else sent,
        look=look,
        kind=job.options.get("kind", ""),
        initial=_keep_chosen(sent, look) if sent and is_look else None,
    )
    if complaint:
        messages.error(request, complaint)
    elif request.method == "POST" and not is_look and form.is_valid():
        intake.choose_columns(
            by=by,
            job=job,
            columns=form.columns(),
            kind=form.cleaned_data["fallback"],
            encoding=look.encoding,
            layer=look.layer,
        )
        return redirect("imports:import", job.pk)
    return render(
        request,
        "exchange/columns.html",
        {
            "job": job,
            "form": form,
            "look": look,
            "source": [form[name] for name in ("encoding", "layer") if name in form.fields],
            "fields": [form[name] for name in form.fields if name not in ("encoding", "layer")],
            "sample": [[row.get(one, "") for one in look.headings] for row in look.sample],
        },
        status=422 if complaint or (form.is_bound and form.errors) else 200,
    )


def _keep_chosen(sent: QueryDict, look: intake.Look) -> dict[str, str]:
    kept = {name: sent.get(name, "") for name in FIELDS if sent.get(name) in look.headings}
    return {**kept, "fallback": sent.get("fallback", "")}


@require_POST
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Decide about the rows that were chosen."""
    by = check_can_keep_places(request.user)
    job = get_object_or_404(PlaceImport, pk=number)
    numbers = (text for text in request.POST.getlist("row") if is_number(text))
    chosen = [int(text) for text in numbers][:MOST_AT_ONCE]
    decision = request.POST.get("decision", "")
    if decision not in ImportRow.Decision.values or not decision:
        messages.warning(request, _("Please choose what becomes of these rows."))
    elif not chosen:
        messages.warning(request, _("Please choose some rows first."))
    else:
        try:
            count = intake.decide_rows(by=by, job=job, numbers=chosen, decision=decision)
        except intake.NotNowError as refused:
            messages.warning(request, str(refused.reason))
        else:
            messages.success(
                request, ngettext("%(count)s row.", "%(count)s rows.", count) % {"count": count}
            )
    filtered = request.POST.get("rows", "")
    query = f"?rows={filtered}" if filtered in FILTERS else ""
    return redirect(reverse("imports:import", args=[job.pk]) + query)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def mend(request: HttpRequest, number: int, row: int) -> HttpResponse:
    """Mend one row in place."""
    by = check_can_keep_places(request.user)
    found = get_object_or_404(
        ImportRow.objects.select_related("job", "place"), job_id=number, number=row
    )
    form = RowForm(request.POST or None, facts=found.facts)
    if request.method == "POST" and form.is_valid():
        try:
            intake.mend_row(by=by, row=found, facts=form.as_facts())
        except ValidationError as error:
            form.add_error(None, error)
        except Refused as refused:
            form.add_error(None, str(refused.reason))
        else:
            messages.success(request, _("The row is mended."))
            return redirect(reverse("imports:import", args=[number]) + "?rows=wrong")
    return render(
        request,
        "exchange/row.html",
        {"row": found, "job": found.job, "form": form},
        status=422 if form.is_bound and form.errors else 200,
    )


@require_POST
def act(request: HttpRequest, number: int) -> HttpResponse:
    """Write it, stop it, take it back."""
    by = check_can_keep_places(request.user)
    job = get_object_or_404(PlaceImport, pk=number)
    deeds = {
        "apply": intake.apply_import,
        "cancel": intake.cancel_import,
        "undo": intake.undo_import,
    }
    deed = deeds.get(request.POST.get("deed", ""))
    if deed is None:
        raise Http404
    try:
        deed(by=by, job=job)
    except intake.NotNowError as refused:
        messages.warning(request, str(refused.reason))
    return redirect("imports:import", job.pk)


@never_cache
@require_safe
def show_points(request: HttpRequest, number: int) -> JsonResponse:
    """The rows as points, for the map of the preview."""
    check_can_keep_places(request.user)
    job = get_object_or_404(PlaceImport, pk=number)
    return JsonResponse(describe_points(job), content_type="application/geo+json")
