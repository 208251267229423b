import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.management.base import CommandError

from places.exchange import intake
from places.exchange.batches import ImportRefusedError, Run
from places.exchange.commands import ImportCommand
from places.exchange.drafts import FIELDS, guess_columns, read_headings
from places.exchange.extracts import read_features
from places.exchange.models import ImportRow, PlaceImport
from places.exchange.register import import_places
from places.exchange.starts import begin_import
from places.vocabulary import PlaceKind

SHOWN_ROWS = 25


class Command(ImportCommand):
    help = (
        "Import third spaces. Without --format: an OpenStreetMap extract, whole and at once, known"
        " by its ids. With --format: any list, matched with the register as the import pages do."
    )
    what = "places"
    is_csv = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--format", choices=PlaceImport.Format.values, default="")
        parser.add_argument("--name", default="", help="what the list is called; else the file's")
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="FIELD=HEADING",
            help=f"which column is which: {', '.join(FIELDS)}; else guessed by the headings",
        )
        parser.add_argument("--layer", default="", help="of a file that has several")
        parser.add_argument(
            "--kind", choices=PlaceKind.values, default="", help="of rows that say none"
        )
        parser.add_argument(
            "--doubtful",
            choices=("skip", "add", "fill"),
            default="skip",
            help="what becomes of rows that may be a place of the register (default: skip)",
        )
        parser.add_argument(
            "--resume", type=int, metavar="NUMBER", help="go on with an import that was stopped"
        )
        parser.add_argument("--undo", type=int, metavar="NUMBER", help="take an import back")

    def run_import(self, run: Run, options: dict[str, Any]) -> None:
        import_places(run, read_features(run))

    def handle(self, *args: Any, **options: Any) -> None:
        if not (options["format"] or options["resume"] or options["undo"]):
            super().handle(*args, **options)
            return
        if options["undo"]:
            job = self._find(options["undo"])
            intake.undo_import(by=None, job=job)
        elif options["resume"]:
            job = self._find(options["resume"])
        else:
            job = self._begin(options["path"], options)
        self._work(job)
        if job.state == PlaceImport.State.LOOKING and not options["undo"]:
            self._decide(job, options)
        self._tell(job)

    def _find(self, number: int) -> PlaceImport:
        job = PlaceImport.objects.filter(pk=number).first()
        if job is None:
            raise CommandError(f"There is no import {number}.")
        return job

    def _begin(self, path: Path, options: dict[str, Any]) -> PlaceImport:
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        told: dict[str, Any] = {name: options[name] for name in ("kind", "encoding", "layer")}
        if options["format"] in (PlaceImport.Format.CSV, PlaceImport.Format.LAYER):
            told["columns"] = self._columns(path, options)
        with path.open("rb") as file:
            job = begin_import(
                by=None,
                file_format=options["format"],
                name=options["name"] or path.stem,
                file=File(file, name=path.name),
                options=told,
            )
        self.stdout.write(f"Import {job.pk}: {path.name}")
        return job

    def _columns(self, path: Path, options: dict[str, Any]) -> dict[str, str]:
        try:
            headings, _sample = read_headings(
                path, options["format"], encoding=options["encoding"], layer=options["layer"]
            )
        except ImportRefusedError as error:
            raise CommandError(str(error)) from error
        columns = guess_columns(headings)
        for pair in options["column"]:
            name, _equals, heading = pair.partition("=")
            if name not in FIELDS or heading not in headings:
                known = ", ".join(headings)
                raise CommandError(f"{pair}: write FIELD=HEADING with one of {known}.")
            columns[name] = heading
        if "name" not in columns:
            raise CommandError(f"Say which is the name: --column name=HEADING, one of {headings}.")
        return columns

    def _work(self, job: PlaceImport) -> None:
        def tell(at: PlaceImport) -> None:
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{at.get_state_display()}: {at.done:,} / {at.total:,} ")

        if job.state in intake.WORKING or not job.pk:
            intake.advance(job.pk, on_step=tell)
        job.refresh_from_db()
        if job.state in intake.WORKING:
            intake.advance(job.pk, on_step=tell)
            job.refresh_from_db()

    def _decide(self, job: PlaceImport, options: dict[str, Any]) -> None:
        doubtful = job.rows.filter(problem="", decision="", outcome="")
        if options["doubtful"] != "skip":
            doubtful.update(decision=ImportRow.Decision(options["doubtful"]))
        if options["dry_run"]:
            return
        intake.apply_import(by=None, job=job)
        job.refresh_from_db()
        self._work(job)

    def _tell(self, job: PlaceImport) -> None:
        counts = intake.count_rows(job)
        if job.state == PlaceImport.State.FAILED:
            raise CommandError(f"{job.problem} Nothing was changed.")
        self.stdout.write(f"Import {job.pk}: {job.get_state_display()}")
        told = ", ".join(
            f"{counts[name]:,} {words}"
            for name, words in (
                ("total", "rows"),
                ("wrong", "wrong"),
                ("undecided", "doubtful"),
                ("to_add", "to add"),
                ("to_merge", "in the register already"),
                ("added", "added"),
                ("changed", "changed"),
                ("same", "as before"),
                ("undone", "taken back"),
                ("kept", "kept, edited since"),
            )
            if counts[name] or name == "total"
        )
        self.stdout.write(f"  {told}")
        for row in job.rows.exclude(problem="").order_by("number")[:SHOWN_ROWS]:
            name = row.facts.get("name", "")
            self.stdout.write(f"  row {row.number} {name}: {row.problem}")
        if job.state == PlaceImport.State.LOOKING:
            self.stdout.write(
                f"Nothing was written. --resume {job.pk} writes it; --doubtful says what becomes of"
                " what is not sure."
            )
