"""A report as PDF/UA-1 by Typst: the compiler refuses what a screen reader could not read."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from connections.reports import sentences
from connections.reports.content import AreaContent, Content, FigureBlock, Table
from connections.reports.vocabulary import Section
from connections.reports.voices import Voices
from connections.reports.wording import LICENCE, month_in_words
from kinder.printing import compile_typst

TEMPLATE = Path(__file__).with_name("report.typ")
ACROSS = 5
"""Figures side by side on paper: the head of a table with more cannot be read."""
HIGHLIGHTS = 4
"""Figures on the front page, beside the paragraph to copy (a judgement)."""


def write_pdf(content: Content) -> bytes:
    """Return the report as a tagged PDF; equal reports give equal bytes."""
    published = content.release.published_at or content.release.created_at
    return compile_typst(
        TEMPLATE,
        isolate(collect(content)) if get_language_bidi() else collect(content),
        timestamp=int(published.timestamp()),
        format="pdf",
        pdf_standards="ua-1",
    )


# Latin words with what stands between them, and codes such as 2026-Q1; else a comma between words.
_LATIN = re.compile(r"(\d{4}-Q\d|[A-Za-z](?:[\w ,;:.'’&/()%+?–-]*[\w).!?])?)|,(?= )", re.ASCII)
NOT_READ = {
    "svg", "title", "author", "description", "language", "region", "sections", "addresses",
}  # fmt: skip


def isolate(told: Any) -> Any:
    """Return texts of a right-to-left report with each run of Latin letters held together by
    Unicode's isolates, so that brackets and hyphens of names and codes stay where they belong, and
    with the script's own comma between words."""
    if isinstance(told, str):
        return _LATIN.sub(lambda run: f"\u2066{run[1]}\u2069" if run[1] else "،", told)
    if isinstance(told, dict):
        return {key: one if key in NOT_READ else isolate(one) for key, one in told.items()}
    if isinstance(told, (list, tuple)):
        return [isolate(one) for one in told]
    return told


def collect(content: Content) -> dict[str, Any]:
    """Return every text and drawing of the PDF, worded, in the order in which it stands there."""
    published = content.release.published_at or content.release.created_at
    language, _dash, region = content.question.language.partition("-")
    return {
        "title": _("%(area)s: kindness and places to meet, %(period)s")
        % {"area": content.title, "period": content.season},
        "author": str(settings.SITE_NAME),
        "description": _("Released figures with intervals, caveats and method."),
        "published": [published.year, published.month, published.day],
        "language": language,
        "region": region.upper() or None,
        "heading": content.title,
        "season": content.season,
        "footer": _("%(area)s · release %(release)s v%(version)s · not a target or a ranking")
        % {
            "area": content.title,
            "release": content.first.report.period,
            "version": content.release.version,
        },
        "opening": [*sentences.opening(), *sentences.translation_note()],
        # The only ones that become links: whatever people write stays words.
        "addresses": [LICENCE.url],
        "sections": [section.value for section in content.question.sections],
        "areas": [_collect_area(content, area) for area in content.areas],
        "portfolio": _split_table(content.portfolio),
        "method": sentences.method_notes(content.first.report),
        "words": _words(),
    }


def _words() -> dict[str, str]:
    return {
        "page": _("Page"),
        "contents": _("In this report"),
        "figures": _("The figures"),
        "meaning": _("What each figure means"),
        "cannot_tell": _("What this cannot tell"),
        "parts": _("Within the area"),
        "parts_note": sentences.parts_note(),
        "method": _("How this was made"),
        "board": _("To copy into a paper"),
        "stories": _("Stories"),
        "stories_note": _(
            "Told by people who live here. Each author approved the wording and agreed to it "
            "being shared."
        ),
        "done": _("What was heard, and what was done since"),
        "nothing_done": _("Nothing is told of it yet."),
        "hidden": _("Not shown"),
        "inequality": _("Figures by deprivation"),
        "analysts": _("For analysts"),
        "quarters": _("Quarter by quarter"),
        "side_by_side": _("Areas side by side"),
    }


