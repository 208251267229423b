"""Erases again whoever a restored backup has brought back."""

from typing import Any

from django.core.management.base import BaseCommand

from kinder.accounts.tombstones import reapply


class Command(BaseCommand):
    help = "Erase again whoever a restored backup has brought back; bin/run does it at each start."

    def handle(self, *_args: Any, **_options: Any) -> None:
        done = reapply()
        self.stdout.write(
            f"{done.learned} tombstones taken from the ledger, {done.erased} people erased again."
        )
