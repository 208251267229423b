"""What the import commands share: file, trial, report of rows, summary."""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from places.exchange.batches import ImportRefusedError, Run, open_run
from places.models import Geography


class ImportCommand(BaseCommand):
    """A command that imports one file: a second run changes nothing; Ctrl-C leaves nothing half
    done."""

    what = ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="the file to import")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would happen and change nothing"
        )
        parser.add_argument(
            "--report", type=Path, help="write mended and rejected rows to this CSV file"
        )

    def run_import(self, run: Run, path: Path, options: dict[str, Any]) -> None:
        """Import `path` into `run`."""
        raise CommandError(f"{type(self).__module__} says nothing of how it imports.")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        started = time.monotonic()
        try:
            with open_run(self.what, path, is_dry_run=options["dry_run"]) as run:
                self.run_import(run, path, options)
        except ImportRefusedError as error:
            raise CommandError(str(error)) from error
        if options["report"]:
            run.write_issues(options["report"])
        self._summarise(run, time.monotonic() - started, options["report"])

    def _summarise(self, run: Run, seconds: float, report: Path | None) -> None:
        trial = "Trial only, nothing was changed. " if run.is_dry_run else ""
        self.stdout.write(
            f"{trial}{run.path.name}: {run.created:,} new, {run.changed:,} changed, "
            f"{run.unchanged:,} as before, {run.mended:,} mended, {run.rejected:,} rejected "
            f"({seconds:.1f} s)"
        )
        if run.outside:
            self.stdout.write(f"  {run.outside:,} places of the register lie in no loaded area.")
        shown = run.issues if run.mended + run.rejected <= 20 else run.issues[:10]
        for issue in shown:
            outcome = "rejected" if issue.is_rejected else "mended"
            self.stdout.write(f"  row {issue.row} {issue.reference}: {outcome}: {issue.reason}")
        if len(shown) < len(run.issues):
            where = f"all are in {report}" if report else "--report FILE.csv lists all of them"
            self.stdout.write(f"  … and {len(run.issues) - len(shown):,} more: {where}.")


def find_geography(slug: str) -> Geography:
    """Return the vintage named by `slug`, the current one where empty; CommandError if none."""
    found = (
        Geography.objects.filter(slug=slug) if slug else Geography.objects.filter(is_current=True)
    ).first()
    if found is None:
        names = ", ".join(Geography.objects.values_list("slug", flat=True)) or "none is loaded"
        raise CommandError(f"There is no geography “{slug or 'in use'}” ({names}): import_areas.")
    return found


def add_geography(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--geography", default="", help="short name of the vintage; the one in use by default"
    )


def follow(label: str) -> Callable[[int], None]:
    """Return a function that shows progress on a terminal and says nothing in a log."""
    from tqdm import tqdm

    bar = tqdm(desc=label, unit=" rows", unit_scale=True, disable=not sys.stderr.isatty())
    return lambda step: (bar.update(step), None)[1]
