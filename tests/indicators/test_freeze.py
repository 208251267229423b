"""The freeze: who counts, where they live, and that it happens once."""

import datetime as dt
from typing import Any

import pytest

from connections.indicators.freeze import freeze_quarter, raise_join_spikes, watermark_of
from connections.indicators.models import (
    AbuseAlert,
    ContributorMonth,
    Quarter,
    QuarterContributor,
)
from connections.interactions.models import DirtyMark, HomeArea
from kinder.accounts.acting import Purpose
from kinder.accounts.models import AuditEvent
from kinder.accounts.rules import Refused
from places.models import Area, AreaLookup, Geography
from tests.factories import (
    AdministratorFactory,
    AreaFactory,
    CommunityFactory,
    CouncilFactory,
    GeographyFactory,
    InteractionFactory,
    NeighbourhoodFactory,
    UserFactory,
    ZoneFactory,
)
from tests.indicators.months import (
    FREEZE_DAY,
    LONDON,
    QUARTER,
    make_month,
    make_person,
)

pytestmark = pytest.mark.django_db


def freeze(**changes: Any) -> Quarter:
    facts: dict[str, Any] = {"by": Purpose.RELEASE, "quarter_on": QUARTER, "now": FREEZE_DAY}
    return freeze_quarter(**(facts | changes))


def homes() -> dict[Any, tuple[str, str]]:
    rows = QuarterContributor.objects.values_list("contributor_id", "home__code", "council__code")
    return {person: (home, council) for person, home, council in rows}


@pytest.fixture
def council() -> Area:
    area: Area = CouncilFactory.create(code="C1")
    return area


@pytest.fixture
def community(council: Area) -> Area:
    area: Area = CommunityFactory.create(code="Y1", parent=council)
    return area


@pytest.fixture
def hill(community: Area) -> Area:
    area: Area = NeighbourhoodFactory.create(code="N1", parent=community)
    return area


@pytest.fixture
def dale(community: Area) -> Area:
    area: Area = NeighbourhoodFactory.create(code="N2", parent=community)
    return area


def test_sums_a_person_over_months_and_areas_whole_row(hill: Area, dale: Area) -> None:
    person = make_person()
    make_month(
        person, hill, 1, seen=(3,), logs=9, gave=5, received=3, noticed=1, different=2,
        different_answered=4, beyond=3, beyond_answered=5, at_place=6, ties=[1, 2, 0, 0, 0, 4],
    )  # fmt: skip
    make_month(
        person, dale, 3, seen=(8,), logs=2, gave=1, received=1, noticed=0, different=1,
        different_answered=1, beyond=0, beyond_answered=2, at_place=1, ties=[0, 1, 1, 0, 0, 0],
    )  # fmt: skip
    # Another quarter's month and a month without moments count for nothing.
    make_month(person, hill, 4, logs=7)
    make_month(make_person(), hill, 2, logs=0)
    quarter = freeze()
    assert list(QuarterContributor.objects.values()) == [
        {
            "id": QuarterContributor.objects.get().pk,
            "quarter_id": QUARTER,
            "revision": 1,
            "contributor_id": person.pk,
            # Neither area was seen on two days: only the council is known.
            "home_id": Area.objects.get(code="C1").pk,
            "council_id": Area.objects.get(code="C1").pk,
            "is_eligible": True,
            "is_answering": False,
            "logs": 11,
            "gave": 6,
            "received": 4,
            "noticed": 1,
            "different": 3,
            "different_answered": 5,
            "beyond": 3,
            "beyond_answered": 7,
            "in_role": 0,
            "at_place": 7,
            "ties": [1, 3, 1, 0, 0, 4],
            # Nobody asked about an ordinary day.
            **dict.fromkeys(("asked", "answered"), 0),
            **dict.fromkeys(("day_acts", "day_gave", "day_received", "day_noticed"), 0),
            **dict.fromkeys(("rely", "kind", "was_hard", "reasons", "measures")),
        }
    ]
    assert quarter.frozen_at == FREEZE_DAY
    assert quarter.watermark == watermark_of(QUARTER)
    assert len(quarter.watermark) == 64


