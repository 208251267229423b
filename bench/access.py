"""Walkability of third spaces over Scotland: 158,686 postcodes and 20,000 clustered places.

Prints one JSON object a line; exits 1 where a bar is not met. The baseline answers the same
question in the plain way, place by place.
"""

import csv
import gzip
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np

from connections.indicators.access import (
    DETOUR,
    METRES_PER_MINUTE,
    REACH_MINUTES,
    DemandPoints,
    Site,
    area_mean,
    step_weight,
)
from connections.indicators.statistics import FloatArray

PLACES = 20_000
AREAS = 6_976
POPULATION = 5_400_000
ROUNDS = 3
EARTH_METRES = 6_371_000
SAMPLE_DATA = Path(
    os.environ.get("KINDER_SAMPLE_DATA", Path(__file__).parents[2] / "shared" / "data")
)


def read_postcodes(path: Path) -> tuple[FloatArray, np.ndarray]:
    """Metres (transverse Mercator around 4 degrees west) and data zone numbers of postcodes."""
    with gzip.open(path, "rt", newline="") as file:
        rows = [(row["lon"], row["lat"], row["dz11_code"]) for row in csv.DictReader(file)]
    lon = np.radians([float(row[0]) + 4 for row in rows])
    lat = np.radians([float(row[1]) for row in rows])
    east = np.arctanh(np.cos(lat) * np.sin(lon))
    north = np.arctan2(np.tan(lat), np.cos(lon))
    _, area = np.unique([row[2] for row in rows], return_inverse=True)
    return EARTH_METRES * np.column_stack([east, north]), area


def invent_postcodes(generator: np.random.Generator) -> tuple[FloatArray, np.ndarray]:
    """As many points in towns of very different size, where the real ones are absent."""
    towns = generator.uniform(0, 250_000, (400, 2))
    sizes = generator.pareto(1.2, 400)
    town = np.sort(generator.choice(400, 158_686, p=sizes / sizes.sum()))
    xy = towns[town] + generator.normal(0, 1_500, (town.size, 2))
    return xy, np.arange(town.size) * AREAS // town.size


def measure_place_by_place(
    points: DemandPoints, xy: FloatArray, sites: FloatArray, hours: FloatArray
) -> FloatArray:
    """The baseline: the same figures with one place at a time over sorted coordinates."""
    metres = REACH_MINUTES * METRES_PER_MINUTE / DETOUR
    order = np.argsort(xy[:, 0])
    sorted_xy, people = xy[order], points.population[order]
    score = np.zeros(order.size)
    for site, open_hours in zip(sites, hours, strict=True):
        start, stop = np.searchsorted(sorted_xy[:, 0], (site[0] - metres, site[0] + metres))
        away = np.hypot(*(sorted_xy[start:stop] - site).T)
        weight = step_weight(away * DETOUR / METRES_PER_MINUTE)
        demand = people[start:stop] @ weight
        if demand > 0:
            score[start:stop] += 1_000 * open_hours / demand * weight
    unsorted = np.empty_like(score)
    unsorted[order] = score
    return unsorted


def best_seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    seconds = []
    for _ in range(rounds):
        start = perf_counter()
        work()
        seconds.append(perf_counter() - start)
    return min(seconds)


def main() -> int:
    generator = np.random.default_rng(20260401)
    path = SAMPLE_DATA / "postcodes" / "scotland_postcodes.csv.gz"
    xy, area = read_postcodes(path) if path.exists() else invent_postcodes(generator)
    area_count = int(area.max()) + 1
    population = np.full(len(xy), POPULATION / len(xy))
    sites = xy[generator.integers(len(xy), size=PLACES)] + generator.normal(0, 200, (PLACES, 2))
    hours = generator.uniform(5, 80, PLACES)
    kind = generator.integers(24, size=PLACES)

    def measure() -> FloatArray:
        points = DemandPoints(xy, population)
        return area_mean(points.measure(sites, hours).score, population, area, area_count)

    points = DemandPoints(xy, population)
    score = points.measure(sites, hours).score
    before = Site(sites[0, 0], sites[0, 1], hours[0])
    after = before._replace(hours=before.hours + 10)

    def change() -> FloatArray:
        changed = points.change(score, before, after)
        return area_mean(changed, population, area, area_count)

    slow = measure_place_by_place(points, xy, sites, hours)
    if not np.allclose(slow, score):
        raise SystemExit("The baseline and the product disagree.")
    whole = best_seconds(measure)
    slow_whole = best_seconds(lambda: measure_place_by_place(points, xy, sites, hours), 1)
    variety = best_seconds(lambda: points.variety(sites, kind, area, area_count))
    one = best_seconds(change)
    pairs = len(points.pairs(sites).minutes)
    note = (
        f"{len(xy)} {'real' if path.exists() else 'invented'} postcodes, {area_count} areas, "
        f"{PLACES} places, {pairs} pairs; baseline: one place at a time in numpy "
        "(PySAL access is no dependency)"
    )
    is_ok = True
    for name, figure, baseline, bar in (
        ("access.whole", whole, slow_whole, 5.0),
        ("access.variety", variety, None, 5.0),
        ("access.one_place", one, whole, 0.2),
    ):
        ok = figure < bar and (baseline is None or figure < baseline)
        is_ok &= ok
        row = {
            "name": name,
            "figure": round(figure, 4),
            "unit": "s",
            "baseline": None if baseline is None else round(baseline, 4),
            "ratio": None if baseline is None else round(baseline / figure, 1),
            "bar": f"< {bar} s",
            "ok": ok,
            "note": note,
        }
        print(json.dumps(row))
    return 0 if is_ok else 1


if __name__ == "__main__":
    sys.exit(main())
