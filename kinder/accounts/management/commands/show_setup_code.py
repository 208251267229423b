"""Prints the code that opens the first-run page."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kinder.accounts.first_run import LIFETIME, make_setup_code
from kinder.accounts.rules import Refused


class Command(BaseCommand):
    help = (
        "Make and print a new set-up code for /first-run/; the one before opens nothing any more."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            code = make_setup_code()
        except Refused as error:
            raise CommandError(f"{error} There is nothing to set up.") from error
        hours = int(LIFETIME.total_seconds() // 3600)
        self.stdout.write(f"Set-up code for /first-run/, good for {hours} hours: {code}")
