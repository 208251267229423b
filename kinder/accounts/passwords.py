"""Refuses passwords that guessers try first, also with a year or an exclamation mark at the end."""

import re

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

TOO_COMMON = _("This password is too common: it is among the first that somebody would try.")

# What people put for letters, and guessers with them.
_LETTERS = str.maketrans("04315$@!7", "oaeissait")


class CommonCoreValidator(CommonPasswordValidator):
    """The 20,000 most common passwords, and what is made of one of them by adding digits and signs
    before or behind it, by writing it twice, or by writing digits for letters."""

    def validate(self, password: str, user: object = None) -> None:
        plain = password.lower().strip()
        cores = {plain, plain.translate(_LETTERS)}
        cores |= {re.sub(r"^[\W\d_]+|[\W\d_]+$", "", core) for core in tuple(cores)}
        cores |= {
            repeated[1]
            for core in tuple(cores)
            if (repeated := re.fullmatch(r"(.+?)[\W_]?(?:\1[\W_]?)+", core))
        }
        # A core of a letter or two is no word: nothing but digits and signs is left then.
        if any(core in self.passwords or len(core) < 4 for core in cores):
            raise ValidationError(str(TOO_COMMON), code="password_too_common")

    def get_help_text(self) -> str:
        return str(_("Choose one that nobody would guess."))
