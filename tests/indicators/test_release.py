"""The life of a release, on a small country whose figures were computed by hand."""

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from connections.indicators import release
from connections.indicators.definitions import METHOD_VERSION
from connections.indicators.models import (
    AbuseAlert,
    Component,
    Figure,
    Quarter,
    QuarterContributor,
    Release,
    ReleaseShard,
)
from connections.indicators.privacy import erase, export
from kinder.accounts.acting import Purpose
from kinder.accounts.models import AuditEvent, Contributor, NetworkSighting, User
from kinder.accounts.rules import Refused
from places.models import Area
from tests.factories import (
    AdministratorFactory,
    CommunityFactory,
    CouncilFactory,
    NeighbourhoodFactory,
    UserFactory,
)
from tests.indicators.months import FREEZE_DAY, PUBLISH_DAY, QUARTER, make_month, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def areas() -> dict[str, Area]:
    """Hill, dale and glen in one community; the isle in a council of its own. What lives in the
    larger areas is known only from the neighbourhoods."""
    unknown: dict[str, Any] = {"population": None, "adults": None}
    council = CouncilFactory.create(code="C1", **unknown)
    community = CommunityFactory.create(code="Y1", parent=council, **unknown)
    isle = CouncilFactory.create(code="C2", **unknown)
    made = [
        council,
        community,
        isle,
        *(NeighbourhoodFactory.create(code=code, parent=community) for code in ("N1", "N2", "N3")),
        NeighbourhoodFactory.create(code="N4", parent=isle),
    ]
    return {area.code: area for area in made}


def add(area: Area, people: int, **counts: Any) -> list[Contributor]:
    """People who all logged the same."""
    added = [make_person() for _ in range(people)]
    for person in added:
        make_month(person, area, **counts)
    return added


@pytest.fixture
def people(areas: dict[str, Area]) -> dict[str, list[Contributor]]:
    """40 on the hill, 35 in the dale, 6 in the glen, 2 known by their council; 3 on the isle.

    On the hill 25 gave 3 and received 1, 15 gave 4; 20 of them answered both questions of two
    moments, 10 with one "different" and none beyond, 10 with none and both beyond. In the dale half
    of each person's moments are beyond; the other half somebody's job for 12 of them, hosted for 23.
    """
    hill = areas["N1"]
    answers: dict[str, Any] = {"different_answered": 2, "beyond_answered": 2}
    return {
        "hill": [
            *add(hill, 10, gave=3, received=1, different=1, beyond=0, **answers),
            *add(hill, 10, gave=3, received=1, different=0, beyond=2, **answers),
            *add(hill, 5, gave=3, received=1),
            *add(hill, 15, gave=4),
        ],
        "dale": [
            *add(areas["N2"], 12, gave=2, received=2, different=2, beyond=1, in_role=1, **answers),
            *add(areas["N2"], 23, noticed=2, different=1, beyond=1, **answers),
        ],
        "glen": add(areas["N3"], 6, gave=1, received=1),
        "council": add(areas["C1"], 2, gave=1),
        "isle": add(areas["N4"], 3, gave=2, received=1),
    }


def freeze() -> Quarter:
    return release.freeze_quarter(by=Purpose.RELEASE, quarter_on=QUARTER, now=FREEZE_DAY)


def make_ready() -> Release:
    made = release.start_release(by=Purpose.RELEASE, quarter=freeze())
    release.continue_work()
    made.refresh_from_db()
    return made


@pytest.fixture
def ready(people: dict[str, list[Contributor]]) -> Release:
    return make_ready()


@pytest.fixture
def administrator() -> User:
    user: User = AdministratorFactory.create()
    return user


def publish_it(made: Release, by: User | Purpose = Purpose.RELEASE) -> Release:
    return release.publish_release(by=by, release=made, now=PUBLISH_DAY)


