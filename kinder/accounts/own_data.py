"""What accounts itself holds about a person: its answers to the privacy registry."""

import datetime as dt
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
from django.utils.translation import gettext_lazy

from kinder.accounts.audit import subject_of
from kinder.accounts.devices import COOKIE_DAYS
from kinder.accounts.models import (
    ConsentRecord,
    Contributor,
    Decision,
    Device,
    Invitation,
    Membership,
    NetworkSighting,
    Subject,
    Task,
    TryCount,
    User,
)
from kinder.accounts.privacy import OWN_ROOM, Holding, Person, RetentionRule, Room
from kinder.accounts.retention import let_go_of
from kinder.accounts.tombstones import NAMELESS

Rows = list[dict[str, Any]]

SIGN_UPS_FOR = dt.timedelta(days=7)
"""An account that was begun and never confirmed may carry somebody else's address."""
DEVICES_FOR = dt.timedelta(days=COOKIE_DAYS + 30)
"""No browser keeps the cookie that a device is known by for longer than COOKIE_DAYS."""
INVITATIONS_FOR = dt.timedelta(days=30)
"""Long enough to answer "did my letter arrive?"; a judgement."""
CONSENTS_FOR = dt.timedelta(days=5 * 365 + 1)
"""Prescription and Limitation (Scotland) Act 1973, section 6: claims end after five years."""
TASKS_FOR = dt.timedelta(days=400)
"""Somebody may ask next year who did what this year; a judgement."""


