"""The invented island of Whinsay: its nested areas, its people, its postcodes and its names.

Pure code: the same seed gives the same island to the last digit. `build_town` is the door.
"""

import hashlib
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import shapely
from shapely import MultiPolygon, Point

from demo.names import COMMUNITIES, COUNCILS, COUNTRY, PLACE_NAMES, SETTLEMENTS, Community
from demo.shapes import (
    Blocks,
    Floats,
    Ints,
    cut_blocks,
    density,
    draw_coast,
    grow,
    join,
    spread_seeds,
    to_lonlat,
)

SEED = 20_250_901
# A zone of this name part holds fewer than 500 people: figures there merge upward.
HAMLET_RESIDENTS = 318
ZONES_A_NEIGHBOURHOOD = 5
POSTCODE_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"  # the inward letters that real postcodes use


@dataclass(frozen=True)
class Zone:
    """One area of any level. `residents` and `adults` of an upper area are its zones' sums."""

    code: str
    name: str
    level: str
    parent: str | None
    geometry: MultiPolygon
    point: Point
    residents: int
    adults: int
    rank: int | None = None
    decile: int | None = None


@dataclass(frozen=True)
class PostcodeSpot:
    code: str
    zone: str
    point: Point


@dataclass(frozen=True)
class NamedSpot:
    name: str
    kind: str
    district: str
    zone: str
    point: Point


@dataclass(frozen=True)
class Town:
    """The whole island. `areas` has parents before children."""

    areas: list[Zone]
    postcodes: list[PostcodeSpot]
    names: list[NamedSpot]
    coast: MultiPolygon
    by_code: dict[str, Zone] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_code", {area.code: area for area in self.areas})

    def at_level(self, level: str) -> list[Zone]:
        return [area for area in self.areas if area.level == level]

    def below(self, code: str, level: str) -> list[Zone]:
        """The areas of `level` under (or at) `code`."""
        return [area for area in self.at_level(level) if code in self.chain(area.code)]

    def chain(self, code: str) -> list[str]:
        """The code and those of all areas that hold it, upward."""
        codes = [code]
        while (parent := self.by_code[codes[-1]].parent) is not None:
            codes.append(parent)
        return codes

    def digest(self) -> str:
        """SHA-256 of everything in it: two equal ones are the same island."""
        text = repr(
            [
                (a.code, a.name, a.parent, a.geometry.wkt, a.residents, a.adults, a.rank)
                for a in self.areas
            ]
            + [(p.code, p.zone, p.point.wkt) for p in self.postcodes]
            + [(n.name, n.zone, n.point.wkt) for n in self.names]
        )
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class _Cut:
    """A neighbourhood while it is being drawn."""

    community: Community
    number: int
    zones: list[Ints]


@cache
def build_town(seed: int = SEED) -> Town:
    """Draw the island from `seed`."""
    rng = np.random.default_rng([seed, 1])
    coast = draw_coast(rng)
    blocks = cut_blocks(coast, SETTLEMENTS, rng)
    cuts = _divide(blocks, rng)
    zones = _describe_zones(blocks, cuts, rng)
    areas = _merge_upward(blocks, cuts, zones)
    members = {
        zone.code: part
        for zone, part in zip(zones, [p for cut in cuts for p in cut.zones], strict=True)
    }
    return Town(
        areas=areas,
        postcodes=_draw_postcodes(blocks, members, areas, rng),
        names=_place_names(zones),
        coast=to_lonlat(coast),
    )


