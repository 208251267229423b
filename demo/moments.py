"""Fourteen quarters of moments and the running one: what people of the crowd logged.

Skipping is a habit of the person, and only answers count; so each skippable answer is given with
the person's own readiness to answer.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from connections.interactions.vocabulary import (
    AtWork,
    Direction,
    Hardness,
    HardReason,
    MomentKind,
    PartOfDay,
    Setting,
    Tie,
    YesNoUnsure,
)
from demo.copying import NULL, array_of, copy_columns, days, digests, measure_tables, uuids
from demo.copying import moments as times
from demo.crowd import Crowd
from demo.quarters import CLOSED_QUARTERS, first_quarter
from demo.shapes import Floats, Ints
from demo.town import SEED
from kinder.accounts.models import Contributor, User
from places.models import Area, Geography, Place
from places.models.place import SHOWN_STATES
from places.vocabulary import SENSITIVE_KINDS, AreaLevel

Words = np.ndarray

KINDS = {
    MomentKind.HELLO: 0.19,
    MomentKind.CHAT: 0.21,
    MomentKind.HELP: 0.18,
    MomentKind.FOOD: 0.12,
    MomentKind.CHECKING_IN: 0.12,
    MomentKind.LENT: 0.07,
    MomentKind.COMPANY: 0.08,
    MomentKind.OTHER: 0.03,
}
TIES = {
    Tie.NEIGHBOUR: 0.29,
    Tie.FRIEND_OR_FAMILY: 0.19,
    Tie.BY_SIGHT: 0.16,
    Tie.NEW: 0.13,
    Tie.AT_WORK: 0.12,
    Tie.GROUP: 0.11,
}
# Why it was hard: to everybody, and what poverty adds.
REASONS = {
    HardReason.HOW_TAKEN: (0.20, 0.00),
    HardReason.NOT_INVOLVED: (0.08, 0.00),
    HardReason.UNSAFE: (0.05, 0.06),
    HardReason.MONEY: (0.04, 0.22),
    HardReason.NO_TIME: (0.22, 0.00),
    HardReason.HEALTH: (0.12, 0.04),
    HardReason.NOWHERE: (0.06, 0.05),
    HardReason.LANGUAGE: (0.05, 0.00),
    HardReason.NOT_FOR_ME: (0.05, 0.02),
    HardReason.RULES: (0.04, 0.00),
    HardReason.HARD_TO_ASK: (0.12, 0.03),
    HardReason.TRUST: (0.06, 0.01),
    HardReason.OTHER: (0.03, 0.00),
    HardReason.RATHER_NOT_SAY: (0.04, 0.00),
}
# Two people whose moments were found to be made up: their rows stay, no figure counts them.
BLOCKED = 2
# Of 100 moments, so many happened outside the person's own neighbourhood.
ELSEWHERE = 14
A_DIFFICULTY_FOR = 11  # moments


@dataclass(frozen=True)
class Gathered:
    """The crowd's keys in the database, one entry a person."""

    ids: list[str]
    devices: list[str]
    homes: list[int]


def load_contributors(crowd: Crowd, *, day: dt.date, seed: int = SEED) -> Gathered:
    """Insert the people, their devices and the homes that some of them picked."""
    rng = np.random.default_rng([seed, 4])
    size = len(crowd)
    start = np.datetime64(first_quarter(day))
    keys = list_keys(crowd, seed=seed)
    came = times(start, crowd.came, rng.integers(7 * 3600, 9 * 3600, size))
    diary = np.array(["t", "f", NULL])[rng.choice(3, size, p=[0.55, 0.25, 0.20])]
    blocked = np.full(size, "f", dtype="U1")
    blocked[rng.choice(size, BLOCKED, replace=False)] = "t"
    copy_columns(
        "accounts_contributor",
        {"id": keys.ids, "keeps_diary": diary, "is_blocked": blocked, "created_at": came},
    )
    last = days(start, crowd.left - 1)
    copy_columns(
        "accounts_device",
        {
            "id": keys.devices,
            "contributor_id": keys.ids,
            "key_hmac": digests(rng, size),
            "created_at": came,
            "last_seen_on": last,
        },
    )
    second = np.flatnonzero(rng.random(size) < 0.07)
    copy_columns(
        "accounts_device",
        {
            "id": uuids(rng, len(second)),
            "contributor_id": [keys.ids[i] for i in second],
            "key_hmac": digests(rng, len(second)),
            "created_at": [came[i] for i in second],
            "last_seen_on": [last[i] for i in second],
        },
    )
    picked = np.flatnonzero(crowd.has_picked_home)
    copy_columns(
        "interactions_homearea",
        {
            "contributor_id": [keys.ids[i] for i in picked],
            "area_id": [str(keys.homes[i]) for i in picked],
            "chosen_at": [came[i] for i in picked],
        },
    )
    _give_resident_a_diary(crowd, keys)
    return keys


