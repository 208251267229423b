"""Who might suit whom: hard exclusions, an explained score, and a fair assignment.

Pure: people come in as plain data, suggestions go out; no Django, no database, no queue. The score
is a judgement written down (method, section 4); an assignment puts the longest wait first and is
the same for the same people whatever their order.
"""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

MOST_SEEKERS = 3_000
"""Beyond it the weights of the assignment no longer fit the 53 bits of a float64: n people need
n · (n · 101 · (n + 1)² + 100) < 2⁵³, which holds up to 3,072."""

JACCARD_ENOUGH = 0.4
"""Two fifths of interests in common earn all points: people list what comes to mind, not all."""

HOURS_ENOUGH = 3
"""Three shared hours a week earn all points: room enough for one meeting and a change of mind."""

LONG_WAIT, SOME_WAIT = 90, 30
"""Days beyond which somebody is in the band that comes first, and in the one after it."""

BEST = 5
"""Suggestions shown for each person."""

LOW_SCORE = 40
"""Below it a suggestion carries a warning label; it never excludes anybody."""

EARTH_KM = 6371.0088

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int16]
"""Points and counts: none is above a few hundred, and there are millions of them."""


class Obstacle(StrEnum):
    """What keeps two people from being paired, in the order in which it is told."""

    EXCLUDED = "excluded"
    CHECK = "check"
    AREA = "area"
    LANGUAGE = "language"
    GENDER = "gender"
    HOURS = "hours"
    TRAVEL = "travel"
    EXPERIENCE = "experience"
    TAKEN = "taken"


class TooManyError(ValueError):
    """More people wait than the assignment can weigh exactly."""


class StoppedError(Exception):
    """Somebody stopped the run."""


@dataclass(frozen=True)
class Weights:
    """Points of each reason; they make 100."""

    interests: int = 30
    hours: int = 25
    nearness: int = 25
    language: int = 10
    experience: int = 10

    def __post_init__(self) -> None:
        if sum(self.as_list()) != 100 or min(self.as_list()) < 0:
            raise ValueError("The five weights are whole numbers from 0 and make 100.")

    def as_list(self) -> list[int]:
        return [self.interests, self.hours, self.nearness, self.language, self.experience]


@dataclass(frozen=True)
class Seeker:
    """Somebody who waits. `point` is (longitude, latitude) of their area; hours of the week run
    from 0, Monday 00–01, to 167; `priority` above 0 puts them in the first band, below in the last.
    """

    id: str
    waiting_days: int
    languages: frozenset[str] = frozenset()
    best_language: str = ""
    gender: str = ""
    prefers_gender: str = ""
    interests: frozenset[str] = frozenset()
    hours: frozenset[int] = frozenset()
    point: tuple[float, float] | None = None
    needs_experience: bool = False
    priority: int = 0
    never: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Helper:
    """A volunteer. `room` is how many more pairings they take; `is_cleared`: a valid check,
    references and training."""

    id: str
    languages: frozenset[str] = frozenset()
    gender: str = ""
    prefers_gender: str = ""
    interests: frozenset[str] = frozenset()
    hours: frozenset[int] = frozenset()
    point: tuple[float, float] | None = None
    travel_km: float = 5
    room: int = 1
    is_experienced: bool = False
    is_cleared: bool = True


@dataclass(frozen=True)
class Suggested:
    """One of the best for somebody: `points` are the five lines of the score, in the order of
    Weights. `is_better_for_both`: the two would prefer each other to whom they were given, and
    fairness of waiting outranks that."""

    helper: str
    score: int
    points: tuple[int, int, int, int, int]
    km: float
    shared_hours: tuple[int, ...]
    shared_interests: tuple[str, ...]
    is_assigned: bool = False
    is_better_for_both: bool = False

    @property
    def is_low(self) -> bool:
        return self.score < LOW_SCORE


@dataclass(frozen=True)
class Result:
    """What a run found: the assignment, the best for each, and who has nobody and why."""

    assigned: dict[str, str]
    best: dict[str, list[Suggested]]
    missing: dict[str, tuple[Obstacle, str]]
    input_sha256: str
    order: list[str] = field(default_factory=list)


def band_of(seeker: Seeker) -> int:
    """Return 2, 1 or 0: whose turn comes first. An override of the order moves whole bands."""
    if seeker.priority:
        return 2 if seeker.priority > 0 else 0
    if seeker.waiting_days > LONG_WAIT:
        return 2
    return 1 if seeker.waiting_days > SOME_WAIT else 0


