"""A report as one web page that can be kept, sent and printed: nothing is fetched by it."""

from typing import Any

from django.template.loader import render_to_string

from connections.reports import charts, sentences
from connections.reports.content import AreaContent, Content


def page_context(content: Content) -> dict[str, Any]:
    """Return what the templates of a report ask for: page and file show the same."""
    return {
        "content": content,
        "sections": {section.value for section in content.question.sections},
        "opening": sentences.opening(),
        "parts_note": sentences.parts_note(),
        "areas": [area_context(content, area) for area in content.areas],
    }


def area_context(content: Content, area: AreaContent) -> dict[str, Any]:
    """Return one area with its sentences and the borders that its maps are drawn from."""
    report = area.report
    return {
        "area": area.area,
        "report": report,
        "domains": area.domains,
        "voices": area.voices,
        "answers": [(heard, area.voices.answers_to(heard)) for heard in area.voices.heard],
        "subtitle": sentences.subtitle(report),
        "published": sentences.published_line(report.release, report.period),
        "board": sentences.board_paragraph(content, area),
        "notes": [*sentences.comparison_note(report), *report.marks],
        "method_notes": sentences.method_notes(report),
        "shapes": charts.draw_shapes(area.outlines)
        if area.outlines and any(block.map for block in area.figures)
        else "",
        "inequalities": area.inequalities,
        "inequality_table": area.inequality_table,
        "analyst_table": area.analyst_table,
        "clusters": area.clusters,
    }


def write_html(content: Content) -> bytes:
    """Return the report as one self-contained page that can be kept and printed."""
    context = page_context(content) | {
        "opening": [*sentences.opening(), *sentences.translation_note()],
    }
    return render_to_string("reports/report.html", context).encode()
