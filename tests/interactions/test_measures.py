"""A community's own measures: proposed there, shown for comment, opened, never reworded."""

import datetime as dt

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from connections.interactions.asking import measures
from connections.interactions.asking.rules import COMMENT_DAYS, MOST_OPEN
from connections.interactions.models import Measure, MeasureComment
from kinder.accounts.models import AuditEvent, Organisation, Role, User
from kinder.accounts.rules import Refused
from places.models import Area, OrganisationArea
from tests.factories import CommunityFactory, NeighbourhoodFactory, ZoneFactory
from tests.factories.accounts import make_member, make_organisation, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def area(db: None) -> Area:
    return CommunityFactory.create(name="Harbourside")


@pytest.fixture
def organisation(area: Area) -> Organisation:
    organisation = make_organisation("Harbour Neighbours")
    OrganisationArea.objects.create(organisation=organisation, area=area)
    return organisation


@pytest.fixture
def member(organisation: Organisation) -> User:
    return make_member(Role.MEMBER, organisation)


@pytest.fixture
def administrator(db: None) -> User:
    return make_user(is_administrator=True)


def propose(by: User, area: Area, organisation: Organisation, question: str = "Why?") -> Measure:
    return measures.propose_measure(
        by=by,
        area=area,
        organisation=organisation,
        question=question,
        scale=Measure.Scale.AGREE_5,
        author="Harbour Neighbours",
    )


def age(measure: Measure, days: int = COMMENT_DAYS) -> Measure:
    Measure.objects.filter(pk=measure.pk).update(
        proposed_on=timezone.localdate() - dt.timedelta(days=days)
    )
    measure.refresh_from_db()
    return measure


def test_only_members_of_an_organisation_there_propose(
    area: Area, organisation: Organisation, member: User, administrator: User
) -> None:
    measure = propose(member, area, organisation)
    assert measure.code == f"M:{area.code}:1"
    assert propose(member, area, organisation).number == 2
    elsewhere = make_organisation()
    OrganisationArea.objects.create(organisation=elsewhere, area=CommunityFactory.create())
    stranger = make_member(Role.WORKER, elsewhere)
    for who, for_whom in (
        (stranger, elsewhere),
        (stranger, organisation),
        (member, elsewhere),
        (administrator, organisation),
    ):
        with pytest.raises(Refused):
            propose(who, area, for_whom)
    # What works in a part or in the whole works here.
    part = NeighbourhoodFactory.create(parent=area)
    assert propose(member, part, organisation).area == part
    with pytest.raises(Refused):
        propose(member, ZoneFactory.create(parent=part), organisation)


def test_it_is_opened_after_two_weeks_by_the_administrator_three_at_most(
    area: Area, organisation: Organisation, member: User, administrator: User
) -> None:
    first = propose(member, area, organisation)
    with pytest.raises(Refused):
        measures.open_measure(by=administrator, measure=first)
    with pytest.raises(Refused):
        measures.open_measure(by=administrator, measure=age(first, COMMENT_DAYS - 1))
    with pytest.raises(Refused):
        measures.open_measure(by=member, measure=age(first))
    several = [first, *(propose(member, area, organisation) for _ in range(MOST_OPEN))]
    for measure in several[:MOST_OPEN]:
        opened = measures.open_measure(by=administrator, measure=age(measure))
        assert opened.opened_on == timezone.localdate()
    with pytest.raises(Refused):
        measures.open_measure(by=administrator, measure=age(several[-1]))
    measures.close_measure(by=administrator, measure=several[0])
    measures.open_measure(by=administrator, measure=several[-1])
    with pytest.raises(Refused):
        measures.open_measure(by=administrator, measure=several[0])
    assert AuditEvent.objects.filter(verb="open_measure").count() == MOST_OPEN + 1


@pytest.mark.parametrize(
    "change",
    [
        {"question": "Another?"},
        {"scale": "zero_to_ten"},
        {"author": "Somebody else"},
        {"number": 9},
        {"state": "proposed", "opened_on": None},
        {"opened_on": dt.date(2020, 1, 1)},
    ],
)
def test_once_asked_the_database_keeps_it_as_it_is(
    area: Area,
    organisation: Organisation,
    member: User,
    administrator: User,
    change: dict[str, object],
) -> None:
    measure = age(propose(member, area, organisation))
    measures.open_measure(by=administrator, measure=measure)
    with pytest.raises(DatabaseError), transaction.atomic():
        Measure.objects.filter(pk=measure.pk).update(**change)
    measures.close_measure(by=administrator, measure=measure)
    with pytest.raises(DatabaseError), transaction.atomic():
        Measure.objects.filter(pk=measure.pk).update(**change)


def test_members_there_comment_while_it_is_proposed(
    area: Area, organisation: Organisation, member: User, administrator: User
) -> None:
    measure = propose(member, area, organisation)
    measures.comment_on_measure(
        by=member, measure=measure, organisation=organisation, text="Plainer, please."
    )
    measures.decline_measure(by=administrator, measure=measure)
    measure.refresh_from_db()
    with pytest.raises(Refused):
        measures.comment_on_measure(
            by=member, measure=measure, organisation=organisation, text="Too late."
        )
    assert MeasureComment.objects.count() == 1


def test_the_pages_from_proposal_to_closing(
    area: Area, organisation: Organisation, member: User, administrator: User
) -> None:
    path = f"/areas/{area.code}/questions/"
    client, admin = Client(), Client()
    client.force_login(member)
    admin.force_login(administrator)
    assert client.post(path, {"question": "", "scale": "agree_5"}).status_code == 422
    sent = {
        "organisation": organisation.pk,
        "question": "The quay is for everybody.",
        "scale": "agree_5",
        "author": "Harbour Neighbours",
    }
    assert client.post(path, sent).status_code == 303
    measure = Measure.objects.get()
    comment = f"/questions/{measure.pk}/comment/"
    assert client.get(comment).status_code == 200
    assert (
        client.post(comment, {"organisation": organisation.pk, "text": "Yes."}).status_code == 303
    )
    page = client.get(path).content.decode()
    assert "The quay is for everybody." in page
    assert "Harbour Neighbours" in page
    assert "Open: ask it" not in page
    decide = f"/questions/{measure.pk}/decide/"
    assert client.post(decide, {"do": "open"}).status_code == 403
    admin.post(decide, {"do": "open"})
    measure.refresh_from_db()
    assert measure.state == Measure.State.PROPOSED, "two weeks are not over"
    with time_machine.travel(timezone.now() + dt.timedelta(days=COMMENT_DAYS + 1)):
        admin.force_login(administrator)
        admin.post(decide, {"do": "open"})
        admin.post(decide, {"do": "close"})
    measure.refresh_from_db()
    assert measure.state == Measure.State.CLOSED


def test_the_page_asks_the_database_no_more_for_more_measures(
    area: Area,
    organisation: Organisation,
    member: User,
    django_assert_max_num_queries: object,
) -> None:
    client = Client()
    client.force_login(member)
    path = f"/areas/{area.code}/questions/"
    for _ in range(8):
        measure = propose(member, area, organisation)
        measures.comment_on_measure(
            by=member, measure=measure, organisation=organisation, text="Yes."
        )
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        assert client.get(path).status_code == 200
