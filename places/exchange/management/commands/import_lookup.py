from argparse import ArgumentParser
from typing import Any

from places.exchange.batches import Run
from places.exchange.commands import ImportCommand, find_geography
from places.exchange.vintages import LookupColumns, import_lookup


class Command(ImportCommand):
    help = "Import the official lookup (best fit by population) from one vintage to another."
    what = "lookup"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--geography", default="", help="short name of the older vintage; the one in use"
        )
        parser.add_argument("--to-geography", required=True, help="short name of the newer vintage")
        parser.add_argument("--from", required=True, help="column of the older code", dest="older")
        parser.add_argument("--to", required=True, help="column of the newer code", dest="newer")
        parser.add_argument(
            "--weight", default="", help="column of residents, where an area has several rows"
        )

    def run_import(self, run: Run, options: dict[str, Any]) -> None:
        import_lookup(
            run,
            find_geography(options["geography"]),
            find_geography(options["to_geography"]),
            LookupColumns(options["older"], options["newer"], options["weight"]),
            encoding=options["encoding"],
        )