def describe() -> list[Holding]:
    """Say what accounts holds, why and how long."""
    return [
        Holding(
            model="accounts.Invitation",
            what=_("Your e-mail address, if somebody invited you to an organisation."),
            why=_("So that the letter finds you, and works once."),
            how_long=_("30 days after it was answered, taken back or ran out."),
            kinds=("invitations",),
        ),
        Holding(
            model="accounts.User, account.EmailAddress",
            what=_("Your e-mail address, your name and your language, if you made an account."),
            why=_("So that you can sign in, and people you work with know who you are."),
            how_long=_("Until you close the account."),
            kinds=(
                "account",
                "email_addresses",
            ),
        ),
        Holding(
            model="accounts.Membership",
            what=_("Your role in an organisation."),
            why=_("It says which pages you may open."),
            how_long=_("Until the role ends or the account is closed."),
            kinds=("roles",),
        ),
        Holding(
            model="mfa.Authenticator",
            what=_("Your second way to sign in; its secret is encrypted."),
            why=_("So that nobody else can sign in as you."),
            how_long=_("Until you remove it or the account is closed."),
            kinds=("second_factors",),
        ),
        Holding(
            model="usersessions.UserSession",
            what=_("From which browser and network address you are signed in."),
            why=_("So that you can see it, and sign out elsewhere."),
            how_long=_("Until that sign-in ends, 14 days at most."),
            kinds=("sign_ins",),
        ),
        Holding(
            model="accounts.Device",
            what=_("A scrambled key of the phone that adds moments, and the last day it did."),
            why=_("So that you can change or delete your moments without an account."),
            how_long=_("Until you forget the phone or delete your moments."),
            kinds=("devices",),
        ),
        Holding(
            model="accounts.NetworkSighting",
            what=_("A scrambled mark of the network you wrote from; its key changes each quarter."),
            why=_("So that one person cannot pretend to be many."),
            how_long=_("Until the quarter's figures are out."),
        ),
        Holding(
            model="accounts.TryCount",
            what=_("A scrambled mark of who tried to sign in, if our counter had to be replaced."),
            why=_("So that nobody can guess a password or a code for ever."),
            how_long=_("A day or less."),
        ),
        Holding(
            model="accounts.ConsentRecord",
            what=_("To which wording you agreed, when, and when you took it back."),
            why=_("So that we can show that we asked."),
            how_long=_("Until you delete your data."),
            kinds=("consents",),
        ),
        Holding(
            model="accounts.Decision",
            what=_("What you decided as a moderator, in codes."),
            why=_("So that a decision can be explained and taken back."),
            how_long=_("As long as what was decided on; without your name once you leave."),
            kinds=("decisions",),
        ),
        Holding(
            model="accounts.AuditEvent",
            what=_("What workers did, under a random number; no names and no text."),
            why=_("So that it can be checked later who did what."),
            how_long=_("For good; the number points at nobody once the data are deleted."),
            stays=_("What was done stays written down, under a number that points at nobody."),
        ),
        Holding(
            model="accounts.Contributor, accounts.Subject",
            what=_("Two random numbers: one for what you add, one for the audit."),
            why=_("So that nothing else has to say who you are."),
            how_long=_("Until you delete your data."),
        ),
        Holding(
            model="accounts.Task, admin.LogEntry",
            what=_("Which tasks you did in a worker's role."),
            why=_("So that nobody does them twice."),
            how_long=_("400 days after they were done; your name goes with your account."),
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
        "invitations": list(
            Invitation.objects.filter(email=user.email).values(
                "organisation__name", "role", "made_at", "accepted_at"
            )
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
        "decisions": list(
            Decision.objects.filter(decided_by=user).values(
                "queue", "object_id", "verdict", "reason", "decided_at", "undone_at"
            )
        ),
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
    end_sessions(person)
    Invitation.objects.filter(email=person.email).delete()
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
        email=f"{uuid.uuid4()}{NAMELESS}",
        name="",
        language="",
        password=make_password(None),
        last_login=None,
        is_active=False,
        is_staff=False,
        is_superuser=False,
        is_administrator=False,
    )


def end_sessions(user: User) -> None:
    """Sign `user` out everywhere.

    A session names its user inside its signed data only; this is rare enough to read them all.
    """
    keys = [
        session.session_key
        for session in Session.objects.iterator()
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(user=user).delete()


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


def _let_go_of_sessions(now: dt.datetime, *, is_dry_run: bool) -> int:
    return let_go_of(Session.objects.filter(expire_date__lt=now), is_dry_run=is_dry_run)


def _let_go_of_sign_ins(now: dt.datetime, *, is_dry_run: bool) -> int:
    alive = Session.objects.filter(expire_date__gte=now, pk=models.OuterRef("session_key"))
    return let_go_of(
        UserSession.objects.filter(
            ~models.Exists(alive), created_at__lt=now - dt.timedelta(days=1)
        ),
        is_dry_run=is_dry_run,
    )


def _let_go_of_sign_ups(now: dt.datetime, *, is_dry_run: bool) -> int:
    """Accounts that nobody ever confirmed and that nothing in any room points at."""
    begun = User.objects.filter(
        created_at__lt=now - SIGN_UPS_FOR, last_login=None, is_administrator=False
    ).filter(models.Exists(EmailAddress.objects.filter(user=models.OuterRef("pk"), verified=False)))
    for relation in User._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel) or relation.related_model in (
            EmailAddress,
            Subject,
        ):
            continue
        pointing = relation.related_model._default_manager.filter(
            **{relation.field.name: models.OuterRef("pk")}
        )
        begun = begun.filter(~models.Exists(pointing))
    return let_go_of(begun, is_dry_run=is_dry_run)


def _let_go_of_devices(now: dt.datetime, *, is_dry_run: bool) -> int:
    unseen = Device.objects.filter(last_seen_on__lt=timezone.localdate(now) - DEVICES_FOR)
    return let_go_of(unseen, is_dry_run=is_dry_run)


def _let_go_of_consents(now: dt.datetime, *, is_dry_run: bool) -> int:
    withdrawn = ConsentRecord.objects.filter(withdrawn_at__lt=now - CONSENTS_FOR)
    return let_go_of(withdrawn, is_dry_run=is_dry_run)


def _let_go_of_tasks(now: dt.datetime, *, is_dry_run: bool) -> int:
    return let_go_of(Task.objects.filter(done_at__lt=now - TASKS_FOR), is_dry_run=is_dry_run)


def _let_go_of_tries(now: dt.datetime, *, is_dry_run: bool) -> int:
    return let_go_of(TryCount.objects.filter(expires_at__lt=now), is_dry_run=is_dry_run)


def _let_go_of_invitations(now: dt.datetime, *, is_dry_run: bool) -> int:
    before = now - INVITATIONS_FOR
    ended = (
        models.Q(accepted_at__lt=before)
        | models.Q(revoked_at__lt=before)
        | models.Q(expires_at__lt=before)
    )
    return let_go_of(Invitation.objects.filter(ended), is_dry_run=is_dry_run)


RETENTION = (
    RetentionRule(
        name="accounts.invitations",
        what=gettext_lazy("Invitations that were answered, taken back or ran out."),
        why=gettext_lazy("They hold the address of somebody who may have no account."),
        how_long=gettext_lazy("30 days."),
        source=gettext_lazy("A judgement: long enough to ask whether the letter arrived."),
        apply=_let_go_of_invitations,
    ),
    RetentionRule(
        name="accounts.sessions",
        what=gettext_lazy("Sessions of browsers that were signed in."),
        why=gettext_lazy("A session that has run out opens nothing any more."),
        how_long=gettext_lazy("Until it runs out: 14 days after the last sign-in."),
        source=gettext_lazy("Django's SESSION_COOKIE_AGE."),
        apply=_let_go_of_sessions,
    ),
    RetentionRule(
        name="accounts.sign_ins",
        what=gettext_lazy("From which browser and network address somebody signed in."),
        why=gettext_lazy("It is shown so that people can sign out elsewhere."),
        how_long=gettext_lazy("As long as its session."),
        source=gettext_lazy("The need that it serves."),
        apply=_let_go_of_sign_ins,
    ),
    RetentionRule(
        name="accounts.tries",
        what=gettext_lazy("Counts of tries to sign in, made while Redis was away."),
        why=gettext_lazy("A count whose time is over holds nobody back any more."),
        how_long=gettext_lazy("A day or less."),
        source=gettext_lazy("The need that it serves."),
        apply=_let_go_of_tries,
    ),
    RetentionRule(
        name="accounts.sign_ups",
        what=gettext_lazy("Accounts that were begun and never confirmed."),
        why=gettext_lazy("They may carry the address of somebody who never asked for one."),
        how_long=gettext_lazy("7 days."),
        source=gettext_lazy("A judgement: long enough to find the code in a full inbox."),
        apply=_let_go_of_sign_ups,
    ),
    RetentionRule(
        name="accounts.devices",
        what=gettext_lazy("Scrambled keys of phones that were not seen for long."),
        why=gettext_lazy("The cookie that they belong to exists in no browser any more."),
        how_long=gettext_lazy("430 days after the phone was last seen."),
        source=gettext_lazy("Browsers keep a cookie for 400 days at most."),
        apply=_let_go_of_devices,
    ),
    RetentionRule(
        name="accounts.consents",
        what=gettext_lazy("Consents that were taken back."),
        why=gettext_lazy("Until then we may have to show that we had asked."),
        how_long=gettext_lazy("5 years after they were taken back."),
        source=gettext_lazy("Prescription and Limitation (Scotland) Act 1973, section 6."),
        apply=_let_go_of_consents,
    ),
    RetentionRule(
        name="accounts.tasks",
        what=gettext_lazy("Tasks that are done, and who did them."),
        why=gettext_lazy("So that last year's work can still be looked up."),
        how_long=gettext_lazy("400 days after they were done."),
        source=gettext_lazy("A judgement."),
        apply=_let_go_of_tasks,
    ),
)
ROOM = Room(
    name=OWN_ROOM,
    describe=describe,
    export=export,
    erase=erase,
    merge=merge,
    retention=RETENTION,
)
