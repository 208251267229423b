from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connections.reports.benchmarks import COLUMNS, import_benchmarks
from places.models import Geography


class Command(BaseCommand):
    help = (
        "Load figures of surveys by others (for example the Scottish Household Survey for a "
        f"council) from CSV with the columns {', '.join(COLUMNS)}."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--geography", help="short name; the current one without")

    def handle(self, *_args: Any, **options: Any) -> None:
        asked = {"slug": options["geography"]} if options["geography"] else {"is_current": True}
        try:
            geography = Geography.objects.get(**asked)
        except Geography.DoesNotExist as error:
            raise CommandError("No such geography: load its areas first.") from error
        try:
            with options["file"].open(encoding="utf-8-sig", newline="") as lines:
                loaded = import_benchmarks(geography, lines)
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        for problem in loaded.rejected:
            self.stderr.write(f"row {problem}")
        self.stdout.write(
            f"{loaded.new} new, {loaded.changed} changed, {loaded.same} as they were, "
            f"{len(loaded.rejected)} rejected"
        )
