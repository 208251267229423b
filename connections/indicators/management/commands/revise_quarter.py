"""bin/manage revise_quarter 2026-Q1"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connections.indicators import quarters
from connections.indicators.models import Quarter
from connections.indicators.release import continue_work, revise_quarter
from kinder.accounts.acting import Purpose
from kinder.accounts.rules import Refused


class Command(BaseCommand):
    help = "Computes a published quarter's revision, once, in the year after it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("quarter", help="for example 2026-Q1")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            release = revise_quarter(
                by=Purpose.RELEASE, quarter_on=quarters.parse_quarter(options["quarter"])
            )
        except Quarter.DoesNotExist:
            raise CommandError("This quarter was never frozen.") from None
        except (ValueError, Refused) as error:
            raise CommandError(str(error)) from error
        continue_work()
        release.refresh_from_db()
        self.stdout.write(f"{release}: {release.get_state_display()}")