def order_of(seeker: Seeker) -> tuple[int, int, str]:
    """Sort key of the waiting list: overrides, then the longest wait, then the id."""
    return (-seeker.priority, -seeker.waiting_days, seeker.id)


def match(
    seekers: Iterable[Seeker],
    helpers: Iterable[Helper],
    weights: Weights | None = None,
    tell: Callable[[int], None] | None = None,
) -> Result:
    """Suggest helpers for seekers. `tell` is called with the per cent done, and may raise
    StoppedError to end the run. TooManyError above MOST_SEEKERS."""
    waiting = sorted(seekers, key=order_of)
    ready = sorted(helpers, key=lambda one: one.id)
    if len(waiting) > MOST_SEEKERS:
        raise TooManyError(f"{len(waiting)} people wait; {MOST_SEEKERS} can be weighed exactly.")
    weights = weights or Weights()
    say = tell or (lambda _percent: None)
    say(5)
    pairs = _Pairs(waiting, ready, weights)
    say(40)
    chosen = _assign(waiting, ready, pairs)
    say(70)
    best = _list_best(waiting, ready, pairs, chosen)
    say(90)
    missing = {
        waiting[row].id: _explain(row, waiting, ready, pairs)
        for row in range(len(waiting))
        if row not in chosen
    }
    return Result(
        assigned={waiting[row].id: ready[column].id for row, column in sorted(chosen.items())},
        best=best,
        missing=missing,
        input_sha256=digest_of(waiting, ready, weights),
        order=[seeker.id for seeker in waiting],
    )


