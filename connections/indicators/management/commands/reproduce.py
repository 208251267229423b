"""bin/manage reproduce 2026-Q1"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connections.indicators import quarters
from connections.indicators.models import Release
from connections.indicators.release import reproduce


class Command(BaseCommand):
    help = "Makes a release's figures again from its components and compares every byte."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("quarter", help="for example 2026-Q1")
        parser.add_argument("--number", type=int, help="the version; the newest if left out")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = Release.objects.filter(
                quarter_id=quarters.parse_quarter(options["quarter"]),
                state__in=[*Release.OUT, Release.State.READY],
            ).order_by("-version")
        except ValueError as error:
            raise CommandError(str(error)) from error
        if options["number"] is not None:
            found = found.filter(version=options["number"])
        release = found.first()
        if release is None:
            raise CommandError("There is no such release.")
        made = reproduce(release)
        self.stdout.write(f"{release}: sealed {made.sealed}")
        self.stdout.write(f"{release}: now    {made.sha256}")
        if not made.is_identical:
            raise CommandError("The figures are not the same.")
        self.stdout.write(
            "The same bytes, from components through the gate to the figures."
            if made.has_components
            else "The same bytes as sealed. The components are deleted (after 13 months), so this "
            "shows that nothing changed since, not how the figures came about."
        )
