"""What the import commands share: file, trial, report of rows, summary."""

import codecs
import os
import signal
import socket
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from places.exchange.batches import ImportRefusedError, Run, open_run
from places.exchange.models import ImportIssue
from places.exchange.progress import Progress
from places.models import Geography

# As many rows are shown one by one; more are counted by their reason.
FEW = 25
STOPPED_BY_HAND = 130


class ImportCommand(BaseCommand):
    """A command that imports one file: a second run changes nothing; Ctrl-C leaves nothing half
    done."""

    what = ""
    is_csv = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="the file to import")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would happen and change nothing"
        )
        parser.add_argument(
            "--report", type=Path, help="write mended and rejected rows to this CSV file"
        )
        if self.is_csv:
            parser.add_argument(
                "--encoding", default="", help="of the file's text, for example cp1252; else UTF-8"
            )

    def run_import(self, run: Run, options: dict[str, Any]) -> None:
        """Import the run's file."""
        raise CommandError(f"{type(self).__module__} does not say how it imports.")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        _check_path(path)
        _check_encoding(options.get("encoding", ""))
        started = time.monotonic()
        with _open_report(options["report"]) as report:
            run = self._run(path, options)
            if report is not None:
                run.write_issues(report)
        try:
            self._summarise(run, time.monotonic() - started, options["report"])
            self.stdout.flush()
        except BrokenPipeError:
            # Whoever read has seen enough; nothing is left to be flushed at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _run(self, path: Path, options: dict[str, Any]) -> Run:
        is_dry_run = options["dry_run"]
        try:
            with (
                _stop_at_once(),
                open_run(
                    self.what, path, is_dry_run=is_dry_run, progress=Progress(sys.stderr)
                ) as run,
            ):
                self.run_import(run, options)
        except ImportRefusedError as error:
            raise CommandError(f"{error} Nothing was changed.") from error
        except KeyboardInterrupt as error:
            raise CommandError(
                "Stopped. Nothing was changed.", returncode=STOPPED_BY_HAND
            ) from error
        return run

    def _summarise(self, run: Run, seconds: float, report: Path | None) -> None:
        trial = "Trial only, nothing was changed. " if run.is_dry_run else ""
        self.stdout.write(
            f"{trial}{run.path.name}: {run.created:,} new, {run.changed:,} changed, "
            f"{run.unchanged:,} as before, {run.mended:,} mended, {run.rejected:,} rejected "
            f"({seconds:.1f} s)"
        )
        for remark in run.remarks:
            self.stdout.write(f"  {remark}")
        for line in describe_issues(run.issues):
            self.stdout.write(f"  {line}")
        if len(run.issues) > FEW and report is None:
            self.stdout.write("  --report FILE.csv lists them one by one.")


def describe_issues(issues: list[ImportIssue]) -> list[str]:
    """Return lines for a terminal: each row where they are few, else their reasons, counted."""
    if len(issues) <= FEW:
        ordered = sorted(issues, key=lambda issue: issue.row)
        return [f"{_outcome(issue)} {_locate(issue)}: {issue.reason}" for issue in ordered]
    groups: dict[tuple[str, str], list[ImportIssue]] = {}
    for issue in issues:
        reason = issue.reason.partition(": ")[0]
        groups.setdefault((_outcome(issue), reason), []).append(issue)
    return [
        f"{outcome} {len(group):,}: {reason} (first: {_locate(group[0])}"
        f"{_detail(group[0], reason)})"
        for (outcome, reason), group in sorted(groups.items(), key=lambda item: -len(item[1]))
    ]


def _outcome(issue: ImportIssue) -> str:
    return "rejected" if issue.is_rejected else "mended"


def _locate(issue: ImportIssue) -> str:
    return f"row {issue.row} {issue.reference}".rstrip()


def _detail(issue: ImportIssue, reason: str) -> str:
    detail = issue.reason.removeprefix(reason).removeprefix(": ")
    return f", {detail}" if detail else ""


def _check_path(path: Path) -> None:
    if path.is_dir():
        raise CommandError(f"{path} is a folder: name the file in it.")
    if not path.is_file():
        raise CommandError(f"There is no file {path}.")


def _check_encoding(encoding: str) -> None:
    try:
        codecs.lookup(encoding or "utf-8")
    except LookupError as error:
        raise CommandError(f"There is no encoding “{encoding}”: try cp1252 or latin-1.") from error


@contextmanager
def _open_report(path: Path | None) -> Iterator[Any]:
    """Open the report before the import: a folder that is not there is told at once."""
    if path is None:
        yield None
        return
    try:
        file = path.open("w", newline="", encoding="utf-8-sig")
    except OSError as error:
        raise CommandError(f"The report {path} cannot be written: {error.strerror}.") from error
    with file:
        yield file


@contextmanager
def _stop_at_once() -> Iterator[None]:
    """Let Ctrl-C end a statement that the database works on, instead of waiting for its end.

    Python hears a signal only between two statements, but writes it to a wake-up socket at once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    connection.ensure_connection()
    driver = connection.connection
    ear, mouth = socket.socketpair()
    mouth.setblocking(False)

    def listen() -> None:
        with ear:
            while number := ear.recv(1):
                if number[0] == signal.SIGINT:
                    # Where there is nothing to cancel any more, all is well.
                    with suppress(Exception):
                        driver.cancel()

    before = signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=listen, daemon=True).start()
    try:
        yield
    except DatabaseError as error:
        if "canceling statement due to user request" in str(error):
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.set_wakeup_fd(before)
        mouth.close()


def find_geography(slug: str) -> Geography:
    """Return the vintage named by `slug`, the current one where empty; CommandError if none."""
    found = (
        Geography.objects.filter(slug=slug) if slug else Geography.objects.filter(is_current=True)
    ).first()
    if found is None:
        names = ", ".join(Geography.objects.values_list("slug", flat=True)) or "none is loaded"
        raise ImportRefusedError(
            f"There is no geography “{slug or 'in use'}” ({names}): import_areas makes one."
        )
    return found


def add_geography(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--geography", default="", help="short name of the vintage; the one in use by default"
    )
