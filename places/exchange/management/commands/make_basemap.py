import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from places.exchange.basemap import make_basemap
from places.exchange.batches import ImportRefusedError
from places.maps import basemap_path


class Command(BaseCommand):
    help = (
        "Make the background of all maps from an OpenStreetMap extract (.osm.pbf). It is served by"
        " this site; no other is asked. Running it again replaces it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="the extract, for example scotland.osm.pbf")
        parser.add_argument("--into", type=Path, help="write it elsewhere than where it is served")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        target = options["into"] or basemap_path()
        started = time.monotonic()
        try:
            found = make_basemap(path, target)
        except ImportRefusedError as error:
            raise CommandError(str(error)) from error
        told = ", ".join(f"{count:,} {name}" for name, count in found.items())
        size = target.stat().st_size / 1e6
        seconds = time.monotonic() - started
        self.stdout.write(f"{target}: {size:.1f} MB in {seconds:.0f} s. {told}.")
