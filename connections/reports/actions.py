"""Asks for reports, makes their files and lets go of them: the same question, the same bytes.

The table of files is the queue: a worker takes what waits, one file at a time, and whatever it was
doing when it died waits again. A file is marked ready only when it is whole.
"""

import hashlib
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone, translation

from connections.indicators.models import Release
from connections.reports import reading
from connections.reports.content import Content, list_history, read_content
from connections.reports.delivery import send_when_done
from connections.reports.formats import WRITERS
from connections.reports.formats.bundle import write_zip
from connections.reports.models import AreaReport, ReportFile, ReportRequest
from connections.reports.question import Question
from connections.reports.rules import check_can_report
from connections.reports.vocabulary import Format, Section, State
from connections.reports.voices import fingerprint_voices
from kinder.accounts.models import User
from places.models import Area

logger = logging.getLogger(__name__)

KEPT = timedelta(days=90)
"""A report is kept for a quarter (a judgement): after that it is made again, byte for byte."""
MAX_ATTEMPTS = 3
WAIT_AFTER_FAILURE = timedelta(seconds=20)


def find_basis(question: Question) -> tuple[Release, str, str]:
    """Return the release, the hash of the releases told, and the hash of the voices told.

    Raises NotReleasedError, Area.DoesNotExist, and Refused for a release that is not out.
    """
    releases = reading.list_releases()
    release = reading.find_release(question.period, releases)
    check_can_report(release)
    areas = [reading.find_area(release, code) for code in question.areas]
    told = "\n".join(f"{item.pk} {item.watermark}" for item in list_history(release, releases))
    voices = ""
    if question.has(Section.STORIES) or question.has(Section.DONE):
        voices = fingerprint_voices(release, areas)
    return release, hashlib.sha256(told.encode()).hexdigest(), voices


def is_standing(report: AreaReport) -> bool:
    """Whether all that the report tells may still be told."""
    if report.expires_at <= timezone.now():
        return False
    try:
        release, _told, voices = find_basis(report.asked)
    except (reading.NotReleasedError, Area.DoesNotExist):
        return False
    return release.pk == report.release_id and voices == report.voices_sha256


@transaction.atomic
def ask_report(
    *, by: User | None, question: Question, formats: Iterable[Format], wants_email: bool = False
) -> AreaReport:
    """Return the report that answers `question`, with the files of `formats` made or waiting.

    Two who ask the same share one report. Raises as `find_basis`.
    """
    release, told, voices = find_basis(question)
    asked = question.fingerprint(f"{told} {voices}")
    now = timezone.now()
    # A row that somebody else is just writing is waited for by the unique key.
    AreaReport.objects.bulk_create(
        [
            AreaReport(
                release_id=release.pk,
                question=question.as_data(),
                question_sha256=asked,
                voices_sha256=voices,
                expires_at=now + KEPT,
            )
        ],
        ignore_conflicts=True,
    )
    report = AreaReport.objects.select_for_update(no_key=True).get(question_sha256=asked)
    report.expires_at = now + KEPT
    report.save(update_fields=["expires_at"])
    ReportFile.objects.bulk_create(
        [ReportFile(report=report, format=item) for item in formats], ignore_conflicts=True
    )
    # What failed or was stopped before is tried again by whoever asks again.
    report.files.filter(format__in=list(formats), state__in=[State.FAILED, State.CANCELLED]).update(
        state=State.WAITING, attempts=0, due_at=now, asked_at=now
    )
    if by is not None:
        ReportRequest.objects.update_or_create(
            user=by, report=report, defaults={"wants_email": wants_email}
        )
        if wants_email:
            # What is kept is ready already: no worker comes by to write the letter.
            transaction.on_commit(lambda: send_when_done(report))
    return report


@transaction.atomic
def cancel_report(*, by: User | None, report: AreaReport) -> int:
    """Stop the files that nobody has begun; return how many. What is ready stays.

    A report is shared by all who asked the same: while somebody else waits for it, it goes on.
    """
    if by is not None:
        report.requests.filter(user=by).update(wants_email=False)
    if report.requests.exclude(user=by).exists():
        return 0
    return report.files.filter(state=State.WAITING).update(
        state=State.CANCELLED, finished_at=timezone.now()
    )


