"""Attacks by parts of a mean: of B2 and its parts a reader who knows two knows the third, and of
whoever is left between areas too."""

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pytest

from connections.indicators.definitions import INDICATORS
from connections.indicators.disclosure import (
    Cell,
    Given,
    Kind,
    Protected,
    Rule,
    Status,
    protect,
    protect_all,
    published_areas,
)
from tests.attack.test_gate import Parents, Town, shapes, under

WHOLE = Rule("B2", Kind.MEAN, base=30, lowest=0, highest=100)
PARTS = tuple(
    Rule(code, Kind.MEAN, base=30, lowest=0, highest=100, part_of="B2")
    for code in ("B2.role", "B2.hosted")
)
RULES = (WHOLE, *PARTS)
Shares = Sequence[tuple[float, float, float]]
"""Of each person how much is beyond organisations, somebody's job, hosted: 100 together."""


def cells_of(homes: Mapping[int, Shares], part: int) -> dict[int, Cell]:
    return {
        home: Cell(
            n=len(people),
            total=sum(one[part] for one in people),
            squares=sum(one[part] ** 2 for one in people),
            largest=min(1, len(people)),
            amount=len(people),
        )
        for home, people in homes.items()
    }


def tell(parents: Parents, homes: Mapping[int, Shares]) -> dict[str, list[Protected]]:
    town = Town(parents, ((),) * len(parents), (2_000,) * len(parents))
    cells = {rule.code: cells_of(homes, part) for part, rule in enumerate(RULES)}
    return protect_all(town.nodes(), RULES, cells)


def find_told(parents: Parents, homes: Mapping[int, Shares]) -> Iterator[tuple[str, int]]:
    """Take two parts that are told of the same areas from 100, there and in what is left of them;
    yields the third where it tells one value of everybody, and its area."""
    told = tell(parents, homes)
    town = Town(parents, ((),) * len(parents), (2_000,) * len(parents))
    for third, rule in enumerate(RULES):
        others = [published_areas(told[one.code]) for one in RULES if one is not rule]
        both = frozenset.intersection(*others)
        for area in both:
            inside = set(under(town, area))
            for one in both - {area}:
                if one in under(town, area):
                    inside -= under(town, one)
            values = {one[third] for home in inside for one in homes.get(home, ())}
            if len(values) == 1:
                yield rule.code, area


def crowd(dice: np.random.Generator, *, has_jobs: bool, has_hosts: bool) -> Shares:
    people = []
    for _ in range(int(dice.choice([0, 12, 33, 45]))):
        job = float(dice.choice([0, 25, 50])) if has_jobs else 0.0
        hosted = float(dice.choice([0, 25, 50])) if has_hosts else 0.0
        people.append((100 - job - hosted, job, hosted))
    return people


def towns(seed: int) -> Iterator[tuple[Parents, dict[int, Shares]]]:
    """Trees of up to four areas, in some of which nobody was at work or nothing was hosted."""
    dice = np.random.default_rng(seed)
    for parents in shapes(4):
        for _ in range(8):
            yield (
                parents,
                {
                    home: crowd(dice, has_jobs=dice.random() < 0.5, has_hosts=dice.random() < 0.5)
                    for home in range(len(parents))
                },
            )


def forget_parts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Rule, "family", property(lambda rule: rule.code))


def test_two_parts_tell_the_third_of_nobody() -> None:
    for parents, homes in towns(1):
        assert list(find_told(parents, homes)) == []


def test_two_parts_tell_the_third_without_their_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_parts(monkeypatch)
    found = [one for parents, homes in towns(1) for one in find_told(parents, homes)]
    assert {code for code, _ in found} >= {"B2.role", "B2.hosted"}
    # Also in what is left between areas.
    assert any(area == 0 for _, area in found)


def test_forty_people_of_whom_nobody_was_at_work() -> None:
    people = [(100 - 5.0 * (one % 16), 0.0, 5.0 * (one % 16)) for one in range(40)]
    told = tell((None,), {0: people})
    assert {figures[0].status for figures in told.values()} == {Status.SUPPRESSED}
    people[:12] = [(50.0, 50.0, 0.0)] * 12
    told = tell((None,), {0: people})
    assert {figures[0].status for figures in told.values()} == {Status.PUBLISHED}


def test_parts_are_silent_alike_and_lose_no_more_than_they_must() -> None:
    """Of all three the same is told everywhere; and where each alone would tell all that the others
    do, together they tell as much."""
    seen = set()
    for parents, homes in towns(2):
        told = tell(parents, homes)
        for figures in zip(*told.values(), strict=True):
            assert len({one.status for one in figures}) == 1
        nodes = Town(parents, ((),) * len(parents), (2_000,) * len(parents)).nodes()
        alone = {
            published_areas(protect(nodes, cells_of(homes, part), rule))
            for part, rule in enumerate(RULES)
        }
        if len(alone) == 1:
            assert published_areas(told["B2"]) == alone.pop()
            seen.add("alike")
        else:
            assert published_areas(told["B2"]) <= frozenset.intersection(*alone)
            seen.add("apart")
    assert seen == {"alike", "apart"}


def test_too_few_answers_are_said_of_all_parts_or_of_none() -> None:
    """Nobody noticed anything: said of the others alone, that only few answered would tell it."""
    rules = [
        Rule("A2", Kind.MEAN, base=30, min_response=0.2, within="A1"),
        Rule("A2.noticed", Kind.MEAN, base=30, min_response=0.2, within="A2", part_of="A2"),
    ]
    nodes = Town((None,), ((),), (2_000,)).nodes()
    counted = {"A1": {0: Cell(n=60, total=60, squares=60, largest=1, amount=60)}}

    def say(noticed: float) -> list[Status]:
        cells = counted | {
            "A2": {0: Cell(40, 0, 80, 250, 1, 40, asked=400, answered=40)},
            "A2.noticed": {0: Cell(40, 0, noticed, 3 * noticed, 1, 40, asked=400, answered=40)},
        }
        exposure = {"A1": {0: Given(exposure=1_000)}}
        told = protect_all(nodes, [Rule("A1", Kind.RATE), *rules], cells, exposure)
        return [told[rule.code][0].status for rule in rules]

    assert say(noticed=20) == [Status.FEW_ANSWERS, Status.FEW_ANSWERS]
    assert say(noticed=0) == [Status.SUPPRESSED, Status.SUPPRESSED]


def test_every_part_of_a_mean_declares_it() -> None:
    """Variants that are means of the same unit as the mean that they vary."""
    for one in INDICATORS.values():
        whole = INDICATORS[one.main_code]
        is_part = one.is_variant and one.kind is whole.kind is Kind.MEAN and one.unit is whole.unit
        assert one.part_of == (whole.code if is_part else None), one.code
    parts = {one.code for one in INDICATORS.values() if one.part_of}
    assert parts == {"B2.role", "B2.hosted", "A2.gave", "A2.received", "A2.noticed"}


def test_a_part_cannot_bound_itself() -> None:
    rules = [Rule("A1", Kind.RATE), Rule("A3", Kind.MEAN, within="A3")]
    with pytest.raises(ValueError, match="circular"):
        protect_all([], rules, {})
    assert list(itertools.chain(*protect_all([], rules[:1], {}).values())) == []
