from argparse import ArgumentParser
from typing import Any

from places.exchange.areas import Columns, import_areas, open_geography
from places.exchange.batches import Run
from places.exchange.commands import ImportCommand
from places.exchange.layers import read_layer
from places.vocabulary import AreaLevel


class Command(ImportCommand):
    help = "Import one level of areas from GeoJSON, GeoPackage or Shapefile; largest level first."
    what = "areas"
    is_csv = False

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
        parser.add_argument("--layer", default="", help="which layer of a file that has several")
        parser.add_argument(
            "--crs", default="", help="coordinate system, where the file does not say: EPSG:27700"
        )

    def run_import(self, run: Run, options: dict[str, Any]) -> None:
        columns = Columns(options["code"], options["name"], options["parent"], options["alias"])
        with run.progress.step(f"Reading {run.path.name}"):
            layer = read_layer(run.path, columns.all, layer=options["layer"], crs=options["crs"])
        geography = open_geography(
            options["geography"],
            name=options["geography_name"],
            attribution=options["attribution"],
        )
        import_areas(run, layer, geography, AreaLevel(options["level"]), columns)
