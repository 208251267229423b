"""bin/manage publish_release 2026-Q1 --by administrator@example.org"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connections.indicators import quarters
from connections.indicators.models import Release
from connections.indicators.release import publish_release
from kinder.accounts.models import User
from kinder.accounts.rules import Refused


class Command(BaseCommand):
    help = "Publishes a quarter's release for good, from day 45 after its end on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("quarter", help="for example 2026-Q1")
        parser.add_argument("--by", required=True, help="e-mail address of an administrator")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            by = User.objects.get(email=options["by"].lower())
            release = Release.objects.get(
                quarter_id=quarters.parse_quarter(options["quarter"]), state__in=Release.IN_WORK
            )
            publish_release(by=by, release=release)
        except User.DoesNotExist:
            raise CommandError("Nobody has that e-mail address.") from None
        except Release.DoesNotExist:
            raise CommandError("No release of this quarter waits: make_release first.") from None
        except (ValueError, Refused) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{release} is published.")