@pytest.mark.parametrize(
    ("facts", "seen", "counts"),
    [
        ({}, [dt.date(2026, 1, 5), dt.date(2026, 1, 6)], True),
        # Seen on one day only, however many moments.
        ({}, [dt.date(2026, 1, 5)], False),
        # The second day lies after the quarter, or before it.
        ({}, [dt.date(2026, 3, 31), dt.date(2026, 4, 1)], False),
        ({}, [dt.date(2025, 12, 31), dt.date(2026, 1, 1)], False),
        ({}, [dt.date(2026, 1, 1), dt.date(2026, 3, 31)], True),
        ({"is_blocked": True}, [dt.date(2026, 1, 5), dt.date(2026, 1, 6)], False),
        # First seen 14 days before the last day, or a minute too late.
        (
            {"created_at": dt.datetime(2026, 3, 17, 23, 59, tzinfo=LONDON)},
            [dt.date(2026, 3, 18), dt.date(2026, 3, 19)],
            True,
        ),
        (
            {"created_at": dt.datetime(2026, 3, 18, 0, 0, tzinfo=LONDON)},
            [dt.date(2026, 3, 18), dt.date(2026, 3, 19)],
            False,
        ),
    ],
)
def test_who_counts(facts: dict[str, Any], seen: list[dt.date], counts: bool, hill: Area) -> None:
    month = make_month(make_person(**facts), hill, 1, logs=9)
    ContributorMonth.objects.filter(pk=month.pk).update(seen_on=seen)
    freeze()
    assert QuarterContributor.objects.get().is_eligible is counts


def test_two_days_may_lie_in_different_months_and_areas(hill: Area, dale: Area) -> None:
    person = make_person()
    make_month(person, hill, 1, seen=(5,))
    make_month(person, dale, 2, seen=(5,))
    freeze()
    assert QuarterContributor.objects.get().is_eligible


