"""Takes away a lost second step, for whoever runs the machine."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kinder.accounts.acting import Purpose
from kinder.accounts.helping import reset_second_factor
from kinder.accounts.models import User


class Command(BaseCommand):
    help = (
        "Take every second step of an account away, when an administrator lost theirs and no other"
        " administrator can do it. They are signed out, told by e-mail, and set up a new one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *_args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].lower()).first()
        if user is None:
            raise CommandError("There is no account with that address.")
        gone = reset_second_factor(by=Purpose.MIGRATE, whom=user)
        self.stdout.write(f"{gone} second steps taken away.")
