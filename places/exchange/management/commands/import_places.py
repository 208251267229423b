from typing import Any

from places.exchange.batches import Run
from places.exchange.commands import ImportCommand
from places.exchange.extracts import read_features
from places.exchange.register import import_places


class Command(ImportCommand):
    help = "Import third spaces from an OpenStreetMap extract: GeoJSON or .osm.pbf."
    what = "places"
    is_csv = False

    def run_import(self, run: Run, options: dict[str, Any]) -> None:
        import_places(run, read_features(run))
