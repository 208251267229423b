from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from places.exchange.batches import Run
from places.exchange.commands import ImportCommand, add_geography, find_geography
from places.exchange.people import PopulationColumns, import_populations


class Command(ImportCommand):
    help = "Import the residents of one year, by area code, from CSV."
    what = "populations"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        add_geography(parser)
        parser.add_argument("--year", type=int, required=True)
        parser.add_argument("--source", default="", help="whom to credit; the file's name if none")
        parser.add_argument("--code", required=True, help="column of the area's code")
        parser.add_argument("--residents", required=True, help="column of all residents")
        adults = parser.add_mutually_exclusive_group()
        adults.add_argument("--adults", default="", help="column of residents aged 16 or more")
        adults.add_argument(
            "--ages", action="store_true", help="add up columns of single ages from 16 on"
        )
        adults.add_argument(
            "--adults-share", type=float, help="share of residents aged 16 or more, e.g. 0.83"
        )
        parser.add_argument("--easting", default="", help="column of the people's centre, east")
        parser.add_argument("--northing", default="", help="column of the people's centre, north")
        parser.add_argument(
            "--only", action="append", default=[], metavar="COLUMN=VALUE", help="keep such rows"
        )

    def run_import(self, run: Run, options: dict[str, Any]) -> None:
        if options["year"] not in range(1801, 2200):
            raise CommandError("--year is a year such as 2021.")
        share = options["adults_share"]
        if share is not None and not 0 < share <= 1:
            raise CommandError("--adults-share lies between 0 and 1, for example 0.83.")
        if any("=" not in only for only in options["only"]):
            raise CommandError("--only takes COLUMN=VALUE, for example sex=All.")
        source = options["source"] or run.path.name
        if share is not None:
            source += f" (adults taken as {share:.0%} of residents)"
        columns = PopulationColumns(
            code=options["code"],
            residents=options["residents"],
            adults=options["adults"],
            has_ages=options["ages"],
            adults_share=share,
            easting=options["easting"],
            northing=options["northing"],
            only=dict(only.split("=", 1) for only in options["only"]),
        )
        geography = find_geography(options["geography"])
        import_populations(
            run, geography, options["year"], columns, source, encoding=options["encoding"]
        )
