"""Organisations, and one account or more for each kind of user, with a second factor ready.

Everything here is public: passwords and secrets of the demo are printed by `show_demo_logins`.
The addresses are under example.org, to which no mail is ever delivered.
"""

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import encrypt
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from kinder.accounts.audit import record
from kinder.accounts.invitations import LIFETIME
from kinder.accounts.models import Invitation, Membership, Organisation, Role, User
from places.models import Area, Geography, OrganisationArea

PASSWORD = "kinder-demo-whinsay"  # noqa: S105 - public on purpose
TOTP_SECRET = "KINDERDEMOTOWNWHINSAYKINDERDEMO2"  # noqa: S105 - public on purpose


@dataclass(frozen=True)
class OrganisationSpec:
    key: str
    name: str
    kind: Organisation.Kind
    description: str
    areas: tuple[str, ...]  # names of areas in which it works


@dataclass(frozen=True)
class UserSpec:
    """`roles` are (key of an organisation, role)."""

    email: str
    name: str
    says: str  # what kind of user, for whoever wants to try it
    roles: tuple[tuple[str, Role], ...] = ()
    is_administrator: bool = False


_KIND = Organisation.Kind
ORGANISATIONS = (
    OrganisationSpec(
        "hub", "Inverwhin Community Hub Trust", _KIND.CHARITY,
        "Keeps the Hub and the Old Sail Loft open, warm and free to sit in.",
        ("Old Town and Harbour", "Kirkbrae"),
    ),
    OrganisationSpec(
        "table", "The Long Table", _KIND.COMMUNITY,
        "Something to eat and someone to eat with, twice a week.",
        ("Old Town and Harbour",),
    ),
    OrganisationSpec(
        "whinfield", "Whinfield Neighbours", _KIND.COMMUNITY,
        "Residents who look after the centre, the garden and each other.",
        ("Whinfield",),
    ),
    OrganisationSpec(
        "north", "North Shore Together", _KIND.COMMUNITY,
        "Six villages that have just begun to notice the good in each other.",
        ("The North Shore",),
    ),
    OrganisationSpec(
        "befriend", "Larrig Befrienders", _KIND.CHARITY,
        "Befriending across the island since the ferry strike.",
        ("Inverwhin Town (invented)", "Whinsay Braes and Shores (invented)"),
    ),
    OrganisationSpec(
        "company", "Good Company Whinsay", _KIND.CHARITY,
        "Company at home and out and about, in the villages.",
        ("The West Side", "The North Shore"),
    ),
    OrganisationSpec(
        "council", "Whinsay Libraries", _KIND.COUNCIL,
        "Four libraries, a van, and no questions asked.",
        ("Inverwhin Town (invented)",),
    ),
    OrganisationSpec(
        "kirk", "St Torran's Parish", _KIND.FAITH, "An open door on the shore.",
        ("Old Town and Harbour",),
    ),
    OrganisationSpec(
        "mosque", "Inverwhin Mosque and Centre Committee", _KIND.FAITH,
        "Friday tea for the whole street.", ("Old Town and Harbour",),
    ),
    OrganisationSpec(
        "fund", "The Skerry Fund", _KIND.FUNDER,
        "Small grants for places where people meet.", ("Whinsay (invented)",),
    ),
)  # fmt: skip

USERS = (
    UserSpec("resident@example.org", "Isla Drummore", "Resident", (("whinfield", Role.MEMBER),)),
    UserSpec(
        "worker@example.org", "Callum Breckan", "Community worker",
        (("hub", Role.WORKER), ("whinfield", Role.WORKER)),
    ),
    UserSpec(
        "coordinator@example.org", "Nadia Rahim", "Befriending coordinator",
        (("befriend", Role.COORDINATOR),),
    ),
    UserSpec(
        "lead@example.org", "Fergus Tolmie", "Safeguarding lead", (("befriend", Role.LEAD),)
    ),
    UserSpec("funder@example.org", "Greer Anstruan", "Funder", (("fund", Role.FUNDER),)),
    UserSpec(
        "administrator@example.org", "Morag Skene-Orrin", "Administrator", (),
        is_administrator=True,
    ),
    UserSpec(
        "worker.north@example.org", "Eilidh Farrow", "Community worker of a new community",
        (("north", Role.WORKER),),
    ),
    UserSpec(
        "coordinator.west@example.org", "Tomasz Wilk", "Coordinator of the other service",
        (("company", Role.COORDINATOR),),
    ),
    UserSpec(
        "lead.west@example.org", "Rhona Calder-Voe", "Safeguarding lead of the other service",
        (("company", Role.LEAD),),
    ),
    UserSpec(
        "volunteer@example.org", "Ruaridh Pell", "Befriending volunteer",
        (("befriend", Role.MEMBER),),
    ),
    UserSpec(
        "volunteer.west@example.org", "Sadia Noor", "Befriending volunteer of the other service",
        (("company", Role.MEMBER),),
    ),
)  # fmt: skip