def digest_of(seekers: Iterable[Seeker], helpers: Iterable[Helper], weights: Weights) -> str:
    """Return the SHA-256 of what goes in, for telling whether a run would be the same again."""
    told = [
        [_plain(one) for one in sorted(seekers, key=lambda one: one.id)],
        [_plain(one) for one in sorted(helpers, key=lambda one: one.id)],
        weights.as_list(),
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _plain(one: Seeker | Helper) -> dict[str, object]:
    return {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in vars(one).items()
    }


class _Pairs:
    """Every seeker against every helper, as matrices: rows are seekers, columns helpers."""

    def __init__(
        self, seekers: Sequence[Seeker], helpers: Sequence[Helper], weights: Weights
    ) -> None:
        self.shape = (len(seekers), len(helpers))
        self.km = _distances([one.point for one in seekers], [one.point for one in helpers])
        hours = _overlap([one.hours for one in seekers], [one.hours for one in helpers])
        spoken = _overlap([one.languages for one in seekers], [one.languages for one in helpers])
        limits = np.array([one.travel_km for one in helpers], dtype=np.float64)[None, :]
        experienced = _flags([one.is_experienced for one in helpers])[None, :]
        columns = {helper.id: column for column, helper in enumerate(helpers)}
        excluded = np.zeros(self.shape, dtype=bool)
        for row, seeker in enumerate(seekers):
            known = [columns[id_] for id_ in seeker.never if id_ in columns]
            excluded[row, known] = True
        is_known = np.isfinite(self.km)
        self.passes: dict[Obstacle, Bools] = {
            Obstacle.EXCLUDED: ~excluded,
            Obstacle.CHECK: self._each(_flags([one.is_cleared for one in helpers])[None, :]),
            Obstacle.AREA: is_known,
            Obstacle.LANGUAGE: spoken > 0,
            Obstacle.GENDER: _agree_on_gender(seekers, helpers),
            Obstacle.HOURS: hours > 0,
            Obstacle.TRAVEL: ~is_known | (self.km <= limits),
            Obstacle.EXPERIENCE: self._each(
                experienced | ~_flags([one.needs_experience for one in seekers])[:, None]
            ),
        }
        self.feasible: Bools = np.logical_and.reduce(list(self.passes.values()))
        self.has_room = _flags([one.room > 0 for one in helpers])
        self.points = self._score(seekers, helpers, weights, hours, limits, experienced)
        self.score: Ints = self.points.sum(axis=0, dtype=np.int16)

    def _each(self, flags: Bools) -> Bools:
        return np.broadcast_to(flags, self.shape).copy()

    def _score(
        self,
        seekers: Sequence[Seeker],
        helpers: Sequence[Helper],
        weights: Weights,
        hours: Ints,
        limits: Floats,
        experienced: Bools,
    ) -> Ints:
        """Points of the five lines, each a whole number, so that the lines make the score."""
        points = np.zeros((5, *self.shape), dtype=np.int16)
        both = _overlap([one.interests for one in seekers], [one.interests for one in helpers])
        sizes = np.add.outer(
            np.array([len(one.interests) for one in seekers], dtype=np.int16),
            np.array([len(one.interests) for one in helpers], dtype=np.int16),
        )
        # There are few different counts: their points are looked up, not worked out for each pair.
        in_common, of_both = np.ogrid[: _most(both) + 1, : _most(sizes) + 1]
        jaccard = np.minimum(in_common / np.maximum(of_both - in_common, 1) / JACCARD_ENOUGH, 1)
        points[0] = _round(weights.interests * jaccard)[both, sizes]
        enough = np.minimum(np.arange(_most(hours) + 1) / HOURS_ENOUGH, 1)
        points[1] = _round(weights.hours * enough)[hours]
        near = 1 - np.divide(self.km, limits, out=np.zeros_like(self.km), where=limits > 0)
        near = np.clip(np.nan_to_num(near, nan=0, neginf=0, posinf=0), 0, 1)
        points[2] = _round(weights.nearness * near)
        spoken = [{one.best_language or next(iter(sorted(one.languages)), "")} for one in seekers]
        preferred = _overlap(spoken, [one.languages for one in helpers]) > 0
        points[3] = weights.language * preferred
        points[4] = weights.experience * experienced
        return points


def _most(counts: Ints) -> int:
    return int(counts.max(initial=0))


def _round(values: Floats) -> Ints:
    """Half up, away from the noise of the last bits."""
    return np.floor(values + (0.5 + 1e-9)).astype(np.int16)


def _flags(values: Sequence[bool]) -> Bools:
    return np.array(values, dtype=bool)


def _overlap(left: Sequence[Iterable[object]], right: Sequence[Iterable[object]]) -> Ints:
    """Return how many things each of `left` has in common with each of `right`."""
    names = {thing: n for n, thing in enumerate(dict.fromkeys(x for some in right for x in some))}
    first = np.zeros((len(left), len(names) or 1), dtype=np.float32)
    second = np.zeros((len(names) or 1, len(right)), dtype=np.float32)
    for row, some in enumerate(left):
        first[row, [names[thing] for thing in some if thing in names]] = 1
    for column, some in enumerate(right):
        second[[names[thing] for thing in some], column] = 1
    return (first @ second).astype(np.int16)


def _agree_on_gender(seekers: Sequence[Seeker], helpers: Sequence[Helper]) -> Bools:
    """Both sides' wishes hold; no wish agrees with anybody."""
    genders = sorted({one.gender for one in seekers} | {one.gender for one in helpers} | {""})
    code = {gender: n for n, gender in enumerate(genders)}
    theirs = np.array([code[one.gender] for one in helpers], dtype=np.int64)[None, :]
    wished = np.array([code.get(one.prefers_gender, -1) for one in seekers])[:, None]
    ours = np.array([code[one.gender] for one in seekers], dtype=np.int64)[:, None]
    wish = np.array([code.get(one.prefers_gender, -1) for one in helpers])[None, :]
    none = code[""]
    agrees: Bools = ((wished == none) | (wished == theirs)) & ((wish == none) | (wish == ours))
    return agrees


def _distances(
    left: Sequence[tuple[float, float] | None], right: Sequence[tuple[float, float] | None]
) -> Floats:
    """Return kilometres between points by the haversine formula; NaN where one is not known.

    People share the points of their listed areas, so each pair of points is worked out once."""
    first, rows = _each_once(left)
    second, columns = _each_once(right)
    across = (second[None, :, :] - first[:, None, :]) / 2
    bent = (
        np.sin(across[..., 1]) ** 2
        + np.cos(first[:, None, 1]) * np.cos(second[None, :, 1]) * np.sin(across[..., 0]) ** 2
    )
    km: Floats = 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(bent, 0, 1)))
    return km[rows][:, columns]