def list_keys(crowd: Crowd, *, seed: int = SEED) -> Gathered:
    """The keys under which load_contributors stores the crowd: the same whenever asked."""
    rng = np.random.default_rng([seed, 5])
    codes = [place.code for place in crowd.neighbourhoods]
    rows = Area.objects.filter(code__in=codes).values_list("code", "id")
    by_code = dict(rows)
    areas = [by_code[code] for code in codes]
    return Gathered(
        ids=uuids(rng, len(crowd)),
        devices=uuids(rng, len(crowd)),
        homes=[areas[home] for home in crowd.home],
    )


def _give_resident_a_diary(crowd: Crowd, keys: Gathered) -> None:
    """The demo's resident is somebody of Whinfield who has been here for long."""
    names = [place.code for place in crowd.neighbourhoods]
    whinfield = names.index("X02000005")
    there = np.flatnonzero((crowd.home == whinfield) & (crowd.left == crowd.left.max()))
    chosen = there[np.argmax((crowd.left - crowd.came)[there] * crowd.a_week[there].clip(0, 2))]
    user = User.objects.get(email="resident@example.org")
    Contributor.objects.filter(pk=keys.ids[chosen]).update(user=user, keeps_diary=True)


def load_moments(crowd: Crowd, geography: Geography, *, day: dt.date, seed: int = SEED) -> int:
    """Insert everybody's moments and difficulties in one statement each; return how many."""
    rng = np.random.default_rng([seed, 6])
    keys = list_keys(crowd, seed=seed)
    start = np.datetime64(first_quarter(day))
    last = (day - first_quarter(day)).days - 1
    who, on = _draw_days(crowd, last, rng)
    count = len(who)
    spots = _Spots(crowd, geography)
    place, area = spots.choose(who, keys, rng)
    answers = crowd.answers[who]
    direction = _directions(crowd, who, rng)
    is_mine = direction != Direction.NOTICED
    hardness = _answer(
        rng, answers * 0.8, {Hardness.EASY: 0.67, Hardness.BIT_HARD: 0.25, Hardness.HARD: 0.08}
    )
    is_hard = np.isin(hardness, [Hardness.BIT_HARD, Hardness.HARD])
    poverty = np.array([n.poverty for n in crowd.neighbourhoods])[crowd.home[who]]
    created, seconds = _arrivals(on, last, rng)
    created_at = times(start, created, seconds)
    columns: dict[str, Sequence[str] | np.ndarray] = {
        "id": uuids(rng, count),
        "contributor_id": [keys.ids[i] for i in who],
        "device_id": [keys.devices[i] for i in who],
        "area_id": area,
        "place_id": place,
        "occurred_on": days(start, on),
        "month_on": _months(start, on),
        "created_at": created_at,
        "updated_at": created_at,
        "revision": np.full(count, "1"),
        "direction": direction,
        "kind": _pick(rng, count, KINDS),
        "tie": np.where(is_mine, _ties(rng, crowd, who), NULL),
        "is_different": _yes_no(rng, answers * 0.95, crowd.different[who]),
        "at_work": _answer(
            rng,
            answers * 0.8,
            {AtWork.NO: 0.77, AtWork.YES: 0.11, AtWork.MORE: 0.08, AtWork.UNSURE: 0.04},
        ),
        "through_organisation": _yes_no(rng, answers * 0.85, crowd.organised[who]),
        "hardness": hardness,
        "hard_reasons": _reasons(rng, poverty, is_hard),
        "part_of_day": _answer(
            rng,
            answers * 0.7,
            {
                PartOfDay.MORNING: 0.36,
                PartOfDay.AFTERNOON: 0.40,
                PartOfDay.EVENING: 0.20,
                PartOfDay.NIGHT: 0.04,
            },
        ),
        "setting": _settings(rng, answers, place),
    }
    columns["body_sha256"] = _bodies(columns)
    made = copy_columns("interactions_interaction", columns)
    made += _load_difficulties(crowd, keys, who, on, last, start, rng)
    measure_tables("accounts_contributor", "interactions_interaction", "interactions_dirtymark")
    return made


