from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from places.exchange.areas import Columns, import_areas, open_geography
from places.exchange.batches import Run
from places.exchange.commands import ImportCommand
from places.vocabulary import AreaLevel


class Command(ImportCommand):
    help = "Import one level of areas from GeoJSON, GeoPackage or Shapefile; largest level first."
    what = "areas"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--geography", required=True, help="short name of the vintage")
        parser.add_argument("--geography-name", default="", help="its name, as people read it")
        parser.add_argument("--attribution", default="", help="whom to credit for the boundaries")
        parser.add_argument("--level", required=True, choices=AreaLevel.values)
        parser.add_argument("--code", required=True, help="column of the area's code")
        parser.add_argument("--name", required=True, help="column of the area's name")
        parser.add_argument("--parent", default="", help="column of the code of what holds it")
        parser.add_argument("--alias", default="", help="column of another code of the same area")

    def run_import(self, run: Run, path: Path, options: dict[str, Any]) -> None:
        geography = open_geography(
            options["geography"],
            name=options["geography_name"],
            attribution=options["attribution"],
        )
        columns = Columns(options["code"], options["name"], options["parent"], options["alias"])
        import_areas(run, path, geography, AreaLevel(options["level"]), columns)
