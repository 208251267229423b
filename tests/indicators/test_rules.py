"""Who may do what with a quarter, in which situation: one table."""

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from connections.indicators import rules
from connections.indicators.models import AbuseAlert, Quarter, Release
from kinder.accounts.acting import Purpose
from kinder.accounts.models import Role
from kinder.accounts.rules import ADMINISTRATOR_ONLY, SIGN_IN_FIRST
from tests.factories import AdministratorFactory, CouncilFactory, MembershipFactory
from tests.indicators.months import FREEZE_DAY, PUBLISH_DAY, QUARTER

pytestmark = pytest.mark.django_db

ACTORS: dict[str, tuple[Any, Any]] = {
    "nobody": (AnonymousUser, SIGN_IN_FIRST),
    **{
        role.value: (lambda role=role: MembershipFactory.create(role=role).user, ADMINISTRATOR_ONLY)
        for role in Role
    },
    "closed": (lambda: AdministratorFactory.create(is_active=False), SIGN_IN_FIRST),
    "sweep": (lambda: Purpose.SWEEP, "This job may not release figures."),
    "administrator": (AdministratorFactory.create, ""),
    "release": (lambda: Purpose.RELEASE, ""),
}


@pytest.mark.parametrize("actor", ACTORS)
def test_only_the_administrator_and_the_job_itself(actor: str) -> None:
    make, reason = ACTORS[actor]
    by = make()
    quarter = make_quarter()
    release = make_release(quarter, Release.State.READY)
    assert rules.why_not_freeze(by, quarter_on=QUARTER, now=FREEZE_DAY) == str(reason)
    assert rules.why_not_publish(by, release=release, now=PUBLISH_DAY) == str(reason)
    release.delete()
    assert rules.why_not_start(by, quarter=quarter) == str(reason)


def make_quarter(*, frozen: bool = True) -> Quarter:
    return Quarter.objects.create(
        starts_on=QUARTER,
        geography=CouncilFactory.create().geography,
        frozen_at=FREEZE_DAY if frozen else None,
        watermark="0" * 64 if frozen else "",
    )


def make_release(quarter: Quarter, state: str) -> Release:
    is_out = state in Release.OUT
    return Release.objects.create(
        quarter=quarter,
        geography=quarter.geography,
        state=state,
        published_at=PUBLISH_DAY if is_out else None,
        version=quarter.releases.count() + 1,
    )


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("computing", rules.STILL_COMPUTING),
        ("ready", ""),
        ("published", rules.ALREADY_PUBLISHED),
        ("superseded", rules.ALREADY_PUBLISHED),
        ("withdrawn", rules.WAS_WITHDRAWN),
    ],
)
def test_what_may_be_published(state: str, reason: Any) -> None:
    release = make_release(make_quarter(), state)
    found = rules.why_not_publish(Purpose.RELEASE, release=release, now=PUBLISH_DAY)
    assert found == str(reason)


def test_every_state_is_decided() -> None:
    decided = {*Release.IN_WORK, *Release.OUT, Release.State.WITHDRAWN}
    assert decided == set(Release.State)
    assert not set(Release.IN_WORK) & set(Release.OUT)


@pytest.mark.parametrize(
    ("state", "may_start"),
    [
        ("computing", False),
        ("ready", False),
        ("published", True),
        ("superseded", True),
        ("withdrawn", True),
    ],
)
def test_a_new_version_begins_when_none_is_in_work(state: str, may_start: bool) -> None:
    quarter = make_quarter()
    make_release(quarter, state)
    reason = rules.why_not_start(Purpose.RELEASE, quarter=quarter)
    assert reason == ("" if may_start else str(rules.IN_WORK))


def test_an_open_quarter_cannot_start() -> None:
    quarter = make_quarter(frozen=False)
    assert rules.why_not_start(Purpose.RELEASE, quarter=quarter) == str(rules.NOT_FROZEN)


@pytest.mark.parametrize("days", [-400, -1])
def test_no_day_is_early_enough_before_the_due_ones(days: int) -> None:
    release = make_release(make_quarter(), Release.State.READY)
    early = dt.timedelta(days=days)
    by = Purpose.RELEASE
    assert "1 May 2026" in rules.why_not_freeze(by, quarter_on=QUARTER, now=FREEZE_DAY + early)
    assert "15 May 2026" in rules.why_not_publish(by, release=release, now=PUBLISH_DAY + early)


def test_an_open_warning_holds_back_its_own_quarter_only() -> None:
    quarter = make_quarter()
    release = make_release(quarter, Release.State.READY)
    other = Quarter.objects.create(starts_on=dt.date(2025, 10, 1), geography=quarter.geography)
    area = CouncilFactory.create()
    AbuseAlert.objects.create(quarter=other, area=area, reason="join_spike")
    assert rules.why_not_publish(Purpose.RELEASE, release=release, now=PUBLISH_DAY) == ""
    AbuseAlert.objects.create(quarter=quarter, area=area, reason="join_spike")
    found = rules.why_not_publish(Purpose.RELEASE, release=release, now=PUBLISH_DAY)
    assert found == str(rules.ALERT_OPEN)