def sums(made: Release) -> dict[tuple[str, str], tuple[float, ...]]:
    """Components about people that are not nought, by indicator and area."""
    rows = Component.objects.filter(release=made, n__gt=0).select_related("area")
    return {
        (row.indicator, row.area.code): (
            row.n,
            row.x,
            round(row.total, 9),
            round(row.squares, 9),
            row.largest,
            row.amount,
        )
        for row in rows
    }


def figures(made: Release, *codes: str) -> dict[tuple[str, str], tuple[Any, ...]]:
    rows = Figure.objects.filter(release=made, indicator__in=codes).select_related("area")
    return {
        (row.indicator, row.area.code): (
            row.status,
            row.people,
            row.value,
            row.lower,
            row.upper,
            row.standard_error,
            row.exposure,
            row.coverage,
        )
        for row in rows
    }


def test_components_hold_whoever_lives_exactly_there(ready: Release) -> None:
    assert sums(ready) == {
        ("A1", "N1"): (40, 0, 40, 40, 4, 160),
        ("A1", "N2"): (35, 0, 35, 35, 4, 12 * 4 + 23 * 2),
        ("A1", "N3"): (6, 0, 6, 6, 2, 12),
        ("A1", "C1"): (2, 0, 2, 2, 1, 2),
        ("A1", "N4"): (3, 0, 3, 3, 3, 9),
        ("A3", "N1"): (40, 25, 25, 25, 4, 160),
        ("A3", "N2"): (35, 12, 12, 12, 4, 94),
        ("A3", "N3"): (6, 6, 6, 6, 2, 12),
        ("A3", "C1"): (2, 0, 0, 0, 1, 2),
        ("A3", "N4"): (3, 3, 3, 3, 3, 9),
        # 25 people with 1 - 2/4 and 15 with 0; 12 with 1; 3 with 1 - 1/3.
        ("A3.index", "N1"): (40, 0, 12.5, 6.25, 4, 160),
        ("A3.index", "N2"): (12, 0, 12, 12, 4, 48),
        ("A3.index", "N4"): (3, 0, 2, round(4 / 3, 9), 3, 9),
        # 10 with 50 % and 10 with none; 12 with all and 23 with half.
        ("B1", "N1"): (20, 0, 500, 25_000, 4, 80),
        ("B1", "N2"): (35, 0, 1_200 + 1_150, 120_000 + 57_500, 4, 94),
        ("B2", "N1"): (20, 0, 1_000, 100_000, 4, 80),
        ("B2", "N2"): (35, 0, 35 * 50, 35 * 2_500, 4, 94),
        ("B2.role", "N1"): (20, 0, 0, 0, 4, 80),
        ("B2.role", "N2"): (35, 0, 12 * 50, 12 * 2_500, 4, 94),
        ("B2.hosted", "N1"): (20, 0, 1_000, 100_000, 4, 80),
        ("B2.hosted", "N2"): (35, 0, 23 * 50, 23 * 2_500, 4, 94),
        # Nobody of these people was at a place of the register.
        ("C4", "N1"): (40, 0, 0, 0, 4, 160),
        ("C4", "N2"): (35, 0, 0, 0, 4, 94),
        ("C4", "N3"): (6, 0, 0, 0, 2, 12),
        ("C4", "C1"): (2, 0, 0, 0, 1, 2),
        ("C4", "N4"): (3, 0, 0, 0, 3, 9),
    }
    # A row for every area that can be home, also where nobody counts.
    assert Component.objects.filter(release=ready, indicator="A1").count() == 7
    assert dict(
        Component.objects.filter(release=ready, indicator="A1").values_list(
            "area__code", "exposure"
        )
    ) == {"N1": 800, "N2": 800, "N3": 800, "N4": 800, "Y1": 2_400, "C1": 2_400, "C2": 800}