class TestHome:
    def test_picked_goes_before_logged(self, hill: Area, dale: Area) -> None:
        person = make_person()
        HomeArea.objects.create(contributor=person, area=dale)
        make_month(person, hill, logs=20)
        freeze()
        assert homes() == {person.pk: ("N2", "C1")}

    def test_picked_in_another_council_moves_the_person(self, hill: Area) -> None:
        far = NeighbourhoodFactory.create(code="N9", parent__parent__code="C9")
        person = make_person()
        HomeArea.objects.create(contributor=person, area=far)
        make_month(person, hill, logs=20)
        freeze()
        assert homes() == {person.pk: ("N9", "C9")}

    def test_most_frequent_of_those_seen_twice(self, hill: Area, dale: Area) -> None:
        person = make_person()
        make_month(person, hill, logs=3, seen=(5, 9))
        make_month(person, dale, 1, logs=2, seen=(5, 6))
        make_month(person, dale, 2, logs=2, seen=(7,))
        # More moments, but all on one day.
        make_month(person, NeighbourhoodFactory.create(parent=hill.parent), logs=9, seen=(5,))
        freeze()
        assert homes() == {person.pk: ("N2", "C1")}

    def test_ties_go_to_the_latest(self, hill: Area, dale: Area) -> None:
        person = make_person()
        make_month(person, dale, logs=3, seen=(5, 9), last_on=dt.date(2026, 1, 8))
        make_month(person, hill, logs=3, seen=(5, 9), last_on=dt.date(2026, 1, 9))
        freeze()
        assert homes() == {person.pk: ("N1", "C1")}

    def test_a_zone_is_lifted_to_its_neighbourhood(self, hill: Area, dale: Area) -> None:
        person = make_person()
        for zone in ZoneFactory.create_batch(2, parent=hill):
            make_month(person, zone, logs=2, seen=(5, 9))
        make_month(person, dale, logs=3, seen=(5, 9))
        freeze()
        assert homes() == {person.pk: ("N1", "C1")}

    def test_a_larger_area_stays_what_it_is(self, community: Area, council: Area) -> None:
        first, second = make_person(), make_person()
        make_month(first, community)
        make_month(second, council)
        freeze()
        assert homes() == {first.pk: ("Y1", "C1"), second.pk: ("C1", "C1")}

    def test_seen_nowhere_twice_only_the_council_is_known(self, hill: Area) -> None:
        far = NeighbourhoodFactory.create(parent__parent__code="C2")
        person = make_person()
        make_month(person, hill, 1, logs=1, seen=(5,))
        make_month(person, far, 2, logs=2, seen=(6,))
        freeze()
        assert homes() == {person.pk: ("C2", "C2")}

    def test_the_country_is_a_branch_of_its_own(self) -> None:
        country = AreaFactory.create(code="S92", level="country")
        CouncilFactory.create(parent=country)
        person = make_person()
        make_month(person, country)
        freeze()
        assert homes() == {person.pk: ("S92", "S92")}

    def test_another_vintage_follows_the_lookup(self, hill: Area) -> None:
        old = Geography.objects.create(slug="old", name="Old areas")
        moved = NeighbourhoodFactory.create(
            geography=old, parent__geography=old, parent__parent__geography=old
        )
        lost = NeighbourhoodFactory.create(
            geography=old, parent__geography=old, parent__parent__geography=old
        )
        AreaLookup.objects.create(from_area=moved, to_area=hill)
        person = make_person()
        make_month(person, moved)
        make_month(make_person(), lost)
        freeze()
        assert homes() == {person.pk: ("N1", "C1")}


def test_a_quarter_takes_the_vintage_of_its_time(hill: Area) -> None:
    newer = Geography.objects.create(
        slug="newer", name="Newer areas", applies_from_on=dt.date(2026, 4, 1)
    )
    assert freeze().geography_id != newer.pk
    july = dt.datetime(2026, 7, 31, tzinfo=LONDON)
    assert freeze(quarter_on=dt.date(2026, 4, 1), now=july).geography_id == newer.pk


def test_frozen_stays_frozen(hill: Area) -> None:
    make_month(make_person(), hill)
    first = freeze()
    late = make_person()
    make_month(late, hill)
    again = freeze(now=FREEZE_DAY + dt.timedelta(days=3))
    assert (again.frozen_at, again.watermark) == (first.frozen_at, first.watermark)
    assert QuarterContributor.objects.count() == 1
    assert AuditEvent.objects.filter(verb="quarter.frozen").count() == 1


def test_the_watermark_tells_of_any_change_and_of_nothing_else(hill: Area) -> None:
    for _ in range(3):
        make_month(make_person(), hill)
    before = freeze().watermark
    row = QuarterContributor.objects.first()
    assert row is not None
    row.delete()
    row.pk = None
    row.save(force_insert=True)
    assert watermark_of(QUARTER) == before
    QuarterContributor.objects.filter(pk=row.pk).update(gave=7)
    assert watermark_of(QUARTER) != before


def test_counts_what_is_still_marked_first(hill: Area) -> None:
    person = make_person()
    for day in (5, 9):
        InteractionFactory.create(
            contributor=person,
            area=hill,
            occurred_on=dt.date(2026, 1, day),
            created_at=dt.datetime(2026, 1, day, 12, tzinfo=LONDON),
        )
    assert DirtyMark.objects.exists()
    freeze()
    assert not DirtyMark.objects.exists()
    [row] = QuarterContributor.objects.all()
    assert (row.contributor_id, row.gave, row.is_eligible) == (person.pk, 2, True)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"now": FREEZE_DAY - dt.timedelta(hours=10)}, "from 1 May 2026 on"),
        ({"quarter_on": dt.date(2026, 2, 1)}, "A quarter begins"),
        ({"by": Purpose.SWEEP}, "may not release"),
    ],
)
def test_refuses_with_the_reason(changes: dict[str, Any], reason: str, hill: Area) -> None:
    with pytest.raises(Refused, match=reason):
        freeze(**changes)
    assert not Quarter.objects.exists()


