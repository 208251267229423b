"""What a release keeps back, decided again by plain pandas: the rule of ten, dominance, hamlets and
remainders in the words of the method, with nothing of the product's gate."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from connections.indicators.models import Figure, Release
from tests.demo.other_road import Road, read

LEAST = {"A1": 10, "B3": 50, "E3": 50}  # all others are shown from 30 people on
LARGEST_PART = 0.5
FEWEST_RESIDENTS = 500
FEWEST_ANSWERS = 20  # % of the ordinary days that were asked
MOST_MOMENTS = 40


@dataclass
class SecondGate:
    """The second decision about a release's quarterly figures of people. `kept_back` are areas that
    would pass alone and are not shown, by code: for the sake of a remainder, or of another figure."""

    made: Release
    road: Road
    kept_back: dict[str, set[int]] = field(default_factory=dict)
    decided: dict[str, set[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert not self.made.parameters.get("annual"), "Branches told of by year are not decided."
        level = self.road.level
        self.homes = [area for area in level if level[area] != "zone"]
        self.below: dict[int, set[int]] = {area: set() for area in self.homes}
        self.children: dict[int, list[int]] = {area: [] for area in self.homes}
        for area in self.homes:
            for one in self.road.up[area]:
                self.below[one].add(area)
            if len(self.road.up[area]) > 1:
                self.children[self.road.up[area][1]].append(area)
        areas = read("SELECT id, level, population FROM places_area")
        zones = areas[areas["level"] == "zone"]
        by_home = zones["population"].groupby(zones["id"].map(self.road.lift)).sum()
        own = areas.set_index("id")["population"]
        self.residents = {
            area: int(own[area] if pd.notna(own[area]) else by_home.get(area, 0))
            for area in self.homes
            if not self.children[area]
        }

    @cached_property
    def moments(self) -> "pd.Series[float]":
        logs = self.road._moments().groupby("who").size().reindex(self.road.people.index)
        return (logs.fillna(0) + self.road.people["answered"].fillna(0)).clip(upper=MOST_MOMENTS)

    @cached_property
    def measures(self) -> dict[str, Any]:
        return {one["code"]: one for one in self.made.parameters["measures"]}

    def values(self, code: str) -> "pd.Series[float]":
        """Everybody's value of an indicator, of those who have one."""
        people = self.road.people
        if code in self.measures:
            one = self.measures[code]
            return self.road.measure(one["area"], one["id"], one["scale"])
        if code == "B3":
            tied = people[[column for column in people if str(column).startswith("tie ")]]
            return tied.sum(axis=1)[tied.notna().any(axis=1)].astype(float)
        if code in people:
            return people[code].dropna().astype(float)
        # A reason that nobody named.
        return 0 * people["E3"].dropna().astype(float)

    def is_share(self, code: str) -> bool:
        if code in self.measures:
            return bool(self.measures[code]["scale"] == "agree_5")
        return code == "A3" or code[0] == "E"

    def bounded_by(self, code: str) -> str | None:
        if code == "A1":
            return None
        if code.startswith("E3."):
            return "E3"
        return "A2" if code[0] == "E" or code.startswith("A2.") else "A1"

    def may_tell(self, code: str, area: int) -> bool:
        bound = self.bounded_by(code)
        if bound is not None and area not in self.decide(bound):
            return False
        if code in self.measures:
            return bool(self.measures[code]["area"] == area)
        if code.startswith("E3."):
            return self.road.level[area] in ("council", "country")
        return not code.startswith("A2") or self.road.response(area) >= FEWEST_ANSWERS

    def passes(self, code: str, homes: Iterable[int], values: "pd.Series[float]") -> bool:
        """The primary rule for the people whose home is exactly one of these areas."""
        homes = set(homes)
        here = values[self.road.people["home"].reindex(values.index).isin(homes)]
        n, k = len(here), 20 if code[:2] == "E3" else 10
        leaves = [self.residents[home] for home in homes if home in self.residents]
        if n < max(k, LEAST.get(code[:2], 30)) or (leaves and sum(leaves) < FEWEST_RESIDENTS):
            return False
        moments = self.moments.reindex(here.index)
        if moments.max() > LARGEST_PART * moments.sum():
            return False
        if self.is_share(code):
            x = int(here.sum())
            if code.startswith("E3."):
                hard = self.road.people["E3"].reindex(here.index)
                if hard.sum() - x < k:
                    return False
            return min(x, n - x) >= k
        # Where all have the same value, it is everyone's.
        return code in ("A1", "B3") or here.max() - here.min() > 1e-9

    def is_nobody(self, homes: Iterable[int], values: "pd.Series[float]") -> bool:
        homes = set(homes)
        people = self.road.people["home"].reindex(values.index).isin(homes).sum()
        return not people and not sum(self.residents.get(home, 0) for home in homes)

    def rest(self, area: int, shown: set[int]) -> set[int]:
        """What is under an area and under no shown area below it."""
        inside = {one for one in shown if one in self.below[area] and one != area}
        return self.below[area] - {home for one in inside for home in self.below[one]}

    def decide(self, code: str) -> set[int]:
        """The areas that show an indicator: from the bottom up, whoever passes; and while what is
        left of an area tells on somebody, the smallest shown area in it is taken back."""
        if code in self.decided:
            return self.decided[code]
        values = self.values(code)
        homes = self.road.people["home"].reindex(values.index)
        size = {area: int(homes.isin(self.below[area]).sum()) for area in self.homes}
        residents = {
            area: sum(self.residents.get(home, 0) for home in self.below[area])
            for area in self.homes
        }
        shown: set[int] = set()
        alone: set[int] = set()

        def is_safe(area: int) -> bool:
            rest = self.rest(area, shown)
            return self.is_nobody(rest, values) or self.passes(code, rest, values)

        for area in sorted(self.homes, key=lambda one: -len(self.road.up[one])):
            if not self.passes(code, self.below[area], values):
                continue
            alone.add(area)
            if not self.may_tell(code, area):
                continue
            if code in self.measures:
                shown.add(area)
                continue
            while not is_safe(area):
                within = [one for one in shown if one in self.below[area]]
                nearest = [
                    one for one in within
                    if not any(one in self.below[other] for other in within if other != one)
                ]  # fmt: skip
                shown.remove(min(nearest, key=lambda one: (size[one], residents[one], one)))
            shown.add(area)
        assert all(is_safe(area) for area in shown), code
        self.decided[code], self.kept_back[code] = shown, alone - shown
        return shown

    def compare(self, told: Iterable[tuple[str, int, str, int | None]]) -> int:
        """Hold the second decision against figures (code, area, status, year); return how many
        were decided. Befriending and places are no part of it."""
        found: dict[str, set[int]] = {}
        decided = 0
        for code, area, status, of_year in told:
            if of_year is None and (code[0] in "ABEM" or code == "C4"):
                decided += 1
                found.setdefault(code, set())
                if status == Figure.Status.SHOWN:
                    found[code].add(area)
        for code, shown in found.items():
            assert shown == self.decide(code), code
        return decided