def test_figures_are_what_one_computes_by_hand(ready: Release) -> None:
    """The glen's 6 people hide the dale (the smaller of the two others); the 2 known only by
    their council hide the community; the isle's 3 themselves.

    Intervals by Byar for A1, Wilson for A3, t for means, all from the rounded numbers.
    """
    hidden = ("c", None, None, None, None, None, None, None)
    assert figures(ready, "A1", "A3", "A3.index", "B1", "B2") == {
        # 40 of 800 adults; 85 (83) of 2,400.
        ("A1", "N1"): ("shown", 40, 50.0, 35.7, 68.1, None, 800, None),
        ("A1", "N2"): hidden,
        ("A1", "N3"): hidden,
        ("A1", "N4"): hidden,
        ("A1", "Y1"): hidden,
        ("A1", "C1"): ("shown", 85, 35.4, 28.3, 43.8, None, 2_400, None),
        ("A1", "C2"): hidden,
        # 25 of 40, 43 of 83.
        ("A3", "N1"): ("shown", 40, 63.0, 48.0, 76.0, 7.6, None, None),
        ("A3", "N2"): hidden,
        ("A3", "N3"): hidden,
        ("A3", "N4"): hidden,
        ("A3", "Y1"): hidden,
        ("A3", "C1"): ("shown", 85, 52.0, 42.0, 62.0, 5.4, None, None),
        ("A3", "C2"): hidden,
        # 24.5 / 52. Without the hill that is 12 people, so the hill's 12.5 / 40 is not told.
        ("A3.index", "N1"): hidden,
        ("A3.index", "N2"): hidden,
        ("A3.index", "N3"): hidden,
        ("A3.index", "N4"): hidden,
        ("A3.index", "Y1"): hidden,
        ("A3.index", "C1"): ("shown", 50, 0.47, 0.37, 0.57, 0.05, None, 59.0),
        ("A3.index", "C2"): hidden,
        # 2,850 / 55 and 2,750 / 55; on the hill only 20 answered.
        ("B1", "N1"): hidden,
        ("B1", "N2"): hidden,
        ("B1", "N3"): hidden,
        ("B1", "N4"): hidden,
        ("B1", "Y1"): hidden,
        ("B1", "C1"): ("shown", 55, 52.0, 43.0, 61.0, 4.3, None, 65.0),
        ("B1", "C2"): hidden,
        ("B2", "N1"): hidden,
        ("B2", "N2"): hidden,
        ("B2", "N3"): hidden,
        ("B2", "N4"): hidden,
        ("B2", "Y1"): hidden,
        ("B2", "C1"): ("shown", 55, 50.0, 42.0, 58.0, 4.1, None, 65.0),
        ("B2", "C2"): hidden,
    }


def test_variety_of_ties_is_worked_out_for_whole_areas(areas: dict[str, Area]) -> None:
    """30 people with neighbours alone and 30 half with friends: p = 0.75, 0.25."""
    add(areas["N1"], 30, gave=4, ties=[4, 0, 0, 0, 0, 0])
    add(areas["N1"], 30, gave=4, ties=[1, 1, 0, 0, 0, 0])
    add(areas["N2"], 40, gave=4, ties=[0, 0, 0, 0, 0, 3])
    add(areas["N2"], 15, gave=4)
    made = make_ready()
    rows = {row.area.code: row for row in Component.objects.filter(indicator="B3", n__gt=0)}
    assert {code: (row.n, row.largest, row.amount) for code, row in rows.items()} == {
        "N1": (60, 4, 240),
        "N2": (40, 4, 160),
    }
    # exp(0.5623), and in the whole 0.45, 0.15, 0.4: exp(1.01042). The dale alone has too few.
    values = dict(
        Component.objects.filter(indicator="B3", value__isnull=False).values_list(
            "area__code", "value"
        )
    )
    assert values == pytest.approx({"N1": 1.754765, "Y1": 2.746735, "C1": 2.746735}, abs=1e-5)
    assert {code: row for (_, code), row in figures(made, "B3").items() if row[0] == "shown"} == {
        "Y1": ("shown", 100, 2.7, 2.6, 2.8, None, None, 87.0),
        "C1": ("shown", 100, 2.7, 2.6, 2.8, None, None, 87.0),
    }


