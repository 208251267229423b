"""Two statistical persons become one, and a browser becomes somebody's."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from connections.indicators import tasks
from connections.indicators.models import ContributorMonth
from connections.indicators.sweep import find_miscounts
from connections.interactions.models import Interaction
from kinder.accounts.actions import link_device, merge_contributors
from kinder.accounts.devices import COOKIE, find_device, make_key, recognise
from kinder.accounts.models import (
    AuditEvent,
    ConsentRecord,
    Contributor,
    Device,
    NetworkSighting,
    Subject,
    User,
)
from kinder.accounts.rules import Refused
from tests.factories import (
    ContributorFactory,
    DeviceFactory,
    InteractionFactory,
    NeighbourhoodFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def use_browser() -> tuple[str, Contributor]:
    """A browser that has added one moment, and as whom."""
    key = make_key()
    with recognise(key, network="192.0.2.0/24") as (device, _is_first):
        InteractionFactory.create(contributor=device.contributor)
    return key, device.contributor


def writes_as(key: str) -> Contributor:
    device = find_device(key)
    assert device
    return device.contributor


def test_two_become_one_and_are_counted_once() -> None:
    area = NeighbourhoodFactory.create()
    keep, gone = ContributorFactory.create_batch(2)
    day = timezone.localdate()
    for person in (keep, gone):
        for _ in range(4):
            InteractionFactory.create(contributor=person, area=area, occurred_on=day)
    tasks.sweep()
    assert sorted(ContributorMonth.objects.values_list("logs", flat=True)) == [4, 4]
    merge_contributors(by=keep, keep=keep, gone=gone)
    tasks.sweep()
    row = ContributorMonth.objects.get()
    # The cap of a day now holds for the one person that they are.
    assert (row.contributor_id, row.logs) == (keep.pk, 5)
    assert find_miscounts() == []
    assert Interaction.objects.filter(contributor=keep).count() == 8
    assert not Contributor.objects.filter(pk=gone.pk).exists()


def test_merging_keeps_devices_networks_consents_and_the_first_day() -> None:
    keep, gone = ContributorFactory.create_batch(2)
    long_ago = timezone.now() - dt.timedelta(days=200)
    Contributor.objects.filter(pk=gone.pk).update(created_at=long_ago)
    device = DeviceFactory.create(contributor=gone)
    quarter = dt.date(2026, 1, 1)
    for person, clusters in ((keep, b"ab"), (gone, b"bc")):
        for cluster in clusters:
            NetworkSighting.objects.create(
                contributor=person, quarter_on=quarter, cluster_hmac=bytes([cluster]) * 32
            )
        subject = Subject.objects.create(contributor=person)
        for purpose in ("story", f"only {clusters!r}"):
            ConsentRecord.objects.create(
                subject=subject, purpose=purpose, wording_version="1", language="en"
            )
    merge_contributors(by=keep, keep=keep, gone=gone)
    device.refresh_from_db()
    keep.refresh_from_db()
    assert device.contributor == keep
    assert keep.created_at == long_ago
    assert NetworkSighting.objects.filter(contributor=keep).count() == 3
    standing = keep.subject.consents.filter(withdrawn_at__isnull=True)
    assert set(standing.values_list("purpose", flat=True)) == {
        "story",
        "only b'ab'",
        "only b'bc'",
    }
    assert keep.subject.consents.count() == 4
    event = AuditEvent.objects.get(verb="merge_contributors")
    assert str(gone.pk) not in f"{event.object_id} {event.facts}"


def test_whoever_was_left_out_for_abuse_stays_left_out() -> None:
    keep, gone = ContributorFactory.create(), ContributorFactory.create(is_blocked=True)
    assert merge_contributors(by=keep, keep=keep, gone=gone).is_blocked


def test_two_accounts_are_two_people() -> None:
    first, second = (ContributorFactory.create(user=UserFactory.create()) for _ in range(2))
    with pytest.raises(Refused):
        merge_contributors(by=first, keep=first, gone=second)
    assert Contributor.objects.count() == 2


def test_signing_in_claims_what_this_browser_added() -> None:
    user = UserFactory.create()
    key, person = use_browser()
    assert link_device(by=user, key=key) == person
    assert writes_as(key).user == user
    # Again, and from a second browser with moments of its own.
    assert link_device(by=user, key=key) == person
    other_key, _other = use_browser()
    assert link_device(by=user, key=other_key) == person
    assert writes_as(other_key) == person
    assert Interaction.objects.filter(contributor=person).count() == 2
    assert Contributor.objects.count() == 1


def test_a_browser_that_was_somebody_elses_changes_hands_from_now_on() -> None:
    key, first = use_browser()
    link_device(by=UserFactory.create(), key=key)
    second = UserFactory.create()
    person = link_device(by=second, key=key)
    assert person
    assert person.user == second
    assert writes_as(key) == person
    # What was added before stays with whoever added it.
    assert Interaction.objects.get().contributor == first


def test_a_browser_that_added_nothing_yet_is_linked_too() -> None:
    user, key = UserFactory.create(), make_key()
    person = link_device(by=user, key=key)
    assert writes_as(key) == person
    assert link_device(by=user, key=None) is None


def sign_in(client: Client, user: User) -> Any:
    user.set_password("a long password of words")
    user.save()
    return client.post(
        "/accounts/login/", {"login": user.email, "password": "a long password of words"}
    )


def test_the_sign_in_page_links_the_browser(client: Client) -> None:
    from allauth.account.models import EmailAddress

    user = UserFactory.create()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    key, person = use_browser()
    client.cookies[COOKIE] = key
    assert sign_in(client, user).status_code == 302
    person.refresh_from_db()
    assert person.user == user


def test_a_signed_in_visitor_of_the_log_is_linked_before_saving(client: Client) -> None:
    user = UserFactory.create()
    client.force_login(user)
    response = client.get("/log/", headers={"sec-fetch-site": "same-origin"})
    key = response.cookies[COOKIE].value
    assert writes_as(key).user == user
    assert Device.objects.count() == 1