def _each_once(
    points: Sequence[tuple[float, float] | None],
) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Return the different points in radians, and for each person the place of theirs."""
    places = {point: n for n, point in enumerate(dict.fromkeys(points))}
    nowhere = (math.nan, math.nan)
    found = np.radians(np.array([p or nowhere for p in places], dtype=np.float64).reshape(-1, 2))
    return found, np.array([places[point] for point in points], dtype=np.intp)


def _assign(seekers: Sequence[Seeker], helpers: Sequence[Helper], pairs: _Pairs) -> dict[int, int]:
    """Return the column given to each row that has one.

    Maximises Σ [n · 101 · (n + 1)^band + score]: one more match in a longer-waiting band outweighs
    everything in those after it, and within a band the scores decide. A helper with room for
    several is several columns.
    """
    places = [
        column
        for column, helper in enumerate(helpers)
        for _room in range(min(helper.room, len(seekers)))
    ]
    if not seekers or not places:
        return {}
    n = len(seekers)
    bands = np.array([n * 101 * (n + 1) ** band_of(one) for one in seekers], dtype=np.float64)
    feasible = pairs.feasible[:, places]
    worth = np.where(feasible, bands[:, None] + pairs.score[:, places], 0.0)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    return {
        int(row): places[int(column)]
        for row, column in zip(rows, columns, strict=True)
        if feasible[row, column]
    }


def _list_best(
    seekers: Sequence[Seeker],
    helpers: Sequence[Helper],
    pairs: _Pairs,
    chosen: dict[int, int],
) -> dict[str, list[Suggested]]:
    worst = _worst_given(helpers, pairs, chosen)
    ranked = _rank(pairs)
    best = {}
    for row, seeker in enumerate(seekers):
        given = chosen.get(row)
        shown = ranked[row]
        if given is not None and given not in shown:
            shown[-1:] = [given]
        own = -1 if given is None else int(pairs.score[row, given])
        told = zip(
            shown,
            pairs.score[row, shown].tolist(),
            pairs.points[:, row, shown].T.tolist(),
            pairs.km[row, shown].tolist(),
            strict=True,
        )
        best[seeker.id] = [
            Suggested(
                helper=helpers[column].id,
                score=score,
                points=(points[0], points[1], points[2], points[3], points[4]),
                km=round(km, 1),
                shared_hours=tuple(sorted(seeker.hours & helpers[column].hours)),
                shared_interests=tuple(sorted(seeker.interests & helpers[column].interests)),
                is_assigned=column == given,
                is_better_for_both=column != given and score > max(own, worst[column]),
            )
            for column, score, points, km in told
        ]
    return best


def _rank(pairs: _Pairs) -> list[list[int]]:
    """Return the best columns for each row: by score, then by the order of ids."""
    columns = pairs.shape[1]
    if not columns:
        return [[] for _row in range(pairs.shape[0])]
    order = np.arange(columns - 1, -1, -1, dtype=np.int32)
    may = pairs.feasible & pairs.has_room
    keys = np.where(may, pairs.score.astype(np.int32) * columns + order, -1)
    if columns > BEST:
        top = np.argpartition(keys, columns - BEST, axis=1)[:, columns - BEST :]
    else:
        top = np.broadcast_to(np.arange(columns), pairs.shape)
    of_top = np.take_along_axis(keys, top, axis=1)
    sort = np.argsort(-of_top, axis=1, kind="stable")
    best = np.take_along_axis(top, sort, axis=1).tolist()
    count = (of_top >= 0).sum(axis=1).tolist()
    return [row[:known] for row, known in zip(best, count, strict=True)]


def _worst_given(
    helpers: Sequence[Helper], pairs: _Pairs, chosen: dict[int, int]
) -> dict[int, int]:
    """The lowest score that each helper was given, -1 for whoever has room left."""
    given: dict[int, list[int]] = {column: [] for column in range(len(helpers))}
    for row, column in chosen.items():
        given[column].append(int(pairs.score[row, column]))
    return {
        column: min(scores) if scores and len(scores) >= helpers[column].room else -1
        for column, scores in given.items()
    }


def _explain(
    row: int, seekers: Sequence[Seeker], helpers: Sequence[Helper], pairs: _Pairs
) -> tuple[Obstacle, str]:
    """Say what stands in the way of somebody who was given nobody, and what to look for.

    The obstacle is the one without which there would be somebody; where several stand together, the
    one that leaves the fewest.
    """
    seeker = seekers[row]
    if bool(pairs.feasible[row].any()):
        return Obstacle.TAKEN, ""
    if seeker.point is None:
        return Obstacle.AREA, ""
    passes = {obstacle: matrix[row] for obstacle, matrix in pairs.passes.items()}
    if not helpers:
        return Obstacle.TAKEN, ""
    without = {
        obstacle: int(
            np.logical_and.reduce([p for other, p in passes.items() if other is not obstacle]).sum()
        )
        for obstacle in passes
    }
    if max(without.values()) > 0:
        found = max(without, key=lambda obstacle: without[obstacle])
    else:
        found = min(passes, key=lambda obstacle: int(passes[obstacle].sum()))
    return found, _detail(found, seeker)


def _detail(obstacle: Obstacle, seeker: Seeker) -> str:
    """Return what to look for when recruiting, as a code: never who it is for."""
    match obstacle:
        case Obstacle.LANGUAGE:
            return seeker.best_language or next(iter(sorted(seeker.languages)), "")
        case Obstacle.GENDER:
            return seeker.prefers_gender
        case _:
            return ""
