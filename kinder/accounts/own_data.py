"""What accounts itself holds about a person: its answers to the privacy registry."""

import uuid
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kinder.accounts.audit import subject_of
from kinder.accounts.models import (
    ConsentRecord,
    Contributor,
    Device,
    Membership,
    NetworkSighting,
    Subject,
    User,
)
from kinder.accounts.privacy import OWN_ROOM, Holding, Person, Room

Rows = list[dict[str, Any]]


def describe() -> list[Holding]:
    """Say what accounts holds, why and how long."""
    return [
        Holding(
            model="accounts.User",
            what=_("Your e-mail address, your name and your language, if you made an account."),
            why=_("So that you can sign in, and people you work with know who you are."),
            how_long=_("Until you close the account."),
        ),
        Holding(
            model="accounts.Membership",
            what=_("Your role in an organisation."),
            why=_("It says which pages you may open."),
            how_long=_("Until the role ends or the account is closed."),
        ),
        Holding(
            model="mfa.Authenticator",
            what=_("Your second way to sign in; its secret is encrypted."),
            why=_("So that nobody else can sign in as you."),
            how_long=_("Until you remove it or the account is closed."),
        ),
        Holding(
            model="usersessions.UserSession",
            what=_("From which browser and network address you are signed in."),
            why=_("So that you can see it, and sign out elsewhere."),
            how_long=_("Until that sign-in ends, 14 days at most."),
        ),
        Holding(
            model="accounts.Device",
            what=_("A scrambled key of the phone that adds moments, and the last day it did."),
            why=_("So that you can change or delete your moments without an account."),
            how_long=_("Until you forget the phone or delete your moments."),
        ),
        Holding(
            model="accounts.NetworkSighting",
            what=_("A scrambled mark of the network you wrote from; its key changes each quarter."),
            why=_("So that one person cannot pretend to be many."),
            how_long=_("Until the quarter's figures are out."),
        ),
        Holding(
            model="accounts.ConsentRecord",
            what=_("To which wording you agreed, when, and when you took it back."),
            why=_("So that we can show that we asked."),
            how_long=_("Until you delete your data."),
        ),
        Holding(
            model="accounts.AuditEvent",
            what=_("What workers did, under a random number; no names and no text."),
            why=_("So that it can be checked later who did what."),
            how_long=_("For good; the number points at nobody once the data are deleted."),
        ),
    ]


def export(person: Person) -> dict[str, Rows]:
    """Return accounts' rows about `person`; secrets and scrambled keys are left out."""
    return _export_user(person) if isinstance(person, User) else _export_contributor(person)


def _export_user(user: User) -> dict[str, Rows]:
    return {
        "account": [
            {
                "email": user.email,
                "name": user.name,
                "language": user.language,
                "created_at": user.created_at,
                "last_login": user.last_login,
            }
        ],
        "email_addresses": list(
            EmailAddress.objects.filter(user=user).values("email", "verified", "primary")
        ),
        "roles": list(
            Membership.objects.filter(user=user).values("organisation__name", "role", "since_at")
        ),
        "second_factors": list(
            Authenticator.objects.filter(user=user).values("type", "created_at", "last_used_at")
        ),
        "sign_ins": list(
            UserSession.objects.filter(user=user).values(
                "created_at", "last_seen_at", "ip", "user_agent"
            )
        ),
        "consents": _export_consents(models.Q(user=user)),
    }


def _export_contributor(contributor: Contributor) -> dict[str, Rows]:
    return {
        "devices": [
            {"created_at": device.created_at, "last_seen_on": device.last_seen_on}
            for device in Device.objects.filter(contributor=contributor)
        ],
        "consents": _export_consents(models.Q(contributor=contributor)),
    }


def _export_consents(who: models.Q) -> Rows:
    return [
        {
            "purpose": consent.purpose,
            "wording_version": consent.wording_version,
            "language": consent.language,
            "given_at": consent.given_at,
            "withdrawn_at": consent.withdrawn_at,
        }
        for subject in Subject.objects.filter(who)
        for consent in subject.consents.order_by("given_at")
    ]


def erase(person: Person) -> int:
    """Delete accounts' rows about `person` and return how many.

    Where another room needs an author (a release that was published, a check that was decided),
    the account stays as a nameless row that nobody can sign in to.
    """
    if isinstance(person, Contributor):
        NetworkSighting.objects.filter(contributor=person).delete()
        return Contributor.objects.filter(pk=person.pk).delete()[0]
    _end_sessions(person)
    try:
        with transaction.atomic():
            return User.objects.filter(pk=person.pk).delete()[0]
    except models.ProtectedError:
        return _make_nameless(person)


def _make_nameless(user: User) -> int:
    gone = 0
    for model in (EmailAddress, Authenticator, UserSession, Membership, Subject):
        gone += model.objects.filter(user=user).delete()[0]
    return gone + User.objects.filter(pk=user.pk).update(
        email=f"{uuid.uuid4()}@erased.invalid",
        name="",
        language="",
        password=make_password(None),
        last_login=None,
        is_active=False,
        is_staff=False,
        is_superuser=False,
        is_administrator=False,
    )


def _end_sessions(user: User) -> None:
    # A session names its user inside its signed data only; an erasure is rare enough to read all.
    keys = [
        session.session_key
        for session in Session.objects.iterator()
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    Session.objects.filter(session_key__in=keys).delete()


def merge(keep: Contributor, gone: Contributor) -> None:
    """Hand the devices, sightings and consents of `gone` to `keep`."""
    Device.objects.filter(contributor=gone).update(contributor=keep)
    seen = NetworkSighting.objects.filter(contributor=keep)
    for sighting in NetworkSighting.objects.filter(contributor=gone):
        if not seen.filter(
            quarter_on=sighting.quarter_on, cluster_hmac=sighting.cluster_hmac
        ).exists():
            NetworkSighting.objects.filter(pk=sighting.pk).update(contributor=keep)
    consents = ConsentRecord.objects.filter(subject__contributor=gone)
    if consents:
        subject = subject_of(keep)
        standing = subject.consents.filter(withdrawn_at__isnull=True).values("purpose")
        # One consent stands for each purpose: the one that is there already covers both.
        consents.filter(withdrawn_at__isnull=True, purpose__in=standing).update(
            withdrawn_at=timezone.now()
        )
        consents.update(subject=subject)


ROOM = Room(name=OWN_ROOM, describe=describe, export=export, erase=erase, merge=merge)
