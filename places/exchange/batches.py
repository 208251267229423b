"""One run of an import: a trial changes nothing, a rejected row never stops the rest, and every
row that was mended or turned away is kept with its reason."""

import csv
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from kinder.accounts.models import User
from places.exchange.models import ImportBatch, ImportIssue
from places.exchange.progress import Progress

# Imports wait for each other: two at once would rebuild the same tree of areas.
_ONE_AT_A_TIME = 7_001


class ImportRefusedError(Exception):
    """The file as a whole cannot be imported; the message says why, and the mend."""


class Run:
    """Counts and issues of an import while it runs; `save` writes them as an ImportBatch."""

    def __init__(
        self,
        what: str,
        path: Path,
        *,
        is_dry_run: bool = False,
        by: User | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.what = what
        self.path = path
        self.is_dry_run = is_dry_run
        self.by = by
        self.progress = progress or Progress()
        self.started_at = timezone.now()
        self.sha256 = hash_file(path)
        self.created = 0
        self.changed = 0
        self.unchanged = 0
        self.issues: list[ImportIssue] = []
        # What the importer should know of the file as a whole.
        self.remarks: list[str] = []

    @property
    def rejected(self) -> int:
        return sum(issue.is_rejected for issue in self.issues)

    @property
    def mended(self) -> int:
        return len(self.issues) - self.rejected

    @property
    def is_empty(self) -> bool:
        """Tell whether not one row came in, was changed or was there already."""
        return not (self.created or self.changed or self.unchanged)

    def reject(self, row: int, reference: str, reason: str) -> None:
        """Note that a row is left out. Rows are counted from 1, without the heading.

        What is particular to the row follows a colon, so that a summary can count reasons.
        """
        self._note(row, reference, reason, is_rejected=True)

    def mend(self, row: int, reference: str, reason: str) -> None:
        """Note that a row came in, but not as it stood in the file, or that it looks wrong."""
        self._note(row, reference, reason, is_rejected=False)

    def _note(self, row: int, reference: str, reason: str, *, is_rejected: bool) -> None:
        self.issues.append(
            ImportIssue(
                row=row,
                reference=_clean(reference, 120),
                reason=_clean(reason, 240),
                is_rejected=is_rejected,
            )
        )

    def count(self, flags: Iterable[bool | None]) -> None:
        """Count rows as created (True), changed (False) or as they were (None)."""
        for flag in flags:
            if flag is None:
                self.unchanged += 1
            elif flag:
                self.created += 1
            else:
                self.changed += 1

    def save(self, state: str) -> ImportBatch:
        batch = ImportBatch.objects.create(
            what=self.what,
            source=_clean(self.path.name, 240),
            source_sha256=self.sha256,
            is_dry_run=self.is_dry_run,
            state=state,
            by=self.by,
            created=self.created,
            changed=self.changed,
            unchanged=self.unchanged,
            mended=self.mended,
            rejected=self.rejected,
            started_at=self.started_at,
            finished_at=timezone.now(),
        )
        for issue in self.issues:
            issue.batch = batch
        ImportIssue.objects.bulk_create(self.issues, batch_size=5_000)
        return batch

    def write_issues(self, out: TextIO) -> None:
        """Write what was mended or rejected as CSV, for whoever looks after the file."""
        writer = csv.writer(out)
        writer.writerow(["row", "reference", "outcome", "reason"])
        for issue in sorted(self.issues, key=lambda issue: issue.row):
            outcome = "rejected" if issue.is_rejected else "mended"
            writer.writerow([issue.row, guard_cell(issue.reference), outcome, issue.reason])


def guard_cell(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _clean(text: str, length: int) -> str:
    """PostgreSQL takes no NUL; a file's oddities stay readable in one line."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)[:length]


@contextmanager
def open_run(
    what: str,
    path: Path,
    *,
    is_dry_run: bool = False,
    by: User | None = None,
    progress: Progress | None = None,
) -> Iterator[Run]:
    """Run an import in one transaction: all of it or, on an error or in a trial, nothing.

    The batch itself is kept in every case.
    """
    run = Run(what, path, is_dry_run=is_dry_run, by=by, progress=progress)
    try:
        with transaction.atomic():
            _wait_for_others(run)
            yield run
            if is_dry_run:
                transaction.set_rollback(True)
            else:
                run.save(ImportBatch.State.DONE)
        if is_dry_run:
            run.save(ImportBatch.State.DONE)
    except BaseException:
        # Where the database itself is gone, what stopped the import is the error to show.
        with suppress(DatabaseError):
            run.save(ImportBatch.State.FAILED)
        raise


def _wait_for_others(run: Run) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])
        if not cursor.fetchone()[0]:
            with run.progress.step("Waiting for another import to end"):
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file; raises ImportRefusedError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ImportRefusedError(f"{path} cannot be opened: {error.strerror}.") from error
