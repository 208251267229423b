"""Make what pages read of the catalogues of translated words."""

from typing import Any

from django.core.management.base import BaseCommand

from kinder.words import compile_words


class Command(BaseCommand):
    help = "Makes the .mo beside each locale/*/LC_MESSAGES/django.po."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        written = compile_words()
        print(f"{len(written)} catalogues compiled")
