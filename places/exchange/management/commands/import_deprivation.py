from argparse import ArgumentParser
from typing import Any

from places.exchange.batches import Run
from places.exchange.commands import ImportCommand, add_geography, find_geography
from places.exchange.deprivation import DeprivationColumns, import_deprivation


class Command(ImportCommand):
    help = "Import an index of deprivation (rank and decile, 1 the most deprived) from CSV."
    what = "deprivation"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        add_geography(parser)
        parser.add_argument("--index", required=True, help="name of the index, e.g. SIMD 2020v2")
        parser.add_argument("--code", required=True, help="column of the area's code")
        parser.add_argument("--rank", required=True, help="column of the rank")
        parser.add_argument("--decile", required=True, help="column of the decile")

    def run_import(self, run: Run, options: dict[str, Any]) -> None:
        import_deprivation(
            run,
            find_geography(options["geography"]),
            options["index"],
            DeprivationColumns(options["code"], options["rank"], options["decile"]),
            encoding=options["encoding"],
        )
