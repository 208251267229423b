"""Says with which accounts to try the demo, and the second factor's code of this moment."""

import time
from dataclasses import dataclass

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.hashers import check_password

from demo.people import PASSWORD, TOTP_SECRET, USERS
from kinder.accounts.models import User


@dataclass(frozen=True)
class Login:
    says: str
    name: str
    email: str
    needs_second_factor: bool
    recovery_code: str


@dataclass(frozen=True)
class Code:
    """What an authenticator app would show now, for how many seconds, and what comes then."""

    value: str
    seconds_left: int
    next_value: str


def current_code() -> Code:
    """The second factor's code of this moment, the same for all demo accounts."""
    period = app_settings.TOTP_PERIOD
    turn, gone = divmod(time.time(), period)
    now, then = (format_hotp_value(hotp_value(TOTP_SECRET, int(turn) + i)) for i in range(2))
    return Code(value=now, seconds_left=int(period - gone), next_value=then)


def list_logins() -> list[Login]:
    """The accounts that are there and still have the demo's password, in the order of USERS."""
    users = {
        user.email: user
        for user in User.objects.filter(email__in=[spec.email for spec in USERS], is_active=True)
    }
    # One password hash for all: checking costs half a second on purpose.
    hashes = {user.password for user in users.values()}
    known = {hashed for hashed in hashes if check_password(PASSWORD, hashed)}
    return [
        Login(
            says=spec.says,
            name=spec.name,
            email=spec.email,
            needs_second_factor=users[spec.email].needs_second_factor,
            recovery_code=_recovery_code(users[spec.email]),
        )
        for spec in USERS
        if spec.email in users and users[spec.email].password in known
    ]


def _recovery_code(user: User) -> str:
    factor = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    codes = RecoveryCodes(factor).get_unused_codes() if factor else []
    return codes[0] if codes else ""
