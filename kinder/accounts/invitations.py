"""Asking somebody by e-mail to take a role, and their coming in.

The secret in the letter shows that its holder reads that mailbox. It makes a new account with a
confirmed address, never opens one that is there: whoever has an account signs in as always, with
their second step.
"""

import datetime as dt
import secrets

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.audit import record
from kinder.accounts.fingerprints import fingerprint, fingerprints
from kinder.accounts.letters import make_link, write_letter
from kinder.accounts.limits import Limit, TooManyError, spend
from kinder.accounts.models import Invitation, Membership, Organisation, Role, User
from kinder.accounts.rules import Refused, check_can_give_roles, check_can_invite

LIFETIME = dt.timedelta(days=7)
LETTERS_OF_ACCOUNT = Limit("invitations", most=60, seconds=86_400)

ALREADY_INVITED = _("They are invited to that already. You can send the letter again.")
NO_LONGER_GOOD = _("This invitation works no more. Ask for a new one.")
FOR_SOMEBODY_ELSE = _("This invitation was sent to another address. Sign in with that one.")
SIGN_IN_WITH_IT = _("There is an account with this address. Please sign in with it.")
TOO_MANY = _("You sent many letters today. Please go on tomorrow.")

_USE = "invitation"


def invite(
    *, by: User, email: str, organisation: Organisation, role: Role, name: str = ""
) -> Invitation:
    """Ask the holder of `email` to take a role. Refused where `by` may not, or did already.

    Nothing depends on whether there is an account with that address.
    """
    check_can_invite(by, organisation=organisation, role=role)
    _charge(by)
    token = secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            _revoke_expired(organisation, role, email.lower())
            invitation = Invitation.objects.create(
                organisation=organisation,
                role=role,
                email=email.lower(),
                name=name,
                token_hmac=_hash(token),
                invited_by=by,
                expires_at=timezone.now() + LIFETIME,
            )
            record("invite", invitation, by=by, organisation=organisation, role=role)
    except IntegrityError as error:
        raise Refused(ALREADY_INVITED) from error
    _send(invitation, token)
    return invitation


def resend(*, by: User, invitation: Invitation) -> None:
    """Send a new letter with a new secret, good for a week; the former opens nothing any more."""
    check_can_invite(by, organisation=invitation.organisation_id, role=invitation.role)
    _charge(by)
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        found = _lock_open(invitation)
        found.token_hmac = _hash(token)
        found.sent_at = timezone.now()
        found.expires_at = found.sent_at + LIFETIME
        found.invited_by = by
        found.save(update_fields=["token_hmac", "sent_at", "expires_at", "invited_by"])
        record("resend_invitation", found, by=by, organisation=found.organisation)
    _send(found, token)


@transaction.atomic
def revoke(*, by: User, invitation: Invitation) -> None:
    """Take an invitation back; its letter opens nothing any more."""
    check_can_invite(by, organisation=invitation.organisation_id, role=invitation.role)
    found = _lock_open(invitation)
    found.revoked_at = timezone.now()
    found.save(update_fields=["revoked_at"])
    record("revoke_invitation", found, by=by, organisation=found.organisation)


def find_invitation(token: str) -> Invitation | None:
    """Return the invitation that `token` still opens, None for whatever else it may be: forged,
    used, taken back, run out, or from somebody who may not invite any more."""
    found = (
        Invitation.objects.select_related("organisation", "invited_by")
        .filter(
            token_hmac__in=fingerprints(_USE, token.encode()),
            accepted_at=None,
            revoked_at=None,
            expires_at__gt=timezone.now(),
        )
        .first()
    )
    if found is None or found.invited_by is None:
        return None
    try:
        check_can_invite(found.invited_by, organisation=found.organisation_id, role=found.role)
    except Refused:
        return None
    return found


def has_account(invitation: Invitation) -> bool:
    """Tell whether whoever was invited has an account. Asked for the holder of the letter alone."""
    return User.objects.filter(email=invitation.email).exists()


@transaction.atomic
def accept(*, token: str, by: User | None, name: str = "") -> User:
    """Take the role, once, and return who has it now.

    `by` is who is signed in; without one a new account is made, with the address confirmed. Refused
    where the letter is no longer good, or is somebody else's.
    """
    invitation = find_invitation(token)
    if invitation is None:
        raise Refused(NO_LONGER_GOOD)
    _lock_open(invitation)
    if by is None:
        if has_account(invitation):
            raise Refused(SIGN_IN_WITH_IT)
        user = User.objects.create_user(invitation.email, name=name or invitation.name)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    else:
        user = by
        if user.email != invitation.email:
            raise Refused(FOR_SOMEBODY_ELSE)
        if invitation.invited_by_id == user.pk and user.is_administrator:
            check_can_give_roles(user, to=user)
    membership, _is_new = Membership.objects.get_or_create(
        user=user, organisation=invitation.organisation, role=invitation.role
    )
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    record(
        "accept_invitation",
        membership,
        by=user,
        organisation=invitation.organisation,
        role=invitation.role,
    )
    for cached in ("role_pairs", "roles"):
        user.__dict__.pop(cached, None)
    return user


def _lock_open(invitation: Invitation) -> Invitation:
    found = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .filter(pk=invitation.pk, accepted_at=None, revoked_at=None)
        .first()
    )
    if found is None:
        raise Refused(NO_LONGER_GOOD)
    return found


def _revoke_expired(organisation: Organisation, role: Role, email: str) -> None:
    """One that ran out stands in nobody's way."""
    now = timezone.now()
    Invitation.objects.filter(
        organisation=organisation,
        role=role,
        email=email,
        accepted_at=None,
        revoked_at=None,
        expires_at__lte=now,
    ).update(revoked_at=now)


def _send(invitation: Invitation, token: str) -> None:
    write_letter(
        invitation.email,
        "accounts/email/invitation",
        organisation=invitation.organisation.name,
        role=invitation.get_role_display(),
        link=make_link(reverse("accounts:accept", args=[token])),
        days=LIFETIME.days,
    ).send()


def _charge(by: User) -> None:
    try:
        spend((LETTERS_OF_ACCOUNT, fingerprint("limit", str(by.pk).encode()).hex()[:32]))
    except TooManyError as error:
        raise Refused(TOO_MANY) from error


def _hash(token: str) -> bytes:
    return fingerprint(_USE, token.encode())
