"""Reports as files: the usual report of an area at once, and reports built in the background."""

import datetime as dt
import uuid

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connections.indicators.quarters import name_quarter
from connections.reports import reading
from connections.reports.actions import (
    ask_report,
    cancel_report,
    is_kept,
    is_standing,
    make_file,
)
from connections.reports.content import read_content
from connections.reports.formats.share import write_share_image
from connections.reports.forms import BuildForm
from connections.reports.models import AreaReport, ReportFile
from connections.reports.question import LAYOUT_VERSION, Question
from connections.reports.standing import add_schedule
from connections.reports.views.areas import release_or_404
from connections.reports.vocabulary import CONTENT_TYPES, Format, Section, State
from kinder.accounts.limits import Limit, TooManyError, charge_network
from kinder.accounts.models import User
from kinder.words import has_reports
from places.models import Area

BUILDS_OF_NETWORK = Limit("reports-network", most=60, seconds=600)
"""Questions that nobody asked before, of one network (a judgement): an office shares one."""


def language_of_files() -> str:
    """Return the reader's language, English where reports are not translated into it."""
    language = get_language() or settings.LANGUAGE_CODE
    return language if has_reports(language) else settings.LANGUAGE_CODE


def _user(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


@login_not_required
@require_safe
def download(request: HttpRequest, code: str, period: str, file_format: str) -> HttpResponse:
    """One file of the usual report on an area, with its checksum."""
    release = release_or_404(period)
    if file_format not in Format.values:
        raise Http404("No such format.")
    question = Question(
        period=name_quarter(release.quarter_id), areas=(code,), language=language_of_files()
    )
    try:
        report = ask_report(by=None, question=question, formats=[Format(file_format)])
    except Area.DoesNotExist as error:
        raise Http404("No area has this code.") from error
    made = make_file(report=report, file_format=Format(file_format))
    return send_file(request, made, f"kinder-{code}-{period}.{file_format}")


def send_file(request: HttpRequest, made: ReportFile, name: str) -> HttpResponse:
    """Return a file with its checksum, or 304 to whoever holds it already."""
    etag = f'"{made.content_sha256}"'
    if request.headers.get("If-None-Match") == etag:
        response: HttpResponse = HttpResponse(status=304)
    else:
        response = FileResponse(  # type: ignore[assignment]
            made.file.open("rb"),
            as_attachment=True,
            filename=name,
            content_type=CONTENT_TYPES[Format(made.format)],
        )
    response["ETag"] = etag
    response["Content-Digest-SHA-256"] = made.content_sha256
    # Asked again each time: a story in it may have been withdrawn since.
    patch_cache_control(response, private=True, no_cache=True)
    return response


@login_not_required
@require_safe
def newest(request: HttpRequest, code: str, file_format: str) -> HttpResponse:
    """A stable address that leads to the newest release's file."""
    release = release_or_404(None)
    period = name_quarter(release.quarter_id)
    return redirect("reports:download", code=code, period=period, file_format=file_format)


@login_not_required
@require_safe
def share_image(request: HttpRequest, code: str, period: str) -> HttpResponse:
    """The picture that stands beside a shared link to an area."""
    release = release_or_404(period)
    language = language_of_files()
    key = f"share:{LAYOUT_VERSION}:{release.pk}:{release.watermark[:16]}:{code}:{language}"
    image = cache.get(key)
    if image is None:
        question = Question(
            period=name_quarter(release.quarter_id),
            areas=(code,),
            language=language,
            sections=(Section.FIGURES, Section.MEASURES),
        )
        try:
            image = write_share_image(read_content(question))
        except Area.DoesNotExist as error:
            raise Http404("No area has this code.") from error
        cache.set(key, image, 86_400)
    response = HttpResponse(image, content_type="image/png")
    patch_cache_control(response, public=True, max_age=86_400)
    return response


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def build(request: HttpRequest) -> HttpResponse:
    """Choose what a report holds; asked, it is made in the background."""
    release = release_or_404(request.GET.get("release"))
    user = _user(request)
    posted = request.POST if request.method == "POST" else None
    form = BuildForm(posted, release=release, asked=request.GET, user=user)
    if posted is not None and form.is_valid():
        try:
            charge_network(request, BUILDS_OF_NETWORK)
        except TooManyError as error:
            form.add_error(None, _("That was too often. Please wait a few minutes."))
            response = _show_form(request, form, status=429)
            response["Retry-After"] = str(error.retry_after)
            return response
        report = ask_report(
            by=user,
            question=form.question(),
            formats=[Format(value) for value in form.cleaned_data["formats"]],
            wants_email=form.cleaned_data.get("wants_email", False),
        )
        if user is not None and form.cleaned_data.get("repeats"):
            add_schedule(
                by=user,
                name=form.order_name,
                question=form.question(),
                formats=[Format(value) for value in form.cleaned_data["formats"]],
                wants_email=form.cleaned_data["wants_email"],
            )
        return redirect("reports:built", report.pk)
    return _show_form(request, form, status=400 if posted is not None else 200)


def _show_form(request: HttpRequest, form: BuildForm, *, status: int) -> HttpResponse:
    return render(request, "reports/build.html", {"form": form}, status=status)


def _report_or_404(key: uuid.UUID) -> AreaReport:
    return get_object_or_404(AreaReport.objects.select_related("release__geography"), pk=key)


SLOW = dt.timedelta(minutes=2)
"""A file that waits longer is told to (a judgement): a report takes seconds."""


def _describe(request: HttpRequest, report: AreaReport) -> dict[str, object]:
    files = {item.format: item for item in report.files.all()}
    ordered = [files[value] for value in Format.values if value in files]
    done = [item for item in ordered if item.state != State.WAITING]
    release = reading.find_release(report.asked.period)
    names = {
        area.code: area.name
        for area in Area.objects.using(reading.READER)
        .filter(geography=release.geography_id, code__in=report.asked.areas)
        .defer("geometry")
    }
    user = _user(request)
    since = timezone.now() - SLOW
    is_slow = any(item.state == State.WAITING and item.asked_at < since for item in ordered)
    return {
        "report": report,
        "asked": report.asked,
        "names": sorted(names.values()),
        "files": ordered,
        "done": len(done),
        "total": len(ordered),
        "is_waiting": len(done) < len(ordered),
        "seen": "-".join([*(item.state for item in ordered), "slow" * is_slow]),
        "is_slow": is_slow,
        "has_failed": any(item.state == State.FAILED for item in ordered),
        "has_stopped": any(item.state == State.CANCELLED for item in ordered),
        "request_of_user": report.requests.filter(user=user).first() if user else None,
    }


@login_not_required
@require_safe
def built(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """A report that was asked for: how far it is, and its files with their checksums."""
    report = _report_or_404(key)
    if not is_standing(report):
        response = render(request, "reports/gone.html", {"report": report}, status=410)
        # A page that waits asks once more, whole, and shows why.
        response["HX-Refresh"] = "true"
        return response
    described = _describe(request, report)
    if not request.headers.get("HX-Request"):
        return render(request, "reports/built.html", described)
    if request.GET.get("seen") == described["seen"]:
        # Nothing moved: the page stays as it is, with whatever has the focus.
        return HttpResponse(status=204)
    return render(request, "reports/_built.html", described | {"is_news": True})


@login_not_required
@require_POST
def cancel(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Stop what has not begun. What is ready stays."""
    cancel_report(by=_user(request), report=_report_or_404(key))
    return redirect("reports:built", key)


@login_not_required
@require_POST
def again(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Ask the same question again: after a failure, a stop, an expiry or a withdrawal."""
    old = _report_or_404(key)
    try:
        charge_network(request, BUILDS_OF_NETWORK)
    except TooManyError as error:
        context = {"report": old, "is_too_often": True}
        response = render(request, "reports/gone.html", context, status=429)
        response["Retry-After"] = str(error.retry_after)
        return response
    user = _user(request)
    report = ask_report(
        by=user,
        question=old.asked,
        formats=[Format(value) for value in old.files.values_list("format", flat=True)],
        # Whoever still waits for a letter goes on waiting for it.
        wants_email=old.requests.filter(
            user=user, wants_email=True, emailed_at__isnull=True
        ).exists(),
    )
    return redirect("reports:built", report.pk)


@login_not_required
@require_safe
def built_file(request: HttpRequest, key: uuid.UUID, file_format: str) -> HttpResponse:
    """One file of a built report; none that tells what may be told no more."""
    report = _report_or_404(key)
    if not is_standing(report):
        return render(request, "reports/gone.html", {"report": report}, status=410)
    made = get_object_or_404(report.files, format=file_format, state=State.READY)
    if not is_kept(made):
        made = make_file(report=report, file_format=Format(file_format))
    name = slugify(report.asked.title) or "-".join(report.asked.areas[:3])
    return send_file(request, made, f"kinder-{name}-{report.asked.period}.{file_format}")