def test_kindness_in_third_spaces(areas: dict[str, Area]) -> None:
    add(areas["N1"], 20, gave=4, at_place=4)
    add(areas["N1"], 30, gave=4, at_place=1)
    made = make_ready()
    # (20 * 100 + 30 * 25) / 50, s = 37.1, t(49) = 2.01.
    # Dale and glen have nobody, which is hidden by the hill.
    assert figures(made, "C4")["C4", "N1"][0] == "c"
    assert figures(made, "C4")["C4", "Y1"] == (
        "shown", 50, 55.0, 45.0, 65.0, 5.2, None, None,
    )  # fmt: skip


def test_keeps_how_it_came_about(ready: Release) -> None:
    assert ready.state == Release.State.READY
    assert (ready.version, ready.method_version) == (1, METHOD_VERSION)
    assert len(ready.code_revision) == len(ready.lock_sha256) == len(ready.watermark) == 64
    kept = ready.parameters
    assert kept["gate"]["K_MIN"] == 10
    assert kept["gate"]["PLACES_VERIFIED"] == 0.7
    assert kept["access"]["REACH_MINUTES"] == 15.0
    assert kept["denominator"] == "adults"
    assert kept["geography"] == "test-2011"
    assert kept["frozen_sha256"] == ready.quarter.watermark
    assert set(kept["indicators"]) >= {"A1", "C3.simpson"}
    assert list(AuditEvent.objects.order_by("id").values_list("verb", "purpose", "facts")) == [
        ("quarter.frozen", "release", {"people": 86, "alerts": 0}),
        ("release.started", "release", {"quarter": "2026 Q1", "version": 1}),
        ("release.ready", "release", {"figures": Figure.objects.count()}),
    ]


def test_the_same_rows_give_the_same_release(ready: Release) -> None:
    before = (ready.watermark, figures(ready, "A1", "A3", "B1", "C1"))
    release.withdraw_release(by=Purpose.RELEASE, release=ready)
    assert not Component.objects.exists()
    again = make_ready()
    assert (again.version, again.state) == (2, Release.State.READY)
    assert (again.watermark, figures(again, "A1", "A3", "B1", "C1")) == before


def test_rates_are_per_resident_where_adults_are_not_known_everywhere(
    people: dict[str, list[Contributor]],
) -> None:
    Area.objects.filter(code="N3").update(adults=None)
    made = make_ready()
    assert made.parameters["denominator"] == "residents"
    assert figures(made, "A1")["A1", "N1"] == (
        "shown", 40, 40.0, 28.6, 54.5, None, 1_000, None,
    )  # fmt: skip


def test_needs_populations(people: dict[str, list[Contributor]]) -> None:
    Area.objects.update(population=None)
    with pytest.raises(Refused, match="import populations"):
        release.start_release(by=Purpose.RELEASE, quarter=freeze())


def test_one_release_of_a_quarter_is_in_work(ready: Release, administrator: User) -> None:
    with pytest.raises(Refused, match="waits to be looked at"):
        release.start_release(by=administrator, quarter=ready.quarter)


def test_starts_only_from_a_frozen_quarter(areas: dict[str, Area]) -> None:
    quarter = Quarter.objects.create(starts_on=QUARTER, geography=areas["C1"].geography)
    with pytest.raises(Refused, match="frozen first"):
        release.start_release(by=Purpose.RELEASE, quarter=quarter)


def test_computing_again_changes_nothing(ready: Release) -> None:
    before = sums(ready), figures(ready, "A1")
    for shard in ReleaseShard.objects.all():
        assert not release.compute_shard(shard.pk)
    assert not release.finish_release(ready)
    assert release.continue_work() == 0
    assert (sums(ready), figures(ready, "A1")) == before


