"""Bring the catalogues of translated words up to date with residents' pages."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kinder.words import collect_words, find_gaps, list_languages, update_catalogue


class Command(BaseCommand):
    help = "Writes every text of pages and reports into locale/*/LC_MESSAGES/django.po."
    requires_system_checks = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail where a text is missing"
        )
        parser.add_argument("--language", action="append", choices=list_languages())

    def handle(self, *args: Any, **options: Any) -> None:
        languages = options["language"] or list_languages()
        gaps = []
        for code in languages:
            words = collect_words(code)
            if not options["check"]:
                update_catalogue(code, words)
            found = find_gaps(code, words)
            gaps += found
            print(f"{code}: {len(words)} texts, {len(found)} to translate or to mend")
        if options["check"] and gaps:
            raise CommandError("\n".join(gaps))