def make_file(*, report: AreaReport, file_format: Format) -> ReportFile:
    """Return one file of a report, made now where it is not kept: for small questions, at once."""
    with transaction.atomic():
        wanted = report.files.select_for_update().get(format=file_format)
        if is_kept(wanted):
            return wanted
        _write_file(wanted, read_in_language(report.asked))
    return wanted


def is_kept(made: ReportFile) -> bool:
    """Whether the file is ready and still in the store."""
    return made.state == State.READY and made.file.storage.exists(str(made.file.name))


def read_in_language(question: Question) -> Content:
    """Return `read_content` in the language that the report is asked for in."""
    with translation.override(question.language):
        return read_content(question)


def _write_file(wanted: ReportFile, content: Content) -> None:
    """Make the bytes, keep them, and only then call the file ready."""
    file_format = Format(wanted.format)
    with translation.override(content.question.language):
        if file_format is Format.ZIP:
            made = _read_made(wanted.report)
            written = write_zip(content, made)
        else:
            written = WRITERS[file_format](content)
    wanted.content_sha256 = hashlib.sha256(written).hexdigest()
    wanted.bytes = len(written)
    wanted.state = State.READY
    wanted.finished_at = timezone.now()
    name = f"{wanted.report.question_sha256}.{file_format.value}"
    if wanted.file:
        wanted.file.delete(save=False)
    wanted.file.save(name, ContentFile(written), save=False)
    wanted.save()


def _read_made(report: AreaReport) -> dict[Format, bytes]:
    made = {}
    for item in report.files.filter(state=State.READY).exclude(format=Format.ZIP):
        if is_kept(item):
            with item.file.open("rb") as opened:
                made[Format(item.format)] = opened.read()
    return made


def make_next(now: datetime | None = None, kept: dict[str, Content] | None = None) -> bool:
    """Make one waiting file, the longest waiting first; False where none waits.

    `kept` holds the content of the report made last, so that its other files read nothing anew.
    The archive comes after the other files of its report, of which it is made. The row stays
    locked while the file is made: a worker that dies lets go of it, and another takes it up.
    """
    now = now or timezone.now()
    with transaction.atomic():
        others = ReportFile.objects.filter(report=OuterRef("report"), state=State.WAITING).exclude(
            format=Format.ZIP
        )
        wanted = (
            ReportFile.objects.filter(state=State.WAITING, due_at__lte=now)
            .exclude(Q(format=Format.ZIP) & Exists(others))
            .order_by("asked_at", "pk")
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("report")
            .first()
        )
        if wanted is None:
            return False
        try:
            with transaction.atomic():
                _write_file(wanted, _read_once(wanted.report, kept))
        except Exception:
            # Whatever went wrong, the queue goes on; the reader sees that it did not work.
            logger.exception("A file of a report could not be made: %s", wanted.pk)
            _give_back(wanted, now)
    send_when_done(wanted.report)
    return True


def _read_once(report: AreaReport, kept: dict[str, Content] | None) -> Content:
    key = report.question_sha256
    if kept is not None and key in kept:
        return kept[key]
    content = read_in_language(report.asked)
    if kept is not None:
        kept.clear()
        kept[key] = content
    return content


def _give_back(wanted: ReportFile, now: datetime) -> None:
    fresh = ReportFile.objects.get(pk=wanted.pk)
    fresh.attempts += 1
    fresh.due_at = now + WAIT_AFTER_FAILURE * fresh.attempts
    if fresh.attempts >= MAX_ATTEMPTS:
        fresh.state, fresh.finished_at = State.FAILED, now
    fresh.save(update_fields=["attempts", "due_at", "state", "finished_at"])


def forget_reports(now: datetime | None = None, *, is_dry_run: bool = False) -> int:
    """Delete reports that have expired, or that tell what may be told no more; return how many."""
    now = now or timezone.now()
    gone = [
        report
        for report in AreaReport.objects.iterator(chunk_size=200)
        if report.expires_at <= now or not is_standing(report)
    ]
    if is_dry_run:
        return len(gone)
    for report in gone:
        for item in report.files.all():
            if item.file:
                item.file.delete(save=False)
        report.delete()
    return len(gone)