def test_gates_only_when_every_share_is_finished(people: dict[str, list[Contributor]]) -> None:
    made = release.start_release(by=Purpose.RELEASE, quarter=freeze())
    assert release.progress_of(made) == (0, 3)
    for done, shard in enumerate(made.shards.order_by("pk"), start=1):
        assert not release.finish_release(made)
        assert release.compute_shard(shard.pk)
        assert release.progress_of(made) == (done, 3)
    assert not Figure.objects.exists()
    assert release.finish_release(made)
    assert made.state == Release.State.READY


class TestPublishing:
    def test_is_for_good(self, ready: Release, administrator: User) -> None:
        NetworkSighting.objects.create(
            contributor=make_person(), quarter_on=QUARTER, cluster_hmac=b"x" * 32
        )
        kept = NetworkSighting.objects.create(
            contributor=make_person(), quarter_on=dt.date(2026, 4, 1), cluster_hmac=b"x" * 32
        )
        done = publish_it(ready, administrator)
        assert (done.state, done.published_at, done.published_by) == (
            Release.State.PUBLISHED, PUBLISH_DAY, administrator,
        )  # fmt: skip
        assert list(NetworkSighting.objects.all()) == [kept]
        event = AuditEvent.objects.filter(verb="release.published").get()
        assert event.facts == {"quarter": "2026 Q1", "version": 1, "sightings": 1}
        with pytest.raises(Refused, match="never change"):
            publish_it(done, administrator)
        with pytest.raises(Refused, match="never change"):
            release.withdraw_release(by=administrator, release=done)

    def test_a_later_version_supersedes(self, ready: Release) -> None:
        publish_it(ready)
        second = publish_it(make_ready())
        ready.refresh_from_db()
        assert (ready.state, second.state, second.version) == (
            Release.State.SUPERSEDED, Release.State.PUBLISHED, 2,
        )  # fmt: skip
        assert list(Release.objects.standing()) == [second]

    def test_waits_for_day_45(self, ready: Release) -> None:
        with pytest.raises(Refused, match="from 15 May 2026 on"):
            release.publish_release(
                by=Purpose.RELEASE, release=ready, now=PUBLISH_DAY - dt.timedelta(hours=10)
            )

    def test_waits_for_the_figures(self, people: dict[str, list[Contributor]]) -> None:
        made = release.start_release(by=Purpose.RELEASE, quarter=freeze())
        with pytest.raises(Refused, match="still being computed"):
            publish_it(made)

    def test_a_warning_holds_it_back_until_somebody_closed_it(
        self, ready: Release, administrator: User, areas: dict[str, Area]
    ) -> None:
        alert = AbuseAlert.objects.create(
            quarter=ready.quarter, area=areas["N1"], reason="join_spike"
        )
        with pytest.raises(Refused, match="warning"):
            publish_it(ready)
        with pytest.raises(Refused, match="Only the administrator"):
            release.close_alert(by=UserFactory.create(), alert=alert)
        release.close_alert(by=administrator, alert=alert)
        with pytest.raises(Refused, match="closed already"):
            release.close_alert(by=administrator, alert=alert)
        assert publish_it(ready).state == Release.State.PUBLISHED

    @pytest.mark.parametrize("by", [Purpose.SWEEP, "somebody"])
    def test_is_the_administrators(self, by: Any, ready: Release) -> None:
        with pytest.raises(Refused):
            publish_it(ready, UserFactory.create() if by == "somebody" else by)


