"""Two at once at a release: nothing is published twice, and nothing without the person who went.

ASVS 2.3.3, 2.3.4, 15.4.2. Real threads on PostgreSQL.
"""

from typing import Any

import pytest

from connections.indicators import release
from connections.indicators.freeze import watermark_of
from connections.indicators.models import AbuseAlert, Figure, Quarter, Release
from connections.indicators.privacy import erase
from kinder.accounts.acting import Purpose
from kinder.accounts.audit import subject_of
from kinder.accounts.models import AuditEvent, Contributor, User
from kinder.accounts.rules import Refused
from tests.factories import AdministratorFactory, CouncilFactory, NeighbourhoodFactory
from tests.indicators.months import FREEZE_DAY, PUBLISH_DAY, QUARTER, make_month, make_person
from tests.together import run_into, run_together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people() -> list[Contributor]:
    area = NeighbourhoodFactory.create(parent__parent=CouncilFactory.create())
    found = [make_person() for _number in range(12)]
    for person in found:
        make_month(person, area, gave=2, received=1)
    return found


@pytest.fixture
def ready(people: list[Contributor]) -> Release:
    quarter = release.freeze_quarter(by=Purpose.RELEASE, quarter_on=QUARTER, now=FREEZE_DAY)
    made = release.start_release(by=Purpose.RELEASE, quarter=quarter)
    release.continue_work()
    made.refresh_from_db()
    assert made.state == Release.State.READY
    return made


@pytest.fixture
def administrators() -> list[User]:
    return [AdministratorFactory.create() for _number in range(3)]


def publish(by: User, made: Release) -> Release:
    """As a page does: with its own reading of the release."""
    return release.publish_release(by=by, release=Release.objects.get(pk=made.pk), now=PUBLISH_DAY)


def refused(told: list[Any]) -> list[Refused]:
    wrong = [one for one in told if isinstance(one, Exception) and not isinstance(one, Refused)]
    assert not wrong, wrong
    return [one for one in told if isinstance(one, Refused)]


def test_two_publications_of_one_release_at_once_are_one(
    ready: Release, administrators: list[User]
) -> None:
    """2.3.4: one publishes, the others are told that it is done."""
    told = run_together(*(lambda by=by: publish(by, ready) for by in administrators))
    assert {str(one) for one in refused(told)} == {
        "This release is published. Published figures never change."
    }
    assert len(refused(told)) == 2
    done = Release.objects.get()
    assert done.state == Release.State.PUBLISHED
    event = AuditEvent.objects.get(verb="release.published")
    assert done.published_by is not None
    assert event.actor_id == subject_of(done.published_by).pk, "who published is who is said to"


def test_the_second_publication_waits_and_then_learns(
    ready: Release, administrators: list[User]
) -> None:
    """2.3.3"""
    first, second, _third = administrators
    told = run_into(lambda: publish(first, ready), lambda: publish(second, ready))
    assert len(refused(told)) == 1
    assert Release.objects.get().published_by == first


def test_a_release_is_published_or_set_aside_and_not_both(
    ready: Release, administrators: list[User]
) -> None:
    """2.3.3"""
    first, second, _third = administrators
    told = run_together(
        lambda: publish(first, ready),
        lambda: release.withdraw_release(by=second, release=Release.objects.get(pk=ready.pk)),
    )
    assert len(refused(told)) == 1
    done = Release.objects.get()
    assert done.state in {Release.State.PUBLISHED, Release.State.WITHDRAWN}
    assert Figure.objects.exists() == (done.state == Release.State.PUBLISHED)


@pytest.mark.parametrize("is_first", [True, False])
def test_whoever_goes_while_it_is_published_is_in_it_or_is_not(
    ready: Release, people: list[Contributor], administrators: list[User], is_first: bool
) -> None:
    """2.3.3: an erasure before the publication makes it wait for figures without the person."""
    deeds = [lambda: erase(people[0]), lambda: publish(administrators[0], ready)]
    told = run_into(*(deeds if is_first else deeds[::-1]))
    done = Release.objects.get()
    if is_first:
        assert len(refused(told)) == 1
        assert done.state == Release.State.COMPUTING
        release.continue_work()
        publish(administrators[0], ready)
    done.refresh_from_db()
    assert done.state == Release.State.PUBLISHED
    if is_first:
        assert done.parameters["frozen_sha256"] == watermark_of(QUARTER)


def test_a_warning_that_comes_while_it_is_published_is_not_walked_past(
    ready: Release, administrators: list[User]
) -> None:
    """2.3.3: the publication waits for the warning that is being written, and then sees it."""
    area = Figure.objects.select_related("area").filter(release=ready)[0].area

    def warn() -> AbuseAlert:
        # As whoever freezes: with the quarter held.
        Quarter.objects.select_for_update().get(pk=ready.quarter_id)
        return AbuseAlert.objects.create(quarter=ready.quarter, area=area, reason="join_spike")

    told = run_into(warn, lambda: publish(administrators[0], ready))
    assert len(refused(told)) == 1
    told = run_together(
        *(lambda by=by: release.close_alert(by=by, alert=told[0]) for by in administrators)
    )
    assert len(refused(told)) == 2
    assert publish(administrators[0], ready).state == Release.State.PUBLISHED


def test_two_starts_are_one_release(people: list[Contributor], administrators: list[User]) -> None:
    """2.3.4"""
    quarter = release.freeze_quarter(by=Purpose.RELEASE, quarter_on=QUARTER, now=FREEZE_DAY)
    told = run_together(
        *(
            lambda by=by: release.start_release(by=by, quarter=Quarter.objects.get(pk=quarter.pk))
            for by in administrators
        )
    )
    assert len(refused(told)) == 2
    assert Release.objects.count() == 1
