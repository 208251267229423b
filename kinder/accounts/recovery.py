"""The code by which somebody without an account is the same person on another phone.

A code is made when asked for, shown once and kept as a fingerprint only; making another ends the
one before. Whoever enters it joins what their browser added to the person of the code.
"""

import re
import secrets

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kinder.accounts.actions import merge_contributors
from kinder.accounts.audit import record, subject_of
from kinder.accounts.devices import add_device, find_device
from kinder.accounts.fingerprints import fingerprint, fingerprints
from kinder.accounts.models import Contributor
from kinder.accounts.rules import Refused

# Crockford's letters and digits: none is mistaken for another when read aloud or copied by hand.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LETTERS = 20
"""100 random bits: no number of tries that the limits let through finds one."""
_GROUP = 5
_USE = "recovery"

UNKNOWN_CODE = _("We don't know this code. Please look at it again.")
CODE_OF_ACCOUNT = _("This belongs to an account. Sign in on the other phone instead.")


@transaction.atomic
def make_code(*, by: Contributor) -> str:
    """Give `by` a new code and return it: it can be read nowhere again. Refused for an account."""
    if by.user_id is not None:
        raise Refused(CODE_OF_ACCOUNT)
    code = "".join(secrets.choice(ALPHABET) for _letter in range(LETTERS))
    Contributor.objects.filter(pk=by.pk).update(recovery_hmac=fingerprint(_USE, code.encode()))
    record("make_recovery_code", subject_of(by), by=by)
    return "-".join(code[n : n + _GROUP] for n in range(0, LETTERS, _GROUP))


def tidy_code(typed: str) -> str:
    """Return a code as it was made, however it was typed; "" where it cannot be one."""
    code = re.sub(r"[\s-]", "", typed.upper()).translate(str.maketrans("OILU", "011V"))
    return code if len(code) == LETTERS and set(code) <= set(ALPHABET) else ""


@transaction.atomic
def enter_code(*, key: str, code: str) -> Contributor:
    """Let the browser that holds `key` write as the person of `code`, and join what it added.

    Refused where there is no such code, and where its person has got an account since.
    """
    tidy = tidy_code(code)
    kept = fingerprints(_USE, tidy.encode())
    keep = Contributor.objects.filter(recovery_hmac__in=kept).first() if tidy else None
    if keep is None:
        raise Refused(UNKNOWN_CODE)
    if keep.user_id is not None:
        # What an account holds is opened by signing in and by nothing less.
        raise Refused(CODE_OF_ACCOUNT)
    device = find_device(key)
    if device is None:
        return add_device(key=key, contributor=keep)
    there = Contributor.objects.get(pk=device.contributor_id)
    if there.user_id is not None and there.pk != keep.pk:
        # The account stays who they are, and takes over what the code leads to.
        return merge_contributors(by=there, keep=there, gone=keep)
    return merge_contributors(by=keep, keep=keep, gone=there)
