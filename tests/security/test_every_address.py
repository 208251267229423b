"""Role × address × object: allowed, or refused with a reason; over every address there is.

ASVS 3.4 (headers), 8.2.1, 8.2.2, 8.3.1 (authorisation), 16.5 (error handling).
"""

import importlib
import json
import pkgutil
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import NoReverseMatch, reverse

from connections.reports import reading
from kinder.accounts.models import Role
from tests.factories.accounts import make_member, make_user
from tests.security import table
from tests.security.addresses import list_addresses
from tests.security.headers import check_headers
from tests.security.rows import ADMINISTRATOR, DEVICE, METHODS, NOBODY, THINGS, WHO, Row, World

pytestmark = pytest.mark.django_db(databases=["default", "reports"])

ROOMS: dict[str, list[Row]] = {
    module.name: importlib.import_module(f"tests.security.table.{module.name}").ROWS
    for module in pkgutil.iter_modules(table.__path__)
}
ROWS = {row.name: row for rows in ROOMS.values() for row in rows}
ADDRESSES = list_addresses()


def is_of_administration(name: str) -> bool:
    return name.startswith("admin:") or not name


def test_every_address_has_its_row() -> None:
    """A new address is thought about, by hand, before it opens to anybody."""
    known = {address.name for address in ADDRESSES if not is_of_administration(address.name)}
    missing = sorted(known - set(ROWS))
    lines = [
        f'    Row("{address.name}", get=…, post=…{", given=…" if not address.is_plain else ""}),'
        f"  # {address.path}"
        for address in ADDRESSES
        if address.name in missing
    ]
    assert not missing, (
        "These addresses say nowhere who may use them. Add a row for each to the file of their room"
        " in tests/security/table (tests/security/rows.py says how):\n" + "\n".join(lines)
    )
    gone = sorted(set(ROWS) - known)
    assert not gone, f"Rows without an address; take them out of tests/security/table: {gone}"


def test_no_address_has_two_rows_and_no_row_names_nobody() -> None:
    names = [row.name for rows in ROOMS.values() for row in rows]
    assert sorted(names) == sorted(set(names))
    known = {*WHO, *(f"own:{who}" for who in WHO)}
    for row in ROWS.values():
        for method in METHODS:
            assert set(row.allowed(method).split()) <= known, row
        assert any(row.allowed(method) for method in METHODS), f"{row.name} has no method"
        assert not row.given or row.given in THINGS, f"{row.name}: nothing makes a {row.given}"


@pytest.fixture(autouse=True)
def read_in_the_open_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """The role of reports sees nothing of a test's open transaction: read through the first."""
    monkeypatch.setattr(reading, "READER", "default")


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("room", ROOMS)
def test_the_table_holds(room: str, who: str) -> None:
    """8.2.1, 8.2.2, 8.3.1: each row, as each role, for one's own and for others' things."""
    world = World(who)
    problems: list[str] = []
    for row in ROOMS[room]:
        # How much one visitor may send is for tests/security's own of floods to say.
        cache.clear()
        problems += find_problems(row, world)
    assert not problems, "\n".join(["", *problems])


def find_problems(row: Row, world: World) -> Iterator[str]:
    """Yield what is wrong with one row as one visitor, in words."""
    for is_own in (True, False) if row.asks_whose else (True,):
        try:
            path = reverse(row.name, kwargs=dict(world.make(row.given, is_own=is_own)))
        except NoReverseMatch as error:
            yield f"{row.name}: its thing “{row.given}” gives other arguments: {error}"
            return
        for method in METHODS:
            if not row.allowed(method) and method not in {"get", "post"}:
                continue
            response, text = send(world.client(), row, method, path)
            may = row.lets_in(world.who, method, is_own=is_own)
            whose = "" if not row.asks_whose else " of their own" if is_own else " of others"
            at = f"{method.upper()} {path} ({row.name}{whose}) as {world.who}"
            check_headers(response.headers, path)
            if problem := judge(row, method, response, text, may=may, who=world.who):
                yield f"{at}: {problem}"
            if not may and world.other.mark in text and world.who != ADMINISTRATOR:
                yield f"{at}: shows something of another organisation"


def send(client: Client, row: Row, method: str, path: str) -> tuple[HttpResponseBase, str]:
    """Send one request, and leave the database as it was."""
    here = transaction.savepoint()
    try:
        data = row.query if method == "get" else row.body
        if method in {"get", "post"} and not path.startswith("/api/"):
            response = getattr(client, method)(path, dict(data))
        else:
            response = client.generic(
                method.upper(),
                path,
                json.dumps(dict(data)),
                content_type="application/json",
                headers={"Origin": "http://testserver"},
            )
        content = b"".join(response) if response.streaming else response.content
    finally:
        transaction.savepoint_rollback(here)
    return response, content.decode(errors="replace")


