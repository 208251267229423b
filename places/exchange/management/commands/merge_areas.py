from argparse import ArgumentParser
from typing import Any

from places.exchange.batches import Run
from places.exchange.commands import ImportCommand, add_geography, find_geography
from places.exchange.merging import MemberColumns, merge_areas
from places.vocabulary import AreaLevel


class Command(ImportCommand):
    help = "Make larger areas (communities, the country) of loaded ones, from a CSV of members."
    what = "areas"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        add_geography(parser)
        parser.add_argument("--level", required=True, choices=AreaLevel.values)
        parser.add_argument("--code", default="code", help="column of the new area's code")
        parser.add_argument("--name", default="name", help="column of the new area's name")
        parser.add_argument("--member", default="member", help="column of a member's code")

    def run_import(self, run: Run, options: dict[str, Any]) -> None:
        merge_areas(
            run,
            find_geography(options["geography"]),
            AreaLevel(options["level"]),
            MemberColumns(options["code"], options["name"], options["member"]),
            encoding=options["encoding"],
        )
