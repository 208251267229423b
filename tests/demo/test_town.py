"""The invented island is a coherent geography, the same every time, and no real place."""

import csv
from pathlib import Path

import numpy as np
import pytest
import shapely

from demo.names import COMMUNITIES, COUNCILS, PLACE_NAMES, SETTLEMENTS
from demo.place_lists import COUNTS, STREETS
from demo.register import PlaceSpec, make_register
from demo.town import SEED, Town, build_town
from places.hours import is_readable
from places.postcodes import tidy_postcode
from places.vocabulary import PlaceKind, PlaceState

COUNTS_BY_LEVEL = {"country": 1, "council": 2, "community": 6, "intermediate": 12, "zone": 60}


@pytest.fixture(scope="module")
def town() -> Town:
    return build_town()


@pytest.fixture(scope="module")
def register(town: Town) -> list[PlaceSpec]:
    return make_register(town)


def test_the_same_seed_makes_the_same_island(town: Town) -> None:
    again = build_town.__wrapped__(SEED)
    assert again is not town
    assert again.digest() == town.digest()
    assert make_register(again) == make_register(town)


def test_another_seed_makes_another_island_that_holds_together(town: Town) -> None:
    other = build_town.__wrapped__(SEED + 1)
    assert other.digest() != town.digest()
    assert {a.level for a in other.areas} == COUNTS_BY_LEVEL.keys()
    assert shapely.is_valid(np.array([a.geometry for a in other.areas])).all()


@pytest.mark.parametrize("level", COUNTS_BY_LEVEL)
def test_each_level_covers_the_land_once(town: Town, level: str) -> None:
    areas = town.at_level(level)
    shapes = np.array([area.geometry for area in areas])
    assert len(areas) == COUNTS_BY_LEVEL[level]
    assert shapely.is_valid(shapes).all()
    # Exactly shared edges: neither gap nor overlap.
    assert shapely.coverage_is_valid(shapes)
    missed = shapely.coverage_union_all(shapes).symmetric_difference(town.coast).area
    assert missed < 1e-5 * town.coast.area


def test_areas_nest_and_their_people_add_up(town: Town) -> None:
    for area in town.areas:
        assert shapely.contains(area.geometry, area.point)
        children = [child for child in town.areas if child.parent == area.code]
        if not children:
            assert area.level == "zone"
            continue
        joined = shapely.coverage_union_all([child.geometry for child in children])
        assert shapely.equals(joined, area.geometry)
        assert sum(child.residents for child in children) == area.residents
        assert sum(child.adults for child in children) == area.adults


def test_sizes_are_those_of_scottish_areas(town: Town) -> None:
    zones = town.at_level("zone")
    assert sum(zone.residents < 500 for zone in zones) == 1  # the hamlet that merges upward
    assert all(300 <= zone.residents <= 1_100 for zone in zones)
    assert all(0.7 < zone.adults / zone.residents < 0.9 for zone in zones)
    assert min(area.residents for area in town.at_level("community")) >= 2_500
    assert 40_000 < town.by_code["X92000001"].residents < 60_000


def test_codes_are_unique_and_look_invented(town: Town) -> None:
    codes = [area.code for area in town.areas]
    assert len(set(codes)) == len(codes)
    assert all(code.startswith("X") and len(code) == 9 for code in codes)
    prefixes = {code[:3]: town.by_code[code].level for code in codes}
    assert len(prefixes) == len(COUNTS_BY_LEVEL)


def test_deprivation_is_ranked_once_and_neighbours_are_alike(town: Town) -> None:
    zones = town.at_level("zone")
    assert sorted(zone.rank or 0 for zone in zones) == list(range(1, 61))
    assert {zone.decile for zone in zones} == set(range(1, 11))
    pairs = [
        (one.decile or 0, other.decile or 0)
        for index, one in enumerate(zones)
        for other in zones[:index]
        if shapely.touches(one.geometry, other.geometry)
    ]
    apart = np.mean([abs(a - b) for a, b in pairs])
    anywhere = np.mean([abs((a.decile or 0) - (b.decile or 0)) for a in zones for b in zones])
    assert apart < 0.75 * anywhere


def test_postcodes_look_valid_and_lie_in_their_zones(town: Town) -> None:
    codes = [spot.code for spot in town.postcodes]
    assert 900 <= len(codes) <= 1_500
    assert len(set(codes)) == len(codes)
    assert all(tidy_postcode(code) == code and code.startswith("ZZ") for code in codes)
    assert {spot.zone for spot in town.postcodes} == {z.code for z in town.at_level("zone")}
    assert all(
        shapely.contains(town.by_code[spot.zone].geometry, spot.point) for spot in town.postcodes
    )


def test_it_lies_in_the_open_sea_within_the_british_grid(town: Town) -> None:
    left, low, right, high = town.coast.bounds
    assert -0.6 < left < right < 0.2
    assert 57.2 < low < high < 57.6


def test_its_names_are_those_of_no_settlement_in_scotland(sample_data: Path) -> None:
    path = sample_data / "places" / "scotland_place_names.csv"
    with path.open(encoding="utf-8") as file:
        real = {row["name"].casefold() for row in csv.DictReader(file)}
    # Districts of a town may share a word such as "Old Town" with real ones.
    names = {place.name for place in PLACE_NAMES if place.kind != "suburb"}
    names |= {place.name for place in SETTLEMENTS}
    names |= {council.name for council in COUNCILS} | {community.name for community in COMMUNITIES}
    assert {name for name in names if name.casefold() in real} == set()


def test_streets_belong_to_settlements_with_places(town: Town) -> None:
    assert {street.settlement for street in STREETS} == set(COUNTS)
    assert set(COUNTS) == {settlement.name for settlement in SETTLEMENTS}


def test_the_register_holds_every_kind_and_state(town: Town, register: list[PlaceSpec]) -> None:
    assert 230 <= len(register) <= 290
    assert {spec.kind for spec in register} == set(PlaceKind)
    assert {spec.state for spec in register} == set(PlaceState)
    assert len({spec.name for spec in register}) == len(register)
    assert len({spec.code for spec in register}) == len(register)
    for spec in register:
        assert shapely.contains(town.by_code[spec.zone].geometry, spec.point)
        assert any(p.code == spec.postcode and p.zone == spec.zone for p in town.postcodes)
        assert not spec.hours or is_readable(spec.hours)


def test_enough_places_were_checked_for_figures_about_places(register: list[PlaceSpec]) -> None:
    shown = [s for s in register if s.state in (PlaceState.VERIFIED, PlaceState.STALE)]
    recent = [s for s in shown if s.confirmed_days_ago is not None and s.confirmed_days_ago < 365]
    assert len(recent) / len(shown) > 0.85
    assert all((s.confirmed_days_ago or 0) > 183 for s in shown if s.state is PlaceState.STALE)