def load_people(geography: Geography) -> int:
    """Insert organisations and users; return how many rows. Accounts are ready to sign in with:
    address verified, password set, second factor and recovery codes for whoever needs them."""
    organisations = {
        spec.key: Organisation(
            name=spec.name,
            kind=spec.kind,
            description=spec.description,
            email=f"{spec.key}@example.org",
        )
        for spec in ORGANISATIONS
    }
    Organisation.objects.bulk_create(organisations.values())
    areas = {area.name: area for area in Area.objects.filter(geography=geography)}
    OrganisationArea.objects.bulk_create(
        OrganisationArea(organisation=organisations[spec.key], area=areas[name])
        for spec in ORGANISATIONS
        for name in spec.areas
    )
    # One hash for all: a password hash costs half a second on purpose, and this one is public.
    hashed = make_password(PASSWORD)
    users = [
        User(
            email=spec.email,
            name=spec.name,
            language="en-gb",
            password=hashed,
            is_administrator=spec.is_administrator,
            is_staff=spec.is_administrator,
            is_superuser=spec.is_administrator,
        )
        for spec in USERS
    ]
    User.objects.bulk_create(users)
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users
    )
    memberships = [
        Membership(user=user, organisation=organisations[key], role=role)
        for spec, user in zip(USERS, users, strict=True)
        for key, role in spec.roles
    ]
    Membership.objects.bulk_create(memberships)
    factors = [
        factor
        for user in users
        if user.needs_second_factor
        for factor in (_totp(user), _recovery_codes(user))
    ]
    Authenticator.objects.bulk_create(factors)
    invited = _invite(organisations["befriend"], by=_of(users, "coordinator@example.org"))
    return len(organisations) + len(users) + len(memberships) + len(factors) + invited


# Who is invited to the befriending organisation, as what, and how many days ago.
INVITED = (
    ("morven.helper@example.org", "Morven Skaill", Role.WORKER, 1),
    ("angus.helper@example.org", "Angus Brodie", Role.MEMBER, 3),
    ("late.helper@example.org", "", Role.MEMBER, 9),
)


def _invite(organisation: Organisation, *, by: User) -> int:
    """Letters that are under way and one that ran out; nobody holds what would open them."""
    now = timezone.now()
    for email, name, role, days in INVITED:
        sent_at = now - dt.timedelta(days=days)
        invitation = Invitation.objects.create(
            organisation=organisation,
            role=role,
            email=email,
            name=name,
            token_hmac=secrets.token_bytes(32),
            invited_by=by,
            made_at=sent_at,
            sent_at=sent_at,
            expires_at=sent_at + LIFETIME,
        )
        record("invite", invitation, by=by, organisation=organisation, role=role)
    return len(INVITED)


def _of(users: list[User], email: str) -> User:
    return next(user for user in users if user.email == email)


def _totp(user: User) -> Authenticator:
    return Authenticator(
        user=user, type=Authenticator.Type.TOTP, data={"secret": encrypt(TOTP_SECRET)}
    )


def _recovery_codes(user: User) -> Authenticator:
    seed = hashlib.sha1(f"kinder demo {user.email}".encode(), usedforsecurity=False).hexdigest()
    return Authenticator(
        user=user,
        type=Authenticator.Type.RECOVERY_CODES,
        data={"seed": encrypt(seed), "used_mask": 0},
    )