class TestImmutable:
    """The database itself refuses, whoever asks."""

    @pytest.fixture
    def out(self, ready: Release) -> Release:
        return publish_it(ready)

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE indicators_figure SET value = 1 WHERE value IS NOT NULL",
            "DELETE FROM indicators_figure",
            "UPDATE indicators_release SET watermark = ''",
            "UPDATE indicators_release SET state = 'ready', published_at = NULL",
            "UPDATE indicators_release SET state = 'superseded', version = 9",
            "DELETE FROM indicators_release",
            """INSERT INTO indicators_figure (release_id, indicator, area_id, status, bound)
               SELECT release_id, 'X', area_id, 'c', '' FROM indicators_figure LIMIT 1""",
        ],
    )
    def test_what_is_published_never_changes(self, sql: str, out: Release) -> None:
        before = list(Figure.objects.order_by("id").values())
        with (
            pytest.raises(DatabaseError, match=r"kinder: a published|pgtrigger: Cannot update"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
        assert list(Figure.objects.order_by("id").values()) == before

    def test_not_even_before_is_a_figure_edited(self, ready: Release) -> None:
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            Figure.objects.update(value=1)

    def test_a_suppressed_figure_can_hold_nothing(self, ready: Release) -> None:
        for column in ("people", "value", "lower", "upper", "standard_error", "shrunk"):
            with pytest.raises(DatabaseError, match="suppressed_is_empty"), transaction.atomic():
                Figure.objects.create(
                    release=ready, indicator="X", area_id=1, status="c", **{column: 5}
                )
        with pytest.raises(DatabaseError, match="coverage_of_places"), transaction.atomic():
            Figure.objects.create(release=ready, indicator="X", area_id=1, status="c", coverage=5)


def test_sums_go_13_months_after_the_quarters_end_and_figures_stay(ready: Release) -> None:
    publish_it(ready)
    before = list(Figure.objects.order_by("id").values())
    assert release.forget_old_sums(dt.datetime(2027, 4, 30, 12, tzinfo=dt.UTC)) == 0
    assert release.forget_old_sums(dt.datetime(2027, 5, 1, 12, tzinfo=dt.UTC)) > 86
    assert not Component.objects.exists()
    assert not QuarterContributor.objects.exists()
    assert list(Figure.objects.order_by("id").values()) == before


def test_sums_that_are_being_used_are_left(people: dict[str, list[Contributor]]) -> None:
    release.start_release(by=Purpose.RELEASE, quarter=freeze())
    assert release.forget_old_sums(dt.datetime(2028, 1, 1, tzinfo=dt.UTC)) == 0


class TestErasure:
    def test_before_publication_the_release_is_computed_without_the_person(
        self, ready: Release, people: dict[str, list[Contributor]]
    ) -> None:
        somebody = people["hill"][0]
        assert erase(somebody) == 2
        assert export(somebody) == {
            "indicators.answermonth": [],
            "indicators.contributormonth": [],
            "indicators.quartercontributor": [],
        }
        ready.refresh_from_db()
        assert ready.state == Release.State.COMPUTING
        assert not Figure.objects.exists()
        # Only the person's council is computed again.
        assert release.progress_of(ready) == (2, 3)
        assert release.continue_work() == 1
        ready.refresh_from_db()
        assert ready.state == Release.State.READY
        assert sums(ready)["A1", "N1"] == (39, 0, 39, 39, 4, 156)
        assert ready.parameters["frozen_sha256"] != ready.quarter.watermark

    def test_after_publication_no_released_byte_changes(
        self, ready: Release, people: dict[str, list[Contributor]]
    ) -> None:
        publish_it(ready)
        before = list(Figure.objects.order_by("id").values())
        assert erase(people["hill"][0]) == 2
        assert list(Figure.objects.order_by("id").values()) == before
        ready.refresh_from_db()
        assert ready.state == Release.State.PUBLISHED
        assert QuarterContributor.objects.count() == 85

    def test_of_an_account_reaches_its_contributor(self, areas: dict[str, Area]) -> None:
        user = UserFactory.create()
        make_month(make_person(user=user), areas["N1"], gave=2)
        freeze()
        exported = export(user)
        assert [row["gave"] for row in exported["indicators.contributormonth"]] == [2]
        assert [row["home__code"] for row in exported["indicators.quartercontributor"]] == ["N1"]
        assert erase(user) == 2
        assert erase(UserFactory.create()) == 0
        assert export(UserFactory.create()) == {}
