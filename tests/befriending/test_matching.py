"""Matching: exclusions hold, nobody waits beside a free volunteer, and small cases equal a search
of every possibility."""

import dataclasses
import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.befriending.matching import (
    EARTH_KM,
    LOW_SCORE,
    MOST_SEEKERS,
    Helper,
    Obstacle,
    Seeker,
    StoppedError,
    TooManyError,
    Weights,
    band_of,
    match,
)
from connections.befriending.vocabulary import Constraint

HERE = (-4.29, 55.88)


def km_east(km: float) -> tuple[float, float]:
    """Return the point that lies so far east, a hair less."""
    degree = math.radians(1) * EARTH_KM * math.cos(math.radians(HERE[1]))
    return (HERE[0] + km * 0.99999 / degree, HERE[1])


WELL_SEEKER = Seeker(
    id="s",
    waiting_days=10,
    languages=frozenset({"en"}),
    best_language="en",
    interests=frozenset({"chess", "birds"}),
    hours=frozenset({10, 11, 12}),
    point=HERE,
)
WELL_HELPER = Helper(
    id="h",
    languages=frozenset({"en"}),
    interests=frozenset({"chess", "birds"}),
    hours=frozenset({10, 11, 12}),
    point=HERE,
    travel_km=5,
    is_experienced=True,
)


def seeker(id_: str = "s", **facts: object) -> Seeker:
    return dataclasses.replace(WELL_SEEKER, id=id_, **facts)  # type: ignore[arg-type]


def helper(id_: str = "h", **facts: object) -> Helper:
    return dataclasses.replace(WELL_HELPER, id=id_, **facts)  # type: ignore[arg-type]


def test_the_codes_are_the_vocabularys() -> None:
    assert {one.value for one in Obstacle} == set(Constraint.values)


@pytest.mark.parametrize(
    ("one", "other", "obstacle", "detail"),
    [
        (seeker(languages=frozenset({"pl"}), best_language="pl"), helper(), "language", "pl"),
        (seeker(prefers_gender="woman"), helper(gender="man"), "gender", "woman"),
        (seeker(gender="man"), helper(prefers_gender="woman"), "gender", ""),
        (seeker(hours=frozenset({99})), helper(), "hours", ""),
        (seeker(point=km_east(5.2)), helper(), "travel", ""),
        (seeker(needs_experience=True), helper(is_experienced=False), "experience", ""),
        (seeker(), helper(is_cleared=False), "check", ""),
        (seeker(never=frozenset({"h"})), helper(), "excluded", ""),
        (seeker(point=None), helper(), "area", ""),
        (seeker(), helper(room=0), "taken", ""),
    ],
)
def test_hard_exclusions_are_absolute(
    one: Seeker, other: Helper, obstacle: str, detail: str
) -> None:
    result = match([one], [other])
    assert result.assigned == {}
    assert result.missing == {"s": (obstacle, detail)}
    if obstacle != "taken":
        assert result.best["s"] == []


def test_the_score_is_five_lines() -> None:
    [best] = match([WELL_SEEKER], [WELL_HELPER]).best["s"]
    assert best.points == (30, 25, 25, 10, 10)
    assert (best.score, best.is_low, best.is_assigned) == (100, False, True)
    other = helper(
        interests=frozenset({"chess", "dogs", "boats", "films"}),  # one of five: half of 0.4
        hours=frozenset({12, 13}),
        point=km_east(2.5),
        is_experienced=False,
    )
    [best] = match([WELL_SEEKER], [other]).best["s"]
    assert best.points == (15, 8, 13, 10, 0)
    assert best.score == sum(best.points) == 46
    assert (best.km, best.shared_hours, best.shared_interests) == (2.5, (12,), ("chess",))


def test_a_low_score_is_a_label_only() -> None:
    other = helper(
        interests=frozenset(), hours=frozenset({12}), point=km_east(5), is_experienced=False
    )
    [best] = match([WELL_SEEKER], [other]).best["s"]
    assert best.score < LOW_SCORE
    assert best.is_low
    assert best.is_assigned


def test_weights_are_the_services_own() -> None:
    [best] = match([WELL_SEEKER], [WELL_HELPER], Weights(0, 40, 40, 10, 10)).best["s"]
    assert best.points == (0, 40, 40, 10, 10)
    with pytest.raises(ValueError, match="make 100"):
        Weights(50, 50, 50, 0, 0)


def test_the_longest_wait_comes_first_though_the_score_is_lower() -> None:
    patient = seeker("patient", waiting_days=253, interests=frozenset())
    lately = seeker("lately", waiting_days=3)
    result = match([lately, patient], [WELL_HELPER])
    assert result.assigned == {"patient": "h"}
    assert result.missing == {"lately": (Obstacle.TAKEN, "")}
    [alternative] = result.best["lately"]
    assert alternative.is_better_for_both, "a pair that both would prefer is told"


def test_bands_and_overrides() -> None:
    assert [band_of(seeker(waiting_days=days)) for days in (91, 90, 31, 30, 0)] == [2, 1, 1, 0, 0]
    assert band_of(seeker(waiting_days=1, priority=1)) == 2
    assert band_of(seeker(waiting_days=200, priority=-1)) == 0
    result = match([seeker("a", waiting_days=60), seeker("b", priority=1)], [WELL_HELPER])
    assert result.assigned == {"b": "h"}