def _collect_area(content: Content, area: AreaContent) -> dict[str, Any]:
    report = area.report
    holders = report.holders
    wants_analysts = content.has(Section.ANALYSTS)
    return {
        "name": report.area.name,
        "subtitle": sentences.subtitle(report),
        "board": sentences.board_paragraph(content, area),
        "highlights": _choose_highlights(area),
        "figures": {
            "caption": _("Figures for %(area)s beside the areas around it")
            % {"area": report.area.name},
            "head": [
                _("Figure"),
                report.area.name,
                _("Range"),
                _("People"),
                *[holder.name for holder in holders],
            ],
            "rows": [
                [
                    f"{line.indicator.name} ({line.indicator.unit.label})",
                    line.cell.value,
                    line.cell.interval or "–",
                    line.cell.people_read or "–",
                    *([cell.value for cell in line.comparators] or ["–"] * len(holders)),
                ]
                for line in report.lines
            ],
        },
        "notes": [*sentences.comparison_note(report), *report.marks],
        "domains": [
            {
                "name": str(domain.group.label),
                "figures": [
                    _collect_figure(block) for block in domain.figures if not _is_passed_over(block)
                ],
                "hidden": _name_hidden(domain.figures),
            }
            for domain in area.domains
        ],
        "inequality": [row.reading for row in area.inequalities],
        "inequality_table": _collect_table(area.inequality_table),
        "analyst_table": _collect_table(area.analyst_table) if wants_analysts else None,
        "clusters": area.clusters,
        "quarters": [_collect_table(table) for table in area.quarter_tables],
        "parts": _split_table(
            Table(
                caption=_("Figures for the areas within %(area)s") % {"area": report.area.name},
                head=[_("Area"), *[f"{i.name} ({i.unit.label})" for i in report.comparable]],
                rows=[
                    [part.area.name, *[cell.value for cell in part.cells]] for part in report.parts
                ],
            )
        ),
        **_collect_voices(area.voices),
    }


def _choose_highlights(area: AreaContent) -> list[dict[str, str]]:
    """Return the first figure shown of each family, the community's own first: the front page."""
    chosen = (
        next(
            (b.cell for b in domain.figures if b.cell.reading and not b.indicator.is_variant),
            None,
        )
        for domain in area.domains
    )
    told = [{"value": cell.value, "reading": cell.reading} for cell in chosen if cell]
    return told[:HIGHLIGHTS]


def _is_passed_over(block: FigureBlock) -> bool:
    """Whether a figure says no more than that it is not shown: a variant, without a neighbour's."""
    return block.indicator.is_variant and not block.cell.is_shown and not block.ranges


def _name_hidden(blocks: Sequence[FigureBlock]) -> str:
    names: list[str] = []
    family = ""
    for name in (str(block.indicator.name) for block in blocks if _is_passed_over(block)):
        # "Barriers felt: no time; money was tight": what they share is said once.
        names.append(name.removeprefix(f"{family}: "))
        family = name.partition(": ")[0]
    return _("Not shown: %(names)s.") % {"names": "; ".join(names)} if names else ""


def _collect_voices(voices: Voices) -> dict[str, Any]:
    return {
        "stories": [
            {"text": story.text, "where": f"{story.area.name}, {month_in_words(story.month_on)}"}
            for story in voices.stories
        ],
        "heard": [
            {
                "text": heard.text,
                "where": f"{heard.area.name}, {month_in_words(heard.month_on)}",
                "done": [
                    " · ".join(filter(None, (item.text, item.organisation)))
                    for item in voices.answers_to(heard)
                ],
            }
            for heard in voices.heard
        ],
    }


def _collect_figure(block: FigureBlock) -> dict[str, Any]:
    indicator, cell = block.indicator, block.cell
    return {
        "name": str(indicator.name),
        "reading": cell.told,
        "question": str(indicator.question),
        "notes": [*cell.notes, *block.changes, *block.benchmarks],
        "caveat": str(indicator.caveat),
        "cannot_tell": str(indicator.cannot_tell),
        "formula": _("How it is made: %(formula)s") % {"formula": str(indicator.formula)},
        # Their tables stand elsewhere: the figures beside other areas, and quarter by quarter.
        "charts": [
            {"svg": chart.svg, "name": chart.name} for chart in (block.ranges, block.trend) if chart
        ],
        "map": {
            "svg": block.map.drawn_alone,
            "name": block.map.name,
            "legend": block.map.legend,
            "has_hidden": block.map.has_hidden,
        }
        if block.map
        else None,
    }


def _collect_table(table: Table | None) -> dict[str, Any] | None:
    if table is None:
        return None
    return {"caption": table.caption, "head": table.head, "rows": table.rows}


def _split_table(table: Table | None) -> list[dict[str, Any]]:
    """Return a wide table as several that a page can hold, each with the names of its rows; without
    the columns in which no area has a figure."""
    if table is None or not table.rows:
        return []
    held = [at for at in range(1, len(table.head)) if any(row[at] != "–" for row in table.rows)]
    count = max(1, -(-len(held) // ACROSS))
    each = -(-len(held) // count) if held else 0
    return [
        {
            "caption": table.caption,
            "head": [table.head[at] for at in (0, *some)],
            "rows": [[row[at] for at in (0, *some)] for row in table.rows],
        }
        for some in (held[start * each : (start + 1) * each] for start in range(count))
    ]
