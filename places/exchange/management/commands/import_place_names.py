from argparse import ArgumentParser
from typing import Any

from places.exchange.batches import Run
from places.exchange.commands import ImportCommand
from places.exchange.gazetteer import NameColumns, import_place_names


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

    def run_import(self, run: Run, options: dict[str, Any]) -> None:
        import_place_names(
            run,
            NameColumns(
                options["name"],
                options["lon"],
                options["lat"],
                options["kind"],
                options["district"],
            ),
            encoding=options["encoding"],
        )
