from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from places.exchange.batches import Run
from places.exchange.commands import ImportCommand, add_geography, find_geography
from places.exchange.gazetteer import import_postcodes


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

    def run_import(self, run: Run, path: Path, options: dict[str, Any]) -> None:
        import_postcodes(
            run,
            path,
            find_geography(options["geography"]),
            postcode_column=options["postcode"],
            area_column=options["area"],
            lon_column=options["lon"],
            lat_column=options["lat"],
            large_user_column=options["large_user"],
        )
