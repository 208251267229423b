"""Areas side by side: the whole state stands in the address, so that a link is a view."""

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from connections.indicators.definitions import INDICATORS, as_released
from connections.indicators.quarters import name_quarter
from connections.reports import beside, charts, reading
from connections.reports.content import make_point
from connections.reports.forms import CompareForm, find_areas, split_codes
from connections.reports.sentences import parts_note
from connections.reports.views.areas import find_by_postcode, release_or_404
from connections.reports.vocabulary import Comparator
from connections.reports.wording import period_in_words
from places.models import Area

MOST = 12
"""Columns that still read as a table (a judgement); more is a portfolio report."""


@login_not_required
@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Figures by which areas may be compared, for the areas in the address, A–Z."""
    form = CompareForm(request.GET)
    if not form.is_valid():
        return render(request, "reports/compare.html", {"form": form}, status=400)
    release = release_or_404(form.cleaned_data["release"])
    problem = ""
    areas: list[Area] = []
    try:
        areas = find_areas(release, split_codes(request.GET.getlist("area"))[: MOST + 1])
    except ValidationError as error:
        problem = error.messages[0]
    is_full = len(areas) >= MOST
    areas = areas[:MOST]
    words = form.cleaned_data["q"].strip()
    found = (
        [
            area
            for area in [
                *find_by_postcode(release, words),
                *reading.list_areas(release, words),
            ]
            if area not in areas
        ][:20]
        if words
        else []
    )
    around = [] if is_full else [area for area in reading.list_holders(areas) if area not in areas]
    codes = [code for code, item in INDICATORS.items() if item.is_comparable]
    cells = reading.read_cells(release, areas, codes)
    wants_alike = Comparator.SIMILAR.value in request.GET.getlist("beside")
    alike = beside.find_alike(release, areas, codes) if wants_alike else {}
    rows = []
    for code in codes:
        line = [cells[area.pk, code] for area in areas]
        if not any(cell.figure for cell in line):
            continue
        indicator = as_released(code, release.parameters)
        rows.append(
            {
                "indicator": indicator,
                "cells": [(cell, alike.get((cell.area.pk, code))) for cell in line],
                "chart": charts.draw_ranges(
                    [make_point(cell.area.name, cell) for cell in line], str(indicator.name)
                )
                if len(line) > 1
                else "",
            }
        )
    return render(
        request,
        "reports/compare.html",
        {
            "form": form,
            "release": release,
            "period": name_quarter(release.quarter_id),
            "season": period_in_words(release.quarter_id),
            "periods": [name_quarter(item.quarter_id) for item in reading.list_releases()],
            "areas": areas,
            "rows": rows,
            "found": found,
            "around": around,
            "wants_alike": wants_alike,
            "lacks_alike": wants_alike and not alike,
            "beside": "&beside=similar" if wants_alike else "",
            "words": words,
            "is_full": is_full,
            "problem": problem,
            "note": parts_note(),
        },
        status=400 if problem else 200,
    )