def test_refuses_whoever_is_no_administrator(hill: Area) -> None:
    with pytest.raises(Refused, match="Only the administrator"):
        freeze(by=UserFactory.create())
    assert freeze(by=AdministratorFactory.create()).frozen_at == FREEZE_DAY


def test_refuses_where_no_areas_are_in_use() -> None:
    with pytest.raises(Refused, match="No areas"):
        freeze()
    GeographyFactory.create()
    assert freeze().frozen_at == FREEZE_DAY


class TestJoinSpike:
    @pytest.fixture
    def years(self, hill: Area) -> list[Quarter]:
        """Four frozen quarters in which 2, 3, 5 and 40 people joined on the hill."""
        found = []
        for quarter_on, joins in (
            (dt.date(2025, 1, 1), 2),
            (dt.date(2025, 4, 1), 3),
            (dt.date(2025, 7, 1), 5),
            (dt.date(2025, 10, 1), 40),
        ):
            found.append(self.add(quarter_on, hill, joins))
        return found

    def add(self, quarter_on: dt.date, area: Area, joins: int) -> Quarter:
        quarter, _ = Quarter.objects.get_or_create(
            starts_on=quarter_on,
            defaults={
                "geography": area.geography, "frozen_at": FREEZE_DAY, "watermark": "0" * 64,
            },
        )  # fmt: skip
        joined_at = dt.datetime.combine(quarter_on, dt.time(12), LONDON)
        counts = dict.fromkeys(
            ("gave", "received", "noticed", "different", "different_answered", "beyond",
             "beyond_answered", "at_place"), 0,
        )  # fmt: skip
        QuarterContributor.objects.bulk_create(
            QuarterContributor(
                quarter=quarter,
                contributor_id=make_person(created_at=joined_at).pk,
                home=area,
                council=area.parent.parent if area.parent and area.parent.parent else area,
                is_eligible=True,
                logs=1,
                ties=[0] * 6,
                **counts,
            )
            for _ in range(joins)
        )
        return quarter

    @pytest.mark.parametrize(("joins", "alerts"), [(12, 0), (19, 0), (20, 1)])
    def test_warns_above_three_times_the_median(
        self, joins: int, alerts: int, years: list[Quarter], hill: Area
    ) -> None:
        # The median of 2, 3, 5, 40 is 4: twelve are usual, and below twenty nobody is warned.
        self.add(QUARTER, hill, joins)
        assert raise_join_spikes(QUARTER) == alerts
        assert list(AbuseAlert.objects.values_list("area__code", "reason")) == (
            [("N1", "join_spike")] * alerts
        )

    def test_an_area_with_a_high_median_may_grow(self, years: list[Quarter], dale: Area) -> None:
        for quarter in years:
            self.add(quarter.starts_on, dale, 10)
        self.add(QUARTER, dale, 30)
        assert raise_join_spikes(QUARTER) == 0

    def test_an_area_that_nobody_joined_before_has_a_median_of_none(
        self, years: list[Quarter], dale: Area
    ) -> None:
        self.add(QUARTER, dale, 20)
        assert raise_join_spikes(QUARTER) == 1

    def test_nobody_knows_what_is_usual_before_three_quarters(self, hill: Area) -> None:
        for quarter_on in (dt.date(2025, 7, 1), dt.date(2025, 10, 1)):
            self.add(quarter_on, hill, 1)
        self.add(QUARTER, hill, 50)
        assert raise_join_spikes(QUARTER) == 0
