"""bin/manage freeze_quarter 2026-Q1"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connections.indicators import quarters
from connections.indicators.release import freeze_quarter
from kinder.accounts.acting import Purpose
from kinder.accounts.rules import Refused


class Command(BaseCommand):
    help = "Fixes who counts in a quarter and where they live, from day 31 after its end on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("quarter", help="for example 2026-Q1")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            quarter = freeze_quarter(
                by=Purpose.RELEASE, quarter_on=quarters.parse_quarter(options["quarter"])
            )
        except (ValueError, Refused) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{quarter} is frozen: {quarter.contributors.count()} people, {quarter.watermark}"
        )
