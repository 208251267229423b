"""Makes reports and keeps them: the same question is answered with the same bytes, at once."""

import hashlib
from collections.abc import Callable

from django.core.files.base import ContentFile
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import get_language

from connections.indicators.models import Release
from connections.reports.models import AreaReport
from connections.reports.pdf import comparison_note, method_notes, opening, write_pdf
from connections.reports.reading import Report, read_report
from connections.reports.rules import check_can_report
from connections.reports.table import write_csv
from connections.reports.wording import period_in_words
from kinder.accounts.models import User

# Part of every question: a change of layout or wording makes new reports, never other bytes under
# an old checksum.
LAYOUT_VERSION = "2"


def write_html(report: Report) -> bytes:
    """Return the report as one self-contained page that can be kept and printed."""
    text = render_to_string(
        "reports/report.html",
        {
            "report": report,
            "season": period_in_words(report.release.quarter_id),
            "opening": opening(report),
            "notes": [*comparison_note(report), *report.marks],
            "method_notes": method_notes(report),
        },
    )
    return text.encode()


WRITERS: dict[str, Callable[[Report], bytes]] = {
    AreaReport.Format.HTML: write_html,
    AreaReport.Format.PDF: write_pdf,
    AreaReport.Format.CSV: write_csv,
}


def make_report(
    *, by: User | None, release: Release, area_code: str, file_format: str
) -> AreaReport:
    """Return the report on an area of a published release, made now or kept from before.

    Two askers at once make the same bytes; the unique question keeps one row of them. Raises
    Refused for an unpublished release, Area.DoesNotExist for an unknown area.
    """
    check_can_report(release)
    language = get_language() or "en-gb"
    question = hashlib.sha256(
        "\n".join(
            [LAYOUT_VERSION, str(release.pk), release.watermark, area_code, file_format, language]
        ).encode()
    ).hexdigest()
    kept = AreaReport.objects.filter(question_sha256=question).first()
    if kept is not None and kept.file.storage.exists(str(kept.file.name)):
        return kept
    report = read_report(release, area_code)
    content = WRITERS[file_format](report)
    with transaction.atomic():
        # A file lost from the store is made again under the same row.
        AreaReport.objects.filter(question_sha256=question).delete()
        made = AreaReport(
            release_id=release.pk,
            area_id=report.area.pk,
            format=file_format,
            language=language,
            question_sha256=question,
            content_sha256=hashlib.sha256(content).hexdigest(),
            bytes=len(content),
            requested_by=by,
        )
        made.file.save(f"{question}.{file_format}", ContentFile(content), save=False)
        AreaReport.objects.bulk_create([made], ignore_conflicts=True)
    return AreaReport.objects.get(question_sha256=question)
