"""Attacks 8, 9, 13 and 14 from where an attacker stands: addresses, forged rows, a stolen role. Each
finds nothing, and finds something once its defence is taken away."""

import datetime as dt
import random
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from connections.indicators import freeze, release
from connections.indicators.components import people as sums
from connections.indicators.models import AbuseAlert, Component, Figure, Release
from connections.interactions.models import DirtyMark
from connections.reports import reading, wording
from connections.reports.roles import REPORTS_ROLE
from connections.reports.views import areas
from kinder.accounts.acting import Purpose
from kinder.accounts.models import Contributor
from kinder.accounts.rules import Refused
from places.models import Area
from tests.attack.test_roles import is_denied
from tests.factories import CouncilFactory, InteractionFactory, NeighbourhoodFactory
from tests.factories.releases import publish_figures
from tests.indicators.months import (
    FREEZE_DAY,
    LONDON,
    PUBLISH_DAY,
    QUARTER,
    make_month,
    make_person,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reports' own connection sees nothing of a test's open transaction."""
    monkeypatch.setattr(reading, "READER", "default")


def values_url(version: str = "") -> str:
    kept = f"&version={version}" if version else ""
    return f"{reverse('reports:values')}?indicator=A1&level=council&release=2026-Q1{kept}"


def publish_one() -> Area:
    council: Area = CouncilFactory.create(code="C1", parent=None)
    shown = {"value": 38.0, "people": 40, "lower": 30, "upper": 47}
    publish_figures([(council, "A1", shown)])
    return council


# 8: downloads, to average noise away or to catch a change


def download_and_compare(client: Client, times: int) -> bool:
    """Whether any of so many downloads differs from the others: from the cache, and made anew."""
    addresses = [values_url("1")] * times + [values_url()] * (times // 10)
    addresses += [reverse("reports:download", args=["C1", "2026-Q1", "csv"])] * (times // 50)
    seen: dict[str, set[bytes]] = {}
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200
        seen.setdefault(address, set()).add(b"".join(answer))
    return any(len(found) > 1 for found in seen.values())


@pytest.mark.usefixtures("read_here")
def test_8_a_thousand_downloads_are_the_same_bytes(client: Client) -> None:
    publish_one()
    assert not download_and_compare(client, 1_000)


@pytest.mark.usefixtures("read_here")
def test_8_downloads_differ_where_noise_is_drawn_when_asked(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_one()
    dice = random.Random(3)
    told = wording.value
    monkeypatch.setattr(
        wording, "value", lambda one, figure: f"{told(one, figure)} {dice.random():.3f}"
    )
    assert download_and_compare(client, 50)


# 9: filters stacked on each other


def stack_filters(client: Client) -> bool:
    """Whether asking about some of the people of an area gives another answer than asking of all."""
    plain: Any = client.get(values_url()).content
    return any(
        client.get(f"{values_url()}&{more}").content != plain
        for more in ("age=65", "sex=f", "age=65&sex=f&place=3", "tie=new", "people=1")
    )


@pytest.mark.usefixtures("read_here")
def test_9_no_filter_is_heard_that_was_not_declared(client: Client) -> None:
    publish_one()
    assert not stack_filters(client)


@pytest.mark.usefixtures("read_here")
def test_9_filters_cut_people_out_where_any_is_heard(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_one()
    asked: list[Any] = []
    figures, write = areas._figures, areas._write_values

    def hear(request: Any) -> Any:
        asked.append(request.GET)
        return figures(request)

    def cut(made: Release, level: str, code: str) -> bytes:
        known = {"indicator", "level", "release", "version"}
        if set(asked[-1]) - known:
            return write(made, "intermediate", code)
        return write(made, level, code)

    monkeypatch.setattr(areas, "_figures", hear)
    monkeypatch.setattr(areas, "_write_values", cut)
    assert stack_filters(client)


# 13: forged logs push an indicator


@pytest.fixture
def hill() -> Area:
    council = CouncilFactory.create(code="C1", population=None, adults=None)
    area: Area = NeighbourhoodFactory.create(code="N1", parent=council)
    return area


def make_honest(hill: Area, count: int) -> None:
    dice = random.Random(13)
    for _ in range(count):
        answered = dice.randint(3, 8)
        different = sum(dice.random() < 0.4 for _ in range(answered))
        make_month(
            make_person(), hill, gave=answered, different=different, different_answered=answered
        )


def forge(hill: Area, count: int, **facts: Any) -> list[Contributor]:
    """People who log as much as anybody may, all of it at the top of the range."""
    forged = [make_person(**facts) for _ in range(count)]
    for person in forged:
        make_month(person, hill, gave=150, different=150, different_answered=150)
        for day in (3, 4, 9):
            InteractionFactory.create(
                contributor=person,
                area=hill,
                occurred_on=dt.date(2026, 2, day),
                created_at=dt.datetime(2026, 2, day, 12, tzinfo=LONDON),
            )
    # They were counted as they stand above.
    DirtyMark.objects.all().delete()
    return forged


def compute() -> Release:
    quarter = release.freeze_quarter(by=Purpose.RELEASE, quarter_on=QUARTER, now=FREEZE_DAY)
    made = release.start_release(by=Purpose.RELEASE, quarter=quarter)
    release.continue_work()
    made.refresh_from_db()
    return made


def bridging(made: Release) -> tuple[float, float]:
    """B1's exact mean over people and its standard error."""
    row = Component.objects.get(release=made, indicator="B1", area__code="N1")
    mean = row.total / row.n
    return mean, float(((row.squares / row.n - mean**2) / row.n) ** 0.5)


def push(hill: Area) -> float:
    """By how many standard errors two forged people among forty, 5 %, move the mean."""
    make_honest(hill, 38)
    before = compute()
    honest, error = bridging(before)
    release.withdraw_release(by=Purpose.RELEASE, release=before)
    before.quarter.contributors.all().delete()
    before.quarter.releases.all().delete()
    before.quarter.delete()
    forge(hill, 2)
    return (bridging(compute())[0] - honest) / error


def test_13_one_in_twenty_forged_moves_a_mean_less_than_its_error(hill: Area) -> None:
    assert 0 < push(hill) <= 1


def test_13_they_rule_it_where_logs_are_counted_in_place_of_people(
    hill: Area, monkeypatch: pytest.MonkeyPatch
) -> None:
    pooled = sums.Value("is_eligible", "100.0 * different / 5.5")
    monkeypatch.setitem(sums.PEOPLE, "B1", pooled)
    assert push(hill) > 1


# With more people the error shrinks, and one in twenty can move more than it: then there are five
# or more of them, and signs that one hand was many.


@pytest.mark.parametrize("is_defended", [True, False])
def test_13_more_of_them_put_the_quarter_into_quarantine(
    hill: Area, is_defended: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_defended:
        monkeypatch.setattr(freeze, "raise_signs", lambda quarter_on: 0)
    make_honest(hill, 95)
    forge(hill, 5)
    made = compute()

    def publish() -> Release:
        return release.publish_release(by=Purpose.RELEASE, release=made, now=PUBLISH_DAY)

    assert AbuseAlert.objects.filter(closed_at__isnull=True).exists() is is_defended
    if is_defended:
        with pytest.raises(Refused):
            publish()
    else:
        assert publish().state == Release.State.PUBLISHED
        assert Figure.objects.filter(indicator="B1", area__code="N1", status="shown").exists()


# 14: the reports' role


@pytest.mark.parametrize(
    "table", ["interactions_interaction", "accounts_contributor", "indicators_component"]
)
def test_14_what_happened_is_readable_where_it_is_granted(table: str) -> None:
    ask = f"SELECT * FROM {table} LIMIT 1"
    assert is_denied(ask)
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT SELECT ON {table} TO {REPORTS_ROLE}")
    assert not is_denied(ask)
