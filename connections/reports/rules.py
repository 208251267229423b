"""Who may do what with reports: figures are for everybody; lists and keys are one's own."""

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext_lazy as _

from connections.indicators.models import Release
from kinder.accounts.models import User
from kinder.accounts.rules import Refused

MAX_SCHEDULES = 50
MAX_VIEWS = 100
MAX_KEYS = 10
"""Of one account (judgements): more is a mistake or a flood."""


def check_can_report(release: Release) -> None:
    """Refuse unless `release` was published: a preview is no report."""
    if release.state not in (Release.State.PUBLISHED, Release.State.SUPERSEDED):
        raise Refused(_("Only a published release can be reported."))


def check_has_account(by: User | AnonymousUser) -> User:
    """Refuse whoever is not signed in: a list, a letter or a key needs somebody to belong to."""
    if not isinstance(by, User):
        raise Refused(_("Sign in first: this is kept with your account."))
    return by


def check_owns(by: User, owner_id: object) -> None:
    """Refuse what belongs to another account, in words that do not tell that it exists."""
    if owner_id != by.pk:
        raise Refused(_("This is not one of yours."))


def check_may_add(count: int, most: int) -> None:
    """Refuse one more than `most` of a kind."""
    if count >= most:
        raise Refused(_("You have as many of these as an account can hold. Remove one first."))
