"""bin/manage show_demo_logins: with whom to sign in to the demo, and the code of this moment."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from demo.loading import is_there
from demo.logins import current_code, list_logins
from demo.people import PASSWORD, TOTP_SECRET


class Command(BaseCommand):
    help = "Prints the demo's accounts. Works only where the demo is loaded."

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_there():
            raise CommandError(
                "The demo is not loaded here, so there are no demo accounts. Load it with "
                "bin/manage load_demo, or make an account of your own."
            )
        logins = list_logins()
        width = max((len(login.email) for login in logins), default=0)
        lines = [
            f"Sign in at /accounts/login/, “I have a password”: {PASSWORD} for all of them",
            "",
        ]
        lines += [
            f"  {login.email:<{width}}  {login.says} ({login.name})"
            + (
                f"; second factor, or once {login.recovery_code}"
                if login.needs_second_factor
                else ""
            )
            for login in logins
        ]
        code = current_code()
        lines += [
            "",
            f"Second factor: {code.value} for {code.seconds_left} more seconds, "
            f"then {code.next_value} for half a minute",
            "(bin/manage show_demo_logins prints the next ones; an authenticator app takes "
            f"{TOTP_SECRET})",
        ]
        self.stdout.write("\n".join(lines))
