"""Figures for a piece of land that is no official area: snapped to released blocks, and said so."""

import csv
import uuid

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from connections.indicators.quarters import name_quarter
from connections.reports import reading
from connections.reports.drawn import DrawnReport, keep_shape, read_shape
from connections.reports.formats.table import guard
from connections.reports.models import DrawnShape
from connections.reports.sentences import opening
from connections.reports.views.areas import release_or_404
from connections.reports.wording import SUPPRESSED, period_in_words
from kinder.accounts.limits import Limit, TooManyError, charge_network
from kinder.accounts.rules import Refused
from places.area_forms import AreaShapeForm
from places.area_views import describe_drawing

SHAPES_OF_NETWORK = Limit("drawn-network", most=60, seconds=600)
"""Shapes drawn within ten minutes from one network (a judgement)."""


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def draw(request: HttpRequest) -> HttpResponse:
    """Say where: a circle, areas together, a file or a drawing. What was typed is never lost."""
    release = release_or_404(request.GET.get("release"))
    form = AreaShapeForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 422
        try:
            charge_network(request, SHAPES_OF_NETWORK)
        except TooManyError:
            form.add_error(None, _("That was too often. Please wait a few minutes."))
            status = 429
        if form.is_valid() and form.shape is not None:
            shape = keep_shape(shape=form.shape, made=form.made)
            period = name_quarter(release.quarter_id)
            try:
                read_shape(release, shape)
            except Refused as refused:
                # Told here, beside what was chosen, and not on a page that leads nowhere.
                form.add_error(None, str(refused))
            else:
                return redirect(f"{reverse('reports:drawn', args=[shape.pk])}?release={period}")
    return render(
        request, "reports/draw.html", {"form": form, "map": describe_drawing()}, status=status
    )


@login_not_required
@require_safe
def drawn(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """The figures of a drawn area; with ?format=csv as a table to keep."""
    release = release_or_404(request.GET.get("release"))
    shape = get_object_or_404(DrawnShape, pk=key)
    try:
        report = read_shape(release, shape)
    except Refused as refused:
        return render(request, "reports/drawn.html", {"problem": str(refused)}, status=422)
    if request.GET.get("format") == "csv":
        return _write_csv(report)
    shown = [line for line in report.lines if line.value]
    return render(
        request,
        "reports/drawn.html",
        {
            "report": report,
            "shown": shown,
            "hidden": [
                line.indicator.name
                for line in report.lines
                if not (line.value or line.indicator.is_variant)
            ],
            "opening": opening(),
            "period": name_quarter(release.quarter_id),
            "periods": [name_quarter(item.quarter_id) for item in reading.list_releases()],
            "season": period_in_words(release.quarter_id),
            "map": describe_drawing()
            | {"shape": shape.geometry.geojson, "extent": list(shape.geometry.extent)},
        },
    )


def _write_csv(report: DrawnReport) -> HttpResponse:
    period = name_quarter(report.release.quarter_id)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="kinder-drawn-{period}.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(
        [
            "release",
            "version",
            "indicator",
            "indicator_name",
            "unit",
            "value",
            "range_95",
            "people",
            "residents_uncovered",
            "blocks",
        ]
    )
    for line in report.lines:
        row = [
            period,
            str(report.release.version),
            line.indicator.code,
            str(line.indicator.name),
            str(line.indicator.unit.label),
            line.value or SUPPRESSED,
            line.interval,
            line.people,
            str(line.uncovered) if line.value else "",
            "; ".join(report.names),
        ]
        writer.writerow([guard(text) for text in row])
    return response
