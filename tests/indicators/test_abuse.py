"""Signs that one hand was many people, and leaving them out before publication."""

import datetime as dt
import uuid

import pytest

from connections.indicators.abuse import (
    BURST,
    LEAST_PEOPLE,
    SAME_NETWORK,
    SAME_SEQUENCE,
    describe_alerts,
    find_groups,
)
from connections.indicators.freeze import freeze_quarter
from connections.indicators.leaving_out import leave_group_out
from connections.indicators.models import AbuseAlert, QuarterContributor, Release, ReleaseShard
from kinder.accounts.acting import Purpose
from kinder.accounts.blocking import block_contributors, unblock_contributors
from kinder.accounts.models import AuditEvent, Contributor, NetworkSighting, Role
from kinder.accounts.rules import Refused
from places.models import Area
from tests.accounts.proofs import sign_in
from tests.factories import (
    CommunityFactory,
    CouncilFactory,
    InteractionFactory,
    NeighbourhoodFactory,
)
from tests.factories.accounts import make_member, make_user
from tests.indicators.months import FREEZE_DAY, LONDON, QUARTER, make_month, make_person

pytestmark = pytest.mark.django_db

JOINED = dt.datetime(2026, 1, 6, 10, tzinfo=LONDON)


@pytest.fixture
def hill() -> Area:
    council = CouncilFactory.create(code="C1")
    return NeighbourhoodFactory.create(code="N1", parent=CommunityFactory.create(parent=council))


def make_newcomers(
    area: Area, count: int, *, hours_apart: float = 30, network: bytes | None = None
) -> list[Contributor]:
    people = []
    for number in range(count):
        person = make_person(created_at=JOINED + dt.timedelta(hours=hours_apart * number))
        make_month(person, area, 2, logs=4)
        cluster = network or uuid.uuid4().bytes * 2
        NetworkSighting.objects.create(contributor=person, quarter_on=QUARTER, cluster_hmac=cluster)
        people.append(person)
    return people


def freeze() -> None:
    freeze_quarter(by=Purpose.RELEASE, quarter_on=QUARTER, now=FREEZE_DAY)


def raised() -> set[tuple[str, str]]:
    return set(AbuseAlert.objects.values_list("area__code", "reason"))


def test_ordinary_neighbours_raise_nothing(hill: Area) -> None:
    make_newcomers(hill, 25)
    freeze()
    assert raised() == set()


@pytest.mark.parametrize(("count", "is_raised"), [(LEAST_PEOPLE - 1, False), (LEAST_PEOPLE, True)])
def test_many_newcomers_of_one_network(hill: Area, count: int, is_raised: bool) -> None:
    make_newcomers(hill, count, network=b"n" * 32)
    make_newcomers(hill, 8)
    freeze()
    assert raised() == ({("N1", SAME_NETWORK)} if is_raised else set())


def test_a_library_among_many_is_no_sign(hill: Area) -> None:
    """Ten of forty share a network: below the share that moves a figure."""
    make_newcomers(hill, 10, network=b"n" * 32)
    make_newcomers(hill, 30)
    freeze()
    assert raised() == set()


def test_a_burst_of_newcomers_within_an_hour(hill: Area) -> None:
    people = make_newcomers(hill, 12, hours_apart=0.05)
    freeze()
    assert raised() == {("N1", BURST)}
    [group] = find_groups(QUARTER)
    assert set(group.people) == {person.pk for person in people}


def test_people_who_lived_exactly_the_same_quarter(hill: Area) -> None:
    twins = make_newcomers(hill, 5)
    others = make_newcomers(hill, 5)
    for day in (3, 4, 9):
        for number, person in enumerate([*twins, *others]):
            kind = (
                "hello"
                if person in twins
                else ["other", "chat", "help", "food", "lent"][number - 5]
            )
            InteractionFactory.create(
                contributor=person,
                area=hill,
                occurred_on=dt.date(2026, 2, day),
                kind=kind,
                created_at=dt.datetime(2026, 2, day, 12, tzinfo=LONDON),
            )
    freeze()
    assert raised() == {("N1", SAME_SEQUENCE)}
    [alert] = describe_alerts(QUARTER)
    assert (alert.people, alert.area) == (5, hill)


