"""Lenses over released figures, against published values and values worked out by hand."""

import csv
import datetime as dt
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connections.indicators import lenses
from connections.indicators.lenses import change, clusters, inequality
from connections.indicators.lenses.change import Point, Signal
from places.actions import rebuild_ancestors
from places.models import Area
from tests.factories import CouncilFactory, GeographyFactory
from tests.factories.places import make_square
from tests.factories.releases import publish_figures


def quarter(number: int) -> dt.date:
    return dt.date(2023 + number // 4, 1 + number % 4 * 3, 1)


# Inequality


def test_a_straight_line_has_its_slope() -> None:
    share = np.full(10, 0.1)
    middles = np.cumsum(share) - 0.05
    found = inequality.measure_inequality(share, 20 + 30 * middles)
    assert found.sii == pytest.approx(30)
    assert found.mean == pytest.approx(35)
    assert found.rii == pytest.approx(30 / 35)
    assert found.is_straight
    assert found.sii_low is None


def test_the_slope_weighs_groups_by_their_people() -> None:
    """Weighted least squares, worked out by its normal equations."""
    share, mean = np.array([0.5, 0.3, 0.2]), np.array([10.0, 16.0, 20.0])
    b = np.array([0.25, 0.65, 0.9])
    centre, value = share @ b, share @ mean
    slope = share @ ((b - centre) * (mean - value)) / (share @ (b - centre) ** 2)
    found = inequality.measure_inequality(share, mean)
    assert found.sii == pytest.approx(slope)
    assert found.rii == pytest.approx(slope / value)


def test_the_interval_is_seeded_and_as_wide_as_theory_says() -> None:
    share, error = np.full(10, 0.1), np.full(10, 2.0)
    b = np.cumsum(share) - 0.05
    mean = 20 + 10 * b
    found = inequality.measure_inequality(share, mean, error, seed=7)
    theory = 1.96 * 2.0 / np.sqrt(((b - 0.5) ** 2).sum())
    assert found.sii_low is not None
    assert found.sii_high is not None
    assert (found.sii_high - found.sii_low) / 2 == pytest.approx(theory, rel=0.03)
    assert found.sii_low < 10 < found.sii_high
    assert inequality.measure_inequality(share, mean, error, seed=7) == found
    assert inequality.measure_inequality(share, mean, error, seed=8) != found


def test_a_bend_is_told() -> None:
    share = np.full(10, 0.1)
    b = np.cumsum(share) - 0.05
    bent = 20 + 40 * (b - 0.5) ** 2
    assert not inequality.measure_inequality(share, bent).is_straight
    assert not inequality.measure_inequality(share, bent, np.full(10, 0.1), seed=1).is_straight
    assert inequality.measure_inequality(share, bent, np.full(10, 20.0), seed=1).is_straight


def test_groups_hold_the_whole_population_and_shown_figures() -> None:
    grouped = inequality.group_areas(
        [1, 1, 2, 10], [100, 300, 400, 200], [30, 10, 40, 20], [50, 10, 30, np.nan], [4, 3, 2, 0],
        groups=5,
    )  # fmt: skip
    assert grouped.share.tolist() == [0.8, 0.2]
    assert grouped.mean[0] == pytest.approx((30 * 50 + 10 * 10 + 40 * 30) / 80)
    assert grouped.error[0] == pytest.approx(np.sqrt(120**2 + 30**2 + 80**2) / 80)
    assert np.isnan(grouped.mean[1])
    with pytest.raises(ValueError, match="known means"):
        inequality.measure_inequality([0.4, 0.4, 0.2], [1, np.nan, 2])


# Clusters


def read_gal(path: Path) -> tuple[list[str], dict[int, list[int]]]:
    """Neighbours as PySAL writes them: an id and a number, then the ids."""
    lines = path.read_text().split("\n")[1:]
    pairs = [(a.split(), b.split()) for a, b in zip(lines[::2], lines[1::2], strict=False) if a]
    names = [head[0] for head, _ in pairs]
    position = {name: i for i, name in enumerate(names)}
    return names, {i: [position[name] for name in row] for i, (_, row) in enumerate(pairs)}


@pytest.mark.parametrize(
    ("gal", "expected"),
    [
        ("columbus/columbus.gal", "columbus_CRIME_expected_esda.csv"),
        ("stl/stl.gal", "stl_HR8893_expected_esda.csv"),
    ],
)
def test_local_moran_has_the_values_that_esda_publishes(
    gal: str, expected: str, sample_data: Path
) -> None:
    lisa = sample_data / "stats" / "lisa"
    names, neighbours = read_gal(lisa / gal)
    with (lisa / expected).open() as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    values = [float(rows[name]["y"]) for name in names]
    found = clusters.local_moran(values, neighbours, seed=1, permutations=999)
    published = [float(rows[name]["local_I"]) for name in names]
    assert found.statistic == pytest.approx(published, abs=1e-9)
    assert found.quadrant.tolist() == [int(rows[name]["quadrant"]) for name in names]
    # The permutations' spread is the conditional one of theory.
    expected_mean = np.array([float(rows[name]["local_EIc"]) for name in names])
    spread = np.sqrt([float(rows[name]["local_VIc"]) for name in names])
    score = np.abs(found.statistic - expected_mean) / spread
    assert (found.p[score > 3.5] < 0.05).all()
    assert (found.p[score < 0.5] > 0.2).all()


def grid(side: int) -> dict[int, list[int]]:
    cells = list(product(range(side), range(side)))
    return {
        i: [j for j, b in enumerate(cells) if max(abs(a[0] - b[0]), abs(a[1] - b[1])) == 1]
        for i, a in enumerate(cells)
    }


def test_noise_has_hardly_any_clusters_and_a_patch_is_found() -> None:
    side = 14
    noise = np.random.default_rng(3).normal(size=side**2)
    found = clusters.local_moran(noise, grid(side), seed=5, permutations=9_999)
    assert (found.p < 0.05).sum() > 3
    assert found.is_cluster.sum() <= 1
    patch = noise.reshape(side, side).copy()
    patch[2:6, 2:6] += 6
    found = clusters.local_moran(patch.ravel(), grid(side), seed=5, permutations=9_999)
    inside = np.zeros((side, side), bool)
    inside[3:5, 3:5] = True
    assert found.is_cluster[inside.ravel()].all()
    assert (found.quadrant[inside.ravel()] == 1).all()
    assert clusters.local_moran(patch.ravel(), grid(side), seed=5, permutations=9_999).p == (
        pytest.approx(found.p)
    )


def test_drawn_neighbours_are_different_and_any_of_the_others() -> None:
    drawn = clusters._draw(6, 3, 20_000, seed=2)
    assert all(len(set(row)) == 3 for row in drawn.tolist())
    counts = np.bincount(drawn.ravel(), minlength=6)
    assert counts == pytest.approx(np.full(6, 10_000), rel=0.03)


@pytest.mark.parametrize(
    ("p", "passes"),
    [
        # Benjamini & Hochberg 1995, the example of 15 tests: four pass at 0.05.
        (
            [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240,
             0.4262, 0.5719, 0.6528, 0.7590, 1.0],
            4,
        ),
        ([0.04, 0.04, 0.04], 3),
        ([0.06, 0.9], 0),
        ([], 0),
    ],
)  # fmt: skip
def test_false_finds_are_controlled(p: list[float], passes: int) -> None:
    assert clusters.control_false_finds(p).sum() == passes


def test_areas_alike_or_alone_have_no_clusters() -> None:
    with pytest.raises(ValueError, match="alike"):
        clusters.local_moran([1, 1, 1], {0: [1], 1: [0, 2], 2: [1]}, seed=1)
    found = clusters.local_moran([1, 2, 3, 9], {0: [1], 1: [0, 2], 2: [1]}, seed=1, permutations=99)
    assert np.isnan(found.statistic[3])
    assert not found.is_cluster[3]


# Change


def test_compares_with_the_quarter_before_and_last_year() -> None:
    points = [Point(quarter(n), 40.0, 35.0, 45.0, "1") for n in range(4)]
    points.append(Point(quarter(4), 52.0, 48.0, 56.0, "1"))
    step = change.since_last_year(points)
    assert step is not None
    assert (step.earlier_on, step.later_on) == (quarter(0), quarter(4))
    assert step.difference == 12
    assert step.low == pytest.approx(12 - np.hypot(4, 5))
    assert step.is_changed
    assert change.since_before(points) is not None
    assert change.since_last_year(points[:4]) is None
    assert change.since_before(points[:1]) is None
    assert change.since_before([]) is None


@pytest.mark.parametrize(
    "later",
    [
        Point(quarter(1), 60.0, 55.0, 65.0, "2"),
        Point(quarter(1), None, method="1"),
        Point(quarter(1), 60.0, method="1"),
    ],
)
def test_no_mark_where_methods_differ_or_there_is_no_interval(later: Point) -> None:
    assert change.since_before([Point(quarter(0), 40.0, 35.0, 45.0, "1"), later]) is None


def test_a_small_step_is_no_change() -> None:
    step = change.compare(
        Point(quarter(0), 40.0, 35.0, 45.0, "1"), Point(quarter(1), 43.0, 38.0, 48.0, "1")
    )
    assert step is not None
    assert not step.is_changed


def test_the_chart_has_the_limits_of_its_formula() -> None:
    values = [50, 52, 49, 51, 50, 53, 48, 51, 50, 52, 49, 51]
    chart = change.draw_chart(values)
    assert chart is not None
    reach = 2.66 * np.abs(np.diff(values)).mean()
    assert chart.mean == pytest.approx(50.5)
    assert (chart.low, chart.high) == pytest.approx((50.5 - reach, 50.5 + reach))
    assert not any(chart.signals)
    assert change.draw_chart(values[:11]) is None


@pytest.mark.parametrize(
    ("values", "signal", "where"),
    [
        ([*[50, 51] * 6, 70], Signal.OUTSIDE, [12]),
        ([*[50, 51] * 3, 50, *[60, 61] * 3, 60], Signal.ONE_SIDE, range(14)),
        ([50, 51, 50, 51, 50, 51, 52, 53, 54, 55, 56, 50], Signal.TREND, range(4, 11)),
    ],
)
def test_the_chart_signals(values: list[float], signal: Signal, where: Any) -> None:
    chart = change.draw_chart(values)
    assert chart is not None
    assert [i for i, signals in enumerate(chart.signals) if signal in signals] == list(where)


@pytest.mark.parametrize("value", [6.79, 83.5, 0.1, 1 / 3, -20.6, 0.0])
def test_what_never_moved_gives_no_signal(value: float) -> None:
    chart = change.draw_chart([value] * 13)
    assert chart is not None
    assert set(chart.signals) == {frozenset()}


def test_two_of_three_near_a_limit() -> None:
    values = [50.0, 51.0] * 7
    values[6] = values[7] = 53.0
    chart = change.draw_chart(values)
    assert chart is not None
    assert all(2 / 3 < (v - chart.mean) / (chart.high - chart.mean) <= 1 for v in values[6:8])
    assert [i for i, found in enumerate(chart.signals) if Signal.NEAR_LIMIT in found] == [6, 7]


def test_a_chart_is_drawn_of_an_unbroken_run() -> None:
    points = [Point(quarter(n), float(n), method="1") for n in range(8)]
    assert change.longest_run(points).tolist() == list(range(8))
    points[2] = Point(quarter(2), None, method="1")
    assert change.longest_run(points).tolist() == [3, 4, 5, 6, 7]
    points[5] = Point(quarter(5), 5.0, method="2")
    assert change.longest_run(points).tolist() == [6, 7]
    assert change.longest_run([points[0], points[7]]).tolist() == [7]


# Reading released figures


def make_strip(count: int, width: int = 100) -> tuple[Area, list[Area]]:
    """A council with rows of zones, the most deprived first."""
    geography = GeographyFactory.create()
    council = CouncilFactory.create(geography=geography, parent=None)
    zones = []
    for n in range(count):
        zone = make_square(
            f"Z{n:02}",
            geography=geography,
            parent=council,
            west=0.02 * (n % width),
            south=0.02 * (n // width),
            side=0.02,
        )
        zone.deprivation_decile = 1 + n * 10 // count
        zone.save()
        zones.append(zone)
    rebuild_ancestors(geography)
    return council, zones


@pytest.mark.django_db
def test_reads_inequality_and_clusters_from_released_figures() -> None:
    council, zones = make_strip(20)
    made = publish_figures(
        [(zone, "C1", {"value": 5.0 + n}) for n, zone in enumerate(zones)]
        + [(zone, "C2", {}) for zone in zones]
    )
    found = lenses.read_inequality(made, "C1", council.pk)
    assert found is not None
    assert (found.groups, found.areas, found.areas_in_all) == (10, 20, 20)
    # Groups of two: means 5.5, 7.5, … 23.5, whose line rises by 20 from end to end.
    assert found.found.sii == pytest.approx(20)
    assert found.found.sii_low is None
    assert lenses.read_inequality(made, "C2", council.pk) is None
    assert lenses.read_inequality(made, "A3", council.pk) is None
    assert lenses.read_clusters(made, "C2", council.pk) is None
    assert lenses.read_clusters(made, "B1", council.pk) is None


@pytest.mark.django_db
def test_reads_clusters_from_released_figures() -> None:
    council, zones = make_strip(49, width=7)
    patch = {zones[i].pk for i in (8, 9, 10, 15, 16, 17, 22, 23, 24)}
    made = publish_figures(
        [(zone, "C1", {"value": 60.0 if zone.pk in patch else 5.0 + zone.pk % 3}) for zone in zones]
    )
    seen = lenses.read_clusters(made, "C1", council.pk, permutations=9_999)
    assert seen is not None
    assert seen.areas == 49
    assert seen.found[zones[16].pk] == 1
    assert all(quadrant == 1 for area, quadrant in seen.found.items() if area in patch)
    with CaptureQueriesContext(connection) as queries:
        assert lenses.read_clusters(made, "C1", council.pk, permutations=9_999) == seen
    assert not queries


@pytest.mark.django_db
def test_reads_change_over_published_releases() -> None:
    council = CouncilFactory.create(parent=None)
    for number in range(5):
        value = 40.0 if number < 4 else 60.0
        made = publish_figures(
            [(council, "E1", {"value": value, "lower": value - 5, "upper": value + 5})],
            quarter_on=quarter(number),
        )
    found = lenses.read_change("E1", council.pk)
    assert [point.value for point in found.points] == [40, 40, 40, 40, 60]
    assert found.before is not None
    assert found.last_year is not None
    assert found.last_year.is_changed
    assert found.chart is None
    assert lenses.read_change("E1", council.pk, until=made).points == found.points
    assert lenses.read_change("B1", council.pk).points == ()
