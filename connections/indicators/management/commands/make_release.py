"""bin/manage make_release 2026-Q1"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from connections.indicators import quarters
from connections.indicators.models import Quarter, Release
from connections.indicators.release import continue_work, progress_of, start_release
from kinder.accounts.acting import Purpose
from kinder.accounts.rules import Refused


class Command(BaseCommand):
    help = (
        "Computes and gates a frozen quarter's figures here and now, for an administrator to see."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("quarter", help="for example 2026-Q1")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            quarter = Quarter.objects.get(pk=quarters.parse_quarter(options["quarter"]))
            release = start_release(by=Purpose.RELEASE, quarter=quarter)
        except Quarter.DoesNotExist:
            raise CommandError("This quarter is not frozen yet: freeze_quarter first.") from None
        except (ValueError, Refused) as error:
            raise CommandError(str(error)) from error
        finished, total = progress_of(release)
        with tqdm(total=total, initial=finished, unit="share", disable=None) as bar:
            # Workers may take shares at the same time: then theirs count here too.
            continue_work(on_share=lambda: bar.update(1))
        release.refresh_from_db()
        if release.state == Release.State.READY:
            self.stdout.write(f"{release}: {release.figures.count()} figures are ready to look at.")
        else:
            self.stdout.write(f"{release}: other workers are still computing their shares.")
