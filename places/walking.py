"""A walk past places: the short way round from where somebody starts, on foot and back.

Distances are as the crow flies. The order is that of the nearest next place, mended by turning
stretches round until no turn makes it shorter (2-opt): for the few places of one walk that is the
shortest round or within some steps of it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Stop = TypeVar("Stop")
EARTH_RADIUS = 6_371_008.8
"""Metres, mean radius (IUGG)."""
# A slow walk with time to look: 4 km an hour, and five minutes at each place.
METRES_A_MINUTE = 4_000 / 60
MINUTES_AT_EACH = 5


@dataclass(frozen=True)
class Walk(Generic[Stop]):
    """The stops in order, how far each is from the one before (metres), and the time in all."""

    stops: list[tuple[Stop, float]]
    metres: float

    @property
    def minutes(self) -> int:
        return round(self.metres / METRES_A_MINUTE + MINUTES_AT_EACH * len(self.stops))


def distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return metres between two points given as (longitude, latitude), by the haversine formula."""
    (lon1, lat1), (lon2, lat2) = (map(math.radians, one), map(math.radians, other))
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS * math.asin(math.sqrt(half))


def plan_walk(
    places: Sequence[Stop],
    points: Sequence[tuple[float, float]],
    *,
    start: tuple[float, float] | None = None,
) -> Walk[Stop]:
    """Return `places`, which lie at `points`, in the order of a short round.

    It begins and ends at `start`, or else at the place that lies furthest west.
    """
    if not places:
        return Walk([], 0.0)
    spots = list(points)
    first = min(range(len(spots)), key=lambda number: spots[number])
    nodes = [*spots, start] if start is not None else spots
    begin = len(spots) if start is not None else first
    away = [[distance(one, other) for other in nodes] for one in nodes]
    order = _shorten(_nearest_next(away, begin), away)
    stops: list[tuple[Stop, float]] = []
    previous = begin
    for number in order if start is None else order[1:]:
        stops.append((places[number], away[previous][number]))
        previous = number
    total = sum(metres for _place, metres in stops) + away[previous][begin]
    return Walk(stops, total)


def _nearest_next(away: list[list[float]], begin: int) -> list[int]:
    order, left = [begin], set(range(len(away))) - {begin}
    while left:
        nearest = min(left, key=lambda number: (away[order[-1]][number], number))
        order.append(nearest)
        left.remove(nearest)
    return order


def _shorten(order: list[int], away: list[list[float]]) -> list[int]:
    size, is_better = len(order), True
    while is_better:
        is_better = False
        for first in range(1, size - 1):
            for last in range(first + 1, size):
                after = order[(last + 1) % size]
                before = order[first - 1]
                now = away[before][order[first]] + away[order[last]][after]
                turned = away[before][order[last]] + away[order[first]][after]
                if turned < now - 1e-6:
                    order[first : last + 1] = order[first : last + 1][::-1]
                    is_better = True
    return order
