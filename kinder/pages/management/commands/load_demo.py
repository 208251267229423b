"""bin/manage load_demo: puts the invented island of Whinsay into an empty database."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from demo.loading import CannotLoadError, load_demo


class Command(BaseCommand):
    help = (
        "Loads the demo: an invented island with areas, places, people, moments and releases. "
        "A second run changes nothing; an interrupted one goes on where it stopped."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        try:
            is_new = load_demo(self._say)
        except CannotLoadError as error:
            raise CommandError(str(error)) from error
        if is_new:
            self._say(f"The demo is ready after {time.monotonic() - began:.1f} s.")
        else:
            self._say("The demo is there already; nothing was changed.")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
