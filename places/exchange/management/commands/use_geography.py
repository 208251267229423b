import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kinder.accounts.rules import Refused
from places.actions import adopt_geography
from places.exchange.batches import ImportRefusedError
from places.exchange.commands import find_geography


class Command(BaseCommand):
    help = "Let a vintage of areas apply from a quarter's first day on, and use it from that day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("geography", help="short name of the vintage")
        parser.add_argument(
            "--from",
            dest="from_on",
            type=dt.date.fromisoformat,
            required=True,
            metavar="DATE",
            help="the first day of a quarter, for example 2027-01-01",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            geography = adopt_geography(
                by=None,
                geography=find_geography(options["geography"]),
                from_on=options["from_on"],
                today=timezone.localdate(),
            )
        except (ImportRefusedError, Refused) as error:
            raise CommandError(f"{getattr(error, 'reason', error)} Nothing was changed.") from error
        told = "is in use now" if geography.is_current else "comes into use on that day"
        self.stdout.write(
            f"{geography.slug} applies to quarters from {geography.applies_from_on} on, and {told}."
        )
