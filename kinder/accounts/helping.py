"""Looking after accounts: signing out, a lost second step, closing and opening again.

Nobody acts as somebody else: there is no impersonation, on purpose.
"""

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kinder.accounts.acting import Purpose
from kinder.accounts.audit import record, subject_of
from kinder.accounts.letters import send_letter_to
from kinder.accounts.models import User
from kinder.accounts.own_data import end_sessions
from kinder.accounts.rules import (
    Refused,
    check_can_end_administrator,
    check_can_help_to_sign_in,
    check_signed_in,
)

NOT_YOUR_SESSION = _("That sign-in is not yours.")


@transaction.atomic
def change_profile(*, by: User, name: str, language: str) -> User:
    """Change what `by` is called and which language letters are written in."""
    user = check_signed_in(by)
    changed = [
        field
        for field, value in (("name", name), ("language", language))
        if getattr(user, field) != value
    ]
    user.name, user.language = name, language
    if changed:
        user.save(update_fields=changed)
        record("change_profile", user, by=user, fields=changed)
    return user


@transaction.atomic
def end_session(*, by: User, session: UserSession) -> None:
    """Sign `by` out of another browser of theirs."""
    if session.user_id != by.pk:
        raise Refused(NOT_YOUR_SESSION)
    session.end()
    record("end_session", by, by=by)


@transaction.atomic
def end_all_sessions(*, by: User, whom: User) -> None:
    """Sign somebody out everywhere."""
    check_can_help_to_sign_in(by, whom=whom)
    end_sessions(whom)
    record("end_sessions", whom, by=by)


def reset_second_factor(*, by: User | Purpose, whom: User) -> int:
    """Take away every second step of somebody who lost theirs; return how many there were.

    They are signed out everywhere and told by letter; with a code to their address they come as far
    as to setting up a new one. `by` is an administrator, or the job of whoever runs the machine.
    """
    with transaction.atomic():
        if isinstance(by, User):
            check_can_help_to_sign_in(by, whom=whom)
        gone: int = Authenticator.objects.filter(user=whom).count()
        Authenticator.objects.filter(user=whom).delete()
        end_sessions(whom)
        record("reset_second_factor", whom, by=by, factors=gone)
    send_letter_to(whom, "accounts/email/second_step_reset")
    return gone


@transaction.atomic
def close_account(*, by: User, whom: User) -> None:
    """Let somebody sign in no more; what they did and what is held about them stays."""
    check_can_help_to_sign_in(by, whom=whom)
    if whom.is_administrator:
        list(User.objects.filter(is_administrator=True).order_by("pk").select_for_update())
        check_can_end_administrator(by, of=whom)
    end_sessions(whom)
    whom.is_active = False
    whom.save(update_fields=["is_active"])
    record("close_account", whom, by=by)


@transaction.atomic
def open_account(*, by: User, whom: User) -> None:
    """Let somebody sign in again."""
    check_can_help_to_sign_in(by, whom=whom)
    whom.is_active = True
    whom.save(update_fields=["is_active"])
    record("open_account", whom, by=by, subject=str(subject_of(whom).pk))
