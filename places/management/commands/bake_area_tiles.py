"""bake_area_tiles [SLUG]: makes the map tiles of a geography's areas anew."""

from argparse import ArgumentParser
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from places.models import Geography
from places.tiles import bake_area_tiles


class Command(BaseCommand):
    """Imports bake by themselves; this is for a changed drawing of the tiles."""

    help = "Make the map tiles of a geography's areas anew (all geographies without a name)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", nargs="?", help="short name of the geography")

    def handle(self, *args: Any, slug: str | None, **options: Any) -> None:
        geographies = Geography.objects.order_by("slug")
        if slug:
            geographies = geographies.filter(slug=slug)
            if not geographies:
                known = ", ".join(Geography.objects.values_list("slug", flat=True)) or "none"
                raise CommandError(f"There is no geography “{slug}”. There is: {known}.")
        for geography in geographies:
            begun = perf_counter()
            tiles = bake_area_tiles(geography)
            self.stdout.write(
                f"{geography.slug}: {tiles:,} tiles in {perf_counter() - begun:.1f} s"
            )
