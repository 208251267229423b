"""One run of an import: a trial changes nothing, a rejected row never stops the rest, and every
row that was mended or turned away is kept with its reason."""

import csv
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from kinder.accounts.models import User
from places.exchange.models import ImportBatch, ImportIssue


class ImportRefusedError(Exception):
    """The file as a whole cannot be imported; the message says why, and the mend."""


class Run:
    """Counts and issues of an import while it runs; `save` writes them as an ImportBatch."""

    def __init__(self, what: str, path: Path, *, is_dry_run: bool, by: User | None = None) -> None:
        self.what = what
        self.path = path
        self.is_dry_run = is_dry_run
        self.by = by
        self.started_at = timezone.now()
        self.created = 0
        self.changed = 0
        self.unchanged = 0
        # Places that lie in no loaded area.
        self.outside = 0
        self.issues: list[ImportIssue] = []

    @property
    def rejected(self) -> int:
        return sum(issue.is_rejected for issue in self.issues)

    @property
    def mended(self) -> int:
        return len(self.issues) - self.rejected

    def reject(self, row: int, reference: str, reason: str) -> None:
        """Note that a row is left out. Rows are counted from 1, without the heading."""
        self._note(row, reference, reason, is_rejected=True)

    def mend(self, row: int, reference: str, reason: str) -> None:
        """Note that a row came in, but not as it stood in the file."""
        self._note(row, reference, reason, is_rejected=False)

    def _note(self, row: int, reference: str, reason: str, *, is_rejected: bool) -> None:
        self.issues.append(
            ImportIssue(
                row=row, reference=reference[:120], reason=reason[:240], is_rejected=is_rejected
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
            source=self.path.name[:240],
            source_sha256=hash_file(self.path),
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

    def write_issues(self, path: Path) -> None:
        """Write what was mended or rejected as CSV, for whoever looks after the file."""
        with path.open("w", newline="", encoding="utf-8-sig") as out:
            writer = csv.writer(out)
            writer.writerow(["row", "reference", "outcome", "reason"])
            for issue in sorted(self.issues, key=lambda issue: issue.row):
                outcome = "rejected" if issue.is_rejected else "mended"
                writer.writerow([issue.row, issue.reference, outcome, issue.reason])


@contextmanager
def open_run(
    what: str, path: Path, *, is_dry_run: bool = False, by: User | None = None
) -> Iterator[Run]:
    """Run an import in one transaction: all of it or, on an error or in a trial, nothing.

    The batch itself is kept in every case.
    """
    run = Run(what, path, is_dry_run=is_dry_run, by=by)
    try:
        with transaction.atomic():
            yield run
            if is_dry_run:
                transaction.set_rollback(True)
    except BaseException:
        run.save(ImportBatch.State.FAILED)
        raise
    run.save(ImportBatch.State.DONE)


def hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_rows(table: str, columns: list[str], lines: Iterable[str]) -> None:
    """Load text rows by COPY: tab-separated, as `copy_line` writes them."""
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", _Lines(lines))


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_line(values: Iterable[object | None]) -> str:
    """Return one row in COPY's text format; None is NULL."""
    return (
        "\t".join(
            "\\N" if value is None else str(value).replace("\x00", "").translate(_ESCAPES)
            for value in values
        )
        + "\n"
    )


class _Lines:
    """A readable file over an iterable: COPY streams, and no file of the country is held twice."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._rest = ""

    def read(self, size: int = -1) -> str:
        parts = [self._rest]
        length = len(self._rest)
        while size < 0 or length < size:
            line = next(self._lines, None)
            if line is None:
                break
            parts.append(line)
            length += len(line)
        text = "".join(parts)
        if size < 0:
            self._rest = ""
            return text
        self._rest = text[size:]
        return text[:size]
