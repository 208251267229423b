"""How one row of the table of rights is written, and the small world that it is tried in.

A row says who may do what at one address. One line each, one file a room, in tests/security/table:

    Row("places:list", get=ALL)
    Row("places:edit", get=KEEPERS, post=KEEPERS, given="place")
    Row("befriending:referral", get="own:coordinator own:lead", given="referral")

`get`, `post`, `put`, `patch`, `delete` hold the roles that are let in, separated by spaces; a method
that is not named must be closed to everybody. `own:` before a role means: for what belongs to their
side only; the row is then tried with a thing of the other side too. `given` names the function that
makes the thing: it takes a Side and returns the address's arguments.

    @thing("place")
    def _place(side: Side) -> Given:
        return {"code": PlaceFactory.create(organisation=side.organisation).code}

A thing that is nobody's business but its side's carries `side.mark` in its text: where the mark of
the other side is seen, the table fails.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.test import Client

from kinder.accounts.devices import COOKIE, add_device, make_key
from kinder.accounts.models import Contributor, Organisation, Role, User
from tests.factories.accounts import make_member, make_organisation, make_user

NOBODY, DEVICE, RESIDENT, ADMINISTRATOR = "nobody", "device", "resident", "administrator"
WHO = (NOBODY, DEVICE, RESIDENT, *Role.values, ADMINISTRATOR)
ALL = " ".join(WHO)
SIGNED_IN = " ".join(who for who in WHO if who not in {NOBODY, DEVICE})
KEEPERS = "worker coordinator lead administrator"
WITH_FACTOR = "member worker coordinator lead funder administrator"
"""Who has a second way to sign in, in this world."""
WORKING = "worker coordinator lead funder administrator"
NO_ONE = " "
"""An address that is there and lets nobody in as things stand (the first run, once there is an
administrator)."""
METHODS = ("get", "post", "put", "patch", "delete")


def own(roles: str) -> str:
    """Each of `roles`, for what belongs to their side only."""
    return " ".join(f"own:{who}" for who in roles.split())


Given = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """Who is let in at the address `name`, by method. `query` is sent with GET, `body` with the
    others, for an address that answers otherwise without. With `shape_first` a program that sends
    nonsense hears of that before it hears whether it may: any 4xx keeps it out."""

    name: str
    get: str = ""
    post: str = ""
    put: str = ""
    patch: str = ""
    delete: str = ""
    given: str = ""
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    shape_first: bool = False

    def allowed(self, method: str) -> str:
        return str(getattr(self, method))

    def lets_in(self, who: str, method: str, *, is_own: bool) -> bool:
        words = self.allowed(method).split()
        return who in words or (is_own and f"own:{who}" in words)

    @property
    def asks_whose(self) -> bool:
        return any("own:" in self.allowed(method) for method in METHODS)

    @property
    def is_public(self) -> bool:
        return any(NOBODY in self.allowed(method).split() for method in METHODS)


@dataclass(frozen=True)
class Side:
    """One of two organisations with its people: what is tried as a role belongs to `own` or not.

    `person` is whose data the visitor may see as their own. `visitor` is whoever asks, on their own side; on the other, a worker there. `resident` has an
    account and no role, `contributor` a device and no account.
    """

    organisation: Organisation
    visitor: User
    person: User | Contributor
    contributor: Contributor
    resident: User
    mark: str


Maker = Callable[[Side], Given]
THINGS: dict[str, Maker] = {}


def thing(name: str) -> Callable[[Maker], Maker]:
    """Register what makes the thing that rows call `name`."""

    def keep(maker: Maker) -> Maker:
        assert name not in THINGS, f"two things are called {name}"
        THINGS[name] = maker
        return maker

    return keep


class World:
    """Two sides, and one visitor of the first, in the role that is tried."""

    def __init__(self, who: str) -> None:
        self.who = who
        self.key = make_key()
        # A deployment that is set up has an administrator.
        administrator = make_user(is_administrator=True)
        here, there = make_organisation(), make_organisation()
        resident = make_user(has_second_factor=False)
        self.user: User | None = None
        if who == ADMINISTRATOR:
            self.user = administrator
        elif who == RESIDENT:
            self.user = resident
        elif who in Role.values:
            self.user = make_member(Role(who), here)
        self.own = _side(here, self.user, resident, self.key)
        self.other = _side(there, make_member(Role.WORKER, there), make_user(), make_key())
        if self.user is not None and is_mfa_enabled(self.user):
            RecoveryCodes.activate(self.user)
        self._made: dict[tuple[str, str], Given] = {}
        self._cookies = self._sign_in()

    def _sign_in(self) -> dict[str, str]:
        client = Client()
        if self.who == DEVICE:
            return {COOKIE: self.key}
        if self.user is None:
            return {}
        client.force_login(self.user)
        session = client.session
        # As somebody who has just shown who they are: what asks again has asked.
        session["account_authentication_methods"] = [
            {"method": "code", "at": time.time(), "reauthenticated": True}
        ]
        session["account_authentication_methods_user"] = str(self.user.pk)
        session.save()
        return {settings.SESSION_COOKIE_NAME: session.session_key or ""}

    def make(self, name: str, *, is_own: bool) -> Given:
        """Return the arguments for the thing called `name`, made once for each side."""
        if not name:
            return {}
        side = self.own if is_own else self.other
        key = (name, side.mark)
        if key not in self._made:
            self._made[key] = THINGS[name](side)
        return self._made[key]

    def client(self) -> Client:
        """Return a browser of the visitor that has seen nothing yet."""
        client = Client(raise_request_exception=False)
        for name, value in self._cookies.items():
            client.cookies[name] = value
        return client


def _side(organisation: Organisation, user: User | None, resident: User, key: str) -> Side:
    # The visitor with a device has no account, so the device is nobody's user's.
    contributor = add_device(key=key, contributor=Contributor.objects.create())
    return Side(
        organisation=organisation,
        visitor=user or make_user(),
        person=user or contributor,
        contributor=contributor,
        resident=resident,
        mark=f"Secret{uuid.uuid4().hex}",
    )
