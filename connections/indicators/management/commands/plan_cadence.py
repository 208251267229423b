"""bin/manage plan_cadence S12000049 2027 annual --by administrator@example.org"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connections.indicators.release import plan_cadence
from connections.indicators.vocabulary import Cadence
from kinder.accounts.models import User
from kinder.accounts.rules import Refused
from places.models import Area


class Command(BaseCommand):
    help = "Fixes before a year begins whether a council's people are told of by quarter or year."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("council", help="code of the council area")
        parser.add_argument("year", type=int, help="the first year for which it holds")
        parser.add_argument("cadence", choices=Cadence.values)
        parser.add_argument("--by", required=True, help="e-mail address of an administrator")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            plan = plan_cadence(
                by=User.objects.get(email=options["by"].lower()),
                council=Area.objects.get(geography__is_current=True, code=options["council"]),
                from_year=options["year"],
                cadence=options["cadence"],
            )
        except User.DoesNotExist:
            raise CommandError("Nobody has that e-mail address.") from None
        except Area.DoesNotExist:
            raise CommandError("No area in use has that code.") from None
        except Refused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{plan.council}: {plan.get_cadence_display()} from {plan.from_year} on.")
