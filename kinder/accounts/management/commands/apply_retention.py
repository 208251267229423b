"""Lets go of what was kept long enough, or says what would go."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kinder.accounts.retention import AlreadyRunningError, apply_retention, list_rules


class Command(BaseCommand):
    help = "Apply the retention schedule now; Beat does it every day."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="only count what is due; change nothing"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            report = apply_retention(is_dry_run=options["dry_run"])
        except AlreadyRunningError as error:
            raise CommandError("Another process is applying the schedule now.") from error
        width = max(len(rule.name) for rule in list_rules())
        for rule in list_rules():
            result = (
                "FAILED" if rule.name in report.failed else f"{report.counts[rule.name]:>9,} rows"
            )
            self.stdout.write(f"{rule.name:<{width}}  {result:<14}  kept: {rule.how_long}")
        verb = "would go" if report.is_dry_run else "went"
        self.stdout.write(f"{report.rows:,} rows {verb}.")
        if report.failed:
            raise CommandError(f"Failed: {', '.join(report.failed)}. The log says why.")
