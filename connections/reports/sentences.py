"""The sentences of a report, worded once for every format."""

from django.conf import settings
from django.utils.timezone import localdate
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from connections.indicators.models import Release
from connections.reports import wording
from connections.reports.content import AreaContent, Content
from connections.reports.reading import Cell, Report
from connections.reports.wording import LICENCE, day_in_words, period_in_words
from kinder.words import is_machine_made


def opening() -> list[str]:
    """Return the sentences that stand before any number."""
    return [
        _(
            "These figures describe what people who took part told us. They are volunteers, not "
            "a random sample. They are not to be used as a target or a condition of a grant."
        ),
        _("Each range covers chance only, not who chose to answer."),
    ]


def translation_note() -> list[str]:
    """Return that a machine translated the words, where nobody has confirmed them; for files: a
    page says so by itself."""
    if not is_machine_made(get_language() or settings.LANGUAGE_CODE):
        return []
    return [_("A machine translated these words. Some may be wrong.")]


def comparison_note(report: Report) -> list[str]:
    """Return why some figures stand beside no other area's, where the report has such."""
    if not report.holders or all(line.indicator.is_comparable for line in report.lines):
        return []
    return [
        _("Where a dash stands, areas cannot be compared: who takes part differs between them.")
    ]


def parts_note() -> str:
    """Return the sentence that stands with areas beside each other: no ranking."""
    return _(
        "In the order of the alphabet. These areas are not ranked: differences within the ranges "
        "are chance."
    )


def subtitle(report: Report) -> str:
    """Return which area, which months and which release, in one line."""
    return _("%(level)s %(code)s · %(period)s · release %(release)s, version %(version)s") % {
        "level": report.area.get_level_display(),
        "code": report.area.code,
        "period": period_in_words(report.release.quarter_id),
        "release": report.period,
        "version": report.release.version,
    }


def published_line(release: Release, period: str) -> str:
    """Return which release a report is made of, and the day on which it came out."""
    return _("Release %(release)s, version %(version)s, published on %(day)s.") % {
        "release": period,
        "version": release.version,
        "day": day_in_words(localdate(release.published_at or release.created_at)),
    }


def method_notes(report: Report) -> list[str]:
    """Return what a reader needs to check or cite the report."""
    release = report.release
    notes = [
        _(
            "Made from release %(release)s, version %(version)s, published on %(day)s; "
            "boundaries: %(geography)s; method version %(method)s."
        )
        % {
            "release": report.period,
            "version": release.version,
            "day": day_in_words(localdate(release.published_at or release.created_at)),
            "geography": release.geography.name,
            "method": release.method_version,
        },
        _("SHA-256 of the frozen rows and their sums: %(sum)s.") % {"sum": release.watermark},
        release.geography.attribution,
        _("The figures may be used again under %(licence)s (%(address)s).")
        % {"licence": LICENCE.name, "address": LICENCE.url},
    ]
    return [note for note in notes if note]


def board_paragraph(content: Content, area: AreaContent) -> str:
    """Return the paragraph to copy into a board paper: what is known, what is not, and the
    conditions. It is made of released cells alone."""
    cells = {block.indicator.code: block.cell for block in area.figures}
    sentences = [_people(content, area, cells.get("A2"), cells.get("A1"))]
    measures = [
        block.cell for block in area.figures if block.indicator.group == "M" and block.cell.is_shown
    ]
    if measures:
        told = "; ".join(
            _("%(name)s: %(value)s") % {"name": cell.indicator.name, "value": cell.value}
            for cell in measures
        )
        sentences.append(_("Residents' own measure: %(told)s.") % {"told": told})
    hard = cells.get("E3")
    if hard and (hard.is_shown or hard.is_bound):
        sentences.append(
            _("Hard for: %(told)s.") % {"told": hard.reading.rstrip(".۔") or hard.value}
        )
    if done := area.voices.responses[:3]:
        sentences.append(
            _("Done since: %(done)s.")
            % {"done": "; ".join(item.text.rstrip(".۔") for item in done)}
        )
    hidden = sorted(
        str(block.indicator.name)
        for block in area.figures
        if not (block.indicator.is_variant or block.cell.is_shown or block.cell.is_bound)
    )
    if hidden:
        sentences.append(_("Not shown: %(names)s.") % {"names": ", ".join(hidden).rstrip(".")})
    sentences.append(
        _(
            "Volunteers, not a random sample. Release %(release)s, version %(version)s. Not to be "
            "used as a target or grant condition."
        )
        % {"release": area.report.period, "version": content.release.version}
    )
    return " ".join(sentences)


def _people(
    content: Content, area: AreaContent, recalled: Cell | None, taking_part: Cell | None
) -> str:
    words = {"area": area.area.name, "season": content.season}
    if recalled and recalled.is_shown:
        words |= {
            "people": recalled.people_read,
            "value": recalled.value,
            "interval": recalled.interval,
            "share": wording.coverage(recalled.figure),
        }
        if words["share"]:
            return (
                _(
                    "In %(area)s, %(season)s, about %(people)s people answered (%(share)s %% of "
                    "the questions asked) and recalled %(value)s kind moments a day (%(interval)s)."
                )
                % words
            )
        return (
            _(
                "In %(area)s, %(season)s, about %(people)s people answered and recalled %(value)s "
                "kind moments a day (%(interval)s)."
            )
            % words
        )
    if taking_part and taking_part.is_shown:
        words["people"] = taking_part.people_read
        return (
            _(
                "In %(area)s, %(season)s, about %(people)s people took part. Too few answered "
                "about an ordinary day to say how many kind moments they recalled."
            )
            % words
        )
    return _("In %(area)s, %(season)s, too few people took part to show how many.") % words
