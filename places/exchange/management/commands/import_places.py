from pathlib import Path
from typing import Any

from places.exchange.batches import Run
from places.exchange.commands import ImportCommand
from places.exchange.osm import import_places, read_features


class Command(ImportCommand):
    help = "Import third spaces from an OpenStreetMap extract: GeoJSON or .osm.pbf."
    what = "places"

    def run_import(self, run: Run, path: Path, options: dict[str, Any]) -> None:
        import_places(run, read_features(path))
