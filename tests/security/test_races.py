"""Two at once: real threads on PostgreSQL. ASVS 2.3.3, 2.3.4, 15.4.2.

Each test starts its deeds at the same moment and asks what stands afterwards. Moderators deciding at
once are in tests/accounts/test_moderation.py, pairings in tests/befriending/test_races.py, releases
in tests/indicators/test_races.py.
"""

import json
import uuid

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from connections.interactions.models import Interaction
from kinder.accounts.actions import end_administrator, grant_role
from kinder.accounts.devices import COOKIE, make_key
from kinder.accounts.limits import GUESSES_OF_SESSION
from kinder.accounts.models import Contributor, Device, Membership, Organisation, Role, User
from kinder.accounts.rules import Refused
from places.actions import ConflictError, change_place
from tests.factories import NeighbourhoodFactory, PlaceFactory
from tests.factories.accounts import make_member, make_organisation, make_user
from tests.together import run_together

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "reports"])


def send_moment(key: str, id_: uuid.UUID, area: str) -> int:
    client = Client(raise_request_exception=False)
    client.cookies[COOKIE] = key
    body = {
        "direction": "gave",
        "kind": "hello",
        "area": area,
        "occurred_on": timezone.localdate().isoformat(),
    }
    response = client.put(
        f"/api/v1/interactions/{id_}/",
        json.dumps(body),
        content_type="application/json",
        headers={"Origin": "http://testserver"},
    )
    return response.status_code


def test_a_moment_sent_eight_times_at_once_is_one() -> None:
    """2.3.4: a double tap, a retry and the queue of the phone are one moment and one person."""
    area = NeighbourhoodFactory.create()
    key, id_ = make_key(), uuid.uuid4()
    told = run_together(*[lambda: send_moment(key, id_, area.code)] * 8)
    assert set(told) <= {200, 201}, told
    assert told.count(201) == 1
    assert Interaction.objects.count() == 1
    assert Device.objects.count() == 1
    assert Contributor.objects.count() == 1


def test_two_phones_cannot_take_one_id() -> None:
    """8.2.2: whoever comes second is told that there is no such moment of theirs."""
    area = NeighbourhoodFactory.create()
    id_ = uuid.uuid4()
    keys = [make_key() for _phone in range(4)]
    told = run_together(*(lambda key=key: send_moment(key, id_, area.code) for key in keys))
    assert sorted(told) == [201, 404, 404, 404]
    assert Interaction.objects.count() == 1


def test_two_tabs_that_change_one_place_do_not_overwrite_each_other() -> None:
    """2.3.3: the second is told that somebody changed it, and nothing is lost in silence."""
    place = PlaceFactory.create()
    workers = [make_member(Role.WORKER) for _tab in range(2)]

    def change(worker: User, name: str) -> str:
        changed = change_place(
            by=worker, place=place, changes={"name": name}, if_revision=place.revision
        )
        return str(changed.name)

    told = run_together(lambda: change(workers[0], "First"), lambda: change(workers[1], "Second"))
    assert sum(isinstance(one, ConflictError) for one in told) == 1, told
    place.refresh_from_db()
    assert place.name in told
    assert place.revision == 2


def test_a_role_given_twice_at_once_is_one() -> None:
    """15.4.2"""
    administrator, user = make_user(is_administrator=True), make_user()
    organisation = make_organisation()

    def give() -> Membership:
        return grant_role(by=administrator, user=user, organisation=organisation, role=Role.WORKER)

    told = run_together(*[give] * 4)
    assert sum(isinstance(one, Membership) for one in told) == 1, told
    assert all(isinstance(one, Membership | Refused) for one in told), told
    assert Membership.objects.count() == 1


def test_two_administrators_cannot_end_each_other() -> None:
    """2.3.3: somebody stays, or nobody could mend it."""
    first, second = make_user(is_administrator=True), make_user(is_administrator=True)
    told = run_together(
        lambda: end_administrator(by=first, user=second),
        lambda: end_administrator(by=second, user=first),
    )
    assert User.objects.filter(is_administrator=True, is_active=True).count() == 1, told
    assert sum(isinstance(one, Refused) for one in told) == 1


def test_guesses_at_once_are_counted_one_by_one(settings: Settings) -> None:
    """6.6.3, 15.4.2: whoever sends many codes at the same moment gets no more tries by that."""
    # So that a session is there that waits for a code.
    user = make_user(has_second_factor=False)
    asker = Client()
    asker.post("/accounts/login/code/", {"email": user.email})
    key = asker.cookies[settings.SESSION_COOKIE_NAME].value

    def guess(number: int) -> int:
        client = Client(raise_request_exception=False)
        client.cookies[settings.SESSION_COOKIE_NAME] = key
        return client.post(
            "/accounts/login/code/confirm/", {"code": f"BCDF-GH{number:02d}"}
        ).status_code

    told = run_together(*(lambda number=number: guess(number) for number in range(30)))
    assert set(told) <= {200, 302, 429}, told
    assert told.count(429) >= 30 - GUESSES_OF_SESSION.most, told
    assert guess(31) == 429, "and afterwards too"


def test_an_organisation_sent_twice_is_one() -> None:
    """2.3.4: two taps on Save."""
    administrator = make_user(is_administrator=True)
    clients = []
    for _tab in range(3):
        client = Client(raise_request_exception=False)
        client.force_login(administrator)
        clients.append(client)
    body = {"name": "Neighbours together", "kind": "charity"}
    told = run_together(
        *(
            lambda client=client: client.post("/organisations/", body).status_code
            for client in clients
        )
    )
    assert Organisation.objects.count() == 1
    assert told.count(302) == 1, told
    assert set(told) <= {302, 403, 409, 422}, told