def _draw_days(crowd: Crowd, last: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Whose moments on which days: the day they came, then by chance until they left."""
    stay = np.maximum(crowd.left - crowd.came, 1)
    extra = rng.poisson(crowd.a_week * stay / 7)
    who = np.concatenate([np.arange(len(crowd)), np.repeat(np.arange(len(crowd)), extra)])
    later = crowd.came[who] + (rng.random(len(who)) * stay[who]).astype(np.int64)
    later[: len(crowd)] = crowd.came
    # A few more around midwinter, a few less at midsummer.
    season = 0.9 + 0.1 * np.cos((later % 365.25) / 365.25 * 2 * np.pi)
    keep = (rng.random(len(who)) < season) & (later <= last)
    keep[: len(crowd)] = True
    return who[keep], np.minimum(later[keep], last)


def _arrivals(on: Ints, last: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """On which day each moment was saved, and at which second of it (UTC, 08 to 20)."""
    lag = rng.choice([0, 1, 2, 3, 5, 9], len(on), p=[0.74, 0.15, 0.05, 0.03, 0.02, 0.01])
    return np.minimum(on + lag, last), rng.integers(9 * 3600, 20 * 3600, len(on))


def _months(start: np.datetime64, on: Ints) -> list[str]:
    whole = (start + on.astype("timedelta64[D]")).astype("datetime64[M]")
    return list(np.datetime_as_string(whole.astype("datetime64[D]"), unit="D"))


def _directions(crowd: Crowd, who: Ints, rng: np.random.Generator) -> Words:
    chance = rng.random(len(who))
    gives, receives = crowd.gives[who], crowd.receives[who]
    return np.where(
        chance < gives,
        Direction.GAVE.value,
        np.where(chance < gives + receives, Direction.RECEIVED.value, Direction.NOTICED.value),
    )


def _pick(rng: np.random.Generator, count: int, shares: Mapping[Any, float]) -> Words:
    words = np.array([word.value for word in shares])
    weights = np.array(list(shares.values()))
    return words[rng.choice(len(words), count, p=weights / weights.sum())]


def _answer(rng: np.random.Generator, readiness: Floats, shares: Mapping[Any, float]) -> Words:
    """An answer where the person gave one, else nothing."""
    given = rng.random(len(readiness)) < readiness
    return np.where(given, _pick(rng, len(readiness), shares), NULL)


def _ties(rng: np.random.Generator, crowd: Crowd, who: Ints) -> Words:
    """Whom it was with: everybody has a circle of their own, smaller where all know each other."""
    base = np.array(list(TIES.values()))
    closeness = np.array([place.closeness for place in crowd.neighbourhoods])[crowd.home]
    leaning = base ** closeness[:, None]
    leaning /= leaning.sum(axis=1, keepdims=True)
    circles = rng.standard_gamma(5 * leaning)
    steps = np.cumsum(circles / circles.sum(axis=1, keepdims=True), axis=1)[who]
    chosen = (rng.random((len(who), 1)) > steps[:, :-1]).sum(axis=1)
    words = np.array([tie.value for tie in TIES])[chosen]
    return np.where(rng.random(len(who)) < crowd.answers[who], words, NULL)


def _yes_no(rng: np.random.Generator, readiness: Floats, yes: Floats) -> Words:
    chance, unsure = rng.random(len(yes)), rng.random(len(yes)) < 0.07
    words = np.where(chance < yes, YesNoUnsure.YES.value, YesNoUnsure.NO.value)
    words = np.where(unsure, YesNoUnsure.UNSURE.value, words)
    return np.where(rng.random(len(yes)) < readiness, words, NULL)


def _reasons(rng: np.random.Generator, poverty: Floats, is_hard: np.ndarray) -> list[str]:
    """One reason or two where it was hard, and nothing where it was not."""
    words = [reason.value for reason in REASONS]
    base = np.array([usual for usual, _ in REASONS.values()])
    more = np.array([poor for _, poor in REASONS.values()])
    found = ["{}"] * len(poverty)
    hard = np.flatnonzero(is_hard)
    weights = base + poverty[hard, None] * more
    steps = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    first = (rng.random((len(hard), 1)) > steps).sum(axis=1)
    second = (rng.random((len(hard), 1)) > steps).sum(axis=1)
    has_two = rng.random(len(hard)) < 0.35
    has_none = rng.random(len(hard)) < 0.2
    for index, one, other, two, none in zip(hard, first, second, has_two, has_none, strict=True):
        if none:
            continue
        chosen = {words[one], words[other]} if two else {words[one]}
        found[index] = array_of(sorted(chosen))
    return found


def _settings(rng: np.random.Generator, answers: Floats, place: Words) -> Words:
    outside = _answer(
        rng,
        answers * 0.7,
        {
            Setting.STREET: 0.42,
            Setting.TRANSPORT: 0.13,
            Setting.STAIRWELL: 0.12,
            Setting.DOOR: 0.17,
            Setting.REMOTE: 0.16,
        },
    )
    at_place = np.where(rng.random(len(answers)) < answers, Setting.PLACE.value, NULL)
    return np.where(place == NULL, outside, at_place)


def _bodies(columns: dict[str, Sequence[str] | np.ndarray]) -> list[str]:
    rows = zip(columns["direction"], columns["kind"], columns["id"], strict=True)
    return [f"\\\\x{hashlib.sha256('|'.join(row).encode()).hexdigest()}" for row in rows]


class _Spots:
    """Where moments happen: places that people of a community go to, and neighbourhoods."""

    def __init__(self, crowd: Crowd, geography: Geography) -> None:
        self.crowd = crowd
        rows = (
            Place.objects.filter(state__in=SHOWN_STATES, source="demo")
            .exclude(kind__in=SENSITIVE_KINDS)
            .order_by("id")
            .values_list("id", "area__parent_id", "area__parent__parent__code")
        )
        self.ids = np.array([str(row[0]) for row in rows])
        # A moment keeps the smallest listed area around its place.
        self.areas = np.array([str(row[1]) for row in rows])
        communities = np.array([row[2] for row in rows])
        self.by_community = {code: np.flatnonzero(communities == code) for code in set(communities)}
        by_code = dict(
            Area.objects.filter(geography=geography, level=AreaLevel.INTERMEDIATE).values_list(
                "code", "id"
            )
        )
        self.neighbourhoods = np.array([str(by_code[n.code]) for n in crowd.neighbourhoods])

    def choose(self, who: Ints, keys: Gathered, rng: np.random.Generator) -> tuple[Words, Words]:
        """A place or nothing, and the area, for each moment."""
        count = len(who)
        home = self.crowd.home[who]
        at_place = rng.random(count) < self.crowd.at_places[who]
        going = np.where(rng.random(count) * 100 < ELSEWHERE, self._elsewhere(home, rng), home)
        area = self.neighbourhoods[going].astype("U20")
        place = np.full(count, NULL, dtype="U20")
        # Some places are everybody's, most are somebody's.
        popularity = rng.pareto(1.2, len(self.ids)) + 0.3
        for code, members in self.by_community.items():
            of = [i for i, n in enumerate(self.crowd.neighbourhoods) if n.community == code]
            here = np.flatnonzero(at_place & np.isin(going, of))
            weights = popularity[members] / popularity[members].sum()
            chosen = members[rng.choice(len(members), len(here), p=weights)]
            place[here], area[here] = self.ids[chosen], self.areas[chosen]
        return place, area

    def _elsewhere(self, home: Ints, rng: np.random.Generator) -> Ints:
        """Another neighbourhood; nobody tells of the new community before it begins."""
        old = [
            index
            for index, place in enumerate(self.crowd.neighbourhoods)
            if place.opened < CLOSED_QUARTERS
        ]
        weights = np.array([4.0 if index < 2 else 1.0 for index in old])
        there = np.array(old)[rng.choice(len(old), len(home), p=weights / weights.sum())]
        opened = np.array([place.opened for place in self.crowd.neighbourhoods])
        return np.where(opened[home] == CLOSED_QUARTERS, home, there)


def _load_difficulties(
    crowd: Crowd,
    keys: Gathered,
    who: Ints,
    on: Ints,
    last: int,
    start: np.datetime64,
    rng: np.random.Generator,
) -> int:
    """“I wanted to, but it was hard here”, from people who also tell of moments."""
    chosen = np.flatnonzero(rng.random(len(who)) < 1 / A_DIFFICULTY_FOR)
    people, count = who[chosen], len(chosen)
    poverty = np.array([n.poverty for n in crowd.neighbourhoods])[crowd.home[people]]
    created, seconds = _arrivals(on[chosen], last, rng)
    created_at = times(start, created, seconds)
    ids = uuids(rng, count)
    return copy_columns(
        "interactions_difficulty",
        {
            "id": ids,
            "contributor_id": [keys.ids[i] for i in people],
            "device_id": [keys.devices[i] for i in people],
            "area_id": [str(keys.homes[i]) for i in people],
            "occurred_on": days(start, on[chosen]),
            "month_on": _months(start, on[chosen]),
            "created_at": created_at,
            "updated_at": created_at,
            "revision": np.full(count, "1"),
            "body_sha256": [f"\\\\x{hashlib.sha256(i.encode()).hexdigest()}" for i in ids],
            "reasons": _reasons(rng, poverty, np.ones(count, dtype=bool)),
        },
    )
