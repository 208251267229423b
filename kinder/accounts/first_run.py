"""The first account of a deployment, opened by a code that only whoever runs the machine can read.

There are no default credentials: without the code the page opens nothing, and once there is an
administrator it is gone.
"""

import hashlib
import hmac
import secrets
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.audit import record
from kinder.accounts.models import SetupCode, User
from kinder.accounts.rules import Refused

LIFETIME = timedelta(hours=24)
# Without signs that are read for one another. 16 of 32 are 80 bits: no guessing, so no counting.
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
LENGTH = 16
CODE_IS_WRONG = _("That is not the set-up code, or it is more than a day old.")
ALREADY_SET_UP = _("This deployment has an administrator already.")
ADDRESS_IS_TAKEN = _("There is an account with that address already.")


def is_set_up() -> bool:
    """Tell whether the deployment has an administrator."""
    return User.objects.filter(is_administrator=True).exists()


@transaction.atomic
def make_setup_code() -> str:
    """Return a new set-up code, in groups of four; the one before opens nothing any more.

    Only its hash is stored, so it is shown this once. Refused once there is an administrator.
    """
    _wait_in_line()
    if is_set_up():
        raise Refused(ALREADY_SET_UP)
    code = "".join(secrets.choice(ALPHABET) for _sign in range(LENGTH))
    SetupCode.objects.update_or_create(
        pk=1, defaults={"digest": _hash(code), "made_at": timezone.now()}
    )
    return "-".join(code[start : start + 4] for start in range(0, LENGTH, 4))


def is_setup_code(code: str) -> bool:
    """Tell whether `code` is the one made last, within its day; case and hyphens do not matter."""
    stored = SetupCode.objects.filter(made_at__gt=timezone.now() - LIFETIME).first()
    return stored is not None and hmac.compare_digest(bytes(stored.digest), _hash(code))


@transaction.atomic
def create_first_administrator(*, code: str, name: str, email: str, password: str) -> User:
    """Make the first administrator and use the code up; Refused where either is not possible.

    Two tabs (or two people) wait in line: the second finds an administrator.
    """
    _wait_in_line()
    if is_set_up():
        raise Refused(ALREADY_SET_UP)
    if not is_setup_code(code):
        raise Refused(CODE_IS_WRONG)
    if User.objects.filter(email=email.lower()).exists():
        raise Refused(ADDRESS_IS_TAKEN)
    user = User.objects.create_superuser(email, password, name=name)
    # Whoever holds the code runs the machine: a code sent to the address would prove less.
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    SetupCode.objects.all().delete()
    record("create_first_administrator", user, by=user)
    return user


def _wait_in_line() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('kinder.first_run'))")


def _hash(code: str) -> bytes:
    plain = "".join(sign for sign in code.upper() if sign.isalnum())
    return hashlib.sha256(plain.encode()).digest()