def judge(
    row: Row, method: str, response: HttpResponseBase, text: str, *, may: bool, who: str
) -> str:
    """Return what is wrong with an answer, "" where nothing is."""
    status = response.status_code
    target = response.headers.get("Location", "")
    asks_to_sign_in = status == 302 and target.startswith("/accounts/login/?next=")
    if status >= 500:
        return f"breaks with {status}"
    if may:
        # A form that was sent empty is let in and then refused for what it lacks.
        is_in = status not in {401, 403, 404, 405, 429} and not asks_to_sign_in
        return "" if is_in else f"should be let in, but gets {status} {target}"
    if asks_to_sign_in:
        return "" if who in {NOBODY, DEVICE} else "is signed in and asked to sign in"
    kept_out = range(400, 500) if row.shape_first else (401, 403, 404, 405)
    if status not in kept_out:
        return f"should be kept out, but gets {status} {target}"
    is_told = status != 403 or has_reason(response, text)
    return "" if is_told else "is kept out without a reason"


def has_reason(response: HttpResponseBase, text: str) -> bool:
    if response.headers.get("Content-Type", "").startswith("application/json"):
        told = json.loads(text)
        return bool(told.get("detail") or told.get("message"))
    context = getattr(response, "context", None)
    return bool(context and context.get("exception"))


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address.path)
def test_an_address_asks_to_sign_in_unless_its_row_says_that_it_is_public(
    address: object,
) -> None:
    """8.2.1: default deny: only what a row opens to nobody is exempt from signing in."""
    view, name = address.view, address.name  # type: ignore[attr-defined]
    is_open = not getattr(view, "login_required", True) or _is_open_api(view)
    if is_of_administration(name) or name not in ROWS:
        return
    row = ROWS[name]
    words = {word for method in METHODS for word in row.allowed(method).split()}
    # Whoever has a device only is not signed in either; the first run closes itself.
    assert not is_open or {NOBODY, DEVICE, f"own:{DEVICE}"} & words or not words, address


def _is_open_api(view: object) -> bool:
    api = getattr(view, "cls", None)
    return api is not None and not any(
        permission.__name__.startswith("IsA") for permission in api.permission_classes
    )


# ------------------------------------------------------------------ the administration


@pytest.mark.parametrize("who", WHO)
def test_the_administration_opens_for_administrators_alone(who: str) -> None:
    world = World(who)
    paths = [address.path for address in ADDRESSES if address.name.startswith("admin:")]
    plain = [path for path in paths if not any(sign in path for sign in "<(^$\\")]
    assert len(plain) > 20
    for path in plain:
        if path in {"/admin/login/", "/admin/logout/", "/admin/jsi18n/", "/admin/autocomplete/"}:
            continue
        response, _text = send(world.client(), Row(path), "get", path)
        check_headers(response.headers, path)
        status, target = response.status_code, response.headers.get("Location", "")
        assert status < 500, path
        if who == ADMINISTRATOR:
            # The tables of what only looks have no page to add.
            assert status in {200, 302} or (status == 403 and path.endswith("/add/")), path
        else:
            assert status in {403, 404} or (status == 302 and "/login/" in target), (path, who)
            response = world.client().get(path, follow=True)
            signed_in = who not in {NOBODY, DEVICE}
            assert response.status_code == (403 if signed_in else 200), (path, who)


LOOK_ONLY = [
    "accounts_user",
    "accounts_organisation",
    "accounts_membership",
    "accounts_consentrecord",
    "accounts_task",
    "accounts_tombstone",
    "accounts_auditevent",
]


def test_the_administration_of_people_only_looks() -> None:
    client = Client()
    administrator = make_user(is_administrator=True)
    client.force_login(administrator)
    for model in LOOK_ONLY:
        assert client.get(reverse(f"admin:{model}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:{model}_add")).status_code == 403
    address = reverse("admin:accounts_user_change", args=[administrator.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"name": "Changed"}).status_code == 403
    assert (
        client.post(reverse("admin:accounts_user_delete", args=[administrator.pk])).status_code
        == 403
    )


def test_a_role_ended_is_a_door_closed_at_once() -> None:
    """8.3.2: rights are asked of the database with each request."""
    client = Client()
    worker = make_member(Role.WORKER)
    client.force_login(worker)
    assert client.get("/moderation/").status_code == 200
    worker.memberships.all().delete()
    assert client.get("/moderation/").status_code == 403
    worker.is_active = False
    worker.save()
    assert client.get("/accounts/").status_code == 302


def test_the_walk_finds_what_it_should() -> None:
    names = {address.name for address in ADDRESSES}
    assert {"pages:home", "account_login", "accounts:people", "schema", "admin:index"} <= names
    assert len(names) > 80
