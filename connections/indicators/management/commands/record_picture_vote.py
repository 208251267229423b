"""bin/manage record_picture_vote CODE 2026-05-01 --for 31 --against 4 --by you@example.org"""

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connections.indicators.picture import record_vote
from kinder.accounts.models import User
from kinder.accounts.rules import Refused
from places.models import Area


class Command(BaseCommand):
    help = "Writes down a community's vote on its monthly picture."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("area", help="code of the community")
        parser.add_argument("day", type=dt.date.fromisoformat, help="day of the vote")
        parser.add_argument("--for", type=int, required=True, dest="in_favour")
        parser.add_argument("--against", type=int, required=True)
        parser.add_argument("--off", action="store_true", help="the picture is not shown")
        parser.add_argument("--by", required=True, help="e-mail address of an administrator")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            vote = record_vote(
                by=User.objects.get(email=options["by"].lower()),
                area=Area.objects.get(geography__is_current=True, code=options["area"]),
                voted_on=options["day"],
                in_favour=options["in_favour"],
                against=options["against"],
                is_on=not options["off"],
            )
        except User.DoesNotExist:
            raise CommandError("Nobody has that e-mail address.") from None
        except Area.DoesNotExist:
            raise CommandError("No area in use has that code.") from None
        except Refused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{vote.area}: {'shown' if vote.is_on else 'not shown'}.")
