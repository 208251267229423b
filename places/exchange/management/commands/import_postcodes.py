from argparse import ArgumentParser
from typing import Any

from places.exchange.batches import Run
from places.exchange.commands import ImportCommand, add_geography, find_geography
from places.exchange.gazetteer import PostcodeColumns, import_postcodes


class Command(ImportCommand):
    help = "Import postcodes with their zones and positions from CSV, plain or .gz."
    what = "postcodes"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        add_geography(parser)
        parser.add_argument("--postcode", default="postcode", help="column of the postcode")
        parser.add_argument("--area", required=True, help="column of the zone's code")
        parser.add_argument("--lon", default="lon", help="column of the longitude")
        parser.add_argument("--lat", default="lat", help="column of the latitude")
        parser.add_argument("--large-user", default="", help="column that marks large users")

    def run_import(self, run: Run, options: dict[str, Any]) -> None:
        import_postcodes(
            run,
            find_geography(options["geography"]),
            PostcodeColumns(
                options["postcode"],
                options["area"],
                options["lon"],
                options["lat"],
                options["large_user"],
            ),
            encoding=options["encoding"],
        )