def _divide(blocks: Blocks, rng: np.random.Generator) -> list[_Cut]:
    """Communities around their seeds, then neighbourhoods, then zones."""
    everything = np.arange(len(blocks.polygons))
    seeds = np.array([seed for community in COMMUNITIES for seed in community.seeds]) * 1_000.0
    owners = np.repeat(np.arange(len(COMMUNITIES)), [len(c.seeds) for c in COMMUNITIES])
    shares = np.array([community.share for community in COMMUNITIES])
    label = grow(blocks, everything, seeds, shares, owners)
    cuts: list[_Cut] = []
    for index, community in enumerate(COMMUNITIES):
        mine = everything[label == index]
        halves = np.array(community.neighbourhood_seeds) * 1_000.0
        half = grow(blocks, mine, halves, np.ones(len(halves)))
        for number in range(len(halves)):
            part = mine[half == number]
            wanted = rng.uniform(0.78, 1.22, ZONES_A_NEIGHBOURHOOD)
            middles = spread_seeds(blocks, part, ZONES_A_NEIGHBOURHOOD, rng)
            zone = grow(blocks, part, middles, wanted)
            pieces = [part[zone == k] for k in range(ZONES_A_NEIGHBOURHOOD)]
            # Numbered from north-west to south-east, as a reader would.
            pieces.sort(key=lambda p: float(np.dot(blocks.centres[p].mean(axis=0), (1, -1))))
            cuts.append(_Cut(community, number, pieces))
    return cuts


