from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from places.exchange.batches import Run
from places.exchange.commands import ImportCommand
from places.exchange.gazetteer import import_place_names


class Command(ImportCommand):
    help = "Import names of settlements to search by from CSV."
    what = "place names"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--name", default="name", help="column of the name")
        parser.add_argument("--lon", default="lon", help="column of the longitude")
        parser.add_argument("--lat", default="lat", help="column of the latitude")
        parser.add_argument("--kind", default="", help="column of the kind of settlement")
        parser.add_argument("--district", default="", help="column of the district")

    def run_import(self, run: Run, path: Path, options: dict[str, Any]) -> None:
        import_place_names(
            run,
            path,
            name_column=options["name"],
            lon_column=options["lon"],
            lat_column=options["lat"],
            kind_column=options["kind"],
            district_column=options["district"],
        )