def test_leaving_a_group_out_before_publication(hill: Area) -> None:
    """The frozen rows stop counting, what was computed is computed again, and it can be undone."""
    made = make_newcomers(hill, 12, hours_apart=0.05)
    kept = [make_person() for _number in range(3)]
    for person in kept:
        make_month(person, hill, 2, logs=4)
    freeze()
    release = Release.objects.create(
        quarter_id=QUARTER,
        geography=hill.geography,
        state=Release.State.READY,
        method_version="1",
        watermark="ab" * 32,
    )
    council = Area.objects.get(code="C1")
    shard = ReleaseShard.objects.create(release=release, council=council, finished_at=FREEZE_DAY)
    [alert] = AbuseAlert.objects.all()
    administrator = make_user(is_administrator=True)
    assert leave_group_out(by=administrator, alert=alert) == 12
    counting = QuarterContributor.objects.filter(is_eligible=True)
    assert {row.contributor_id for row in counting} == {person.pk for person in kept}
    release.refresh_from_db()
    shard.refresh_from_db()
    assert (release.state, shard.finished_at) == (Release.State.COMPUTING, None)
    assert describe_alerts(QUARTER)[0].people == 0
    with pytest.raises(Refused, match="Nobody"):
        leave_group_out(by=administrator, alert=alert)
    assert AuditEvent.objects.filter(verb="block_contributor").count() == 12
    unblock_contributors(by=administrator, contributors=[person.pk for person in made])
    assert counting.all().count() == 15


def test_published_figures_stay(hill: Area) -> None:
    [person] = make_newcomers(hill, 1)
    freeze()
    Release.objects.create(
        quarter_id=QUARTER,
        geography=hill.geography,
        state=Release.State.PUBLISHED,
        published_at=FREEZE_DAY,
        method_version="1",
        watermark="ab" * 32,
    )
    block_contributors(by=make_member(Role.WORKER), contributors=[person.pk], reason="spam")
    assert QuarterContributor.objects.get().is_eligible
    assert Contributor.objects.get(pk=person.pk).is_blocked


def test_a_blocked_person_is_frozen_as_one_who_does_not_count(hill: Area) -> None:
    first, second = make_newcomers(hill, 2)
    block_contributors(by=make_member(Role.WORKER), contributors=[first.pk], reason="spam")
    freeze()
    rows = QuarterContributor.objects.values_list("contributor_id", "is_eligible")
    assert dict(rows) == {first.pk: False, second.pk: True}


@pytest.mark.parametrize("role", [Role.MEMBER, Role.FUNDER, None])
def test_who_may_block(role: Role | None) -> None:
    user = make_member(role) if role else make_user()
    person = make_person()
    for deed in (block_contributors, unblock_contributors):
        reason = {"reason": "spam"} if deed is block_contributors else {}
        with pytest.raises(Refused):
            deed(by=user, contributors=[person.pk], **reason)
    worker = make_member(Role.WORKER)
    with pytest.raises(Refused, match="reason"):
        block_contributors(by=worker, contributors=[person.pk], reason="because")
    with pytest.raises(Refused, match="nobody"):
        block_contributors(by=worker, contributors=[], reason="spam")
    assert block_contributors(by=worker, contributors=[person.pk], reason="spam") == 1
    assert block_contributors(by=worker, contributors=[person.pk], reason="spam") == 0


def test_the_page_says_what_was_seen_and_leaves_them_out(hill: Area) -> None:
    make_newcomers(hill, 12, network=b"n" * 32)
    freeze()
    client = sign_in(make_user(is_administrator=True))
    page = client.get("/releases/2026-Q1/").content.decode()
    assert "wrote from one network" in page
    assert "12 people." in page
    alert = AbuseAlert.objects.get()
    answer = client.post(f"/releases/alerts/{alert.pk}/leave-out/", follow=True)
    assert "They are left out" in answer.content.decode()
    assert Contributor.objects.filter(is_blocked=True).count() == 12
