"""People, organisations and roles for tests."""

import itertools

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

from kinder.accounts.models import Membership, Organisation, Role, User

_numbers = itertools.count(1)

PASSWORD = "a kettle on the stove"


def make_user(
    email: str = "",
    *,
    name: str = "",
    is_administrator: bool = False,
    password: str | None = None,
    has_second_factor: bool = True,
) -> User:
    """Make somebody with a verified address and, unless told otherwise, TOTP set up.

    Without a password, for hashing one takes most of a second.
    """
    number = next(_numbers)
    user = User.objects.create_user(
        email or f"somebody{number}@example.org",
        password,
        name=name or f"Somebody {number}",
        is_administrator=is_administrator,
        is_staff=is_administrator,
        is_superuser=is_administrator,
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    if has_second_factor:
        TOTP.activate(user, generate_totp_secret())
    return user


def make_organisation(name: str = "") -> Organisation:
    return Organisation.objects.create(name=name or f"Organisation {next(_numbers)}")


def make_member(role: Role, organisation: Organisation | None = None, **user: object) -> User:
    """Make somebody with `role` in `organisation` (a new one, where none is given)."""
    member = make_user(**user)  # type: ignore[arg-type]
    Membership.objects.create(
        user=member, organisation=organisation or make_organisation(), role=role
    )
    return member