def _describe_zones(blocks: Blocks, cuts: list[_Cut], rng: np.random.Generator) -> list[Zone]:
    pieces = [piece for cut in cuts for piece in cut.zones]
    weights = np.array([blocks.residents[piece].sum() for piece in pieces])
    residents = np.clip(
        (weights / weights.mean() * 790 * rng.uniform(0.94, 1.06, len(pieces))).round(),
        560,
        1_060,
    ).astype(int)
    crowd = np.array(
        [
            np.average(density(blocks.centres[p], SETTLEMENTS), weights=blocks.residents[p])
            for p in pieces
        ]
    )
    hamlet = int(crowd.argmin())
    residents[hamlet] = HAMLET_RESIDENTS
    poverty = _poverty(blocks, pieces, cuts, rng)
    ranks = np.empty(len(pieces), dtype=int)
    ranks[np.argsort(-poverty)] = np.arange(1, len(pieces) + 1)
    zones = []
    index = 0
    for cut_number, cut in enumerate(cuts, start=1):
        for number, piece in enumerate(cut.zones, start=1):
            shape = join(blocks, piece)
            heart = _heart(blocks, piece)
            share = 0.83 - 0.06 * poverty[index] + rng.uniform(-0.02, 0.02)
            zones.append(
                Zone(
                    code=f"X01{index + 1:06d}",
                    name=f"{cut.community.neighbourhoods[cut.number]} – {number:02d}",
                    level="zone",
                    parent=f"X02{cut_number:06d}",
                    geometry=to_lonlat(shape),
                    point=to_lonlat(heart),
                    residents=int(residents[index]),
                    adults=round(int(residents[index]) * share),
                    rank=int(ranks[index]),
                    decile=int((ranks[index] - 1) * 10 // len(pieces)) + 1,
                )
            )
            index += 1
    return zones


def _poverty(
    blocks: Blocks, pieces: list[Ints], cuts: list[_Cut], rng: np.random.Generator
) -> Floats:
    """Deprivation between 0 and 1: neighbouring zones are alike, with some chance in it."""
    middles = np.array([blocks.centres[piece].mean(axis=0) for piece in pieces]) / 1_000
    base = np.array([cut.community.poverty[cut.number] for cut in cuts for _ in cut.zones])
    waves = np.zeros(len(pieces))
    for _ in range(6):
        angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(1.5, 5.0)
        along = middles @ np.array([np.cos(angle), np.sin(angle)])
        waves += np.sin(along * 2 * np.pi / length + rng.uniform(0, 2 * np.pi))
    field = base + 0.035 * waves + rng.normal(0, 0.025, len(pieces))
    return np.clip(field, 0.01, 0.99)


def _heart(blocks: Blocks, members: Ints) -> Point:
    """The point among the blocks that is nearest to the middle of the people."""
    people = blocks.residents[members]
    middle = np.average(blocks.centres[members], axis=0, weights=people)
    nearest = members[np.hypot(*(blocks.centres[members] - middle).T).argmin()]
    return Point(*blocks.centres[nearest])


def _merge_upward(blocks: Blocks, cuts: list[_Cut], zones: list[Zone]) -> list[Zone]:
    """Every upper area as the union of its zones, their people added up."""
    of_cut = {f"X02{i:06d}": cut for i, cut in enumerate(cuts, start=1)}
    members = {
        zone.code: piece
        for zone, piece in zip(zones, [p for cut in cuts for p in cut.zones], strict=True)
    }

    def merge(code: str, name: str, level: str, parent: str | None, mine: list[Zone]) -> Zone:
        every = np.concatenate([members[zone.code] for zone in mine])
        return Zone(
            code=code,
            name=name,
            level=level,
            parent=parent,
            geometry=to_lonlat(join(blocks, every)),
            point=to_lonlat(_heart(blocks, every)),
            residents=sum(zone.residents for zone in mine),
            adults=sum(zone.adults for zone in mine),
        )

    upper = [merge("X92000001", COUNTRY, "country", None, zones)]
    for number, council in enumerate(COUNCILS, start=1):
        under = {code for code, cut in of_cut.items() if cut.community.council == council.key}
        mine = [zone for zone in zones if zone.parent in under]
        upper.append(merge(f"X12{number:06d}", council.name, "council", "X92000001", mine))
    numbers = {council.key: number for number, council in enumerate(COUNCILS, start=1)}
    for number, community in enumerate(COMMUNITIES, start=1):
        under = {code for code, cut in of_cut.items() if cut.community is community}
        mine = [zone for zone in zones if zone.parent in under]
        parent = f"X12{numbers[community.council]:06d}"
        upper.append(merge(f"X03{number:06d}", community.name, "community", parent, mine))
    places = {community.name: i for i, community in enumerate(COMMUNITIES, start=1)}
    for code, cut in of_cut.items():
        mine = [zone for zone in zones if zone.parent == code]
        name = cut.community.neighbourhoods[cut.number]
        parent = f"X03{places[cut.community.name]:06d}"
        upper.append(merge(code, name, "intermediate", parent, mine))
    return upper + zones


def _draw_postcodes(
    blocks: Blocks, members: dict[str, Ints], areas: list[Zone], rng: np.random.Generator
) -> list[PostcodeSpot]:
    """About one postcode for 40 residents, where they live; the outward part tells the community.

    ZZ is the outward area of no post town.
    """
    spots: list[PostcodeSpot] = []
    parents = {area.code: area.parent for area in areas}
    issued: dict[str, int] = {}
    for zone in (area for area in areas if area.level == "zone"):
        community = parents[zone.parent or ""] or ""
        outward = f"ZZ{int(community[3:])}"
        piece = members[zone.code]
        chance = blocks.residents[piece] / blocks.residents[piece].sum()
        for chosen in rng.choice(piece, max(6, round(zone.residents / 40)), p=chance):
            number = issued.get(outward, 0)
            issued[outward] = number + 1
            digit, rest = divmod(number, len(POSTCODE_LETTERS) ** 2)
            first, second = divmod(rest, len(POSTCODE_LETTERS))
            unit = POSTCODE_LETTERS[first] + POSTCODE_LETTERS[second]
            spots.append(
                PostcodeSpot(
                    f"{outward} {digit + 1}{unit}",
                    zone.code,
                    to_lonlat(scatter_in(blocks, int(chosen), rng)),
                )
            )
    return spots


def scatter_in(blocks: Blocks, block: int, rng: np.random.Generator) -> Point:
    """A point somewhere inside a block."""
    polygon = blocks.polygons[block]
    left, low, right, high = polygon.bounds
    while True:
        spot = Point(rng.uniform(left, right), rng.uniform(low, high))
        if polygon.buffer(-2.5 * 1.0).contains(spot) or polygon.area < 400:
            return spot if polygon.contains(spot) else polygon.representative_point()


def _place_names(zones: list[Zone]) -> list[NamedSpot]:
    """Settlements and districts to search by, each in the zone that holds it."""
    shapes = np.array([zone.geometry for zone in zones])
    found = []
    for place in PLACE_NAMES:
        spot = to_lonlat(Point(place.x * 1_000, place.y * 1_000))
        nearest = int(shapely.distance(shapes, spot).argmin())
        inside = spot if shapes[nearest].contains(spot) else zones[nearest].point
        found.append(NamedSpot(place.name, place.kind, place.district, zones[nearest].code, inside))
    return found