def test_a_full_list_is_refused_and_a_run_can_be_stopped() -> None:
    with pytest.raises(TooManyError, match="3001"):
        match([seeker(str(n)) for n in range(MOST_SEEKERS + 1)], [])
    n = MOST_SEEKERS
    assert n * (n * 101 * (n + 1) ** 2 + 100) < 2**53
    assert n * 101 * (n + 1) > n * (n * 101 + 100), "one of a higher band outweighs all below"

    def stop(percent: int) -> None:
        if percent >= 40:
            raise StoppedError

    with pytest.raises(StoppedError):
        match([WELL_SEEKER], [WELL_HELPER], tell=stop)


def test_nobody_at_all() -> None:
    assert match([], []).assigned == {}
    assert match([], [WELL_HELPER]).best == {}
    assert match([WELL_SEEKER], []).missing == {"s": (Obstacle.TAKEN, "")}


languages = st.frozensets(st.sampled_from(["en", "pl"]), min_size=1, max_size=2)
genders = st.sampled_from(["", "", "woman", "man"])
interests = st.frozensets(st.sampled_from("abcdef"), max_size=4)
hours = st.frozensets(st.integers(0, 5), max_size=4)
points = st.sampled_from([HERE, km_east(1), km_east(3), km_east(7)])


@st.composite
def crowds(draw: st.DrawFn, most: int) -> tuple[list[Seeker], list[Helper]]:
    seekers = [
        Seeker(
            id=f"s{n}",
            waiting_days=draw(st.sampled_from([2, 30, 31, 60, 90, 91, 400])),
            languages=draw(languages),
            best_language="en",
            gender=draw(genders),
            prefers_gender=draw(genders),
            interests=draw(interests),
            hours=draw(hours),
            point=draw(points),
            needs_experience=draw(st.booleans()),
            never=frozenset({"h1"}) if draw(st.booleans()) else frozenset(),
        )
        for n in range(draw(st.integers(0, most)))
    ]
    helpers = [
        Helper(
            id=f"h{n}",
            languages=draw(languages),
            gender=draw(genders),
            prefers_gender=draw(genders),
            interests=draw(interests),
            hours=draw(hours),
            point=draw(points),
            travel_km=draw(st.sampled_from([2, 5, 10])),
            room=draw(st.integers(0, 2)),
            is_experienced=draw(st.booleans()),
            is_cleared=draw(st.sampled_from([True, True, False])),
        )
        for n in range(draw(st.integers(0, most)))
    ]
    return seekers, helpers


def is_feasible(one: Seeker, other: Helper) -> bool:
    """The rules once more, written plainly."""
    limit = {HERE: 0.0, km_east(1): 1.0, km_east(3): 3.0, km_east(7): 7.0}
    km = abs(limit[one.point or HERE] - limit[other.point or HERE])
    return (
        other.is_cleared
        and bool(one.languages & other.languages)
        and one.prefers_gender in ("", other.gender)
        and other.prefers_gender in ("", one.gender)
        and bool(one.hours & other.hours)
        and km <= other.travel_km
        and (other.is_experienced or not one.needs_experience)
        and other.id not in one.never
    )


@given(crowd=crowds(most=9))
def test_nobody_is_left_waiting_while_a_feasible_volunteer_stands_free(
    crowd: tuple[list[Seeker], list[Helper]],
) -> None:
    seekers, helpers = crowd
    result = match(seekers, helpers)
    by_id = {one.id: one for one in helpers}
    given_to: dict[str, int] = {}
    for seeker_id, helper_id in result.assigned.items():
        one = next(s for s in seekers if s.id == seeker_id)
        assert is_feasible(one, by_id[helper_id])
        given_to[helper_id] = given_to.get(helper_id, 0) + 1
    assert all(given_to[id_] <= by_id[id_].room for id_ in given_to)
    for one in seekers:
        if one.id in result.assigned:
            continue
        for other in helpers:
            is_free = given_to.get(other.id, 0) < other.room
            assert not (is_free and is_feasible(one, other)), (one, other)
    for shown in result.best.values():
        assert len(shown) <= 5
        assert all(best.score == sum(best.points) for best in shown)
        assert all(0 <= best.score <= 100 for best in shown)


@given(crowd=crowds(most=4))
def test_small_cases_equal_a_search_of_every_possibility(
    crowd: tuple[list[Seeker], list[Helper]],
) -> None:
    seekers, helpers = crowd
    result = match(seekers, helpers)
    everyone = match(seekers, [dataclasses.replace(one, room=9) for one in helpers])
    score = {
        (id_, best.helper): best.score for id_, shown in everyone.best.items() for best in shown
    }
    room = {one.id: one.room for one in helpers}

    def worth(pairs: dict[str, str]) -> tuple[int, int, int, int]:
        counts = [0, 0, 0]
        for id_ in pairs:
            counts[band_of(next(one for one in seekers if one.id == id_))] += 1
        return counts[2], counts[1], counts[0], sum(score[pair] for pair in pairs.items())

    best = (0, 0, 0, 0)
    options = [[None, *(h.id for h in helpers if is_feasible(one, h))] for one in seekers]
    for choice in itertools.product(*options):
        pairs = {one.id: h for one, h in zip(seekers, choice, strict=True) if h is not None}
        taken = list(pairs.values())
        if all(taken.count(id_) <= room[id_] for id_ in taken):
            best = max(best, worth(pairs))
    assert worth(result.assigned) == best


@given(crowd=crowds(most=7), seed=st.integers(0, 99))
def test_the_order_of_the_people_changes_nothing(
    crowd: tuple[list[Seeker], list[Helper]], seed: int
) -> None:
    seekers, helpers = crowd
    first = match(seekers, helpers)
    rng = random.Random(seed)
    rng.shuffle(seekers)
    rng.shuffle(helpers)
    assert match(seekers, helpers) == first
